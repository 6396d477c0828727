"""Runs one function over many files in worker processes, with limits for each file.

A crash, a hang or an exhausted memory costs the one file it happened on; it comes back as a ``Failure`` with a reason.
Workers end with the process that started them, however that ended; Ctrl-C is for that process alone.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from queue import SimpleQueue
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from risklib.errors import RisklibError, UnreadableDocument

T = TypeVar("T")
R = TypeVar("R")
_AHEAD = 2  # files handed out for each worker: it never waits, and few are lost when the job is killed
_WAYS_OUT = {f"socket.{x}" for x in ("connect", "bind", "sendto", "sendmsg", "getaddrinfo", "gethostbyname")}


@dataclass(frozen=True, slots=True)
class Limits:
    """For each file: seconds of wall clock and bytes of address space. ``workers`` 0 means one a core."""

    seconds: float = 120.0
    memory: int = 4 << 30
    workers: int = 0


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a file gave no result, in words for a user."""

    reason: str


def run(
    function: Callable[[T], R],
    items: Iterable[T],
    *,
    limits: Limits = Limits(),
    prepare: Callable[..., None] | None = None,
    arguments: tuple[Any, ...] = (),
    fetch: Callable[[T], T] | None = None,
) -> Iterator[tuple[int, R | Failure]]:
    """(position, ``function(item)``) for every item, each as soon as it is done. ``prepare(*arguments)`` runs once in
    each worker. ``fetch`` gets an item's file from elsewhere; workers have no network.

    ``items`` are taken as workers need them. ``function`` and ``prepare`` must be module-level; results must pickle
    between processes of this machine. Closing the iterator, or an exception in it, stops the workers.
    """
    workers = limits.workers or os.cpu_count() or 1
    pool = new_pool(workers, limits, prepare, arguments)
    waiting = enumerate(items)
    at: dict[ProcessFuture[R], int] = {}
    done: SimpleQueue[ProcessFuture[R]] = SimpleQueue()
    try:
        while True:
            while len(at) < _AHEAD * workers and (task := next(waiting, None)) is not None:
                item = at_hand(fetch, task[1])
                if isinstance(item, Failure):
                    yield task[0], item
                    continue
                future = pool.schedule(work, args=[function, item], timeout=limits.seconds)
                at[future] = task[0]
                future.add_done_callback(done.put)  # type: ignore[arg-type]
            if not at:
                return
            future = done.get()
            result: R | Failure = outcome(future, limits)
            yield at.pop(future), result
    finally:
        pool.stop()
        pool.join(timeout=5)


def at_hand(fetch: Callable[[T], T] | None, item: T) -> T | Failure:
    """The item with its file, or why that could not be had."""
    try:
        return fetch(item) if fetch else item
    except UnreadableDocument as e:
        return Failure(e.reason)


def new_pool(
    workers: int,
    limits: Limits,
    prepare: Callable[..., None] | None,
    arguments: tuple[Any, ...],
    start: str | None = None,
) -> ProcessPool:
    """Worker processes, begun as they are needed. ``start``: how, "fork" or "spawn"; None is the platform's way."""
    begin = (limits.memory, prepare, arguments)
    context = get_context(start)
    return ProcessPool(max_workers=workers, max_tasks=200, initializer=_begin, initargs=begin, context=context)


def outcome(future: ProcessFuture[R], limits: Limits) -> R | Failure:
    """What came of a task, once it is done."""
    try:
        return future.result()
    except FutureTimeout:
        return Failure(f"took longer than {limits.seconds:.0f} s and was stopped; raise --timeout to wait longer")
    except ProcessExpired as e:
        return Failure(f"the worker that read it died (exit code {e.exitcode}); the file is damaged or hostile")
    except MemoryError:
        return Failure(f"needed more than {limits.memory / (1 << 30):.1f} GiB of memory")
    except RisklibError as e:
        return Failure(str(e))
    except (BrokenProcessPool, Unprepared) as e:
        raise RisklibError(f"the worker processes could not start: {e}; reinstall risklib, or report it") from e
    except Exception as e:
        # a fault of ours on one file must not cost the others; it is told, with its place, in the file's reason
        return Failure(f"a fault in risklib, please report it: {fault(e)}")


def fault(e: BaseException) -> str:
    """Kind and place of an unexpected error; not its message, which may quote the contract."""
    told = getattr(e, "traceback", None) or "".join(traceback.format_exception(e))
    places = [line.strip() for line in str(told).splitlines() if line.strip().startswith("File ")]
    where = places[-1].rpartition("/")[2].replace('"', "") if places else "unknown place"
    return " ".join(f"{type(e).__name__} ({where})".split())[:300]


def _begin(memory: int, prepare: Callable[..., None] | None, arguments: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process of a terminal; the parent stops us
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if sys.platform != "win32":  # Windows has no such limit; the time limit holds there too
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, resource.getrlimit(resource.RLIMIT_AS)[1]))
    try:
        if prepare:
            prepare(*arguments)
    except Exception as e:  # told with the first file: a pool whose processes end as they begin may wait for ever
        _UNPREPARED.append(fault(e))
    sys.addaudithook(_no_network)


class Unprepared(Exception):
    """A worker could not be set up."""


_UNPREPARED: list[str] = []


def work(function: Callable[[T], R], item: T) -> R:
    """What a worker does with an item."""
    if _UNPREPARED:
        raise Unprepared(_UNPREPARED[0])
    return function(item)


def _no_network(event: str, arguments: tuple[Any, ...]) -> None:
    """A document may talk a parser into anything but this; the hook cannot be taken off again."""
    if event in _WAYS_OUT:
        raise PermissionError(f"{event}: a process that reads contracts has no network")


def _end_with_parent() -> None:
    """A parent that was killed stops nobody; its workers notice."""
    begun = os.getppid()
    while os.getppid() == begun:
        time.sleep(0.5)
    os._exit(1)

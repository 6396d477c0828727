"""Runs one function over many files: in this process, or in worker processes with limits for each file.

A crash, a hang or an exhausted memory costs the one file it happened on; it comes back as an error with a reason.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

from risklib.errors import RisklibError

T = TypeVar("T")
R = TypeVar("R")


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
    items: Sequence[T],
    *,
    limits: Limits = Limits(),
    prepare: Callable[..., None] | None = None,
    arguments: tuple[Any, ...] = (),
) -> Iterator[R | Failure]:
    """``function(item)`` for every item, in their order. ``prepare(*arguments)`` runs once in each worker.

    ``function`` and ``prepare`` must be module-level; results must pickle between processes of this machine.
    """
    workers = min(limits.workers or os.cpu_count() or 1, max(len(items), 1))
    pool = ProcessPool(
        max_workers=workers, max_tasks=200, initializer=_begin, initargs=(limits.memory, prepare, arguments)
    )
    try:
        futures = pool.map(function, items, timeout=limits.seconds, chunksize=1)
        results = futures.result()
        while True:
            try:
                yield next(results)
            except StopIteration:
                return
            except FutureTimeout:
                yield Failure(
                    f"took longer than {limits.seconds:.0f} s and was stopped; raise --timeout to wait longer"
                )
            except ProcessExpired as e:
                yield Failure(f"the worker that read it died (exit code {e.exitcode}); the file is damaged or hostile")
            except MemoryError:
                yield Failure(f"needed more than {limits.memory / (1 << 30):.1f} GiB of memory")
            except RisklibError as e:
                yield Failure(str(e))
            except BrokenProcessPool as e:
                raise RisklibError(f"the worker processes could not start: {e}; reinstall risklib, or report it") from e
            except Exception as e:
                # a fault of ours on one file must not cost the others; it is told, with its place, in the file's reason
                yield Failure(f"a fault in risklib, please report it: {_fault(e)}")
    finally:
        pool.stop()
        pool.join(timeout=5)


def _fault(e: BaseException) -> str:
    """Kind, text and, where the worker's traceback came along, the place of an unexpected error."""
    told = getattr(e, "traceback", None) or "".join(traceback.format_exception(e))
    places = [line.strip() for line in str(told).splitlines() if line.strip().startswith("File ")]
    where = places[-1].rpartition("/")[2].replace('"', "") if places else "unknown place"
    return " ".join(f"{type(e).__name__}: {e} ({where})".split())[:300]


def _begin(memory: int, prepare: Callable[..., None] | None, arguments: tuple[Any, ...]) -> None:
    if sys.platform != "win32":  # Windows has no such limit; the time limit holds there too
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, resource.getrlimit(resource.RLIMIT_AS)[1]))
    if prepare:
        prepare(*arguments)

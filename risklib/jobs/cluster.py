"""The same job on a cluster: dask.distributed hands the files out, and on each of its workers they run as they do here.

A worker of the cluster reads files in processes of its own (``engines``), with the same limits: a crash, a hang or an
exhausted memory has the same reason as on one machine and never ends a worker of the cluster. Where such a worker is
lost, its files go to another one; a file whose workers were lost again and again is tried alone before it is given up.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar
from uuid import uuid4

from distributed import Client, Future, KilledWorker, Worker, WorkerPlugin, as_completed
from pebble import ProcessPool

from risklib.errors import BadData
from risklib.jobs import engines
from risklib.jobs.engines import Failure, Limits
from risklib.store import FINDINGS, PRICES, READ, STRUCTURE, library
from risklib.store.versions import code

T = TypeVar("T")
R = TypeVar("R")
_AHEAD = 2  # files handed out for each thread of the cluster
_ALONE = 2  # times that a file is tried with nothing beside it
_WAIT = "20s"


def run(
    function: Callable[[T], R],
    items: Iterable[T],
    *,
    scheduler: str,
    limits: Limits,
    prepare: Callable[..., None] | None = None,
    arguments: tuple[Any, ...] = (),
    fetch: Callable[[T], T] | None = None,
) -> Iterator[tuple[int, R | Failure]]:
    """Like ``engines.run``, on the workers of ``scheduler`` (``tcp://host:port``).

    Raises BadData where nobody answers there, where there is no worker, and where a worker has other code.
    """
    client = _client(scheduler)
    name = f"risklib-{uuid4().hex}"
    try:
        client.register_plugin(_Files(name, function, limits, prepare, arguments, fetch), name=name)
        yield from _results(client, name, items)
    finally:
        client.unregister_worker_plugin(name)
        client.close()


def _client(scheduler: str) -> Client:
    try:
        client = Client(scheduler, timeout=_WAIT, set_as_default=False)
    except (OSError, ValueError) as e:
        raise BadData("--scheduler", None, f"nobody answers at {scheduler} ({e}); start `dask scheduler` there") from e
    there = client.run(_signature)
    if not there:
        client.close()
        raise BadData("--scheduler", None, f"{scheduler} has no workers; start some: dask worker {scheduler}")
    odd = [address for address, found in there.items() if found != _signature()]
    if odd:
        client.close()
        raise BadData(
            "--scheduler", None, f"other code of risklib runs on {', '.join(odd[:3])}; install the same one there"
        )
    return client


def _signature() -> list[str]:
    """What must be the same on every worker for the results to be the same."""
    return [library("risklib"), *(code(stage) for stage in (READ, STRUCTURE, FINDINGS, PRICES))]


def _results(client: Client, name: str, items: Iterable[T]) -> Iterator[tuple[int, Any]]:
    waiting = enumerate(items)
    at: dict[Future, tuple[int, T]] = {}
    lost: list[tuple[int, T]] = []
    done = as_completed(loop=client.loop)

    def hand_out() -> None:
        room = _AHEAD * max(sum(client.nthreads().values()), 1)
        while len(at) < room and (task := next(waiting, None)) is not None:
            future = client.submit(_one, name, task[1], pure=False, key=f"{name}-{task[0]}")
            at[future] = task
            done.add(future)

    hand_out()
    for future in done:
        k, item = at.pop(future)
        try:
            result = future.result()
        except KilledWorker:  # it may only have stood beside the one that did it
            lost.append((k, item))
        else:
            yield k, result
        future.release()
        hand_out()
    for k, item in lost:
        yield k, _alone(client, name, item)


def _alone(client: Client, name: str, item: T) -> Any:
    for attempt in range(_ALONE):
        try:
            return client.submit(_one, name, item, pure=False, key=f"{name}-alone-{uuid4().hex}-{attempt}").result()
        except KilledWorker:
            continue
    return Failure(
        "the workers of the cluster that read it were lost, also with nothing beside it; try it on one machine"
    )


# ---------------------------------------------------------------- on a worker of the cluster

_POOLS: dict[str, tuple[ProcessPool, Callable[..., Any], Limits, Callable[..., Any] | None]] = {}


class _Files(WorkerPlugin):
    """Gives every worker, also one that comes later, its processes, and takes them away at the job's end."""

    def __init__(
        self,
        job: str,
        function: Callable[..., Any],
        limits: Limits,
        prepare: Callable[..., None] | None,
        arguments: tuple[Any, ...],
        fetch: Callable[..., Any] | None,
    ) -> None:
        self.job, self.function, self.limits, self.prepare, self.arguments = job, function, limits, prepare, arguments
        self.fetch = fetch

    def setup(self, worker: Worker) -> None:
        # dask marks its workers as daemons, which may have no children; ours end with their parent by themselves
        multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
        pool = engines.new_pool(worker.state.nthreads, self.limits, self.prepare, self.arguments, start="spawn")
        _POOLS[self.job] = (pool, self.function, self.limits, self.fetch)

    def teardown(self, worker: Worker) -> None:
        pool, *_ = _POOLS.pop(self.job)
        pool.stop()
        pool.join(timeout=5)


def _one(job: str, item: Any) -> Any:
    pool, function, limits, fetch = _POOLS[job]
    item = engines.at_hand(fetch, item)
    if isinstance(item, Failure):
        return item
    return engines.outcome(pool.schedule(engines.work, args=[function, item], timeout=limits.seconds), limits)

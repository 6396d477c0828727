"""The cluster engine on a real scheduler with worker processes: same bytes as here, lost workers, bad files, refusals."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from drawn import CLAUSES, agreement

from risklib import BadData, analyze
from risklib.jobs.engines import Limits
from risklib.store import Store

distributed = pytest.importorskip("distributed", reason="the extra is not installed: pip install 'risklib[cluster]'")
from test_engines import ITEMS, behave, check_each, fetched  # noqa: E402

from risklib.jobs import cluster  # noqa: E402

pytestmark = pytest.mark.slow
FILES = 5


@pytest.fixture(scope="module")
def workers() -> Iterator[Any]:
    here = str(Path(__file__).parent)  # so that workers find the functions of test_engines
    old = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = here if old is None else f"{here}{os.pathsep}{old}"
    try:
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
        ) as running:
            yield running
    finally:
        if old is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = old


def test_one_worker_killed_and_the_same_bytes_as_here(workers: Any, tmp_path: Path) -> None:
    for k in range(FILES):
        agreement(tmp_path / f"contract{k}.pdf", CLAUSES[: 3 + k], title=f"Order Terms {k}")
    (tmp_path / "letter.pdf").write_text("no PDF at all", encoding="utf-8")
    given: dict[str, Any] = {"as_of": "2026-11-01", "trials": 100, "ocr": False}
    analyze(tmp_path, workers=1, **given).save(tmp_path / "here")
    killed: list[int] = []

    def kill(name: str, done: int, total: int) -> None:
        if done == 2 and not killed:
            killed.append(next(iter(workers.workers.values())).pid)
            os.kill(killed[0], signal.SIGKILL)

    there = analyze(
        tmp_path.as_uri(), scheduler=workers.scheduler_address, store=tmp_path / "s.db", progress=kill, **given
    )
    assert killed
    there.save(tmp_path / "there")
    for path in (tmp_path / "here").iterdir():
        assert (tmp_path / "there" / path.name).read_bytes() == path.read_bytes(), path.name
    with Store(tmp_path / "s.db") as store:
        assert store.check() == []
        assert len(store.files_of(1)) == FILES + 1


def test_a_bad_file_costs_only_itself_and_no_worker(workers: Any) -> None:
    limits = Limits(seconds=2.0, memory=2 << 30)
    before = set(workers.scheduler.workers)
    check_each(dict(cluster.run(behave, ITEMS, scheduler=workers.scheduler_address, limits=limits, fetch=fetched)))
    assert before <= set(workers.scheduler.workers)


def test_a_scheduler_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_WAIT", "1s")
    with pytest.raises(BadData, match="nobody answers at"):
        analyze(agreement(tmp_path / "a.pdf"), scheduler="tcp://127.0.0.1:9", trials=100)

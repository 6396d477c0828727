"""Workers and jobs as real processes: one bad file costs only itself, and a job may be stopped or killed at any moment."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from drawn import CLAUSES, agreement

from risklib import Portfolio
from risklib.errors import RisklibError
from risklib.jobs import engines
from risklib.store import Store

FILES = 8
PATIENCE = 180.0  # seconds that anything here may take on a busy machine before the test gives up


# ---------------------------------------------------------------- workers


def die_on_two(x: int) -> int:
    if x == 2:
        faulthandler.disable()
        ctypes.string_at(0)
    return x


def hang_on_two(x: int) -> int:
    if x == 2:
        time.sleep(60)
    return x


def swell_on_two(x: int) -> int:
    return len(bytearray(3 << 30)) if x == 2 else x


def err_on_two(x: int) -> int:
    if x == 2:
        raise KeyError("Customer shall pay the secret fee")
    return x


def unprepared() -> None:
    raise ValueError("no model")


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (die_on_two, "died"),
        (hang_on_two, "longer than 1 s"),
        (swell_on_two, "memory"),
        (err_on_two, "KeyError (test_engines.py"),
    ],
)
@pytest.mark.parametrize("workers", [1, 2])
def test_one_bad_file_costs_only_itself(function: Any, words: str, workers: int) -> None:
    limits = engines.Limits(seconds=1.0, memory=2 << 30, workers=workers)
    results = dict(engines.run(function, [1, 2, 3, 4], limits=limits))
    assert {k: r for k, r in results.items() if not isinstance(r, engines.Failure)} == {0: 1, 2: 3, 3: 4}
    assert isinstance(results[1], engines.Failure)
    assert words in results[1].reason
    assert "secret fee" not in results[1].reason  # an error's message may quote the contract


def test_workers_that_cannot_start_are_one_error() -> None:
    with pytest.raises(RisklibError, match="could not start"):
        list(engines.run(err_on_two, [1], prepare=unprepared))


def test_results_come_as_they_are_done_and_items_are_taken_as_needed() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for x in range(50):
            taken.append(x)
            yield x

    results = engines.run(err_on_two, items(), limits=engines.Limits(workers=1))
    next(results)
    assert len(taken) <= 3
    results.close()


# ---------------------------------------------------------------- jobs


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("many")
    for k in range(FILES):
        agreement(path / f"contract{k}.pdf", CLAUSES[: 6 + k], title=f"Order Terms {k}")
    return path


@pytest.fixture(scope="module")
def plain(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The tables of a job that nobody disturbed."""
    out = tmp_path_factory.mktemp("plain")
    assert job(folder, out / "store.db", out / "tables").wait(PATIENCE) == 0
    return contents(out / "tables")


def job(folder: Path, store: Path, out: Path) -> subprocess.Popen[bytes]:
    options = ["--as-of", "2026-11-01", "--trials", "100", "--workers", "1", "--no-ocr"]
    command = [sys.executable, "-m", "risklib.cli", "analyze", str(folder), "--store", str(store), "--out", str(out)]
    return subprocess.Popen(
        [*command, *options], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir())}


def kept(store: Path) -> int:
    """How many files a store holds, for a reader that looks on while a job writes."""
    try:
        with Store(store) as opened:
            return int(opened.db.execute("SELECT count(DISTINCT contract_id) FROM blobs").fetchone()[0])
    except (RisklibError, sqlite3.OperationalError):
        return 0  # the job has not made it yet


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.01)


def children(pid: int) -> list[int]:
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_killed_job_goes_on_where_it_was(folder: Path, plain: dict[str, bytes], tmp_path: Path, seed: int) -> None:
    store, out, chance = tmp_path / "store.db", tmp_path / "tables", random.Random(seed)
    running = job(folder, store, out)
    wait_until(lambda: kept(store) >= chance.choice((1, 2, 4)))
    time.sleep(chance.random() / 4)
    workers = children(running.pid)
    os.kill(running.pid, signal.SIGKILL)
    running.wait(PATIENCE)
    had = kept(store)
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))  # nobody goes on without the job
    with Store(store) as opened:
        assert opened.check() == []
        made = {row[0] for row in opened.db.execute("SELECT blob FROM blobs")}
    assert job(folder, store, out).wait(PATIENCE) == 0
    assert contents(out) == plain
    assert 1 <= had <= kept(store) == FILES
    with Store(store) as opened:
        assert made <= {row[0] for row in opened.db.execute("SELECT blob FROM blobs")}
        assert opened.check() == []
        assert [r.finished is not None for r in opened.runs()] in ([False, True], [True, True])


@pytest.mark.slow
def test_ctrl_c_stops_cleanly_and_the_same_command_goes_on(
    folder: Path, plain: dict[str, bytes], tmp_path: Path
) -> None:
    store, out = tmp_path / "store.db", tmp_path / "tables"
    running = job(folder, store, out)
    wait_until(lambda: kept(store) >= 2)
    os.killpg(running.pid, signal.SIGINT)  # a terminal sends it to the workers too
    _, said = running.communicate(timeout=PATIENCE)
    assert running.returncode == 130
    assert said.decode().splitlines() == [
        f"risklib: stopped; what was done is in {store}; the same command goes on from there"
    ]
    with Store(store) as opened:
        failures = opened.db.execute("SELECT count(*) FROM kept JOIN versions USING (version) WHERE stage = 'failure'")
        assert failures.fetchone() == (0,)  # being stopped is no fault of a file
        assert opened.check() == []
    assert job(folder, store, out).wait(PATIENCE) == 0
    assert contents(out) == plain


@pytest.mark.slow
def test_two_jobs_and_readers_share_a_store(folder: Path, plain: dict[str, bytes], tmp_path: Path) -> None:
    store = tmp_path / "store.db"
    jobs = [job(folder, store, tmp_path / str(k)) for k in range(2)]
    looks: list[int] = []
    while any(j.poll() is None for j in jobs):
        looks.append(kept(store))
        time.sleep(0.02)
    assert [j.returncode for j in jobs] == [0, 0]
    assert looks == sorted(looks)  # each look saw whole files, and never fewer
    assert len(set(looks)) > 2
    for k in range(2):
        assert contents(tmp_path / str(k)) == plain
        Portfolio.from_store(store, k + 1).save(tmp_path / "again")
        assert contents(tmp_path / "again") == plain
    with Store(store) as opened:
        assert opened.check() == []

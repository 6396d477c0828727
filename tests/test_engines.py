"""Workers and jobs as real processes: one bad file costs only itself, and a job may be stopped or killed at any moment."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from drawn import CLAUSES, agreement

from risklib import BadData, Portfolio, analyze
from risklib.errors import RisklibError, UnreadableDocument
from risklib.jobs import engines
from risklib.store import Store

FILES = 6
PATIENCE = 180.0  # seconds that anything here may take on a busy machine before the test gives up


# ---------------------------------------------------------------- workers


def behave(what: str) -> str:
    match what:
        case "die":
            faulthandler.disable()
            ctypes.string_at(0)
        case "hang":
            time.sleep(60)
        case "swell":
            return str(len(bytearray(3 << 30)))
        case "err":
            raise KeyError("Customer shall pay the secret fee")
        case "call home":
            socket.create_connection(("127.0.0.1", 9))
        case "look up":
            socket.getaddrinfo("example.invalid", 80)
    return what


ITEMS = ["a", "die", "b", "hang", "c", "swell", "d", "err", "e", "call home", "look up", "absent", "f"]
REASONS = {
    "die": "died",
    "hang": "longer than 2 s",
    "swell": "memory",
    "err": "KeyError (test_engines.py",
    "call home": "PermissionError (",
    "look up": "PermissionError (",
    "absent": "cannot be fetched",
}


def fetched(what: str) -> str:
    if what == "absent":
        raise UnreadableDocument(what, "cannot be fetched: it is not there")
    return what


def unprepared() -> None:
    raise ValueError("no model")


def check_each(results: dict[int, Any]) -> None:
    """One bad file costs only itself."""
    assert set(results) == set(range(len(ITEMS)))
    for k, what in enumerate(ITEMS):
        if what in REASONS:
            assert isinstance(results[k], engines.Failure), what
            assert REASONS[what] in results[k].reason
            assert "secret fee" not in results[k].reason  # an error's message may quote the contract
        else:
            assert results[k] == what


@pytest.mark.parametrize("workers", [1, 2])
def test_one_bad_file_costs_only_itself(workers: int) -> None:
    limits = engines.Limits(seconds=2.0, memory=2 << 30, workers=workers)
    check_each(dict(engines.run(behave, ITEMS, limits=limits, fetch=fetched)))


def test_workers_that_cannot_start_are_one_error() -> None:
    with pytest.raises(RisklibError, match="could not start"):
        list(engines.run(behave, ["a"], prepare=unprepared))


def test_results_come_as_they_are_done_and_items_are_taken_as_needed() -> None:
    taken: list[int] = []

    def items() -> Iterator[str]:
        for x in range(50):
            taken.append(x)
            yield "a"

    results = engines.run(behave, items(), limits=engines.Limits(workers=1))
    next(results)
    assert len(taken) <= 3
    results.close()


# ---------------------------------------------------------------- jobs


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("many")
    for k in range(FILES):
        agreement(path / f"contract{k}.pdf", CLAUSES[: 3 + k], title=f"Order Terms {k}")
    return path


@pytest.fixture(scope="module")
def plain(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The tables of a job without a store that nobody disturbed."""
    out = tmp_path_factory.mktemp("plain")
    analyze(folder, as_of="2026-11-01", trials=100, workers=1, ocr=False).save(out)
    return contents(out)


def job(folder: Path, store: Path, out: Path) -> subprocess.Popen[bytes]:
    options = ["--as-of", "2026-11-01", "--trials", "100", "--workers", "1", "--no-ocr"]
    command = [sys.executable, "-m", "risklib.cli", "analyze", str(folder), "--store", str(store), "--out", str(out)]
    return subprocess.Popen(
        [*command, *options], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 (whoever runs the tests may ignore Ctrl-C)
    )  # fmt: skip


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


def stop(running: subprocess.Popen[bytes], how: signal.Signals) -> str:
    """Stops a job; gives what it said. Nobody goes on without it."""
    workers = children(running.pid)
    if how is signal.SIGKILL:
        os.kill(running.pid, how)
    else:
        os.killpg(running.pid, how)  # a terminal sends Ctrl-C to the workers too
    _, said = running.communicate(timeout=PATIENCE)
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
    return said.decode()


@pytest.mark.slow
def test_a_job_that_is_killed_and_stopped_goes_on_where_it_was(
    folder: Path, plain: dict[str, bytes], tmp_path: Path
) -> None:
    store, out, chance = tmp_path / "store.db", tmp_path / "tables", random.Random(1)
    had, made = 0, set[int]()
    for how in (signal.SIGINT, signal.SIGKILL, signal.SIGKILL):
        running = job(folder, store, out)
        wait_until(lambda had=had: kept(store) > had)  # type: ignore[misc]
        time.sleep(chance.random() / 20)
        said = stop(running, how)
        if how is signal.SIGINT:
            assert running.returncode == 130
            assert said.splitlines() == [
                f"risklib: stopped; what was done is in {store}; the same command goes on from there"
            ]
        with Store(store) as opened:
            assert opened.check() == []
            now = {row[0] for row in opened.db.execute("SELECT blob FROM blobs")}
            failures = "SELECT count(*) FROM kept JOIN versions USING (version) WHERE stage = 'failure'"
            assert opened.db.execute(failures).fetchone() == (0,)  # being stopped is no fault of a file
        assert made <= now
        assert had <= kept(store)
        had, made = kept(store), now
    assert job(folder, store, out).wait(PATIENCE) == 0
    assert contents(out) == plain
    with Store(store) as opened:
        assert made <= {row[0] for row in opened.db.execute("SELECT blob FROM blobs")}
        assert opened.check() == []
        done = [r.finished is not None for r in opened.runs()]
        assert (len(done), done[-1], done[0]) == (4, True, False)


def test_files_on_other_storage_are_files(folder: Path, plain: dict[str, bytes], tmp_path: Path) -> None:
    fsspec = pytest.importorskip("fsspec", reason="the extra is not installed: pip install 'risklib[cluster]'")
    memory = fsspec.filesystem("memory")
    for path in folder.iterdir():
        memory.pipe(f"/bucket/deep/{path.name}", path.read_bytes())
    memory.pipe("/bucket/read.me", b"no PDF")
    given: dict[str, Any] = {"as_of": "2026-11-01", "trials": 100, "workers": 1, "ocr": False}
    there = analyze("memory://bucket", store=tmp_path / "s.db", **given)
    there.save(tmp_path / "there")
    assert contents(tmp_path / "there") == plain
    memory.pipe("/bucket/deep/letter.pdf", b"no PDF either")
    again = analyze("memory://bucket", store=tmp_path / "s.db", **given).contracts.set_index("file")
    assert again["status"].to_dict() == {p.name: "ok" for p in folder.iterdir()} | {"letter.pdf": "failed"}
    with pytest.raises(BadData, match="nothing://x: cannot be listed"):
        analyze("nothing://x", **given)
    with pytest.raises(BadData, match="no such file or folder"):
        analyze("memory://empty", **given)


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

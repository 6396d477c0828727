"""Where reports stand and how a new one takes the place of the old: whole, or not at all; and one run at a time.

``OUT/reports/0007`` holds report 7, ``OUT/latest`` points to the last whole one, ``OUT/index.html`` says how the
last run ended, ``OUT/runs.jsonl`` lists the runs without a word of a contract. A killed run leaves ``.draft-…`` behind,
which the next one removes.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from risklib.errors import RisklibError

KEEP = 12  # reports
LOG_MOST = 5_000  # lines of the run log
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Portfolio risk report: {state}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; base-uri 'none'; form-action 'none'"></head>
<body><h1>Last run: {state}</h1><p>{said}</p><p>{report}</p><p>Decision support, not legal advice.</p></body></html>
"""


class Busy(RisklibError):
    """Another run holds the folder."""


@contextmanager
def alone(out: Path) -> Iterator[None]:
    """Holds the folder for one run. The system lets go when the process ends, however it ends. Raises Busy."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / ".lock").open("a+", encoding="utf-8") as f:
        try:
            _lock(f)
        except OSError:
            f.seek(0)
            holder = f.read(100).strip() or "unknown"
            raise Busy(f"{out}: another run ({holder}) is at work here; wait for it, or give another --out") from None
        f.seek(0)
        f.truncate()
        f.write(f"process {os.getpid()} since {now()}")
        f.flush()
        yield


def _lock(f: Any) -> None:
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        msvcrt.locking(f.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    else:
        fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# ---------------------------------------------------------------- reports


def latest(out: Path) -> Path | None:
    """The last whole report."""
    numbers = _numbers(out)
    return out / "reports" / f"{numbers[-1]:04d}" if numbers else None


def _numbers(out: Path) -> list[int]:
    return sorted(int(p.name) for p in (out / "reports").glob("[0-9]*") if p.is_dir() and p.name.isdigit())


@contextmanager
def draft(out: Path) -> Iterator[Path]:
    """A folder to write a report in; removed where it is not published."""
    reports = out / "reports"
    reports.mkdir(parents=True, exist_ok=True)
    for left in reports.glob(".draft-*"):
        shutil.rmtree(left, ignore_errors=True)
    folder = reports / f".draft-{os.getpid()}"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish(out: Path, folder: Path, keep: int = KEEP) -> Path:
    """Makes the draft the last report, and removes all but the last ``keep``. Every file is on the disk before that."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            _synced(path)
    numbers = _numbers(out)
    target = out / "reports" / f"{(numbers[-1] if numbers else 0) + 1:04d}"
    os.replace(folder, target)
    link = out / ".latest.part"
    link.unlink(missing_ok=True)
    try:
        link.symlink_to(Path("reports") / target.name)
        os.replace(link, out / "latest")
    except OSError:  # a file system without links: index.html and the log name the report
        link.unlink(missing_ok=True)
    for number in _numbers(out)[:-keep]:
        shutil.rmtree(out / "reports" / f"{number:04d}", ignore_errors=True)
    return target


def _synced(path: Path) -> None:
    with path.open("rb") as f:
        os.fsync(f.fileno())


# ---------------------------------------------------------------- log and status


def log(out: Path, entry: Mapping[str, Any]) -> None:
    """Adds a line to the run log. What a killed run left half is ended first."""
    path = out / "runs.jsonl"
    lines = [json.dumps(r) for r in runs(out)][-LOG_MOST:]
    _write(path, "\n".join([*lines, json.dumps(dict(entry))]) + "\n")


def runs(out: Path) -> list[dict[str, Any]]:
    """The log's entries, the oldest first."""
    found = []
    path = out / "runs.jsonl"
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def killed(out: Path) -> dict[str, Any] | None:
    """The last entry, where it began and never ended: its run was killed. Ask while holding the folder."""
    last = runs(out)[-1:]
    return last[0] if last and last[0].get("event") == "started" else None


def status(out: Path, state: str, said: str, report: Path | None) -> None:
    """``index.html`` and ``status.json``: how the last run ended, and which report is the last whole one."""
    name = f"reports/{report.name}/report.html" if report else None
    link = f'The last whole report: <a href="{name}">{name}</a>.' if name else "There is no whole report yet."
    _write(out / "index.html", _PAGE.format(state=escape(state), said=escape(said), report=link))
    _write(out / "status.json", json.dumps({"outcome": state, "said": said, "report": name}, indent=1) + "\n")


def _write(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8", newline="\n")
    os.replace(part, path)

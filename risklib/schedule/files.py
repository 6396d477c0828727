"""The files beside the HTML: workbook, PDF, JSON. The same input gives the same bytes: no file holds the time of its
making."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import Any

from risklib.due.key_dates import KeyDate
from risklib.rows import Row
from risklib.schedule.brief import Brief
from risklib.schedule.changes import Change, Move
from risklib.schedule.thresholds import Verdict
from risklib.schedule.xlsx import Workbook

ROWS = 1_000_000  # of a sheet, less a little
TABLES = ("totals", "contracts", "exposures", "provisions", "families", "unread", "assumptions")
_SKIP = {"bbox", "marks", "doubts", "start", "end"}
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")
PDF_SECONDS = 240
_STAMP = re.compile(rb"/(CreationDate|ModDate) ?\(D:[0-9+\-'Z]*\)")


def workbook(path: Path, brief: Brief, rows: Mapping[str, Sequence[Row]]) -> list[str]:
    """Everything that the page lists in part. Returns what did not fit."""
    lists: dict[str, tuple[Sequence[str], Sequence[Any]]] = {
        "thresholds": (_names(Verdict), brief.verdicts),
        "dates": (_names(KeyDate), brief.dates),
        "changes": (_names(Change), brief.changes.found if brief.changes else ()),
        "moves": (_names(Move), brief.changes.moves if brief.changes else ()),
    }
    cut = []
    with Workbook(path) as book:
        for name, (columns, found) in lists.items():
            book.sheet(name, _headings(columns), (attrgetter(*columns)(x) for x in found[:ROWS]))
        for name in TABLES:
            columns = [c for c in dict.fromkeys(c for r in rows[name][:1] for c in r) if c not in _SKIP]
            cells = ([row[c] for c in columns] for row in islice(rows[name], ROWS))
            book.sheet(name, _headings(columns), cells)
            lists[name] = (columns, rows[name])
        for name, (_, found) in lists.items():
            if len(found) > ROWS:
                cut.append(f"the workbook's sheet {name} ends after {ROWS:,} rows; the tables have all")
    return cut


def _headings(columns: Sequence[str]) -> list[str]:
    return [c.replace("_", " ") for c in columns]


def _names(kind: Any) -> list[str]:
    return [f.name for f in fields(kind)]


def plain_json(path: Path, brief: Brief, meta: Mapping[str, Any], totals: Sequence[Row], lost: Sequence[Row]) -> None:
    """The report for programs. ``lost``: contracts that were not read whole."""
    whole = [t for t in totals if t["level"] in ("portfolio", "vendor")]
    named = [{k: c[k] for k in ("file", "status", "reason")} for c in lost]
    data = {**brief.plain(), "totals": whole, "not_read_whole": named, "meta": dict(meta)}
    text = json.dumps(data, indent=1, sort_keys=True, default=str, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8", errors="replace", newline="\n")


def pdf(page: Path, path: Path, as_of: date) -> str | None:
    """Prints ``page`` with chromium, its network off. Returns why there is no PDF, None where there is."""
    browser = next((p for n in CHROMIUM if (p := shutil.which(n))), None)
    if browser is None:
        return "The PDF is left out: no chromium on the PATH (--without pdf says that none is wanted)"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        flags = ["--headless", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--no-pdf-header-footer"]
        flags += ["--disable-background-networking", "--proxy-server=127.0.0.1:9", f"--user-data-dir={profile}"]
        flags += ["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []  # root has no sandbox
        made = Path(profile) / "page.pdf"
        command = [browser, *flags, f"--print-to-pdf={made}", page.resolve().as_uri()]
        try:
            subprocess.run(command, capture_output=True, timeout=PDF_SECONDS, check=True)
            data = made.read_bytes()
        except subprocess.TimeoutExpired:
            return f"The PDF is left out: chromium did not print it within {PDF_SECONDS} s"
        except (subprocess.CalledProcessError, OSError) as e:
            return f"The PDF is left out: chromium could not print it ({type(e).__name__})"
    if not data.startswith(b"%PDF-") or b"%%EOF" not in data[-1024:]:
        return "The PDF is left out: what chromium printed is no whole PDF"
    stamp = f"D:{as_of:%Y%m%d}000000+00'00'".encode()
    path.write_bytes(_STAMP.sub(lambda m: _same_length(m, stamp), data))
    return None


def _same_length(m: re.Match[bytes], stamp: bytes) -> bytes:
    """Offsets in a PDF count bytes: the stamp is replaced by one that is as long."""
    new = b"/" + m[1] + b" (" + stamp + b")"
    return new if len(new) == len(m[0]) else m[0]

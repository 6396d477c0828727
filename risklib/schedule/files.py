"""The files beside the HTML: workbook, PDF, JSON. The same input gives the same bytes: no file holds the time of its
making."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from risklib.due.key_dates import KeyDate
from risklib.rows import Row
from risklib.schedule.brief import Brief
from risklib.schedule.changes import Change, Move
from risklib.schedule.thresholds import Verdict

ROWS = 1_000_000  # of a sheet, less a little
CELL = 32_000  # characters of a cell, less a little
TABLES = ("totals", "contracts", "exposures", "provisions", "families", "unread", "assumptions")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_SKIP = {"bbox", "marks", "doubts", "start", "end"}
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")
PDF_SECONDS = 240
_STAMP = re.compile(rb"/(CreationDate|ModDate) ?\(D:[0-9+\-'Z]*\)")


def workbook(path: Path, brief: Brief, rows: Mapping[str, Sequence[Row]], as_of: date) -> list[str]:
    """Everything that the page lists in part. Returns what did not fit. Text is always text, never a formula."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    options |= {"strings_to_numbers": False, "nan_inf_to_errors": True}
    cut: list[str] = []
    with xlsxwriter.Workbook(str(path), options) as book:
        stamp = datetime(as_of.year, as_of.month, as_of.day)
        book.set_properties({"title": "Portfolio risk report", "created": stamp})
        head = book.add_format({"bold": True, "bottom": 1})
        lists: dict[str, tuple[Sequence[str], Iterable[Any]]] = {
            "thresholds": (_names(Verdict), map(asdict, brief.verdicts)),
            "dates": (_names(KeyDate), map(asdict, brief.dates)),
            "changes": (_names(Change), map(asdict, brief.changes.found if brief.changes else ())),
            "moves": (_names(Move), map(asdict, brief.changes.moves if brief.changes else ())),
        }
        lists |= {t: (_columns(rows[t]), rows[t]) for t in TABLES}
        for name, (columns, found) in lists.items():
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 0)
            sheet.write_row(0, 0, [c.replace("_", " ") for c in columns], head)
            for n, row in enumerate(found, 1):
                if n > ROWS:
                    cut.append(f"the workbook's sheet {name} ends after {ROWS:,} rows; the tables have all")
                    break
                for k, c in enumerate(columns):
                    _cell(sheet, n, k, row.get(c))
    return cut


def _names(kind: Any) -> list[str]:
    return [f.name for f in fields(kind)]


def _columns(rows: Sequence[Row]) -> list[str]:
    return [c for c in dict.fromkeys(c for r in rows[:1] for c in r) if c not in _SKIP]


def _cell(sheet: Any, n: int, k: int, value: Any) -> None:
    if value is None or value == "":
        return
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        sheet.write_number(n, k, value)
        return
    text = json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, (dict, list, tuple)) else str(value)
    text = _CONTROL.sub(" ", text)
    sheet.write_string(n, k, text if len(text) <= CELL else text[:CELL] + " … (cut)")


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

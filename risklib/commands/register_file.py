"""The duty register as a file that people fill: written as CSV, read back, merged with a newer analysis."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from risklib.due.duties import COLUMNS, PEOPLE, merge
from risklib.errors import BadData
from risklib.portfolio import Portfolio
from risklib.rows import Row

MOST = 100_000  # rows of a register: more is another file
_FORMULA = re.compile(r"'*[=+@\t\r-]")  # what a spreadsheet would run; the apostrophe before it is ours


def register(portfolio: Portfolio, keep: str | Path | None = None, party: str | None = None) -> pd.DataFrame:
    """``portfolio.register()`` with what people wrote in the file ``keep``; ``party``: only duties of the customer or
    the provider (those of both count as each one's).

    No entry of people is lost: a row that fits no duty any more stays at the end, and ``conflict`` says so. Raises
    BadData where ``keep`` is no register, with file and line.
    """
    frame = portfolio.register()
    rows = [{str(k): _given(v) for k, v in r.items()} for r in frame.to_dict("records")]
    kept = read_register(keep) if keep is not None else []
    merged = merge(rows, kept, str(keep))
    if party is not None:
        merged = [r for r in merged if r["obligor"] in (party, "both") or r["state"] in ("gone", "twice")]
    columns = [*COLUMNS, *(c for c in dict.fromkeys(c for r in merged for c in r) if c not in COLUMNS)]
    return pd.DataFrame(merged, columns=columns)


def write_register(frame: pd.DataFrame, path: str | Path) -> Path:
    """Writes the register as CSV for spreadsheets; the file appears whole or not at all."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.part")
    with draft.open("w", encoding="utf-8-sig", newline="") as f:  # Excel takes UTF-8 for what it is only with a mark
        out = csv.writer(f)
        out.writerow(frame.columns)
        out.writerows([_cell(x) for x in row] for row in frame.itertuples(index=False))
    draft.replace(path)
    return path


def read_register(path: str | Path) -> list[Row]:
    """The rows of a register that people filled, cells as text. Raises BadData with file and line."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise BadData(str(path), None, "is not UTF-8; save it from the spreadsheet as CSV UTF-8") from None
    except OSError as e:
        why = f"cannot be read: {e.strerror or e}; give a CSV that `risklib register` wrote"
        raise BadData(str(path), None, why) from e
    head = text.partition("\n")[0]
    separator = ";" if head.count(";") > head.count(",") else ","  # as spreadsheets of some countries write
    lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    if not lines or not {"anchor", *PEOPLE[:2]} <= set(lines[0]):
        need = ", ".join(("anchor", *PEOPLE[:2]))
        raise BadData(
            str(path), 1, f"is no duty register: it needs the columns {need}; give what `risklib register` wrote"
        )
    _check(lines, str(path))
    return [{c: _as_it_was(v) for c, v in zip(lines[0], row)} for row in lines[1:] if any(v.strip() for v in row)]


def _check(lines: Sequence[Sequence[str]], path: str) -> None:
    twice = {c for c in lines[0] if lines[0].count(c) > 1 and c}
    if twice:
        raise BadData(path, 1, f"column {', '.join(sorted(twice))} stands twice; rename one")
    for n, row in enumerate(lines[1:], 2):
        if len(row) > len(lines[0]):
            raise BadData(path, n, f"has {len(row)} cells, the head {len(lines[0])}; quote the cells that hold a comma")
    if len(lines) > MOST:
        raise BadData(path, None, f"has {len(lines):,} rows; a register has at most {MOST:,}")


def _given(x: object) -> object:
    return None if x is None or x is pd.NA or (isinstance(x, float) and x != x) else x


def _cell(x: object) -> str:
    found = _given(x)
    if isinstance(found, float):
        return f"{found:.2f}"
    text = "" if found is None else str(found)
    return f"'{text}" if _FORMULA.match(text) else text


def _as_it_was(text: str) -> str:
    return text[1:] if text[:1] == "'" and _FORMULA.match(text) else text

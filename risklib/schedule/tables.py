"""The tables as a scheduled report reads them. Ten thousand contracts have millions of rows: frames hold only the
columns that it needs, nested columns stay the text that the files hold, and rows are made when they are asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, overload

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from risklib.columns import COLUMNS
from risklib.due.key_dates import REVIEWS, KeyDate, in_order, key_dates
from risklib.errors import BadData
from risklib.portfolio import Portfolio
from risklib.rows import Row

BATCH = 20_000  # rows that are held at a time
TOGETHER = 400  # contracts whose dates are looked for at a time
NOT_READ = {  # what no report shows
    "clauses": {"level", "end", "bbox"},
    "responsibilities": {"doubts", "method"},
    "provisions": {"method"},
    "operands": {"bbox"},
}
SHOWN = {name: set(columns) - NOT_READ.get(name, set()) for name, columns in COLUMNS.items()}
COMPARED = {  # what two reports are compared by
    "contracts": {"contract_id", "file", "title", "provider", "status", "reason", "copies"},
    "provisions": {"contract_id", "provision", "party", "values"},
    "exposures": {"contract_id", "component", "currency", "expected", "status", "counted_with"},
    "operands": {"contract_id", "component", "origin", "name", "value", "unit"},
}
WHOLE = {"page", "start", "end", "term_months", "renewal_months"}


class Rows(Sequence[Row]):
    """The rows of a frame as dicts with None for what is unknown, whole numbers as int; each made when it is read."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame

    def __len__(self) -> int:
        return len(self.frame)

    def __iter__(self) -> Iterator[Row]:
        for at in range(0, len(self.frame), BATCH):
            yield from _dicts(self.frame.iloc[at : at + BATCH])

    @overload
    def __getitem__(self, at: int) -> Row: ...
    @overload
    def __getitem__(self, at: slice) -> list[Row]: ...
    def __getitem__(self, at: int | slice) -> Row | list[Row]:
        if isinstance(at, int):
            return _dicts(self.frame.iloc[[at]])[0]
        return _dicts(self.frame.iloc[at])


def _dicts(frame: pd.DataFrame) -> list[Row]:
    names = [str(c) for c in frame.columns]
    cells = [_cells(n, frame[n]) for n in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*cells, strict=True)]


def _cells(column: str, found: pd.Series) -> list[Any]:
    values = found.tolist()
    if found.hasnans or found.dtype == object:
        values = [None if v is pd.NA or (isinstance(v, float) and v != v) else v for v in values]
    if column in ("values", "copies"):
        return [json.loads(v) if isinstance(v, str) else v for v in values]
    if column in WHOLE:
        return [int(v) if isinstance(v, float) else v for v in values]
    return values


def rows_of(portfolio: Portfolio) -> dict[str, Sequence[Row]]:
    return {name: Rows(frame) for name, frame in portfolio.tables.items()}


def is_tables(folder: Path) -> bool:
    return (folder / "contracts.parquet").is_file()


def load(folder: Path) -> Portfolio:
    """The tables that ``Portfolio.save`` wrote, without what a report does not show."""
    return _read(folder, SHOWN)


def earlier(folder: Path) -> Portfolio:
    """Of an earlier report's tables what two reports are compared by. Raises BadData where there are none."""
    if not is_tables(folder / "tables"):
        raise BadData(
            "--since", None, f"{folder} holds no report; give last, none, or a folder such as OUT/reports/0001"
        )
    return _read(folder / "tables", COMPARED)


def _read(folder: Path, wanted: Mapping[str, set[str]], ids: Sequence[str] | None = None) -> Portfolio:
    """``ids``: of these contracts only."""
    frames: dict[str, Any] = {}
    for name, columns in wanted.items():
        path = folder / f"{name}.parquet"
        if path.is_file():
            schema = pq.read_schema(path)
            there = schema.names
            more = set(there) - set(COLUMNS[name]) if name in ("deals", "assumptions") else set()
            by_id = "contract_id" in there and schema.field("contract_id").type in (pa.string(), pa.large_string())
            only = [("contract_id", "in", ids)] if ids is not None and by_id else None  # no text: an empty table
            frames[name] = pd.read_parquet(path, columns=[c for c in there if c in columns | more], filters=only)
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    return Portfolio(**frames, meta=meta, folder=folder)


def dates(portfolio: Portfolio, as_of: date) -> list[KeyDate]:
    """The key dates of a portfolio; some families of contracts at a time."""
    tables = {name: frame for name, frame in portfolio.tables.items() if name not in ("exposures", "operands")}
    said = tables["responsibilities"]
    said = said[[bool(REVIEWS.search(f"{a} {b}")) for a, b in zip(said["action"].tolist(), said["text"].tolist())]]
    tables["responsibilities"] = said  # the others give no date
    family = dict(zip(tables["families"]["contract_id"], tables["families"]["family"], strict=True))
    found: list[KeyDate] = []
    parts = _parts(portfolio.contracts["contract_id"].tolist(), family)
    common = {name: list(Rows(tables[name])) for name in ("deals", "assumptions")}
    places = {
        name: _places(frame["contract_id"], parts)
        for name, frame in tables.items()
        if "contract_id" in frame and len(frame)
    }
    for k in range(max(parts.values(), default=-1) + 1):
        rows: dict[str, Sequence[Row]] = dict.fromkeys(tables, ())
        rows |= {name: Rows(tables[name].iloc[at[k]]) for name, at in places.items() if k in at}
        rows |= common if k == 0 else {"deals": common["deals"]}
        found += key_dates(rows, as_of)
    return in_order(found)


def _parts(ids: Iterable[str], family: Mapping[str, Any]) -> dict[str, int]:
    """contract_id → the number of its part; papers of one family stand in the same."""
    groups: dict[str, list[str]] = {}
    for id in ids:
        groups.setdefault(str(family.get(id) or id), []).append(id)
    out: dict[str, int] = {}
    for mine in groups.values():
        out |= dict.fromkeys(mine, len(out) // TOGETHER)
    return out


def _places(ids: pd.Series, parts: Mapping[str, int]) -> dict[int, list[int]]:
    """Part → the places of its rows."""
    out: dict[int, list[int]] = {}
    for at, id in enumerate(ids.tolist()):
        out.setdefault(parts.get(id, 0), []).append(at)
    return out


def dates_of(folder: Path, ids: Sequence[str], as_of: date) -> list[KeyDate]:
    """The key dates of some contracts of an earlier report's tables."""
    return dates(_read(folder, SHOWN, ids), as_of) if ids else []

"""The three CSVs that people keep: deal facts, assumptions, exchange rates. Read, checked, never repaired.

Every fault names file, line and column, what was found and what is allowed. All faults of a file are collected; the
``BadData`` that is raised tells the first one and how many more there are (``faults`` lists them all).

Deal facts (one row a contract; any cell but ``file`` may be empty; unknown stays unknown):

=========================  ==============================================================================================
``file``                   name of the agreement's file, matched without regard to case; a folder may stand before it
``vendor``                 who sells; totals by vendor use it
``annual_fees``            fees of one contract year, in ``currency``
``currency``               ISO 4217 code of every sum of the row
``start``                  first day of the term, YYYY-MM-DD
``term_months``            months of the first term
``users``                  users (seats) paid for
``records_held``           personal records that the provider holds for the customer
``paid_in_advance``        months of fees paid ahead: 12, 3, 1; ``yes`` is 12, ``no`` is 0
``invoices_per_year``      invoices a year
``committed_spend``        spend a year that the customer has committed to
``expected_spend``         spend a year that the customer expects
``renewal_months``         months of a renewal term, where the agreement leaves it to the order form
``downtime_value_per_day`` what a day without the service costs the customer
``switching_cost``         what moving to another provider costs
``family``                 documents that belong together (master agreement, order form, versions) share a family
``owner``, ``notes``       free text
=========================  ==============================================================================================

Sums are plain numbers (``120000``, ``120000.50`` or ``120,000.50``), never negative.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from babel.core import get_global

from risklib.errors import BadData
from risklib.records import Assumption, Deal

_PLAIN = re.compile(r"\d+(\.\d+)?|\d{1,3}(,\d{3})+(\.\d+)?")
REVIEW_DAYS = 365  # an assumption not reviewed for so long is overdue


# ---------------------------------------------------------------- what the files become


@dataclass(frozen=True)
class Assumptions:
    """The parameters of the exposure model: ``get`` finds one, ``having`` gives a copy with one changed."""

    rows: tuple[Assumption, ...]
    _index: Mapping[tuple[str, str], tuple[Assumption, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        index: dict[tuple[str, str], tuple[Assumption, ...]] = {}
        for row in self.rows:
            key = (row.component, row.parameter)
            index[key] = (*index.get(key, ()), row)
        object.__setattr__(self, "_index", index)

    def get(self, component: str, parameter: str, currency: str | None = None) -> Assumption | None:
        """The row for this parameter; among rows in several currencies the one in ``currency``, else the first."""
        rows = self._index.get((component, parameter), ())
        return next((r for r in rows if currency and money_unit(r.unit) == currency), rows[0] if rows else None)

    def having(self, id: str, low: float, likely: float, high: float) -> Assumptions:
        """A copy in which the row ``id`` has these figures; for sensitivities and what-ifs."""
        if all(r.id != id for r in self.rows):
            raise BadData("assumptions", None, f"no assumption {id!r}{_mean(id, [r.id for r in self.rows])}")
        rows = (replace(r, low=low, likely=likely, high=high) if r.id == id else r for r in self.rows)
        return Assumptions(tuple(rows))

    def dependence(self) -> dict[str, float]:
        """The share of events that comes from each shared shock: the likely figures of the component ``dependence``."""
        return {row.parameter: row.likely for row in self.rows if row.component == "dependence"}

    def overdue(self, as_of: date, days: int = REVIEW_DAYS) -> tuple[Assumption, ...]:
        """Rows never reviewed, or not within ``days`` days before ``as_of``."""
        return tuple(r for r in self.rows if is_overdue(r, as_of, days))


@dataclass(frozen=True)
class Rates:
    """Exchange rates of one day: one unit of ``base`` buys ``units[c]`` of currency ``c``."""

    on: date
    base: str
    units: Mapping[str, Decimal]
    source: str = ""
    lines: Mapping[str, int] = field(default_factory=dict)

    def rate(self, given: str, wanted: str) -> Decimal | None:
        """How many ``wanted`` one ``given`` buys; None where a rate is missing."""
        if given == wanted:
            return Decimal(1)
        if given not in self.units or wanted not in self.units:
            return None
        return self.units[wanted] / self.units[given]


def is_overdue(row: Assumption, as_of: date, days: int = REVIEW_DAYS) -> bool:
    return row.reviewed_on is None or row.reviewed_on < as_of - timedelta(days=days)


@cache
def currencies() -> frozenset[str]:
    """ISO 4217 codes in use or once in use, from babel's CLDR data."""
    return frozenset(get_global("all_currencies"))


@cache
def money_unit(unit: str) -> str | None:
    """``EUR`` for the units "EUR" and "EUR a record"; None for units that are no money."""
    head = unit.split(" ", 1)[0]
    return head if head in currencies() else None


# ---------------------------------------------------------------- cells


def _number(text: str) -> Decimal:
    if not _PLAIN.fullmatch(text):
        raise ValueError("write a plain number that is not negative, such as 120000 or 120000.50")
    return Decimal(text.replace(",", ""))


def _positive(text: str) -> Decimal:
    value = _number(text)
    if value <= 0:
        raise ValueError("write a number above 0")
    return value


def _whole(text: str) -> Decimal:
    value = _number(text)
    if value != value.to_integral_value():
        raise ValueError("write a whole number")
    return value


def _months_ahead(text: str) -> Decimal:
    words = {"yes": Decimal(12), "no": Decimal(0)}
    return words[text.casefold()] if text.casefold() in words else _number(text)


def _date(text: str) -> date:
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return date.fromisoformat(text)
    except ValueError:
        pass  # 2026-02-30: the message below fits it too
    raise ValueError("write a date of the calendar as YYYY-MM-DD")


def _currency(text: str) -> str:
    if text not in currencies():
        raise ValueError(f"write an ISO 4217 code such as EUR{_mean(text.upper(), currencies())}")
    return text


def _yes_no(text: str) -> bool:
    if text.casefold() not in ("yes", "no"):
        raise ValueError("write yes or no")
    return text.casefold() == "yes"


def _mean(word: str, names: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(names), n=1)
    return f"; did you mean {near[0]}?" if near else ""


Parser = Callable[[str], Any]
DEAL_COLUMNS: Mapping[str, Parser] = {
    "file": str, "vendor": str, "annual_fees": _number, "currency": _currency, "start": _date, "term_months": _positive,
    "users": _whole, "records_held": _whole, "paid_in_advance": _months_ahead, "invoices_per_year": _number,
    "committed_spend": _number, "expected_spend": _number, "renewal_months": _positive, "downtime_value_per_day": _number,
    "switching_cost": _number, "family": str, "owner": str, "notes": str,
}  # fmt: skip
ASSUMPTION_COLUMNS: Mapping[str, Parser] = {
    "id": str, "component": str, "parameter": str, "low": _number, "likely": _number, "high": _number, "unit": str,
    "source": str, "reviewed_on": _date, "illustrative": _yes_no,
}  # fmt: skip
RATE_COLUMNS: Mapping[str, Parser] = {"date": _date, "base": _currency, "currency": _currency, "rate": _positive, "source": str}
_PLAIN_DEAL = ("file", "vendor", "annual_fees", "currency", "start", "term_months")


# ---------------------------------------------------------------- rows


Row = tuple[int, dict[str, Any]]
Fault = tuple[int | None, str]


def _raise_if(faults: Sequence[Fault], file: str) -> None:
    if not faults:
        return
    ordered = sorted(faults, key=lambda f: f[0] or 0)
    line, text = ordered[0]
    more = len(ordered) - 1
    error = BadData(file, line, text + (f" (and {more} more fault{'s' * (more > 1)} in this file)" if more else ""))
    error.faults = tuple(ordered)  # type: ignore[attr-defined]
    raise error


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BadData(str(path), None, f"cannot be read ({error.strerror}); give the path of a CSV file") from error
    except UnicodeDecodeError as error:
        raise BadData(str(path), None, f"not UTF-8 (byte {error.start}); save it as 'CSV UTF-8'") from error


def _header(cells: Sequence[str], columns: Mapping[str, Parser], needed: Sequence[str]) -> list[Fault]:
    faults: list[Fault] = []
    for name in cells:
        if name not in columns:
            allowed = _mean(name, columns) or f"; allowed are {', '.join(columns)}"
            faults.append((1, f"unknown column {name!r}{allowed}"))
        elif list(cells).count(name) > 1:
            faults.append((1, f"column {name} stands twice; keep one"))
    faults.extend((1, f"column {name} is missing; the first line names the columns") for name in needed if name not in cells)
    return list(dict.fromkeys(faults))


def _read(path: Path, columns: Mapping[str, Parser], needed: Sequence[str]) -> tuple[list[Row], list[Fault]]:
    """The rows, parsed (None where a cell is empty), with their line; and the faults of the cells."""
    text = _text(path)
    first = text.split("\n", 1)[0]
    separator = ";" if ";" in first and "," not in first else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    header = [cell.strip() for cell in next(reader, [])]
    _raise_if(_header(header, columns, needed), str(path))
    rows: list[Row] = []
    faults: list[Fault] = []
    line = reader.line_num + 1
    for cells in reader:
        at, line = line, reader.line_num + 1
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(header):
            faults.append((at, f"{len(cells)} cells but {len(header)} columns; put quotes around a cell with a separator"))
            continue
        row, wrong = _cells(dict(zip(header, cells, strict=False)), columns, needed)
        rows.append((at, row))
        faults.extend((at, f"column {name}: {what}") for name, what in wrong)
    return rows, faults


def _cells(
    cells: Mapping[str, str], columns: Mapping[str, Parser], needed: Sequence[str]
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    row: dict[str, Any] = dict.fromkeys(columns)
    wrong: list[tuple[str, str]] = []
    for name, cell in cells.items():
        text = cell.strip()
        if text:
            try:
                row[name] = columns[name](text)
            except ValueError as error:
                wrong.append((name, f"found {text!r}; {error}"))
    wrong.extend((name, "is empty; it must be filled in") for name in needed if not (cells.get(name) or "").strip())
    return row, wrong


def _twice(rows: Iterable[tuple[int, Any]], what: str) -> list[Fault]:
    seen: dict[Any, int] = {}
    faults: list[Fault] = []
    for line, key in rows:
        if key in seen:
            faults.append((line, f"{what} {key!r} stands in line {seen[key]} already; keep one row"))
        else:
            seen[key] = line
    return faults


# ---------------------------------------------------------------- the three files


def load_deals(path: str | Path) -> tuple[Deal, ...]:
    """The deal facts of a CSV with the columns above. Raises BadData (first fault, and how many more)."""
    path = Path(path)
    rows, faults = _read(path, DEAL_COLUMNS, ("file",))
    faults += _twice([(line, _name(row["file"])) for line, row in rows if row["file"]], "file")
    _raise_if(faults, str(path))
    return tuple(
        Deal(
            line=line,
            source=str(path),
            extra={k: v for k, v in row.items() if k not in _PLAIN_DEAL and v is not None},
            **{k: row[k] for k in _PLAIN_DEAL},
        )
        for line, row in rows
    )


def deal_for(deals: Sequence[Deal], file: str | Path) -> Deal | None:
    """The row of ``file``: same name, whatever the case and folder; where the row names folders they must agree."""
    wanted = _name(str(file))
    for deal in deals:
        name = _name(deal.file)
        if wanted == name or wanted.endswith("/" + name) or PurePosixPath(name).name == wanted:
            return deal
    return None


def rows_without_file(deals: Sequence[Deal], files: Sequence[str]) -> tuple[str, ...]:
    """One sentence for each row whose file is not among ``files``, with the file that may be meant."""
    used = {id(deal_for(deals, f)) for f in files}
    names = [PurePosixPath(_name(f)).name for f in files]
    return tuple(
        f"{d.source}:{d.line}: no agreement {d.file!r} was read{_mean(PurePosixPath(_name(d.file)).name, names)}"
        for d in deals
        if id(d) not in used
    )


def _name(file: str) -> str:
    return unicodedata.normalize("NFC", file).replace("\\", "/").removeprefix("./").casefold()


def load_assumptions(path: str | Path | None = None) -> Assumptions:
    """The shipped assumptions (illustrative), with the rows of ``path`` in their place where it has the same parameter.

    Raises BadData. ``low <= likely <= high``; a unit that begins with a currency makes the figures money of that currency.
    """
    shipped = _assumptions(default_folder() / "assumptions.csv")
    if path is None:
        return Assumptions(shipped)
    own = _assumptions(Path(path))
    known = {r.component for r in shipped}
    _raise_if([(r.line, f"column component: unknown {r.component!r}{_mean(r.component, known)}") for r in own if r.component not in known], str(path))  # fmt: skip
    names = {(r.component, r.parameter) for r in shipped}
    _raise_if([(r.line, f"column parameter: {r.component} has no parameter {r.parameter!r}; it has {', '.join(sorted(p for c, p in names if c == r.component))}") for r in own if (r.component, r.parameter) not in names], str(path))  # fmt: skip
    replaced = {(r.component, r.parameter) for r in own}
    return Assumptions(own + tuple(r for r in shipped if (r.component, r.parameter) not in replaced))


def _assumptions(path: Path) -> tuple[Assumption, ...]:
    needed = ("id", "component", "parameter", "low", "likely", "high", "unit", "source")
    rows, faults = _read(path, ASSUMPTION_COLUMNS, needed)
    faults += _twice([(line, row["id"]) for line, row in rows if row["id"]], "id")
    faults += _twice([(n, f"{r['component']}.{r['parameter']} in {money_unit(r['unit'] or '')}") for n, r in rows], "parameter")
    for line, row in rows:
        figures = [row[k] for k in ("low", "likely", "high")]
        if None not in figures and sorted(figures) != figures:
            faults.append((line, f"columns low, likely, high: found {', '.join(map(str, figures))}; they must not fall"))
        if row["unit"] in ("share", "chance a year") and None not in figures and figures[2] > 1:
            faults.append((line, f"column high: found {figures[2]}; a {row['unit']} is at most 1"))
    _raise_if(faults, str(path))
    shown = str(path) if path.parent != default_folder() else path.name
    return tuple(
        Assumption(
            **{k: row[k] for k in ("id", "component", "parameter", "unit", "source", "reviewed_on")},
            **{k: float(row[k]) for k in ("low", "likely", "high")},
            illustrative=bool(row["illustrative"]),
            file=shown,
            line=line,
        )
        for line, row in rows
    )


def load_rates(path: str | Path | None = None) -> Rates | None:
    """Exchange rates of a CSV ``date,base,currency,rate``: one ``base`` buys ``rate`` of ``currency``. None without a path."""
    if path is None:
        return None
    path = Path(path)
    rows, faults = _read(path, RATE_COLUMNS, ("date", "base", "currency", "rate"))
    faults += _twice([(line, row["currency"]) for line, row in rows if row["currency"]], "currency")
    for line, row in rows[1:]:
        for column in ("date", "base"):
            if row[column] != rows[0][1][column]:
                faults.append((line, f"column {column}: found {row[column]}, line {rows[0][0]} has {rows[0][1][column]}; keep one"))
    if not rows:
        faults.append((None, "holds no rates; add a line such as 2026-01-02,EUR,USD,1.10"))
    _raise_if(faults, str(path))
    base = rows[0][1]["base"]
    units = {base: Decimal(1)} | {row["currency"]: row["rate"] for _, row in rows}
    if units[base] != 1:
        raise BadData(str(path), None, f"one {base} must buy 1 {base}, found {units[base]}")
    return Rates(rows[0][1]["date"], base, units, str(path), {row["currency"]: line for line, row in rows})


def default_folder() -> Path:
    """Where the shipped playbook lies: inside an installed package, else beside it in the repository."""
    packaged = Path(__file__).parent / "_data" / "playbook"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / "data" / "playbook"

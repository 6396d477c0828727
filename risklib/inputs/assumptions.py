"""Assumptions: the parameters of the exposure model, kept by the risk owner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

from risklib.errors import BadData
from risklib.inputs.tables import (
    Parser,
    calendar_date,
    did_you_mean,
    given_twice,
    money_unit,
    plain_number,
    raise_if,
    read_table,
    yes_no,
)
from risklib.records import Assumption

COUNTS = ("events a year", "chance a year", "times a year")  # Poisson, at most one, exactly so many
OF_FEES = "share of annual fees"
REVIEW_DAYS = 365  # an assumption not reviewed for so long is overdue
ASSUMPTION_COLUMNS: Mapping[str, Parser] = {
    "id": str, "component": str, "parameter": str, "low": plain_number, "likely": plain_number, "high": plain_number,
    "unit": str, "source": str, "reviewed_on": calendar_date, "illustrative": yes_no,
}  # fmt: skip


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
            raise BadData("assumptions", None, f"no assumption {id!r}{did_you_mean(id, [r.id for r in self.rows])}")
        rows = (replace(r, low=low, likely=likely, high=high) if r.id == id else r for r in self.rows)
        return Assumptions(tuple(rows))

    def dependence(self) -> dict[str, float]:
        """The share of events that comes from each shared shock: the likely figures of the component ``dependence``."""
        return {row.parameter: row.likely for row in self.rows if row.component == "dependence"}

    def independent(self) -> Assumptions:
        """A copy without shared shocks: what the totals would be if nothing hit several contracts at once."""
        rows = (replace(r, low=0.0, likely=0.0, high=0.0) if r.component == "dependence" else r for r in self.rows)
        return Assumptions(tuple(rows))

    def overdue(self, as_of: date, days: int = REVIEW_DAYS) -> tuple[Assumption, ...]:
        """Rows never reviewed, or not within ``days`` days before ``as_of``."""
        return tuple(r for r in self.rows if is_overdue(r, as_of, days))


def is_overdue(row: Assumption, as_of: date, days: int = REVIEW_DAYS) -> bool:
    return row.reviewed_on is None or row.reviewed_on < as_of - timedelta(days=days)


def load_assumptions(path: str | Path | None = None) -> Assumptions:
    """The shipped assumptions (illustrative), with the rows of ``path`` in their place where it has the same
    parameter.

    Raises BadData. ``low <= likely <= high``; a unit that begins with a currency makes the figures money of that
    currency."""
    shipped = _assumptions(default_folder() / "assumptions.csv")
    if path is None:
        return Assumptions(shipped)
    own = _assumptions(Path(path))
    raise_if([(r.line, said) for r in own if (said := _unknown(r, shipped))], str(path))
    replaced = {(r.component, r.parameter) for r in own}
    return Assumptions(own + tuple(r for r in shipped if (r.component, r.parameter) not in replaced))


def _unknown(row: Assumption, shipped: Sequence[Assumption]) -> str:
    """What is wrong with a row that no formula asks for; empty where one does."""
    known = {r.component for r in shipped}
    if row.component not in known:
        return f"column component: unknown {row.component!r}{did_you_mean(row.component, known)}"
    parameters = sorted({r.parameter for r in shipped if r.component == row.component})
    if row.parameter in parameters:
        units = [r.unit for r in shipped if (r.component, r.parameter) == (row.component, row.parameter)]
        fits = _measure(row.unit) in map(_measure, units)
        return "" if fits else f"column unit: found {row.unit!r}; write {_allowed(units[0])}"
    return f"column parameter: {row.component} has no parameter {row.parameter!r}; it has {', '.join(parameters)}"


def _measure(unit: str) -> str:
    """What a unit measures; units of one measure may stand for each other."""
    if unit in COUNTS:
        return "count"
    if unit == OF_FEES:
        return "money"
    return f"money{unit[3:]}" if money_unit(unit) else unit


def _allowed(unit: str) -> str:
    if unit in COUNTS:
        return f"{', '.join(COUNTS[:-1])} or {COUNTS[-1]}"
    code = money_unit(unit)
    money = f"{code}{unit[3:]} (any currency)" if code else "a currency code such as EUR"
    return f"{OF_FEES!r} or {money}" if _measure(unit) == "money" else money if code else repr(unit)


def _assumptions(path: Path) -> tuple[Assumption, ...]:
    needed = ("id", "component", "parameter", "low", "likely", "high", "unit", "source")
    rows, faults = read_table(path, ASSUMPTION_COLUMNS, needed)
    faults += given_twice([(line, row["id"]) for line, row in rows if row["id"]], "id")
    in_unit = [(n, f"{r['component']}.{r['parameter']} in {money_unit(r['unit'] or '')}") for n, r in rows]
    faults += given_twice(in_unit, "parameter")
    for line, row in rows:
        figures = [row[k] for k in ("low", "likely", "high")]
        if None not in figures and sorted(figures) != figures:
            found = ", ".join(map(str, figures))
            faults.append((line, f"columns low, likely, high: found {found}; they must not fall"))
        if row["unit"] in ("share", "chance a year") and None not in figures and figures[2] > 1:
            faults.append((line, f"column high: found {figures[2]}; a {row['unit']} is at most 1"))
    raise_if(faults, str(path))
    shown = str(path) if path.parent != default_folder() else path.name
    return tuple(
        Assumption(
            row["id"], row["component"], row["parameter"], float(row["low"]), float(row["likely"]), float(row["high"]),
            row["unit"], row["source"], row["reviewed_on"], bool(row["illustrative"]), shown, line,
        )
        for line, row in rows
    )  # fmt: skip


def default_folder() -> Path:
    """Where the shipped playbook lies: inside an installed package, else beside it in the repository."""
    packaged = Path(__file__).parents[1] / "_data" / "playbook"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "data" / "playbook"

"""Exchange rates of one day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from risklib.errors import BadData
from risklib.inputs.tables import Parser, calendar_date, currency_code, given_twice, positive, raise_if, read_table

RATE_COLUMNS: Mapping[str, Parser] = {
    "date": calendar_date,
    "base": currency_code,
    "currency": currency_code,
    "rate": positive,
    "source": str,
}


RATE_DAYS = 92  # rates older than a quarter are overdue


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

    def overdue(self, as_of: date) -> bool:
        return self.on < as_of - timedelta(days=RATE_DAYS)


def load_rates(path: str | Path | None = None) -> Rates | None:
    """Exchange rates of a CSV ``date,base,currency,rate``: one ``base`` buys ``rate`` ``currency``. None without a
    path."""
    if path is None:
        return None
    path = Path(path)
    rows, faults = read_table(path, RATE_COLUMNS, ("date", "base", "currency", "rate"))
    faults += given_twice([(line, row["currency"]) for line, row in rows if row["currency"]], "currency")
    for line, row in rows[1:]:
        for column in ("date", "base"):
            if row[column] != rows[0][1][column]:
                first = f"line {rows[0][0]} has {rows[0][1][column]}"
                faults.append((line, f"column {column}: found {row[column]}, {first}; keep one"))
    if not rows:
        faults.append((None, "holds no rates; add a line such as 2026-01-02,EUR,USD,1.10"))
    raise_if(faults, str(path))
    base = rows[0][1]["base"]
    units = {base: Decimal(1)} | {row["currency"]: row["rate"] for _, row in rows}
    if units[base] != 1:
        raise BadData(str(path), None, f"one {base} must buy 1 {base}, found {units[base]}")
    return Rates(rows[0][1]["date"], base, units, str(path), {row["currency"]: line for line, row in rows})

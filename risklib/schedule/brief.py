"""The first page of a scheduled report: what is crossed, what to decide, what changed, and each vendor on one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from risklib.due.key_dates import KeyDate, upcoming
from risklib.rows import Row
from risklib.schedule.changes import Changes, Move
from risklib.schedule.thresholds import CROSSED, UNKNOWN, Verdict

AHEAD = 90  # days that the first page looks ahead
MOST = 40  # lines of each list on the page; the workbook has all


@dataclass(frozen=True, slots=True)
class Vendor:
    """One vendor's page: totals by currency (currency, expected, p95, without a figure), agreements, dates ahead."""

    name: str
    totals: tuple[tuple[str, float, float, int], ...]
    files: tuple[str, ...]
    dates: tuple[KeyDate, ...]


@dataclass(frozen=True)
class Brief:
    """``left_out``: what this report should hold and does not. ``changes`` is None where there is no earlier report."""

    as_of: date
    outcome: str
    left_out: tuple[str, ...]
    verdicts: tuple[Verdict, ...]
    dates: tuple[KeyDate, ...]
    changes: Changes | None
    vendors: tuple[Vendor, ...]
    most: int = MOST

    @property
    def crossed(self) -> list[Verdict]:
        return [v for v in self.verdicts if v.state == CROSSED]

    @property
    def unknown(self) -> list[Verdict]:
        return [v for v in self.verdicts if v.state == UNKNOWN]

    @property
    def decisions(self) -> list[KeyDate]:
        return upcoming([k for k in self.dates if k.decides], self.as_of, AHEAD)

    @property
    def happening(self) -> list[KeyDate]:
        return upcoming([k for k in self.dates if not k.decides], self.as_of, AHEAD)

    @property
    def undated(self) -> list[KeyDate]:
        return [k for k in self.dates if k.day is None]

    @property
    def moves(self) -> list[Move]:
        """The largest of each currency: amounts of different currencies are not ranked together."""
        found = self.changes.moves if self.changes else ()
        seen: dict[str, int] = {}
        out = []
        for m in found:
            seen[m.currency] = seen.get(m.currency, 0) + 1
            if seen[m.currency] <= 10:
                out.append(m)
        return out

    def plain(self) -> dict[str, Any]:
        """For JSON: no text of a clause in it beyond the sentence that a date rests on."""
        changed = asdict(self.changes) if self.changes else None
        return {
            "outcome": self.outcome,
            "as_of": self.as_of.isoformat(),
            "left_out": list(self.left_out),
            "thresholds": [asdict(v) for v in self.verdicts],
            "decisions": [asdict(k) for k in self.decisions],
            "changes": changed,
        }


def vendors_of(rows: Mapping[str, Sequence[Row]], dates: Sequence[KeyDate], as_of: date) -> tuple[Vendor, ...]:
    """The vendors of the totals, the largest expected loss within its currency first."""
    deals = {str(d["file"]).casefold(): d["vendor"] for d in rows["deals"]}
    files: dict[str, list[str]] = {}
    for c in rows["contracts"]:
        files.setdefault(str(deals.get(c["file"].casefold()) or c["provider"] or "no vendor"), []).append(c["file"])
    totals: dict[str, list[tuple[str, float, float, int]]] = {}
    for t in rows["totals"]:
        if t["level"] == "vendor":
            line = (str(t["currency"]), float(t["expected"]), float(t["p95"]), int(t["unscored"] or 0))
            totals.setdefault(str(t["name"]), []).append(line)
    year = as_of + timedelta(365)
    soon = [k for k in dates if k.day is not None and as_of <= k.day <= year]
    by_vendor: dict[str, list[KeyDate]] = {}
    for k in soon:
        by_vendor.setdefault(str(k.vendor), []).append(k)
    names = sorted({*files, *totals}, key=lambda n: (-max((t[1] for t in totals.get(n, ())), default=0.0), n))
    return tuple(
        Vendor(n, tuple(totals.get(n, ())), tuple(sorted(files.get(n, ()))), tuple(by_vendor.get(n, ()))) for n in names
    )

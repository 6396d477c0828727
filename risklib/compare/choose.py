"""Which of several clauses speaks for a term, and what it says: a number, that it is there, or that it is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from risklib.compare.reading import Reading, Row
from risklib.compare.units import SIZES, in_words, plain_number, value_of
from risklib.records import Deal

NUMBER, BARE, ABSENT = "number", "bare", "absent"


@dataclass(frozen=True)
class Stand:
    """What an agreement says of a term. ``row`` is the clause that speaks, ``others`` the rest that say more of it."""

    state: str  # NUMBER, BARE (there, without the number asked for) or ABSENT
    value: Any
    row: Row | None
    others: tuple[Row, ...] = ()

    key: str | None = None

    @property
    def short(self) -> str:
        """Only what is compared, "—" where there is no such term; for a cap also what it comes to in months of fees."""
        if self.row is None:
            return "—"
        if self.key is None:
            return in_words(self.row.values) or "yes"
        if isinstance(self.value, list):
            return f"for {', '.join(map(str, self.value))}"
        shown = in_words({k: v for k, v in (self.row.values or {}).items() if k in _parts(self.key)})
        if self.state != NUMBER or not isinstance(self.value, float):
            return shown or ("yes" if self.key == "covers" else "yes, no number")
        as_months = self.key == "cap_months" and not ("month" in shown and "of" not in shown)
        return f"{shown} (≈ {plain_number(round(self.value, 1))} months' fees)" if as_months else shown


_PARTS = {
    "cap_months": (*SIZES, "currency", "alternatives", "comparator", "cap_period"),
    "yearly_percent": ("percent", "per", "legal_maximum"),
    "percent": (*SIZES, "currency", "per"),
    "premium_percent": ("percent",),
    "amount": ("amount", "currency"),
    "duration_days": ("duration_days", "duration_months"),
}


def _parts(key: str) -> tuple[str, ...]:
    return _PARTS.get(key, (key,))


def stand(
    reading: Reading, provision: str, party: str | None, *, effect: str | None = None, key: str | None = None,
    deal: Deal | None = None, rows: Sequence[Row] | None = None,
) -> Stand:  # fmt: skip
    """``rows``: the only clauses that may speak (default: all of this provision and party)."""
    found = reading.of(provision, party) if rows is None else tuple(rows)
    if effect:
        found = tuple(t for t in found if (t.values or {}).get("effect") == effect)
        # one that excludes or limits nothing in figures is no limit that can be compared, unless there is no other
        found = tuple(t for t in found if in_words(t.values)) or found
    if not found:
        return Stand(ABSENT, None, None)
    if key is None:
        return Stand(BARE, None, found[0], tuple(found[1:]), key)
    valued = [(t, value_of(t.values, key, deal or reading.deal, reading.rates)) for t in found]
    told = [(t, v) for t, v in valued if v is not None]
    if not told:  # of those without it the one that says something of the kind, such as a sum in another currency
        first = next((t for t in found if any((t.values or {}).get(k) for k in _parts(key))), found[0])
        return Stand(BARE, None, first, tuple(t for t in found if t is not first), key)
    first, value = told[0]
    if isinstance(value, list):  # what several clauses cover holds together
        value = list(dict.fromkeys(x for _, v in told for x in v))
    return Stand(NUMBER, value, first, tuple(t for t in found if t is not first), key)

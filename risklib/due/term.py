"""The agreement's term: from the facts, else from its own words; and the last day for a notice before its end."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta

from risklib.clauses.dates import parse_date
from risklib.due.calendar import DATE, UNKNOWN, Dates, Due, plus, span_in

_FIRST = re.compile(r"\b(?:initial|first|fixed|minimum)\s+(?:\w+\s+)?(?:term|period)\b(?P<rest>[^.;]{0,160})", re.I)
_FOR = re.compile(r"\b(?:of|is|be|for|period|continues?|runs?|lasts?)\b", re.I)
_UNTIL = re.compile(
    r"\b(?:runs?|continues?|remains? in (?:force|effect)|ends?|expires?|term)\b[^.;]{0,60}?\b(?:until|on|through)\s+"
    r"(?P<rest>[^.;]{6,40})",
    re.I,
)


def initial_term(start: date | None, months: int | None, clauses: Iterable[str]) -> date | None:
    """The last day of the first term: ``months`` from ``start`` where both are known, else as a clause states it."""
    if start is not None and months is not None:
        return plus(start, months) - timedelta(1)
    for text in clauses:
        m = _FIRST.search(text)
        if m is not None and start is not None:
            found = span_in(m["rest"])
            if found and found[0].unit in ("month", "year") and _FOR.search(m["rest"][: found[2]]):
                return found[0].on(start) - timedelta(1)
        m = _UNTIL.search(text)
        day = parse_date(m["rest"]) if m else None
        if day is not None and (start is None or day > start):
            return day
    return None


def last_day(dates: Dates, days: int) -> Due:
    """The last day for a notice that must be given so many days before the running term ends."""
    end = dates.current_end
    if end is None:
        why = "the end of the term is not known: give start and term_months in the facts CSV"
        return Due(UNKNOWN, event="the end of the term", basis=f"{days} days before it", reason=why)
    return Due(DATE, day=end - timedelta(days), basis=f"{days} days before the end of the running term ({end})")

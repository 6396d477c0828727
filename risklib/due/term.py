"""The agreement's first term, from the facts or as it was read; and the last day for a notice before its end."""

from __future__ import annotations

from datetime import date, timedelta

from risklib.due.calendar import DATE, UNKNOWN, Dates, Due, plus


def initial_term(start: date | None, months: int | None, ends: date | None) -> date | None:
    """The last day of the first term: ``months`` from ``start`` where both are known, else ``ends``, as it was read."""
    if start is not None and months is not None:
        return plus(start, months) - timedelta(1)
    return ends if ends is not None and (start is None or ends > start) else None


def last_day(dates: Dates, days: int) -> Due:
    """The last day for a notice that must be given so many days before the running term ends."""
    end = dates.current_end
    if end is None:
        why = "the end of the term is not known: give start and term_months in the facts CSV"
        return Due(UNKNOWN, event="the end of the term", basis=f"{days} days before it", reason=why)
    return Due(DATE, day=end - timedelta(days), basis=f"{days} days before the end of the running term ({end})")

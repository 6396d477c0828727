"""Days and lengths of time: what is known of an agreement's dates, and arithmetic on them."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta

from risklib.findings.quantities import number

DATE, RECURRING, EVENT, ONGOING, UNKNOWN = "date", "recurring", "event", "ongoing", "unknown"


@dataclass(frozen=True, slots=True)
class Dates:
    """What is known of an agreement's dates. ``end`` is the last day of the first term, ``renews`` the months of each
    renewal (None: it does not renew by itself, or the text does not say). ``own`` is the date of an order form or
    amendment under the agreement; ``start`` that of the agreement."""

    as_of: date
    start: date | None = None
    own: date | None = None
    end: date | None = None
    renews: int | None = None

    @property
    def current_end(self) -> date | None:
        """The last day of the term that runs on ``as_of``; of the first where that has not ended or does not renew."""
        found = self.end
        if found is None or not self.renews:
            return found
        first = found + timedelta(1)
        since, months = first, 0  # counted from the first day of all, so that a term from a 31st stays one
        if self.start is not None:
            between = (first.year - self.start.year) * 12 + first.month - self.start.month
            if plus(self.start, between) == first:
                since, months = self.start, between
        while found < self.as_of:
            months += self.renews
            found = plus(since, months) - timedelta(1)
        return found


@dataclass(frozen=True, slots=True)
class Due:
    """``kind``: one date, recurring, counted from an event, ongoing, unknown. ``day``: the only or the next one, on or
    after ``Dates.as_of``; a single date may lie before it. ``rule``: as in RFC 5545, with ``X-OFFSET`` for days that no
    such rule can hold. ``until``: the last day of an ongoing duty. ``event``: what a period counts from. ``basis``: how
    the date came about. ``reason``: why there is none."""

    kind: str
    day: date | None = None
    rule: str | None = None
    until: date | None = None
    event: str | None = None
    basis: str | None = None
    reason: str | None = None


def plus(day: date, months: int) -> date:
    """The same day some months on, or the last day of a shorter month."""
    whole = day.year * 12 + day.month - 1 + months
    year, month = divmod(whole, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def business(day: date, n: int) -> date:
    """The n-th business day (Monday to Friday) after ``day``; before it where n is negative."""
    step = timedelta(1 if n > 0 else -1)
    for _ in range(abs(n)):
        day += step
        while day.weekday() > 4:
            day += step
    return day


_PARTS = {"hour": 24, "minute": 24 * 60}  # of a day; a part of a day ends on the day on which it runs out


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time: 30 days, 5 business days, 2 months."""

    n: int
    unit: str  # "hour", "day", "business day", "week", "month", "year"

    def on(self, day: date, sign: int = 1) -> date:
        if self.unit == "business day":
            return business(day, sign * self.n)
        if self.unit in ("month", "year"):
            return plus(day, sign * self.n * (12 if self.unit == "year" else 1))
        days = self.n * 7 if self.unit == "week" else -(-self.n // _PARTS[self.unit]) if self.unit in _PARTS else self.n
        return day + timedelta(sign * days)

    def __str__(self) -> str:
        return f"{self.n} {self.unit}{'s' * (self.n != 1)}"


_TEENS = "ten|eleven|twelve|fourteen|fifteen|eighteen|twenty"
_N = (
    r"(?:\(\d+\)|[a-z]+(?:[ -][a-z]+)?\s*\(\s*\d+\s*\)|\d+|"
    r"(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)-?\s?(?:one|two|three|four|five|six|seven|eight|nine)?|"
    rf"one hundred(?: and (?:twenty|eighty|fifty))?|an?|one|two|three|four|five|six|seven|eight|nine|{_TEENS}|half)"
)
_SPAN = re.compile(
    rf"(?<!\w)(?P<n>{_N})[\s-]+(?P<how>(?:business|working|banking|calendar|consecutive|full|clear|"
    rf"additional|further)\s+)*"
    r"(?P<unit>minute|hour|day|week|month|quarter|year)(?:s|['’]s|s['’])?\b",
    re.I,
)


def span_in(text: str) -> tuple[Span, int, int] | None:
    """The first length of time in ``text``, and where it stands."""
    for m in _SPAN.finditer(text):
        if re.search(r"\b(?:each|every|per|once)\s+$", text[: m.start()], re.I) or m["n"].lower() == "half":
            continue
        if m["n"].lower() in ("a", "an") and re.search(r"\b(?:once|twice|times)\s+$", text[: m.start()], re.I):
            continue
        digits = re.search(r"\d+", m["n"])
        n = int(digits[0]) if digits else 1 if m["n"].lower() in ("a", "an") else int(number(m["n"]) or 0)
        unit = m["unit"].lower()
        if unit == "day" and re.search(r"business|working|banking", m[0], re.I):
            unit = "business day"
        if unit == "quarter":
            n, unit = 3 * n, "month"
        if 0 < n < 3700:
            return Span(n, unit), m.start(), m.end()
    return None


def dated(day: date, basis: str, span: Span | None = None) -> Due:
    return Due(DATE, day=day, basis=basis + convention(span))


def convention(span: Span | None) -> str:
    if span is not None and span.unit == "business day":
        return "; business days are Monday to Friday, holidays not counted out"
    return ""

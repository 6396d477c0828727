"""What a deadline counts from: the start and the end of the agreement, and days that come back (the ends of months)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from risklib.due.calendar import Dates, Span, plus

_START = re.compile(
    r"^(?:the |this |its |such )*(?:effective date|commencement date|subscription start date|start date|"
    r"date of (?:this|the) "
    r"(?:agreement|contract|order form|order|amendment|addendum)|date hereof|agreement effective date|"
    r"signing|execution|"
    r"signature|(?:start|commencement|beginning|signing|execution|signature|conclusion|"
    r"effectiveness) of (?:this|the) "
    r"(?:agreement|contract|term|initial term|services?|subscription|order form|order|amendment)|commencement)\b"
    r"(?: of (?:this|the) (?:agreement|contract|order form|amendment|addendum|terms))?(?! (?:of|each|in|fees?|date))",
    re.I,
)
_TERM_END = re.compile(
    r"^(?:the |any |its )*(?:(?:scheduled )?(?:end|expiry|expiration|expiring|close|lapse|termination|"
    r"last day|conclusion) (?:date )?of (?:the |this |any |its |your |each |that )*"
    r"(?P<t>(?:then[- ]current |current |initial |first |applicable |subscription |renewal |relevant |"
    r"committed |contract )*(?:term|subscription|period then running|agreement|period)\b)|"
    r"(?P<u>(?:term|initial term|subscription term|agreement|period) (?:ends|expires|lapses|runs out|end)\b))",
    re.I,
)
_NEXT_TERM = re.compile(
    r"^(?:the |any |each )*(?:(?:beginning|start|commencement|first day) of (?:the |any |each |"
    r"a )*(?:next|subsequent|following|new|renewal)\s+"
    r"(?:\w+ )?(?:term|period)|(?:automatic )?renewal(?: date| of (?:the|this|your) (?:\w+ )?(?:agreement|"
    r"term|subscription))?(?= *$|[,;.]))",
    re.I,
)
_EITHER_END = re.compile(r"terminat|cancel|rescission", re.I)
_ANNIVERSARY = re.compile(r"^(?:each |every |the |any |an )*(?:\w+ )?anniversar(?:y|ies)\b", re.I)
_PERIOD = (
    r"(?P<kind>calendar |contract |fiscal |financial |billing |agreement |subscription |service )?"
    r"(?P<unit>month|quarter|year|week|half-year)"
)
_PERIOD_END = re.compile(
    rf"^(?:the )?(?:(?:end|close|last day|completion|conclusion|expiry|expiration) of (?:each|every|any|"
    rf"the|a|such|that|each and every)\s+{_PERIOD}\b(?! in which)|"
    rf"(?:each |every |the |any )?{_PERIOD.replace('kind', 'kind2').replace('unit', 'unit2')}[- ](?:end\b|"
    rf"ends\b|close\b|has ended|is over|in question ends))",
    re.I,
)
_PERIOD_START = re.compile(
    rf"^(?:the )?(?:(?:start|beginning|first day|commencement) of )?(?:each|every)\s+{_PERIOD}\b", re.I
)
_LAST = {"month": "FREQ=MONTHLY;BYMONTHDAY=-1", "quarter": "FREQ=MONTHLY;BYMONTH=3,6,9,12;BYMONTHDAY=-1",
         "year": "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=31", "week": "FREQ=WEEKLY;BYDAY=FR",
         "half-year": "FREQ=MONTHLY;BYMONTH=6,12;BYMONTHDAY=-1", "day": "FREQ=DAILY"}  # fmt: skip
MONTHS = {"month": 1, "quarter": 3, "half-year": 6, "year": 12}


def period_ends(unit: str, contract: bool, dates: Dates, since: date) -> tuple[list[date], str] | None:
    """The last days of coming periods from ``since`` on, with their rule; None where their start is not known."""
    if unit == "week":
        first = since + timedelta((4 - since.weekday()) % 7)
        return [first + timedelta(7 * k) for k in range(60)], _LAST["week"]
    months = MONTHS[unit]
    if contract:
        if dates.start is None:
            return None
        ends = [plus(dates.start, months * k) - timedelta(1) for k in range(1, 12 * 60 // months)]
        return [d for d in ends if d >= since], _last_days(dates.start, months)
    first = date(since.year, (since.month - 1) // months * months + 1, 1)
    ends = [plus(first, months * (k + 1)) - timedelta(1) for k in range(24)]
    return ends, _LAST[unit]


def yearly_or_monthly(day: date, months: int) -> str:
    """The rule of a day that comes back every so many months; a 31st falls on the last day of a shorter month."""
    at = f"BYMONTHDAY={day.day}"
    if day.day > 28:
        at = f"BYMONTHDAY={','.join(map(str, range(28, day.day + 1)))};BYSETPOS=-1"
    return _rule(day.month, months, at)


def _last_days(start: date, months: int) -> str:
    """The rule of the last days of periods that begin on ``start`` and every so many months later."""
    eve = start - timedelta(1)
    leap = (start.month, start.day) == (2, 29)
    at = "BYMONTHDAY=-1" if start.day == 1 else "BYMONTHDAY=-2" if leap else f"BYMONTHDAY={eve.day}"
    return _rule(eve.month, months, at)


def _rule(month: int, months: int, at: str) -> str:
    if months % 12 == 0:
        every = f";INTERVAL={months // 12}" if months > 12 else ""
        return f"FREQ=YEARLY{every};BYMONTH={month};{at}"
    return f"FREQ=MONTHLY{f';INTERVAL={months}' if months > 1 else ''};{at}"


def anchor(event: str, dates: Dates) -> tuple[date | None, str, str | None]:
    """The date of an event, its name, and why there is none (None: it is no date of the agreement)."""
    if _START.match(event):
        missing = "the start of the agreement is not known: give start in the facts CSV"
        if dates.own and re.search(r"\b(?:order form|order|amendment|addendum)\b", event[:60], re.I):
            return dates.own, "the date of this paper", None
        return dates.start, "the start of the agreement", None if dates.start else missing
    if _NEXT_TERM.match(event):
        end = dates.current_end
        missing = "the end of the term is not known: give start and term_months in the facts CSV"
        return (end + timedelta(1) if end else None), "the start of the next term", None if end else missing
    m = _TERM_END.match(event)
    if m and not _EITHER_END.search(event.split(",")[0]):
        first = bool(re.search(r"initial|first", m[0], re.I))
        end = dates.end if first else dates.current_end
        missing = "the end of the term is not known: give start and term_months in the facts CSV"
        return end, f"the end of the {'first' if first else 'running'} term", None if end else missing
    return None, "", None


@dataclass(frozen=True, slots=True)
class Coming:
    days: list[date]
    rule: str
    name: str
    unit: str
    contract: bool


def coming_days(event: str, dates: Dates) -> Coming | None:
    """Days that come back: the ends of months, quarters and years, anniversaries."""
    since = dates.as_of - timedelta(400)
    if _ANNIVERSARY.match(event) and dates.start is not None:
        days = [plus(dates.start, 12 * k) for k in range(1, 61)]
        return Coming(days, yearly_or_monthly(dates.start, 12), "each anniversary of the start", "year", True)
    end, begin = _PERIOD_END.match(event), _PERIOD_START.match(event)
    m = end or begin
    if m is None:
        return None
    groups = m.groupdict()
    unit = str(groups.get("unit") or groups.get("unit2")).lower()
    kind = str(groups.get("kind") or groups.get("kind2") or "").strip().lower()
    if kind in ("fiscal", "financial", "billing"):
        return None
    contract = kind in ("contract", "agreement", "subscription", "service") or (unit == "year" and kind != "calendar")
    found = period_ends(unit, contract, dates, since)
    if found is None:
        return None
    days, rule = found
    name = f"the last day of each {'contract ' * contract}{unit}"
    if begin and not end:
        days, name = [d + timedelta(1) for d in days], f"the first day of each {'contract ' * contract}{unit}"
        rule = yearly_or_monthly(days[0], MONTHS.get(unit, 1)) if unit != "week" else "FREQ=WEEKLY;BYDAY=SA"
    return Coming(days, rule, name, unit, contract)


def shifted_rule(span: Span, sign: int, coming: Coming) -> str:
    """In plain RFC 5545 where the days after a month's end can be said so, else with an offset."""
    months = MONTHS.get(coming.unit)
    if sign > 0 and months and not coming.contract and "last day" in coming.name:
        starts = ",".join(str(m) for m in range(1, 13, months))
        at = f";BYMONTH={starts}" if months > 1 else ""
        if span.unit == "day" and span.n <= 28:
            return f"FREQ=MONTHLY{at};BYMONTHDAY={span.n}"
        if span.unit == "business day" and span.n <= 19:
            return f"FREQ=MONTHLY{at};BYDAY=MO,TU,WE,TH,FR;BYSETPOS={span.n}"
    letter = {"day": "D", "week": "W", "month": "M", "year": "Y", "business day": "B", "hour": "H", "minute": "M"}[
        span.unit
    ]
    return f"{coming.rule};X-OFFSET={'-' * (sign < 0)}P{'T' * (span.unit in ('hour', 'minute'))}{span.n}{letter}"

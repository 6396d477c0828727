"""Times that come back: "each quarter", "on the 15th of each month", "by 31 March", "every anniversary"."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta

from risklib.clauses.dates import parse_date
from risklib.due.anchors import MONTHS, period_ends, yearly_or_monthly
from risklib.due.calendar import RECURRING, Dates, Due, business, dated, plus

_MONTH_NAME = "january|february|march|april|may|june|july|august|september|october|november|december"
_DAY_OF_YEAR = re.compile(
    rf"\b(?:(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?: day)?(?: of)? (?P<m>{_MONTH_NAME})|"
    rf"(?P<m2>{_MONTH_NAME}) (?P<d2>\d{{1,2}})(?:st|nd|rd|th)?|(?:the )?first (?:day )?of (?P<m3>{_MONTH_NAME}))\b",
    re.I,
)


def yearly_day(text: str, dates: Dates) -> Due | None:
    """ "by 31 March each year"; a day without a year is taken as every year's."""
    m = _DAY_OF_YEAR.search(text)
    if m is None or parse_date(text):
        return None
    month = _MONTH_NAME.split("|").index(str(m["m"] or m["m2"] or m["m3"]).lower()) + 1
    n = int(m["d"] or m["d2"] or 1)
    lead = text[: m.start()]
    strictly = re.search(r"\b(?:before|prior to)\s+(?:the )?$", lead, re.I) and not re.search(
        r"or before\s+(?:the )?$", lead, re.I
    )
    years = range(dates.as_of.year, dates.as_of.year + 9)
    days = [date(y, month, n) for y in years if 1 <= n <= calendar.monthrange(y, month)[1]]
    days = [d - timedelta(1) if strictly else d for d in days]
    if not days:
        return None
    day = next((d for d in days if d >= dates.as_of), None)
    told = "" if re.search(r"\b(?:each|every|year|annual)", text, re.I) else "; no year is named: taken as every year"
    rule = f"FREQ=YEARLY;BYMONTH={month};BYMONTHDAY={n}"
    if strictly:  # the day before 1 March is the last of February
        before = f"BYMONTH={days[0].month};BYMONTHDAY={'-1' if n == 1 else n - 1}"
        return Due(RECURRING, day=day, rule=f"FREQ=YEARLY;{before}", basis="the day before that day" + told)
    return Due(RECURRING, day=day, rule=rule, basis="the day that the sentence names" + told)


def anniversary(text: str, dates: Dates) -> Due | None:
    if not re.search(r"\banniversar(?:y|ies)\b", text, re.I) or re.match(
        r"(?:during|through|until|for|from)\b", text, re.I
    ):
        return None
    if dates.start is None:
        return Due(
            RECURRING, rule="FREQ=YEARLY", reason="the start of the agreement is not known: give start in the facts CSV"
        )
    n = re.search(r"\b(first|second|third|fourth|fifth)\s+anniversary", text, re.I)
    if n:
        k = ["first", "second", "third", "fourth", "fifth"].index(n[1].lower()) + 1
        return dated(plus(dates.start, 12 * k), f"the {n[1].lower()} anniversary of the start ({dates.start})")
    day = next(d for k in range(1, 200) if (d := plus(dates.start, 12 * k)) >= dates.as_of)
    return Due(RECURRING, day=day, rule=yearly_or_monthly(dates.start, 12), basis=f"each anniversary of {dates.start}")


EACH = re.compile(
    r"\b(?:(?P<word>daily|weekly|monthly|quarterly|semi-?annual(?:ly)?|half-?yearly|annually|"
    r"annual (?=basis)|yearly)|"
    r"(?:(?P<times>once|twice|three times|four times|one time|two times)\s+(?:in\s+)?)?(?:an?|each|every|"
    r"per|in any|in each|during each|any)\s+"
    r"(?P<n>two|three|four|six|second|\d+|other)?\s*(?P<kind>calendar|contract|fiscal|billing|"
    r"subscription|working|business)?\s*"
    r"(?P<unit>day|week|month|quarter|half-year|year|twelve-month period|12-month period)s?)\b",
    re.I,
)
_DAY_OF_MONTH = re.compile(
    r"(?<!\w)(?:(?P<also>first|tenth|fifteenth|\d{1,2}(?:st|nd|rd|th)) and (?:the )?)?"
    r"(?P<which>first|last|\(?\d{1,2}(?:st|nd|rd|th)?\)?|tenth|fifteenth|fifth|twentieth)(?:\s*\(\d+(?:st|"
    r"nd|rd|th)?\))?\s+"
    r"(?P<b>business |working |calendar )?(?:day )?(?:of|in) (?:each|every|the|the following|"
    r"the next)\s+(?:calendar |succeeding |subsequent |following )*month",
    re.I,
)
_WORDS = {"daily": "day", "weekly": "week", "monthly": "month", "quarterly": "quarter", "annually": "year",
          "annual": "year", "yearly": "year", "semiannually": "half-year", "semiannual": "half-year",
          "halfyearly": "half-year"}  # fmt: skip
_COUNT = {"two": 2, "second": 2, "other": 2, "three": 3, "four": 4, "six": 6}
_ORDINALS = {"first": 1, "fifth": 5, "tenth": 10, "fifteenth": 15, "twentieth": 20, "last": -1}


def each_period(text: str, dates: Dates) -> Due | None:
    m = _DAY_OF_MONTH.search(text)
    if m:
        return _day_of_month(m, dates)
    m = EACH.search(text)
    if m is None or (m["times"] is None and m["word"] is None and re.match(r"(?i)an?\b", m[0])):
        return None
    unit = _WORDS[m["word"].lower().replace("-", "").strip()] if m["word"] else m["unit"].lower()
    unit = "year" if unit.startswith(("twelve", "12")) else unit
    n = 1 if not m["n"] else int(m["n"]) if m["n"].isdigit() else _COUNT[m["n"].lower()]
    times = {"twice": 2, "two times": 2, "three times": 3, "four times": 4}.get(str(m["times"]).lower(), 1)
    if unit == "year" and times in (2, 3, 4):
        return _every(12 // times, dates, f"{times} times a year, spread evenly")
    if n > 1 or times > 1:
        if times > 1 or unit in ("day", "week"):
            rule = {"day": "DAILY", "week": "WEEKLY"}.get(unit)
            if rule is None or times > 1:
                return Due(RECURRING, reason=f"{text!r}: the days between are for the parties to choose")
            return Due(RECURRING, rule=f"FREQ={rule};INTERVAL={n}", reason="the day to count from is not named")
        return _every(n * MONTHS[unit], dates, f"every {n} {unit}s")
    return _by_its_end(unit, str(m["kind"] or "").lower(), dates, ahead=bool(re.search(r"\bin advance\b", text, re.I)))


def _by_its_end(unit: str, kind: str, dates: Dates, ahead: bool = False) -> Due:
    if unit == "day":
        if kind in ("working", "business"):
            return Due(RECURRING, day=business(dates.as_of - timedelta(1), 1), rule="FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
                       basis="each business day; holidays not counted out")  # fmt: skip
        return Due(RECURRING, day=dates.as_of, rule="FREQ=DAILY", basis="each day")
    if kind in ("fiscal", "billing"):
        rule = {"month": "FREQ=MONTHLY", "quarter": "FREQ=MONTHLY;INTERVAL=3"}.get(unit, "FREQ=YEARLY")
        return Due(RECURRING, rule=rule, reason=f"the {kind} {unit} of the parties is not known")
    contract = unit == "year" and kind != "calendar"
    found = period_ends(unit, contract, dates, dates.as_of)
    if found is None:
        return Due(
            RECURRING,
            rule="FREQ=YEARLY",
            reason="the start of the contract year is not known: give start in the facts CSV",
        )
    days, rule = found
    name = "contract year" if contract else unit
    if ahead and unit != "week":
        firsts = [d + timedelta(1) for d in period_ends(unit, contract, dates, dates.as_of - timedelta(400))[0]]  # type: ignore[index]
        day = next((d for d in firsts if d >= dates.as_of), None)
        return Due(
            RECURRING,
            day=day,
            rule=yearly_or_monthly(firsts[0], MONTHS[unit]),
            basis=f"in advance: by the first day of each {name}",
        )
    last = "last business day" if unit == "week" else "last day"
    return Due(RECURRING, day=next((d for d in days if d >= dates.as_of), None), rule=rule,
               basis=f"once each {name}, by its {last}")  # fmt: skip


def _every(months: int, dates: Dates, words: str) -> Due:
    rule = (
        f"FREQ=MONTHLY;INTERVAL={months}"
        if months % 12
        else f"FREQ=YEARLY{f';INTERVAL={months // 12}' if months > 12 else ''}"
    )
    if dates.start is None:
        return Due(RECURRING, rule=rule, reason="the start of the agreement is not known: give start in the facts CSV")
    day = next(d for k in range(1, 2400) if (d := plus(dates.start, months * k)) >= dates.as_of)
    return Due(
        RECURRING, day=day, rule=yearly_or_monthly(dates.start, months), basis=f"{words}, counted from {dates.start}"
    )


def _nth(word: str) -> int:
    digits = re.search(r"\d+", word)
    return int(digits[0]) if digits else _ORDINALS[word.lower()]


def _day_of_month(m: re.Match[str], dates: Dates) -> Due:
    n = _nth(m["which"])
    firsts = [plus(dates.as_of.replace(day=1), k) for k in range(14)]
    if m["b"] and m["b"].strip().lower() != "calendar":
        days = [business(f - timedelta(1), n) if n > 0 else business(plus(f, 1), -1) for f in firsts]
        rule = f"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS={n}"
        basis = "business days are Monday to Friday, holidays not counted out"
    else:
        wanted = sorted({n, _nth(m["also"])} if m["also"] else {n})
        days = [
            plus(f, 1) - timedelta(1) if k < 0 else f.replace(day=k)
            for f in firsts
            for k in wanted
            if k <= calendar.monthrange(f.year, f.month)[1]
        ]
        rule = f"FREQ=MONTHLY;BYMONTHDAY={','.join(map(str, wanted))}"
        basis = "the day of the month that the sentence names"
    return Due(RECURRING, day=next((d for d in days if d >= dates.as_of), None), rule=rule, basis=basis)

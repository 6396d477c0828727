"""Deadline words to dates: a table of (words, what comes out), the calendar's edges, and rules checked by another engine."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risklib.due import DATE, EVENT, ONGOING, RECURRING, UNKNOWN, Dates, Due, due_of, initial_term, last_day
from risklib.due.calendar import business, plus

DAY = date(2026, 11, 1)  # a Sunday
KNOWN = Dates(DAY, start=date(2024, 10, 1), end=date(2027, 9, 30), renews=12, own=date(2026, 2, 2))
PAST = Dates(DAY, start=date(2024, 3, 1), end=date(2025, 2, 28), renews=12)  # renewed twice by now
NONE = Dates(DAY)

TABLE: list[tuple[str, str, str | None, str | None]] = [
    # words, kind, the date (or until), the rule
    ("within thirty (30) days of the Effective Date", DATE, "2024-10-31", None),
    ("within thirty (30) days after the start of this agreement", DATE, "2024-10-31", None),
    ("no later than ten (10) business days after the Commencement Date", DATE, "2024-10-15", None),
    ("within six months of the date of this Agreement", DATE, "2025-04-01", None),
    ("within fourteen (14) days of the date of this Order Form", DATE, "2026-02-16", None),
    ("at least sixty (60) days before the end of the Initial Term", DATE, "2027-08-01", None),
    ("not less than ninety (90) days prior to the expiration of the then-current term", DATE, "2027-07-02", None),
    ("at least one month before the expiry of the Term", DATE, "2027-08-30", None),
    ("90 days' written notice before the end of the Subscription Term", DATE, "2027-07-02", None),
    ("before the end of the Initial Term", DATE, "2027-09-30", None),
    ("prior to the Effective Date", DATE, "2024-09-30", None),
    ("on the Commencement Date", DATE, "2024-10-01", None),
    ("upon expiry of the Term", DATE, "2027-09-30", None),
    ("prior to the beginning of the next renewal term", DATE, "2027-09-30", None),
    ("no later than 31 March 2027", DATE, "2027-03-31", None),
    ("by June 30, 2026", DATE, "2026-06-30", None),
    ("before 1 January 2028", DATE, "2027-12-31", None),
    ("on or before 2027-01-15", DATE, "2027-01-15", None),
    ("within 10 days after March 1, 2027", DATE, "2027-03-11", None),
    ("on each of December 1, 2026 and March 1, 2027", DATE, "2026-12-01", None),
    ("on the second anniversary of the Effective Date", DATE, "2026-10-01", None),
    ("annually", RECURRING, "2027-09-30", "FREQ=YEARLY;BYMONTH=9;BYMONTHDAY=-1"),
    ("at least once per calendar year", RECURRING, "2026-12-31", "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=31"),
    ("each quarter", RECURRING, "2026-12-31", "FREQ=MONTHLY;BYMONTH=3,6,9,12;BYMONTHDAY=-1"),
    ("monthly", RECURRING, "2026-11-30", "FREQ=MONTHLY;BYMONTHDAY=-1"),
    ("quarterly in advance", RECURRING, "2027-01-01", "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=1"),
    ("at least weekly", RECURRING, "2026-11-06", "FREQ=WEEKLY;BYDAY=FR"),
    ("daily", RECURRING, "2026-11-01", "FREQ=DAILY"),
    ("every six months", RECURRING, "2027-04-01", "FREQ=MONTHLY;INTERVAL=6;BYMONTHDAY=1"),
    ("twice a year", RECURRING, "2027-04-01", "FREQ=MONTHLY;INTERVAL=6;BYMONTHDAY=1"),
    ("every two years", RECURRING, "2028-10-01", "FREQ=YEARLY;INTERVAL=2;BYMONTH=10;BYMONTHDAY=1"),
    ("on each anniversary of the Effective Date", RECURRING, "2027-10-01", "FREQ=YEARLY;BYMONTH=10;BYMONTHDAY=1"),
    ("at least 30 days before each anniversary of the Effective Date", RECURRING, "2027-09-01",
     "FREQ=YEARLY;BYMONTH=10;BYMONTHDAY=1;X-OFFSET=-P30D"),
    ("on the first day of each month", RECURRING, "2026-11-01", "FREQ=MONTHLY;BYMONTHDAY=1"),
    ("by the 15th day of each calendar month", RECURRING, "2026-11-15", "FREQ=MONTHLY;BYMONTHDAY=15"),
    ("by the last business day of each month", RECURRING, "2026-11-30",
     "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"),
    ("within ten (10) days after the end of each month", RECURRING, "2026-11-10", "FREQ=MONTHLY;BYMONTHDAY=10"),
    ("within ten (10) Business Days after the end of each calendar quarter", RECURRING, "2027-01-14",
     "FREQ=MONTHLY;BYMONTH=1,4,7,10;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=10"),
    ("within 45 days after the end of each quarter", RECURRING, "2026-11-14",
     "FREQ=MONTHLY;BYMONTH=3,6,9,12;BYMONTHDAY=-1;X-OFFSET=P45D"),
    ("within thirty (30) days after the year ends", RECURRING, "2027-10-30",
     "FREQ=YEARLY;BYMONTH=9;BYMONTHDAY=-1;X-OFFSET=P30D"),
    ("before each Contract Year", RECURRING, "2027-09-30", "FREQ=YEARLY;BYMONTH=9;BYMONTHDAY=-1"),
    ("by 31 March each year", RECURRING, "2027-03-31", "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=31"),
    ("before the first of December", RECURRING, "2026-11-30", "FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=-1"),
    ("at all times", ONGOING, None, None),
    ("during the Term", ONGOING, "2027-09-30", None),
    ("for two (2) years after the expiry of the Term", ONGOING, "2029-09-30", None),
    ("until 31 December 2027", ONGOING, "2027-12-31", None),
    ("for five (5) years after termination or expiry of this Agreement", ONGOING, None, None),
    ("within thirty (30) days of receiving the invoice", EVENT, None, None),
    ("within five (5) Business Days of a request", EVENT, None, None),
    ("within thirty-six (36) hours", EVENT, None, None),
    ("on not less than ten (10) days' written notice", EVENT, None, None),
    ("immediately upon termination", EVENT, None, None),
    ("before being given access", EVENT, None, None),
    ("within 30 days after the end of each fiscal year", EVENT, None, None),
    ("promptly", UNKNOWN, None, None),
    ("not more than once in any Contract Year", UNKNOWN, None, None),
    ("biannually", UNKNOWN, None, None),
    ("no earlier than 60 days after the Effective Date", UNKNOWN, None, None),
    ("in good time", UNKNOWN, None, None),
    ("", UNKNOWN, None, None),
]  # fmt: skip


def test_the_table_is_long_enough() -> None:
    assert len(TABLE) >= 40


@pytest.mark.parametrize(("words", "kind", "day", "rule"), TABLE, ids=[t[0] or "nothing" for t in TABLE])
def test_words_to_dates(words: str, kind: str, day: str | None, rule: str | None) -> None:
    found = due_of(words, KNOWN)
    at = found.until if kind == ONGOING else found.day
    assert (found.kind, at.isoformat() if at else None, found.rule) == (kind, day, rule)
    assert found.day or found.until or found.reason or found.basis  # never silent


@pytest.mark.parametrize(
    ("words", "dates", "kind", "day", "says"),
    [
        ("within 30 days of the Effective Date", NONE, EVENT, None, "give start in the facts CSV"),
        ("before the end of the Initial Term", NONE, EVENT, None, "give start and term_months"),
        ("annually", NONE, RECURRING, None, "give start in the facts CSV"),
        ("each quarter", NONE, RECURRING, "2026-12-31", "by its last day"),
        ("at least 60 days before the end of the then-current term", PAST, DATE, "2026-12-30", "running term (2027-02-28)"),
        ("at least 60 days before the end of the Initial Term", PAST, DATE, "2024-12-30", "first term (2025-02-28)"),
    ],
)  # fmt: skip
def test_what_is_not_known_stays_unknown(words: str, dates: Dates, kind: str, day: str | None, says: str) -> None:
    found = due_of(words, dates)
    assert (found.kind, found.day.isoformat() if found.day else None) == (kind, day)
    assert says in f"{found.basis} {found.reason}"


def test_the_event_is_told_in_whole() -> None:
    sentence = (
        "Customer shall report it within ten (10) days after the migration team has handed over the new environment."
    )
    found = due_of("within ten (10) days after the migration team has", Dates(DAY), sentence)
    assert found.event == "the migration team has handed over the new environment"


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
    ],
)
def test_months(day: date, months: int, expected: date) -> None:
    assert plus(day, months) == expected


@pytest.mark.parametrize(
    ("day", "n", "expected"),
    [
        (date(2026, 10, 30), 1, date(2026, 11, 2)),  # a Friday
        (date(2026, 11, 1), 5, date(2026, 11, 6)),
        (date(2026, 11, 2), -1, date(2026, 10, 30)),
    ],
)
def test_business_days(day: date, n: int, expected: date) -> None:
    assert business(day, n) == expected


@pytest.mark.parametrize(
    ("start", "months", "ends", "expected"),
    [
        (date(2025, 5, 1), 12, None, date(2026, 4, 30)),
        (date(2025, 5, 1), 12, date(2028, 9, 30), date(2026, 4, 30)),  # the facts, before what was read
        (date(2025, 5, 1), None, date(2028, 9, 30), date(2028, 9, 30)),
        (date(2025, 5, 1), None, date(2025, 5, 1), None),
        (None, 12, None, None),
        (date(2024, 1, 31), 1, None, date(2024, 2, 28)),
    ],
)  # fmt: skip
def test_first_term(start: date | None, months: int | None, ends: date | None, expected: date | None) -> None:
    assert initial_term(start, months, ends) == expected


def test_last_day_for_a_notice() -> None:
    assert last_day(KNOWN, 90).day == date(2027, 7, 2)
    assert last_day(NONE, 90) == Due(
        UNKNOWN, event="the end of the term", basis="90 days before it",
        reason="the end of the term is not known: give start and term_months in the facts CSV",
    )  # fmt: skip


PLAIN = [t for t in TABLE if t[3] and "X-OFFSET" not in t[3]]
days = st.dates(date(2023, 1, 1), date(2030, 12, 31))


@pytest.mark.parametrize("words", [t[0] for t in PLAIN])
@given(start=days, ahead=st.integers(0, 1500))
def test_the_next_date_is_the_rules_next_date(words: str, start: date, ahead: int) -> None:
    """Another implementation of RFC 5545 finds the same next day for every rule that we give."""
    rrule = pytest.importorskip("dateutil.rrule")
    as_of = start + timedelta(ahead)
    found = due_of(words, Dates(as_of, start=start, end=plus(start, 36) - timedelta(1)))
    if found.day is None or found.rule is None:
        return
    anchored = "INTERVAL" in found.rule or "anniversary" in words
    begin = start if anchored else as_of
    of = rrule.rrulestr(found.rule, dtstart=datetime.combine(begin, time()))
    following = next(d.date() for d in of if d.date() >= as_of and (not anchored or d.date() > start))
    if "in advance" in words:  # quarters of the calendar, whatever the start
        return
    assert found.day == following


@pytest.mark.parametrize(
    "start", [date(2024, 2, 29), date(2023, 2, 28), date(2024, 3, 1), date(2024, 1, 31), date(2024, 4, 30)]
)
@pytest.mark.parametrize("words", ["annually", "on each anniversary of the Effective Date", "every six months"])
def test_ends_of_february(words: str, start: date) -> None:
    rrule = pytest.importorskip("dateutil.rrule")
    for years in range(1, 6):
        as_of = plus(start, 12 * years) + timedelta(40)
        found = due_of(words, Dates(as_of, start=start))
        of = rrule.rrulestr(str(found.rule), dtstart=datetime.combine(start, time()))
        assert found.day == next(d.date() for d in of if d.date() >= as_of)


@given(start=days, n=st.integers(1, 400), unit=st.sampled_from(["days", "weeks", "months", "business days", "years"]))
def test_counting_forward_never_goes_back(start: date, n: int, unit: str) -> None:
    n = min(n, 20) if unit == "years" else n
    after = due_of(f"within {n} {unit} after the Effective Date", Dates(DAY, start=start, end=start)).day
    before = due_of(f"at least {n} {unit} before the end of the Initial Term", Dates(DAY, start=start, end=start)).day
    assert after is not None
    assert before is not None
    assert before < start < after
    if "business" in unit:
        assert max(after.weekday(), before.weekday()) < 5


@given(st.text(max_size=80))
def test_any_words_give_an_answer(words: str) -> None:
    found = due_of(words, KNOWN)
    assert found.kind in (DATE, RECURRING, EVENT, ONGOING, UNKNOWN)

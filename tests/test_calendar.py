"""Dates of renewals, notices, windows and reviews by a table; the calendar file read back by another library."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import asdict
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risklib.columns import COLUMNS
from risklib.due.calendar import plus
from risklib.due.ics import ics
from risklib.due.key_dates import END, NOTICE, RENEWAL, REVIEW, WINDOW, KeyDate, key_dates, upcoming

RENEW, LEAVE = "auto_renewal", "termination_for_convenience"


def portfolio(
    start=None, term=None, as_of="2026-11-01", terms=(), assumptions=(), duties=(), renewal_months=None, **more
):
    """The tables of one contract: ``terms`` are (provision, values, words)."""
    rows = {name: [] for name in COLUMNS}
    base = {"contract_id": "a" * 64, "page": 2, "bbox": []}
    rows["contracts"] = [{**dict.fromkeys(COLUMNS["contracts"]), **base, "file": "a.pdf", "provider": "Acme", "customer": "Us", "status": "ok", "effective_date": None, **more}]  # fmt: skip
    rows["clauses"] = [{**dict.fromkeys(COLUMNS["clauses"]), **base, "clause_id": "c1", "number": "9.2", "text": ""}]
    rows["deals"] = [
        {
            "file": "A.pdf",
            "vendor": "Acme",
            "start": start,
            "term_months": term,
            "owner": "Ann",
            "renewal_months": renewal_months,
        }
    ]
    rows["families"] = [{**dict.fromkeys(COLUMNS["families"]), **base, "file": "a.pdf", "kind": "agreement"}]
    for k, (provision, values, text) in enumerate(terms):
        rows["provisions"].append({**dict.fromkeys(COLUMNS["provisions"]), **base, "clause_id": "c1", "provision": provision, "party": "both", "values": values, "text": text, "start": k, "end": k + 1})  # fmt: skip
    for text, deadline in duties:
        rows["responsibilities"].append({**dict.fromkeys(COLUMNS["responsibilities"]), **base, "clause_id": "c1", "responsibility": "other.other", "party": "customer", "modality": "obligation", "text": text, "deadline": deadline, "start": 90, "end": 99})  # fmt: skip
    rows["assumptions"] = [{"id": f"x{k}", "reviewed_on": day} for k, day in enumerate(assumptions)]
    return key_dates(rows, date.fromisoformat(as_of))


def renewing(notice: str, days: int, months: int = 12):
    return [(RENEW, {"notice_days": days, "term_months": months}, f"It renews unless a party gives {notice} notice.")]


def leaving(notice: str, days: int):
    return [(LEAVE, {"notice_days": days}, f"Customer may end this Agreement on {notice} written notice.")]


# start, months of the term, months of each renewal, words of the notice, its days as read, as of → last day for notice, renewal
CHAINS = [
    ("2026-01-01", 12, 12, "thirty (30) days'", 30, "2026-11-01", "2026-12-01", "2027-01-01"),
    ("2026-01-01", 12, 12, "ninety (90) days'", 90, "2026-06-01", "2026-10-02", "2027-01-01"),
    ("2026-01-01", 12, 12, "three (3) months'", 90, "2026-06-01", "2026-09-30", "2027-01-01"),  # months, not 90 days
    ("2023-01-15", 24, 12, "six (6) months'", 180, "2026-11-01", "2026-07-14", "2027-01-15"),
    ("2026-09-01", 12, 12, "six (6) months'", 180, "2026-11-01", "2027-02-28", "2027-09-01"),  # 31 August less six
    ("2023-09-01", 6, 12, "six (6) months'", 180, "2023-10-01", "2023-08-29", "2024-03-01"),  # the end is 29 February
    ("2024-03-01", 12, 12, "one (1) month's", 30, "2024-11-01", "2025-01-28", "2025-03-01"),
    ("2023-03-01", 12, 12, "one (1) month's", 30, "2023-11-01", "2024-01-29", "2024-03-01"),  # leap year
    ("2024-02-29", 12, 12, "30 days'", 30, "2024-11-01", "2025-01-28", "2025-02-28"),
    ("2024-02-29", 12, 12, "30 days'", 30, "2027-11-01", "2028-01-29", "2028-02-29"),  # the 29th is one again
    ("2025-01-31", 1, 1, "5 days'", 5, "2025-02-01", "2025-02-22", "2025-02-28"),
    ("2025-01-31", 1, 1, "5 days'", 5, "2025-03-01", "2025-03-25", "2025-03-31"),  # no drift to the 28th
    ("2025-01-31", 1, 1, "5 days'", 5, "2025-04-01", "2025-04-24", "2025-04-30"),
    ("2025-10-31", 4, 12, "30 days'", 30, "2025-11-01", "2026-01-28", "2026-02-28"),
    ("2025-12-31", 12, 12, "60 days'", 60, "2026-11-01", "2026-10-31", "2026-12-31"),
    ("2026-01-01", 12, 12, "ten (10) business days'", 10, "2026-11-01", "2026-12-17", "2027-01-01"),
    ("2026-01-01", 12, 12, "ten (10) business days'", 14, "2026-11-01", "2026-12-17", "2027-01-01"),
    ("2025-07-01", 12, 12, "five (5) working days'", 7, "2026-06-01", "2026-06-23", "2026-07-01"),
    ("2026-01-01", 12, 12, "two weeks'", 14, "2026-11-01", "2026-12-17", "2027-01-01"),
    ("2026-01-01", 36, 24, "one hundred and twenty (120) days'", 120, "2026-11-01", "2028-09-02", "2029-01-01"),
    ("2020-01-01", 36, 24, "120 days'", 120, "2026-11-01", "2026-09-02", "2027-01-01"),  # renewed in 2023 and 2025
    ("2020-01-01", 36, 24, "120 days'", 120, "2027-01-01", "2028-09-02", "2029-01-01"),  # on the day it renewed
    ("2020-01-01", 36, 24, "120 days'", 120, "2026-12-31", "2026-09-02", "2027-01-01"),  # on the last day
    ("2024-11-01", 24, 12, "one year's", 365, "2026-01-01", "2025-10-31", "2026-11-01"),
    ("2026-03-15", 3, 3, "one month's", 30, "2026-11-01", "2026-11-14", "2026-12-15"),
    ("2026-05-31", 3, 3, "one month's", 30, "2026-06-01", "2026-07-30", "2026-08-31"),
    ("2026-08-31", 6, 6, "30 days'", 30, "2026-11-01", "2027-01-28", "2027-02-28"),
    ("2026-08-31", 6, 6, "30 days'", 30, "2027-03-01", "2027-07-31", "2027-08-31"),
    ("2026-03-29", 12, 12, "30 days'", 30, "2026-11-01", "2027-02-26", "2027-03-29"),  # the clocks change on 28 March
    ("2026-10-25", 12, 12, "30 days'", 30, "2026-11-01", "2027-09-24", "2027-10-25"),
    ("2028-02-28", 12, 12, "one month's", 30, "2028-03-01", "2029-01-27", "2029-02-28"),
    ("2028-01-01", 2, 12, "30 days'", 30, "2028-01-01", "2028-01-30", "2028-03-01"),  # 29 February 2028 is its last day
    ("2100-01-01", 2, 12, "30 days'", 30, "2100-01-01", "2100-01-29", "2100-03-01"),  # 2100 is no leap year
]  # fmt: skip


@pytest.mark.parametrize("case", CHAINS, ids=lambda c: f"{c[0]}+{c[1]}+{c[2]}-{c[4]}@{c[5]}")
def test_chains_of_renewals_and_their_notices(case) -> None:
    start, term, renews, words, days, as_of, notice, renewal = case
    found = portfolio(start, term, as_of, renewing(words, days, renews))
    assert {k.kind: str(k.day) for k in found} == {NOTICE: notice, RENEWAL: renewal}


# start, term, terms, as of → the kinds with their days, or with what the reason names
OTHERS = [
    (None, None, [], "2026-11-01", {END: "facts CSV"}),
    ("2026-01-01", None, [], "2026-11-01", {END: "facts CSV"}),
    (None, 12, [], "2026-11-01", {END: "facts CSV"}),
    (None, None, renewing("30 days'", 30), "2026-11-01", {RENEWAL: "facts CSV", NOTICE: "facts CSV"}),
    ("2026-01-01", 12, [], "2026-11-01", {END: "2026-12-31"}),
    ("2024-01-01", 12, [], "2026-11-01", {END: "2024-12-31"}),  # over, and nothing says that it renewed
    ("2026-01-01", 12, [(RENEW, {"term_months": 12}, "It renews for a year.")], "2026-11-01", {END: "2026-12-31", NOTICE: "no notice period"}),
    ("2026-01-01", 12, [(RENEW, {"notice_days": 30}, "It renews unless 30 days' notice is given.")], "2026-11-01", {END: "2026-12-31", NOTICE: "2026-12-01"}),
    ("2026-01-01", 12, leaving("60 days'", 60), "2026-06-01", {END: "2026-12-31", WINDOW: "2026-11-01"}),
    ("2026-01-01", 12, leaving("two (2) months'", 60), "2026-06-01", {END: "2026-12-31", WINDOW: "2026-10-31"}),
    ("2026-01-01", 12, [(LEAVE, {}, "Customer may end this Agreement at any time.")], "2026-06-01", {END: "2026-12-31"}),
    (None, None, leaving("60 days'", 60), "2026-06-01", {END: "facts CSV", WINDOW: "facts CSV"}),
]  # fmt: skip


@pytest.mark.parametrize(("start", "term", "terms", "as_of", "expected"), OTHERS)
def test_what_is_not_known_stays_unknown_with_the_reason(start, term, terms, as_of, expected) -> None:
    found = {k.kind: k for k in portfolio(start, term, as_of, terms)}
    assert set(found) == set(expected)
    for kind, said in expected.items():
        assert str(found[kind].day) == said or (found[kind].day is None and said in str(found[kind].reason))
        assert (found[kind].day is None) == (found[kind].reason is not None)


def test_what_the_facts_say_of_renewal_counts_where_the_words_do_not() -> None:
    (only,) = portfolio("2025-01-01", 12, renewal_months=12)
    assert (only.kind, str(only.day)) == (RENEWAL, "2027-01-01")
    (only,) = portfolio("2026-01-01", 12, renewal_months=0)
    assert (only.kind, only.what) == (END, "the term ends and does not renew by itself")


def test_a_window_opens_where_the_words_say_when() -> None:
    words = (
        "unless notice is given not more than one hundred and twenty (120) and not less than ninety (90) days before"
    )
    words = words.replace("(120) and", "(120) days and")
    found = portfolio("2026-01-01", 12, terms=[(RENEW, {"notice_days": 90, "term_months": 12}, words)])
    notice = next(k for k in found if k.kind == NOTICE)
    assert (str(notice.opens), str(notice.day)) == ("2026-09-02", "2026-10-02")


def test_a_weekend_is_told_not_moved() -> None:
    notice = next(k for k in portfolio("2025-07-01", 12, "2026-01-01", renewing("30 days'", 30)) if k.kind == NOTICE)
    assert str(notice.day) == "2026-05-31"  # a Sunday
    assert "a Sunday, not moved: the last business day before is Friday 2026-05-29" in notice.basis


def test_reviews_of_assumptions_and_of_contracts() -> None:
    found = portfolio(assumptions=["2026-01-15", "2026-01-15", "2024-01-01", None], as_of="2026-11-01")
    reviews = {str(k.day): k for k in found if k.kind == REVIEW}
    assert set(reviews) == {"2027-01-15", "2026-11-01", "None"}
    assert reviews["2027-01-15"].what.startswith("review of 2 assumptions: x0, x1")
    assert "never reviewed" in str(reviews["None"].reason)
    words = "Customer shall review its user accounts by 31 March 2027."
    found = portfolio(duties=[(words, "by 31 March 2027"), ("Customer shall pay by 1 May 2027.", "by 1 May 2027")])
    assert [str(k.day) for k in found if k.kind == REVIEW] == ["2027-03-31"]


def test_a_failed_file_and_a_replaced_paper_give_no_dates() -> None:
    assert portfolio("2026-01-01", 12, status="failed") == []


def test_upcoming_has_both_ends() -> None:
    days = [date(2026, 11, 1) + timedelta(n) for n in (-1, 0, 90, 91)]
    found = [KeyDate(NOTICE, "x", day, None, "", None) for day in days]
    assert [k.day for k in upcoming(found, date(2026, 11, 1), 90)] == days[1:3]


@given(st.dates(date(2001, 1, 1), date(2060, 1, 1)), st.integers(1, 60), st.integers(1, 36), st.integers(0, 4000))
def test_a_chain_never_drifts(start: date, term: int, renews: int, later: int) -> None:
    as_of = start + timedelta(later)
    found = portfolio(start.isoformat(), term, as_of.isoformat(), renewing("30 days'", 30, renews))
    day = next(k.day for k in found if k.kind == RENEWAL)
    assert day is not None
    assert day > as_of or day == plus(start, term)
    months = (day.year - start.year) * 12 + day.month - start.month
    assert day == plus(start, months)
    assert (months - term) % renews == 0
    assert plus(start, months - renews) <= as_of or months == term


# ---------------------------------------------------------------- the calendar file


def test_another_library_reads_the_calendar() -> None:
    icalendar = pytest.importorskip("icalendar")
    hostile = "BEGIN:VEVENT\r\nSUMMARY:no; such, \\event\u202e " + "ä€" * 60
    terms = [(RENEW, {"notice_days": 30, "term_months": 12}, hostile)]
    found = portfolio("2026-01-01", 12, terms=terms)
    text = ics([*found, *portfolio()], date(2026, 11, 1))
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    read = icalendar.Calendar.from_ical(text.encode())
    assert not read.errors
    events = read.walk("VEVENT")
    assert {str(e["CATEGORIES"].to_ical().decode()): e["DTSTART"].dt for e in events} == {k.kind: k.day for k in found}
    assert all(type(e["DTSTART"].dt) is date and e["DTEND"].dt - e["DTSTART"].dt == timedelta(1) for e in events)
    assert all(not e.errors for e in events)
    notice = next(e for e in events if "notice" in str(e["SUMMARY"]))
    assert "BEGIN:VEVENT\nSUMMARY:no; such, \\event" in str(notice["DESCRIPTION"])
    assert "ä€" * 60 in str(notice["DESCRIPTION"])
    assert len({str(e["UID"]) for e in events}) == len(events)


def test_neither_clock_nor_zone_moves_a_day() -> None:
    code = "import test_calendar as t; from datetime import date; print(t.ics(t.portfolio('2026-03-29', 12, '2026-11-01', t.renewing('30 days', 30)), date(2026, 11, 1)))"
    said = set()
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin"):
        done = subprocess.run([sys.executable, "-c", code], cwd=os.path.dirname(__file__), env={**os.environ, "TZ": zone}, capture_output=True, check=True)  # fmt: skip
        said.add(done.stdout)
    assert len(said) == 1
    assert b"DTSTART;VALUE=DATE:20270226" in said.pop()


def test_dates_are_plain_data() -> None:
    found = portfolio("2026-01-01", 12, terms=renewing("30 days'", 30))
    assert all(set(asdict(k)) == set(KeyDate.__slots__) for k in found)
    assert {k.uid for k in found} == {k.uid for k in portfolio("2026-01-01", 12, terms=renewing("30 days'", 30))}

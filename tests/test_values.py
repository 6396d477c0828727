"""Which number is which, deadlines, clarity and what stands elsewhere: tables of sentences of our own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from drawn import agreement

from risklib import Playbook, load_playbook
from risklib.clauses import read_agreement
from risklib.findings import MARKS, find, load_model
from risklib.findings.clarity import CLEAR, share_clear
from risklib.findings.deadlines import deadline
from risklib.findings.pointers import with_pointers
from risklib.findings.quantities import durations, moneys
from risklib.findings.values import values_of
from risklib.pdf import read
from risklib.records import Agreement, Provision, Responsibility


@pytest.fixture(scope="module")
def playbook() -> Playbook:
    return load_playbook()


CAUSE, CAP = "termination_for_cause", "liability_cap"
# (provision, sentence, values that must stand there, keys that must not)
VALUES: list[tuple[str, str, dict[str, Any], str]] = [
    (CAUSE, "If a breach is not cured within 20 days after written notice, the other may end it at the end of such 20 day period.", {"cure_days": 20}, "notice_days"),
    (CAUSE, "Either party may end it on 45 days' notice of a breach if the breach remains uncured at the end of that period.", {"notice_days": 45, "cure_days": 45}, ""),
    (CAUSE, "If the defect cannot be corrected within 40 days, either may end it by notice within 10 days after the end of the Remedy Period.", {"cure_days": 40}, "notice_days"),
    (CAUSE, "Where force majeure lasts for more than 60 days, either party may end this Agreement.", {"duration_days": 60}, "cure_days"),
    ("suspension", "If Fees are more than 15 days overdue, Provider may, after notifying Customer, suspend the Service.", {"grace_days": 15}, "notice_days"),
    ("suspension", "Provider may suspend ten (10) days after sending notice of a sum that is thirty (30) or more days past due.", {"notice_days": 10, "grace_days": 30}, ""),
    ("auto_renewal", "The Order renews for the shorter of the prior term and one year.", {"term_months": 12}, ""),
    ("auto_renewal", "The plan renews each billing cycle, on a monthly or annual basis.", {}, "term_months"),
    ("price_increase", "Fees for each renewal are the previous year's fees times 104%.", {"percent": 4}, ""),
    ("price_increase", "Charges are adjusted on each July 1 at the rate of inflation.", {"times_per_year": 1}, ""),
    ("late_payment", "If the deficiency is in excess of 5%, Customer bears the cost of the audit, with interest.", {}, "percent"),
    ("liquidated_damages", "Supplier pays EUR 2,000 for each month of delay.", {"amount": 2000, "per": "month"}, ""),
    ("early_termination_fee", "Forty percent of the exit fee is due on notice.", {"percent": 40, "per": "once"}, ""),
    (CAP, "Liability shall not exceed kr 500.", {"amount": 500}, "currency"),
    (CAP, "Overtime, travel and similar charges, due to failure, that exceed the usual rates are borne by Supplier.", {}, "fee_multiple"),
    ("data_deletion", "Data is destroyed from and after the fifteenth (15th) Business Day after the end.", {"duration_days": 15}, ""),
]  # fmt: skip


@pytest.mark.parametrize(("provision", "text", "expected", "absent"), VALUES, ids=[t[:50] for _, t, _, _ in VALUES])
def test_which_number_is_which(
    playbook: Playbook, provision: str, text: str, expected: dict[str, Any], absent: str
) -> None:
    found = values_of(provision, text, playbook.value_rules.get(provision, ()), dollar="USD")
    assert {k: found.get(k) for k in expected} == expected
    assert not absent or absent not in found


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("within 30 days, and at the end of such thirty (30) day period", [30]),
        ("on 30 days' notice and, after the 30 days, within 5 days", [30, 5]),
        ("provided that 30 days have passed", [30]),
        ("a monthly fee", []),
        ("the 10th business day after delivery", [10]),
    ],
)
def test_a_period_that_points_back_is_told_once(text: str, days: list[int]) -> None:
    assert [q.days for q in durations(text)] == days


@pytest.mark.parametrize(
    ("text", "unit"), [("5,000 pesos", "?"), ("kr 400", "?"), ("₪ 900", "ILS"), ("$ 70", ""), ("THB 3,000", "THB")]
)
def test_currencies_that_several_countries_use_stay_unknown(text: str, unit: str) -> None:
    assert [q.unit for q in moneys(text)] == [unit]


def test_try_is_a_verb() -> None:
    assert moneys("the parties try 3 times") == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Each user must be at least 18 years old.", None),
        ("Interest accrues at 1% per month.", None),
        ("Customer shall pay the monthly fee.", None),
        ("Customer shall report monthly in writing.", "monthly"),
        ("If, prior to the invoice date, Customer objects, the parties shall confer.", None),
        ("Customer shall have ten (10) days to test the release.", "shall have ten (10) days to test the release"),
        ("If agreement is not reached within five (5) days after referral, counsel meet.", "within five (5) days"),
        ("Customer shall pay on demand.", "on demand"),
        ("Customer shall pay by March 1, 2027.", "by March 1"),
    ],
)
def test_what_fixes_a_time(text: str, words: str | None) -> None:
    found = deadline(text)
    assert found is None if words is None else (found or "").startswith(words)


# ---------------------------------------------------------------- clarity

CLAUSES = (
    "1. Duties of the Customer",
    "1.1 Customer shall pay each invoice in full within thirty (30) days of its date.",
    "1.2 Customer shall promptly cooperate with Provider as reasonably requested.",
    "1.3 Customer shall not:",
    "(a) resell the Service; or",
    "(b) reverse engineer the Service.",
    "1.4 Passwords shall be changed as soon as practicable by the Customer.",
    "2. Liability",
    "2.1 “General Cap” means USD 750,000.",
    "2.2 The total liability of Provider under this Agreement shall not exceed the General Cap.",
    "2.3 Overdue amounts bear interest at the rate set out in Exhibit B.",
    "Exhibit B Rates",
    "1. Overdue amounts bear interest at 6% per annum.",
)

Small = tuple[Agreement, tuple[Responsibility, ...], tuple[Provision, ...]]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, playbook: Playbook) -> Small:
    path = agreement(tmp_path_factory.mktemp("values") / "small.pdf", CLAUSES)
    one = read_agreement(read(path))
    return one, *find(one, playbook, load_model())


def duty(small: Small, words: str) -> Responsibility:
    document = small[0].document
    return next(r for r in small[1] if words in document.quote(r.start, r.end))


def test_each_missing_mark_has_its_words_a_question_and_a_wording(small: Small) -> None:
    assert small[1]
    for r in small[1]:
        assert [d.mark for d in r.doubts] == [m for m in MARKS if r.marks[m] is None]
        assert all(d.ask and d.propose for d in r.doubts)
    vague = {d.mark: d.words for d in duty(small, "cooperate").doubts}
    assert vague["when"] == "promptly"
    assert vague["what"] == "cooperate"
    assert vague["how_well"] == "reasonably"


@pytest.mark.parametrize(
    ("words", "mark", "earned"),
    [
        ("each invoice", "who", "Customer"),
        ("each invoice", "how_well", "pay each invoice in full within thirty (30) days"),
        ("reverse engineer", "who", "Customer"),
        ("reverse engineer", "how_well", "shall not"),
        ("Passwords", "who", "Customer"),
        ("Passwords", "when", None),
    ],
)
def test_the_words_that_earn_a_mark(small: Small, words: str, mark: str, earned: str | None) -> None:
    assert duty(small, words).marks[mark] == earned


def test_what_to_ask_follows_the_category(playbook: Playbook) -> None:
    pay, other = playbook.missing_mark("when", "payment_billing"), playbook.missing_mark("when", "confidentiality")
    assert pay is not None
    assert other is not None
    assert "invoice" in pay.propose
    assert pay.ask != other.ask
    assert playbook.missing_mark("who", "confidentiality") == playbook.missing_mark("who", "anything else")
    assert {m.mark for m in playbook.missing if not m.category} == set(MARKS)


def test_the_share_that_is_clear(small: Small) -> None:
    assert share_clear([]) is None
    clear = [r for r in small[1] if r.clarity >= CLEAR]
    assert share_clear(small[1]) == round(len(clear) / len(small[1]), 3)
    assert share_clear(clear) == 1.0


# ---------------------------------------------------------------- values that stand elsewhere


def pointed(small: Small, playbook: Playbook, provision: str, words: str) -> dict[str, Any]:
    """The values of the sentence with these words, read as this provision and followed to where they stand."""
    one = small[0]
    s = next(s for s in one.sentences if words in s.text)
    rules = playbook.value_rules
    values = values_of(provision, s.text, rules[provision])
    p = Provision(s.clause_id, s.start, s.end, provision, "provider", 0.9, "model", values)
    return dict(with_pointers(one, [p], rules, None)[0].values)


def test_a_defined_cap_is_followed_to_its_definition(small: Small, playbook: Playbook) -> None:
    values = pointed(small, playbook, CAP, "shall not exceed the General Cap")
    assert "amount" not in values  # the sentence itself says none
    assert (values["defined"]["amount"], values["defined"]["currency"]) == (750_000, "USD")
    assert small[0].clause(values["defined"]["clause_id"]).number == "2.1"


def test_a_rate_in_an_exhibit_is_followed_to_it(small: Small, playbook: Playbook) -> None:
    values = pointed(small, playbook, "late_payment", "rate set out in Exhibit B")
    assert values["reference"] == "Exhibit B"
    assert small[0].clause(values["reference_clause_id"]).number == "Exhibit B"


def test_a_paper_that_is_not_here_stays_unresolved(small: Small, playbook: Playbook, tmp_path: Path) -> None:
    path = agreement(
        tmp_path / "one.pdf", ("1. Fees", "1.1 Overdue amounts bear interest at the rate set out in Schedule 4.")
    )
    one = read_agreement(read(path)), small[1], small[2]
    values = pointed(one, playbook, "late_payment", "Schedule 4")
    assert values["reference"] == "Schedule 4"
    assert "reference_clause_id" not in values

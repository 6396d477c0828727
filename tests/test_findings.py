"""What sentences say: quantities, values, places, deadlines and grammar as tables; clarity, links and the model on drawn text."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from drawn import agreement
from hypothesis import given
from hypothesis import strategies as st

from risklib import Playbook, load_playbook
from risklib.clauses import read_agreement
from risklib.findings import find, load_model
from risklib.findings.deadlines import deadline
from risklib.findings.grammar import clues, is_bare, prohibits
from risklib.findings.model import sigmoid
from risklib.findings.places import jurisdiction
from risklib.findings.provisions import TERM
from risklib.findings.quantities import FINDERS, durations, moneys, multiples, number, percents, times_a_year
from risklib.findings.responsibilities import KIND
from risklib.findings.values import values_of
from risklib.pdf import read
from risklib.records import Agreement, Provision, Responsibility
from risklib.training import examples


@pytest.fixture(scope="module")
def playbook() -> Playbook:
    return load_playbook()


# ---------------------------------------------------------------- quantities

QUANTITIES: list[tuple[str, str, list[tuple[str, str]]]] = [
    ("duration", "within thirty (30) days of the invoice", [("30", "day")]),
    ("duration", "on 45 days' written notice", [("45", "day")]),
    ("duration", "no later than ten business days after delivery", [("10", "day")]),
    ("duration", "for twelve (12) consecutive months", [("12", "month")]),
    ("duration", "an initial term of three years", [("3", "year")]),
    ("duration", "within a week of the event", [("1", "week")]),
    ("duration", "within twenty-four (24) hours", [("24", "hour")]),
    ("duration", "a ninety-day period", [("90", "day")]),
    ("duration", "one hundred and eighty (180) days", [("180", "day")]),
    ("duration", "two quarters, then six months", [("2", "quarter"), ("6", "month")]),
    ("duration", "at the end of the day", []),
    ("duration", "promptly and in good time", []),
    ("percent", "interest at 1.5% per month", [("1.5", "%")]),
    ("percent", "interest at one and one-half percent (1.5%) per month", [("1.5", "%")]),
    ("percent", "ten per cent (10 %) of the fees", [("10", "%")]),
    ("percent", "a credit of five percent for each hour", [("5", "%")]),
    ("percent", "1 1/2% a month", [("1.5", "%")]),
    ("percent", "uptime of 99.95% in each month", [("99.95", "%")]),
    ("percent", "eight percentage points above the base rate", [("8", "%")]),
    ("percent", "a large share of the fees", []),
    ("money", "a sum of $50,000", [("50000", "")]),
    ("money", "US$ 2 million in all", [("2000000", "USD")]),
    ("money", "EUR 250,000 for each claim", [("250000", "EUR")]),
    ("money", "£1.5 million", [("1500000", "GBP")]),
    ("money", "1.000.000,00 EUR", [("1000000.00", "EUR")]),
    ("money", "five thousand dollars", [("5000", "")]),
    ("money", "CHF 12'500 a year", [("12500", "CHF")]),
    ("money", "€ 99.90 per user", [("99.90", "EUR")]),
    ("money", "SEK 400,000 and NOK 50,000", [("400000", "SEK"), ("50000", "NOK")]),
    ("money", "Section 12.4 of this Agreement", []),
    ("multiple", "two (2) times the annual fees", [("2", "x")]),
    ("multiple", "twice the fees paid", [("2", "x")]),
    ("multiple", "1.5x the charges", [("1.5", "x")]),
    ("multiple", "the fees paid in the year", []),
    ("times", "no more than once per year", [("1", "year")]),
    ("times", "not more than twice in any calendar year", [("2", "year")]),
    ("times", "once per quarter", [("4", "year")]),
    ("times", "three (3) times a year", [("3", "year")]),
    ("times", "from time to time", []),
]


@pytest.mark.parametrize(("kind", "text", "expected"), QUANTITIES, ids=[t for _, t, _ in QUANTITIES])
def test_quantities(kind: str, text: str, expected: list[tuple[str, str]]) -> None:
    found = FINDERS[kind](text)
    assert [(q.value, q.unit) for q in found] == [(Decimal(v), u) for v, u in expected]
    assert all(text[q.start : q.end].strip() for q in found)


@pytest.mark.parametrize(
    ("text", "days", "months"),
    [
        ("two weeks", 14, None),
        ("three months", 90, 3),
        ("one year", 365, 12),
        ("48 hours", 2, None),
        ("thirty (30) days", 30, None),
        ("one quarter", 91, 3),
    ],
)
def test_durations_in_days_and_months(text: str, days: int, months: int | None) -> None:
    (q,) = durations(text)
    assert (q.days, q.months) == (days, months)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("thirty", 30),
        ("forty-five", 45),
        ("one hundred twenty", 120),
        ("two hundred and fifty thousand", 250_000),
        ("three million", 3_000_000),
        ("1,250,000", 1_250_000),
        ("1.250.000,50", Decimal("1250000.50")),
        ("2.5 million", 2_500_000),
        ("five (5)", 5),
        ("a", 1),
        ("several", None),
        ("", None),
    ],
)
def test_numbers(text: str, expected: Any) -> None:
    assert number(text) == expected


ONES = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
TENS = "twenty thirty forty fifty sixty seventy eighty ninety"


def spelled(n: int) -> str:
    """English words of 1 to 999."""
    if n >= 100:
        return f"{ONES.split()[n // 100 - 1]} hundred" + (f" and {spelled(n % 100)}" if n % 100 else "")
    if n < 20:
        return ONES.split()[n - 1]
    return TENS.split()[n // 10 - 2] + (f"-{spelled(n % 10)}" if n % 10 else "")


@given(st.integers(1, 999))
def test_words_and_digits_round_trip(n: int) -> None:
    assert number(spelled(n)) == number(f"{spelled(n)} ({n})") == number(str(n)) == n
    (q,) = durations(f"within {spelled(n)} ({n}) days")
    assert q.value == n


@given(st.integers(1, 10**9))
def test_money_with_thousands_separators(n: int) -> None:
    (q,) = moneys(f"a sum of EUR {n:,} in total")
    assert (q.value, q.unit) == (n, "EUR")


@given(st.one_of(st.text(), st.from_regex(r"[\d.,'’()% $€xhundretwofiy-]{0,30} ?(days|%|times|EUR|per year)?")))
def test_any_text_is_read_without_fault(text: str) -> None:
    for finder in (durations, percents, moneys, multiples, times_a_year):
        for q in finder(text):
            assert 0 <= q.start < q.end <= len(text)
            assert q.value.is_finite()
    deadline(text)
    jurisdiction(text)
    clues(text, text)


# ---------------------------------------------------------------- values

VALUES: list[tuple[str, str, dict[str, Any]]] = [
    ("late_payment", "Late sums bear interest at 2% per month.", {"percent": 2, "per": "month"}),
    ("late_payment", "Overdue invoices carry interest at 8% per annum.", {"percent": 8, "per": "year"}),
    ("late_payment", "Interest of 1.5% a month, or the highest rate allowed by law, is due.", {"percent": 1.5, "legal_maximum": True}),
    ("late_payment", "A late fee of EUR 40 is due for each unpaid invoice.", {"amount": 40, "currency": "EUR"}),
    ("liability_cap", "Liability shall not exceed the fees paid in the twelve (12) months before the claim.", {"fee_months": 12, "effect": "limit"}),
    ("liability_cap", "The liability of the Supplier is limited to EUR 500,000.", {"amount": 500_000, "currency": "EUR", "effect": "limit"}),
    ("liability_cap", "Total liability shall not exceed two (2) times the annual fees payable.", {"fee_multiple": 2}),
    ("liability_cap", "Aggregate liability is limited to 150% of the fees paid in the contract year.", {"fee_multiple": 1.5}),
    ("liability_cap", "Liability is limited to the greater of $100,000 and the fees paid in the preceding six months.", {"amount": 100_000, "fee_months": 6, "comparator": "greater"}),
    ("liability_cap", "The Provider shall not be liable for any loss caused by the Customer.", {"effect": "exclusion"}),
    ("super_cap", "For breach of data protection the limit is GBP 3 million.", {"amount": 3_000_000, "currency": "GBP"}),
    ("auto_renewal", "The term renews for further periods of twelve (12) months unless sixty (60) days' notice is given.", {"term_months": 12, "notice_days": 60}),
    ("auto_renewal", "This Agreement renews automatically for one year unless either party gives 90 days' notice.", {"term_months": 12, "notice_days": 90}),
    ("auto_renewal", "Thereafter the Order renews from year to year.", {"term_months": 12}),
    ("auto_renewal", "The subscription continues on a month-to-month basis.", {"term_months": 1}),
    ("termination_for_cause", "Either party may terminate if a breach is not cured within thirty (30) days of notice.", {"cure_days": 30}),
    ("termination_for_convenience", "Customer may terminate at any time on ninety (90) days' prior written notice.", {"notice_days": 90}),
    ("suspension", "Provider may suspend the Service on five (5) days' notice.", {"notice_days": 5}),
    ("price_increase", "Fees may rise by up to 5% on sixty days' notice.", {"percent": 5, "notice_days": 60}),
    ("exclusive_remedy", "If uptime falls below 99.9%, a credit of 10% of the monthly fee is the sole remedy.", {"availability_percent": 99.9, "percent": 10}),
    ("warranty", "The Software will conform to its documentation for ninety (90) days from delivery.", {"duration_days": 90}),
    ("audit_right", "Licensor may audit once per year on ten (10) days' notice.", {"times_per_year": 1, "notice_days": 10}),
    ("audit_right", "If an underpayment of more than 5% is found, Licensee bears the cost of the audit.", {"threshold_percent": 5}),
    ("insurance_requirement", "Supplier shall carry insurance of at least GBP 5,000,000 for each claim.", {"amount": 5_000_000, "currency": "GBP"}),
    ("data_deletion", "All data is deleted within thirty (30) days after the end of the term.", {"duration_days": 30}),
    ("governing_law", "This Agreement is governed by the laws of Ireland.", {"jurisdiction": "Ireland"}),
    ("governing_law", "English law governs this Agreement.", {"jurisdiction": "England"}),
    ("unilateral_change", "We may change these terms on thirty (30) days' notice.", {"notice_days": 30}),
    ("minimum_commitment", "Customer commits to spend at least USD 250,000 in each year.", {"amount": 250_000, "currency": "USD"}),
    ("early_termination_fee", "On early termination Customer pays 50% of the remaining fees.", {"percent": 50}),
    ("liquidated_damages", "For each breach the Reseller pays a penalty of SEK 100,000.", {"amount": 100_000, "currency": "SEK"}),
    ("limitation_period", "No claim may be brought more than twelve (12) months after the event.", {"duration_months": 12}),
]  # fmt: skip


@pytest.mark.parametrize(("provision", "text", "expected"), VALUES, ids=[f"{p}: {t[:40]}" for p, t, _ in VALUES])
def test_values(playbook: Playbook, provision: str, text: str, expected: dict[str, Any]) -> None:
    found = values_of(provision, text, playbook.value_rules.get(provision, ()))
    assert {k: found.get(k) for k in expected} == expected


def test_a_bare_dollar_has_no_currency_unless_the_agreement_tells(playbook: Playbook) -> None:
    rules = playbook.value_rules["liability_cap"]
    text = "Liability shall not exceed $10,000."
    assert "currency" not in values_of("liability_cap", text, rules)
    assert values_of("liability_cap", text, rules, dollar="CAD")["currency"] == "CAD"


def test_numbers_of_a_lead_in_are_its_own_and_not_repeated_on_each_item(playbook: Playbook) -> None:
    lead = "A party may terminate on 30 days' notice if the other:"
    rules = playbook.value_rules["termination_for_cause"]
    assert values_of("termination_for_cause", "(a) fails to pay; or", rules, lead_in=lead) == {}
    assert values_of("termination_for_cause", lead, rules)["notice_days"] == 30


@pytest.mark.parametrize(
    ("provision", "text", "lead", "expected"),
    [
        ("uncapped_liability", "(a) fraud;", "Nothing here limits or excludes liability for:", {"covers": ["fraud"], "pierces": "both"}),
        ("super_cap", "For breach of Clause 8 (Data Protection) the limit is three times the annual Fees.", "", {"covers": ["data protection"]}),
        ("liability_cap", "Except for its indemnities, no party owes more than the fees paid in the last 12 months.", "", {"covers": ["indemnities"], "pierces": "cap"}),
        ("auto_renewal", "It renews for a period of the same length as the term before it.", "", {"reference": "previous term"}),
    ],
)  # fmt: skip
def test_what_a_carve_out_is_for(playbook: Playbook, provision: str, text: str, lead: str, expected: dict) -> None:
    found = values_of(provision, text, playbook.value_rules.get(provision, ()), lead_in=lead)
    assert expected.items() <= found.items()


@pytest.mark.parametrize(
    ("text", "bare"),
    [("----------", True), ("Protection of Vendor Tools.", True), ("Compliance with Laws.", True), ("Customer shall pay.", False),
     ("(b) resell the Service;", False), ("DO NOT COPY THE SOFTWARE.", False)],
)  # fmt: skip
def test_headings_and_rules_bind_nobody(text: str, bare: bool) -> None:
    assert is_bare(text) is bare


# ---------------------------------------------------------------- places, deadlines, grammar


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("This Agreement is governed by the laws of the State of Oregon.", "State of Oregon"),
        ("The laws of Denmark apply.", "Denmark"),
        ("Swedish law applies to this Agreement.", "Sweden"),
        ("Any dispute is heard by the courts of Hamburg.", "Hamburg"),
        ("The seat of arbitration shall be Zurich.", "Zurich"),
        ("THIS AGREEMENT IS GOVERNED BY THE LAWS OF THE STATE OF NEVADA.", "Nevada"),
        ("Customer shall comply with applicable law.", None),
        ("The parties shall meet each quarter.", None),
    ],
)
def test_jurisdictions(text: str, place: str | None) -> None:
    found = jurisdiction(text)
    assert found == place or (place and found and found.removeprefix("State of ") == place.removeprefix("State of "))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "Customer shall pay within thirty (30) days of the invoice date.",
            "within thirty (30) days of the invoice date",
        ),
        ("Client shall give no less than ten days' notice.", "no less than ten days' notice"),
        ("Backups are to be made daily.", "daily"),
        ("Customer shall review the logs at least once a month.", "once a month"),
        ("Licensee shall return all copies upon termination.", "upon termination"),
        ("Customer shall keep records throughout the term.", "throughout the term"),
        ("Fees are payable in advance.", "in advance"),
        ("Customer shall notify Provider immediately.", "immediately"),
        ("Customer shall notify Provider promptly.", None),
        ("Customer shall keep its passwords secret.", None),
    ],
)
def test_deadlines(text: str, words: str | None) -> None:
    found = deadline(text)
    assert found is None if words is None else found is not None and words in found
    assert found is None or found in text


@pytest.mark.parametrize(
    ("text", "subjects"),
    [
        ("CUSTOMER shall pay the fees.", [("customer", "must", True)]),
        ("PROVIDER may suspend the service.", [("provider", "may", True)]),
        ("CUSTOMER shall not resell the service.", [("customer", "must_not", True)]),
        ("CUSTOMER may not copy the software.", [("customer", "must_not", True)]),
        ("CUSTOMER agrees to keep the software secret.", [("customer", "must", True)]),
        ("CUSTOMER is responsible for its users.", [("customer", "must", True)]),
        ("BOTH shall keep the terms secret.", [("both", "must", True)]),
        ("The fees shall be paid by CUSTOMER each month.", [("customer", "must", False)]),
        ("Taxes are the responsibility of CUSTOMER.", [("customer", "must", False)]),
        ("CUSTOMER's data is stored in the cloud.", []),
        ("The fees are listed in the order.", []),
    ],
)  # fmt: skip
def test_who_is_bound(text: str, subjects: list[tuple[str, str, bool]]) -> None:
    assert list(clues(text, text).subjects[:1]) == subjects


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CUSTOMER shall not resell the service.", True),
        ("CUSTOMER may only use the service for itself.", True),
        ("CUSTOMER will in no event copy the software.", True),
        ("CUSTOMER shall pay the fees.", False),
        ("CUSTOMER must keep passwords secret.", False),
        ("Do not share your password.", True),
    ],
)
def test_prohibitions(text: str, expected: bool) -> None:
    assert prohibits(text) is expected


def test_a_definition_is_told() -> None:
    assert clues(
        "“Fees” means the sums that CUSTOMER shall pay.", "“Fees” means the sums that CUSTOMER shall pay."
    ).definition


# ---------------------------------------------------------------- a small agreement

CLAUSES = (
    "1. Use of the Service",
    "1.1 Customer shall not resell or sublicense the Service.",
    "1.2 If Customer breaches Section 1.1, Provider may suspend the Service on five (5) days’ notice.",
    "2. Fees",
    "2.1 Customer shall pay each invoice within thirty (30) days of the date of the invoice.",
    "2.2 Overdue amounts bear interest at the rate of 1.5% per month.",
    "3. Security",
    "3.1 Customer shall use reasonable endeavours to keep its passwords secret.",
    "3.2 Provider may terminate this Agreement if Customer fails to cure a material breach within thirty (30) days.",
)

Found = tuple[Agreement, tuple[Responsibility, ...], tuple[Provision, ...]]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, playbook: Playbook) -> Found:
    path = agreement(tmp_path_factory.mktemp("findings") / "small.pdf", CLAUSES)
    read_one = read_agreement(read(path))
    return read_one, *find(read_one, playbook, load_model())


def one(small: Found, words: str) -> Responsibility:
    text = small[0].document
    return next(r for r in small[1] if words in text.quote(r.start, r.end))


def number_of(small: Found, clause_id: str | None) -> str | None:
    return small[0].clause(clause_id).number if clause_id else None


@pytest.mark.parametrize(("words", "clause"), [("resell", "1.2"), ("pay each invoice", "2.2"), ("passwords", "3.2")])
def test_a_duty_leads_to_what_follows_its_breach(small: Found, words: str, clause: str) -> None:
    assert number_of(small, one(small, words).consequence) in {clause, "1.2" if words == "passwords" else clause}


def test_clarity_counts_marks_and_names_vague_words(small: Found) -> None:
    pay, secret = one(small, "pay each invoice"), one(small, "passwords")
    assert pay.marks["who"] == "Customer"
    assert pay.marks["when"] == pay.deadline == "within thirty (30) days of the date of the invoice"
    assert pay.vague == ()
    assert any("reasonable" in v for v in secret.vague)
    assert secret.marks["how_well"] is None
    assert secret.marks["when"] is None
    assert secret.clarity < pay.clarity <= 1
    for r in small[1]:
        assert r.clarity == pytest.approx(sum(v is not None for v in r.marks.values()) / 6, abs=0.001)


def test_parties_modality_and_confidence(small: Found) -> None:
    assert (one(small, "resell").party, one(small, "resell").modality) == ("customer", "prohibition")
    assert one(small, "pay each").modality == "obligation"
    assert all(0 < x.confidence < 1 for x in (*small[1], *small[2]))


# ---------------------------------------------------------------- the shipped model on the playbook's own examples


def test_the_model_knows_the_playbook_s_examples(playbook: Playbook) -> None:
    """Nine of ten examples get their id at its threshold; nine of ten counter-examples do not get the entry's."""
    model = load_model()
    logits = sigmoid(model.logits(examples(playbook).bags))
    rows = [(e, x) for e in playbook.entries.values() for x in (*e.examples, *e.counterexamples)]
    assert len(rows) == len(logits)
    hits, misses = [], []
    for (entry, example), p in zip(rows, logits):
        label = (TERM if entry.kind == "provision" else KIND) + entry.id
        if label in model.column:
            held = p[model.column[label]] >= model.thresholds[label]
            (hits if entry.id in example.ids else misses).append(held)
    assert len(hits) > 300
    assert sum(hits) >= 0.9 * len(hits)
    assert sum(misses) <= 0.1 * len(misses)


def test_the_model_is_checked_by_its_hash(tmp_path: Path, playbook: Playbook) -> None:
    from risklib import BadData

    for name in ("model.npz", "model.sha256"):
        (tmp_path / name).write_bytes((playbook.folder / name).read_bytes())
    load_model(tmp_path / "model.npz")
    with (tmp_path / "model.npz").open("ab") as f:
        f.write(b"x")
    with pytest.raises(BadData, match="SHA-256"):
        load_model(tmp_path / "model.npz")

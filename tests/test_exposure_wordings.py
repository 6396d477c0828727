"""From the words of a clause to what is priced: super-caps, carve-outs in clauses of their own, charges, periods."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from exposure_help import AS_OF, RATES, assumptions, deal, one, p

from risklib.exposure import Basis, Contract, price
from risklib.exposure.arithmetic import LIKELY, exactly
from risklib.exposure.filters import stance
from risklib.exposure.terms import Case, Missing
from risklib.findings.values import values_of
from risklib.playbook import load_playbook
from risklib.records import Provision

RULES = load_playbook().value_rules
CAP = "Each party's total liability shall not exceed the fees paid in the twelve (12) months before the claim."
SUPER = "For a data breach the Provider's total liability is limited to three (3) times the fees paid in the prior twelve months."
OPEN = (
    "The limits in this Section do not apply to breach of confidentiality or to a party's indemnification obligations."
)
WAIVER = "Neither party is liable for indirect or consequential damages or lost profits."
SPARED = "Except for breach of confidentiality, neither party is liable for indirect or consequential damages."
BREACH, OTHER, INDEMNITY = ("data_breach", "confidentiality"), ("service_levels",), ("indemnity",)


def terms(*clauses: tuple[str, str, str]) -> list[Provision]:
    """(provision, party, sentence), each in a clause of its own; F = 120,000 EUR a year."""
    return [
        replace(p(id, party, clause=f"c{k:04}", **values_of(id, text, RULES.get(id, ()), dollar="EUR")), start=k)
        for k, (id, party, text) in enumerate(clauses)
    ]


def case(provisions: list[Provision]) -> tuple[Contract, Basis]:
    return Contract("id", provisions, deal()), Basis(assumptions(), RATES, as_of=AS_OF, trials=20)


# side, claim, clauses → (excluded, cap in EUR; None where there is none)
STANCES: list[tuple[str, tuple[str, ...], list[tuple[str, str, str]], tuple[bool, Any]]] = [
    ("provider", BREACH, [("liability_cap", "both", CAP), ("super_cap", "provider", SUPER)], (False, 360_000)),
    ("provider", OTHER, [("liability_cap", "both", CAP), ("super_cap", "provider", SUPER)], (False, 120_000)),
    ("customer", BREACH, [("liability_cap", "both", CAP), ("super_cap", "provider", SUPER)], (False, 120_000)),
    ("provider", BREACH, [("liability_cap", "both", CAP), ("super_cap", "provider", "9.6 Data breach: three times the fees payable in the preceding twelve months.")], (False, 360_000)),
    ("provider", BREACH, [("liability_cap", "both", CAP), ("super_cap", "provider", "The cap in Section 9.1 is raised to EUR 5,000,000 for breach of its data protection obligations.")], (False, 5_000_000)),
    # a data breach is also a breach of confidentiality, but the super-cap is the more special rule
    ("provider", BREACH, [("liability_cap", "both", CAP), ("super_cap", "provider", SUPER), ("uncapped_liability", "both", OPEN)], (False, 360_000)),
    ("provider", BREACH, [("liability_cap", "both", CAP), ("uncapped_liability", "both", OPEN)], (False, None)),
    ("provider", OTHER, [("liability_cap", "both", CAP), ("uncapped_liability", "both", OPEN)], (False, 120_000)),
    ("customer", INDEMNITY, [("liability_cap", "both", CAP), ("uncapped_liability", "both", OPEN)], (False, None)),
    ("provider", BREACH, [("liability_cap", "both", CAP), ("uncapped_liability", "provider", "Section 9.1 shall not apply to Provider's breach of Section 6 (Data Protection).")], (False, None)),
    # fault that no ordinary event takes: nothing is opened
    ("provider", BREACH, [("liability_cap", "both", CAP), ("uncapped_liability", "both", "Nothing limits liability for gross negligence or wilful misconduct.")], (False, 120_000)),
    ("provider", BREACH, [("liability_cap", "both", CAP), ("uncapped_liability", "both", "Nothing in this Agreement limits or excludes liability for death or personal injury.")], (False, 120_000)),
    # exclusion and cap are two filters: each carve-out opens its own
    ("provider", BREACH, [("consequential_waiver", "both", WAIVER), ("liability_cap", "both", CAP), ("uncapped_liability", "both", OPEN)], (True, None)),
    ("provider", BREACH, [("consequential_waiver", "both", SPARED), ("liability_cap", "both", CAP)], (False, 120_000)),
    ("provider", OTHER, [("consequential_waiver", "both", SPARED), ("liability_cap", "both", CAP)], (True, 120_000)),
    ("provider", BREACH, [("liability_cap", "both", "Except for breach of confidentiality, neither party's liability shall exceed the greater of EUR 500,000 and the fees paid in the twelve months before the claim.")], (False, None)),
    ("provider", OTHER, [("liability_cap", "both", "Except for breach of confidentiality, neither party's liability shall exceed the greater of EUR 500,000 and the fees paid in the twelve months before the claim.")], (False, 500_000)),
    ("provider", OTHER, [("liability_cap", "provider", "Liability is limited to 125% of the annual charges in each contract year.")], (False, 150_000)),
]  # fmt: skip


@pytest.mark.parametrize(("side", "claim", "clauses", "expected"), STANCES)
def test_which_filters_a_claim_passes(side: str, claim: tuple[str, ...], clauses: Any, expected: Any) -> None:
    s = stance(Case.of(*case(terms(*clauses))), side, claim)
    assert (s.excluded, None if s.cap is None else exactly(s.cap, LIKELY)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "The Supplier's total liability shall not exceed the greater of the amount in Item 12 and the fees paid in the twelve months before the claim.",
        "The Supplier's aggregate liability shall not exceed the lesser of EUR 250,000 or the amount stated in the Order Form.",
    ],
)  # fmt: skip
def test_the_other_size_of_a_cap_is_not_lost(text: str) -> None:
    contract, basis = case(terms(("liability_cap", "provider", text)))
    with pytest.raises(Missing, match="of two, only one has a number; ask for the other"):
        stance(Case.of(contract, basis), "provider", OTHER)
    assert one(price(contract, basis), "unrecovered_loss").status == "unscored"


# component, sentence → likely a year (share late 10 %, 30 days late, base rate 4 %; two breaches of 73 days), note
PRICED = [
    # 12,000 x 30/365 x (3 % + 4 %)
    ("late_payment", "Interest of 3 per cent above the base lending rate of the Bank accrues on overdue sums.", "69.04", ""),
    ("late_payment", "Overdue amounts bear interest at the prime rate plus two percent (2%) per annum.", "59.18", ""),
    # 12,000 x 30/365 x 12 % + 2 % of collecting
    ("late_payment", "Overdue sums bear interest at 1% per month, plus all costs of collection.", "358.36", ""),
    # 12 invoices x 10 % x 50 a month x 30/365 x 12
    ("late_payment", "A late fee of EUR 50 per month is due on each overdue invoice.", "59.18", ""),
    # 2 x 5,000 x 73/365 x 52; 2 x 2,000 x 73; 2 x 120,000 x 0.5 % x 73/365 x 52
    ("liquidated_damages", "Customer shall pay EUR 5,000 per week of delay as liquidated damages.", "104000.00", ""),
    ("liquidated_damages", "Customer shall pay a penalty of EUR 2,000 for each day on which the breach continues.", "292000.00", ""),
    ("liquidated_damages", "For each week of delay, Customer shall pay 0.5% of the contract price.", "12480.00", ""),
    ("liquidated_damages", "Customer shall pay liquidated damages of EUR 5,000.", "10000.00", "taken once for each breach"),
    ("suspension", "Provider may suspend access on thirty (30) Business Days' notice.", "720.00", "taken as calendar days"),
]  # fmt: skip


@pytest.mark.parametrize(("component", "text", "likely", "note"), PRICED)
def test_a_charge_from_its_words(component: str, text: str, likely: str, note: str) -> None:
    party = "provider" if component == "suspension" else "customer"
    e = one(price(*case(terms((component, party, text)))), component)
    assert (e.status, str(e.likely)) == ("scored", likely), e.reason
    assert note in (e.reason or "")


def test_a_charge_for_a_returned_payment_is_none_for_a_late_one() -> None:
    late, returned = "Overdue sums bear interest at 1% per month.", "EUR 35 is charged for each dishonoured cheque."
    one_, both = (
        one(price(*case(terms(*(("late_payment", "customer", t) for t in texts)))), "late_payment")
        for texts in ((late,), (late, returned))
    )
    assert one_.likely == both.likely
    assert "the charge for a returned payment in clause c0001 is not counted" in (both.reason or "")


def test_the_lowest_of_several_credits_is_taken() -> None:
    credits = [p("exclusive_remedy", "provider", percent=n, availability_percent=a) for n, a in ((25, 99), (5, 99.9))]
    rows = [one(price(*case(c)), "unrecovered_loss") for c in (credits, credits[1:], credits[:1])]
    assert rows[0].likely == rows[1].likely > rows[2].likely


def test_what_facts_and_clauses_say_differently_is_named() -> None:
    spend = p("minimum_commitment", clause="c0004", amount=240_000, currency="EUR", per="year")
    contract, basis = case([spend])
    contract = replace(contract, deal=deal(committed_spend=180_000))
    reason = one(price(contract, basis), "minimum_commitment").reason or ""
    assert "the facts' committed_spend 180,000 is used, not the 240,000 of clause c0004" in reason
    dollars = case([p("liquidated_damages", clause="c0005", amount=5, currency="USD")])
    reason = one(price(*dollars), "liquidated_damages").reason or ""
    assert "clause c0005 is in USD, the facts say EUR: converted; is the currency of the facts right?" in reason

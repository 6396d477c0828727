"""The playbook's positions: standing, severity, proof of absence, and what only looks like a protection."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pytest
from compare_help import portfolio_of

from risklib.compare import deviations, gaps
from risklib.pipeline import analyze
from risklib.playbook import load_playbook

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "data"))
import make_samples as ms  # noqa: E402


def standing(terms, position: str, **more) -> pd.Series | None:
    found = deviations(portfolio_of({"a.pdf": terms}, **more))
    found = found[found["position"] == position]
    return None if found.empty else found.iloc[0]


@pytest.mark.parametrize(
    ("terms", "position", "expected", "severity"),
    [
        (
            [("9", "liability_cap", "provider", {"fee_months": 24, "effect": "limit"})],
            "provider_cap_floor",
            "preferred",
            None,
        ),
        (
            [("9", "liability_cap", "provider", {"fee_months": 12, "effect": "limit"})],
            "provider_cap_floor",
            "fallback",
            "low",
        ),
        (
            [("9", "liability_cap", "provider", {"fee_months": 8, "effect": "limit"})],
            "provider_cap_floor",
            "below fallback",
            "medium",
        ),
        (
            [("9", "liability_cap", "provider", {"fee_months": 2, "effect": "limit"})],
            "provider_cap_floor",
            "walk away",
            "high",
        ),
        ([("9", "liability_cap", "provider", {"effect": "limit"})], "provider_cap_floor", "unknown", "medium"),
        # a sum is measured against the deal's fees (120,000), not taken for months
        (
            [("9", "liability_cap", "provider", {"amount": 20_000, "currency": "GBP", "effect": "limit"})],
            "provider_cap_floor",
            "walk away",
            "high",
        ),
        (
            [("9", "liability_cap", "provider", {"amount": 20_000, "currency": "USD", "effect": "limit"})],
            "provider_cap_floor",
            "unknown",
            "medium",
        ),
        ([("5", "late_payment", "customer", {"percent": 10, "per": "year"})], "late_interest", "preferred", None),
        ([("5", "late_payment", "customer", {"percent": 30, "per": "year"})], "late_interest", "walk away", "low"),
        (
            [("7", "suspension", "provider", {}, "Provider may suspend the Service immediately.")],
            "suspension_notice",
            "walk away",
            "high",
        ),
        (
            [("7", "suspension", "provider", {}, "Provider may suspend the Service.")],
            "suspension_notice",
            "unknown",
            "medium",
        ),
        ([], "no_provider_convenience", "preferred", None),
        ([], "data_breach_super_cap", "missing", "critical"),
    ],
)
def test_standing_and_severity(terms, position: str, expected: str, severity: str | None) -> None:
    row = standing(terms, position)
    assert row is not None
    assert (row["standing"], row["severity"] if isinstance(row["severity"], str) else None) == (expected, severity)


def test_what_does_not_apply_is_left_out() -> None:
    assert standing([], "renewal_notice_short") is None


def test_every_deviation_says_who_owns_it_and_what_to_propose() -> None:
    found = gaps(portfolio_of({"a.pdf": []}))
    assert len(found) > 5
    assert found[["owner", "why", "wording", "expected", "looked_for", "sure", "because"]].notna().all().all()
    assert set(found["sure"]) <= {"high", "medium", "low"}


IP = "shall indemnify {} against claims that {} infringes a patent."


@pytest.mark.parametrize(
    ("terms", "clauses", "position", "trap", "number"),
    [
        # the protection is the other side's
        (
            [("5", "indemnification", "customer", {}, IP.format("Provider", "Customer Data"))],
            [],
            "ip_indemnity",
            "given to the other side",
            "5",
        ),
        # the same provision, for another thing
        (
            [("5", "indemnification", "provider", {}, "Provider shall indemnify Customer for injury to its staff.")],
            [],
            "ip_indemnity",
            "another subject",
            "5",
        ),
        # the words without the protection
        (
            [
                (
                    "5",
                    "indemnification",
                    "provider",
                    {},
                    "Provider has no obligation to indemnify Customer for infringement.",
                )
            ],
            [],
            "ip_indemnity",
            "the words are there, the protection is not",
            "5",
        ),
        (
            [("9", "liability_cap", "both", {"effect": "limit"}, "Nothing herein limits the liability of Customer.")],
            [],
            "customer_cap",
            "the words are there, the protection is not",
            "9",
        ),
        # a finding of both whose words name one
        (
            [
                (
                    "9",
                    "liability_cap",
                    "both",
                    {"fee_months": 12, "effect": "limit"},
                    "The liability of Provider is limited to a year's fees.",
                )
            ],
            [],
            "customer_cap",
            "given to the other side",
            "9",
        ),
        # a heading without content
        ([], [("4", "Insurance", "Insurance [Reserved]")], "provider_insurance", "a heading without content", "4"),
    ],
)
def test_traps_are_no_protection(terms, clauses, position: str, trap: str, number: str) -> None:
    row = standing(terms, position, clauses={"a.pdf": clauses})
    assert row is not None
    assert (row["standing"], row["trap"], row["number"]) == ("missing", trap, number)


def test_a_real_protection_is_none() -> None:
    terms = [("5", "indemnification", "provider", {}, IP.format("Customer", "the Service"))]
    row = standing(terms, "ip_indemnity")
    assert row is not None
    assert row["standing"] == "preferred"


def test_an_unread_page_makes_absence_unsure() -> None:
    p = portfolio_of({"a.pdf": []})
    p.contracts.loc[:, "status"] = "partial"
    found = gaps(p)
    assert set(found[found["finding"] == "missing"]["sure"]) == {"low"}


# ---------------------------------------------------------------- planted, from the PDF on

PLANTED = {  # position → standing, of severity high and critical
    "data_breach_super_cap": "missing", "provider_cap_floor": "walk away", "customer_cap": "missing",
    "carve_out_confidentiality": "missing", "ip_indemnity": "missing", "data_breach_indemnity": "missing",
    "price_ceiling": "walk away", "cure_period": "walk away", "our_exit_for_cause": "missing",
    "no_provider_convenience": "walk away", "suspension_notice": "walk away", "retrieval_period": "missing",
}  # fmt: skip
TRAPS = {
    "customer_cap": "given to the other side", "ip_indemnity": "given to the other side",
    "our_exit_for_cause": "given to the other side", "consequential_mutual": "given to the other side",
    "our_exit_at_will": "given to the other side",
    "data_breach_indemnity": "the words are there, the protection is not",
    "retrieval_period": "the words are there, the protection is not",
    "warranty_of_function": "the words are there, the protection is not",
}  # fmt: skip
FACTS = (
    "file,vendor,annual_fees,currency,start,term_months,records_held,downtime_value_per_day,invoices_per_year\n"
    "fair_offer.pdf,Tallow,120000,GBP,2026-01-01,12,50000,8000,12\n"
    "trap_offer.pdf,Quillfeather,110000,GBP,2026-01-01,36,50000,8000,12\n"
)


@pytest.fixture(scope="module")
def offers(tmp_path_factory):
    """Two offers written for these tests, as PDFs: a fair one, and one full of traps."""
    folder = tmp_path_factory.mktemp("offers")
    for name in ("fair_offer", "trap_offer"):
        ms.make(ms.read_source(HERE / "planted" / f"{name}.md"), folder, folder / "answers")
    (folder / "facts.csv").write_text(FACTS, encoding="utf-8")
    return analyze(folder, facts=folder / "facts.csv", as_of="2026-11-01", trials=500, workers=1)


def test_planted_deviations_are_found_and_no_other(offers) -> None:
    found = deviations(offers)
    grave = found[found["severity"].isin(["high", "critical"])]
    assert dict(zip(grave["position"], grave["standing"])) == PLANTED
    assert set(grave["vendor"]) == {"Quillfeather"}


def test_planted_traps_are_named_with_their_clause(offers) -> None:
    found = deviations(offers)
    missing = found[(found["vendor"] == "Quillfeather") & (found["standing"] == "missing")].set_index("position")
    assert {p: missing.loc[p, "trap"] for p in TRAPS} == TRAPS
    assert missing.loc["retrieval_period", "number"] == "7.1"
    assert missing.loc["ip_indemnity", "number"] == "5.1"


def test_positions_of_the_playbook_and_of_the_rules_are_the_same() -> None:
    from risklib.compare.rules import rules_of

    playbook = load_playbook()
    assert set(rules_of(playbook).about) <= {p.id for p in playbook.positions}

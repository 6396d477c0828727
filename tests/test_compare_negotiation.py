"""The negotiation sheet: dearest first, each with clause, ask, fallback and wording; a change is what the playbook asks for."""

from __future__ import annotations

import pytest
from compare_help import portfolio_of

from risklib.compare import negotiation
from risklib.compare.positions import test_in_words as in_words

HARSH = [
    ("14", "liability_cap", "provider", {"fee_months": 2, "effect": "limit"}),
    ("11", "auto_renewal", "both", {"notice_days": 120, "term_months": 36}),
    ("12", "suspension", "provider", {"notice_days": 1}),
    ("7", "price_increase", "customer", {"percent": 12, "notice_days": 10}),
    ("6", "late_payment", "customer", {"percent": 3, "per": "month"}),
    ("15", "liquidated_damages", "customer", {"amount": 25_000, "currency": "GBP"}),
]


def test_dearest_first_with_clause_ask_and_wording() -> None:
    sheet = negotiation(portfolio_of({"a.pdf": HARSH}))
    assert list(sheet["rank"]) == list(range(1, 11))
    worth = sheet[["saves", "fallback_saves"]].max(axis=1).fillna(0)
    assert list(worth) == sorted(worth, reverse=True)
    assert worth.iloc[0] > 0
    assert sheet[["ask", "wording", "owner", "why", "severity", "currency"]].notna().all().all()
    cap = sheet.set_index("position").loc["provider_cap_floor"]
    assert (cap["number"], cap["ask"], cap["found"]) == ("14", "at least 24 months' fees", "2 months' fees")


def test_the_fallback_saves_no_more_than_what_is_preferred() -> None:
    sheet = negotiation(portfolio_of({"a.pdf": HARSH}), most=40)
    both = sheet[
        sheet["fallback_saves"].notna()
        & sheet["position"].isin(["provider_cap_floor", "price_ceiling", "late_interest", "suspension_notice"])
    ]
    assert len(both) >= 3
    assert (both["fallback_saves"] <= both["saves"] + 0.01).all()


def test_without_facts_nothing_is_priced_and_the_gravest_comes_first() -> None:
    sheet = negotiation(portfolio_of({"a.pdf": HARSH}, facts=False))
    assert sheet["saves"].isna().all()
    assert sheet["severity"].iloc[0] == "critical"
    assert sheet["why_no_money"].notna().all()


def test_a_fair_agreement_has_little_to_ask() -> None:
    fair = [
        (
            "14",
            "liability_cap",
            "both",
            {"fee_months": 24, "effect": "limit", "cap_period": "year"},
            "Each party's liability is limited.",
        )
    ]
    asked = set(negotiation(portfolio_of({"a.pdf": fair}), most=40)["position"])
    assert not asked & {"provider_cap_floor", "cap_per_year"}


@pytest.mark.parametrize(
    ("test", "words"),
    [
        ({"present": False}, "no such term"),
        ({"fee_months": {"min": 24}}, "at least 24 months' fees"),
        ({"percent": {"max": 1.5}, "per": {"is": "month"}}, "at most 1.5 % a month"),
        ({"jurisdiction": {"one_of": ["England", "Ireland"]}}, "one of England, Ireland"),
        ({"present": True, "covers": {"has": "data breach"}}, "there, for data breach"),
    ],
)
def test_tests_in_words(test: dict, words: str) -> None:
    assert in_words(test) == words

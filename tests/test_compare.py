"""Side by side: which clause speaks, what is better for the customer, what it costs in one and the same deal."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from compare_help import portfolio_of

from risklib.compare import compare
from risklib.compare.rules import rules_of
from risklib.compare.units import in_words, value_of
from risklib.errors import BadData
from risklib.playbook import load_playbook
from risklib.records import Deal

RATES = Path(__file__).resolve().parents[1] / "data" / "rates.csv"
FEES = Deal("a.pdf", annual_fees=120_000, currency="GBP")


@pytest.mark.parametrize(
    ("values", "key", "expected"),
    [
        ({"fee_months": 12}, "cap_months", 12),
        ({"fee_multiple": 2}, "cap_months", 24),
        ({"fee_months": 12, "fee_multiple": 3}, "cap_months", 36),
        ({"percent": 150}, "cap_months", 18),
        ({"amount": 240_000, "currency": "GBP"}, "cap_months", 24),
        ({"amount": 240_000, "currency": "USD"}, "cap_months", None),  # another currency: unknown, not zero
        (
            {"comparator": "greater", "alternatives": [{"fee_months": 12}, {"amount": 240_000, "currency": "GBP"}]},
            "cap_months",
            24,
        ),
        (
            {"comparator": "lesser", "alternatives": [{"fee_months": 12}, {"amount": 240_000, "currency": "GBP"}]},
            "cap_months",
            12,
        ),
        (
            {"comparator": "lesser", "alternatives": [{"fee_months": 12}, {"amount": 5, "currency": "USD"}]},
            "cap_months",
            None,
        ),
        ({"percent": 1.5, "per": "month"}, "yearly_percent", 18),
        ({"percent": 8, "per": "year"}, "yearly_percent", 8),
        ({"percent": 8}, "yearly_percent", None),  # a rate without a period is no yearly rate
        ({"duration_months": 2}, "duration_days", 60),
        ({"percent": 120}, "premium_percent", 20),
        ({"percent": 15}, "premium_percent", 15),
        ({"amount": 5, "currency": "USD"}, "amount", None),
        ({"amount": 5, "currency": "GBP"}, "amount", 5),
        ({}, "notice_days", None),
        (None, "notice_days", None),
    ],
)
def test_terms_in_one_unit(values: dict | None, key: str, expected: float | None) -> None:
    assert value_of(values, key, FEES) == expected


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"fee_months": 12, "cap_period": "year"}, "12 months' fees, per year"),
        (
            {
                "amount": 1000,
                "comparator": "lesser",
                "alternatives": [{"amount": 1000, "currency": "CAD"}, {"fee_months": 3}],
            },
            "the lesser of CAD 1,000 and 3 months' fees",
        ),
        ({"percent": 1.5, "per": "month", "legal_maximum": True}, "1.5 % a month, or the legal maximum"),
        ({"effect": "limit"}, ""),
    ],
)
def test_values_in_words(values: dict, words: str) -> None:
    assert in_words(values) == words


GOOD = [
    ("9.1", "liability_cap", "provider", {"fee_months": 24, "effect": "limit"}),
    ("5.2", "late_payment", "customer", {"percent": 4, "per": "year"}),
    ("8.1", "auto_renewal", "both", {"notice_days": 30, "term_months": 12}),
    ("8.3", "suspension", "provider", {"notice_days": 30}),
    ("4.1", "price_increase", "customer", {"percent": 3, "notice_days": 90}),
]
HARSH = [
    ("14", "liability_cap", "provider", {"fee_months": 3, "effect": "limit"}),
    ("14.2", "liability_cap", "provider", {"effect": "exclusion"}),
    ("6", "late_payment", "customer", {"percent": 2, "per": "month"}),
    ("11", "auto_renewal", "both", {"notice_days": 120, "term_months": 36}),
    ("12", "suspension", "provider", {}),
    ("7", "price_increase", "customer", {"percent": 10}),
    ("15", "liquidated_damages", "customer", {"amount": 5000, "currency": "GBP"}),
]


@pytest.fixture(scope="module")
def two() -> pd.DataFrame:
    return portfolio_of({"good.pdf": GOOD, "harsh.pdf": HARSH})


def test_better_terms_are_found_and_cost_less(two) -> None:
    c = compare(two, ["good", "harsh"])
    better = dict(zip(c.terms["id"], c.terms["better"]))
    for term in (
        "provider_cap",
        "late_interest",
        "renewal_notice",
        "renewal_term",
        "suspension_notice",
        "price_ceiling",
        "agreed_damages",
    ):
        assert better[term] == "good vendor", term
    total = c.money.set_index("component").loc["total"]
    assert total["good vendor"] < total["harsh vendor"]
    assert c.currency == "GBP"
    assert "good vendor costs the customer least" in c.verdict[0]


def test_differences_come_first_and_money_stands_once(two) -> None:
    terms = compare(two, ["good", "harsh"]).terms
    assert list(terms["differs"]) == sorted(terms["differs"], reverse=True)
    rules = rules_of(load_playbook()).terms
    for _, rows in pd.DataFrame([(r.provision, r.party, bool(r.components)) for r in rules]).groupby([0, 1]):
        assert rows[2].sum() <= 1


def test_cells_lead_to_their_clause(two) -> None:
    cells = compare(two, ["good", "harsh"]).cells
    told = cells[cells["state"] != "absent"]
    assert told["text"].notna().all()
    assert told["number"].ne("").all()
    assert cells[cells["state"] == "absent"]["text"].isna().all()
    cap = cells[(cells["term"] == "provider_cap") & (cells["vendor"] == "harsh vendor")].iloc[0]
    assert (cap["number"], cap["shown"]) == ("14", "3 months' fees")  # not the exclusion in 14.2


def test_swapped_order_gives_the_same_verdict(two) -> None:
    one, other = compare(two, ["good", "harsh"]), compare(two, ["harsh", "good"], deal="good")
    assert one.money.set_index("component")["good vendor"].equals(other.money.set_index("component")["good vendor"])


def test_an_agreement_beside_its_copy_differs_in_nothing() -> None:
    c = compare(portfolio_of({"a.pdf": GOOD, "b.pdf": GOOD}))
    assert not c.terms["differs"].any()
    assert (c.terms["money"].dropna() == 0).all()


def test_burden_counts_and_weighs() -> None:
    duties = [
        ("3", "payment_billing.timely_payment", "customer", {"deadline": "within 10 days", "consequence": "c0001"}),
        ("4", "support_cooperation.cooperation", "customer", {}),
    ]
    c = compare(portfolio_of({"a.pdf": GOOD, "b.pdf": GOOD}, duties={"a.pdf": duties}))
    whole = c.burden.iloc[0]
    assert (whole["a vendor: count"], whole["a vendor: weight"]) == (2, round(2 * 1.5 * 1.25 + 1, 1))
    assert whole["b vendor: count"] == 0


def test_unknown_stays_unknown() -> None:
    c = compare(portfolio_of({"a.pdf": GOOD, "b.pdf": HARSH}, facts=False))
    assert c.currency is None
    assert c.money[["a vendor", "b vendor"]].isna().all().all()
    assert "No money" in " ".join(c.notes)


@pytest.mark.parametrize(
    ("names", "part"), [(["good"], "at least two"), (["good", "nobody"], "names no single contract")]
)
def test_faults_say_what_to_do(two, names: list[str], part: str) -> None:
    with pytest.raises(BadData, match=part):
        compare(two, names)


@pytest.mark.parametrize(
    ("find", "put", "part"),
    [
        ("party: provider, effect: limit", "party: vendor, effect: limit", "unknown party 'vendor'"),
        ("better: more, absent: best", "better: higher, absent: best", "unknown value of better"),
        ("provision: super_cap", "provision: supercap", "did you mean 'super_cap'"),
        ("components: [overage]", "components: [overages]", "did you mean 'overage'"),
        ("payment_billing: 2", "billing: 2", "unknown category 'billing'"),
    ],
)
def test_faults_of_the_rules_name_file_and_line(tmp_path: Path, find: str, put: str, part: str) -> None:
    folder = tmp_path / "playbook"
    shutil.copytree(load_playbook().folder, folder)
    text = (folder / "compare.yaml").read_text(encoding="utf-8")
    assert find in text
    (folder / "compare.yaml").write_text(text.replace(find, put), encoding="utf-8")
    with pytest.raises(BadData, match=part) as e:
        rules_of(load_playbook(folder))
    assert "compare.yaml:" in str(e.value)


def test_sums_in_other_currencies_are_ranked_with_rates_and_named_without() -> None:
    def cap(amount: int, currency: str) -> list:
        return [("9", "liability_cap", "provider", {"amount": amount, "currency": currency, "effect": "limit"})]

    p = portfolio_of({"a.pdf": cap(200_000, "GBP"), "b.pdf": cap(220_000, "EUR")})
    without, with_rates = compare(p), compare(p, rates=RATES)
    assert list(without.terms.set_index("id").loc["provider_cap", ["better"]]) == [""]
    assert any("EUR" in n and "neither ranked" in n for n in without.notes)
    assert with_rates.terms.set_index("id").loc["provider_cap", "better"] == "a vendor"
    assert any("EUR" in n and "at the rates of 2026-11-01" in n for n in with_rates.notes)
    assert with_rates.cells["value"].dropna().round(1).tolist() == [20.0, 18.7]  # months of fees of 120,000 a year


def test_a_family_is_one_vendor_with_the_terms_that_hold(samples) -> None:
    c = compare(samples, ["harbour_msa.pdf", "harbour_order_2026.pdf", "fjord_analytics.pdf"], rates=RATES)
    assert c.names == ("Harbour Analytics Limited", "Fjord Analytics AS")  # the order form is no vendor
    harbour = c.cells[c.cells["vendor"] == c.names[0]].set_index("term")
    assert harbour.loc["late_interest", "shown"] == "6 % a year"  # of the order form, not 4 % of the agreement
    assert harbour.loc["renewal_term", "shown"] == "for 24 months"  # of the amendment
    assert harbour.loc["late_interest", ["file", "number"]].tolist() == [
        "harbour_order_2026.pdf", "2.2 of harbour_order_2026.pdf",
    ]  # fmt: skip
    assert any("is read with harbour_order_2026.pdf, harbour_amendment_1.pdf" in n for n in c.notes)
    alone = compare(samples, ["harbour_order_2026.pdf", "fjord_analytics.pdf"])
    assert len(alone.names) == 2  # by its name, without its agreement, it stands for itself
    assert not any("harbour_order" in n or "2024" in n for n in compare(samples).names)


def test_of_two_readings_of_one_sentence_the_doubtful_one_does_not_speak() -> None:
    p = portfolio_of({
        "a.pdf": [("5", "termination_for_cause", "both", {"notice_days": 30}, "after failing to cure within 30 days' notice")],
        "b.pdf": [("5", "termination_for_cause", "both", {"cure_days": 10})],
    })  # fmt: skip
    second = p.provisions.iloc[:1].assign(provision="termination_for_convenience", confidence=0.5)
    whole = replace(p, provisions=pd.concat([p.provisions, second], ignore_index=True))
    cells = compare(whole).cells.set_index(["term", "vendor"])
    assert cells.loc[("provider_exit", "a vendor"), "state"] == "absent"
    assert cells.loc[("cure", "a vendor"), "shown"] == "30 days to cure"  # a notice within which to cure

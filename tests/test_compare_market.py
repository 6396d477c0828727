"""The market's figures with grade, source, date and n; the place within the portfolio; who carries what; rights both ways."""

from __future__ import annotations

import pytest
from compare_help import portfolio_of

from risklib.compare import carriers, market, matrix, symmetry


def cap(months: float) -> list:
    return [("9", "liability_cap", "provider", {"fee_months": months, "effect": "limit"})]


def test_no_figure_without_its_source_and_n() -> None:
    found = market(
        portfolio_of(
            {
                "a.pdf": [
                    *cap(6),
                    ("5", "late_payment", "customer", {"percent": 2, "per": "month"}),
                    ("8", "auto_renewal", "both", {"notice_days": 90, "term_months": 12}),
                ]
            }
        )
    )
    told = found[found["figure"] != "no figure with a source"]
    assert len(told) > 5
    assert told[["grade", "source", "date", "n"]].notna().all().all()
    assert set(told["grade"]) <= {"A", "B", "C"}
    shares = told[told["figure"].str.contains("% of vendor forms")]
    assert len(shares)
    assert (shares["against_market"] == "").all()


@pytest.mark.parametrize(
    ("values", "against"),
    [
        ({"percent": 2, "per": "month"}, "worse"),
        ({"percent": 1.5, "per": "month"}, "same"),
        ({"percent": 18, "per": "year"}, "same"),
        ({"percent": 8, "per": "year"}, "better"),
    ],
)
def test_interest_against_the_open_standards(values: dict, against: str) -> None:
    found = (
        market(portfolio_of({"a.pdf": [("5", "late_payment", "customer", values)]}))
        .set_index("term")
        .loc["late_interest"]
    )
    assert (found["against_market"], found["grade"], found["market"]) == (against, "A", 18)


def test_a_figure_for_deals_of_a_size_counts_only_for_those() -> None:
    figures = set(
        market(portfolio_of({"a.pdf": cap(12)}))["figure"]
    )  # in GBP and without rates the size in USD is not known
    assert not any("annual value" in f for f in figures)


@pytest.mark.parametrize(("months", "rank", "percentile"), [(24, "1 of 6", 100), (3, "6 of 6", 0), (12, "2 of 6", 70)])
def test_place_within_the_portfolio(months: int, rank: str, percentile: int) -> None:
    others = {
        f"o{i}.pdf": cap(m) for i, m in enumerate((24 if months != 24 else 6, 12 if months == 12 else 5, 6, 5, 4))
    }
    row = market(portfolio_of({"mine.pdf": cap(months), **others}), ["mine"]).iloc[0]
    assert (row["rank"], row["percentile"], row["portfolio_n"]) == (rank, percentile, 6)


def test_few_agreements_give_a_rank_and_no_percentile() -> None:
    row = market(portfolio_of({"a.pdf": cap(12), "b.pdf": cap(24)}), ["a"]).iloc[0]
    assert row["rank"] == "2 of 2"
    assert row["percentile"] is None or row["percentile"] != row["percentile"]


@pytest.mark.parametrize(
    ("terms", "right", "verdict", "favours"),
    [
        ([("9", "liability_cap", "provider", {"fee_months": 12, "effect": "limit"})], "cap", "one-sided", "provider"),
        ([("9", "liability_cap", "both", {"fee_months": 12, "effect": "limit"}, "The liability of each party is limited.")], "cap", "mutual", ""),
        ([("9", "liability_cap", "both", {"fee_months": 12, "effect": "limit"}, "The liability of Provider is limited.")], "cap", "one-sided", "provider"),
        (
            [("9", "liability_cap", "provider", {"fee_months": 3, "effect": "limit"}), ("9", "liability_cap", "customer", {"fee_months": 24, "effect": "limit"})],
            "cap", "unequal", "provider",
        ),
        ([("7", "indemnification", "customer", {})], "indemnity", "one-sided", "provider"),
        ([("7", "indemnification", "provider", {})], "indemnity", "one-sided", "customer"),
        (
            [("7", "indemnification", "customer", {}), ("8", "indemnification", "both", {}, "Provider has no obligation to indemnify Customer.")],
            "indemnity", "one-sided", "provider",
        ),
        ([("7", "termination_for_convenience", "provider", {"notice_days": 10})], "convenience", "one-sided", "provider"),
        (
            [("7", "termination_for_convenience", "provider", {"notice_days": 180}), ("8", "termination_for_convenience", "customer", {"notice_days": 30})],
            "convenience", "unequal", "customer",
        ),
        ([("7", "insurance_requirement", "customer", {"amount": 1})], "insurance", "one-sided", "provider"),
        ([], "cap", "neither", ""),
    ],
)  # fmt: skip
def test_rights_both_ways(terms, right: str, verdict: str, favours: str) -> None:
    row = symmetry(portfolio_of({"a.pdf": terms})).set_index("right").loc[right]
    assert (row["verdict"], row["favours"]) == (verdict, favours)
    assert (row["text"] is not None) == (verdict != "neither")


def test_matrix_names_the_carrier() -> None:
    duty = "data_security.security_measures"
    p = portfolio_of(
        {f"{n}.pdf": [] for n in "abcd"},
        duties={
            "a.pdf": [("3", duty, "customer", {})],
            "b.pdf": [("3", duty, "customer", {}), ("4", duty, "provider", {})],
            "c.pdf": [("3", duty, "provider", {})],
        },
    )
    row = matrix(p).set_index("responsibility").loc[duty]
    assert [row[f"{n} vendor"] for n in "abcd"] == ["customer", "both", "provider", "nobody"]
    assert list(carriers(p, duty)["number"]) == ["3", "3", "4", "3"]

"""Charts: right figures, escaped text, no script, no address, within altair's row limit."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from risklib import charts


def rows(n: int = 3) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "name": [f"part {k}" for k in range(n)],
            "expected": [10.0 * k for k in range(n)],
            "p95": [35.0 * k for k in range(n)],
        }
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0"),
        (7.4, "7"),
        (999, "999"),
        (999.7, "1.00 k"),
        (1234, "1.23 k"),
        (56_700, "56.7 k"),
        (1_300_000, "1.30 M"),
        (2.5e9, "2.50 bn"),
        (-4200, "-4.20 k"),
    ],
)
def test_short_amount(value: float, expected: str) -> None:
    assert charts.short_amount(value) == expected


def test_bars_show_both_measures_and_skip_unknown() -> None:
    frame = pd.concat([rows(), pd.DataFrame({"name": ["unpriced"], "expected": [None], "p95": [None]})])
    data = pd.DataFrame(
        next(iter(charts.exposure_bars(frame, currency="EUR", label="component").to_dict()["datasets"].values()))
    )
    assert set(data["measure"]) == {charts.EXPECTED, charts.P95}
    assert "unpriced" not in set(data["name"])
    assert data.loc[data["name"] == "part 2", "amount"].tolist() == [20.0, 70.0]


def test_bars_keep_the_largest_of_many() -> None:
    text = charts.svg(charts.exposure_bars(rows(6000), currency="EUR", label="vendor"), label="x", prefix="a")
    assert "part 5999" in text
    assert "part 12<" not in text


def test_axis_names_the_unit() -> None:
    assert "EUR per contract year" in charts.svg(
        charts.exposure_bars(rows(), currency="EUR", label="c"), label="x", prefix="a"
    )
    curve = pd.DataFrame({"loss": [0.0, 1.0, 2.0], "probability": [1.0, 0.4, 0.1]})
    text = charts.svg(
        charts.loss_curve(curve, {"expected": 0.8, "p95": None, "es95": float("nan")}, currency="GBP"),
        label="x",
        prefix="a",
    )
    assert "GBP" in text
    assert "chance of losing more" in text


def test_curve_of_many_draws_stays_under_the_row_limit() -> None:
    curve = pd.DataFrame({"loss": np.arange(50_000.0), "probability": np.linspace(1, 0, 50_000)})
    assert "<path" in charts.svg(charts.loss_curve(curve, {}, currency="EUR"), label="x", prefix="a")


def test_heat_map_draws_counts() -> None:
    counts = pd.DataFrame({"row": ["a", "a", "b"], "column": ["x", "y", "x"], "count": [1, 7, 3]})
    assert ">7<" in charts.svg(charts.heat_map(counts, rows=["a", "b"], columns=["x", "y"]), label="x", prefix="a")


def test_svg_is_inert_and_alone() -> None:
    frame = rows().assign(name=["<script>alert(1)</script>", "</svg><img src=x onerror=alert(1)>", "a & b"])
    text = charts.svg(charts.exposure_bars(frame, currency="EUR", label="c"), label='"><script>', prefix="a")
    assert not re.search(r"<script|<img|http|style=|\son\w+=", text.replace("&lt;", "‹").replace("onerror", ""))
    assert set(re.findall(r'\bid="([^"]+)"', text)) == {
        i for i in re.findall(r'\bid="([^"]+)"', text) if i.startswith("a-")
    }
    for used in re.findall(r"url\(#([^)]+)\)", text):
        assert f'id="{used}"' in text


def test_same_rows_same_bytes() -> None:
    first, second = (
        charts.svg(charts.exposure_bars(rows(), currency="EUR", label="c"), label="x", prefix="a") for _ in range(2)
    )
    assert first == second


def test_responsibility_map_counts_what_binds_the_customer() -> None:
    contracts = pd.DataFrame({"contract_id": ["x", "y"], "file": ["in/b.pdf", "a.pdf"]})
    rows = [
        ("x", "data_security", "customer"),
        ("x", "data_security", "both"),
        ("y", "data_security", "provider"),
        ("y", "own_category", "customer"),
    ]
    duties = pd.DataFrame(rows, columns=["contract_id", "category", "party"])
    titles = {"payment_billing": "Payment", "data_security": "Data security"}
    spec = charts.responsibility_map(duties, contracts, titles=titles).to_dict()
    (data,) = spec["datasets"].values()
    assert {(d["row"], d["column"], d["count"]) for d in data} == {
        ("Data security", "b.pdf", 2),
        ("own category", "a.pdf", 1),
    }
    y = spec["layer"][0]["encoding"]["y"]
    assert y["sort"] == y["scale"]["domain"] == ["Payment", "Data security", "own category"]


# ---------------------------------------------------------------- a portfolio's frames


def drawn(chart: object) -> list[dict]:
    """Every row of every layer's data."""
    return [row for rows in chart.to_dict()["datasets"].values() for row in rows]  # type: ignore[attr-defined]


def test_tornado_keeps_the_order_and_draws_both_sides() -> None:
    swings = pd.DataFrame(
        {"assumption": ["wide", "thin"], "low": [50.0, 90.0], "likely": 100.0, "high": [300.0, 105.0]}
    )
    chart = charts.tornado(swings, currency="EUR")
    assert {(r["assumption"], r["to"]) for r in drawn(chart) if "to" in r} == {
        ("wide", 50.0), ("wide", 300.0), ("thin", 90.0), ("thin", 105.0),
    }  # fmt: skip
    spec = chart.to_dict()["layer"][0]["encoding"]
    assert spec["y"]["sort"] == ["wide", "thin"]
    assert spec["x"]["scale"]["domain"][0] > 0
    assert "EUR a year" in spec["x"]["title"]


@pytest.mark.parametrize(
    ("values", "years"),
    [
        ({"fee_months": 12}, 1.0),
        ({"fee_multiple": 2}, 2.0),
        ({"amount": 50_000, "currency": "EUR"}, 0.5),
        ({"amount": 50_000, "currency": "USD"}, None),
        ({"comparator": "greater", "alternatives": [{"fee_months": 6}, {"amount": 200_000, "currency": "EUR"}]}, 2.0),
        ({"comparator": "lesser", "alternatives": [{"fee_months": 6}, {"amount": 200_000, "currency": "EUR"}]}, 0.5),
        ({"comparator": "greater", "alternatives": [{"fee_months": 6}, {"amount": 1, "currency": "USD"}]}, None),
        ({}, None),
        (None, None),
    ],
)
def test_caps_in_years_of_fees_and_unknown_stays_unknown(values: dict | None, years: float | None) -> None:
    contracts = pd.DataFrame({"contract_id": ["x"], "file": ["a.pdf"]})
    deals = pd.DataFrame({"file": ["A.pdf"], "annual_fees": [100_000.0], "currency": ["EUR"]})
    caps = pd.DataFrame({"contract_id": ["x"], "party": ["provider"], "values": [values]})
    (row,) = (r for r in drawn(charts.caps_against_fees(caps, deals, contracts)) if "years" in r)
    assert row["years"] == years
    assert (row["text"] == "unknown") == (years is None)


def test_timeline_shows_the_term_that_runs_and_the_last_day_for_notice() -> None:
    deals = pd.DataFrame({"file": ["a.pdf", "b.pdf"], "start": ["2023-01-15", None], "term_months": [12.0, 12.0]})
    register = pd.DataFrame(
        {
            "file": ["change.pdf", "a.pdf", "a.pdf"],
            "agreement": ["a.pdf"] * 3,
            "kind": ["decision", "obligation", "decision"],
            "due": ["2026-11-16", "2026-12-01", "2026-12-16"],
            "superseded": [None, None, "Clause 11.1 is deleted and replaced"],
        }
    )
    rows = drawn(charts.timeline(register, deals, as_of="2026-11-01"))
    (term,) = (r for r in rows if "from" in r)
    assert (term["from"][:10], term["to"][:10]) == ("2026-01-15", "2027-01-15")
    assert [r["text"] for r in rows if "due" in r] == ["16 Nov 2026"]


def test_clarity_leaves_out_what_is_unknown() -> None:
    contracts = pd.DataFrame({"file": ["a.pdf", "b.pdf"], "clear_share": [0.5, None]})
    assert [r["file"] for r in drawn(charts.clarity(contracts))] == ["a.pdf"]


def test_matrix_counts_each_party() -> None:
    duties = pd.DataFrame({"category": ["pay", "pay", "pay"], "party": ["customer", "customer", "provider"]})
    found = {
        (r["row"], r["party"], r["count"])
        for r in drawn(charts.responsibility_matrix(duties, titles={"pay": "Payment"}))
    }
    assert found == {("Payment", "customer", 2), ("Payment", "provider", 1)}


def test_drift_says_what_changed_and_counts_no_duty_of_the_provider() -> None:
    old = pd.DataFrame({"category": ["pay", "pay", "law"], "party": ["customer", "provider", "both"]})
    new = pd.DataFrame({"category": ["pay", "pay", "law"], "party": ["customer", "customer", "both"]})
    rows = drawn(charts.version_drift(old, new))
    assert {(r["row"], r["text"]) for r in rows if "text" in r} == {("pay", "+1")}
    assert {(r["row"], r["version"], r["count"]) for r in rows if "version" in r} == {
        ("pay", "before", 1), ("pay", "after", 2), ("law", "before", 1), ("law", "after", 1),
    }  # fmt: skip


def test_vendors_may_take_the_place_of_files() -> None:
    contracts = pd.DataFrame({"contract_id": ["x", "y"], "file": ["a.pdf", "b.pdf"]})
    duties = pd.DataFrame({"contract_id": ["x", "y"], "category": ["pay", "pay"], "party": ["customer", "both"]})
    deals = pd.DataFrame({"file": ["a.pdf", "b.pdf"], "vendor": ["Acme", "Acme"]})
    (row,) = drawn(charts.responsibility_map(duties, contracts, deals=deals))
    assert (row["column"], row["count"]) == ("Acme", 2)

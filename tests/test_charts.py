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

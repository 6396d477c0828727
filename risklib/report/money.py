"""Exposure as the report shows it. Adds up expected losses where a table says so, percentiles never."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pandas as pd
from markupsafe import Markup

from risklib.report import text as t
from risklib.report.findings import Contract, Titles
from risklib.report.heat import shade

BARS = 40  # handed to a chart, which draws the largest of them
VENDORS = 12  # columns of the component by vendor table


@dataclass(frozen=True, slots=True)
class Total:
    """A row of the totals, money as text. ``left_out`` counts the components without a figure."""

    name: str
    currency: str
    expected: str
    p95: str
    es95: str
    scored: str
    left_out: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """Expected losses in one currency. Rows: (component, [(amount, shade, contracts without a figure)], sum)."""

    currency: str
    vendors: tuple[str, ...]
    more: int  # vendors beyond the columns
    rows: tuple[tuple[str, tuple[tuple[str, int, int], ...], str], ...]
    foot: tuple[str, ...]
    total: str


@dataclass(frozen=True, slots=True)
class Block:
    """Exposure in one currency; the charts are inline SVG, empty where there is nothing to draw."""

    whole: Total
    agreements: int
    components: tuple[Total, ...]
    by_component: Markup
    by_vendor: Markup
    curve: Markup
    matrix: Matrix | None


def totals_of(totals: pd.DataFrame, level: str, names: Mapping[str, str]) -> list[Total]:
    """The totals of one level, largest expected loss first within a currency; ``names`` gives labels for ids."""
    rows = totals[totals["level"] == level]
    rows = rows.sort_values(["currency", "expected"], ascending=[True, False], na_position="last")
    return [
        Total(
            name=names.get(str(r["name"]), t.visible(r["name"])),
            currency=t.visible(r["currency"]) or t.DASH,
            expected=t.amount(r["expected"]),
            p95=t.amount(r["p95"]),
            es95=t.amount(r["es95"]),
            scored=t.number(r["scored"]),
            left_out=t.number(r["unscored"]),
        )
        for r in rows.to_dict("records")
    ]


def blocks_of(totals: pd.DataFrame, curve: pd.DataFrame, matrices: Mapping[str, Matrix], titles: Titles) -> list[Block]:
    """A block a currency, the one with most agreements first."""
    out: list[Block] = []
    for whole in totals_of(totals, "portfolio", {}):
        here = totals[totals["currency"] == whole.currency]
        names = {str(n): titles(str(n)) for n in here.loc[here["level"] == "component", "name"]}
        prefix = f"c{len(out)}"
        out.append(
            Block(
                whole=whole,
                agreements=int((here["level"] == "contract").sum()),
                components=tuple(totals_of(here, "component", names)),
                by_component=_bars(here, "component", names, whole.currency, f"{prefix}c"),
                by_vendor=_bars(here, "vendor", {}, whole.currency, f"{prefix}v"),
                curve=_curve(here, curve[curve["currency"] == whole.currency], whole.currency, f"{prefix}l"),
                matrix=matrices.get(whole.currency),
            )
        )
    return sorted(out, key=lambda b: (-b.agreements, b.whole.currency))


def _bars(here: pd.DataFrame, level: str, labels: Mapping[str, str], currency: str, prefix: str) -> Markup:
    rows = here[here["level"] == level].dropna(subset=["expected"])
    if len(rows) < (2 if level == "vendor" else 1):  # one vendor alone is the whole, which other tables show
        return Markup("")
    rows = rows.sort_values("expected", ascending=False, kind="stable")
    rows = rows.head(BARS)
    names = [labels.get(str(n), t.visible(n)) for n in rows["name"]]
    bars = zip(names, rows["expected"].tolist(), rows["p95"].tolist(), strict=True)
    return _drawn_bars(tuple(bars), level, currency, prefix)


@lru_cache(maxsize=64)  # the page and its print draw the same charts
def _drawn_bars(bars: tuple[tuple[str, float, float], ...], level: str, currency: str, prefix: str) -> Markup:
    from risklib import charts  # takes a second or two: not before there is something to draw

    rows = pd.DataFrame(list(bars), columns=["name", "expected", "p95"])
    chart = charts.exposure_bars(rows, currency=currency, label=level)
    label = f"Expected and 95th percentile loss by {level}, {currency} per contract year"
    return Markup(charts.svg(chart, label=label, prefix=prefix))  # noqa: S704  vega escapes what it draws


def _curve(here: pd.DataFrame, curve: pd.DataFrame, currency: str, prefix: str) -> Markup:
    if curve.empty:
        return Markup("")
    whole: dict[Any, Any] = next(iter(here[here["level"] == "portfolio"].to_dict("records")), {})
    names = {"expected": "expected", "p95": "95th percentile", "es95": "average of the worst 5 %"}
    marks = tuple((names[k], float(whole[k])) for k in names if t.known(whole.get(k)))
    points = tuple(zip(curve["loss"].tolist(), curve["probability"].tolist(), strict=True))
    return _drawn_curve(points, marks, currency, prefix)


@lru_cache(maxsize=64)
def _drawn_curve(
    points: tuple[tuple[float, float], ...], marks: tuple[tuple[str, float], ...], currency: str, prefix: str
) -> Markup:
    from risklib import charts

    curve = pd.DataFrame(list(points), columns=["loss", "probability"])
    chart = charts.loss_curve(curve, dict(marks), currency=currency)
    label = f"Chance that a year's loss exceeds an amount, {currency}"
    return Markup(charts.svg(chart, label=label, prefix=prefix))  # noqa: S704


def matrices_of(exposures: pd.DataFrame, contracts: Mapping[str, Contract], titles: Titles) -> dict[str, Matrix]:
    """Expected loss by component (rows) and vendor (columns) for each currency; expected losses may be added."""
    rows = exposures[exposures["contract_id"].isin(list(contracts)) & exposures["counted_with"].isna()]  # no euro twice
    if rows.empty:
        return {}
    rows = rows.assign(vendor=[contracts[c].vendor for c in rows["contract_id"]])
    scored, rest = rows[rows["status"] == "scored"], rows[rows["status"] != "scored"]
    missing = Counter(zip(rest["component"], rest["vendor"], strict=True))
    parts = [(str(currency), part) for currency, part in scored.groupby("currency", sort=True)]
    return {c: _matrix(c, part, missing, titles) for c, part in parts if part["vendor"].nunique() > 1}


def _matrix(currency: str, part: pd.DataFrame, missing: Counter[tuple[str, str]], titles: Titles) -> Matrix:
    part = part.assign(expected=part["expected"].astype(float))
    sums = part.groupby(["component", "vendor"])["expected"].sum().unstack("vendor")
    rows = list(sums.sum(axis=1).sort_values(ascending=False, kind="stable").index)
    columns = list(sums.sum().sort_values(ascending=False, kind="stable").index)
    top = float(sums.max().max()) or 1.0
    shown = columns[:VENDORS]
    body = []
    for c in rows:
        cells = ((sums.at[c, v], missing.get((c, v), 0)) for v in shown)
        shaded = tuple((t.amount(value), shade(value, top, power=1), unpriced) for value, unpriced in cells)
        body.append((titles(str(c)), shaded, t.amount(sums.loc[c].sum())))
    return Matrix(
        currency=currency,
        vendors=tuple(str(v) for v in shown),
        more=len(columns) - len(shown),
        rows=tuple(body),
        foot=tuple(t.amount(sums[v].sum()) for v in shown),
        total=t.amount(sums.sum().sum()),
    )


def contract_totals(totals: pd.DataFrame, contracts: Sequence[Contract]) -> dict[str, list[Total]]:
    """The totals of each contract by its key; the frame names contracts by contract_id or by file."""
    keys = {c.contract_id: c.key for c in contracts} | {c.file: c.key for c in contracts}
    out: dict[str, list[Total]] = {}
    for total in totals_of(totals, "contract", keys):
        out.setdefault(total.name, []).append(total)
    return out

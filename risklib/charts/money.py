"""Charts of money: exposure, how bad a year could be, which assumption moves the total, caps against fees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import altair as alt
import pandas as pd

from risklib.charts.style import AMBER, BLUE, EXPECTED, INK, P95, SOFT, TOP, in_one, money_axis, short_amount, styled

_BESIDE: tuple[tuple[str, Literal["right", "left"], int], ...] = (("left", "right", -4), ("right", "left", 4))


def exposure_bars(rows: pd.DataFrame, *, currency: str, label: str, width: int = 340) -> alt.LayerChart:
    """Expected and 95th-percentile loss side by side, largest first.

    ``rows``: ``name``, ``expected``, ``p95`` in ``currency`` per contract year; a missing figure draws no bar. Only the
    ``TOP`` largest are drawn. ``label`` names what a row is ("component", "vendor").
    """
    known = in_one(rows, currency).dropna(subset=["expected"]).sort_values("expected", ascending=False).head(TOP)
    long = known.melt("name", ["expected", "p95"], "measure", "amount").dropna(subset=["amount"])
    long["measure"] = long["measure"].map({"expected": EXPECTED, "p95": P95})
    long["amount"] = long["amount"].astype(float)
    long["text"] = long["amount"].map(short_amount)
    base = alt.Chart(long).encode(
        y=alt.Y("name:N", sort=list(known["name"]), title=None, axis=alt.Axis(labelLimit=200)),
        yOffset=alt.YOffset("measure:N", sort=[EXPECTED, P95]),
        x=alt.X("amount:Q", title=f"{currency} per contract year", axis=money_axis()),
        tooltip=[
            alt.Tooltip("name:N", title=label),
            "measure:N",
            alt.Tooltip("amount:Q", format=",.0f", title=currency),
        ],
    )
    bars = base.mark_bar(cornerRadiusEnd=1.5).encode(
        color=alt.Color(
            "measure:N",
            scale=alt.Scale(domain=[EXPECTED, P95], range=[BLUE, AMBER]),
            legend=alt.Legend(title=None, orient="top", direction="horizontal"),
        )
    )
    texts = base.mark_text(align="left", dx=4, fontSize=10, color=SOFT).encode(text="text:N")
    return styled(alt.layer(bars, texts).properties(width=width, height=alt.Step(15)))


def loss_curve(curve: pd.DataFrame, marks: Mapping[str, float], *, currency: str, width: int = 340) -> alt.LayerChart:
    """How likely a year's loss is to exceed an amount.

    ``curve``: ``loss`` (in ``currency``), ``probability`` (0..1) of exceeding it. ``marks`` names amounts to point out,
    for example ``{"expected": …, "95th percentile": …}``; a missing one (None, NaN) is left out.
    """
    data = in_one(curve, currency)[["loss", "probability"]].astype(float).sort_values("loss")
    data = data[data["probability"] >= 0.002]
    if len(data) > 1000:
        data = data.iloc[:: len(data) // 1000 + 1]
    line = (
        alt.Chart(data)
        .mark_area(line={"color": BLUE, "strokeWidth": 2}, color=BLUE, fillOpacity=0.12, interpolate="monotone")
        .encode(
            x=alt.X("loss:Q", title=f"loss in a year, {currency}", axis=money_axis()),
            y=alt.Y(
                "probability:Q",
                title="chance of losing more",
                axis=alt.Axis(format=".0%"),
                scale=alt.Scale(domain=[0, 1]),
            ),
            tooltip=[alt.Tooltip("loss:Q", format=",.0f"), alt.Tooltip("probability:Q", format=".1%")],
        )
    )
    known = [(k, float(v)) for k, v in marks.items() if v is not None and not pd.isna(v)]
    points = pd.DataFrame(
        [{"loss": v, "at": 0.95 - 0.11 * k, "text": f"{name} {short_amount(v)}"} for k, (name, v) in enumerate(known)],
        columns=["loss", "at", "text"],
    )
    rules = alt.Chart(points).mark_rule(color=INK, strokeDash=[4, 3]).encode(x="loss:Q")
    labels = alt.Chart(points).encode(x="loss:Q", y="at:Q", text="text:N")
    halo = labels.mark_text(align="left", dx=5, fontSize=11, stroke="white", strokeWidth=4, strokeJoin="round")
    texts = labels.mark_text(align="left", dx=5, fontSize=11, color=INK)
    return styled(alt.layer(line, rules, halo, texts).properties(width=width, height=200))


def tornado(swings: pd.DataFrame, *, currency: str, top: int = 12, width: int = 420) -> alt.LayerChart:
    """What the likely total would be with one assumption at its low or its high figure, widest swing first.

    ``swings``: ``assumption``, ``low``, ``likely``, ``high`` in ``currency`` a year, as ``whatif.tornado`` gives them.
    """
    data = swings.head(top)
    likely = float(data["likely"].iloc[0]) if len(data) else 0.0
    ends = _ends(data, likely)
    y = alt.Y("assumption:N", sort=list(data["assumption"]), title=None, axis=alt.Axis(labelLimit=260))
    x = alt.X("from:Q", title=f"likely total, {currency} a year", axis=money_axis(), scale=_with_air(ends, likely))
    color = alt.Color(
        "at:N",
        scale=alt.Scale(domain=["low", "high"], range=[BLUE, AMBER]),
        legend=alt.Legend(title="assumption at its", orient="top", direction="horizontal"),
    )
    tooltip = ["assumption:N", "at:N", alt.Tooltip("to:Q", format=",.0f", title=currency)]
    base = alt.Chart(ends).encode(y=y)
    bars = base.mark_bar(height=13).encode(x=x, x2="to:Q", color=color, tooltip=tooltip)
    rule = alt.Chart(pd.DataFrame({"x": [likely]})).mark_rule(color=INK).encode(x="x:Q")
    texts = [
        base.transform_filter(alt.datum.beside == side)
        .mark_text(align=align, dx=dx, fontSize=10, color=SOFT)
        .encode(x="to:Q", text="text:N")
        for side, align, dx in _BESIDE
    ]
    return styled(alt.layer(bars, rule, *texts).properties(width=width, height=alt.Step(18)))


def _ends(swings: pd.DataFrame, likely: float) -> pd.DataFrame:
    """The two ends of each bar; ``beside``: on which side of it its amount is written."""
    parts = [
        {"assumption": s["assumption"], "from": likely, "to": float(s[side]), "at": side, "text": short_amount(s[side])}
        for s in swings.to_dict("records")
        for side in ("low", "high")
        if s[side] == s[side]
    ]
    found = pd.DataFrame(parts, columns=["assumption", "from", "to", "at", "text"])
    return found.assign(beside=["left" if x < likely else "right" for x in found["to"]])


def _with_air(ends: pd.DataFrame, likely: float) -> alt.Scale:
    """From the lowest to the highest end, with room for the amounts beside the bars."""
    low, high = min([likely, *ends["to"]]), max([likely, *ends["to"]])
    air = 0.09 * (high - low or 1.0)
    return alt.Scale(domain=[max(0.0, low - air) if low >= 0 else low - air, high + air], nice=False)


def caps_against_fees(
    caps: pd.DataFrame, deals: pd.DataFrame, contracts: pd.DataFrame, *, width: int = 420
) -> alt.LayerChart:
    """The provider's limit of liability as a multiple of a year's fees, smallest first: under 1 is less than a year.

    ``caps``: rows of ``provisions`` that limit liability; ``deals``: ``file``, ``annual_fees``, ``currency``. The
    highest limit of an agreement is drawn; one whose amount or fees are unknown, or in another currency, stands
    without a bar.
    """
    facts = {str(d["file"]).casefold(): d for d in deals.to_dict("records")}
    files = dict(zip(contracts["contract_id"], contracts["file"]))
    best: dict[str, float | None] = {}
    for c in caps[caps["party"].isin(["provider", "both"])].to_dict("records"):
        file = str(files[c["contract_id"]])
        deal = facts.get(file.casefold(), {})
        found = _years(c["values"], deal.get("annual_fees"), deal.get("currency"))
        best[file] = max((x for x in (found, best.get(file)) if x is not None), default=None)
    rows = [{"file": f, "years": x, "text": "unknown" if x is None else f"{x:.3g} ×"} for f, x in best.items()]
    data = pd.DataFrame(rows, columns=["file", "years", "text"]).sort_values("years", na_position="last")
    base = alt.Chart(data).encode(
        y=alt.Y("file:N", sort=list(data["file"]), title=None, axis=alt.Axis(labelLimit=220)), tooltip=["file", "years"]
    )
    top = max([1.5, *(x for x in data["years"] if x == x and x is not None)]) * 1.15
    x = alt.X("years:Q", title="limit of liability, in years of fees", scale=alt.Scale(domain=[0, top]))
    bars = base.mark_bar(height=13, color=BLUE).encode(x=x)
    texts = base.transform_calculate(at="isValid(datum.years) ? datum.years : 0")
    labels = texts.encode(x="at:Q", text="text:N")
    halo = labels.mark_text(align="left", dx=5, fontSize=10, stroke="white", strokeWidth=4, strokeJoin="round")
    amounts = labels.mark_text(align="left", dx=5, fontSize=10, color=SOFT)
    one = alt.Chart(pd.DataFrame({"x": [1.0]})).mark_rule(color=INK, strokeDash=[4, 3]).encode(x="x:Q")
    return styled(alt.layer(bars, one, halo, amounts).properties(width=width, height=alt.Step(18)))


def _years(values: Any, fees: Any, currency: Any) -> float | None:
    """A limit in years of fees; None where it cannot be told."""
    if not isinstance(values, Mapping):
        return None
    if (options := values.get("alternatives")) and isinstance(options, Sequence):
        known = [_years(v, fees, currency) for v in options]
        if any(x is None for x in known):
            return None
        found = [x for x in known if x is not None]
        return min(found) if values.get("comparator") == "lesser" else max(found)
    if (months := values.get("fee_months")) is not None:
        return float(months) / 12
    if (multiple := values.get("fee_multiple")) is not None:
        return float(multiple)
    amount = values.get("amount")
    if amount is None or fees is None or pd.isna(fees) or not fees or values.get("currency") != currency:
        return None
    return float(amount) / float(fees)

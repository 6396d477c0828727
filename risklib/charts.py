"""Frames in, altair charts out: one idea each, units on the axes, readable by the colour-blind and in grey.

The same functions serve report and notebook. They aggregate before they draw (altair refuses more than 5,000 rows) and
compute no figure of their own: expected losses may be added up, 95th percentiles never are, so callers pass the totals.
``svg`` turns a chart into a standalone ``<svg>`` element without script, offline.
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

# Okabe-Ito: told apart by every common form of colour blindness; blue and amber also differ in grey (L 46 and 72).
BLUE, AMBER, VERMILION, INK, SOFT, GRID = "#0072b2", "#e69f00", "#d55e00", "#1f2933", "#5b6770", "#e4e7eb"
FONT = "Helvetica, Arial, sans-serif"
EXPECTED, P95 = "expected", "95th percentile"
TOP = 20


def exposure_bars(rows: pd.DataFrame, *, currency: str, label: str, width: int = 340) -> alt.LayerChart:
    """Expected and 95th-percentile loss side by side, largest first.

    ``rows``: ``name``, ``expected``, ``p95`` in ``currency`` per contract year; a missing figure draws no bar. Only the
    ``TOP`` largest are drawn. ``label`` names what a row is ("component", "vendor").
    """
    known = rows.dropna(subset=["expected"]).sort_values("expected", ascending=False).head(TOP)
    long = known.melt("name", ["expected", "p95"], "measure", "amount").dropna(subset=["amount"])
    long["measure"] = long["measure"].map({"expected": EXPECTED, "p95": P95})
    long["amount"] = long["amount"].astype(float)
    long["text"] = long["amount"].map(short_amount)
    base = alt.Chart(long).encode(
        y=alt.Y("name:N", sort=list(known["name"]), title=None, axis=alt.Axis(labelLimit=200)),
        yOffset=alt.YOffset("measure:N", sort=[EXPECTED, P95]),
        x=alt.X("amount:Q", title=f"{currency} per contract year", axis=_money_axis()),
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
    return _styled(alt.layer(bars, texts).properties(width=width, height=alt.Step(15)))


def loss_curve(curve: pd.DataFrame, marks: Mapping[str, float], *, currency: str, width: int = 340) -> alt.LayerChart:
    """How likely a year's loss is to exceed an amount.

    ``curve``: ``loss`` (in ``currency``), ``probability`` (0..1) of exceeding it. ``marks`` names amounts to point out,
    for example ``{"expected": …, "95th percentile": …}``; a missing one (None, NaN) is left out.
    """
    data = curve[["loss", "probability"]].astype(float).sort_values("loss")
    data = data[data["probability"] >= 0.002]
    if len(data) > 1000:
        data = data.iloc[:: len(data) // 1000 + 1]
    line = (
        alt.Chart(data)
        .mark_area(line={"color": BLUE, "strokeWidth": 2}, color=BLUE, fillOpacity=0.12, interpolate="monotone")
        .encode(
            x=alt.X("loss:Q", title=f"loss in a year, {currency}", axis=_money_axis()),
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
    halo = labels.mark_text(align="left", dx=5, fontSize=11, stroke="white", strokeWidth=4)
    texts = labels.mark_text(align="left", dx=5, fontSize=11, color=INK)
    return _styled(alt.layer(line, rules, halo, texts).properties(width=width, height=200))


def heat_map(counts: pd.DataFrame, *, rows: Sequence[str], columns: Sequence[str], width: int = 640) -> alt.LayerChart:
    """Counts of responsibilities: ``counts`` has ``row``, ``column``, ``count``; the lists fix the order."""
    base = alt.Chart(counts).encode(
        x=alt.X(
            "column:N", sort=list(columns), title=None, axis=alt.Axis(labelAngle=-45, labelLimit=160, orient="top")
        ),
        y=alt.Y(
            "row:N", sort=list(rows), scale=alt.Scale(domain=list(rows)), title=None, axis=alt.Axis(labelLimit=220)
        ),
        tooltip=["row:N", "column:N", "count:Q"],
    )
    most = float(counts["count"].max()) if len(counts) else 1.0
    cells = base.mark_rect(stroke="white").encode(
        color=alt.Color(
            "count:Q", scale=alt.Scale(scheme="blues", domain=[0, most]), legend=alt.Legend(title="responsibilities")
        )
    )
    texts = base.mark_text(fontSize=10).encode(
        text="count:Q", color=alt.condition(alt.datum.count > most * 0.55, alt.value("white"), alt.value(INK))
    )
    return _styled(alt.layer(cells, texts).properties(width=width, height=alt.Step(22)))


def responsibility_map(
    responsibilities: pd.DataFrame,
    contracts: pd.DataFrame,
    *,
    titles: Mapping[str, str] | None = None,
    width: int = 640,
) -> alt.LayerChart:
    """The customer's responsibilities, categories by agreements: a portfolio's frames in, ``heat_map`` out.

    ``titles`` maps category ids to what people call them and fixes the order: what it names and no agreement has stays
    visible as an empty row; what it does not name and some agreement has comes last. Duties of the provider alone are
    not counted.
    """
    ours = responsibilities[responsibilities["party"].isin(["customer", "both"])]
    files = contracts.set_index("contract_id")["file"].map(lambda f: str(f).rsplit("/", 1)[-1])
    found = {c: str(c).replace("_", " ") for c in sorted(ours["category"].unique())}
    names = {**(titles or {}), **{c: name for c, name in found.items() if c not in (titles or {})}}
    counts = ours.groupby(["category", "contract_id"]).size().rename("count").reset_index()
    counts = counts.assign(row=counts["category"].map(names), column=counts["contract_id"].map(files))
    return heat_map(counts, rows=list(names.values()), columns=sorted(files), width=width)


def short_amount(value: float) -> str:
    """Three significant figures with k, M or bn: 12_345_678 → "12.3 M"; below a thousand, whole units."""
    for size, unit in ((1e9, " bn"), (1e6, " M"), (1e3, " k")):
        if abs(value) >= size * 0.9995:
            scaled = value / size
            return f"{scaled:.{max(0, 3 - len(str(int(abs(scaled)))))}f}{unit}"
    return f"{value:.0f}"


def svg(chart: alt.TopLevelMixin, *, label: str, prefix: str) -> str:
    """The chart as one inline ``<svg>`` that scales with its column.

    ``label`` is what a screen reader says. ``prefix`` makes the ids unique among several charts on one page.
    """
    out = io.StringIO()
    chart.save(out, format="svg")
    text = out.getvalue()
    text = re.sub(r' (aria-[a-z]+|role)="[^"]*"', "", text)  # the outer label speaks for the whole picture
    # Ids count on over the life of the process: numbered anew they are unique on the page and the same every time.
    names = {found: f"{prefix}-{k}" for k, found in enumerate(dict.fromkeys(re.findall(r'\bid="([^"]+)"', text)))}
    text = re.sub(r'(\bid="|url\(#|href="#)([^")]+)', lambda m: m.group(1) + names.get(m.group(2), m.group(2)), text)
    head = re.search(r"<svg[^>]*>", text)
    if head is None:
        raise ValueError("the chart gave no <svg> element")
    width = re.search(r'\bwidth="([\d.]+)"', head.group(0))
    box = re.search(r'\bviewBox="[^"]+"', head.group(0))
    new = (
        f'<svg class="chart" role="img" '
        f'aria-label="{html.escape(label)}" width="{width.group(1) if width else 640}" {box.group(0) if box else ""}>'
    )
    return new + text[head.end() :]


def _money_axis() -> alt.Axis:
    return alt.Axis(format="~s", tickCount=5, labelExpr="datum.value == 0 ? '0' : replace(datum.label, 'G', 'bn')")


def _styled(chart: Any) -> alt.LayerChart:
    return (
        chart.configure(font=FONT, background="transparent")
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=INK,
            titleColor=SOFT,
            gridColor=GRID,
            domainColor=GRID,
            tickColor=GRID,
            labelFontSize=11,
            titleFontSize=11,
            titleFontWeight="normal",
        )
        .configure_axisY(grid=False, domain=False, ticks=False, labelPadding=8)
        .configure_legend(labelColor=INK, labelFontSize=11, titleColor=SOFT, titleFontSize=11, titleFontWeight="normal")
    )

"""What all charts share: colours, axes, how amounts are written, and SVG without script."""

from __future__ import annotations

import html
import io
import re
from typing import Any

import altair as alt
import pandas as pd

# Okabe-Ito: told apart by every common form of colour blindness; blue and amber also differ in grey (L 46 and 72).
BLUE, AMBER, VERMILION, INK, SOFT, GRID = "#0072b2", "#e69f00", "#d55e00", "#1f2933", "#5b6770", "#e4e7eb"
FONT = "Helvetica, Arial, sans-serif"
EXPECTED, P95 = "expected", "95th percentile"
TOP = 20


def in_one(rows: pd.DataFrame, currency: str) -> pd.DataFrame:
    """The rows in ``currency``: amounts of several on one axis would be no amounts at all."""
    return rows[rows["currency"] == currency] if "currency" in rows else rows


def for_notebooks() -> None:
    """Charts as pictures without script (they draw offline and in an exported notebook), frames that show whole
    sentences and amounts in full (1,234,568), and "$1 and $2" as they are instead of as formulas."""
    alt.renderers.enable("svg")
    pd.set_option("display.html.use_mathjax", False)
    pd.set_option("display.max_colwidth", 400)
    pd.set_option("display.float_format", lambda x: f"{x:,.0f}" if abs(x) >= 1000 else f"{x:.2f}")


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


def money_axis() -> alt.Axis:
    return alt.Axis(format="~s", tickCount=5, labelExpr="datum.value == 0 ? '0' : replace(datum.label, 'G', 'bn')")


def styled(chart: Any) -> alt.LayerChart:
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

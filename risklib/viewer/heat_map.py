"""A heat map whose cells filter the evidence below it, for notebooks (extra ``notebooks``)."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

import altair as alt
import ipywidgets
import pandas as pd

from risklib.charts.duties import in_cells, responsibility_map
from risklib.portfolio import Portfolio

ROWS = 40  # of the evidence table
COLUMNS = ("column", "row", "text", "deadline", "clarity", "page")


def linked_map(
    portfolio: Portfolio, *, titles: Mapping[str, str] | None = None, by_vendor: bool = False
) -> ipywidgets.VBox:
    """``charts.responsibility_map`` with the sentences of the picked cell below it; a click on a cell picks it, a
    double click all again. ``titles`` as there; ``by_vendor``: a column for each vendor instead of each file."""
    alt.JupyterChart.enable_offline()
    deals = portfolio.deals if by_vendor else None
    cells = in_cells(portfolio.responsibilities, portfolio.contracts, titles=titles, deals=deals)
    drawn = responsibility_map(portfolio.responsibilities, portfolio.contracts, titles=titles, deals=deals)
    chart, table = alt.JupyterChart(drawn), ipywidgets.HTML(evidence(cells))

    def picked(change: Mapping[str, Any]) -> None:
        table.value = evidence(in_picked(cells, change["new"].value))

    chart.selections.observe(picked, ["cell"])
    return ipywidgets.VBox([chart, table])


def in_picked(cells: pd.DataFrame, picked: list[Mapping[str, Any]]) -> pd.DataFrame:
    """The rows of the cells that were picked; all where none is. ``picked``: what a point selection holds."""
    pairs = {(p.get("row"), p.get("column")) for p in picked or ()}
    if not pairs:
        return cells
    return cells[[pair in pairs for pair in zip(cells["row"], cells["column"], strict=True)]]


def evidence(cells: pd.DataFrame) -> str:
    """An HTML table of sentences, every cell escaped and kept from the notebook's formula setter."""
    shown = cells[list(COLUMNS)].head(ROWS)
    head = "".join(
        f"<th style='text-align:left'>{html.escape(c)}</th>" for c in ("agreement", "category", *COLUMNS[2:])
    )
    body = "".join(
        "<tr>" + "".join(f"<td style='text-align:left;vertical-align:top'>{_cell(v)}</td>" for v in r) + "</tr>"
        for r in shown.itertuples(index=False)
    )
    more = f", the first {ROWS}" if len(cells) > ROWS else ""
    return (
        f"<div class='tex2jax_ignore mathjax_ignore'><p>{len(cells)} responsibilities{more}</p>"
        f"<div style='max-height:320px;overflow:auto'><table class='evidence'><tr>{head}</tr>{body}</table></div></div>"
    )


def _cell(value: Any) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return ""
    return html.escape(f"{value:.2f}" if isinstance(value, float) else str(value))

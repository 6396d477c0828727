"""Frames in, altair charts out: one idea each, units on the axes, readable by the colour-blind and in grey.

The same functions serve report and notebook. They aggregate before they draw (altair refuses more than 5,000 rows) and
compute no figure of their own: expected losses may be added up, 95th percentiles never are, so callers pass the totals.
``svg`` turns a chart into a standalone ``<svg>`` element without script, offline.
"""

from __future__ import annotations

from risklib.charts.duties import clarity, heat_map, responsibility_map, responsibility_matrix, version_drift
from risklib.charts.money import caps_against_fees, exposure_bars, loss_curve, tornado
from risklib.charts.style import EXPECTED, P95, TOP, for_notebooks, short_amount, svg
from risklib.charts.terms import timeline

__all__ = [
    "EXPECTED", "P95", "TOP", "caps_against_fees", "clarity", "exposure_bars", "for_notebooks", "heat_map",
    "loss_curve",
    "responsibility_map", "responsibility_matrix", "short_amount", "svg", "timeline", "tornado", "version_drift",
]  # fmt: skip

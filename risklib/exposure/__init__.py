"""Exposure: provisions, deal facts and assumptions become money, every figure with its formula and operands.

``price`` gives one ``Exposure`` for each of the fifteen components of a contract, ``explain`` prints its
arithmetic, ``annual_losses`` gives the simulated years, ``aggregate`` adds contracts up to vendors and a portfolio,
``what_if`` changes terms and ``sensitivity`` assumptions."""

from __future__ import annotations

from risklib.exposure.components import COMPONENTS
from risklib.exposure.explain import explain, is_illustrative, is_overdue
from risklib.exposure.pricing import annual_losses, price
from risklib.exposure.results import Summary, summary
from risklib.exposure.terms import Basis, Contract
from risklib.exposure.totals import Left, Totals, aggregate
from risklib.exposure.whatif import VALUES, Change, Difference, Swing, changed, sensitivity, what_if

__all__ = [
    "COMPONENTS", "VALUES", "Basis", "Change", "Contract", "Difference", "Left", "Summary", "Swing", "Totals",
    "aggregate", "annual_losses", "changed", "explain", "is_illustrative", "is_overdue", "price", "sensitivity",
    "summary", "what_if",
]  # fmt: skip

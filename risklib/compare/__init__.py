"""Agreements compared with each other, with the playbook, with the market, and with their own earlier drafts."""

from risklib.compare.market import market
from risklib.compare.negotiation import negotiation
from risklib.compare.positions import deviations, gaps
from risklib.compare.sides import Comparison, compare
from risklib.compare.symmetry import carriers, matrix, symmetry
from risklib.compare.versions import Versions, changes, versions

__all__ = [
    "Comparison", "Versions", "carriers", "changes", "compare", "deviations", "gaps", "market", "matrix", "negotiation",
    "symmetry", "versions",
]  # fmt: skip

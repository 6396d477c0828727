"""Agreements compared with each other, with the playbook, with the market, and with their own earlier drafts."""

from risklib.compare.market import market
from risklib.compare.positions import deviations, gaps
from risklib.compare.sides import Comparison, compare
from risklib.compare.symmetry import carriers, matrix, symmetry

__all__ = ["Comparison", "carriers", "compare", "deviations", "gaps", "market", "matrix", "symmetry"]

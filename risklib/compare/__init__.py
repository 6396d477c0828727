"""Agreements compared with each other, with the playbook, with the market, and with their own earlier drafts."""

from risklib.compare.positions import deviations, gaps
from risklib.compare.sides import Comparison, compare

__all__ = ["Comparison", "compare", "deviations", "gaps"]

"""Exposure: provisions, deal facts and assumptions become money, every figure with its formula and operands.

``price`` gives one ``Exposure`` for each of the fifteen components of a contract.
"""

from __future__ import annotations

from risklib.exposure.components import COMPONENTS
from risklib.exposure.pricing import annual_losses, price

__all__ = ["COMPONENTS", "annual_losses", "price"]

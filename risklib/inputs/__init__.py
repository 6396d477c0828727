"""The three CSVs that people keep: deal facts, assumptions, exchange rates. Read, checked, never repaired.

Every fault names file, line and column, what was found and what is allowed. All faults of a file are collected; the
``BadData`` that is raised tells the first one and how many more there are (``faults`` lists them all).
"""

from __future__ import annotations

from risklib.inputs.assumptions import Assumptions, default_folder, is_overdue, load_assumptions
from risklib.inputs.deals import DEAL_COLUMNS, deal_for, load_deals, rows_without_file
from risklib.inputs.rates import Rates, load_rates
from risklib.inputs.reviews import overdue
from risklib.inputs.tables import currencies, money_unit

__all__ = [
    "DEAL_COLUMNS", "Assumptions", "Rates", "currencies", "deal_for", "default_folder", "is_overdue",
    "load_assumptions", "load_deals", "load_rates", "money_unit", "overdue", "rows_without_file",
]  # fmt: skip

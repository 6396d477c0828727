"""Search over the clauses of a portfolio by words, by meaning and by what was found in them, together.

``passages`` cuts the tables' clauses, ``textindex`` (BM25) and ``vectors`` (meaning) look through them, ``query`` says
what is asked for, ``rank`` weighs, ``index`` puts these together, ``filters`` narrows, ``tables`` serves a portfolio.
"""

from __future__ import annotations

from risklib.search.index import Hit, Search
from risklib.search.passages import Finding, Passage
from risklib.search.tables import COLUMNS, Finder

__all__ = ["COLUMNS", "Finder", "Finding", "Hit", "Passage", "Search"]

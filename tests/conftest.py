"""What several test files share: the sample portfolio, analysed once a session."""

from __future__ import annotations

from pathlib import Path

import pytest

from risklib import Portfolio, analyze

DATA = Path(__file__).resolve().parents[1] / "data"


@pytest.fixture(scope="session")
def samples() -> Portfolio:
    """The whole of data/agreements (some 15 agreements, one of them scanned): half a minute on two cores."""
    return analyze(
        DATA / "agreements", facts=DATA / "portfolio.csv", rates=DATA / "rates.csv", as_of="2026-11-01", timeout=300
    )

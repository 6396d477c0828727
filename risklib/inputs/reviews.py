"""What nobody looked at for long: one sentence for each assumption or set of rates whose review is overdue."""

from __future__ import annotations

from datetime import date
from typing import Any

from risklib.inputs.assumptions import REVIEW_DAYS, Assumptions
from risklib.inputs.rates import RATE_DAYS, Rates


def overdue(inputs: Any, on: date) -> list[str]:
    """With file and line; empty for inputs that carry no review date (deal facts)."""
    if isinstance(inputs, Rates) and inputs.overdue(on):
        return [
            f"{inputs.source}: these rates are of {inputs.on}, more than {RATE_DAYS} days before {on}; give newer ones"
        ]
    rows = inputs.overdue(on) if isinstance(inputs, Assumptions) else ()
    return [
        f"{r.file}:{r.line}: {r.id} was "
        + (
            f"last reviewed on {r.reviewed_on}, more than {REVIEW_DAYS} days before {on}"
            if r.reviewed_on
            else "never reviewed"
        )
        + "; review it and write the day into reviewed_on"
        for r in rows
    ]

"""An exposure as a person would write it down: the amounts, the arithmetic line by line, and where each number
comes from."""

from __future__ import annotations

import re
from decimal import Decimal

from risklib.exposure.arithmetic import shown
from risklib.records import Exposure, Operand

_ONE = re.compile(r"^(event|day|month|time)s\b")
ILLUSTRATIVE, OVERDUE = "; illustrative", "; review overdue"


def explain(exposure: Exposure) -> str:
    """Several lines of text. Clauses appear by clause_id; the operands carry the offsets."""
    e = exposure
    title = e.component.replace("_", " ")
    if e.status != "scored":
        return f"{title}: not scored\n  {e.reason}"
    if not e.operands:
        return f"{title}: {_money(e.likely, e)} a {e.per}\n  {e.reason}"
    lines = [f"{title}: {_money(e.likely, e)} a {e.per} is likely (low {_money(e.low, e)}, high {_money(e.high, e)})"]
    if e.expected is not None:
        most = f"stay within {_money(e.p95, e)}" if e.p95 else "bring no loss"
        lines.append(f"  simulated: {_money(e.expected, e)} expected on average; nineteen years of twenty {most}")
        if e.p95 and e.high is not None and e.p95 > e.high:
            lines.append("  a bad year is above the high case, which weighs what may happen by its chance")
    lines += ["  the likely case:", *(f"    {line}" for line in e.formula.split("\n")), "  where"]
    lines += [f"    {_operand(o)}" for o in e.operands]
    if e.reason:
        lines += [f"  note: {note}" for note in e.reason.split("; ")]
    return "\n".join(lines)


def _money(amount: Decimal | None, e: Exposure) -> str:
    return "unknown" if amount is None else f"{amount:,} {e.currency}"


def _operand(o: Operand) -> str:
    where = f"clause {o.clause_id}" if o.origin == "provision" else f"{o.origin} {o.source}"
    return f"{o.name}: {_figure(o)} ({where})"


def _figure(o: Operand) -> str:
    """The operand's figure with its unit: 5 %, 8 % a year, 5 % of the annual fees, 1,200 EUR, 12 months."""
    if not isinstance(o.value, Decimal):
        return str(o.value)
    if o.unit == "share of annual fees":
        return f"{shown(o.value, o.unit)} of the annual fees"
    if o.unit.startswith(("share", "chance")):
        return shown(o.value, o.unit) + o.unit.removeprefix("share").removeprefix("chance")
    plain = shown(o.value, "")
    if o.unit == "rate":
        return plain
    unit = (
        o.unit.replace("events ", "event ").replace("days", "day").replace("months", "month")
        if o.value == 1
        else o.unit
    )
    return f"{plain} {unit}".rstrip()


def is_illustrative(exposure: Exposure) -> bool:
    """Whether any figure rests on a shipped, illustrative assumption."""
    return any(ILLUSTRATIVE in (o.source or "") for o in exposure.operands)


def is_overdue(exposure: Exposure) -> bool:
    """Whether any figure rests on an assumption whose review is overdue."""
    return any(OVERDUE in (o.source or "") for o in exposure.operands)

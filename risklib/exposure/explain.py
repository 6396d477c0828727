"""An exposure as a person would write it down: the amounts, the arithmetic line by line, and where each number
comes from."""

from __future__ import annotations

from decimal import Decimal

from risklib.records import Exposure, Operand

ILLUSTRATIVE, OVERDUE = "; illustrative", "; review overdue"


def explain(exposure: Exposure) -> str:
    """Several lines of text. Clauses appear by clause_id; the operands carry the offsets."""
    e = exposure
    title = e.component.replace("_", " ")
    if e.status != "scored":
        return f"{title}: not scored\n  {e.reason}"
    lines = [f"{title}: {_money(e.likely, e)} a {e.per} is likely (low {_money(e.low, e)}, high {_money(e.high, e)})"]
    if e.expected is not None:
        lines.append(
            f"  simulated: {_money(e.expected, e)} expected; nineteen years of twenty stay within {_money(e.p95, e)}"
        )
    if e.operands:
        lines += ["  the likely case:", *(f"    {line}" for line in e.formula.split("\n")), "  where"]
        lines += [f"    {_operand(o)}" for o in e.operands]
    if e.reason:
        lines += [f"  note: {note}" for note in e.reason.split("; ")]
    return "\n".join(lines)


def _money(amount: Decimal | None, e: Exposure) -> str:
    return "unknown" if amount is None else f"{amount:,} {e.currency}"


def _operand(o: Operand) -> str:
    value = f"{o.value:,f}" if isinstance(o.value, Decimal) else str(o.value)
    value = value.rstrip("0").rstrip(".") if "." in value and isinstance(o.value, Decimal) else value
    where = f"clause {o.clause_id}" if o.origin == "provision" else f"{o.origin} {o.source}"
    return f"{o.name}: {value}{' ' + o.unit if o.unit else ''} ({where})"


def is_illustrative(exposure: Exposure) -> bool:
    """Whether any figure rests on a shipped, illustrative assumption."""
    return any(ILLUSTRATIVE in (o.source or "") for o in exposure.operands)


def is_overdue(exposure: Exposure) -> bool:
    """Whether any figure rests on an assumption whose review is overdue."""
    return any(OVERDUE in (o.source or "") for o in exposure.operands)

"""One contract, priced: an ``Exposure`` for each component, scored or unscored."""

from __future__ import annotations

import numpy as np

from risklib.exposure.arithmetic import HIGH, LIKELY, LOW, cents
from risklib.exposure.components import COMPONENTS, build
from risklib.exposure.model import Model
from risklib.exposure.results import Array
from risklib.exposure.simulate import Seen, losses
from risklib.exposure.terms import Basis, Case, Contract, Missing
from risklib.records import Exposure


def price(contract: Contract, basis: Basis) -> tuple[Exposure, ...]:
    """One ``Exposure`` for each component, in the order of ``COMPONENTS``; amounts a contract year, in the deal's
    currency.

    ``low``, ``likely``, ``high`` are the scenario (exact, rounded to the currency's smallest unit, halves up);
    ``expected`` and ``p95`` come from ``basis.trials`` simulated years. A component whose clause was not found is a
    scored zero and its reason says so; one that lacks an operand is unscored, without amounts, and its reason says
    what to ask or give. For scored components ``reason`` holds notes (which of several clauses is used, what no
    clause limits), or None."""
    case, seen = Case.of(contract, basis), Seen()
    rows = tuple(_exposure(name, case, basis, seen) for name in COMPONENTS)
    return tuple(_doubted(e, contract) for e in rows) if contract.half_read else rows


def _doubted(e: Exposure, contract: Contract) -> Exposure:
    """Unknown is never zero: where pages could not be read, a clause that was not found may stand on them."""
    if e.status != "scored" or (e.operands and contract.provisions):
        return e
    reason = f"the agreement could not be read whole ({contract.half_read}), so a clause may be missing"
    return Exposure(e.component, "unscored", reason, e.currency)


def _exposure(component: str, case: Case, basis: Basis, seen: Seen) -> Exposure:
    model = build(component, case)
    if isinstance(model, Missing):
        currency = case.deal.currency if case.deal else None
        return Exposure(component, "unscored", str(model), currency)
    if isinstance(model, str):
        zero = cents(0.0, case.currency)
        return Exposure(component, "scored", model, case.currency, zero, zero, zero, zero, zero, formula="nothing")
    try:
        return _scored(model, case, basis, seen)
    except (ArithmeticError, ValueError):  # a rate of a million per cent, compounded
        reason = "the operands give no sensible sum; check the numbers of the clause and of the facts"
        return Exposure(component, "unscored", reason, model.currency, operands=model.operands())


def _scored(model: Model, case: Case, basis: Basis, seen: Seen) -> Exposure:
    low, likely, high = (cents(model.scenario(level), model.currency) for level in (LOW, LIKELY, HIGH))
    reason = "; ".join(dict.fromkeys((*model.notes, *_converted(model)))) or None
    drawn = losses(model, case.contract_id, basis, seen)
    expected, p95 = (cents(x, model.currency) for x in drawn.expected_and_p95())
    return Exposure(
        model.component, "scored", reason, model.currency, low, likely, high, expected, p95,
        formula=model.formula(), operands=model.operands(),
    )  # fmt: skip


def _converted(model: Model) -> tuple[str, ...]:
    """Notes about clauses in another currency than the facts': one of the two may be wrong."""
    other = {(o.clause_id, o.unit) for o in model.operands() if o.origin == "provision" and len(o.unit) == 3}
    return tuple(
        f"clause {clause} is in {unit}, the facts say {model.currency}: converted; is the currency of the facts right?"
        for clause, unit in sorted(other, key=str)
        if unit.isupper() and unit != model.currency
    )


def annual_losses(contract: Contract, basis: Basis) -> dict[str, Array]:
    """The simulated loss of each year by component, in the deal's currency; unscored components are left out.

    The same years as those of ``price`` with the same arguments; year k of one contract goes with year k of another, so
    arrays of several contracts may be added.
    """
    case, seen = Case.of(contract, basis), Seen()
    models = {name: build(name, case) for name in COMPONENTS}
    return {
        name: np.zeros(basis.trials)
        if isinstance(m, str)
        else losses(m, contract.contract_id, basis, seen).of_every_year()
        for name, m in models.items()
        if not isinstance(m, Missing)
    }

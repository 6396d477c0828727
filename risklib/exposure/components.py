"""The fifteen components, in the order of the reports, and how one is built from a case."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from risklib.exposure import fees, harms
from risklib.exposure.model import Model
from risklib.exposure.terms import Case, Missing

COMPONENTS: Mapping[str, Callable[[Case], Model | str]] = {
    "late_payment": fees.late_payment,
    "overage": fees.overage,
    "early_termination": fees.early_termination,
    "auto_renewal": fees.auto_renewal,
    "price_increase": fees.price_increase,
    "minimum_commitment": fees.minimum_commitment,
    "liquidated_damages": fees.liquidated_damages,
    "audit": fees.audit,
    "suspension": harms.suspension,
    "termination_for_breach": harms.termination_for_breach,
    "remediation": harms.remediation,
    "regulatory": harms.regulatory,
    "customer_liability": harms.customer_liability,
    "indemnity_given": harms.indemnity_given,
    "unrecovered_loss": harms.unrecovered_loss,
}


def build(component: str, case: Case) -> Model | str | Missing:
    """The component's model; or why it is nothing (a sentence); or what is missing for it."""
    try:
        found = COMPONENTS[component](case)
        if isinstance(found, str):
            case.currency  # noqa: B018  (a zero is an amount too: without a currency it stays unscored)
        return found
    except Missing as missing:
        return missing

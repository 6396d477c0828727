"""Round figures for the tests of the exposure model, and short ways to write provisions, facts and assumptions."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from risklib.inputs import Assumptions, Rates
from risklib.records import Assumption, Deal, Exposure, Provision

AS_OF = date(2026, 11, 22)
RATES = Rates(date(2026, 11, 1), "EUR", {"EUR": Decimal(1), "USD": Decimal("1.25"), "GBP": Decimal("0.8")}, "rates.csv")
EVENTS, CHANCE, TIMES, OF_FEES = "events a year", "chance a year", "times a year", "share of annual fees"

# every parameter with one round figure and its unit
FIGURES: dict[str, tuple[Any, str]] = {
    "late_payment.share_late": (0.1, "share"), "late_payment.days_late": (30, "days"), "late_payment.invoices": (12, TIMES),
    "late_payment.collection": (0.02, "share"), "overage.overuse": (0.05, "share"),
    "early_termination.chance": (0.1, CHANCE), "auto_renewal.chance": (0.2, CHANCE), "auto_renewal.unwanted": (0.5, "share"),
    "price_increase.increase": (0.06, "share"), "minimum_commitment.shortfall": (0.1, "share"),
    "liquidated_damages.frequency": (2, EVENTS), "liquidated_damages.days": (73, "days"),
    "audit.chance": (0.5, CHANCE), "audit.shortfall": (0.1, "share"), "audit.cost": (0.05, OF_FEES),
    "suspension.chance": (0.4, CHANCE), "suspension.days": (3, "days"), "suspension.halving": (30, "days"),
    "termination_for_breach.chance": (0.2, CHANCE), "termination_for_breach.halving": (30, "days"),
    "termination_for_breach.switching": (0.5, OF_FEES), "termination_for_breach.days": (10, "days"),
    "remediation.frequency": (2, EVENTS), "remediation.cost": (0.1, OF_FEES),
    "regulatory.chance": (0.1, CHANCE), "regulatory.fine": (50_000, "EUR"), "regulatory.notification": (2, "EUR a record"),
    "customer_liability.frequency_ip": (0.5, EVENTS), "customer_liability.frequency_data": (0.25, EVENTS),
    "customer_liability.frequency_other": (0.5, EVENTS), "customer_liability.severity": (2, OF_FEES),
    "customer_liability.direct": (0.6, "share"), "indemnity_given.frequency": (0.5, EVENTS),
    "indemnity_given.severity": (1, OF_FEES), "indemnity_given.defence": (0.5, OF_FEES),
    "unrecovered_loss.frequency_outage": (2, EVENTS), "unrecovered_loss.days_down": (1, "days"),
    "unrecovered_loss.frequency_breach": (0.5, EVENTS), "unrecovered_loss.breach": (3, OF_FEES),
    "unrecovered_loss.record": (10, "EUR a record"), "unrecovered_loss.indirect": (0.4, "share"),
    "common.day_value": (0.01, OF_FEES), "common.affected_share": (0.5, "share"),
    "dependence.cloud_outage": (0, "share"), "dependence.payment_crunch": (0, "share"),
    "late_payment.base_rate": (0.04, "share"),
}  # fmt: skip


def assumptions(units: dict[str, str] | None = None, **figures: Any) -> Assumptions:
    """FIGURES with some replaced: ``late_payment__days_late=(5, 15, 45)`` or one number; units replaced by unit."""
    rows = []
    for line, (id, (figure, unit)) in enumerate(FIGURES.items(), start=2):
        given = figures.get(id.replace(".", "__"), figure)
        low, likely, high = given if isinstance(given, tuple) else (given,) * 3
        component, parameter = id.split(".")
        unit = (units or {}).get(unit, unit)
        rows.append(Assumption(id, component, parameter, low, likely, high, unit, "test", AS_OF, False, "a.csv", line))
    return Assumptions(tuple(rows))


def deal(**facts: Any) -> Deal:
    """120,000 EUR a year for 36 months from 2026-01-01 (26 months left), with some facts replaced or added."""
    plain = {
        "vendor": "Vendor",
        "annual_fees": Decimal(120_000),
        "currency": "EUR",
        "start": date(2026, 1, 1),
        "term_months": Decimal(36),
    }
    plain |= {k: v for k, v in facts.items() if k in plain}
    extra = {k: Decimal(v) for k, v in facts.items() if k not in plain}
    return Deal("a.pdf", 2, "facts.csv", extra=extra, **plain)


def p(
    provision: str, party: str = "customer", confidence: float = 0.9, clause: str = "c0001", **values: Any
) -> Provision:
    return Provision(clause, 10, 20, provision, party, confidence, "test", values)


def one(rows: tuple[Exposure, ...], component: str) -> Exposure:
    return next(e for e in rows if e.component == component)

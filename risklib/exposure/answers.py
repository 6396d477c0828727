"""Which component prices what follows from which provision: from a duty's consequence to its money."""

from __future__ import annotations

from collections.abc import Mapping

COMPONENT_OF: Mapping[str, str] = {
    "late_payment": "late_payment",
    "overage": "overage",
    "early_termination_fee": "early_termination",
    "auto_renewal": "auto_renewal",
    "price_increase": "price_increase",
    "minimum_commitment": "minimum_commitment",
    "liquidated_damages": "liquidated_damages",
    "audit_right": "audit",
    "suspension": "suspension",
    "termination_for_cause": "termination_for_breach",
    "remedial_action": "remediation",
    "uncapped_liability": "customer_liability",
    "indemnification": "indemnity_given",
}

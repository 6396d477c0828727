"""Components that befall: suspension, termination, measures, fines, claims against the customer, losses it cannot
recover."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from risklib.exposure.arithmetic import ONE, ZERO, Expr, Quantity, least, named, number, power
from risklib.exposure.fees import Found, beside_commitment, business_days, fees_due_on_exit
from risklib.exposure.filters import (
    Claims,
    Stance,
    claims_of,
    liability_year,
    per_event,
    recovery_year,
    sharing,
    stance,
)
from risklib.exposure.model import Kind, Model, kind
from risklib.exposure.terms import (
    Case,
    also,
    assume,
    fact,
    fees,
    money_term,
    needed,
    number_of,
    per_fees,
    provisions_of,
    term,
    with_number,
)
from risklib.records import CUSTOMER, PROVIDER, Provision

HALF = number(Decimal("0.5"))
OWN_BREACH = "breaches on the own side"


def day_value(case: Case) -> Expr:
    """What a day without the service costs: the facts' figure, else a share of the fees."""
    return fact(case, "downtime_value_per_day", "value of a day", case.currency) or named(
        "value of a day", per_fees(case, "common", "day_value", "share of the fees that a day is worth")
    )


def _chance_after(case: Case, component: str, used: Provision | None, name: str) -> Expr:
    """The chance, halved by every so many days of notice and cure."""
    chance = assume(case, component, "chance", name)
    days = (
        [
            term(used, key, words, "days")
            for key, words in (("notice_days", "days of notice"), ("cure_days", "days of cure"))
        ]
        if used
        else []
    )
    given = [d for d in days if d is not None]
    if not given:
        return chance
    halving = assume(case, component, "halving", "days that halve the chance")
    return named(
        "chance after notice and cure", chance * power(HALF, sum(given[1:], given[0]) / halving), "chance a year"
    )


def suspension(case: Case) -> Found:
    """Access suspended: days × value of a day. Notice and cure lower the chance, not the days."""
    found = provisions_of(case, "suspension", PROVIDER)
    if not found:
        return "no right of the provider to suspend found"
    used = with_number(found, "notice_days", "cure_days")
    chance = _chance_after(case, "suspension", used, "chance of a suspension")
    cost = assume(case, "suspension", "days", "days suspended") * day_value(case)
    notes = also(found, [used], "notice") or (() if used else ("no notice or cure period stated",))
    notes += business_days([used])
    return Model("suspension", case.currency, (kind("suspension", cost, chance, shock="payment_crunch"),), notes=notes)


def termination_for_breach(case: Case) -> Found:
    """The provider ends the contract for the customer's breach: moving, downtime, and fees that stay due."""
    found = provisions_of(case, "termination_for_cause", PROVIDER)
    if not found:
        return "no right of the provider to terminate for breach found"
    used = with_number(found, "cure_days", "notice_days")
    chance = _chance_after(case, "termination_for_breach", used, "chance of a termination")
    moving = fact(case, "switching_cost", "cost of switching", case.currency) or named(
        "cost of switching",
        per_fees(case, "termination_for_breach", "switching", "cost of switching, as a share of the fees"),
    )
    cost = moving + assume(case, "termination_for_breach", "days", "days without service") * day_value(case)
    notes = also(found, [used], "cure period") or (() if used else ("no cure period stated",))
    notes += business_days([used])
    due = provisions_of(case, "early_termination_fee", CUSTOMER)
    if due:
        fees_due, counted = beside_commitment(case, fees_due_on_exit(case, due))
        cost, notes = cost + fees_due, notes + counted
    else:
        notes += ("no clause keeps fees due after it",)
    return Model("termination_for_breach", case.currency, (kind("termination", cost, chance),), notes=notes)


def remediation(case: Case) -> Found:
    """A measure or audit that the provider can impose after non-compliance."""
    found = provisions_of(case, "remedial_action", PROVIDER)
    if not found:
        return "no right of the provider to impose measures found"
    used = with_number(found, "amount")
    cost = money_term(case, used, used.values, "cost stated") if used else None
    cost = cost or per_fees(case, "remediation", "cost", "cost of the measure")
    often = assume(case, "remediation", "frequency", "measures a year")
    return Model(
        "remediation", case.currency, (kind("measure", cost, often),), notes=also(found, [used or found[0]], "measure")
    )


def regulatory(case: Case) -> Found:
    """A breach on the customer's side: fine and notification. Only a provider's indemnity for fines would cover it."""
    fine = per_fees(case, "regulatory", "fine", "fine")
    telling = needed(case, "records_held", "records held", "records") * assume(
        case, "regulatory", "notification", "cost of telling one person"
    )
    cost = fine + named("cost of telling all", telling)
    chance = assume(case, "regulatory", "chance", "chance of a breach on the own side")
    given = provisions_of(case, "indemnification", PROVIDER)  # not one of both: then each side bears its own fines
    covers = [p for p in given if p.party == PROVIDER and "regulatory" in claims_of(p.values.get("covers"))]
    if not covers:
        note = "rests on assumptions only, and the provider covers none of it"
        return Model("regulatory", case.currency, (kind(OWN_BREACH, cost, chance),), notes=(note,))
    s = stance(case, PROVIDER, ("regulatory", "indemnity"))
    stances = {OWN_BREACH: s}
    others, first = sharing(_failures(case)[0], stances, "unrecovered_loss")
    kinds = (kind(OWN_BREACH, {"loss": cost, "claim": per_event(cost, s)}, chance), *others)
    notes = (
        f"the provider covers fines by clause {covers[0].clause_id}",
        *s.notes,
        *_served(first, "unrecovered_loss"),
    )
    return Model("regulatory", case.currency, kinds, recovery_year(stances, first), notes, s.shown_too)


def _served(first: Mapping[str, Stance], component: str) -> tuple[str, ...]:
    return (f"one cap serves this and {component}, which is served first",) if first else ()


# ---------------------------------------------------------------- claims against the customer


# What the provider may claim: the parameter's ending, how it reads, and the claim's names, most exact first.
AGAINST_CUSTOMER = (
    ("ip", "claims over licence and intellectual property", ("ip",)),
    ("data", "claims over confidentiality and data", ("confidentiality", "data_breach")),
    ("other", "other claims", ("other",)),
)


def customer_liability(case: Case) -> Found:
    """Claims of the provider for breach, through the customer's own exclusion and cap."""
    kinds, stances = _claims_for_breach(case)
    return Model("customer_liability", case.currency, kinds, liability_year(stances), _notes(stances), _too(stances))


def _claims_for_breach(case: Case) -> Claims:
    """Kept: indemnity_given needs them, too."""
    if "claims" not in case.memo:
        case.memo["claims"] = _claims(case)
    found: Claims = case.memo["claims"]
    return found


def _claims(case: Case) -> Claims:
    stances: dict[str, Stance] = {}
    kinds: list[Kind] = []
    severity = per_fees(case, "customer_liability", "severity", "size of a claim")
    direct = assume(case, "customer_liability", "direct", "share of direct damage")
    for ending, name, claims in AGAINST_CUSTOMER:
        s = stances[name] = stance(case, CUSTOMER, claims)
        size = named("direct part of a claim", severity * direct) if s.excluded else severity
        often = assume(case, "customer_liability", f"frequency_{ending}", f"{name} a year")
        kinds.append(kind(name, per_event(size, s), often))
    return tuple(kinds), stances


def indemnity_given(case: Case) -> Found:
    """Third-party claims that the customer covers, cut by what customer_liability leaves of its cap, unless the cap
    does not apply to them."""
    found = provisions_of(case, "indemnification", CUSTOMER)
    if not found:
        return "no indemnity given by the customer found"
    covers = tuple(sorted({c for p in found for c in claims_of(p.values.get("covers"))} - {"indemnity", "all"}))
    s = stance(case, CUSTOMER, ("indemnity", *covers))
    claim = per_fees(case, "indemnity_given", "severity", "damages of a claim") + per_fees(
        case, "indemnity_given", "defence", "cost of defence"
    )
    often = assume(case, "indemnity_given", "frequency", "third-party claims a year")
    stances = {"indemnities": s}
    others, first = sharing(_claims_for_breach(case), stances, "customer_liability")
    kinds = (kind("indemnities", per_event(named("cost of a claim", claim), s), often), *others)
    notes = (*s.notes, *_served(first, "customer_liability"))
    return Model("indemnity_given", case.currency, kinds, liability_year(stances, first), notes, s.shown_too)


# ---------------------------------------------------------------- losses that the provider causes


def unrecovered_loss(case: Case) -> Found:
    """The customer's loss from failures and breaches of the provider, less what exclusion, cap and remedies let it
    recover."""
    (kinds, stances), remedy = _failures(case)
    notes = (*remedy, *_notes(stances))
    return Model("unrecovered_loss", case.currency, kinds, recovery_year(stances), notes, _too(stances))


def _failures(case: Case) -> tuple[Claims, tuple[str, ...]]:
    """Outages and breaches of the provider with what can be claimed for them, and the notes of an exclusive remedy."""
    outage = stance(case, PROVIDER, ("service_levels",))
    breach = stance(case, PROVIDER, ("data_breach", "confidentiality"))
    indirect = assume(case, "unrecovered_loss", "indirect", "share of indirect damage")
    lost = named("loss of an outage", assume(case, "unrecovered_loss", "days_down", "days down") * day_value(case))
    records = fact(case, "records_held", "records held", "records")
    stolen = (
        records * assume(case, "unrecovered_loss", "record", "loss for each record")
        if records
        else per_fees(case, "unrecovered_loss", "breach", "loss of a breach, in annual fees")
    )
    stolen = named("loss of a breach", stolen)
    back, remedy = _remedy(case, lost)
    claim = back if back is not None else _direct("an outage", lost, indirect, outage)
    kinds = (
        kind("outages", {"loss": lost, "claim": per_event(claim, outage)},
             assume(case, "unrecovered_loss", "frequency_outage", "outages a year"), shock="cloud_outage"),
        kind("breaches", {"loss": stolen, "claim": per_event(_direct("a breach", stolen, indirect, breach), breach)},
             assume(case, "unrecovered_loss", "frequency_breach", "breaches a year")),
    )  # fmt: skip
    return (kinds, {"outages": outage, "breaches": breach}), remedy


def _direct(what: str, loss: Expr, indirect: Expr, s: Stance) -> Expr:
    return named(f"direct loss of {what}", loss * (ONE - indirect)) if s.excluded else loss


def _remedy(case: Case, lost: Expr) -> tuple[Expr | None, tuple[str, ...]]:
    """What an exclusive remedy gives for an outage in place of damages; None where there is none for outages."""
    found = provisions_of(case, "exclusive_remedy", PROVIDER)
    fitting = [p for p in found if _for_outages(p)]
    if not fitting:
        return None, tuple(f"the exclusive remedy in clause {p.clause_id} is not for outages" for p in found[:1])
    stated = [p for p in fitting if with_number([p], "percent", "amount")]
    used = min(stated, key=lambda p: number_of(p.values.get("percent")) or Decimal(0), default=None)
    where = f"for outages only the remedy of clause {(used or fitting[0]).clause_id}, no damages"
    if used is None:
        return ZERO, (where, "no credit stated, so nothing in money")
    credit = money_term(case, used, used.values, "credit")
    if credit is None:
        share = term(used, "percent", "credit, share of a month's fees", "%", 100)
        assert share is not None
        credit = fees(case) / number(12) * share
    return named("credit for an outage", least(lost, credit)), (where, *also(fitting, [used], "lowest credit"))


def _for_outages(p: Provision) -> bool:
    covers = claims_of(p.values.get("covers"))
    stated = (
        number_of(p.values.get("percent")) is not None or number_of(p.values.get("availability_percent")) is not None
    )
    return bool(covers & {"service_levels", "all"}) or (not covers and stated)


def _notes(stances: Mapping[str, Stance]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(n for s in stances.values() for n in s.notes))


def _too(stances: Mapping[str, Stance]) -> tuple[Quantity, ...]:
    return tuple(q for s in stances.values() for q in s.shown_too)

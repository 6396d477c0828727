"""Components that are charged: interest, overage, early end, renewal, prices, commitments, agreed sums, audits."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from risklib.exposure.arithmetic import ONE, ZERO, Expr, Quantity, greatest, least, named, number, over, power, value
from risklib.exposure.model import Model, kind
from risklib.exposure.terms import (
    Case,
    Missing,
    also,
    assume,
    fact,
    fees,
    listed,
    money_term,
    needed,
    number_of,
    per_fees,
    provisions_of,
    term,
    with_number,
)
from risklib.records import CUSTOMER, PROVIDER, Operand, Provision

TWELVE, DAYS = number(12), number(365)
PERIODS = {"day": DAYS, "week": number(52), "month": TWELVE, "year": ONE}  # so many in a year
Found = Model | str  # a string says why nothing is owed: a scored zero


SAME_TERM = "previous term"  # what `reference` says where the renewal is as long as the term before it


def late_payment(case: Case) -> Found:
    """Interest on the overdue share of the fees from the due date, fixed fees, collection costs that the clause
    shifts."""
    found = provisions_of(case, "late_payment", CUSTOMER)
    if not found:
        return "no clause about late payment found; interest that the law gives is not counted"
    rated = with_number(found, "percent")
    returned = [p for p in found if p.values.get("amount") is not None and _is_for(p, "returned payment")]
    fixed = with_number([p for p in found if p not in returned], "amount")
    collecting = next((p for p in found if _is_for(p, "collect")), None)
    share = assume(case, "late_payment", "share_late", "share of invoices late")
    overdue = named("overdue in a year", fees(case) * share)
    parts: list[Expr] = []
    if rated:
        parts.append(overdue * _interest(case, rated, found))
    if fixed:
        invoices = fact(case, "invoices_per_year", "invoices a year") or assume(
            case, "late_payment", "invoices", "invoices a year"
        )
        charge = money_term(case, fixed, fixed.values, "charge for each late invoice")
        parts.append(invoices * share * charge * _lasting(case, fixed, "late_payment", "days_late") if charge else ZERO)
    if collecting:
        parts.append(overdue * assume(case, "late_payment", "collection", "cost of collecting"))
    if not parts:
        legal = any(p.values.get("legal_maximum") for p in found)
        reason = "charges what the law allows at most" if legal else "gives neither a rate nor a sum"
        raise Missing(f"clause {found[0].clause_id} {reason}; ask for the rate")
    cost = parts[0] if len(parts) == 1 else sum(parts[1:], parts[0])
    notes = also([p for p in found if p.values.get("percent") is not None], [rated], "rate")
    notes += tuple(f"the charge for a returned payment in clause {p.clause_id} is not counted" for p in returned)
    notes += business_days([with_number(found, "grace_days")])
    if rated and rated.values.get("legal_maximum"):
        notes += ("the legal maximum, if lower, is not taken into account",)
    return Model("late_payment", case.currency, (kind("late payment", cost, shock="payment_crunch"),), notes=notes)


def _is_for(p: Provision, what: str) -> bool:
    return any(what in str(c).lower() for c in listed(p.values.get("covers")))


def _lasting(case: Case, p: Provision, component: str, parameter: str) -> Expr:
    """How many of its days, weeks, months or years a charge is due for; once where it names none."""
    periods = (
        None
        if p.values.get("percent") is not None and p.values.get("amount") is not None
        else (
            PERIODS.get(str(p.values.get("per")))  # beside a percentage it is the percentage's
        )
    )
    name = "days late" if parameter == "days_late" else "days of the breach"
    return assume(case, component, parameter, name) / DAYS * periods if periods else ONE


def business_days(used: Iterable[Provision | None]) -> tuple[str, ...]:
    """A note about periods in business days: their number is taken as it stands."""
    return tuple(
        f"clause {p.clause_id} counts business days; they are taken as calendar days"
        for p in used
        if p is not None and p.values.get("day_kind") == "business"
    )


def _interest(case: Case, rated: Provision, found: tuple[Provision, ...]) -> Expr:
    """The share of the overdue sum that is charged: days ÷ 365 × yearly rate, or a share once."""
    per, above = rated.values.get("per"), rated.values.get("above")
    per = "year" if above and not per else per
    if per not in ("month", "year", "once"):
        raise Missing(
            f"clause {rated.clause_id} charges {rated.values['percent']} % for no stated time; ask: a month or a year?"
        )
    rate = term(rated, "percent", "rate once" if per == "once" else f"rate a {per}", "%", 100)
    assert rate is not None
    days = assume(case, "late_payment", "days_late", "days late")
    grace_from = rated if number_of(rated.values.get("grace_days")) is not None else with_number(found, "grace_days")
    grace = term(grace_from, "grace_days", "days of grace", "days") if grace_from else None
    counted = days
    if grace is not None and grace_from is not None:
        counted = named("days that count", over(days, days, grace), "days")
        if grace_from.values.get("interest_from") == "grace_end":
            counted = named("days that count", greatest(days - grace, ZERO), "days")
    if per == "once":
        return rate if grace is None else over(rate, days, grace)
    yearly = rate * TWELVE if per == "month" else rate
    if above:
        yearly = named(
            "rate with the base rate", yearly + assume(case, "late_payment", "base_rate", "base rate"), "share"
        )
    if rated.values.get("compounding"):
        monthly = rate if per == "month" and not above else yearly / TWELVE
        return power(ONE + monthly, counted * TWELVE / DAYS) - ONE
    return counted / DAYS * yearly


def overage(case: Case) -> Found:
    """Use over the limit at the contract's price and the stated premium; or the stated price of each unit too many."""
    found = provisions_of(case, "overage", CUSTOMER)
    if not found:
        return "no clause about overage found"
    used = with_number(found, "percent") or with_number(found, "amount") or found[0]
    stated = number_of(used.values.get("percent"))
    of_price = stated is not None and stated >= 100  # "at 120 % of the unit price": the whole price, no premium on it
    premium = term(used, "percent", "price, of the contract's" if of_price else "premium", "%", 100)
    price = None if premium else money_term(case, used, used.values, "price of a unit too many")
    notes = also(found, [used], "charge")
    if price:
        cost = needed(case, "overage_units", "units over the limit in a year", "units") * price
    else:
        overuse = assume(case, "overage", "overuse", "use over the limit")
        times = ONE if premium is None else premium if of_price else ONE + premium
        cost = fees(case) * overuse * times
        notes += () if premium else ("no premium stated: charged at the contract's price",)
    return Model("overage", case.currency, (kind("overage", cost),), notes=notes)


# ---------------------------------------------------------------- the end and what follows


def end_of_term(case: Case) -> date:
    """The day after the first term. Raises Missing."""
    deal = case.deal
    if deal is None or deal.start is None:
        raise Missing(f"start of the term not known: {case.ask('start')}")
    months = number_of(deal.term_months) or _stated_term(case)
    if months is None:
        raise Missing(f"length of the term not known: {case.ask('term_months')}")
    return add_months(deal.start, int(months))


def _stated_term(case: Case) -> Decimal | None:
    found = with_number(provisions_of(case, "auto_renewal", None), "initial_months")
    return number_of(found.values.get("initial_months")) if found else None


def add_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - date(year, month + 1, 1)).days
    return date(year, month + 1, min(day.day, last))


def months_left(case: Case) -> Expr:
    """Months of the first term that are left on the day of the analysis, whole months counted up; a fact of the
    deal."""
    end, today = end_of_term(case), case.basis.as_of
    left = (end.year - today.year) * 12 + end.month - today.month + (end.day > today.day)
    assert case.deal is not None
    first = case.deal.start
    if first and first > today:  # not begun: the whole term is left
        left = (end.year - first.year) * 12 + end.month - first.month
    source = f"start and term_months, {case.deal.source}:{case.deal.line}; term ends {end.isoformat()}"
    months = Decimal(max(left, 0))
    return value(
        Quantity(
            "months left", (months,) * 3, "months", Operand("months left", months, "months", "fact", source=source)
        )
    )


def fees_due_on_exit(case: Case, found: tuple[Provision, ...]) -> Expr:
    """What the early-termination clause makes due or keeps when the contract ends early. Raises Missing."""
    used = with_number(found, "percent", "fee_months", "amount") or found[0]
    amount = money_term(case, used, used.values, "sum due on exit")
    if amount:
        return named("due on exit", amount)
    left = months_left(case)
    months = term(used, "fee_months", "months of fees due", "months")
    if months:
        return named("due on exit", fees(case) / TWELVE * least(months, left))
    if used.values.get("basis") == "prepaid":
        left = least(needed(case, "paid_in_advance", "months paid in advance", "months"), left)
    share = term(used, "percent", "share of the fees due", "%", 100)
    due = fees(case) / TWELVE * left
    return named("due on exit", due * share if share else due)


def early_termination(case: Case) -> Found:
    """The wish to leave before the end: what the clause makes due, less what a minimum commitment counts already."""
    found = provisions_of(case, "early_termination_fee", CUSTOMER)
    if not found:
        return "no clause that makes fees due on an early end found"
    chance = assume(case, "early_termination", "chance", "chance of wanting to leave")
    due, counted = beside_commitment(case, fees_due_on_exit(case, found))
    used = with_number(found, "percent", "fee_months", "amount")
    notes = also(found, [used or found[0]], "fees due")
    if used is None:
        notes += ("the clause states no share: all fees of the rest of the term",)
    notes += counted
    if case.deal and case.deal.start and case.deal.term_months and case.basis.as_of >= end_of_term(case):
        notes += ("the first term is over, and a renewal that is not wanted is auto_renewal",)
    return Model("early_termination", case.currency, (kind("early end", due, chance),), notes=notes)


def auto_renewal(case: Case) -> Found:
    """The notice window is missed: fees of the renewal term, as far as it is not wanted."""
    found = provisions_of(case, "auto_renewal", None)
    if not found:
        return "no clause by which the agreement renews by itself found"
    used = with_number(found, "term_months")
    months = term(used, "term_months", "months of the renewal", "months") if used else None
    months = months or fact(case, "renewal_months", "months of the renewal", "months")
    if months is None and any(p.values.get("reference") == SAME_TERM for p in found):
        months = fact(case, "term_months", "months of the renewal, as long as the term", "months")
    if months is None:
        raise Missing(f"clause {found[0].clause_id} gives no length of the renewal: {case.ask('renewal_months')}")
    unwanted = assume(case, "auto_renewal", "unwanted", "share not wanted")
    chance = assume(case, "auto_renewal", "chance", "chance of missing the notice")
    cost = named("unwanted fees", fees(case) * months / TWELVE * unwanted)
    return Model(
        "auto_renewal", case.currency, (kind("missed notice", cost, chance),), notes=also(found, [used], "renewal")
    )


def price_increase(case: Case) -> Found:
    """The increase assumed at renewal, at most the stated ceiling (or at least the stated floor: "the greater of 5
    % and CPI")."""
    found = provisions_of(case, "price_increase", CUSTOMER)
    if not found:
        return "no right to raise prices found"
    used = with_number(found, "percent")
    rise = assume(case, "price_increase", "increase", "assumed increase")
    notes: tuple[str, ...] = ("no ceiling stated: the assumed increase",)
    if used:
        stated = term(used, "percent", "stated increase", "%", 100)
        assert stated is not None
        greater = used.values.get("comparator") == "greater"
        rise = named("increase", (greatest if greater else least)(rise, stated), "share")
        notes = also(found, [used], "increase")
    return Model("price_increase", case.currency, (kind("renewal", fees(case) * rise),), notes=notes)


# ---------------------------------------------------------------- commitments, agreed sums, audits


def _committed(case: Case) -> Expr | None:
    """Committed spend a year: the facts', else the clause's sum (spread over its months). None where there is none."""
    stated = fact(case, "committed_spend", "committed spend", case.currency)
    if stated:
        return stated
    found = provisions_of(case, "minimum_commitment", CUSTOMER)
    used = with_number(found, "amount")
    part = with_number(found, "percent")
    share = term(part, "percent", "share of the fees committed", "%", 100) if part and not used else None
    if share:
        return named("committed spend", fees(case) * share)
    amount = money_term(case, used, used.values, "committed spend") if used else None
    if used is None or amount is None:
        return None
    months = term(used, "term_months", "months of the commitment", "months")
    yearly = {"month": amount * TWELVE, "year": amount}.get(str(used.values.get("per")))
    return yearly or (amount * TWELVE / months if months else amount)


def _shortfall(case: Case, fixed: bool = False) -> Expr | None:
    """Committed less expected spend; ``fixed`` takes the likely figure, so that what lowers another component stays
    one number."""
    committed = _committed(case) if case.deal and case.deal.currency else None
    if committed is None:
        return None
    expected = fact(case, "expected_spend", "expected spend", case.currency)
    if expected:
        return named("shortfall", greatest(committed - expected, ZERO))
    return named(
        "shortfall",
        committed * assume(case, "minimum_commitment", "shortfall", "share of the commitment not used", fixed),
    )


def beside_commitment(case: Case, due: Expr) -> tuple[Expr, tuple[str, ...]]:
    """Fees due on an end less what minimum_commitment counts already, with the note that says so: no euro twice."""
    short = _shortfall(case, fixed=True)
    if short is None:
        return due, ()
    left = named("due beside the commitment", greatest(due - short, ZERO))
    return left, ("less the shortfall that minimum_commitment counts",)


def minimum_commitment(case: Case) -> Found:
    """Committed spend that is not used."""
    found = provisions_of(case, "minimum_commitment", CUSTOMER)
    stated = case.deal is not None and number_of(case.deal.extra.get("committed_spend")) is not None
    if not found and not stated:
        return "no minimum commitment found, and none in the facts"
    case.currency  # noqa: B018  (without it no sum: raises Missing)
    short = _shortfall(case)
    if short is None:
        raise Missing(f"clause {found[0].clause_id} commits to a spend without a sum: {case.ask('committed_spend')}")
    notes: tuple[str, ...] = (
        ("a sum without a period is taken as the sum of a year",) if not stated and _no_period(found) else ()
    )
    said = with_number(found, "amount")
    if said and stated and case.deal:
        fact_, clause = number_of(case.deal.extra.get("committed_spend")), number_of(said.values["amount"])
        if fact_ != clause:
            notes += (f"the facts' committed_spend {fact_:,} is used, not the {clause:,} of clause {said.clause_id}",)
    return Model("minimum_commitment", case.currency, (kind("shortfall", short),), notes=notes)


def _no_period(found: tuple[Provision, ...]) -> bool:
    used = with_number(found, "amount")
    return used is not None and not used.values.get("per") and used.values.get("term_months") is None


def liquidated_damages(case: Case) -> Found:
    """A breach that triggers an agreed sum, a share of the fees, or a rate for each month or year that it lasts."""
    found = provisions_of(case, "liquidated_damages", CUSTOMER)
    if not found:
        return "no agreed sum or penalty found"
    used = with_number(found, "amount", "percent", "fee_months")
    if used is None:
        raise Missing(f"clause {found[0].clause_id} gives no sum and no rate; ask for it")
    notes = also(found, [used], "agreed sum")
    cost = money_term(case, used, used.values, "agreed sum")
    months = term(used, "fee_months", "months of fees agreed", "months")
    if cost is None and months:
        cost = fees(case) / TWELVE * months
    elif cost is None:
        rate = term(used, "percent", "agreed share of the fees", "%", 100)
        assert rate is not None
        cost = fees(case) * rate
        notes += ("the percentage is taken of the annual fees",)
    cost = cost * _lasting(case, used, "liquidated_damages", "days")
    if not used.values.get("per"):
        notes += ("no period stated: taken once for each breach",)
    often = assume(case, "liquidated_damages", "frequency", "breaches a year")
    return Model("liquidated_damages", case.currency, (kind("breach", cost, often),), notes=notes)


def audit(case: Case) -> Found:
    """An audit that finds underpaid fees: the fees, and the audit's cost once the shortfall passes the threshold."""
    found = provisions_of(case, "audit_right", PROVIDER)
    if not found:
        return "no right of the provider to audit found"
    used = with_number(found, "threshold_percent")
    chance = assume(case, "audit", "chance", "chance of an audit with a finding")
    shortfall = assume(case, "audit", "shortfall", "fees found unpaid")
    cost = fees(case) * shortfall
    notes = also(found, [used], "threshold")
    if used:
        threshold = term(used, "threshold_percent", "threshold", "%", 100)
        assert threshold is not None
        cost = cost + over(per_fees(case, "audit", "cost", "cost of the audit"), shortfall, threshold)
    else:
        notes += ("no threshold found at which the audit's cost is shifted: cost not counted",)
    return Model("audit", case.currency, (kind("audit", cost, chance),), notes=notes)

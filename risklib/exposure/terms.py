"""From provisions, facts and assumptions to the operands of a formula. What is not known raises ``Missing`` with
the question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

from risklib.exposure.arithmetic import HIGH, LOW, Expr, Quantity, shown, value
from risklib.inputs import Assumptions, Rates, is_overdue, money_unit
from risklib.records import BOTH, Assumption, Deal, Operand, Provision

ABSURD = Decimal("1e15")
MONEY_FACTS = ("annual_fees", "committed_spend", "expected_spend", "downtime_value_per_day", "switching_cost")


class Missing(Exception):
    """An operand is not known; ``str()`` says which and what to ask or give."""


@dataclass(frozen=True)
class Contract:
    """What was found in one agreement, and what procurement knows of it.

    ``parent`` is the contract_id of the agreement with which this one is counted (an order form under its master
    agreement, a version that another one replaced). It is priced by itself, but totals leave it out and say so.
    """

    contract_id: str
    provisions: Sequence[Provision]
    deal: Deal | None
    parent: str | None = None
    half_read: str | None = None  # why some of it could not be read: a clause that was not found may stand there


@dataclass(frozen=True)
class Basis:
    """What all contracts are priced with: assumptions, exchange rates, the day, and the simulation's seed and years."""

    assumptions: Assumptions
    rates: Rates | None = None
    as_of: date = field(kw_only=True)
    seed: int = 0
    trials: int = 10_000

    @cached_property
    def shocks(self) -> Mapping[str, float]:
        """The share of events that comes from each shared shock."""
        return self.assumptions.dependence()

    def rate(self, given: str, wanted: str) -> Decimal | None:
        """How many ``wanted`` one ``given`` buys; None where a rate is missing."""
        return Decimal(1) if given == wanted else self.rates.rate(given, wanted) if self.rates else None

    @cached_property
    def assumed(self) -> dict[Any, Expr]:
        """Operands that all contracts of one currency share, once they were asked for."""
        return {}


@dataclass(frozen=True, slots=True)
class Case:
    """Everything known of one contract on one day. ``provisions`` are by id, most certain first, then in the order of
    the text; ``memo`` keeps what several components need."""

    contract_id: str
    provisions: Mapping[str, Sequence[Provision]]
    deal: Deal | None
    basis: Basis
    memo: dict[Any, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, contract: Contract, basis: Basis) -> Case:
        found: dict[str, list[Provision]] = {}
        for p in sorted(contract.provisions, key=lambda p: (-p.confidence, p.start, p.clause_id)):
            found.setdefault(p.provision, []).append(p)
        return cls(contract.contract_id, found, contract.deal, basis)

    @property
    def currency(self) -> str:
        """The contract's currency. Raises Missing."""
        if self.deal is None or not self.deal.currency:
            raise Missing(f"the contract's currency is not known: {self.ask('currency')}")
        return self.deal.currency

    def ask(self, column: str) -> str:
        if self.deal is None:
            return f"give {column} in a row for this agreement in the facts CSV"
        return f"give {column} for {self.deal.file} in the facts CSV ({self.deal.source}:{self.deal.line})"


# ---------------------------------------------------------------- choosing provisions


def number_of(raw: Any) -> Decimal | None:
    """A plausible number (finite, not negative, below 1e15), else None: unknown stays unknown."""
    if raw is None or isinstance(raw, bool):
        return None
    try:
        found = Decimal(str(raw))
    except InvalidOperation:
        return None
    return found if found.is_finite() and 0 <= found < ABSURD else None


def listed(raw: Any) -> tuple[Any, ...]:
    """A value that may stand alone or in a list, as a tuple."""
    if raw is None:
        return ()
    return tuple(raw) if isinstance(raw, (list, tuple, set, frozenset)) else (raw,)


def provisions_of(case: Case, id: str, party: str | None) -> tuple[Provision, ...]:
    """The provisions of one id and party (``both`` fits either), in the order of the case."""
    return tuple([p for p in case.provisions.get(id, ()) if party is None or p.party in (party, BOTH)])


def with_number(found: Sequence[Provision], *keys: str) -> Provision | None:
    """The most certain provision that gives a number for any of ``keys``."""
    return next((p for p in found if any(number_of(p.values.get(k)) is not None for k in keys)), None)


def also(found: Sequence[Provision], used: Iterable[Provision | None], what: str) -> tuple[str, ...]:
    """A note about provisions of the same kind that the formula does not use."""
    chosen = [p for p in used if p is not None]
    others = list(dict.fromkeys(p.clause_id for p in found if all(p is not c for c in chosen)))
    if not others or not chosen:
        return ()
    own = chosen[0].clause_id
    places = [f"clause {c}" for c in others[:5] if c != own] + ["more"] * (len(others) > 5)
    places = ["another sentence of it"] * (own in others) + places
    return (f"{what}: clause {own} is used, not {', '.join(places)}",)


# ---------------------------------------------------------------- operands


def term(p: Provision, key: str, name: str, unit: str, divide: int = 1) -> Expr | None:
    """The number ``key`` of a provision as an operand; None where the text gives none. ``divide`` 100 for
    percentages."""
    found = number_of(p.values.get(key))
    return None if found is None else _term(p, found, name, unit, divide)


def _term(p: Provision, found: Decimal, name: str, unit: str, divide: int = 1) -> Expr:
    operand = Operand(name, found, unit, "provision", p.clause_id, p.start, p.end)
    return value(Quantity(name, (found / divide,) * 3, unit, operand))


def said(p: Provision, name: str, words: str) -> Quantity:
    """A term in words (a cap's period, a fee basis) as an operand that is shown beside the numbers."""
    zero = Decimal(0)
    return Quantity(name, (zero,) * 3, "", Operand(name, words, "", "provision", p.clause_id, p.start, p.end))


def fact(case: Case, column: str, name: str, unit: str = "") -> Expr | None:
    """A deal fact as an operand; None where the cell is empty."""
    deal = case.deal
    raw = None if deal is None else getattr(deal, column, None) if hasattr(deal, column) else deal.extra.get(column)
    found = number_of(raw)
    if deal is None or found is None:
        return None
    unit = unit or (f"{case.currency}" if column in MONEY_FACTS else "")
    operand = Operand(name, found, unit, "fact", source=f"{column}, {deal.source}:{deal.line}")
    return value(Quantity(name, (found,) * 3, unit, operand))


def needed(case: Case, column: str, name: str, unit: str = "") -> Expr:
    """A deal fact without which the component cannot be scored. Raises Missing."""
    found = fact(case, column, name, unit)
    if found is None:
        raise Missing(f"{name} not known: {case.ask(column)}")
    return found


def fees(case: Case) -> Expr:
    return needed(case, "annual_fees", "annual fees", case.currency)


def assume(case: Case, component: str, parameter: str, name: str, fixed: bool = False) -> Expr:
    """An assumption as an operand, money converted into the contract's currency. ``fixed`` takes its likely figure
    only."""
    currency = case.deal.currency if case.deal else None
    key = (component, parameter, name, fixed, currency)
    kept = case.basis.assumed
    if key not in kept:
        row = case.basis.assumptions.get(component, parameter, currency)
        if row is None:
            raise Missing(f"{name} not known: add a row {component}, {parameter} to the assumptions CSV")
        given = money_unit(row.unit)
        e = _assumed(row, name, fixed, is_overdue(row, case.basis.as_of))
        kept[key] = e if given in (None, case.currency) else e * exchange(case, given or "")
    return kept[key]


def _assumed(row: Assumption, name: str, fixed: bool, overdue: bool) -> Expr:
    """The operand of an assumption, made once for all contracts."""
    figures = tuple(Decimal(repr(x)) for x in ((row.likely,) * 3 if fixed else (row.low, row.likely, row.high)))
    source = f"{row.id}, {row.file}:{row.line}"
    if not fixed and row.low != row.high:
        low, high = (shown(figures[k], row.unit) for k in (LOW, HIGH))
        source += f"; low {low}, high {high}"
    source += "; illustrative" * row.illustrative + "; review overdue" * overdue
    operand = Operand(name, figures[1], row.unit, "assumption", source=source)
    return value(Quantity(name, figures, row.unit, operand, row.id))  # type: ignore[arg-type]


def exchange(case: Case, given: str) -> Expr:
    """The rate from ``given`` into the contract's currency as an operand. Raises Missing."""
    rates = case.basis.rates
    rate = rates.rate(given, case.currency) if rates else None
    if rates is None or rate is None:
        raise Missing(
            f"a clause or assumption is in {given}, the contract in {case.currency}: give both in the rates CSV"
        )
    name = f"{case.currency} for one {given}"
    source = f"{rates.source} of {rates.on.isoformat()}"
    source += "; review overdue" * rates.overdue(case.basis.as_of)
    return value(Quantity(name, (rate,) * 3, "rate", Operand(name, rate, "rate", "rate", source=source)))


def money_term(case: Case, p: Provision, values: Mapping[str, Any], name: str) -> Expr | None:
    """``amount`` with its ``currency``, converted into the contract's; None where there is no amount. Raises
    Missing."""
    found = number_of(values.get("amount"))
    if found is None:
        return None
    given = values.get("currency")
    if not given:
        raise Missing(f"{name}: clause {p.clause_id} gives {found:,} without a currency; ask which one is meant")
    e = _term(p, found, name, str(given))
    return e if given == case.currency else e * exchange(case, str(given))


def per_fees(case: Case, component: str, parameter: str, name: str) -> Expr:
    """An assumption that is a multiple of the annual fees (then times the fees) or a sum of money."""
    e = assume(case, component, parameter, name)
    return e * fees(case) if e.unit == "share of annual fees" else e

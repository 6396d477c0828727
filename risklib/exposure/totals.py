"""From contracts to vendors and the portfolio: years are added, never quantiles; the tail is shared out so that it
adds up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
from babel.numbers import get_currency_precision
from numpy.typing import NDArray

from risklib.exposure.components import COMPONENTS, build
from risklib.exposure.results import Summary, in_cents, summary, worst_years
from risklib.exposure.simulate import losses
from risklib.exposure.terms import Case, Missing
from risklib.inputs import Assumptions, Rates
from risklib.records import Deal, Provision

Array = NDArray[np.float64]
BLOCK = (
    64  # contracts that are drawn and added together; fixed, so that sums have the same bytes on any number of workers
)
NO_VENDOR = "(vendor not given)"


@dataclass(frozen=True)
class Contract:
    contract_id: str
    provisions: Sequence[Provision]
    deal: Deal | None


@dataclass(frozen=True)
class Left:
    """What a total leaves out. ``component`` is None where the whole contract is left out."""

    contract_id: str
    component: str | None
    reason: str


@dataclass(frozen=True)
class Totals:
    """Yearly losses of one currency. Allocations share ``whole.shortfall`` out and add up to it, to the smallest
    unit."""

    currency: str
    whole: Summary
    by_vendor: Mapping[str, Summary]
    by_component: Mapping[str, Summary]
    by_contract: Mapping[str, Summary]
    share_of_contract: Mapping[str, Decimal]
    share_of_vendor: Mapping[str, Decimal]
    share_of_component: Mapping[str, Decimal]
    left_out: tuple[Left, ...]


@dataclass
class _Sum:
    """What is added up while contracts pass by, for one currency."""

    vendors: dict[str, Array] = field(default_factory=dict)
    components: dict[str, Array] = field(default_factory=dict)
    contracts: dict[str, Array] = field(default_factory=dict)
    figures: dict[str, Summary] = field(default_factory=dict)  # of each contract
    vendor_of: dict[str, str] = field(default_factory=dict)

    def add(self, other: _Sum) -> None:
        for mine, theirs in ((self.vendors, other.vendors), (self.components, other.components)):
            for name, array in theirs.items():
                mine[name] = mine[name] + array if name in mine else array
        self.contracts |= other.contracts
        self.figures |= other.figures
        self.vendor_of |= other.vendor_of


Block = tuple[dict[str, _Sum], list[Left]]


def aggregate(
    contracts: Iterable[Contract],
    assumptions: Assumptions,
    rates: Rates | None = None,
    *,
    as_of: date,
    seed: int = 0,
    trials: int = 10_000,
    currency: str | None = None,
    mapping: Callable[..., Iterable[Any]] = map,
) -> tuple[Totals, ...]:
    """Totals for each currency, or for one ``currency`` into which ``rates`` convert (contracts without a rate are
    left out).

    ``mapping`` may be a pool's ordered map; the result has the same bytes. Memory: 8 bytes a contract and trial.
    """
    ordered = sorted(contracts, key=lambda c: c.contract_id)
    blocks = [ordered[k : k + BLOCK] for k in range(0, len(ordered), BLOCK)]
    work = partial(
        _block, assumptions=assumptions, rates=rates, as_of=as_of, seed=seed, trials=trials, currency=currency
    )
    sums: dict[str, _Sum] = {}
    left: list[Left] = []
    for found, missing in mapping(work, blocks):
        left += missing
        for code, part in found.items():
            sums.setdefault(code, _Sum()).add(part)
    return tuple(_totals(code, sums[code], left) for code in sorted(sums))


def _block(
    contracts: Sequence[Contract], assumptions: Assumptions, rates: Rates | None,
    as_of: date, seed: int, trials: int, currency: str | None,
) -> Block:  # fmt: skip
    sums: dict[str, _Sum] = {}
    left: list[Left] = []
    shared = assumptions.dependence()
    for c in contracts:
        case = Case(c.contract_id, tuple(c.provisions), c.deal, assumptions, rates, as_of)
        given = _converted(case, currency)
        if isinstance(given, Left):
            left.append(given)
            continue
        code, rate = given
        part = sums.setdefault(code, _Sum())
        whole = np.zeros(trials)
        for name in COMPONENTS:
            model = build(name, case)
            if isinstance(model, Missing):
                left.append(Left(c.contract_id, name, str(model)))
            elif not isinstance(model, str):
                drawn = losses(model, c.contract_id, seed, trials, shared) * rate
                whole += drawn
                part.components[name] = part.components[name] + drawn if name in part.components else drawn
        vendor = (c.deal.vendor if c.deal else None) or NO_VENDOR
        part.vendors[vendor] = part.vendors[vendor] + whole if vendor in part.vendors else whole
        part.contracts[c.contract_id], part.figures[c.contract_id] = whole, summary(whole)
        part.vendor_of[c.contract_id] = vendor
    return sums, left


def _converted(case: Case, currency: str | None) -> tuple[str, float] | Left:
    """The currency of a contract's totals, and the rate into it; or why the contract is left out."""
    try:
        own = case.currency
    except Missing as missing:
        return Left(case.contract_id, None, str(missing))
    if currency is None or currency == own:
        return own, 1.0
    rate = case.rates.rate(own, currency) if case.rates else None
    if rate is None:
        return Left(case.contract_id, None, f"no rate from {own} to {currency}: add it to the rates CSV")
    return currency, float(rate)


def _totals(currency: str, s: _Sum, left: list[Left]) -> Totals:
    whole = np.sum([s.vendors[v] for v in sorted(s.vendors)], axis=0)
    worst = worst_years(whole)
    figures = summary(whole)
    mine = frozenset(s.contracts)
    by_contract = _shares(s.contracts, worst, figures.shortfall, currency)
    by_vendor: dict[str, Decimal] = {}
    for contract_id, share in by_contract.items():
        vendor = s.vendor_of[contract_id]
        by_vendor[vendor] = by_vendor.get(vendor, Decimal(0)) + share
    return Totals(
        currency,
        figures,
        {v: summary(s.vendors[v]) for v in sorted(s.vendors)},
        {c: summary(s.components[c]) for c in COMPONENTS if c in s.components},
        s.figures,
        by_contract,
        by_vendor,
        _shares(s.components, worst, figures.shortfall, currency),
        tuple(x for x in left if x.component is None or x.contract_id in mine),
    )


def _shares(parts: Mapping[str, Array], worst: NDArray[np.intp], whole: float, currency: str) -> dict[str, Decimal]:
    """Each part's mean in the worst years, in smallest units that add up to the whole."""
    digits = get_currency_precision(currency)
    means = np.array([float(a[worst].mean()) for a in parts.values()])
    units = in_cents(means, whole, 10.0**-digits)
    return {name: Decimal(u).scaleb(-digits) for name, u in zip(parts, units, strict=True)}

"""From contracts to vendors and the portfolio: years are added, never quantiles; the tail is shared out so that it
adds up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
from babel.numbers import get_currency_precision
from numpy.typing import NDArray

from risklib.exposure.arithmetic import quantities
from risklib.exposure.components import COMPONENTS, build
from risklib.exposure.results import Summary, in_cents, summary, worst_years
from risklib.exposure.simulate import Seen, losses
from risklib.exposure.terms import Basis, Case, Contract, Missing

Array = NDArray[np.float64]
BLOCK = (
    64  # contracts that are drawn and added together; fixed, so that sums have the same bytes on any number of workers
)
NO_VENDOR = "(vendor not given)"


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
    illustrative: tuple[str, ...]  # ids of the shipped, illustrative assumptions that the figures rest on
    overdue: tuple[str, ...]  # ids of assumptions whose review is overdue


@dataclass
class _Sum:
    """What is added up while contracts pass by, for one currency."""

    vendors: dict[str, Array] = field(default_factory=dict)
    components: dict[str, Array] = field(default_factory=dict)
    contracts: dict[str, Array] = field(default_factory=dict)
    figures: dict[str, Summary] = field(default_factory=dict)  # of each contract
    vendor_of: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)  # ids of assumptions

    @staticmethod
    def add_to(sums: dict[str, Array], name: str, array: Array) -> None:
        if name in sums:
            sums[name] += array
        else:
            sums[name] = array.copy()

    def add(self, other: _Sum) -> None:
        for mine, theirs in ((self.vendors, other.vendors), (self.components, other.components)):
            for name, array in theirs.items():
                self.add_to(mine, name, array)
        self.contracts |= other.contracts
        self.figures |= other.figures
        self.vendor_of |= other.vendor_of
        self.used |= other.used


Block = tuple[dict[str, _Sum], list[Left]]


def aggregate(
    contracts: Iterable[Contract],
    basis: Basis,
    *,
    currency: str | None = None,
    mapping: Callable[..., Iterable[Any]] = map,
) -> tuple[Totals, ...]:
    """Totals for each currency, or for one ``currency`` into which the rates convert. Left out, and said so: contracts
    without a rate, and those that are counted with their ``parent`` where that is among ``contracts``.

    ``mapping`` may be a pool's ordered map (``imap`` keeps memory low); the result has the same bytes. Memory: 8 bytes
    a contract and trial.
    """
    ordered = sorted(contracts, key=lambda c: c.contract_id)
    elsewhere = with_their_parent(ordered)
    counted = [c for c in ordered if c.contract_id not in elsewhere]
    blocks = [counted[k : k + BLOCK] for k in range(0, len(counted), BLOCK)]
    work = partial(_block, basis=basis, currency=currency)
    sums: dict[str, _Sum] = {}
    left = [Left(id, None, f"counted with {parent}, to which it belongs") for id, parent in elsewhere.items()]
    for found, missing in mapping(work, blocks):
        left += missing
        for code, part in found.items():
            sums.setdefault(code, _Sum()).add(part)
    return tuple(_totals(code, sums[code], left, basis) for code in sorted(sums))


def with_their_parent(contracts: Sequence[Contract]) -> dict[str, str]:
    """The contracts that are counted with their parent, as far as that is among them: contract_id → the parent's."""
    known = {c.contract_id for c in contracts}
    return {c.contract_id: c.parent for c in contracts if c.parent and c.parent != c.contract_id and c.parent in known}


def _block(contracts: Sequence[Contract], basis: Basis, currency: str | None) -> Block:
    sums: dict[str, _Sum] = {}
    left: list[Left] = []
    for c in contracts:
        case = Case.of(c, basis)
        given = _converted(case, basis, currency)
        if isinstance(given, Left):
            left.append(given)
            continue
        code, rate = given
        part = sums.setdefault(code, _Sum())
        whole, seen = np.zeros(basis.trials), Seen()
        for name in COMPONENTS:
            model = build(name, case)
            if isinstance(model, Missing):
                left.append(Left(c.contract_id, name, str(model)))
            elif not isinstance(model, str):
                part.used |= {q.assumption for e in model.parts() for q in quantities(e) if q.assumption}
                drawn = losses(model, c.contract_id, basis, seen)
                drawn.add_to(whole, rate)
                drawn.add_to(part.components.setdefault(name, np.zeros(basis.trials)), rate)
        vendor = (c.deal.vendor if c.deal else None) or NO_VENDOR
        part.add_to(part.vendors, vendor, whole)
        part.contracts[c.contract_id], part.figures[c.contract_id] = whole, summary(whole)
        part.vendor_of[c.contract_id] = vendor
    return sums, left


def _converted(case: Case, basis: Basis, currency: str | None) -> tuple[str, float] | Left:
    """The currency of a contract's totals, and the rate into it; or why the contract is left out."""
    try:
        own = case.currency
    except Missing as missing:
        return Left(case.contract_id, None, str(missing))
    rate = basis.rate(own, currency or own)
    if rate is None:
        return Left(case.contract_id, None, f"no rate from {own} to {currency}: add it to the rates CSV")
    return currency or own, float(rate)


def _totals(currency: str, s: _Sum, left: list[Left], basis: Basis) -> Totals:
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
        tuple(r.id for r in basis.assumptions.rows if r.illustrative and r.id in s.used),
        tuple(r.id for r in basis.assumptions.overdue(basis.as_of) if r.id in s.used),
    )


def _shares(parts: Mapping[str, Array], worst: NDArray[np.intp], whole: float, currency: str) -> dict[str, Decimal]:
    """Each part's mean in the worst years, in smallest units that add up to the whole."""
    digits = get_currency_precision(currency)
    means = np.array([float(a[worst].mean()) for a in parts.values()])
    units = in_cents(means, whole, 10.0**-digits)
    return {name: Decimal(u).scaleb(-digits) for name, u in zip(parts, units, strict=True)}

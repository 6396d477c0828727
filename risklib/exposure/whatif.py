"""What would change: another term in the agreement, another assumption. In money, clause by clause, for whoever
negotiates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from risklib.exposure.arithmetic import HIGH, LIKELY, LOW, Quantity, cents, quantities
from risklib.exposure.components import COMPONENTS, build
from risklib.exposure.model import Model
from risklib.exposure.pricing import price
from risklib.exposure.terms import Basis, Case, Contract
from risklib.exposure.totals import with_their_parent
from risklib.records import BOTH, Exposure, Provision

VALUES = (  # what a formula may read of a provision
    "amount", "currency", "percent", "per", "fee_months", "fee_multiple", "notice_days", "cure_days", "grace_days",
    "term_months", "initial_months", "threshold_percent", "availability_percent", "effect", "comparator",
    "alternatives", "fee_basis", "cap_period", "covers", "pierces", "legal_maximum", "reference", "basis",
    "compounding", "interest_from", "above", "day_kind",
)  # fmt: skip
SIZE = ("amount", "currency", "fee_months", "fee_multiple", "percent", "alternatives", "comparator", "reference")


@dataclass(frozen=True)
class Change:
    """New ``values`` for the provisions of one id and party (added if there is none); None takes the provision out.

    A new size ("fee_months": 24) takes the place of the old size whatever it was; other values stay.
    """

    provision: str
    party: str
    values: Mapping[str, Any] | None


@dataclass(frozen=True)
class Difference:
    """A component before and after; ``likely`` and ``expected`` are after less before, None where one is unscored."""

    component: str
    before: Exposure
    after: Exposure
    likely: Decimal | None
    expected: Decimal | None


def changed(provisions: Sequence[Provision], change: Change) -> tuple[Provision, ...]:
    """The provisions with the change made."""
    fits = [p.provision == change.provision and p.party in (change.party, BOTH) for p in provisions]
    # a term of both parties stays as it is for the other one
    other = {"customer": "provider", "provider": "customer"}.get(change.party, change.party)
    kept = [
        replace(p, party=other) if fit else p
        for p, fit in zip(provisions, fits, strict=True)
        if not fit or (p.party == BOTH and change.party != BOTH)
    ]
    if change.values is None:
        return tuple(kept)
    old = [p for p, fit in zip(provisions, fits, strict=True) if fit]
    old = old or [Provision("(proposed)", 0, 0, change.provision, change.party, 1.0, "what if")]
    drop = SIZE if any(k in SIZE for k in change.values) else ()
    return (*kept, *(_with(p, change, drop) for p in old))


def _with(p: Provision, change: Change, drop: tuple[str, ...]) -> Provision:
    stays = {k: v for k, v in p.values.items() if k not in drop}
    return replace(p, party=change.party, values={**stays, **(change.values or {})})


def what_if(contract: Contract, changes: Iterable[Change], basis: Basis) -> tuple[Difference, ...]:
    """The components that the changes move, with the difference in money. Same random years before and after."""
    after = tuple(contract.provisions)
    for change in changes:
        after = changed(after, change)
    rows = [price(replace(contract, provisions=terms), basis) for terms in (contract.provisions, after)]
    pairs = [(b, a) for b, a in zip(*rows, strict=True) if _figures(b) != _figures(a)]
    return tuple(
        Difference(b.component, b, a, _less(a.likely, b.likely), _less(a.expected, b.expected)) for b, a in pairs
    )


def _figures(e: Exposure) -> tuple[Any, ...]:
    return e.status, e.low, e.likely, e.high, e.expected, e.p95


def _less(a: Decimal | None, b: Decimal | None) -> Decimal | None:
    return None if a is None or b is None else a - b


# ---------------------------------------------------------------- which assumption moves most


@dataclass(frozen=True)
class Swing:
    """The total of the likely scenario with one assumption at its low and at its high figure."""

    assumption: str
    component: str
    low: Decimal
    high: Decimal

    @property
    def width(self) -> Decimal:
        return abs(self.high - self.low)


def sensitivity(contracts: Iterable[Contract], basis: Basis, *, currency: str) -> tuple[Decimal, tuple[Swing, ...]]:
    """The likely total in ``currency``, and the swing of each assumption, widest first (a tornado). Arithmetic
    only, no noise.

    Contracts in another currency count where the rates convert them; those counted with their parent do not."""
    base = Decimal(0)
    moved: dict[str, list[Decimal]] = {}
    owner = {row.id: row.component for row in basis.assumptions.rows}
    given_ones = tuple(contracts)
    elsewhere = with_their_parent(given_ones)
    for c in (c for c in given_ones if c.contract_id not in elsewhere):
        case, given = Case.of(c, basis), c.deal.currency if c.deal else None
        rate = basis.rate(given, currency) if given else None
        for model in (build(name, case) for name in COMPONENTS) if rate is not None else ():
            if isinstance(model, Model) and (c.provisions or not c.half_read):
                base += _add_swings(model, rate or Decimal(0), moved)
    swings = [
        Swing(id, owner[id], cents(base + lo, currency), cents(base + hi, currency)) for id, (lo, hi) in moved.items()
    ]
    return cents(base, currency), tuple(sorted(swings, key=lambda s: (-s.width, s.assumption)))


def _add_swings(model: Model, rate: Decimal, moved: dict[str, list[Decimal]]) -> Decimal:
    likely = model.scenario(LIKELY) * rate
    for id in dict.fromkeys(q.assumption for e in model.parts() for q in quantities(e) if q.assumption and not q.fixed):
        for k, level in enumerate((LOW, HIGH)):

            def at(q: Quantity, id: str = id, level: int = level) -> int:
                return level if q.assumption == id else LIKELY

            moved.setdefault(id, [Decimal(0), Decimal(0)])[k] += model.scenario(at) * rate - likely
    return likely

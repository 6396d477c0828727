"""The exposure model over the tables of a portfolio: what a set of terms costs in one deal, and what a change saves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from risklib.compare.reading import SOURCE, Reading, Tables, assumption_of
from risklib.exposure import COMPONENTS, Change, changed
from risklib.exposure.components import build
from risklib.exposure.simulate import losses
from risklib.exposure.terms import Basis, Case, Contract, Missing
from risklib.inputs import Assumptions
from risklib.records import Deal, Provision

_CLAUSE = re.compile(r"\bclause (?:[0-9a-f]+/)?c\d{4}\b")  # an id of ours tells a reader nothing
TRIALS = 2_000  # of a comparison: the same years on both sides, so that differences need fewer than levels do


@dataclass(frozen=True)
class Cost:
    """Expected money a year; None where it cannot be told, and then ``why``."""

    amount: float | None
    why: str | None = None


@dataclass(frozen=True)
class Till:
    """Prices terms as if every vendor's agreement governed the same ``deal``, in the same simulated years."""

    deal: Deal | None
    basis: Basis
    stream: str  # the contract_id that names the random streams: one for all sides
    _known: dict[Any, Cost] = field(default_factory=dict, compare=False, repr=False)

    @property
    def currency(self) -> str | None:
        return self.deal.currency if self.deal else None

    def cost(self, provisions: Sequence[Provision], component: str) -> Cost:
        key = (
            component,
            tuple((p.provision, p.party, p.start, p.end, p.confidence, repr(p.values)) for p in provisions),
        )
        if key not in self._known:
            self._known[key] = self._cost(provisions, component)
        return self._known[key]

    def _cost(self, provisions: Sequence[Provision], component: str) -> Cost:
        contract = Contract(self.stream, tuple(provisions), self.deal)
        model = build(component, Case.of(contract, self.basis))
        if isinstance(model, Missing):
            return Cost(None, _CLAUSE.sub("a clause", str(model).replace(f" ({SOURCE}:0)", "")))
        if isinstance(model, str):
            return Cost(0.0)
        try:
            return Cost(round(float(losses(model, self.stream, self.basis).mean()), 2))
        except (ArithmeticError, ValueError):
            return Cost(None, "the operands give no sensible sum; check the numbers of the clause and of the facts")

    def all(self, provisions: Sequence[Provision]) -> dict[str, Cost]:
        return {c: self.cost(provisions, c) for c in COMPONENTS}

    def difference(
        self, before: Sequence[Provision], after: Sequence[Provision], components: Iterable[str] = tuple(COMPONENTS)
    ) -> Cost:
        """What ``after`` costs more a year than ``before`` (less: negative); None where no component can tell."""
        moved, why = 0.0, []
        told = False
        for c in components:
            b, a = self.cost(before, c), self.cost(after, c)
            if b.amount is None and a.amount is None and b.why == a.why:
                continue  # not known before, not known after: this term is not what it lacks
            if b.amount is None or a.amount is None:
                why.append(f"{c}: {a.why or b.why}")
            else:
                moved, told = moved + a.amount - b.amount, True
        if why and (not told or moved == 0):
            return Cost(None, "; ".join(why))
        return Cost(round(moved, 2)) if told else Cost(None, "no component of the exposure rests on this term")


def swapped(base: Sequence[Provision], other: Sequence[Provision], provision: str, party: str) -> tuple[Provision, ...]:
    """``base`` with ``other``'s terms of one id and party in place of its own."""
    taken = changed(base, Change(provision, party, None))
    theirs = (p for p in other if p.provision == provision and (p.party in (party, "both") or party == "both"))
    return (*taken, *(replace(p, party=p.party if party == "both" else party) for p in theirs))


def till(
    tables: Tables,
    sides: Sequence[Reading],
    *,
    deal: Reading | None = None,
    trials: int = TRIALS,
) -> Till:
    """The till for ``sides``: the facts of ``deal``, else of the first side that has fees and a currency."""
    chosen = deal or next((s for s in sides if s.deal and s.deal.annual_fees and s.deal.currency), sides[0])
    rows = tables.assumptions.to_dict("records")
    assumed = Assumptions(tuple(assumption_of({str(k): v for k, v in r.items()}, i + 2) for i, r in enumerate(rows)))
    as_of = date.fromisoformat(str(tables.meta.get("as_of") or date.today().isoformat()))
    basis = Basis(assumed, sides[0].rates, as_of=as_of, seed=int(tables.meta.get("seed") or 0), trials=trials)
    return Till(chosen.deal, basis, chosen.contract_id)


def total(costs: Mapping[str, Cost]) -> tuple[float, list[str]]:
    """The sum of what is known, and the components that are not."""
    return (
        round(sum(c.amount for c in costs.values() if c.amount is not None), 2),
        [k for k, c in costs.items() if c.amount is None],
    )

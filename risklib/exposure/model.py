"""What a component is: kinds of events, what one event costs, and what a year of them costs. And its scenario.

A scenario plugs the low, likely or high figures in. A count below 1 a year is the chance of one such event; from 1
on it is the number of events of a year. So ``scenario = chance × year(events × cost of one)``, summed over what can
happen in one year when several kinds share a cap. With fixed figures and counts of 1 or more that is what the
simulation gives, too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

from risklib.exposure.arithmetic import (
    LIKELY,
    ONE,
    ZERO,
    Expr,
    Level,
    Quantity,
    cents,
    exactly,
    in_figures,
    in_words,
    named,
    names,
    number,
    quantities,
    shown,
    total,
)
from risklib.records import Operand

EVENTS, CHANCE, TIMES = "events a year", "chance a year", "times a year"


@dataclass(frozen=True, eq=False)
class Kind:
    """One kind of event. ``columns``: what one event gives, by name. ``law`` is a unit: how its count is drawn."""

    name: str
    columns: Mapping[str, Expr]
    count: Expr = ONE
    law: str = TIMES
    shock: str = ""  # the shared shock that part of its events comes from
    owner: str = ""  # the component that counts its loss; here it only uses up a cap that both share


def kind(name: str, cost: Expr | Mapping[str, Expr], count: Expr = ONE, shock: str = "") -> Kind:
    """A kind whose law is the unit of its count: events a year, chance a year, or so many times a year."""
    law = next((q.unit for q in quantities(count) if q.unit in (EVENTS, CHANCE, TIMES)), TIMES)
    return Kind(name, cost if isinstance(cost, Mapping) else {"loss": cost}, count, law, shock)


Year = Callable[[Mapping[str, Expr]], Expr]  # yearly sums by "kind.column" → loss of the year


def plain_sum(sums: Mapping[str, Expr]) -> Expr:
    return total([e for key, e in sums.items() if key.endswith(".loss")])


@dataclass(frozen=True, eq=False)
class Model:
    component: str
    currency: str
    kinds: tuple[Kind, ...]
    year: Year = plain_sum
    notes: tuple[str, ...] = ()
    shown_too: tuple[Quantity, ...] = ()  # operands in words, not in the arithmetic

    @property
    def own(self) -> tuple[Kind, ...]:
        return tuple(k for k in self.kinds if not k.owner)

    def operands(self) -> tuple[Operand, ...]:
        """Every operand, in reading order, each once. What else uses up a shared cap opens with its own component."""
        found: dict[int, Operand] = {}
        for e in (*self.parts(self.own), self.year(self._sums({k.name: ONE for k in self.own}))):
            for q in quantities(e):
                found.setdefault(id(q), q.operand)
        for q in self.shown_too:
            found.setdefault(id(q), q.operand)
        return tuple(dict.fromkeys(found.values()))

    def parts(self, kinds: tuple[Kind, ...] | None = None) -> list[Expr]:
        """The counts and columns of all kinds, as formulas."""
        return [e for k in (self.kinds if kinds is None else kinds) for e in (k.count, *k.columns.values())]

    def _sums(self, times: Mapping[str, Expr]) -> dict[str, Expr]:
        return {f"{k.name}.{c}": times.get(k.name, ZERO) * e for k in self.kinds for c, e in k.columns.items()}

    # ------------------------------------------------------------ scenario

    def scenario(self, level: Level) -> Decimal:
        """Loss of a year with every assumption at ``level``, exact."""
        return self._scenario(level)[1]

    def _scenario(self, level: Level) -> tuple[Expr, Decimal]:
        """The arithmetic of one level as a formula, and its value."""
        times: dict[str, Expr] = {}
        chances: dict[str, Expr] = {}
        for k in self.kinds:
            often = exactly(k.count, level)
            as_number = k.law == TIMES or often >= 1
            times[k.name], chances[k.name] = (k.count, ONE) if as_number else (ONE, k.count)
        certain = {n: t for n, t in times.items() if chances[n] is ONE}
        rare = [n for n in times if n not in certain]
        own = [k.name for k in self.own]
        steady = [n for n in own if n in certain]
        alone = {", ".join(steady): self.year(self._sums({n: certain[n] for n in steady}))} if steady else {}
        alone |= {n: chances[n] * self.year(self._sums({n: times[n]})) for n in own if n in rare}
        formula = total(named(f"from {n}", e) if len(alone) > 1 else e for n, e in alone.items())
        together = self._together(certain, {n: exactly(chances[n], level) for n in rare}, level)
        extra = together - exactly(formula, level)
        return (formula if abs(extra) < Decimal("1e-9") else _with(formula, extra)), together

    def _together(self, certain: Mapping[str, Expr], rare: Mapping[str, Decimal], level: Level) -> Decimal:
        """The sum over what may happen in one year of its chance times the loss of such a year."""
        result = Decimal(0)
        for happens in product((False, True), repeat=len(rare)):
            weight, times = Decimal(1), dict(certain)
            for (name, p), yes in zip(rare.items(), happens, strict=True):
                weight *= p if yes else 1 - p
                if yes:
                    times[name] = ONE
            result += weight * exactly(self.year(self._sums(times)), level)
        return result

    # ------------------------------------------------------------ text

    def formula(self) -> str:
        """The arithmetic of the likely case, one line for each named part and one for the total: words = figures =
        result."""
        e, result = self._scenario(LIKELY)
        lines = [_line(n.name, n.args[0], shown(exactly(n, LIKELY), n.unit), n.unit, self.currency) for n in names(e)]
        final = f"{cents(result, self.currency):,} {self.currency}"
        return "\n".join([*lines, _line("a year", e, final, "", "")])


def _with(formula: Expr, extra: Decimal) -> Expr:
    word = "effect of one cap for all claims of a year"
    return Expr("+" if extra > 0 else "−", (formula, named(word, number(abs(extra)))))


def _line(name: str, e: Expr, result: str, unit: str, currency: str) -> str:
    result += f" {currency}" if unit == "money" else ""
    if e.op == "number":
        return f"{name} = {result}"
    words, figures = in_words(e), in_figures(e)
    if e.op == "value":  # a name for one operand: its figure is enough
        words = figures = name
    return " = ".join(dict.fromkeys([name, words, *([] if result.startswith(figures) else [figures]), result]))

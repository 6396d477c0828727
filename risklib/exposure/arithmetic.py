"""Formulas as small trees: one tree is computed (exactly with Decimal, fast with arrays) and printed, so both
always agree.

A leaf is a ``Quantity`` (a number with its unit and the operand that proves it), a constant, or a slot that the
caller fills. ``named`` gives a part a name; printing shows the name and explains it on a line of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import reduce
from typing import Any

import numpy as np
from babel.numbers import get_currency_precision

from risklib.records import Operand

LOW, LIKELY, HIGH = range(3)
_RANK = {"+": 1, "−": 1, "×": 2, "÷": 2, "^": 3}


@dataclass(frozen=True, eq=False, slots=True)
class Quantity:
    """``at[LOW], at[LIKELY], at[HIGH]``; shares and percentages as fractions. Equal figures mean that it is fixed."""

    name: str
    at: tuple[Decimal, Decimal, Decimal]
    unit: str
    operand: Operand
    assumption: str = ""  # id of the assumption that it is

    @property
    def fixed(self) -> bool:
        return self.at[LOW] == self.at[HIGH]


@dataclass(frozen=True, eq=False, slots=True)
class Expr:
    op: str  # "value", "number", "slot", "named", "least", "greatest", "over", or a sign of _RANK
    args: tuple[Expr, ...] = ()
    name: str = ""
    unit: str = ""  # of a named part: how its result is shown
    quantity: Quantity | None = None
    constant: Decimal = Decimal(0)

    def __add__(self, other: Expr) -> Expr:
        return other if is_zero(self) else self if is_zero(other) else Expr("+", (self, other))

    def __sub__(self, other: Expr) -> Expr:
        return self if is_zero(other) else Expr("−", (self, other))

    def __mul__(self, other: Expr) -> Expr:
        if is_zero(self) or is_zero(other):
            return ZERO
        return other if _is_one(self) else self if _is_one(other) else Expr("×", (self, other))

    def __truediv__(self, other: Expr) -> Expr:
        return self if _is_one(other) else Expr("÷", (self, other))


def number(value: int | str | Decimal) -> Expr:
    return Expr("number", constant=Decimal(value))


ZERO, ONE = number(0), number(1)


def value(quantity: Quantity) -> Expr:
    return Expr("value", quantity=quantity, name=quantity.name, unit=quantity.unit)


def slot(name: str) -> Expr:
    return Expr("slot", name=name)


def named(name: str, body: Expr, unit: str = "money") -> Expr:
    return Expr("named", (body,), name, unit)


def least(*args: Expr) -> Expr:
    return args[0] if len(args) == 1 else Expr("least", args)


def greatest(*args: Expr) -> Expr:
    return args[0] if len(args) == 1 else Expr("greatest", args)


def over(amount: Expr, tested: Expr, limit: Expr) -> Expr:
    """``amount`` where ``tested`` is more than ``limit``, else 0."""
    return Expr("over", (amount, tested, limit))


def power(base: Expr, exponent: Expr) -> Expr:
    return Expr("^", (base, exponent))


def total(parts: Iterable[Expr]) -> Expr:
    return reduce(lambda a, b: a + b, parts, ZERO)


def is_zero(e: Expr) -> bool:
    return e.op == "number" and e.constant == 0


def _is_one(e: Expr) -> bool:
    return e.op == "number" and e.constant == 1


# ---------------------------------------------------------------- computing


Lookup = Callable[[Expr], Any]


def compute(e: Expr, lookup: Lookup, constant: Callable[[Decimal], Any] = float) -> Any:
    """The value of ``e``. ``lookup`` gives quantities and slots; arrays broadcast; ``constant`` sets the kind of
    number."""
    if e.op in ("value", "slot"):
        return lookup(e)
    if e.op == "number":
        return constant(e.constant)
    args = [compute(a, lookup, constant) for a in e.args]
    return _APPLY[e.op](*args)


Level = int | Callable[[Quantity], int]  # one for all assumptions, or one for each


def at_high(e: Expr) -> float:
    """The value with every assumption at HIGH, fast and not exact."""
    return float(compute(e, lambda leaf: float(leaf.quantity.at[HIGH])))  # type: ignore[union-attr]


def exactly(e: Expr, level: Level) -> Decimal:
    """The value of ``e`` with every assumption at LOW, LIKELY or HIGH, in decimals."""
    if callable(level):
        return compute(e, lambda leaf: leaf.quantity.at[level(leaf.quantity)], lambda d: d)  # type: ignore
    return compute(e, lambda leaf: leaf.quantity.at[level], lambda d: d)  # type: ignore[union-attr]


def _pick(exact: Callable[..., Any], array: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args: exact(args) if isinstance(args[0], Decimal) else reduce(array, args)


def _over(amount: Any, tested: Any, limit: Any) -> Any:
    if isinstance(amount, Decimal):
        return amount if tested > limit else Decimal(0)
    return np.where(tested > limit, amount, 0.0)


_APPLY: dict[str, Callable[..., Any]] = {
    "+": lambda a, b: a + b,
    "−": lambda a, b: a - b,
    "×": lambda a, b: a * b,
    "÷": lambda a, b: a / b,
    "^": lambda a, b: a**b,
    "least": _pick(min, np.minimum),
    "greatest": _pick(max, np.maximum),
    "over": _over,
    "named": lambda a: a,
}


# ---------------------------------------------------------------- looking through


def quantities(e: Expr) -> tuple[Quantity, ...]:
    """Every quantity of ``e`` in the order of reading, each once."""
    found: dict[int, Quantity] = {}
    open_ = [e]
    while open_:
        node = open_.pop()
        if node.quantity is not None:
            found[id(node.quantity)] = node.quantity
        else:
            open_.extend(reversed(node.args))
    return tuple(found.values())


def names(e: Expr) -> Iterator[Expr]:
    """The named parts of ``e``, inner ones first, each once by its name."""
    seen: set[str] = set()

    def walk(node: Expr) -> Iterator[Expr]:
        for arg in node.args:
            yield from walk(arg)
        if node.op == "named" and node.name not in seen:
            seen.add(node.name)
            yield node

    return walk(e)


# ---------------------------------------------------------------- printing


def in_words(e: Expr) -> str:
    """``annual fees × share of invoices late``."""
    return _show(e, lambda leaf: leaf.name if leaf.op != "number" else _plain(leaf.constant))


def in_figures(e: Expr, level: int = LIKELY) -> str:
    """``120,000.00 × 5 %``."""

    def leaf(node: Expr) -> str:
        if node.op == "number":
            return _plain(node.constant)
        return shown(exactly(node, level), node.unit)

    return _show(e, leaf)


def shown(figure: Decimal, unit: str) -> str:
    """A figure as a person writes it in this unit: money with cents, shares and chances in per cent, others plain."""
    if unit.startswith(("share", "chance", "%")):
        return f"{_plain(round(figure * 100, 6))} %"
    if unit == "money" or unit[:3].isupper():
        return f"{figure:,.2f}" if abs(figure) >= Decimal("0.01") or not figure else _plain(round(figure, 6))
    return _plain(round(figure, 6))


def _plain(figure: Decimal) -> str:
    text = f"{figure:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _show(e: Expr, leaf: Callable[[Expr], str], rank: int = 0, right: bool = False) -> str:
    if e.op in ("value", "number", "slot", "named"):
        return leaf(e)
    if e.op in ("least", "greatest"):
        text = f"the {'lower' if e.op == 'least' else 'higher'} of {' and '.join(_show(a, leaf) for a in e.args)}"
        return f"({text})" if rank or right else text
    if e.op == "over":
        amount, tested, limit = (_show(a, leaf) for a in e.args)
        return f"({amount} if {tested} > {limit}, else 0)"
    own = _RANK[e.op]
    text = f"{_show(e.args[0], leaf, own)} {e.op} {_show(e.args[1], leaf, own, e.op in '−÷^')}"
    return f"({text})" if own < rank or (right and own == rank) else text


def cents(figure: Decimal | float, currency: str) -> Decimal:
    """Rounded to the currency's smallest unit, halves away from zero; a float is first cleared of its binary dust."""
    exact = figure if isinstance(figure, Decimal) else Decimal(repr(round(float(figure), 6)))
    return exact.quantize(Decimal(1).scaleb(-get_currency_precision(currency)), ROUND_HALF_UP)

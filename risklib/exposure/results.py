"""Figures of a simulated distribution: expected, median, p95, p99, expected shortfall, exceedance curve."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
TAIL = 0.95
# chances at which a curve is read: every second per cent, then finer in the tail, which is what it is drawn for
CURVE = (
    *(n / 100 for n in range(98, 10, -2)),
    *(n / 200 for n in range(20, 1, -1)),
    0.0075,
    0.005,
    0.0035,
    0.002,
    0.001,
)


@dataclass(frozen=True, slots=True)
class Losses:
    """The loss of each of ``trials`` years. Most are 0: ``amounts`` (an array, or one for all) are those of ``years``,
    rising places; None stands for every year."""

    trials: int
    years: NDArray[np.intp] | None
    amounts: Array | float

    def of_every_year(self) -> Array:
        """An array of ``trials`` figures of its own."""
        out = np.zeros(self.trials)
        self.add_to(out)
        return out

    def add_to(self, sums: Array, rate: float = 1.0) -> None:
        """Adds them to yearly sums in place, times an exchange rate."""
        amounts = self.amounts if rate == 1 else self.amounts * rate
        if self.years is None:
            sums += amounts
        else:
            sums[self.years] += amounts

    def mean(self) -> float:
        many = self.trials if self.years is None else len(self.years)
        amounts = np.broadcast_to(np.asarray(self.amounts, dtype=np.float64), (many,))
        return float(amounts.sum()) / self.trials

    def expected_and_p95(self) -> tuple[float, float]:
        """The mean and the 95 % quantile, without sorting everything."""
        k = _place(TAIL, self.trials)
        if self.years is not None and self.trials - len(self.years) > k:
            return self.mean(), 0.0  # seldom enough; no loss is below 0
        return self.mean(), float(np.partition(self.of_every_year(), k)[k])


@dataclass(frozen=True)
class Summary:
    """Of one year's loss. Quantiles are order statistics: the smallest loss that a share q of the years does not
    pass."""

    expected: float
    median: float
    p95: float
    p99: float
    shortfall: float  # mean of the worst 5 % of the years
    standard_error: float  # of ``expected``
    curve: tuple[tuple[float, float], ...]  # (chance, loss that is passed in that share of the years), chance falling
    trials: int


def summary(losses: Array) -> Summary:
    """The figures of simulated yearly losses."""
    ordered = np.sort(losses)
    n = len(ordered)
    at = {q: float(ordered[_place(q, n)]) for q in (0.5, TAIL, 0.99)}
    deviation = float(ordered.std(ddof=1)) if n > 1 else 0.0
    chances, places = _curve_places(n)
    curve = tuple(zip(chances, ordered[places].tolist(), strict=True))
    return Summary(
        expected=float(ordered.mean()),
        median=at[0.5],
        p95=at[TAIL],
        p99=at[0.99],
        shortfall=float(ordered[n - tail_size(n) :].mean()),
        standard_error=deviation / math.sqrt(n),
        curve=curve,
        trials=n,
    )


@lru_cache(maxsize=8)
def _curve_places(n: int) -> tuple[tuple[float, ...], NDArray[np.intp]]:
    chances = tuple(c for c in CURVE if c * n >= 1)
    return chances, np.array([_place(1 - c, n) for c in chances], dtype=np.intp)


def _place(q: float, n: int) -> int:
    return max(math.ceil(round(q * n, 6)) - 1, 0)


def tail_size(n: int) -> int:
    """How many years are the worst 5 %, at least one."""
    return max(n - math.ceil(round(TAIL * n, 6)), 1)


def worst_years(total: Array) -> NDArray[np.intp]:
    """The years of the worst 5 %; ties go to the earlier year."""
    return np.argsort(-total, kind="stable")[: tail_size(len(total))]


def in_cents(parts: Array, whole: float, unit: float = 0.01) -> list[int]:
    """Parts in whole units that add up to the rounded whole: what is left over goes to the largest remainders."""
    exact = parts / unit
    low = np.floor(exact + 1e-9).astype(np.int64)
    left = round(whole / unit) - int(low.sum())
    order = np.argsort(-(exact - low), kind="stable")
    low[order[: max(left, 0)]] += 1
    if left < 0:
        low[order[left:]] -= 1
    return [int(x) for x in low]

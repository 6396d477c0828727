"""Figures of a simulated distribution: expected, median, p95, p99, expected shortfall, exceedance curve."""

from __future__ import annotations

import math
from dataclasses import dataclass

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
    curve = tuple((c, float(ordered[_place(1 - c, n)])) for c in CURVE if c * n >= 1)
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


def _place(q: float, n: int) -> int:
    return max(math.ceil(round(q * n, 6)) - 1, 0)


def tail_size(n: int) -> int:
    """How many years are the worst 5 %, at least one."""
    return max(n - math.ceil(round(TAIL * n, 6)), 1)


def expected_and_p95(losses: Array) -> tuple[float, float]:
    """Just the mean and the 95 % quantile, without sorting everything."""
    k = _place(TAIL, len(losses))
    return float(losses.mean()), float(np.partition(losses, k)[k])


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

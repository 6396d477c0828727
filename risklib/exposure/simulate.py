"""Years drawn at random, vectorised: counts, then one draw of every assumption for each event, filters, caps of the
year.

Streams are named, not numbered: each is seeded by the SHA-256 of (seed, contract, component, kind, assumption). So
a contract's draws depend on no other contract, on no order and on no number of workers.

Counts of a year: Poisson for "events a year", Bernoulli for "chance a year", the figure itself for "times a year".
Frequency and chance are themselves PERT(low, likely, high), drawn once a year. Severities are PERT, drawn for each
event as one of a table of equally likely figures. What an event costs hangs on its year or on its place among the
events, not on what else is in the formula, so that a term that lowers a chance takes events away and leaves the others
as they are: the difference between two sets of terms is not noise.

Dependence: a share rho of a kind's events comes from a shock that all contracts see in the same years. Poisson(f)
is split into own Poisson((1 - rho) f) and shared Poisson(rho f), whose quantiles are taken at one common uniform; a
chance p into 1 - (1 - p)^(1 - rho) and 1 - (1 - p)^rho. A kind that happens always draws from common uniforms in a
share rho of the years. Every contract's own distribution stays what it was; only the sum's tail moves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from risklib.exposure.arithmetic import HIGH, LIKELY, LOW, Expr, Quantity, at_high, compute, exactly, quantities, slot
from risklib.exposure.model import CHANCE, TIMES, Kind, Model
from risklib.exposure.terms import Basis

Array = NDArray[np.float64]
Seen = dict[str, dict[str, Any]]  # by component and kind: the sums of each year
BITS = 14
CELLS = 2**BITS  # a PERT is drawn as one of so many equally likely figures, the means of its slices
SELDOM = 0.4  # a chance up to which events are kept in the order of their uniforms
MANY = 50.0  # events a year from which counts are drawn by quantile and not one by one


def losses(model: Model, contract_id: str, basis: Basis, seen: Seen | None = None) -> Array:
    """The loss of each of ``basis.trials`` years, in the model's currency.

    ``seen`` keeps what was drawn for one contract, for components that share a cap and so the same claims.
    """
    sums: dict[str, Any] = {}
    seen = {} if seen is None else seen
    for k in model.kinds:
        name = f"{k.owner or model.component}|{k.name}"
        if name not in seen:
            stream, rho = _Streams(basis.seed, f"{contract_id}|{name}", basis.trials), basis.shocks.get(k.shock, 0.0)
            seen[name] = _always(k, stream, rho) if _is_always(k) else _events(k, stream, rho)
        sums |= {f"{k.name}.{column}": array for column, array in seen[name].items()}
    year = model.year({name: slot(name) for name in sums})
    result = compute(year, lambda leaf: sums[leaf.name] if leaf.op == "slot" else float(leaf.quantity.at[LIKELY]))  # type: ignore[union-attr]
    return np.broadcast_to(np.asarray(result, dtype=np.float64), (basis.trials,))


class _Streams:
    """The named streams of one kind of event of one contract."""

    def __init__(self, seed: int, name: str, trials: int) -> None:
        self.name, self.trials, self.seed = f"{seed}|{name}", trials, seed

    def uniforms(self, purpose: str) -> Array:
        """One for each trial."""
        return _generator(f"{self.name}|{purpose}").random(self.trials)

    def cells(self, purpose: str, size: int, pick: Any) -> NDArray[np.intp]:
        """``size`` slices of a PERT's table, all equally likely, of which ``pick`` count: 16 random bits each."""
        words = _generator(f"{self.name}|{purpose}").bit_generator.random_raw(-(-size // 4))
        return (words.astype("<u8", copy=False).view("<u2")[:size][pick] >> (16 - BITS)).astype(np.intp)


class _Digest(np.random.bit_generator.ISeedSequence):
    """A SHA-256 as the seed of a bit generator: it is mixed already, and numpy's own mixing takes twice as long."""

    def __init__(self, name: str) -> None:
        self.bytes = hashlib.sha256(name.encode()).digest()

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> NDArray[Any]:
        return np.frombuffer(self.bytes, np.dtype(dtype).newbyteorder("<"))[:n_words].astype(dtype)


def _generator(name: str) -> np.random.Generator:
    return np.random.Generator(np.random.SFC64(_Digest(name)))  # type: ignore[arg-type]


@lru_cache(maxsize=16)
def _shared(seed: int, shock: str, purpose: str, trials: int) -> Array:
    """Uniforms that all contracts see; read-only."""
    drawn = _generator(f"{seed}|shared|{shock}|{purpose}").random(trials)
    drawn.setflags(write=False)
    return drawn


# ---------------------------------------------------------------- PERT


def drawn(q: Quantity, cells: NDArray[np.intp]) -> Array | float:
    """The quantity in these slices of 0 … CELLS - 1: PERT(low, likely, high), or its one figure."""
    return float(q.at[LIKELY]) if q.fixed else _slices(*map(float, q.at)).take(cells)


@lru_cache(maxsize=512)
def _slices(low: float, likely: float, high: float) -> Array:
    """The means of CELLS slices of equal chance of PERT(low, likely, high), rising; their mean is the PERT's.

    PERT(low, likely, high) is low + (high - low) * Beta(a, b) with a = 1 + 4m, b = 5 - 4m, m the mode's place in 0..1.
    The slices' ends are quantiles, read off a table that is finer towards 0 and 1, where the slope may be infinite. The
    mean between two ends is a/(a + b) * (I(upper; a + 1, b) - I(lower; a + 1, b)) / (I(upper; a, b) - I(lower; a, b)).
    """
    mode = (likely - low) / (high - low)
    a, b = 1 + 4 * mode, 5 - 4 * mode
    near, middle = np.geomspace(1e-9, 0.01, 200), np.linspace(0.01, 0.99, 800)[1:-1]
    chances = np.concatenate([[0.0], near, middle, 1 - near[::-1], [1.0]])
    below, above = special.betaincinv(a, b, near), 1 - special.betaincinv(b, a, near[::-1])
    table = np.concatenate([[0.0], below, special.betaincinv(a, b, middle), above, [1.0]])
    ends = np.interp(np.linspace(0.0, 1.0, CELLS + 1), chances, table)
    parts, masses = (np.diff(special.betainc(shape, b, ends)) for shape in (a + 1, a))
    means = np.clip(parts * (a / (a + b)) / masses, ends[:-1], ends[1:])
    means += a / (a + b) - means.mean()  # what reading ends off a table leaves: less than a millionth
    means = low + (high - low) * means
    means.setflags(write=False)
    return means


def _columns(k: Kind, env: Mapping[int, Array | float]) -> dict[str, Any]:
    return {name: compute(e, lambda leaf: env[id(leaf.quantity)]) for name, e in k.columns.items()}


def _env(formulas: Iterable[Expr], stream: _Streams, size: int, pick: Any = slice(None)) -> dict[int, Array | float]:
    """Each quantity of the formulas, drawn ``size`` times from a stream of its own, of which ``pick`` count."""
    qs = {id(q): q for e in formulas for q in quantities(e)}
    return {
        k: float(q.at[LIKELY]) if q.fixed else drawn(q, stream.cells(q.assumption, size, pick)) for k, q in qs.items()
    }


# ---------------------------------------------------------------- kinds that happen always


def _is_always(k: Kind) -> bool:
    """So many times a year, and not a fixed whole number of two or more (those are drawn as separate events)."""
    if k.law != TIMES:
        return False
    low, high = exactly(k.count, LOW), exactly(k.count, HIGH)
    return low != high or low <= 1 or low != low.to_integral_value() or low > Decimal(str(MANY))


def _always(k: Kind, stream: _Streams, rho: float) -> dict[str, Any]:
    formulas = (k.count, *k.columns.values())
    env = _env(formulas, stream, stream.trials)
    if rho > 0:
        common = _shared(stream.seed, k.shock, "coin", stream.trials) < rho
        for q in (q for e in formulas for q in quantities(e) if not q.fixed):
            ours = _shared(stream.seed, k.shock, q.assumption, stream.trials)[common]
            np.place(env[id(q)], common, drawn(q, (ours * CELLS).astype(np.intp)))  # type: ignore[arg-type]
    often = compute(k.count, lambda leaf: env[id(leaf.quantity)])
    return {name: often * column for name, column in _columns(k, env).items()}


# ---------------------------------------------------------------- kinds that happen now and then


def _events(k: Kind, stream: _Streams, rho: float) -> dict[str, Any]:
    """Sums of a year for each column: draw the years of the events, the severities of each, and add up."""
    years = _years(k, stream, rho)
    one_a_year = k.law == CHANCE  # then the year itself can name the draw
    env = _env(
        k.columns.values(), stream, stream.trials if one_a_year else len(years), years if one_a_year else slice(None)
    )
    found = _columns(k, env).items()
    arrays = {name: c if isinstance(c, np.ndarray) else np.full(len(years), float(c)) for name, c in found}
    return {name: np.bincount(years, array, stream.trials) for name, array in arrays.items()}


def _years(k: Kind, stream: _Streams, rho: float) -> NDArray[np.intp]:
    """The year of each event."""
    n = stream.trials
    if k.law == TIMES:
        return np.tile(np.arange(n), int(exactly(k.count, LIKELY)))
    most = at_high(k.count)
    own, both = stream.uniforms("count"), _shared(stream.seed, k.shock, "count", n) if rho > 0 else None
    if k.law == CHANCE:
        may = np.flatnonzero(own < most if both is None else (own < most) | (both < most))
        chance = _rates(k, stream, n, may)
        if both is None:
            return may[own[may] < chance]
        return may[(own[may] < 1 - (1 - chance) ** (1 - rho)) | (both[may] < 1 - (1 - chance) ** rho)]
    if both is None:
        may = _first(own, most)
        return _counted(own[may], may, _rates(k, stream, len(may)))
    rate = np.broadcast_to(_rates(k, stream, n), n)
    mine, ours = _first(own, most * (1 - rho)), _first(both, most * rho)
    parts = [_counted(own[mine], mine, rate[mine] * (1 - rho)), _counted(both[ours], ours, rate[ours] * rho)]
    return np.concatenate(parts)


def _first(u: Array, most: float) -> NDArray[np.intp]:
    """The years that may have an event at the highest rate, in the order of the uniforms (not if many: sorting
    costs)."""
    below = 1 - np.exp(-most)
    may = (u < below).nonzero()[0]
    return may if below > SELDOM else may[np.argsort(u[may], kind="stable")]


def _rates(k: Kind, stream: _Streams, size: int, pick: Any = slice(None)) -> Any:
    env = _env((k.count,), stream, size, pick)
    return compute(k.count, lambda leaf: env[id(leaf.quantity)])


def _counted(u: Array, may: NDArray[np.intp], rate: Any) -> NDArray[np.intp]:
    """Each year as often as it has events: the Poisson quantile at 1 - u."""
    rate = rate if isinstance(rate, np.ndarray) else np.full(len(may), float(rate))
    if len(rate) and rate.max() > MANY:
        return np.repeat(may, _poisson_quantile(1 - u, rate))
    found: list[NDArray[np.intp]] = []
    term = np.exp(-rate)
    beyond = 1 - term  # chance of more than count events
    count = 0
    while len(may):
        hit = (u < beyond).nonzero()[0]
        may, u, rate, term, beyond = (a.take(hit) for a in (may, u, rate, term, beyond))
        found.append(may)
        count += 1
        term = term * rate / count
        beyond = beyond - term
    return np.concatenate(found) if found else may


def _poisson_quantile(q: Array, rate: Array) -> NDArray[np.intp]:
    """The smallest count that a share q of the years does not pass."""
    above = np.ceil(special.pdtrik(q, rate))
    below = np.maximum(above - 1, 0)
    return np.where(special.pdtr(below, rate) >= q, below, above).astype(np.intp)

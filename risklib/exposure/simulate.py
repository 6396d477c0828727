"""Years drawn at random, vectorised: counts, then one draw of every assumption for each event, filters, caps of the
year.

Streams are named, not numbered: each is seeded by the SHA-256 of (seed, contract, component, kind, assumption). So
a contract's draws depend on no other contract, on no order and on no number of workers.

Counts of a year: Poisson for "events a year", Bernoulli for "chance a year", the figure itself for "times a year".
Frequency and chance are themselves PERT(low, likely, high), drawn once a year. Severities are PERT, drawn for each
event by inverting a table of quantiles. What an event costs hangs on its year or on its place among the events, not
on what else is in the formula, so that a term that lowers a chance takes events away and leaves the others as they
are: the difference between two sets of terms is not noise.

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
from scipy import stats

from risklib.exposure.arithmetic import HIGH, LIKELY, LOW, Expr, Quantity, compute, exactly, quantities, slot
from risklib.exposure.model import CHANCE, TIMES, Kind, Model

Array = NDArray[np.float64]
NODES = 2048  # of a quantile table; the tests hold it within 5e-4 of the range of the exact one, its mean within 1e-6
SELDOM = 0.4  # a chance up to which events are kept in the order of their uniforms
MANY = 50.0  # events a year from which counts are drawn by quantile and not one by one


def losses(model: Model, contract_id: str, seed: int, trials: int, shocks: Mapping[str, float]) -> Array:
    """The loss of each of ``trials`` years, in the model's currency."""
    sums: dict[str, Any] = {}
    for k in model.kinds:
        stream = _Streams(seed, contract_id, model.component, k.name, trials)
        rho = shocks.get(k.shock, 0.0)
        columns = _always(k, stream, rho) if _is_always(k) else _events(k, stream, rho)
        sums |= {f"{k.name}.{name}": column for name, column in columns.items()}
    year = model.year({name: slot(name) for name in sums})
    result = compute(year, lambda leaf: sums[leaf.name] if leaf.op == "slot" else float(leaf.quantity.at[LIKELY]))  # type: ignore[union-attr]
    return np.broadcast_to(np.asarray(result, dtype=np.float64), (trials,))


class _Streams:
    """The named streams of one kind of event of one contract."""

    def __init__(self, seed: int, contract_id: str, component: str, kind: str, trials: int) -> None:
        self.name, self.trials = f"{seed}|{contract_id}|{component}|{kind}", trials
        self.seed = seed

    def __call__(self, purpose: str) -> np.random.Generator:
        return _generator(f"{self.name}|{purpose}")


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


def drawn(q: Quantity, u: Array) -> Array | float:
    """The quantity at the uniforms ``u``: PERT(low, likely, high), or its one figure."""
    low, likely, high = (float(x) for x in q.at)
    if q.fixed:
        return likely
    table, steps, near, bottom, top = _quantiles((likely - low) / (high - low))
    place = u * NODES
    cell = place.astype(np.intp)
    found = table.take(cell) + (place - cell) * steps.take(cell)
    for end, at, values in ((u < near[-1], u, bottom), (u > 1 - near[-1], 1 - u, top)):
        k = np.flatnonzero(end)
        found[k] = np.interp(at[k], near, values)
    return low + (high - low) * found


@lru_cache(maxsize=1024)
def _quantiles(mode: float) -> tuple[Array, Array, Array, Array, Array]:
    """Quantiles of PERT on 0..1 with this mode: at NODES + 1 even steps with their differences, and, as the slope
    may be infinite at the ends, at finer and finer steps towards 0 and towards 1.

    PERT(low, likely, high) is low + (high - low) * Beta(1 + 4m, 5 - 4m), m the mode's place in 0..1."""
    law = stats.beta(1 + 4 * mode, 5 - 4 * mode)
    table = law.ppf(np.linspace(0.0, 1.0, NODES + 1))
    near = np.geomspace(1e-16, 8 / NODES, 400)
    return table, np.append(np.diff(table), 0.0), near, law.ppf(near), law.isf(near)


def _columns(k: Kind, env: Mapping[int, Array | float]) -> dict[str, Any]:
    return {name: compute(e, lambda leaf: env[id(leaf.quantity)]) for name, e in k.columns.items()}


def _env(formulas: Iterable[Expr], stream: _Streams, size: int, pick: Any = slice(None)) -> dict[int, Array | float]:
    """Each quantity of the formulas, drawn ``size`` times from a stream of its own, of which ``pick`` count."""
    qs = {id(q): q for e in formulas for q in quantities(e)}
    return {
        k: float(q.at[LIKELY]) if q.fixed else drawn(q, stream(q.assumption).random(size)[pick]) for k, q in qs.items()
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
            np.place(env[id(q)], common, drawn(q, ours))  # type: ignore[arg-type]
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
    return {
        name: np.bincount(years, np.broadcast_to(np.asarray(column, np.float64), years.shape), stream.trials)
        for name, column in _columns(k, env).items()
    }


def _years(k: Kind, stream: _Streams, rho: float) -> NDArray[np.intp]:
    """The year of each event."""
    n = stream.trials
    if k.law == TIMES:
        return np.tile(np.arange(n), int(exactly(k.count, LIKELY)))
    most = float(exactly(k.count, HIGH))
    own, both = stream("count").random(n), _shared(stream.seed, k.shock, "count", n) if rho > 0 else None
    if k.law == CHANCE:
        may = np.flatnonzero(own < most if both is None else (own < most) | (both < most))
        chance = _rates(k, stream, n, may)
        if both is None:
            return may[own[may] < chance]
        return may[(own[may] < 1 - (1 - chance) ** (1 - rho)) | (both[may] < 1 - (1 - chance) ** rho)]
    if both is None:
        may = _first(own, most)
        return _counted(own[may], may, _rates(k, stream, len(may)))
    rate = np.broadcast_to(_rates(k, stream, n), (n,))
    mine, ours = _first(own, most * (1 - rho)), _first(both, most * rho)
    parts = [_counted(own[mine], mine, rate[mine] * (1 - rho)), _counted(both[ours], ours, rate[ours] * rho)]
    return np.concatenate(parts)


def _first(u: Array, most: float) -> NDArray[np.intp]:
    """The years that may have an event at the highest rate, in the order of the uniforms (not if many: sorting
    costs)."""
    below = 1 - np.exp(-most)
    may = np.flatnonzero(u < below)
    return may if below > SELDOM else may[np.argsort(u[may], kind="stable")]


def _rates(k: Kind, stream: _Streams, size: int, pick: Any = slice(None)) -> Any:
    env = _env((k.count,), stream, size, pick)
    return compute(k.count, lambda leaf: env[id(leaf.quantity)])


def _counted(u: Array, may: NDArray[np.intp], rate: Any) -> NDArray[np.intp]:
    """Each year as often as it has events: the Poisson quantile at 1 - u."""
    rate = np.broadcast_to(np.asarray(rate, dtype=np.float64), may.shape)
    if len(rate) and rate.max() > MANY:
        return np.repeat(may, stats.poisson.isf(u, rate).astype(np.intp))
    found: list[NDArray[np.intp]] = []
    term = np.exp(-rate)
    beyond = 1 - term  # chance of more than count events
    count = 0
    while len(may):
        hit = u < beyond
        may, u, rate, term, beyond = may[hit], u[hit], rate[hit], term[hit], beyond[hit]
        found.append(may)
        count += 1
        term = term * rate / count
        beyond = beyond - term
    return np.concatenate(found) if found else may

"""Years drawn at random, vectorised: counts, then one draw of every assumption for each event, filters, caps of the year.

Streams are named, not numbered: each is seeded by the SHA-256 of (seed, contract, component, kind, purpose). So a contract's
draws depend on no other contract, on no order and on no number of workers.

Counts of a year: Poisson for "events a year", Bernoulli for "chance a year", the figure itself for "times a year". Frequency
and chance are themselves PERT(low, likely, high), drawn once a year. Severities are PERT, drawn for each event by inverting
a table of quantiles. Events stand in the order of their years' uniforms, so that a term that lowers a chance takes events
away and leaves the others as they are: differences between two sets of terms are not noise.

Dependence: a share rho of a kind's events comes from a shock that all contracts see in the same years. Poisson(f) is
split into own Poisson((1 - rho) f) and shared Poisson(rho f), whose quantiles are taken at one common uniform; a chance p into
1 - (1 - p)^(1 - rho) and 1 - (1 - p)^rho. A kind that happens always draws from common uniforms in a share rho of the years.
Every contract's own distribution stays what it was; only the sum's tail moves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
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


def _generator(name: str) -> np.random.Generator:
    digest = hashlib.sha256(name.encode()).digest()
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(int.from_bytes(digest[:16], "big"))))


@lru_cache(maxsize=16)
def _shared(seed: int, shock: str, purpose: str, shape: tuple[int, ...]) -> Array:
    """Uniforms that all contracts see; read-only."""
    drawn = _generator(f"{seed}|shared|{shock}|{purpose}").random(shape)
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
    found = table[cell] + (place - cell) * steps[cell]
    for end, at, values in ((u < near[-1], u, bottom), (u > 1 - near[-1], 1 - u, top)):
        k = np.flatnonzero(end)
        found[k] = np.interp(at[k], near, values)
    return low + (high - low) * found


@lru_cache(maxsize=1024)
def _quantiles(mode: float) -> tuple[Array, Array, Array, Array, Array]:
    """Quantiles of PERT on 0..1 with this mode: at NODES + 1 even steps with their differences, and, as the slope may be
    infinite at the ends, at finer and finer steps towards 0 and towards 1.

    PERT(low, likely, high) is low + (high - low) * Beta(1 + 4m, 5 - 4m), m the mode's place in 0..1.
    """
    law = stats.beta(1 + 4 * mode, 5 - 4 * mode)
    table = law.ppf(np.linspace(0.0, 1.0, NODES + 1))
    near = np.geomspace(1e-16, 8 / NODES, 400)
    return table, np.append(np.diff(table), 0.0), near, law.ppf(near), law.isf(near)


def _columns(k: Kind, env: Mapping[int, Array | float]) -> dict[str, Any]:
    return {name: compute(e, lambda leaf: env[id(leaf.quantity)]) for name, e in k.columns.items()}


def _varying(*es: Expr) -> list[Quantity]:
    return list({id(q): q for e in es for q in quantities(e)}.values())


def _env(qs: list[Quantity], uniforms: Array) -> dict[int, Array | float]:
    """Each quantity at its own column of ``uniforms``; fixed ones take none."""
    loose = [q for q in qs if not q.fixed]
    env: dict[int, Array | float] = {id(q): float(q.at[LIKELY]) for q in qs if q.fixed}
    return env | {id(q): drawn(q, uniforms[:, j]) for j, q in enumerate(loose)}


def _loose(qs: list[Quantity]) -> int:
    return sum(not q.fixed for q in qs)


# ---------------------------------------------------------------- kinds that happen always


def _is_always(k: Kind) -> bool:
    """So many times a year, and not a fixed whole number of two or more (those are drawn as separate events)."""
    if k.law != TIMES:
        return False
    low, high = exactly(k.count, LOW), exactly(k.count, HIGH)
    return low != high or low <= 1 or low != low.to_integral_value() or low > Decimal(str(MANY))


def _always(k: Kind, stream: _Streams, rho: float) -> dict[str, Any]:
    qs = _varying(k.count, *k.columns.values())
    n, width = stream.trials, _loose(qs)
    u = stream("size").random((width, n)).T
    if rho > 0 and width:
        common = _shared(stream.seed, k.shock, "coin", (n,)) < rho
        u[common] = _shared(stream.seed, k.shock, "size", (width, n)).T[common]
    env = _env(qs, u)
    often = compute(k.count, lambda leaf: env[id(leaf.quantity)])
    return {name: often * column for name, column in _columns(k, env).items()}


# ---------------------------------------------------------------- kinds that happen now and then


def _events(k: Kind, stream: _Streams, rho: float) -> dict[str, Array]:
    """Sums of a year for each column: draw the years of the events, one row of severities each, and add up."""
    years = _years(k, stream, rho)
    qs = _varying(*k.columns.values())
    env = _env(qs, stream("size").random((len(years), _loose(qs))))
    return {
        name: np.bincount(years, np.broadcast_to(np.asarray(column, dtype=np.float64), years.shape), stream.trials)
        for name, column in _columns(k, env).items()
    }


def _years(k: Kind, stream: _Streams, rho: float) -> NDArray[np.intp]:
    """The year of each event."""
    n = stream.trials
    if k.law == TIMES:
        return np.tile(np.arange(n), int(exactly(k.count, LIKELY)))
    most = float(exactly(k.count, HIGH))
    own = stream("count").random(n)
    qs = _varying(k.count)
    if rho <= 0:
        may = _first(own, 1 - np.exp(-most) if k.law != CHANCE else most)
        rate = _rates(k, qs, stream("rate").random((len(may), _loose(qs))))
        return _counted(k.law, own, may, rate)
    rate = np.broadcast_to(_rates(k, qs, stream("rate").random((n, _loose(qs)))), (n,))
    both = _shared(stream.seed, k.shock, "count", (n,))
    if k.law == CHANCE:
        everyone = np.arange(n)
        mine = _counted(CHANCE, own, everyone, 1 - (1 - rate) ** (1 - rho))
        ours = _counted(CHANCE, both, everyone, 1 - (1 - rate) ** rho)
        return np.concatenate([mine, np.setdiff1d(ours, mine)])
    parts = [(own, (1 - rho)), (both, rho)]
    return np.concatenate([_counted(k.law, u, may, rate[may] * s) for u, s in parts for may in [_first(u, 1 - np.exp(-most * s))]])


def _first(u: Array, below: float) -> NDArray[np.intp]:
    """The years whose uniform is below a bound, in the order of the uniforms (unless they are many: sorting costs)."""
    may = np.flatnonzero(u < below)
    return may if below > SELDOM else may[np.argsort(u[may], kind="stable")]


def _rates(k: Kind, qs: list[Quantity], uniforms: Array) -> Any:
    env = _env(qs, uniforms)
    return compute(k.count, lambda leaf: env[id(leaf.quantity)])


def _counted(law: str, u: Array, may: NDArray[np.intp], rate: Any) -> NDArray[np.intp]:
    """Each year as often as it has events: the count is the quantile of its law at 1 - u."""
    rate = np.broadcast_to(np.asarray(rate, dtype=np.float64), may.shape)
    u = u[may]
    if law == CHANCE:
        return may[u < rate]
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

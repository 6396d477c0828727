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
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from risklib.exposure.arithmetic import HIGH, LIKELY, LOW, Expr, Quantity, at_high, compute, exactly, quantities, slot
from risklib.exposure.model import CHANCE, TIMES, Kind, Model
from risklib.exposure.results import Losses
from risklib.exposure.terms import Basis

Array = NDArray[np.float64]
Seen = dict[str, "Drawn"]  # by component and kind
BITS = 14
CELLS = 2**BITS  # a PERT is drawn as one of so many equally likely figures, the means of its slices
SELDOM = 0.4  # a chance up to which events are kept in the order of their uniforms
MANY = 50.0  # events a year from which counts are drawn by quantile and not one by one


def losses(model: Model, contract_id: str, basis: Basis, seen: Seen | None = None) -> Losses:
    """The loss of each of ``basis.trials`` years, in the model's currency.

    ``seen`` keeps what was drawn for one contract, for components that share a cap and so the same claims.
    """
    seen = {} if seen is None else seen
    parts: dict[str, Drawn] = {}
    for k in model.kinds:
        name = f"{k.owner or model.component}|{k.name}"
        if name not in seen:
            stream, rho = _Streams(basis.seed, f"{contract_id}|{name}", basis.trials), basis.shocks.get(k.shock, 0.0)
            seen[name] = _always(k, stream, rho) if _is_always(k) else _events(k, stream, rho)
        parts[k.name] = seen[name]
    years = _united([d.years for d in parts.values()], basis.trials)
    sums = {f"{name}.{column}": a for name, d in parts.items() for column, a in d.at(years, basis.trials).items()}
    year = model.year({name: slot(name) for name in sums})  # nothing where nothing happens: caps only cut
    result = compute(year, lambda leaf: sums[leaf.name] if leaf.op == "slot" else float(leaf.quantity.at[LIKELY]))  # type: ignore[union-attr]
    return Losses(basis.trials, years, result)


@dataclass(frozen=True, slots=True)
class Drawn:
    """The sums of each year for each column of a kind. Most kinds are rare: ``years`` are those in which something
    happens, rising; None stands for every year."""

    years: NDArray[np.intp] | None
    columns: Mapping[str, Any]

    def at(self, years: NDArray[np.intp] | None, trials: int) -> Mapping[str, Any]:
        """The columns for these years, which hold all of its own."""
        if self.years is None or self.years is years:
            return self.columns
        places = self.years if years is None else years.searchsorted(self.years)
        size = trials if years is None else len(years)
        return {name: _spread(column, places, size) for name, column in self.columns.items()}


def _spread(column: Any, places: NDArray[np.intp], size: int) -> Array:
    out = np.zeros(size)
    out[places] = column
    return out


def _united(all_years: Sequence[NDArray[np.intp] | None], trials: int) -> NDArray[np.intp] | None:
    """The years in which any of the kinds happens."""
    given = [y for y in all_years if y is not None]
    if len(given) < len(all_years) or not given:
        return None
    if len(given) == 1:
        return given[0]
    happens = np.zeros(trials, dtype=bool)
    for y in given:
        happens[y] = True
    return happens.nonzero()[0]


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


@lru_cache(maxsize=64)
def _common(seed: int, shock: str, purpose: str, trials: int, rho: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The years in which the shock comes, and the slices that all contracts then draw; read-only."""
    years = (_shared(seed, shock, "coin", trials) < rho).nonzero()[0]
    cells = (_shared(seed, shock, purpose, trials)[years] * CELLS).astype(np.intp)
    for array in (years, cells):
        array.setflags(write=False)
    return years, cells


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


def _always(k: Kind, stream: _Streams, rho: float) -> Drawn:
    formulas = (k.count, *k.columns.values())
    env = _env(formulas, stream, stream.trials)
    for q in {id(q): q for e in formulas for q in quantities(e) if not q.fixed and rho > 0}.values():
        years, ours = _common(stream.seed, k.shock, q.assumption, stream.trials, rho)
        env[id(q)][years] = drawn(q, ours)  # type: ignore[index]
    often = compute(k.count, lambda leaf: env[id(leaf.quantity)])
    return Drawn(None, {name: often * column for name, column in _columns(k, env).items()})


# ---------------------------------------------------------------- kinds that happen now and then


def _events(k: Kind, stream: _Streams, rho: float) -> Drawn:
    """Sums of a year for each column: draw the years of the events, the severities of each, and add up."""
    if k.law == CHANCE:  # at most one a year, so that the year itself can name the draw
        hit = _chance_years(k, stream, rho)
        return Drawn(hit, _columns(k, _env(k.columns.values(), stream, stream.trials, hit)))
    years, places = _event_years(k, stream, rho)
    found = _columns(k, _env(k.columns.values(), stream, len(places)))
    size = stream.trials if years is None else len(years)
    arrays = {n: c if isinstance(c, np.ndarray) else np.full(len(places), float(c)) for n, c in found.items()}
    return Drawn(years, {name: np.bincount(places, array, size) for name, array in arrays.items()})


def _chance_years(k: Kind, stream: _Streams, rho: float) -> NDArray[np.intp]:
    most, own = at_high(k.count), stream.uniforms("count")
    both = _shared(stream.seed, k.shock, "count", stream.trials) if rho > 0 else None
    may = (own < most if both is None else (own < most) | (both < most)).nonzero()[0]
    chance = _rates(k, stream, stream.trials, may)
    if both is None:
        return may[own[may] < chance]
    return may[(own[may] < 1 - (1 - chance) ** (1 - rho)) | (both[may] < 1 - (1 - chance) ** rho)]


def _event_years(k: Kind, stream: _Streams, rho: float) -> tuple[NDArray[np.intp] | None, NDArray[np.intp]]:
    """The years that have events (None: maybe every one), and for each event the place of its year among them."""
    n = stream.trials
    if k.law == TIMES:
        return None, np.tile(np.arange(n), int(exactly(k.count, LIKELY)))
    most, own = at_high(k.count), stream.uniforms("count")
    if rho <= 0:
        may = _first(own, most)
        found = _counted(own[may], may, _rates(k, stream, len(may)))
        if len(may) > SELDOM * n:
            return None, np.concatenate(found)
        years = np.sort(found[0])  # whoever has a second event has a first one
        return years, years.searchsorted(np.concatenate(found))
    rate = np.broadcast_to(_rates(k, stream, n), n)
    mine, (ours, common) = _first(own, most * (1 - rho)), _shared_first(stream.seed, k.shock, n, most * rho)
    parts = (_counted(own[mine], mine, rate[mine] * (1 - rho)), _counted(common, ours, rate[ours] * rho))
    return None, np.concatenate([*parts[0], *parts[1]])


def _first(u: Array, most: float) -> NDArray[np.intp]:
    """The years that may have an event at the highest rate, in the order of the uniforms (not if many: sorting
    costs)."""
    below = 1 - np.exp(-most)
    may = (u < below).nonzero()[0]
    return may if below > SELDOM else may[np.argsort(u[may])]


@lru_cache(maxsize=16)
def _shared_first(seed: int, shock: str, trials: int, most: float) -> tuple[NDArray[np.intp], Array]:
    """Those years for the shared uniforms, and the uniforms; the same for all contracts."""
    both = _shared(seed, shock, "count", trials)
    may = _first(both, most)
    return may, both[may]


def _rates(k: Kind, stream: _Streams, size: int, pick: Any = slice(None)) -> Any:
    env = _env((k.count,), stream, size, pick)
    return compute(k.count, lambda leaf: env[id(leaf.quantity)])


def _counted(u: Array, may: NDArray[np.intp], rate: Any) -> list[NDArray[np.intp]]:
    """The years with at least one event, with at least two, …: each as often as it has events, which is the Poisson
    quantile at 1 - u."""
    rate = rate if isinstance(rate, np.ndarray) else np.full(len(may), float(rate))
    if len(rate) and rate.max() > MANY:
        counts = _poisson_quantile(1 - u, rate)
        return [may[counts > 0], np.repeat(may, np.maximum(counts - 1, 0))]
    found: list[NDArray[np.intp]] = []
    term = np.exp(-rate)
    beyond = 1 - term  # chance of more than count events
    count = 0
    while True:
        hit = (u < beyond).nonzero()[0]
        may = may.take(hit)
        found.append(may)
        if not len(hit):
            break
        u, rate, term, beyond = u.take(hit), rate.take(hit), term.take(hit), beyond.take(hit)
        count += 1
        term = term * rate / count
        beyond = beyond - term
    return found


def _poisson_quantile(q: Array, rate: Array) -> NDArray[np.intp]:
    """The smallest count that a share q of the years does not pass."""
    above = np.ceil(special.pdtrik(q, rate))
    below = np.maximum(above - 1, 0)
    return np.where(special.pdtr(below, rate) >= q, below, above).astype(np.intp)

"""Two drafts of one agreement, sentence by sentence: what is the same, moved, split, merged, reworded, added or
dropped."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from risklib.compare.drafts import Words
from risklib.compare.reading import Row

_END = re.compile(r"(?<=[.;:!?])\s+(?=[A-Z(“\"'\d])")
_LIKE = 0.42  # cosine from which two sentences are drafts of one
_PART = 0.72  # share of a sentence's weight that stands in another, of which it is then a part
_SHORT = 3  # words; less is a label or a number


@dataclass(frozen=True)
class Unit:
    """A sentence of a clause, ``tokens`` as the comparison reads them."""

    clause: Row
    text: str
    tokens: tuple[str, ...]


@dataclass(frozen=True)
class Pair:
    """Sentences that are drafts of each other; several on a side where one was split or merged; none: added,
    dropped."""

    before: tuple[int, ...]
    after: tuple[int, ...]


def units(clauses: Sequence[Row], words: Words, names: Mapping[str, str]) -> list[Unit]:
    out = []
    for c in clauses:
        heading = str((c.more or {}).get("heading") or "")
        body = c.text[len(heading) :] if heading and c.text.startswith(heading) else c.text
        for s in _END.split(body.strip()):
            tokens = tuple(words.tokens(s, names))
            if len(tokens) >= _SHORT:
                out.append(Unit(c, s, tokens))
    return out


def align(before: Sequence[Unit], after: Sequence[Unit]) -> list[Pair]:
    """Equal sentences first, in the order of the text; then the likest; then parts of one that was split or merged."""
    pairs: dict[int, int] = {}
    waiting: dict[tuple[str, ...], list[int]] = {}
    for j, u in enumerate(after):
        waiting.setdefault(u.tokens, []).append(j)
    for i, u in enumerate(before):
        if waiting.get(u.tokens):
            pairs[i] = waiting[u.tokens].pop(0)
    left = [i for i in range(len(before)) if i not in pairs]
    right = sorted(set(range(len(after))) - set(pairs.values()))
    weights = _rarity([*before, *after])
    pairs |= _likest(left, right, before, after, weights)
    return _parts(pairs, before, after, weights)


def _rarity(every: Sequence[Unit]) -> dict[str, float]:
    seen = Counter(t for u in every for t in set(u.tokens))
    return {t: math.log(1 + len(every) / n) for t, n in seen.items()}


def _likest(
    left: Sequence[int],
    right: Sequence[int],
    before: Sequence[Unit],
    after: Sequence[Unit],
    weights: Mapping[str, float],
) -> dict[int, int]:
    if not left or not right:
        return {}
    a, b = _vectors([before[i] for i in left], weights), _vectors([after[j] for j in right], weights)
    like = a @ b.T
    # of equally like sentences the one that stands at the same place
    far = np.abs(np.array(left)[:, None] / max(len(before), 1) - np.array(right)[None, :] / max(len(after), 1))
    rows, columns = linear_sum_assignment(0.05 * far - like)
    return {left[r]: right[c] for r, c in zip(rows, columns, strict=True) if like[r, c] >= _LIKE}


def _vectors(found: Sequence[Unit], weights: Mapping[str, float]) -> NDArray[np.float64]:
    place = {t: k for k, t in enumerate(weights)}
    out = np.zeros((len(found), len(place)))
    for r, u in enumerate(found):
        for t, n in Counter(u.tokens).items():
            out[r, place[t]] = weights[t] * (1 + math.log(n))
    return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)


def _parts(
    pairs: Mapping[int, int], before: Sequence[Unit], after: Sequence[Unit], weights: Mapping[str, float]
) -> list[Pair]:
    """Sentences left over that stand in a sentence which was paired with another: it was split, or they were merged."""
    of = {i: [j] for i, j in pairs.items()}
    back = {j: [i] for i, j in pairs.items()}
    for j in (j for j in range(len(after)) if j not in back):
        i = _whole(after[j], of, before, weights)
        if i is not None and len(back[of[i][0]]) == 1:
            of[i].append(j)
            back[j] = [i]
    for i in (i for i in range(len(before)) if i not in of):
        whole = _whole(before[i], back, after, weights)
        if whole is not None and len(of[back[whole][0]]) == 1:  # no merge of what was split
            back[whole].append(i)
            of[i] = [whole]
    out, done = [], set()
    for j in sorted(back):
        lefts = tuple(sorted(back[j]))
        rights = tuple(sorted(of[lefts[0]])) if len(lefts) == 1 else (j,)
        if (lefts, rights) not in done:
            done.add((lefts, rights))
            out.append(Pair(lefts, rights))
    out += [Pair((), (j,)) for j in range(len(after)) if j not in back]
    out += [Pair((i,), ()) for i in range(len(before)) if i not in of]
    return out


def _whole(
    part: Unit, candidates: Mapping[int, Sequence[int]], others: Sequence[Unit], weights: Mapping[str, float]
) -> int | None:
    """The sentence in which nearly all the words of ``part`` stand, and that has clearly more of its own."""
    mine = Counter(part.tokens)
    whole = sum(weights[t] * n for t, n in mine.items())
    best = _PART
    found: int | None = None
    for i in candidates:
        theirs = Counter(others[i].tokens)
        share = sum(weights[t] * min(n, theirs[t]) for t, n in mine.items()) / (whole or 1)
        if share > best and len(others[i].tokens) > 1.25 * len(part.tokens):
            best, found = share, i
    return found

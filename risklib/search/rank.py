"""How well each passage answers a query: a weighted sum of few signals, each in 0..1, that a reader can be shown.

The weights were fitted on the training queries of ACORD (MIT licence; lawyers' grades of clauses for 51 queries) by
``python tests/evaluate_acord.py --fit``; nothing of its text is in them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from risklib.search.passages import Passage
from risklib.search.query import Query, Vocabulary
from risklib.search.textindex import Array, TextIndex

# signal → weight, with an encoder and without
WITH_MEANING: Mapping[str, float] = {
    "words": 0.13, "coverage": 0.14, "labels": 0.43, "vocabulary": 0.06, "meaning": 0.57,
}  # fmt: skip
BY_WORDS: Mapping[str, float] = {"words": 0.24, "coverage": 0.2, "labels": 0.52, "vocabulary": 0.2}
_LOOKED_AT = 5  # the best passages of a first look tell in a contract's words what the query means in a person's
_OTHER_PARTY = 0.5  # what a finding counts whose party is not the one that the query names


def signals(
    query: Query, passages: Sequence[Passage], index: TextIndex, vectors: Array | None, vocabulary: Vocabulary
) -> dict[str, Array]:
    """Signal → (passages,). "meaning" is there when the query has a vector: how like the passage is to the query and to
    the passages that a first look finds best."""
    out = {
        "words": _of_best(index.scores(query.words)),
        "coverage": _coverage(query.words, index, len(passages)),
        "labels": labelled(query, passages),
        "vocabulary": np.zeros(len(passages), dtype=np.float32),
    }
    for id, weight in query.entries.items():
        out["vocabulary"] += weight * _of_best(index.scores(vocabulary.topic(vocabulary.headings[id])))
    if vectors is not None and query.vector is not None:
        out["meaning"] = vectors @ query.vector
        best = np.argsort(-fused(out), kind="stable")[:_LOOKED_AT]
        nearer = query.vector + vectors[best].mean(axis=0)
        out["meaning"] = vectors @ (nearer / np.linalg.norm(nearer))
    return out


def fused(found: Mapping[str, Array]) -> Array:
    """(passages,), about 0..1: the signals' weighted mean."""
    weights = WITH_MEANING if "meaning" in found else BY_WORDS
    whole = sum(weights.values())
    return np.asarray(sum(w / whole * found[name] for name, w in weights.items()), dtype=np.float32)


def labelled(query: Query, passages: Sequence[Passage]) -> Array:
    """(passages,) how surely each carries the entries that the query names."""
    out = np.zeros(len(passages), dtype=np.float32)
    for i, p in enumerate(passages):
        best: dict[str, float] = {}
        for f in p.findings:
            if f.id in query.entries:
                fits = query.party is None or f.party in (query.party, "both")
                best[f.id] = max(best.get(f.id, 0.0), f.confidence * (1.0 if fits else _OTHER_PARTY))
        out[i] = sum(query.entries[id] * c for id, c in best.items())
    return out


def _of_best(scores: Array) -> Array:
    """BM25 has no scale: as shares of the best passage's."""
    top = float(scores.max()) if len(scores) else 0.0
    return scores / top if top > 0 else scores


def _coverage(words: Sequence[str], index: TextIndex, count: int) -> Array:
    """Share of the query's words that stand in the passage, rare ones counting more."""
    out, whole = np.zeros(count, dtype=np.float32), 0.0
    for w in words:
        has = index.scores([w]) > 0
        weight = float(np.log(1 + count / (1 + has.sum())))
        out += weight * has
        whole += weight
    return out / whole if whole else out

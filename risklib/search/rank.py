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
from risklib.store.vectors import Vectors

# signal → weight, with an encoder and without
WITH_MEANING: Mapping[str, float] = {
    "words": 0.13, "coverage": 0.14, "labels": 0.43, "vocabulary": 0.06, "meaning": 0.57,
}  # fmt: skip
BY_WORDS: Mapping[str, float] = {"words": 0.24, "coverage": 0.2, "labels": 0.52, "vocabulary": 0.2}
_LIKELY = 2048  # passages whose vectors are looked at; of a smaller index all
_LOOKED_AT = 5  # the best passages of a first look tell in a contract's words what the query means in a person's
_OTHER_PARTY = 0.5  # what a finding counts whose party is not the one that the query names


def signals(
    query: Query, labels: Labels, index: TextIndex, vectors: Vectors | None, vocabulary: Vocabulary
) -> dict[str, Array]:
    """Signal → (passages,). "meaning" is there when the query has a vector: how like the passage is to the query and to
    the passages that a first look finds best; -1 for those that are not among the ``_LIKELY`` of a rough look."""
    out = {
        "words": _of_best(index.scores(query.words)),
        "coverage": _coverage(query.words, index, labels.count),
        "labels": labels.of(query),
        "vocabulary": np.zeros(labels.count, dtype=np.float32),
    }
    for id, weight in query.entries.items():
        if id not in labels.topics:
            labels.topics[id] = _of_best(index.scores(vocabulary.topic(vocabulary.headings[id])))
        out["vocabulary"] += weight * labels.topics[id]
    if vectors is not None and query.vector is not None:
        likely = np.arange(labels.count)
        if labels.count > _LIKELY:
            rough = fused(out | {"meaning": vectors.roughly(query.vector)})
            likely = np.sort(np.argpartition(-rough, _LIKELY)[:_LIKELY])
        near = vectors.take(likely)
        some = {name: found[likely] for name, found in out.items()} | {"meaning": near @ query.vector}
        best = np.argsort(-fused(some), kind="stable")[:_LOOKED_AT]
        nearer = query.vector + near[best].mean(axis=0)
        out["meaning"] = np.full(labels.count, -1, dtype=np.float32)
        out["meaning"][likely] = near @ (nearer / np.linalg.norm(nearer))
    return out


def fused(found: Mapping[str, Array]) -> Array:
    """(passages,), about 0..1: the signals' weighted mean."""
    weights = WITH_MEANING if "meaning" in found else BY_WORDS
    whole = sum(weights.values())
    return np.asarray(sum(w / whole * found[name] for name, w in weights.items()), dtype=np.float32)


class Labels:
    """The findings of all passages, by their id."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self.count = len(passages)
        found: dict[str, list[tuple[int, float, str]]] = {}
        for i, p in enumerate(passages):
            for f in p.findings:
                found.setdefault(f.id, []).append((i, f.confidence, f.party))
        self._of = {}
        for id, x in found.items():
            at, first = np.unique([i for i, *_ in x], return_index=True)
            self._of[id] = (at, first, np.array([c for _, c, _ in x], np.float32), np.array([p for *_, p in x]))
        self.topics: dict[str, Array] = {}  # entry → how well its own words fit each passage; made when first asked for

    def of(self, query: Query) -> Array:
        """(passages,) how surely each carries the entries that the query names."""
        out = np.zeros(self.count, dtype=np.float32)
        for id, weight in query.entries.items():
            if id in self._of:
                at, first, sure, party = self._of[id]
                fits = (party == query.party) | (party == "both") | (query.party is None)
                out[at] += weight * np.maximum.reduceat(np.where(fits, sure, sure * np.float32(_OTHER_PARTY)), first)
        return out


def _of_best(scores: Array) -> Array:
    """BM25 has no scale: as shares of the best passage's."""
    top = float(scores.max()) if len(scores) else 0.0
    return scores / top if top > 0 else scores


def _coverage(words: Sequence[str], index: TextIndex, count: int) -> Array:
    """Share of the query's words that stand in the passage, rare ones counting more."""
    out, whole = np.zeros(count, dtype=np.float32), 0.0
    for w in words:
        has = index.having(w)
        weight = float(np.log(1 + count / (1 + len(has))))
        out[has] += weight
        whole += weight
    return out / whole if whole else out

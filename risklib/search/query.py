"""What a query means: its words, its vector, the playbook's entries that it names, and whose clause is sought."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from risklib.playbook import Playbook
from risklib.search.textindex import Array, TextIndex, words_of

_ENTRIES = 4  # a query names a few entries of the playbook at most
_SHARP = 0.05  # by how much of cosine an entry must lie behind to count e times less
_SURE = 0.5  # how surely words alone name the entry that they fit best; about what an encoder says
_CLEAR = 0.9  # weight of a role word from which it stands for a party without doubt
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, eq=False)
class Query:
    text: str
    words: tuple[str, ...]
    entries: Mapping[str, float] = field(default_factory=dict)  # id → weight; they add up to how surely it names any
    party: str | None = None  # who acts in it: "customer" or "provider"
    vector: Array | None = None  # (dimensions,)


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The playbook's titles, definitions and headings, as texts of its entries."""

    ids: tuple[str, ...]  # one a text
    texts: tuple[str, ...]
    headings: Mapping[str, str]  # entry id → its title and headings, as one text
    roles: Mapping[str, str]  # role word → party

    @classmethod
    def of(cls, playbook: Playbook) -> Vocabulary:
        said = [(e.id, t) for e in playbook.entries.values() for t in (e.title, e.definition, *e.headings)]
        return cls(
            tuple(id for id, _ in said),
            tuple(t for _, t in said),
            {e.id: " ".join((e.title, *e.headings)) for e in playbook.entries.values()},
            {r.word: r.role for r in playbook.roles if abs(r.weight) >= _CLEAR and r.role != "depends"},
        )

    def entries(self, scores: Array) -> dict[str, float]:
        """Entries named by a query, from its likeness (at most 1) to each text; empty when it is like none."""
        best: dict[str, list[float]] = {}
        for id, s in zip(self.ids, scores):
            best.setdefault(id, []).append(float(s))
        mean = {id: float(np.mean(sorted(s)[-2:])) for id, s in best.items()}
        top = sorted(mean, key=lambda id: -mean[id])[:_ENTRIES]
        if not top or mean[top[0]] <= 0:
            return {}
        share = {id: float(np.exp((mean[id] - mean[top[0]]) / _SHARP)) for id in top}
        whole = sum(share.values())
        return {id: mean[top[0]] * s / whole for id, s in share.items()}

    def party(self, text: str) -> str | None:
        """The party that the query names first; who pays and who may sue is mostly said first."""
        return next((self.roles[w] for w in _WORD.findall(text.lower()) if w in self.roles), None)

    def topic(self, text: str) -> tuple[str, ...]:
        """The query's words without those that name a party, which every agreement spells its own way."""
        words = words_of(text)
        return tuple(w for w in words if w not in self.roles) or tuple(words)


def understood(
    text: str, vocabulary: Vocabulary, index: TextIndex, vectors: Array | None, vector: Array | None
) -> Query:
    """``index`` and ``vectors`` are those of the vocabulary's texts; vectors None: words alone must tell."""
    words = vocabulary.topic(text)
    if vectors is not None and vector is not None:
        likeness = vectors @ vector
    else:
        likeness = _by_words(words, index)
    return Query(text, words, vocabulary.entries(likeness), vocabulary.party(text), vector)


def _by_words(words: Sequence[str], index: TextIndex) -> Array:
    scores = index.scores(words)
    top = float(scores.max()) if len(scores) else 0.0
    return _SURE * scores / top if top > 0 else scores

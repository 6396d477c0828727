"""An index of passages and the queries to it: by words, by meaning and by what was found in them, together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from risklib.errors import BadData
from risklib.playbook import Playbook
from risklib.search.encoders import Encoder
from risklib.search.passages import Passage, Row, passages
from risklib.search.query import Query, Vocabulary, understood
from risklib.search.rank import fused, signals
from risklib.search.textindex import Array, TextIndex
from risklib.search.vectors import kept

_MOST_WORDS = 24  # of a clause, when clauses like it are sought
_WHOLE = 4000  # characters of a passage when no encoder sets a limit
_MARKS = 8  # tokens left for what stands between headings and text


@dataclass(frozen=True, slots=True)
class Hit:
    score: float  # about 0..1, comparable within one search only
    passage: Passage
    why: str  # the words, the likeness and the findings that speak for it


class Search:
    """An index of passages, ready for any number of queries.

    ``encoder`` None: words and findings alone. ``folder``: where vectors are kept (see ``vectors``).
    """

    def __init__(
        self, found: Sequence[Passage], playbook: Playbook, encoder: Encoder | None, folder: Path | None = None
    ) -> None:
        self.passages, self.playbook = list(found), playbook
        self.vocabulary = Vocabulary.of(playbook)
        self._encoder = encoder
        self._index = TextIndex((p.above, p.text) for p in self.passages)
        self._entries = TextIndex(("", t) for t in self.vocabulary.texts)
        self._vectors: Array | None = None
        self._of_entries: Array | None = None
        if encoder is not None:
            texts = [*self.vocabulary.texts, *(p.read_as for p in self.passages)]
            vectors = kept(texts, encoder.encode, encoder.identity, folder)
            n = len(self.vocabulary.texts)
            self._of_entries, self._vectors = vectors[:n], vectors[n:]

    @classmethod
    def over(
        cls,
        clauses: Iterable[Row],
        responsibilities: Iterable[Row],
        provisions: Iterable[Row],
        playbook: Playbook,
        encoder: Encoder | None,
        folder: Path | None = None,
    ) -> Search:
        """The index over rows of the tables; clauses longer than the encoder reads are split, none is cut short."""

        def split(text: str, ends: Sequence[int], above: str) -> list[tuple[int, int]]:
            if encoder is None:
                return [(i, min(i + _WHOLE, len(text))) for i in range(0, len(text), _WHOLE)]
            return encoder.pieces(text, ends, room=len(encoder.offsets(above)) + _MARKS)

        return cls(passages(clauses, responsibilities, provisions, split), playbook, encoder, folder)

    def query(self, text: str) -> Query:
        """What ``text`` is taken to mean. Raises BadData where it has no word."""
        if not any(c.isalnum() for c in text):
            raise BadData(repr(text), None, "has no word to search for; type some words of the clause you want")
        vector = None
        if self._encoder is not None:
            whole = self._encoder.pieces(text)
            vector = _middle(self._encoder.encode([text[a:b] for a, b in whole]))
        return understood(text, self.vocabulary, self._entries, self._of_entries, vector)

    def search(self, text: str, keep: Sequence[bool] | None = None, k: int = 20) -> list[Hit]:
        """The ``k`` best clauses, best first, among the passages that ``keep`` marks; one hit a clause."""
        return self._best(self.query(text), keep, k)

    def similar(self, mine: Sequence[int], keep: Sequence[bool] | None = None, k: int = 20) -> list[Hit]:
        """The ``k`` clauses most like the passages numbered ``mine``, which are left out themselves."""
        own = [self.passages[i] for i in mine]
        text = " ".join(p.text for p in own)
        entries: dict[str, float] = {}
        for f in (f for p in own for f in p.findings):
            entries[f.id] = max(entries.get(f.id, 0.0), f.confidence)
        whole = sum(entries.values()) or 1.0
        query = Query(
            text,
            self._telling(text),
            {id: c / whole for id, c in entries.items() if id in self.vocabulary.headings},
            None,
            None if self._vectors is None else _middle(self._vectors[list(mine)]),
        )
        out = set(mine)
        kept_ones = [i not in out and (keep is None or bool(keep[i])) for i in range(len(self.passages))]
        return self._best(query, kept_ones, k)

    def _telling(self, text: str) -> tuple[str, ...]:
        """The rarest words of a clause: what it is about."""
        words = self.vocabulary.topic(text)
        count = {w: int((self._index.scores([w]) > 0).sum()) for w in words if not w.isdigit()}
        return tuple(sorted(count, key=lambda w: count[w])[:_MOST_WORDS])

    def _best(self, query: Query, keep: Sequence[bool] | None, k: int) -> list[Hit]:
        if not self.passages:
            return []
        parts = signals(query, self.passages, self._index, self._vectors, self.vocabulary)
        score = fused(parts)
        if keep is not None:
            score = np.where(np.asarray(keep, dtype=bool), score, -np.inf)
        hits: dict[tuple[str, str], Hit] = {}
        for i in np.argsort(-score, kind="stable"):
            p = self.passages[i]
            if len(hits) == k or not score[i] > 0:
                break
            if (p.contract_id, p.clause_id) not in hits:
                why = self._why(query, int(i), parts)
                hits[p.contract_id, p.clause_id] = Hit(round(float(score[i]), 3), p, why)
        return list(hits.values())

    def _why(self, query: Query, i: int, parts: Mapping[str, Array]) -> str:
        said = []
        words = self._index.found(query.words, i)
        if words:
            said.append("words: " + ", ".join(words[:8]))
        if "meaning" in parts:
            said.append(f"meaning {parts['meaning'][i]:.2f}")
        named = {f"{f.id} ({f.party})": None for f in self.passages[i].findings if f.id in query.entries}
        if named:
            said.append("found: " + ", ".join(named))
        return "; ".join(said)


def _middle(vectors: Array) -> Array:
    """One vector of length 1 for several."""
    mean = vectors.mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), dtype=np.float32)

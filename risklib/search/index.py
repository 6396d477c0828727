"""An index of passages and the queries to it: by words, by meaning and by what was found in them, together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from risklib.errors import BadData
from risklib.playbook import Playbook
from risklib.search.encoders import Encoder
from risklib.search.passages import Passage, Row, passages
from risklib.search.query import Query, Vocabulary, understood
from risklib.search.rank import Labels, fused, signals
from risklib.search.textindex import Array, TextIndex
from risklib.store.vectors import Vectors, kept

_MOST_WORDS = 24  # of a clause, when clauses like it are sought
_WHOLE = 4000  # characters of a passage when no encoder sets a limit
_FIRST = 1000  # hits are sorted whole only where these do not suffice
_MARKS = 8  # tokens left for what stands between headings and text


@dataclass(frozen=True, slots=True)
class Hit:
    score: float  # about 0..1, comparable within one search only
    passage: Passage
    why: str  # the words, the likeness and the findings that speak for it


class Search:
    """An index of passages, ready for any number of queries.

    ``encoder`` None: words and findings alone. ``folder``: where vectors are kept (see ``store.vectors``), with those
    of other contracts where ``others``.
    """

    def __init__(
        self,
        found: Sequence[Passage],
        playbook: Playbook,
        encoder: Encoder | None,
        folder: Path | None = None,
        *,
        others: bool = False,
    ) -> None:
        self.passages, self.playbook = list(found), playbook
        self.vocabulary = Vocabulary.of(playbook)
        self._encoder = encoder
        self._index = TextIndex((p.above, p.text) for p in self.passages)
        self._entries = TextIndex(("", t) for t in self.vocabulary.texts)
        self._labels = Labels(self.passages)
        self._vectors: Vectors | None = None
        self._of_entries: Array | None = None
        if encoder is not None:
            texts = [*self.vocabulary.texts, *(p.read_as for p in self.passages)]
            n = len(self.vocabulary.texts)
            owners = [*[""] * n, *(p.contract_id for p in self.passages)]
            vectors = kept(texts, owners, encoder.encode, encoder.identity, folder, others=others)
            self._of_entries, self._vectors = vectors.take(slice(n)), Vectors(vectors.table, vectors.at[n:])

    @classmethod
    def over(
        cls,
        clauses: Iterable[Row],
        responsibilities: Iterable[Row],
        provisions: Iterable[Row],
        playbook: Playbook,
        encoder: Encoder | None,
        folder: Path | None = None,
        *,
        others: bool = False,
    ) -> Search:
        """The index over rows of the tables; clauses longer than the encoder reads are split, none is cut short."""

        def split(text: str, ends: Sequence[int], above: str) -> list[tuple[int, int]]:
            if encoder is None:
                return [(i, min(i + _WHOLE, len(text))) for i in range(0, len(text), _WHOLE)]
            return encoder.pieces(text, ends, room=len(encoder.offsets(above)) + _MARKS)

        return cls(passages(clauses, responsibilities, provisions, split), playbook, encoder, folder, others=others)

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
            None if self._vectors is None else _middle(self._vectors.take(list(mine))),
        )
        others = np.ones(len(self.passages), bool) if keep is None else np.array(keep, dtype=bool)
        others[list(mine)] = False
        return self._best(query, others, k)

    def _telling(self, text: str) -> tuple[str, ...]:
        """The rarest words of a clause: what it is about."""
        words = self.vocabulary.topic(text)
        count = {w: int((self._index.scores([w]) > 0).sum()) for w in words if not w.isdigit()}
        return tuple(sorted(count, key=lambda w: count[w])[:_MOST_WORDS])

    def _best(self, query: Query, keep: Sequence[bool] | NDArray[np.bool_] | None, k: int) -> list[Hit]:
        if not self.passages:
            return []
        parts = signals(query, self._labels, self._index, self._vectors, self.vocabulary)
        score = fused(parts)
        if keep is not None:
            score = np.where(np.asarray(keep, dtype=bool), score, -np.inf)
        hits: dict[tuple[str, str], Hit] = {}
        for i in _best_first(score, _FIRST):
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


def _best_first(score: Array, first: int) -> Iterator[int]:
    """Positions by score; those after the ``first`` are sorted only when they are asked for."""
    some = np.argpartition(-score, first)[:first] if first < len(score) else np.arange(len(score))
    lowest = score[some].min() if len(some) else 0.0
    some = np.flatnonzero(score >= lowest) if first < len(score) else some  # equals in their order
    yield from some[np.argsort(-score[some], kind="stable")]
    if first < len(score):
        yield from (i for i in np.argsort(-score, kind="stable") if score[i] < lowest)


def _middle(vectors: Array) -> Array:
    """One vector of length 1 for several."""
    mean = vectors.mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), dtype=np.float32)

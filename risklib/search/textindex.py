"""Full-text index of passages: BM25 as SQLite's FTS5 counts it, over postings in arrays, so that a query is a few sums.

FTS5 itself says which stem each word has; fetching its hits one by one took a tenth of a second at 200,000 passages.
"""

from __future__ import annotations

import re
import sqlite3
from array import array
from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
_WORD = re.compile(r"\w+")
_HEADING = 2.0  # a word in the heading counts double
_K1, _B, _LEAST = 1.2, 0.75, 1e-6  # of FTS5's bm25()
# words that say nothing of a clause's subject, also those that people put around it: "clause that requires …"
_IDLE = frozenset(
    re.findall(
        r"\w+",
        "a an and any are as at be by can clause clauses contract agreement do does each find for from has have if in "
        "is it its may must of on only or our over shall should show some such than that the their them there these "
        "this those to under upon us was we what when where which who will with would you your",
    )
)


class TextIndex:
    """``passages``: (heading, text), numbered from 0. English word stems; case and accents do not count."""

    def __init__(self, passages: Iterable[tuple[str, str]]) -> None:
        words: dict[str, int] = {}
        said, sizes = array("i"), array("i")  # the words of every passage, its heading's first
        self._texts: list[tuple[str, str]] = []
        for heading, text in passages:
            self._texts.append((heading, text))
            for part in (heading, text):
                found = _WORD.findall(part.lower())
                said.extend([words.setdefault(w, len(words)) for w in found])
                sizes.append(len(found))
        self._stems = _stems(words)
        self._count = len(self._texts)
        self._postings(np.frombuffer(said, np.int32), np.frombuffer(sizes, np.int32), words)

    def _postings(self, said: NDArray[np.int32], sizes: NDArray[np.int32], words: dict[str, int]) -> None:
        """For each stem the passages that have it, and how much it counts in each: one stem after another."""
        ids: dict[str, int] = {}
        of_word = np.full(len(words), -1, dtype=np.int64)
        for word, number in words.items():
            if word in self._stems:
                of_word[number] = ids.setdefault(self._stems[word], len(ids))
        self._ids = ids
        parts = np.repeat(np.arange(len(sizes)), sizes)
        stem = of_word[said] if len(said) else np.zeros(0, np.int64)
        parts, stem = parts[stem >= 0], stem[stem >= 0]
        keys, back = np.unique(stem * max(self._count, 1) + parts // 2, return_inverse=True)
        often = np.bincount(back, np.where(parts % 2, 1.0, _HEADING), len(keys))
        stems, self._at = np.divmod(keys, max(self._count, 1))
        starts = np.searchsorted(stems, np.arange(len(ids) + 1))
        self._starts, having = starts, np.diff(starts)
        length = sizes.reshape(-1, 2).sum(axis=1)
        mean = max(float(length.mean()) if self._count else 0.0, 1.0)
        rare = np.maximum(np.log((self._count - having + 0.5) / (having + 0.5)), _LEAST)
        long = _K1 * (1 - _B + _B * length[self._at] / mean)
        self._counts = (rare[stems] * often * (_K1 + 1) / (often + long)).astype(np.float32)
        self._at = self._at.astype(np.int32)

    def scores(self, words: Sequence[str]) -> Array:
        """(passages,) BM25 of each passage for any of the words; 0 where it has none."""
        out = np.zeros(self._count, dtype=np.float32)
        for stem in self._known(words):
            mine = slice(self._starts[stem], self._starts[stem + 1])
            out[self._at[mine]] += self._counts[mine]
        return out

    def having(self, word: str) -> NDArray[np.int32]:
        """The passages that have the word, each once, in their order."""
        found = [self._at[self._starts[stem] : self._starts[stem + 1]] for stem in self._known([word])]
        return found[0] if len(found) == 1 else np.unique(np.concatenate([np.zeros(0, np.int32), *found]))

    def found(self, words: Sequence[str], row: int) -> list[str]:
        """The words of passage ``row`` that the query's words hit, as they stand there, each once."""
        wanted = set(self._known(words))
        here = _WORD.findall(" ".join(self._texts[row]).lower())
        return list(dict.fromkeys(w for w in here if self._ids.get(self._stems.get(w, "")) in wanted))

    def _known(self, words: Sequence[str]) -> list[int]:
        stems = (
            self._stems.get(w) or _stems([w]).get(w, "") for w in chain(*(_WORD.findall(x.lower()) for x in words))
        )
        return [self._ids[s] for s in stems if s in self._ids]


def words_of(query: str) -> list[str]:
    """The words of a query that say something, lower case, each once; all of them when none does."""
    every = list(dict.fromkeys(w for w in _WORD.findall(query.lower())))
    return [w for w in every if w not in _IDLE and (len(w) > 1 or w.isdigit())] or every


def _stems(words: Iterable[str]) -> dict[str, str]:
    """Word → stem, as FTS5's tokenizer says; a word that it takes for several has the first's, one without has none."""
    every = list(words)
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE words USING fts5(word, tokenize='porter unicode61')")
    db.execute("CREATE VIRTUAL TABLE stems USING fts5vocab(words, instance)")
    db.executemany("INSERT INTO words(rowid, word) VALUES (?, ?)", enumerate(every, 1))
    found = db.execute("SELECT doc, term FROM stems WHERE offset = 0").fetchall()
    db.close()
    return {every[doc - 1]: term for doc, term in found}

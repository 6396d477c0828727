"""Full-text index of passages: BM25 by SQLite's FTS5, in memory. Any other store may stand behind its two methods."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
_WORD = re.compile(r"\w+")
_HEADING, _TEXT = 2.0, 1.0  # a word in the heading counts double
_OPEN, _CLOSE = "\x01", "\x02"
# words that say nothing of a clause's subject, also those that people put around it: "clause that requires …"
_IDLE = frozenset(
    re.findall(
        r"\w+",
        "a an and any are as at be by can clause clauses contract agreement do does each find for from has have if in "
        "is it its may must of on only or our over shall should show some such than that the their them there these "
        "this those to under upon us was we what when where which who will with would you your",
    )
)


class Index(Protocol):
    """What search needs of a full-text index."""

    def scores(self, words: Sequence[str]) -> Array:
        """(passages,) BM25 of each passage for any of the words; 0 where it has none."""
        ...

    def found(self, words: Sequence[str], row: int) -> list[str]:
        """The words of passage ``row`` that the query's words hit, as they stand there, each once."""
        ...


class TextIndex:
    """``passages``: (heading, text), numbered from 0. English word stems; case and accents do not count."""

    def __init__(self, passages: Iterable[tuple[str, str]]) -> None:
        self._db = sqlite3.connect(":memory:")
        self._db.execute("CREATE VIRTUAL TABLE passages USING fts5(heading, text, tokenize='porter unicode61')")
        self._db.executemany("INSERT INTO passages(rowid, heading, text) VALUES (?, ?, ?)", _numbered(passages))
        (self._count,) = self._db.execute("SELECT count(*) FROM passages").fetchone()

    def scores(self, words: Sequence[str]) -> Array:
        out = np.zeros(self._count, dtype=np.float32)
        if words:
            found = self._db.execute(
                "SELECT rowid, -bm25(passages, ?, ?) FROM passages WHERE passages MATCH ?",
                (_HEADING, _TEXT, _any_of(words)),
            )
            for row, score in found:
                out[row] = max(score, 0.0)
        return out

    def found(self, words: Sequence[str], row: int) -> list[str]:
        if not words:
            return []
        marked = self._db.execute(
            "SELECT highlight(passages, 0, ?1, ?2) || ' ' || highlight(passages, 1, ?1, ?2) FROM passages "
            "WHERE passages MATCH ?3 AND rowid = ?4",
            (_OPEN, _CLOSE, _any_of(words), row),
        ).fetchone()
        hits = re.findall(f"{_OPEN}([^{_CLOSE}]*){_CLOSE}", marked[0]) if marked else []
        return list(dict.fromkeys(word.lower() for h in hits for word in _WORD.findall(h)))


def words_of(query: str) -> list[str]:
    """The words of a query that say something, lower case, each once; all of them when none does."""
    every = list(dict.fromkeys(w for w in _WORD.findall(query.lower())))
    return [w for w in every if w not in _IDLE and (len(w) > 1 or w.isdigit())] or every


def _numbered(passages: Iterable[tuple[str, str]]) -> Iterable[tuple[int, str, str]]:
    return ((i, heading, text) for i, (heading, text) in enumerate(passages))


def _any_of(words: Sequence[str]) -> str:
    """Each word in quotes: nothing that a user types is read as FTS5 syntax."""
    return " OR ".join('"' + w.replace('"', '""') + '"' for w in words)

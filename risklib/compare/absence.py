"""Proof of absence: what was looked for, the clause that comes nearest and why it does not do, and how sure that is."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from risklib.compare.reading import Reading, Row
from risklib.compare.rules import Rules
from risklib.playbook import Entry, Playbook, Position
from risklib.records import BOTH, CUSTOMER, PROVIDER

HIGH, MEDIUM, LOW = "high", "medium", "low"
OTHER_SIDE, DENIED, HEADING, ELSEWHERE, ALONE = (
    "given to the other side", "the words are there, the protection is not", "a heading without content",
    "left to another document, which was not read", "another subject",
)  # fmt: skip
_OTHER = {CUSTOMER: PROVIDER, PROVIDER: CUSTOMER}
_WORD = re.compile(r"[a-z]{3,}")
_ITEM = 12  # words of a list item at most
_BODY = 8  # words; a clause with fewer says nothing under its heading
_NEAR, _VERY_NEAR = 1.2, 2.2  # scores: the clause speaks of the subject; it may well be the protection, read it


@dataclass(frozen=True)
class Absence:
    """Why a protection is held to be absent. ``trap``: what the nearest clause is instead; ``sure``: high, medium,
    low."""

    looked_for: str
    nearest: Row | None
    trap: str
    sure: str
    because: str


@dataclass(frozen=True)
class Seeker:
    """Looks for protections in one agreement."""

    reading: Reading
    rules: Rules
    playbook: Playbook

    def is_it(self, position: Position, row: Row) -> bool:
        """Whether a finding is this protection: it speaks of its subject and does not deny it."""
        return not self.denies(position, row.text) and self.speaks_of(position, row)

    def speaks_of(self, position: Position, row: Row) -> bool:
        if not self.rules.about.get(position.id):
            return True
        covers = " ".join(map(str, (row.values or {}).get("covers") or ()))
        # a list item may owe its subject to its lead-in; a sentence has its own
        whole = self._clause_of.get(row.clause_id or "") if len(_words(row.text)) < _ITEM else None
        return any(self._hits(t, f"about:{position.id}") for t in (row.text, covers, whole.text if whole else ""))

    def denies(self, position: Position, text: str) -> bool:
        return bool(self._hits(text, "denied") or self._hits(text, f"denied:{position.id}"))

    def at_once(self, text: str) -> bool:
        """Whether the words allow a step without any notice."""
        return self._hits(text, "at_once")

    def absence(self, position: Position) -> Absence:
        """The proof that ``position`` has no clause in this agreement."""
        entry = self.playbook.entries[position.provision]
        words = self.rules.about.get(position.id) or tuple(entry.headings)
        looked = f"{entry.title.lower()} of the {position.party}" if position.party != BOTH else entry.title.lower()
        looked = f"{looked}: {', '.join(w.rstrip('*') for w in words[:6])}, in {len(self.reading.clauses)} clauses"
        nearest, trap, score = self._nearest(position, entry)
        return Absence(looked, nearest, trap, *self._sure(trap, score, nearest))

    # ------------------------------------------------------------ the nearest clause

    def _nearest(self, position: Position, entry: Entry) -> tuple[Row | None, str, float]:
        for trap, rows in (
            (OTHER_SIDE, self._of_the_other_side(position)),
            (HEADING, self._bare_headings(entry)),
            (DENIED, self._denials(position)),
        ):
            if rows:
                return rows[0], trap, _VERY_NEAR
        scored = [(self._score(position, entry, i), c) for i, c in enumerate(self.reading.clauses)]
        best, clause = max(scored, key=lambda x: x[0], default=(0.0, None))
        if clause is None or best <= 0:
            return None, ALONE, 0.0
        elsewhere = best >= _NEAR and bool(self._hits(clause.text, "elsewhere"))
        return clause, ELSEWHERE if elsewhere else ALONE, best

    def _of_the_other_side(self, position: Position) -> list[Row]:
        other = _OTHER.get(position.party)
        found = self.reading.of(position.provision, other) if other else ()
        return [t for t in found if t.party == other and self.speaks_of(position, t)]

    def _denials(self, position: Position) -> list[Row]:
        """Findings of this provision, or sentences on its subject, that deny the protection."""
        found = [t for t in self.reading.terms if t.id == position.provision and self.denies(position, t.text)]
        if not self.rules.about.get(position.id):
            return found
        return found or [
            c for c in self.reading.clauses if any(self._is_denied(position, s) for s in _sentences(c.text))
        ]

    def _is_denied(self, position: Position, sentence: str) -> bool:
        return self.denies(position, sentence) and self._hits(sentence, f"about:{position.id}")

    def _bare_headings(self, entry: Entry) -> list[Row]:
        parents = {(c.more or {}).get("parent_id") for c in self.reading.clauses}
        return [
            c
            for c in self.reading.clauses
            if self._headed(c, entry) and c.clause_id not in parents and len(_words(_body(c))) < _BODY
        ]

    def _headed(self, clause: Row, entry: Entry) -> bool:
        heading = " ".join(_words(_heading(clause)))
        return bool(heading) and any(heading == " ".join(_words(h)) for h in (*entry.headings, entry.title))

    def _score(self, position: Position, entry: Entry, i: int) -> float:
        clause = self.reading.clauses[i]
        about = {h for h in self._marks[i] if h == f"about:{position.id}"}
        same = _cosine(self._vectors[i], self._vector(f"{entry.definition} {position.wording['preferred']}"))
        return 1.0 * self._headed(clause, entry) + 0.6 * bool(about) + 2.0 * same

    def _sure(self, trap: str, score: float, nearest: Row | None) -> tuple[str, str]:
        if self.reading.status != "ok":
            return LOW, "the agreement could not be read whole"
        if trap == ELSEWHERE:
            return LOW, "the nearest clause refers to a document that was not read"
        if trap == ALONE and self._left_open:
            return MEDIUM, "the agreement leaves terms to a cover page or order form, which may say it"
        if trap != ALONE:
            return HIGH, f"the nearest clause was read: {trap}"
        if self.reading.ocr:
            return MEDIUM, "the pages are scans"
        if nearest is None or score < _NEAR:
            return HIGH, "no clause comes near"
        level = MEDIUM if score < _VERY_NEAR else LOW
        return level, f"clause {nearest.number or 'without number'} speaks of the subject: read it"

    # ------------------------------------------------------------ once for an agreement

    @cached_property
    def _clause_of(self) -> Mapping[str, Row]:
        return {c.clause_id: c for c in self.reading.clauses if c.clause_id}

    @cached_property
    def _left_open(self) -> bool:
        return any("left_open" in found for found in self._marks)

    @cached_property
    def _marks(self) -> Sequence[frozenset[str]]:
        return [frozenset(h.entry_id for h in self.rules.words.match(c.text)) for c in self.reading.clauses]

    @cached_property
    def _rare(self) -> Mapping[str, float]:
        seen = Counter(w for c in self.reading.clauses for w in set(_words(c.text)))
        return {w: math.log(1 + len(self.reading.clauses) / n) for w, n in seen.items()}

    @cached_property
    def _vectors(self) -> Sequence[Mapping[str, float]]:
        return [self._vector(c.text) for c in self.reading.clauses]

    def _vector(self, text: str) -> Mapping[str, float]:
        counts = {w: (1 + math.log(n)) * self._rare.get(w, 0.0) for w, n in Counter(_words(text)).items()}
        length = math.sqrt(sum(x * x for x in counts.values())) or 1.0
        return {w: x / length for w, x in counts.items()}

    def _hits(self, text: str, id: str) -> bool:
        return any(h.entry_id == id for h in self.rules.words.match(text))


def _heading(clause: Row) -> str:
    return str((clause.more or {}).get("heading") or "")


def _body(clause: Row) -> str:
    heading = _heading(clause)
    return clause.text[len(heading) :] if clause.text.startswith(heading) else clause.text


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _cosine(a: Mapping[str, float], b: Mapping[str, float]) -> float:
    return sum(x * b.get(w, 0.0) for w, x in a.items())


def _sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.;])\s", text)

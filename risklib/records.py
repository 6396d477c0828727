"""The records that the stages hand to each other: frozen, small, standard library only.

Offsets are half-open ``[start, end)`` into ``Document.text``. Boxes are ``(page, x0, top, x1, bottom)`` in PDF points
from the page's top left corner; pages count from 1. Money is ``Decimal`` with an ISO 4217 currency; ``None``: unknown.
A finding points at offsets; its pages and boxes are derived from the words, never stored a second time.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import PurePath
from typing import Any, NamedTuple

Box = tuple[int, float, float, float, float]

CUSTOMER, PROVIDER, BOTH = "customer", "provider", "both"
OBLIGATION, PROHIBITION = "obligation", "prohibition"


_ODD_IN_NAMES = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def file_name(path: str | PurePath) -> str:
    """The name of a file as records and tables hold it: U+FFFD for bytes that are no text and for characters that would
    drive a terminal or turn the reading direction around."""
    return _ODD_IN_NAMES.sub("\ufffd", PurePath(path).name)


# ---------------------------------------------------------------- what the reader sees


class Word(NamedTuple):
    """One printed word (or one half of a hyphenated one) of the running text, in reading order."""

    text: str
    page: int
    x0: float
    top: float
    x1: float
    bottom: float
    start: int
    end: int


class Line(NamedTuple):
    """One printed line: ``text[start:end]`` is its words joined by single spaces; one ``\\n`` follows it."""

    start: int
    end: int
    page: int
    x0: float
    top: float
    x1: float
    bottom: float
    size: float  # median font size in points, 0 when unknown (OCR)
    bold: bool
    paragraph: bool  # starts a new block (by spacing, indent, column or page)
    column: int = 0
    cell: bool = False  # stands inside a ruled table


class Page(NamedTuple):
    number: int
    width: float
    height: float
    source: str  # "text", "ocr" or "none" (unreadable, or blank)
    confidence: float  # mean OCR word confidence 0..1; 1.0 for a text layer


class Table(NamedTuple):
    """A ruled table: rows of cell texts, and where it stands. Its words are in the running text too."""

    page: int
    box: Box
    rows: tuple[tuple[str, ...], ...]
    start: int
    end: int


class Furniture(NamedTuple):
    """Text that belongs to the page and not to the agreement: kept, but outside ``Document.text``."""

    kind: str  # "header", "footer", "page_number", "watermark", "navigation", "contents"
    text: str
    box: Box


@dataclass(frozen=True)
class Document:
    """A file as read: one running text, every word of it with its box. Printed without its words."""

    contract_id: str  # SHA-256 of the bytes
    file: str
    text: str = field(repr=False)
    pages: tuple[Page, ...] = field(repr=False)
    words: tuple[Word, ...] = field(repr=False)
    lines: tuple[Line, ...] = field(repr=False)
    tables: tuple[Table, ...] = field(default=(), repr=False)
    furniture: tuple[Furniture, ...] = field(default=(), repr=False)
    problems: tuple[str, ...] = ()  # what could not be read, one plain sentence each; any makes the contract "partial"
    metadata_title: str = ""

    @cached_property
    def _starts(self) -> list[int]:
        return [w.start for w in self.words]

    @cached_property
    def _line_starts(self) -> list[int]:
        return [line.start for line in self.lines]

    def words_in(self, start: int, end: int) -> tuple[Word, ...]:
        """The words that touch ``[start, end)``."""
        first = bisect_right(self._starts, start) - 1
        if first < 0 or self.words[first].end <= start:
            first += 1
        return self.words[first : bisect_left(self._starts, end)]

    def line_at(self, offset: int) -> Line | None:
        """The line that holds the character at ``offset`` (or the newline after it)."""
        k = bisect_right(self._line_starts, offset) - 1
        return self.lines[k] if k >= 0 else None

    def page_of(self, offset: int) -> int:
        """The page on which the word at or after ``offset`` stands; the last page past the end."""
        k = bisect_right(self._starts, offset) - 1
        if k < 0 or self.words[k].end <= offset:
            k = min(k + 1, len(self.words) - 1)
        return self.words[k].page if self.words else 1

    def boxes(self, start: int, end: int) -> tuple[Box, ...]:
        """One box for each printed line of ``[start, end)``, in reading order."""
        out: list[Box] = []
        last = -1
        for w in self.words_in(start, end):
            k = bisect_right(self._line_starts, w.start) - 1
            if k == last:
                p, x0, top, x1, bottom = out[-1]
                out[-1] = (p, min(x0, w.x0), min(top, w.top), max(x1, w.x1), max(bottom, w.bottom))
            else:
                out.append((w.page, w.x0, w.top, w.x1, w.bottom))
            last = k
        return tuple((p, *(round(v, 2) for v in rest)) for p, *rest in out)  # type: ignore[misc]

    def quote(self, start: int, end: int) -> str:
        """``text[start:end]`` on one line; same length, so offsets into it still hold."""
        return self.text[start:end].replace("\n", " ")


# ---------------------------------------------------------------- what the agreement is made of


@dataclass(frozen=True, slots=True)
class Clause:
    """A numbered or headed provision. ``[start, end)`` is its own text (number, heading, body), not its children's."""

    clause_id: str  # unique in the agreement and stable for the same bytes: "c0001", "c0002", … in reading order
    parent_id: str | None
    number: str  # full path as lawyers cite it: "4.2", "4.2(a)", "Exhibit B", "Exhibit B 1.1"; "" if unnumbered
    heading: str  # "" if none
    level: int  # 1 = top
    start: int
    end: int
    through: int  # end of the last descendant
    body: int  # where the text after number and heading begins


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence or list item: the unit that findings point at."""

    clause_id: str
    start: int
    end: int
    text: str  # the document's words on one line: ``document.quote(start, end)``
    lead_ins: tuple[
        int, ...
    ] = ()  # indices (in ``Agreement.sentences``) of the lead-ins it hangs from, outermost first
    kind: str = "sentence"  # "sentence", "item", "heading", "cell"


@dataclass(frozen=True, slots=True)
class Party:
    role: str  # CUSTOMER or PROVIDER
    name: str  # as the agreement defines it: "Northgate Bank plc"; the alias where it names nobody ("Customer")
    aliases: tuple[str, ...]  # lower case, every word or phrase that stands for it: "licensee", "you", "northgate"


@dataclass(frozen=True, slots=True)
class Definition:
    term: str
    clause_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reference:
    """A mention of another provision or document. ``target`` is a clause_id; None when outside or unknown."""

    clause_id: str
    start: int
    end: int
    text: str
    target: str | None
    external: bool  # another document (URL, policy, statute), not a provision of this one


@dataclass(frozen=True, slots=True)
class Term:
    """How long the agreement runs, by its own words. ``[start, end)`` is the sentence that says so."""

    clause_id: str
    start: int
    end: int
    months: int | None  # the first term's length; None where it is a date, no number of months, or not said
    ends: date | None  # the first term's last day: as stated, or counted from the first day where that is known
    open: bool  # no end: it runs until somebody ends it
    renewal_months: int | None = None  # each renewal's length
    renews: str | None = (
        None  # "automatically" or "by agreement" (a right to renew included); None where nothing is said
    )
    renewal: tuple[int, int] | None = None  # the sentence that says so


@dataclass(frozen=True)
class Agreement:
    document: Document
    title: str
    parties: tuple[Party, ...]
    effective_date: date | None
    clauses: tuple[Clause, ...] = field(repr=False)
    sentences: tuple[Sentence, ...] = field(repr=False)
    definitions: tuple[Definition, ...] = field(default=(), repr=False)
    references: tuple[Reference, ...] = field(default=(), repr=False)
    term: Term | None = None

    @cached_property
    def _by_id(self) -> dict[str, Clause]:
        return {c.clause_id: c for c in self.clauses}

    def clause(self, clause_id: str) -> Clause:
        return self._by_id[clause_id]

    def path(self, clause_id: str) -> tuple[Clause, ...]:
        """The clause and its ancestors, outermost first."""
        out: list[Clause] = []
        c: Clause | None = self._by_id.get(clause_id)
        while c is not None:
            out.append(c)
            c = self._by_id.get(c.parent_id) if c.parent_id else None
        return tuple(reversed(out))

    def party(self, role: str) -> Party | None:
        return next((p for p in self.parties if p.role == role), None)


# ---------------------------------------------------------------- what was found


class Doubt(NamedTuple):
    """A mark of clarity that a responsibility lacks: what to ask the other side, and wording that closes the gap."""

    mark: str
    words: str  # the words that lost it; "" where it is lost for want of words
    ask: str
    propose: str


@dataclass(frozen=True, slots=True)
class Responsibility:
    """One duty or prohibition in one sentence.

    ``marks``: who, what, when, how_well, what_if_not, reviewed_when → the words that earn the mark, or None.
    """

    clause_id: str
    start: int
    end: int
    responsibility: str  # "category.id"
    party: str
    modality: str
    confidence: float
    method: str  # which evidence spoke: "model", "phrase", "model+phrase", "example"
    action: str | None = None
    deadline: str | None = None
    trigger: str | None = None
    consequence: str | None = None  # clause_id
    clarity: float = 0.0
    marks: Mapping[str, str | None] = field(default_factory=dict)
    vague: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()  # one for each mark that is missing, in the order of the marks


@dataclass(frozen=True, slots=True)
class Provision:
    """One penalty or liability term in one sentence. ``values``: the keys of README, "Values"; int, float or text."""

    clause_id: str
    start: int
    end: int
    provision: str
    party: str
    confidence: float
    method: str
    values: Mapping[str, Any] = field(default_factory=dict)


# ---------------------------------------------------------------- money


@dataclass(frozen=True, slots=True)
class Deal:
    """Facts of one contract that procurement keeps (a row of the facts CSV); None where the cell is empty."""

    file: str
    line: int = 0  # line in the CSV, for evidence
    source: str = ""  # the CSV's path
    vendor: str | None = None
    annual_fees: Decimal | None = None
    currency: str | None = None
    start: date | None = None
    term_months: Decimal | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)  # every other known column, parsed: users, records_held, …


@dataclass(frozen=True, slots=True)
class Assumption:
    id: str
    component: str
    parameter: str
    low: float
    likely: float
    high: float
    unit: str
    source: str
    reviewed_on: date | None
    illustrative: bool
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Operand:
    """One number of a formula and where it came from."""

    name: str
    value: Decimal | float | str | None
    unit: str
    origin: str  # "provision", "fact", "assumption", "rate"
    clause_id: str | None = None
    start: int | None = None
    end: int | None = None
    source: str | None = None  # id and file:line of a fact, assumption or rate


@dataclass(frozen=True, slots=True)
class Exposure:
    """One component of a contract's exposure, per contract year. Amounts are None when ``status`` is "unscored"."""

    component: str
    status: str  # "scored" or "unscored"
    reason: str | None
    currency: str | None
    low: Decimal | None = None
    likely: Decimal | None = None
    high: Decimal | None = None
    expected: Decimal | None = None
    p95: Decimal | None = None
    per: str = "year"
    formula: str = ""
    operands: tuple[Operand, ...] = ()


@dataclass(frozen=True)
class Analysis:
    """Everything one file gave. ``status``: "ok", "partial" (something could not be read), "failed" (nothing could)."""

    file: str
    contract_id: str
    status: str
    reason: str | None
    agreement: Agreement | None = None
    responsibilities: tuple[Responsibility, ...] = ()
    provisions: tuple[Provision, ...] = ()

"""Clauses → sentences, list items, headings and table rows, each item with the lead-ins it hangs from."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from risklib.clauses.headings import titled
from risklib.clauses.numbers import parse_label
from risklib.clauses.splitting import split_items, split_sentences
from risklib.records import Clause, Document, Line, Sentence

_BULLET = re.compile(r"\s*[•●▪◦○■□►➢✓·*–—-]\s+|\s*[o§]\s+(?=[A-Z])")
_ENDED = re.compile(r"(?:[.!?][\"”’')\]]*|:)$")
_OPEN = re.compile(r"(?::|[—–-]|[a-z,])[\"”]?$")
_ITEM_END = re.compile(r"(?:;|;? ?(?:and|or|and/or)|,)$")
_DANGLING = re.compile(  # no paragraph ends in such a word, whatever the type looks like after it
    r"\b(?:of|the|to|and|or|by|in|with|for|an?|any|such|its|their|your|our|that|which|under|from|as|on)$", re.IGNORECASE
)
_PROSE_CELL = 220  # characters from which a "table row" is prose that only stands in a ruled box


@dataclass
class _Writer:
    """The sentences so far, and what the next one may hang from."""

    document: Document
    out: list[Sentence] = field(default_factory=list)
    last_of: dict[str, int] = field(default_factory=dict)  # clause → index of its last running sentence

    def add(self, clause: Clause, start: int, end: int, lead_ins: tuple[int, ...], kind: str) -> int:
        quote = self.document.quote(start, end)
        self.out.append(Sentence(clause.clause_id, start, end, quote, lead_ins, kind))
        if kind in ("sentence", "item"):
            self.last_of[clause.clause_id] = len(self.out) - 1
        return len(self.out) - 1


def read_sentences(document: Document, clauses: tuple[Clause, ...]) -> tuple[Sentence, ...]:
    """All sentences in reading order. Clause numbers are in none; headings are sentences of kind "heading"."""
    writer = _Writer(document)
    k = 0
    for clause in clauses:
        if clause.heading:
            start = _heading_start(document.text, clause)
            a, b = _trimmed(document.text, start, clause.body)
            if a < b:
                writer.add(clause, a, b, (), "heading")
        while k < len(document.lines) and document.lines[k].end <= clause.body:
            k += 1
        n = k
        while n < len(document.lines) and document.lines[n].start < clause.end:
            n += 1
        _clause(writer, clause, document.lines[k:n])
    return tuple(writer.out)


def _heading_start(text: str, clause: Clause) -> int:
    label = parse_label(text[clause.start : clause.start + 60].replace("\n", " ")) if clause.number else None
    return min(clause.start + label.end, clause.body) if label else clause.start


def _trimmed(text: str, a: int, b: int) -> tuple[int, int]:
    while a < b and text[a].isspace():
        a += 1
    while b > a and text[b - 1].isspace():
        b -= 1
    return a, b


def _clause(writer: _Writer, clause: Clause, lines: tuple[Line, ...]) -> None:
    """The clause's own text, block by block."""
    inherited = _from_parent(writer, clause)
    pending: tuple[int, ...] = ()  # lead-ins of the list that we are in, inside this clause
    first = True
    text = writer.document.text
    for start, end, cell in _blocks(writer.document, clause, lines):
        if cell:
            writer.add(clause, start, end, (), "cell")
            continue
        bullet = _BULLET.match(text, start, end)
        label = None if bullet else parse_label(text[start : min(end, start + 60)].replace("\n", " "))
        marked = bullet is not None or (label is not None and label.printed.startswith("(") and not first)
        if (
            not marked
            and not first
            and pending
            and not (text[start].islower() or _ITEM_END.search(text[start:end].rstrip()[-8:]))
        ):
            pending = ()
        if not marked and _is_heading(text, start, end, bool(pending)):
            writer.add(clause, start, end, (), "heading")
            first, pending = False, ()
            continue
        if bullet:
            start = bullet.end()
        leads = inherited if first else pending
        is_item = bool(leads) and (first or marked or bool(pending))
        before = len(writer.out)
        _block(writer, clause, start, end, leads if is_item else ())
        first = False
        last = len(writer.out) - 1
        if last >= before:
            tail = writer.out[last].text.rstrip()
            if tail.endswith((":", "—", "–")) or (
                not _ENDED.search(tail) and not _ITEM_END.search(tail) and not is_item
            ):
                pending = (
                    (*writer.out[last].lead_ins, last)
                    if writer.out[last].kind == "sentence" or tail.endswith(":")
                    else pending
                )


def _from_parent(writer: _Writer, clause: Clause) -> tuple[int, ...]:
    """The lead-ins that the parent's own text leaves open ("Customer shall not:") for its numbered children."""
    k = writer.last_of.get(clause.parent_id or "")
    if k is None:
        return ()
    above = writer.out[k]
    tail = above.text.rstrip()
    if tail.endswith((":", "—", "–")) or (_OPEN.search(tail) and not _ENDED.search(tail) and len(tail.split()) > 2):
        return (*above.lead_ins, k)
    return above.lead_ins if above.lead_ins and _ITEM_END.search(tail) and not _ENDED.search(tail) else ()


def _block(writer: _Writer, clause: Clause, start: int, end: int, leads: tuple[int, ...]) -> None:
    """Sentences of one paragraph; the first hangs from ``leads`` if there are any."""
    text = writer.document.text
    for k, (a, b) in enumerate(split_sentences(text, start, end)):
        hang = leads if k == 0 else ()
        pieces = split_items(text, a, b)
        above: list[tuple[int, int]] = []  # (depth, index) of the pieces that the next may hang from
        for piece in pieces:
            above = [(d, i) for d, i in above if d < piece.depth]
            own = (*hang, *(i for _, i in above))
            index = writer.add(clause, piece.start, piece.end, own, "item" if own or piece.depth else "sentence")
            above.append((piece.depth, index))


def _is_heading(text: str, start: int, end: int, in_list: bool) -> bool:
    content = text[start:end].replace("\n", " ").strip()
    if in_list or len(content) > 80 or not content or content[-1] in ".;:,?!" or not content[0].isalpha():
        return False
    words = content.split()
    return (
        len(words) <= 9
        and (content.isupper() or titled(words))
        and not re.search(r"\b(?:shall|will|must|is|are)\b", content)
    )


def _blocks(document: Document, clause: Clause, lines: tuple[Line, ...]) -> list[tuple[int, int, bool]]:
    """Paragraphs (and table rows) of a clause's body: (start, end, is a table row)."""
    out: list[tuple[int, int, bool]] = []
    text = document.text
    group: list[Line] = []

    def close() -> None:
        if not group:
            return
        a, b = _trimmed(text, max(group[0].start, clause.body), min(group[-1].end, clause.end))
        if a < b:
            out.append((a, b, group[0].cell and b - a < _PROSE_CELL and not _ENDED.search(text[a:b])))
        group.clear()

    for line in lines:
        if group and _breaks(text, group[-1], line, lines):
            close()
        group.append(line)
    close()
    return out


def _breaks(text: str, before: Line, line: Line, lines: tuple[Line, ...]) -> bool:
    """Whether ``line`` begins a new paragraph."""
    if before.cell != line.cell:
        return True
    head, tail = text[line.start : line.end], text[before.start : before.end].rstrip()
    if line.cell:
        beside = line.top < before.bottom - 1 and line.page == before.page
        return not beside and line.paragraph
    if _BULLET.match(head):
        return True
    ended = bool(_ENDED.search(tail)) or tail.endswith(";")
    label = parse_label(head)
    if label is not None and label.printed.startswith("(") and (ended or _ITEM_END.search(tail)) and line.paragraph:
        return True
    if not line.paragraph:
        return bool(line.bold != before.bold and abs(line.size - before.size) > 1)
    if ended:
        return True
    if head[:1].islower() or _DANGLING.search(tail):
        return False
    short = before.x1 - before.x0 < 0.6 * max(
        (other.x1 - other.x0 for other in lines if other.page == before.page), default=0
    )
    return short or line.bold != before.bold or abs(line.size - before.size) > 0.6

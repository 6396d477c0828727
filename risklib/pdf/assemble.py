"""Lines of all pages → the running text with offsets, blocks marked and hyphenated words made whole."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import groupby

import numpy as np

from risklib.pdf.chars import PageWords
from risklib.pdf.furniture import ReadLine
from risklib.pdf.pages import PageRead
from risklib.records import Box, Document, Furniture, Line, Table, Word

_word = partial(tuple.__new__, Word)  # Word._make without its check of the length, three times as fast
_HYPHENATED = re.compile(r"[^\W\d_]{2,}-$")
_LETTERS = re.compile(r"[^\W\d_]+")
_SUSPENDED = {"and", "or", "to", "and/or"}  # "pre- and post-sale": the hyphen waits for a later word
_PREFIXES = {"non", "pre", "post", "third", "self", "cross"}  # seldom written as one word
_ENDS = re.compile(r"[.:;!?][\"”’')\]]*$")


def assemble(
    *,
    contract_id: str,
    file: str,
    pages: Sequence[PageRead],
    marks: Mapping[tuple[int, int], str],
    problems: Sequence[str],
    title: str,
) -> Document:
    """The Document; ``marks`` says which (page index, line index) is furniture, and of what kind."""
    kept: list[ReadLine] = []
    aside: list[Furniture] = []
    for p, page in enumerate(pages):
        aside.extend(page.extra)
        for k, r in enumerate(page.lines):
            kind = marks.get((p, k))
            if kind is None:
                kept.append(r)
            else:
                aside.append(Furniture(kind, r.text, _box(r, page.words)))
    known = _vocabulary(pages) if any(r.text.endswith("-") for r in kept) else set()
    words_of = {page.page.number: page.words for page in pages}
    text, words, lines = _running_text(kept, words_of, known) if kept else ("", [], [])
    return Document(
        contract_id=contract_id,
        file=file,
        text=text,
        pages=tuple(page.page for page in pages),
        words=tuple(words),
        lines=tuple(lines),
        tables=_tables(pages, kept, lines),
        furniture=tuple(aside),
        problems=tuple(problems),
        metadata_title=title,
    )


def _tables(pages: Sequence[PageRead], kept: Sequence[ReadLine], lines: Sequence[Line]) -> tuple[Table, ...]:
    spans: dict[tuple[int, int], list[int]] = {}
    for r, line in zip(kept, lines, strict=True):
        if r.table >= 0:
            spans.setdefault((r.page, r.table), []).extend((line.start, line.end))
    by_number = {page.page.number: page for page in pages}
    out = []
    for (number, k), span in spans.items():
        grid, rows = by_number[number].tables[k]
        x0, top, x1, bottom = (round(v, 2) for v in grid.box)
        out.append(Table(number, (number, x0, top, x1, bottom), rows, min(span), max(span)))
    return tuple(out)


def _vocabulary(pages: Sequence[PageRead]) -> set[str]:
    spelled = set().union(*(page.words.texts for page in pages))
    return {t.lower().strip(".,;:()\"“”'’") for t in spelled}


def _box(r: ReadLine, words: PageWords) -> Box:
    """Where the line stands on the page as shown; its own numbers are those of the page turned upright."""
    here = words.boxes[list(r.line.words)]
    x0, top = here[:, :2].min(axis=0).round(2).tolist()
    x1, bottom = here[:, 2:].max(axis=0).round(2).tolist()
    return (r.page, x0, top, x1, bottom)


def _running_text(
    kept: Sequence[ReadLine], words_of: Mapping[int, PageWords], known: set[str]
) -> tuple[str, list[Word], list[Line]]:
    """``kept``: at least one line. ``words_of``: page number → its words."""
    texts: list[str] = []
    boxes: list[np.ndarray] = []
    for number, run in groupby(kept, key=lambda r: r.page):
        index = [i for r in run for i in r.line.words]
        texts += map(words_of[number].texts.__getitem__, index)
        boxes.append(words_of[number].boxes[index])
    count = np.fromiter((len(r.line.words) for r in kept), np.int64, len(kept))
    last = np.cumsum(count) - 1
    text, glued = _joined_lines(kept, texts, last.tolist(), known)
    length = np.fromiter(map(len, texts), np.int64, len(texts))
    step = length + 1  # a blank or a newline follows each word, except where it goes on in the next line
    step[last[glued]] -= 1
    begin = np.cumsum(step) - step
    end, box, first = begin + length, np.concatenate(boxes), last - count + 1
    on_page = np.fromiter((r.page for r in kept), np.int64, len(kept))
    words = list(
        map(_word, zip(texts, np.repeat(on_page, count).tolist(), *box.T.tolist(), begin.tolist(), end.tolist()))
    )
    lines = [
        Line(a, b, r.page, x0, top, x1, bottom, r.line.size, r.line.bold, starts, r.line.column, r.table >= 0)
        for r, starts, a, b, x0, top, x1, bottom in zip(
            kept,
            block_starts(kept),
            begin[first].tolist(),
            end[last].tolist(),
            *np.minimum.reduceat(box[:, :2], first).T.tolist(),
            *np.maximum.reduceat(box[:, 2:], first).T.tolist(),
            strict=True,
        )
    ]
    return text, words, lines


def _joined_lines(
    kept: Sequence[ReadLine], texts: list[str], last: Sequence[int], known: set[str]
) -> tuple[str, list[int]]:
    """The text of all lines, and which of them end in the first half of a word, which ``texts`` then holds as joined.
    ``last``: where in ``texts`` each line's last word stands."""
    parts: list[str] = []
    glued: list[int] = []
    for k, r in enumerate(kept):
        text, after = r.text, kept[k + 1].text if k + 1 < len(kept) else ""
        whole = joined(texts[last[k]], after.split(" ", 1)[0], known) if text.endswith("-") else None
        if whole is None:
            parts += (text, "\n")
            continue
        parts.append(text[: len(text) - len(texts[last[k]])] + whole)
        texts[last[k]] = whole
        glued.append(k)
    return "".join(parts), glued


def joined(word: str, following: str, known: set[str]) -> str | None:
    """How ``word`` is to be written when it and ``following`` (first of the next line) are one; None when they are two.

    The hyphen goes unless the document writes the compound with it elsewhere, or writes its halves alone but never the
    word made whole.
    """
    tail = _LETTERS.match(following)
    if not _HYPHENATED.search(word) or tail is None or tail.group() in _SUSPENDED:
        return None
    head, rest = _LETTERS.findall(word)[-1].lower(), tail.group().lower()
    if tail.group()[0].isupper():
        return word if word[0].isupper() or head in _PREFIXES or head + "-" + rest in known else None
    if head + rest in known:
        return word[:-1]
    if head in _PREFIXES - {"pre"}:
        return word
    real = word.lower().lstrip("(\"“‘'[") + rest in known or (head in known and rest in known) or "-" in word[:-1]
    return word if real else word[:-1]


def block_starts(lines: Sequence[ReadLine]) -> list[bool]:
    """For each line, whether a new block begins: by spacing, indent, size, or a short line before it."""
    right: dict[tuple[int, int], float] = {}
    for r in lines:
        key = (r.page, r.line.column)
        right[key] = max(right.get(key, 0.0), r.line.x1)
    out: list[bool] = []
    for k, r in enumerate(lines):
        after = lines[k + 1] if k + 1 < len(lines) else None
        if after is not None and (after.page, after.line.column) != (r.page, r.line.column):
            after = None
        out.append(k == 0 or _starts_block(lines[k - 1], r, after, right[r.page, r.line.column]))
    return out


def _starts_block(before: ReadLine, r: ReadLine, after: ReadLine | None, right: float) -> bool:
    a, b = before.line, r.line
    if r.table >= 0 or before.table >= 0:
        return r.first or r.table != before.table
    ended = _ENDS.search(before.text) is not None
    if before.page != r.page or b.column != a.column or b.top < a.top - 1:
        return ended or not r.text[:1].islower()
    size = max(a.size, b.size, 4.0) if min(a.size, b.size) > 0 else max(b.bottom - b.top, 4.0) / 1.2
    step = b.bottom - a.bottom
    if step > 1.75 * size and (after is None or step > 1.2 * (after.line.bottom - b.bottom)):
        return True
    if after is not None and 0 < after.line.bottom - b.bottom < 0.75 * step:
        return True
    if not ended and r.text[:1].islower():
        return False
    if abs(a.size - b.size) > 0.15 * size or (a.bold != b.bold and (a.bold or ended)):
        return True
    return _indented(
        b.x0 - a.x0, size, ended, a.x1 < right - 3 * size, after.line.x0 - b.x0 if after is not None else 0.0
    )


def _indented(indent: float, size: float, ended: bool, short: bool, following: float) -> bool:
    """Whether an indent begins a block: a first line set in, or a new margin after a finished line."""
    if abs(indent) <= 1.2 * size:
        return False
    if indent > 0:
        return following < -0.8 * size or (ended and short)
    return ended

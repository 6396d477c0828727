"""Lines of all pages → the running text with offsets, blocks marked and hyphenated words made whole."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import accumulate, repeat

from risklib.pdf.chars import PageWords
from risklib.pdf.furniture import ReadLine
from risklib.records import Document, Furniture, Line, Page, Word

PageParts = tuple[Page, PageWords, Sequence[ReadLine], Sequence[Furniture]]
_HYPHENATED = re.compile(r"[^\W\d_]{2,}-$")
_LETTERS = re.compile(r"[^\W\d_]+")
_SUSPENDED = {"and", "or", "to", "and/or"}  # "pre- and post-sale": the hyphen waits for a later word
_PREFIXES = {"non", "pre", "post", "sub", "third", "inter", "anti", "multi", "co", "self", "cross"}
_ENDS = re.compile(r"[.:;!?][\"”’')\]]*$")


def assemble(
    *, contract_id: str, file: str, pages: Sequence[PageParts], marks: Mapping[tuple[int, int], str], problems: Sequence[str], title: str
) -> Document:
    """The Document; ``marks`` says which (page index, line index) is furniture, and of what kind."""
    kept: list[tuple[ReadLine, PageWords]] = []
    aside: list[Furniture] = []
    for p, (_page, words, lines, extra) in enumerate(pages):
        aside.extend(extra)
        for k, r in enumerate(lines):
            kind = marks.get((p, k))
            if kind is None:
                kept.append((r, words))
            else:
                aside.append(Furniture(kind, r.text, _box(r)))
    starts = block_starts([r for r, _ in kept])
    known = _vocabulary(pages) if any(r.text.endswith("-") for r, _ in kept) else set()
    text, out_words, out_lines = _running_text(kept, starts, known)
    return Document(
        contract_id=contract_id,
        file=file,
        text=text,
        pages=tuple(page for page, *_ in pages),
        words=tuple(out_words),
        lines=tuple(out_lines),
        furniture=tuple(aside),
        problems=tuple(problems),
        metadata_title=title,
    )


def _vocabulary(pages: Sequence[PageParts]) -> set[str]:
    return {w.strip(".,;:()\"“”'’") for w in {t.lower() for _, words, *_ in pages for t in words.texts}}


def _box(r: ReadLine) -> tuple[int, float, float, float, float]:
    return (r.page, round(r.line.x0, 2), round(r.line.top, 2), round(r.line.x1, 2), round(r.line.bottom, 2))


def _running_text(kept: Sequence[tuple[ReadLine, PageWords]], starts: Sequence[bool], known: set[str]) -> tuple[str, list[Word], list[Line]]:
    parts: list[str] = []
    words: list[Word] = []
    lines: list[Line] = []
    at = 0
    for k, (r, source) in enumerate(kept):
        line = r.line
        begin = at
        boxes = source.boxes[list(line.words)].tolist()
        texts = [source.texts[i] for i in line.words]
        following = kept[k + 1][0].text if k + 1 < len(kept) else ""
        whole = joined(texts[-1], following.split(" ", 1)[0], known)
        if whole is not None:
            texts[-1] = whole
        ends = [*accumulate(map(len, texts), lambda end, length: end + 1 + length, initial=at - 1)][1:]
        spots = zip(texts, repeat(r.page), *zip(*boxes, strict=True), (e - len(t) for e, t in zip(ends, texts, strict=True)), ends)
        words.extend(map(Word._make, spots))
        parts.append(" ".join(texts))
        at = ends[-1]
        lines.append(Line(begin, at, r.page, line.x0, line.top, line.x1, line.bottom, line.size, line.bold, starts[k], line.column))
        if whole is None:
            parts.append("\n")
            at += 1
    return "".join(parts), words, lines


def joined(word: str, following: str, known: set[str]) -> str | None:
    """How ``word`` is to be written when it and ``following`` (first of the next line) are one; None when they are two.

    The hyphen goes unless the document writes the compound with it elsewhere, or writes its halves alone but never the word made whole.
    """
    tail = _LETTERS.match(following)
    if not _HYPHENATED.search(word) or tail is None or tail.group() in _SUSPENDED:
        return None
    head, rest = _LETTERS.findall(word)[-1].lower(), tail.group().lower()
    if tail.group()[0].isupper():
        return word if word[0].isupper() or head in _PREFIXES or head + "-" + rest in known else None
    if head + rest in known:
        return word[:-1]
    real = word.lower().lstrip("(\"“‘'[") + rest in known or (head in known and rest in known) or "-" in word[:-1]
    return word if real else word[:-1]


def block_starts(lines: Sequence[ReadLine]) -> list[bool]:
    """For each line, whether a new block begins: by spacing, indent, size, or a short line before it."""
    out: list[bool] = []
    for k, r in enumerate(lines):
        out.append(k == 0 or _starts_block(lines[k - 1], r, lines[k + 1] if k + 1 < len(lines) else None))
    return out


def _starts_block(before: ReadLine, r: ReadLine, after: ReadLine | None) -> bool:
    a, b = before.line, r.line
    if before.page != r.page or b.column != a.column or b.top < a.top - 1:
        return not (r.text[:1].islower() and not _ENDS.search(before.text))
    size = max(a.size, b.size, 4.0) if min(a.size, b.size) > 0 else max(b.bottom - b.top, 4.0) / 1.2
    step = b.bottom - a.bottom
    if step > 1.75 * size:
        return True
    if after is not None and after.page == r.page and after.line.column == b.column and 0 < after.line.bottom - b.bottom < 0.75 * step:
        return True
    if abs(a.size - b.size) > 0.15 * size or (a.bold != b.bold and (a.bold or _ENDS.search(before.text) is not None)):
        return True
    indent = b.x0 - a.x0
    return abs(indent) > 1.2 * size and (_ENDS.search(before.text) is not None or indent > 0)

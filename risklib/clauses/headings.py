"""Headings: where the heading of a numbered clause ends, and which unnumbered lines are headings themselves."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from risklib.clauses.cues import ORG_WORD, word_set
from risklib.records import Document, Line

_VERB = re.compile(
    r"\b(?:shall|will|may|must|is|are|was|were|has|have|agrees?|means|can|cannot|does|do|acknowledges?|"
    r"represents?|grants?|"
    r"warrants?|includes?|provides?|apply|applies|hereby|understands?|would|should|be)\b"
)
_SMALL = word_set("a an and as at by for from in of on or the to with & under upon per via not no if than")
_OPEN = _SMALL | {"that", "which", "following", "not"}  # no heading ends in these
_RUN_IN = re.compile(r"[^.:?!]{2,110}?(?:\([^()]{1,60}\))?(?:\.|:|\?|\.?\s?[–—]|\s-{1,2}(?=\s))[\"”]?(?=\s)")
_ABBREVIATED = re.compile(r"\b(?:U\.S|No|Inc|e\.g|i\.e|vs|etc|Co|Corp|Ltd|U\.K|St|Dr|Mr|Ms|v)\.$")
_SIGNATURE = re.compile(
    r"^(?:By|Name|Title|Date|Signature|Its|Attn|Attention|Address|Email|Phone|Tel|Fax|Telephone|"
    r"Print(?:ed)? Name)\b\s*[:_]|/s/|_{3,}"
)


@dataclass(frozen=True)
class Typography:
    """What this document's running text looks like, so that a heading can differ from it."""

    size: float
    width: float  # a full line, in points
    mostly_bold: bool


def typography(document: Document) -> Typography:
    sizes: Counter[float] = Counter()
    bold = total = 0
    for line in document.lines:
        n = line.end - line.start
        sizes[round(line.size, 1)] += n
        bold += n * line.bold
        total += n
    widths = sorted(line.x1 - line.x0 for line in document.lines)
    return Typography(
        sizes.most_common(1)[0][0] if sizes else 0.0,
        widths[int(0.8 * len(widths))] if widths else 0.0,
        bold > 0.6 * total,
    )


def heading_end(document: Document, start: int, line_index: int, limit: int) -> int:
    """Offset where the heading that begins at ``start`` ends; ``start`` where there is none. ``limit``: next clause."""
    lines, text = document.lines, document.text
    line = lines[line_index]
    first = text[start : min(line.end, limit)]
    if not first.strip():  # the number stood alone on its line
        if line_index + 1 >= len(lines) or lines[line_index + 1].start >= limit:
            return start
        line_index += 1
        line = lines[line_index]
        start, first = line.start, text[line.start : min(line.end, limit)]
    whole = _alone(document, line_index, start, limit)
    if whole > start:
        return whole
    span = text[start : min(limit, start + 200)].replace("\n", " ")
    return start + run_in(span)


def run_in(span: str) -> int:
    """Length of "Late Fees." in "Late Fees. If …"; 0 where the text begins with a sentence."""
    m = _RUN_IN.match(span)
    while m and _ABBREVIATED.search(m.group().rstrip('"”')):
        m = re.compile(re.escape(m.group()) + r"[^.:;?!]{1,60}(?:\.|:)(?=\s)").match(span)
    if not m:
        return 0
    words = m.group().rstrip(".:–—- ").split()
    after = span[m.end() :].lstrip()[:1]
    if ";" in m.group() and not all(map(titled, (part.split() for part in m.group().rstrip(".:–—- ").split(";")))):
        return 0  # "Ownership; Acceptance." is a heading, "the Services; and Fees." the end of a list
    if (
        len(words) > 12
        or not (words[0][0].isupper() or words[0][0] in '"“')
        or (_VERB.search(m.group().lower()) and not m.group().isupper())
    ):
        return 0
    if (m.group().rstrip().endswith(":") and len(words) > 5) or after.islower():
        return 0
    if (
        re.match(r"(?:Section|Article|The|This|Each|If|For|In|To|Upon|Any|All|When|Such)\b", m.group())
        and not titled(words)
        and len(words) > 3
    ):
        return 0
    return m.end() if len(words) <= 6 or titled(words) else 0


def titled(words: list[str]) -> bool:
    """Whether these words are set like a heading: capitals on all that matter, or all in capitals."""
    main = [w for w in words if w.lower().strip(",") not in _SMALL and w[0].isalpha()]
    return bool(main) and sum(w[0].isupper() for w in main) >= 0.75 * len(main)


def _alone(document: Document, k: int, start: int, limit: int) -> int:
    """End of a heading that fills the rest of its line (and perhaps the next); ``start`` where it is no heading."""
    lines, text = document.lines, document.text
    line = lines[k]
    content = text[start : min(line.end, limit)].strip()
    following = lines[k + 1] if k + 1 < len(lines) and lines[k + 1].start < limit else None
    if not content or not _heading_words(content):
        return start
    loud = content.isupper() or line.bold
    if following is None:
        quiet = content.endswith((";", ",", " and", " or")) or not (loud or titled(content.split()))
        return start if quiet or len(content) > 90 or content.endswith(".") else line.end
    after = text[following.start : following.end]
    if content[-1] in ".:;" and not (loud or (content[-1] == "." and following.paragraph and titled(content.split()))):
        return start
    same = following.bold == line.bold and after.isupper() == content.isupper()
    if (
        loud
        and same
        and not content.endswith((".", ":"))
        and _heading_words(after)
        and (not following.paragraph or _full(lines, k))
    ):
        two = text[start : following.end].replace("\n", " ").rstrip(".: ")
        if len(two.split()) <= 20 and (content.isupper() or (line.bold and not _VERB.search(after))):
            return min(following.end, limit)
    if after[:1].islower() or (not loud and not titled(content.split()) and not _by_itself(lines, k, content)):
        return start
    if not loud and not following.paragraph and not _shorter(lines, k):
        return start
    return min(line.end, limit)


def _by_itself(lines: tuple[Line, ...], k: int, content: str) -> bool:
    """Whether a few words in small letters stand alone before a new paragraph: "Response time"."""
    words = content.split()
    short = len(words) <= 7 and content[0].isupper() and content[-1] not in ".:;," and words[-1].lower() not in _OPEN
    return short and lines[k + 1].paragraph and lines[k].x1 - lines[k].x0 < 0.6 * (lines[k + 1].x1 - lines[k + 1].x0)


def _full(lines: tuple[Line, ...], k: int) -> bool:
    return not _shorter(lines, k)


def _shorter(lines: tuple[Line, ...], k: int) -> bool:
    near = [
        other.x1
        for other in lines[max(0, k - 5) : k + 6]
        if other.page == lines[k].page and other.column == lines[k].column
    ]
    return lines[k].x1 < 0.88 * max(near, default=0)


def _heading_words(content: str) -> bool:
    words = content.rstrip(".: ").split()
    if not words or len(words) > 16 or content.endswith((";", ",")) or _SIGNATURE.search(content):
        return False
    if content.isupper():
        return not re.search(r"\b(?:SHALL|WILL|IS|ARE|HEREBY|AGREES)\b", content)
    return (
        words[0][0].isalnum()
        and not _VERB.search(content.lower())
        and sum(c.isalpha() for c in content) >= 0.5 * len(content)
    )


def heading_lines(document: Document, style: Typography) -> list[tuple[int, tuple[float, bool, bool]]]:
    """Lines that look like unnumbered headings: (index, look). A look is (size over text, bold, capitals)."""
    out: list[tuple[int, tuple[float, bool, bool]]] = []
    lines, text = document.lines, document.text
    for k, line in enumerate(lines):
        content = text[line.start : line.end].strip()
        if line.cell or not 3 <= len(content) <= 90 or not _heading_words(content):
            continue
        over = round(line.size / style.size, 1) if style.size and line.size else 1.0
        bold = line.bold and not style.mostly_bold
        capitals = content.isupper() and sum(c.isalpha() for c in content) > 3
        if over < 1.12 and not bold and not capitals:
            continue
        if not (line.paragraph or over >= 1.2) or content[0].islower() or (content[-1] in ".,;" and not capitals):
            continue
        if _follows_on(document, k) or not _shorter_than_text(line, style):
            continue
        out.append((k, (max(over, 1.0), bold, capitals)))
    return out


_NO_HEADING = re.compile(
    r"(?:whereas|now|note|attn|attention|re|ps|dear|by|name|title|date|copyright|rule|form|item)\b", re.IGNORECASE
)


def run_in_lines(document: Document) -> list[int]:
    """Lines that begin a paragraph with a heading and no number: "Grant of License. Vendor grants …"."""
    out: list[int] = []
    text = document.text
    for k, line in enumerate(document.lines):
        content = text[line.start : min(len(text), line.start + 200)].replace("\n", " ")
        if line.cell or not line.paragraph or not content[:1].isalpha() or _NO_HEADING.match(content):
            continue
        length = run_in(content)
        heading, rest = content[:length].rstrip(), content[length:].lstrip()
        words = heading.rstrip(".:–—- ").split()
        set_off = heading.endswith((".", "–", "—")) or (heading.endswith(":") and heading.isupper())
        if not length or len(words[-1]) < 2 or words[-1].isdigit() or ORG_WORD.fullmatch(words[-1]):
            continue  # "Formation 1.", "Acme S.A.", "Acme Inc.": a number below it, a name
        if set_off and len(words) <= 8 and titled(words) and rest[:1].isupper() and len(rest.split()) >= 5:
            out.append(k)
    return out


def _follows_on(document: Document, k: int) -> bool:
    """Whether the line before runs on into this one, or this one into the next."""
    lines, text = document.lines, document.text
    if k:
        before = text[lines[k - 1].start : lines[k - 1].end]
        if not lines[k].paragraph and before[-1:].islower():
            return True
    if k + 1 < len(lines):
        after = text[lines[k + 1].start : lines[k + 1].end]
        return after[:1].islower()
    return True


def _shorter_than_text(line: Line, style: Typography) -> bool:
    return line.x1 - line.x0 < 0.9 * style.width or line.size > 1.15 * style.size

"""Which lines could begin a numbered clause, and how much each looks like one. sequence.py decides."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from dataclasses import dataclass, replace

from risklib.clauses.headings import Typography, typography
from risklib.clauses.numbers import Label, Reading, parse_label
from risklib.records import Document, Line

_REFERS = re.compile(
    r"(?:\b(?:sections?|articles?|clauses?|paragraphs?|subsections?|exhibits?|schedules?|annex|appendix|"
    r"attachment)|§|[$€£(&])$",
    re.IGNORECASE,
)
_AWAITS = re.compile(
    r"\b(?:of|in|with|under|by|the|through|to|see|than|at|from|for|least|this|that|approximately|no|version|rule)$",
    re.IGNORECASE,
)
_JOINS = re.compile(r"(?:(?<!;)(?<!,) (?:and|or)|,)$", re.IGNORECASE)
_CONTINUES = re.compile(
    r"(?:above|below|of (?:this|the|such|any|these|each)|hereof|herein|hereto|hereunder|hereby|and\b|or\b|to\b|"
    r"shall\b|will\b|is\b|are\b|"
    r"in the\b|attached|with respect|for\b|sets?\b|as\b|on\b|at\b|if\b|,|;|\)|\]|through\b|%|[–-] ?\d)"
)
_MONTH = re.compile(
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December)\b[ ,]+\d"
)
_UNIT = re.compile(
    r"(?:days?|months?|years?|percent|per|business|hours?|minutes|million|billion|dollars|USD|U\.S\.|EUR|st|nd|"
    r"rd|th)\b",
    re.IGNORECASE,
)
_DOTS = re.compile(r"(?:\.\s?){4,}\s*\S{0,6}$|\s\.{2,}\s*\d+$|…+\s*\d+$|_{4,}")
_ENDS = re.compile(r"(?:[.;:!?”\")]|; ?(?:and|or|and/or)|, (?:and|or))$", re.IGNORECASE)
_STREET = re.compile(
    r"[\w.' ]+ (?:Street|St\.?|Avenue|Ave\.?|Road|Rd\.?|Drive|Blvd|Boulevard|Parkway|Lane|Floor|Suite|Place|"
    r"Plaza|Way|Highway|Court)\b[ .,]*(?:[A-Z0-9][\w ,.]*)?$"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A number that may begin a clause. ``refusal`` is what it costs not to take it, ``price`` what taking it costs."""

    line: int
    start: int
    label: Label
    refusal: float
    price: float
    inner: bool = False  # stands behind another number (and heading) on the same line


def find_candidates(document: Document) -> list[Candidate]:
    """All candidates of a document in reading order, lines of a table of contents left out."""
    out: list[Candidate] = []
    lines, text = document.lines, document.text
    style = typography(document)
    for k, line in enumerate(lines):
        content = text[line.start : line.end]
        if not content or not (content[0].isalnum() or content[0] in "(§"):
            continue
        label = parse_label(content)
        if label is None:
            continue
        before = text[lines[k - 1].start : lines[k - 1].end] if k else ""
        found = _judge(k, line, content, before, label, document)
        if found is not None:
            out.append(_loud(found, line, style))
            out.extend(_inner(k, line, content, label))
    return _without_contents(out, document)


def _loud(candidate: Candidate, line: Line, style: Typography) -> Candidate:
    """Marks a plain number on a line set like a heading: it heads what plain numbers in running text then count."""
    reading = candidate.label.readings[0]
    large = style.size and line.size > 1.12 * style.size
    bold = line.bold and not style.mostly_bold and line.end - line.start < 70
    if reading.style != "d1" or not (large or bold):
        return candidate
    label = replace(candidate.label, readings=(reading._replace(style="D1"),))
    return replace(candidate, label=label)


def _judge(k: int, line: Line, content: str, before: str, label: Label, document: Document) -> Candidate | None:
    lines, text = document.lines, document.text
    rest = content[label.end :]
    style = label.readings[0].style
    if _DOTS.search(content) or (_REFERS.search(before) and not _new_page_heading(line, before)):
        return None
    ended = not before or bool(_ENDS.search(before)) or k == 0
    alone = style[0] == "d" and style != "d1" and rest[:1].isupper() and len(rest) < 50 and not _ENDS.search(rest)
    fresh = line.paragraph or _short(lines, k - 1) or (alone and k + 1 < len(lines) and lines[k + 1].paragraph)
    awaits = bool(_AWAITS.search(before))
    if (awaits and not line.paragraph) or _runs_on(text, line.start, label):
        return None
    if style == "exhibit":
        return _container(k, line, content, label, fresh or ended)
    if style == "A." and _signs(document, k, rest):
        return None
    digits = style[0] == "d" or style in ("article", "section", "clause")
    if digits and (_CONTINUES.match(rest) or (_JOINS.search(before) and not line.paragraph)):
        return None
    refusal = _weight(style, rest, content[: label.end])
    if refusal <= 0:
        return None
    price = (3.0 if line.cell else 0.0) + (1.5 if awaits else 0.0)
    if not (ended or fresh):
        refusal, price = min(refusal, 1.0), price + (1.5 if digits else 2.5)
    elif not fresh and not digits:  # "…: (i) one; (ii) two" run on in a paragraph and happen to meet a line's start
        refusal, price = min(refusal, 1.5), price + 0.7
    elif not ended:
        refusal, price = refusal * 0.7, price + (0.5 if line.paragraph else 1.0)
    return Candidate(k, line.start, label, refusal, price)


_INITIAL = re.compile(r"(?:[A-Z][\w'’-]+ ){0,2}[A-Z][\w'’-]+$")
_OFFICE = re.compile(
    r"(?:(?:Vice|Senior|Executive) )*(?:President|Chief|Director|Secretary|Treasurer|Manager|Chair\w*|CEO|CFO|Title\b|"
    r"Its\b|Date\b)"
)


def _signs(document: Document, k: int, rest: str) -> bool:
    """Whether "C. Walter Ames" above "President" is who signs, and not the third recital."""
    if k + 1 >= len(document.lines) or not _INITIAL.match(rest.strip()):
        return False
    after = document.lines[k + 1]
    return bool(_OFFICE.match(document.text[after.start : after.end]))


_NEXT = {"(i)": "(ii)", "(a)": "(b)", "(1)": "(2)", "(A)": "(B)", "(I)": "(II)"}


def _runs_on(text: str, start: int, label: Label) -> bool:
    """Whether the second item of this list stands in the middle of a line: a list inside a sentence."""
    following = _NEXT.get(label.printed) if label.readings[0].value == 1 else None
    at = text.find(following, start, start + 1500) if following else -1
    return at > 0 and text[at - 1] == " " and text[max(0, at - 8) : at].rstrip().endswith((";", ",", " and", " or"))


def _new_page_heading(line: Line, before: str) -> bool:
    """A heading in capitals may end in "… AND" or "TO"; what follows in a new paragraph is a clause all the same."""
    return line.paragraph and before.isupper() and line.bold


def _short(lines: tuple[Line, ...], k: int) -> bool:
    """Whether line k stops well before its neighbours do."""
    if k < 0:
        return True
    near = [other.x1 for other in lines[max(0, k - 4) : k + 5] if other.page == lines[k].page]
    return lines[k].x1 < 0.8 * max(near, default=0)


def _weight(style: str, rest: str, printed: str) -> float:
    """How much a line with this number and this rest looks like the start of a clause."""
    capital = not rest or rest[0].isupper() or rest[0] in "\"“‘'([*_"
    if style in ("article", "section", "clause"):
        return 9.0 if capital else 0.0
    if style == "mixed":
        return 5.0 if capital else 3.0
    if style[0] == "d" and style != "d1":
        return 0.0 if _UNIT.match(rest) or (rest[:1].isdigit() and not capital) else 6.0 if capital else 2.5
    if style == "d1":
        bare = not printed.rstrip().endswith((".", ":", ")", ".0"))
        if _MONTH.match(rest) or (rest and rest[0].isdigit()) or _UNIT.match(rest) or (bare and _STREET.match(rest)):
            return 0.0
        if bare:
            return 3.0 if rest and rest[0].isupper() else 1.5 if not rest else 0.0
        return 5.0 if capital else 1.0
    if style in ("A.", "I."):
        return (4.0 if "." in printed or ")" in printed else 2.5) if capital else 1.0
    return 4.5


_FILED = re.compile(r"Exhibit (?:4|10|99)\.\d{1,2}")  # the numbers that the SEC gives to filed papers


def _container(k: int, line: Line, content: str, label: Label, fresh: bool) -> Candidate | None:
    rest = content[label.end :]
    # "EXHIBIT 10.16" on top is the number under which the paper was filed
    filed = (line.page == 1 and (k < 3 or (k < 6 and label.printed[-1].isdigit()))) or _FILED.fullmatch(label.printed)
    sentence = re.search(
        r"\b(?:shall|will|is|are|attached|hereto|sets|means|to the|of the|and Exhibit)\b", rest, re.IGNORECASE
    )
    if (
        filed
        or not fresh
        or (rest[:1].islower())
        or len(rest.split()) > 14
        or sentence
        or rest.startswith((",", ";", ")"))
        or rest.endswith((";", ","))
    ):
        return None
    strong = line.bold or content[: label.end].isupper() or not rest
    return Candidate(k, line.start, label, 7.0 if strong else 2.0, 0.0 if strong or line.paragraph else 1.5)


_AFTER_HEADING = re.compile(r"^[^.:;]{3,70}[.:] ?(?=\((?:a|i|1|A)\) )")


def _inner(k: int, line: Line, content: str, label: Label) -> list[Candidate]:
    """ "4. (a) …" and "4. Fees. (a) …": the second number on the line opens a list of clauses."""
    at = label.end
    m = _AFTER_HEADING.match(content[at:])
    if m and not re.search(r"\b(?:shall|will|may|must|is|are)\b", m.group()):
        at += m.end()
    second = parse_label(content[at:]) if content[at : at + 1] == "(" or m else None
    if (
        second is None
        or second.readings[0].value != 1
        or (label.readings[0].style[0] == "(" and second.readings[0].style[0] != "(")
    ):
        return []
    return [Candidate(k, line.start + at, second, 2.5, 0.3, True)]


def _without_contents(found: list[Candidate], document: Document) -> list[Candidate]:
    """Drops runs of numbered lines that all come again further down: a table of contents."""
    text, lines = document.text, document.lines

    def key(c: Candidate) -> str:
        content = text[c.start : lines[c.line].end]
        if c.label.readings[0].style == "exhibit":
            return re.sub(r"\W+", "", c.label.printed.lower()) + "#"
        content = content[c.label.end :] if len(content) > c.label.end + 3 else content
        return re.sub(r"[^a-z0-9]+", "", re.sub(r"[\s.]+\d{1,3}$", "", content.lower()))[:48]

    keys = [key(c) for c in found]
    last = {name: k for k, name in enumerate(keys)}
    numbered: dict[str, list[int]] = defaultdict(list)
    for k, c in enumerate(found):
        numbered[c.label.printed.lower()].append(k)

    def comes_again(k: int) -> bool:
        if len(keys[k]) < 3:
            return False
        same = numbered[found[k].label.printed.lower()]
        return last[keys[k]] > k or any(j > k and keys[j].startswith(keys[k][:30]) for j in same)

    again = [comes_again(k) for k in range(len(found))]
    drop: set[int] = set()
    run: list[int] = []
    for k in range(len(found) + 1):
        close = k < len(found) and (not run or found[k].line - found[run[-1]].line <= 3)
        if k < len(found) and close and (again[k] or (run and _tiny(found[k], document))):
            run.append(k)
            continue
        while run and not again[run[-1]]:
            run.pop()
        if sum(again[j] for j in run) >= max(4, 0.6 * len(run)):
            drop.update(run)
        run = [k] if k < len(found) and again[k] else []
    drop |= _listed(found) | _page_numbers(found, document)
    return [c for k, c in enumerate(found) if k not in drop]


def _listed(found: list[Candidate]) -> set[int]:
    """Exhibits that stand line under line are a list of exhibits, not the exhibits."""
    at = [(k, c.line) for k, c in enumerate(found) if c.label.readings[0].style == "exhibit"]
    pairs = [(a, b) for (a, i), (b, j) in itertools.pairwise(at) if j - i <= 2 and b == a + 1]
    best: dict[str, float] = defaultdict(float)
    for k, _ in at:
        name = found[k].label.printed.lower()
        best[name] = max(best[name], found[k].refusal)
    early = _before_the_text(found, at)
    weak = early | {
        k for k, _ in at if found[k].refusal < best[found[k].label.printed.lower()]
    }  # a mention, not the heading
    return weak | {k for pair in pairs for k in pair}


def _before_the_text(found: list[Candidate], at: list[tuple[int, int]]) -> set[int]:
    """Exhibits that close a list on top: little stands between each and the first clause, which is number one."""
    first = next((k for k, c in enumerate(found) if c.label.readings[0] in _FIRST_ONES), None)
    before = [k for k, _ in at if first is not None and k < first]
    if len(before) < 2 and not (before and found[before[0]].label.printed.endswith(")")):
        return set()
    return set(before) if all(found[k + 1].line - found[k].line <= 3 for k in before[:-1]) else set()


_FIRST_ONES = {Reading(style, (1,)) for style in ("d1", "D1", "article", "section")} | {Reading("d2", (1, 1))}


def _tiny(c: Candidate, document: Document) -> bool:
    line = document.lines[c.line]
    return line.end - line.start < 70 and document.text[line.end - 1] not in ".;,"


def _page_numbers(found: list[Candidate], document: Document) -> set[int]:
    """Bare numbers alone on their lines that keep step with the pages."""
    alone: dict[int, list[int]] = defaultdict(list)
    for k, c in enumerate(found):
        line = document.lines[c.line]
        if document.text[line.start : line.end].strip().isdigit():
            alone[c.label.readings[0].value - line.page].append(k)
    return {k for ks in alone.values() if len(ks) >= 2 for k in ks}

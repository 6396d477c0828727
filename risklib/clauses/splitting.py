"""Where sentences and the items of lists inside them begin and end: on plain text, no layout."""

from __future__ import annotations

import re
from typing import NamedTuple

from risklib.clauses.cues import word_set
from risklib.clauses.numbers import letter, roman

Span = tuple[int, int]

_ABBREVIATIONS = word_set(
    "no nos art arts sec secs subsec para paras cl ex exh sched e.g i.e eg ie etc vs v viz cf al ca approx dept "
    "est fig max min "
    "mr mrs ms dr prof st jr sr hon gen gov jan feb mar apr jun jul aug sep sept oct nov dec ave blvd rd ste fl "
    "p pp vol ed rev "
    "reg regs stat u.s.c c.f.r u.s u.k u.n e.u d.c n.y inc corp co ltd llc l.l.c l.p n.a s.a b.v n.v plc cos "
    "bros assn attn tel "
    "fax ext a.m p.m incl excl resp ref para op cit id seq a.k.a d.b.a f.k.a ph.d"
)
_OFTEN_LAST = word_set("inc corp co ltd llc l.l.c l.p n.a s.a b.v n.v plc etc u.s u.k a.m p.m e.u jr d.c n.y")
_STARTERS = word_set(
    "the this that these those if in any each all no upon except for to by as at on such we you our your it "
    "they he she either "
    "neither both nothing notwithstanding subject customer provider client licensee licensor vendor supplier "
    "company when where "
    "unless during after before without with under a an there however further furthermore additionally "
    "accordingly its"
)
_END = re.compile(r"[.!?…][\"”’')\]]{0,3}(?=\s+[\"“‘'(\[•]{0,2}[A-Z0-9•§])|[.;][\"”]?(?=\s+[•●▪])")
_WORD_BEFORE = re.compile(r"([A-Za-z][A-Za-z.]*|\d+)$")
_MARKER = re.compile(r"(?<![\w(])\(\s?([a-z]{1,2}|[ivx]{1,5})\s?\)(?=\s)")
_REFERENCE_BEFORE = re.compile(
    r"(?:\b(?:sections?|clauses?|paragraphs?|subsections?|sub-?clauses?|articles?|items?|subparagraphs?|"
    r"exhibits?|prongs?|parts?|"
    r"foregoing|in|of|under|through|by)|\d|\))\s*$",
    re.IGNORECASE,
)
_SET_OFF = re.compile(r"(?:[;:,]|\b(?:and|or|and/or))$")
LEAST_WORDS = 5  # mean length of the items below which a list stays in its sentence
_SEPARATOR = re.compile(r"(?:[;:,]|[;:,]? ?\b(?:and/or|and|or|then|plus))$")


class Item(NamedTuple):
    """A piece of a sentence: ``depth`` 0 is the lead-in, 1 an item, 2 an item of an item."""

    start: int
    end: int
    depth: int


def split_sentences(text: str, start: int = 0, end: int | None = None) -> list[Span]:
    """Sentences of ``text[start:end]`` as spans without outer blanks; abbreviations and initials end none."""
    end = len(text) if end is None else end
    flat = text[start:end].replace("\n", " ")
    out: list[Span] = []
    last = 0
    for m in _END.finditer(flat):
        if _really_ends(flat, m):
            out.append((last, m.end()))
            last = m.end()
    out.append((last, len(flat)))
    trimmed = (_trim(flat, a, b) for a, b in out)
    return [(start + a, start + b) for a, b in trimmed if a < b]


def _trim(text: str, a: int, b: int) -> Span:
    while a < b and text[a].isspace():
        a += 1
    while b > a and text[b - 1].isspace():
        b -= 1
    return a, b


def _really_ends(text: str, m: re.Match[str]) -> bool:
    mark = text[m.start()]
    if mark != ".":
        return True
    rest = text[m.end() :].lstrip()
    before = _WORD_BEFORE.search(text[max(0, m.start() - 16) : m.start()])
    word = before.group(1).lower() if before else ""
    if text[m.start() - 1 : m.start()] == "." and mark == ".":  # "..."
        return rest[:1].isupper()
    following = re.match(r"[\"“‘'(\[]*([A-Za-z]*)", rest)
    starter = bool(following) and following.group(1).lower() in _STARTERS  # type: ignore[union-attr]
    if word in _ABBREVIATIONS or (len(word) == 1 and word.isalpha() and text[m.start() - 1].isupper()):
        return (word in _OFTEN_LAST or (len(word) == 1 and _capital_run(text, m.start()))) and starter
    if re.fullmatch(r"(?:[a-z]\.)+[a-z]", word):
        return starter
    counted = word.isdigit() and len(word) <= 2 and m.end() - m.start() == 1 and rest[:1].isdigit()
    return not counted  # "1. 2. 3."


def _capital_run(text: str, at: int) -> bool:
    """Whether the single letter before the full stop is a label such as "Exhibit A." rather than an initial."""
    return bool(
        re.search(
            r"\b(?:Exhibit|Schedule|Annex|Appendix|Attachment|Part|Section|Phase|Plan|Class|Tier)\s\w$",
            text[max(0, at - 14) : at],
        )
    )


def split_items(text: str, start: int, end: int, depth: int = 1) -> list[Item]:
    """A sentence cut at its inline list "(a) …; (b) …": the lead-in, the items; one Item where there is none.

    Small letters and small roman numbers only; a pair that is joined by no more than a comma stays in its sentence.
    """
    flat = text[start:end].replace("\n", " ")
    marks = [m for m in _MARKER.finditer(flat) if not _is_reference(flat, m)]
    chain = _chain(flat, marks)
    if not chain:
        return [Item(start, end, 0)]
    cuts = [m.start() for m in chain]
    pieces: list[Item] = []
    a, b = _trim(flat, 0, cuts[0])
    if a < b:
        pieces.append(Item(start + a, start + b, 0))
    for k, cut in enumerate(cuts):
        a, b = _trim(flat, cut, cuts[k + 1] if k + 1 < len(cuts) else len(flat))
        pieces += _nested(text, start + a, start + b, depth)
    return pieces


def _nested(text: str, start: int, end: int, depth: int) -> list[Item]:
    """An item, cut again at the list inside it ("(b) either (i) …; or (ii) …")."""
    if depth > 2:
        return [Item(start, end, depth)]
    marker = _MARKER.match(text, start)
    inside = split_items(text, marker.end(), end, depth + 1) if marker else [Item(start, end, 0)]
    if len(inside) < 2:
        return [Item(start, end, depth)]
    return [Item(start, inside[0].end, depth), *inside[1:]] if inside[0].depth == 0 else [Item(start, end, depth)]


def _is_reference(flat: str, m: re.Match[str]) -> bool:
    before, after = flat[: m.start()], flat[m.end() : m.end() + 40]
    if re.match(r"\s*(?:,|;|\)|above|below|through|and \(|or \(|to \()", after):
        return True
    named = bool(_REFERENCE_BEFORE.search(before[-24:]))
    return named and not re.search(r"\b(?:of|in|under|by)\s*$", before[-8:])


def _chain(flat: str, marks: list[re.Match[str]]) -> list[re.Match[str]]:
    """The outermost list that starts at 1 and counts up; empty where it is too slight to cut."""
    for k, first in enumerate(marks):
        for read in (roman, letter):
            if read(first.group(1)) != 1 and (first.start() > 0 or read(first.group(1)) is None):
                continue
            chain = [first]
            for m in marks[k + 1 :]:
                if read(m.group(1)) == (read(chain[-1].group(1)) or 0) + 1 and _SEPARATOR.search(
                    flat[: m.start()].rstrip()[-8:]
                ):
                    chain.append(m)
            if _worth_cutting(flat, chain):
                return chain
    return []


def _worth_cutting(flat: str, chain: list[re.Match[str]]) -> bool:
    """A list is cut where its items are clauses of their own: set off by punctuation, and not mere names of things."""
    if len(chain) < 2:
        return False
    before = [flat[: m.start()].rstrip() for m in chain]
    set_off = sum(bool(_SET_OFF.search(b[-9:])) for b in before[1:])
    ends = [m.start() for m in chain[1:]] + [len(flat)]
    lengths = [len(flat[m.end() : end].split()) for m, end in zip(chain, ends, strict=True)]
    return set_off * 2 >= len(chain) - 1 and sum(lengths) >= LEAST_WORDS * len(lengths)

"""Anchors: a place kept as its words with what stood around them, and found again in another reading or version.

The words are compared without blanks, hyphens, case and ligatures, so another reader or other line breaks change
nothing. Where they are no longer there, the place whose words share most (the rare ones count most) is taken if it
shares enough; what a person must look at is said in ``conflict`` and never decided silently.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import Match, SequenceMatcher
from functools import lru_cache
from math import log
from typing import NamedTuple

from risklib.clauses.cues import word_set
from risklib.records import Agreement, Document

CONTEXT = 80  # characters kept on each side
LEAST, SURE, CLEAR = (
    0.60,
    0.80,
    0.06,
)  # score to be found at all; to be told as the same words; lead over the next place
_FEW = 6  # words up to which a rewording is always for a person to judge
_SHORT = 14  # letters up to which words say little without what stands around them
_NEAR = 12  # letters of context that must agree to tell two equal places apart
_WORD = re.compile(r"[^\W_]+")
_STOP = re.compile(r"[.;:!?]|\s\s")  # two blanks: what stands before is a number or a heading
_OPENING = '([“‘"'
_DECIDES = word_set(
    "not no never nor neither none without unless except only may shall must will one two three four five six seven",
    "eight nine ten twelve fifteen twenty thirty forty fortyfive sixty ninety hundred thousand million",
)
_SAME_DUTY = {"will": "shall", "must": "shall"}


@dataclass(frozen=True, slots=True)
class Anchor:
    """A place that can be found again. ``number``: of the clause around it; offsets are those of the first reading.

    ``copy`` of ``copies``: which of the places with these very words it was (a schedule may repeat the body's text).
    """

    quote: str
    prefix: str  # what stood before the quote, at most CONTEXT characters
    suffix: str
    page: int
    number: str
    start: int
    end: int
    copy: int = 1
    copies: int = 1


class Located(NamedTuple):
    """Where an anchor's words are now. ``score``: 1.0 the same words, below: the share of them. ``conflict``: why a
    person must look before the place is trusted, None where there is no doubt."""

    start: int
    end: int
    score: float
    conflict: str | None = None


def anchor(agreement: Agreement, start: int, end: int) -> Anchor:
    """The anchor of ``[start, end)``: a sentence, a finding, any words. Raises ValueError for an empty place."""
    document = agreement.document
    quote = document.quote(start, end).strip()
    if not quote:
        raise ValueError(f"no words between {start} and {end}; give the offsets of a sentence or finding")
    k = bisect_right([c.start for c in agreement.clauses], start) - 1
    letters = _compact(document.text)
    same = [letters.offsets[at] for at in _exact(quote, document, letters)]
    return Anchor(
        quote,
        document.quote(max(0, start - CONTEXT), start),
        document.quote(end, end + CONTEXT),
        document.page_of(start),
        agreement.clauses[k].number if k >= 0 else "",
        start,
        end,
        bisect_left(same, start) + 1,
        max(1, len(same)),
    )


def locate(anchor: Anchor, document: Document) -> Located | None:
    """Where the anchor's words stand in ``document`` (another reading, or another version); None where they are gone.

    The same words first; where they stand more than once, what stood around them decides. Else the most similar
    place. Words that change the meaning (a number, "not", "may" for "shall") make a conflict at any score.
    """
    text = _compact(document.text)
    places = _exact(anchor.quote, document, text)
    if places:
        return _nearest(anchor, document, text, places)
    return _similar(anchor, document)


# ---------------------------------------------------------------- the same words


class _Compact(NamedTuple):
    letters: str
    offsets: list[int]  # of each letter in the text


@lru_cache(maxsize=4)
def _compact(text: str) -> _Compact:
    """Letters and digits alone, in small letters, each with its offset."""
    letters: list[str] = []
    offsets: list[int] = []
    for k, c in enumerate(text):
        for d in c if c.isascii() else unicodedata.normalize("NFKC", c):
            if d.isalnum():
                for e in d.casefold():
                    letters.append(e)
                    offsets.append(k)
    return _Compact("".join(letters), offsets)


def _exact(quote: str, document: Document, text: _Compact) -> list[int]:
    """Indices of letters at which the quote begins, at the bounds of words only."""
    wanted = _compact(quote).letters
    out: list[int] = []
    at = text.letters.find(wanted) if wanted else -1
    while at >= 0:
        a, b = text.offsets[at], text.offsets[at + len(wanted) - 1] + 1
        inside = (a and document.text[a - 1].isalnum()) or document.text[b : b + 1].isalnum()
        if not inside:
            out.append(at)
        at = text.letters.find(wanted, at + 1)
    return out


def _around(anchor: Anchor, text: _Compact, at: int, length: int) -> tuple[int, int]:
    """How many letters before and behind the place agree with the anchor's context."""
    before, after = _compact(anchor.prefix).letters, _compact(anchor.suffix).letters
    here, there = text.letters[max(0, at - len(before)) : at], text.letters[at + length : at + length + len(after)]
    return _agree(before[::-1], here[::-1]), _agree(after, there)


def _agree(a: str, b: str) -> int:
    return next((k for k, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _nearest(anchor: Anchor, document: Document, text: _Compact, places: list[int]) -> Located:
    length = len(_compact(anchor.quote).letters)
    shift = len(text.letters) and anchor.start / max(1, len(document.text))
    ranked = sorted(
        places,
        key=lambda at: (-sum(_around(anchor, text, at, length)), abs(at / len(text.letters) - shift)),
    )
    best = ranked[0]
    agreed = sum(_around(anchor, text, best, length))
    as_many = len(places) == anchor.copies > 1
    if as_many and sum(_around(anchor, text, places[anchor.copy - 1], length)) > agreed - _NEAR:
        best = places[anchor.copy - 1]
    start, end = _with_marks(document.text, text.offsets[best], text.offsets[best + length - 1] + 1, anchor.quote)
    conflict = _goes_on(document.text, end, anchor.quote)
    if (
        len(ranked) > 1
        and best == ranked[0]
        and not as_many
        and agreed - sum(_around(anchor, text, ranked[1], length)) < _NEAR
    ):
        other = document.page_of(text.offsets[ranked[1]])
        conflict = f"the same words stand in {len(ranked)} places, also on page {other}, and nothing around tells which"
    elif length <= _SHORT and agreed < _NEAR:
        conflict = "the words are few and what stood around them has changed"
    return Located(start, end, 1.0, conflict)


def _with_marks(text: str, start: int, end: int, quote: str) -> tuple[int, int]:
    """The place with the marks that opened and closed the quote ('(a', '….”'), as far as they are there."""
    for mark in reversed(quote[: len(quote) - len(quote.lstrip(_OPENING))]):
        start -= text[max(0, start - 1) : start] == mark
    while end < len(text) and not (text[end].isspace() or text[end].isalnum() or text[end] in _OPENING):
        end += 1
    return start, end


def _goes_on(text: str, end: int, quote: str) -> str | None:
    """A conflict where the quote was a whole sentence, and more words now stand before its full stop."""
    if quote.rstrip("”\"’')]")[-1:] in ".;" and not re.search(r"[.;:!?][”\"’')\]]*$", text[max(0, end - 6) : end]):
        more = " ".join(text[end : end + 60].split()[:6])
        return f"the sentence now goes on: {more} …" if more else None
    return None


# ---------------------------------------------------------------- similar words


class _Words(NamedTuple):
    words: list[str]
    spans: list[tuple[int, int]]
    weight: dict[str, float]  # how much each word tells: the rarer the more


@lru_cache(maxsize=4)
def _words(text: str) -> _Words:
    found = [(m.group().casefold(), m.span()) for m in _WORD.finditer(text)]
    counted = Counter(w for w, _ in found)
    weight = {w: log(1 + len(found) / (1 + n)) for w, n in counted.items()}
    return _Words([w for w, _ in found], [s for _, s in found], weight)


class _Match(NamedTuple):
    score: float
    first: int  # words
    last: int
    lead: int  # words of the quote before the first that agrees, and behind the last
    tail: int


def _similar(anchor: Anchor, document: Document) -> Located | None:
    quote, text = _words(anchor.quote).words, _words(document.text)
    if not quote or not text.words:
        return None
    weight = {w: log(1 + len(text.words)) for w in quote} | text.weight
    found = [m for at in _windows(quote, text, weight) if (m := _align(quote, text, at, weight))]
    ranked: list[_Match] = []
    for m in sorted(found, key=lambda m: -m.score):
        if all(m.last < other.first or m.first > other.last for other in ranked):
            ranked.append(m)
    if not ranked or ranked[0].score < LEAST:
        return None
    rivals = [m for m in ranked if ranked[0].score - m.score < CLEAR]
    if len(rivals) == anchor.copies > 1:  # each of the copies was reworded alike: their order tells
        ranked = [sorted(rivals, key=lambda m: m.first)[anchor.copy - 1]]
    elif len(rivals) > 1:
        rivals.sort(key=lambda m: -_company(anchor, text, m))
        alone = _company(anchor, text, rivals[0]) - _company(anchor, text, rivals[1]) > 0.2
        ranked = rivals[:1] if alone else rivals
    start, end = _with_marks(document.text, *_widened(document.text, text, ranked[0]), anchor.quote)
    return Located(start, end, round(ranked[0].score, 3), _doubt(anchor, document, ranked, start, end))


def _company(anchor: Anchor, text: _Words, m: _Match) -> float:
    """How like what stands around the match is to what stood around the quote: 0 to 2."""
    before, after = _words(anchor.prefix).words, _words(anchor.suffix).words
    here = text.words[max(0, m.first - m.lead - len(before)) : max(0, m.first - m.lead)]
    there = text.words[m.last + m.tail + 1 : m.last + m.tail + 1 + len(after)]
    return SequenceMatcher(None, before, here).ratio() + SequenceMatcher(None, after, there).ratio()


def _windows(quote: list[str], text: _Words, weight: dict[str, float]) -> Iterator[int]:
    """Where windows as long as the quote begin that share most of its words; the best eight, apart from each other."""
    wanted, n = set(quote), len(quote)
    gains = [weight[w] if w in wanted else 0.0 for w in text.words]
    total = sum(gains[:n])
    sums = [total]
    for k in range(1, max(1, len(gains) - n + 1)):
        total += gains[min(k + n - 1, len(gains) - 1)] - gains[k - 1]
        sums.append(total)
    for _ in range(8):
        at = max(range(len(sums)), key=sums.__getitem__)
        if sums[at] <= 0:
            return
        yield at
        for k in range(max(0, at - n // 2 - 1), min(len(sums), at + n // 2 + 2)):
            sums[k] = 0.0


def _align(quote: list[str], text: _Words, at: int, weight: dict[str, float]) -> _Match | None:
    low, high = max(0, at - len(quote) // 2 - 2), min(len(text.words), at + len(quote) * 3 // 2 + 3)
    here = text.words[low:high]
    blocks = [b for b in SequenceMatcher(None, quote, here, autojunk=False).get_matching_blocks() if b.size]
    blocks = _without_strays(blocks)
    if not blocks:
        return None
    same = sum(weight[w] for b in blocks for w in quote[b.a : b.a + b.size])
    first, last = blocks[0].b, blocks[-1].b + blocks[-1].size - 1
    whole = sum(weight[w] for w in quote) + sum(weight[w] for w in here[first : last + 1])
    tail = len(quote) - blocks[-1].a - blocks[-1].size
    return _Match(2 * same / whole, low + first, low + last, blocks[0].a, tail)


def _without_strays(blocks: list[Match]) -> list[Match]:
    """Without single words at the ends that stand far from the rest: "the" of the sentence before."""
    while len(blocks) > 1 and blocks[0].size == 1 and blocks[1].b - blocks[0].b > 3 + blocks[1].a - blocks[0].a:
        blocks = blocks[1:]
    while (
        len(blocks) > 1
        and blocks[-1].size == 1
        and blocks[-1].b - blocks[-2].b - blocks[-2].size > 3 + (blocks[-1].a - blocks[-2].a - blocks[-2].size)
    ):
        blocks = blocks[:-1]
    return blocks


def _widened(source: str, text: _Words, m: _Match) -> tuple[int, int]:
    """The span of the match with the reworded words at its ends, not across the end of a sentence."""
    first, last = m.first, m.last
    for _ in range(m.lead + 2 if m.lead else 0):
        if first == 0 or _STOP.search(source, text.spans[first - 1][1], text.spans[first][0]):
            break
        first -= 1
    for _ in range(m.tail + 2 if m.tail else 0):
        if last + 1 == len(text.words) or _STOP.search(source, text.spans[last][1], text.spans[last + 1][0]):
            break
        last += 1
    return text.spans[first][0], text.spans[last][1]


def _doubt(anchor: Anchor, document: Document, ranked: list[_Match], start: int, end: int) -> str | None:
    best = ranked[0]
    if len(ranked) > 1 and abs(best.score - ranked[1].score) < CLEAR:
        page = document.page_of(_words(document.text).spans[ranked[1].first][0])
        return f"reworded, and the words on page {page} are nearly as similar"
    before, now = _deciding(anchor.quote), _deciding(document.quote(start, end))
    if before != now:
        gone, come = " ".join((before - now).elements()), " ".join((now - before).elements())
        return f"reworded where it matters: {gone or 'nothing'} became {come or 'nothing'}"
    if best.score < SURE or len(_words(anchor.quote).words) <= _FEW:
        return f"reworded: {best.score:.0%} of the words are the same"
    return _goes_on(document.text, end, anchor.quote)


def _deciding(text: str) -> Counter[str]:
    """Numbers, negations and modal verbs: what no small rewording may change."""
    words = (w.casefold() for w in _WORD.findall(text.replace("-", "")))
    return Counter(_SAME_DUTY.get(w, w) for w in words if w in _DECIDES or w.isdigit())

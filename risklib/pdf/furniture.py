"""What belongs to the page and not to the agreement: running heads and feet, page numbers, navigation, contents.

Position and repetition decide for running lines: the same words (numbers aside) at the same height of several pages.
A table of contents is told by its entries, which come again as headings; navigation by link texts in front of the title
or after the last sentence.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from risklib.pdf.layout import PageLine
from risklib.pdf.reprints import Place, page_ends

EDGE = 5  # lines from the top or bottom of a page that are looked at
_DIGITS = re.compile(r"\d+")
_NUMBER = re.compile(
    r"[-–—\[(|]?\s*(?:page|pg\.?|p\.)?\s*(?:\d{1,4}|[ivxl]{1,6}|[A-Z]{1,2}-?\d{1,3})\s*(?:(?:of|/|\|)\s*\d{1,4})?\s*[-–—\]|]?",
    re.I,
)

_BROWSER = re.compile(
    r"https?://\S+\s+(page )?\d+( of |/)\d+|(\d{1,2}[/.]\d{1,2}[/.]\d{2,4}|\d{4}-\d\d-\d\d),? \d{1,2}:\d\d.*", re.I
)
_HEADING = re.compile(r"\W*(article|section|exhibit|schedule|appendix|annex|attachment|part|clause)\b", re.I)
_FILING = re.compile(r"\(?(exhibit|ex)\W*\d{1,2}\.\d+\S*", re.I)
_CONTENTS = re.compile(r"(table of )?contents\W*(page)?", re.I)
_ENTRY_NUMBER = re.compile(r"\W*(?:(?:article|section)\s+)?(\d{1,2}(?:[.,]\d{1,2})*)[.,)]?\s+[A-Z]", re.I)
_MAYBE_CONTENTS = re.compile(r"contents|\.\s?\.\s?\.|…", re.I)
_LEADERS = re.compile(r"(\.\s?){4,}\s*[\divxlA-Z-]{0,6}\W*$|…+\s*\d+$")
_KIND = re.compile(r"^(article|section|exhibit|schedule)\b")
_NO_LETTERS = re.compile(r"[^a-z]+")
_STOP = re.compile(r"[.;:!?][\"”’')\]]*$")
_SIGNATURE = re.compile(r"\W*(by|name|title|signature|signed|date|its)\b\s*[:_]|_{5,}|/s/", re.I)
_DATED = re.compile(r"\b(updated|modified|revised|effective|version|\d{4})\b", re.I)
_COPYRIGHT = re.compile(r"(copyright )?(©|\(c\)) ?(19|20)\d\d\b", re.I)
_WEB = re.compile(
    r"©|\(c\) ?\d{4}|copyright \d{4}|all rights reserved|\b(privacy( |$)|cookies?\b|sitemap|careers|blog\b|newsroom|"
    r"press\b|investors?\b|about us|contact (us|sales)|log ?in\b|sign ?(in|up)\b|subscribe\b|get started|free trial|"
    r"start (for )?free|get a demo|documentation$|developers?$|partners$|pricing$|resources$|community$|support$|"
    r"help cent(er|re)|status$|trust cent(er|re)|accessibility$|do not (sell|share)|english\b|facebook|linkedin|"
    r"twitter|youtube|instagram)",
    re.I,
)


class ReadLine(NamedTuple):
    """A line with its words spelled out, before the running text exists."""

    text: str
    page: int  # from 1
    page_height: float
    line: PageLine
    table: int = -1  # which of the page's tables it stands in, -1 none
    first: bool = False  # first line of its cell
    scanned: bool = False  # read by OCR: the same line may be spelled otherwise on the next page


Marks = dict[tuple[int, int], str]  # (page index, line index) → kind


def find(pages: Sequence[Sequence[ReadLine]]) -> Marks:
    """Which lines of which pages are furniture, and of what kind."""
    marks = running(pages) | filing_number(pages)
    marks |= _reprinted(_unmarked(pages, marks))
    marks |= contents(_unmarked(pages, marks))
    return marks | navigation(_unmarked(pages, marks), pages)


Placed = list[tuple[tuple[int, int], ReadLine]]


def _unmarked(pages: Sequence[Sequence[ReadLine]], marks: Marks) -> Placed:
    return [((p, k), r) for p, lines in enumerate(pages) for k, r in enumerate(lines) if (p, k) not in marks]


def _reprinted(lines: Placed) -> Marks:
    """Page ends of an older print, in mid-page."""
    full = max((r.line.x1 - r.line.x0 for _, r in lines), default=0.0)
    seen = [
        Place(r.text, p, r.line.top / max(r.page_height, 1.0), r.line.x1 - r.line.x0 > 0.7 * full)
        for (p, _), r in lines
    ]
    return {lines[k][0]: kind for k, kind in page_ends(seen).items()}


def running(pages: Sequence[Sequence[ReadLine]]) -> Marks:
    """Running heads and feet and page numbers; in scans, also what stands misread between them."""
    found: Marks = {}
    for bottom in (False, True):
        edges = [_edge(lines, bottom) for lines in pages]
        keys = _keys(edges)
        repeated = _repeated(edges, keys)
        for p, edge in enumerate(edges):
            kinds = [_kind(r, keys[p, k] in repeated, bottom) for k, r in edge]
            last = max((n for n, kind in enumerate(kinds) if kind), default=-1)
            for (k, r), kind in zip(edge[: last + 1], kinds, strict=False):
                if not kind and not (r.scanned and _in_margin(r, bottom)):
                    break
                found[p, k] = kind or ("footer" if bottom else "header")
    return found


Edge = list[tuple[int, ReadLine]]  # line index in its page, line; outermost first


def _edge(lines: Sequence[ReadLine], bottom: bool) -> Edge:
    order = sorted(range(len(lines)), key=lambda k: lines[k].line.top, reverse=bottom)
    return [(k, lines[k]) for k in order[:EDGE]]


def _kind(r: ReadLine, repeated: bool, bottom: bool) -> str:
    """Kind of a line near the edge; "" if it may be text."""
    if _NUMBER.fullmatch(r.text) and (repeated or _in_margin(r, bottom)):
        return "page_number"
    if repeated or (_BROWSER.fullmatch(r.text) and _in_margin(r, bottom)):
        return "footer" if bottom else "header"
    return ""


def filing_number(pages: Sequence[Sequence[ReadLine]]) -> Marks:
    """The number that a registrant gives an exhibit of its filing ("Exhibit 10.16"), at the top of the first page."""
    first = pages[0][:2] if pages else ()
    return {
        (0, k): "header"
        for k, r in enumerate(first)
        if _FILING.fullmatch(r.text) and r.line.bottom < 0.2 * r.page_height
    }


def _keys(edges: Sequence[Edge]) -> dict[tuple[int, int], str]:
    """(page index, line index) → the line's text with numbers as "#". OCR spells one line in several ways: a key much
    like an earlier one at the same height is taken for it."""
    out: dict[tuple[int, int], str] = {}
    scanned: dict[str, float] = {}
    for p, edge in enumerate(edges):
        for k, r in edge:
            key = _DIGITS.sub("#", r.text.lower())
            if r.scanned:
                near = (old for old, top in scanned.items() if abs(top - r.line.top) < 12)
                key = next((old for old in near if SequenceMatcher(None, old, key).ratio() > 0.8), key)
                scanned.setdefault(key, r.line.top)
            out[p, k] = key
    return out


def _in_margin(r: ReadLine, bottom: bool) -> bool:
    return r.line.top > 0.85 * r.page_height if bottom else r.line.bottom < 0.15 * r.page_height


def _repeated(edges: Sequence[Edge], keys: Mapping[tuple[int, int], str]) -> set[str]:
    """Line keys that stand at one height near the edge of several pages: in a row, or on a fifth of all."""
    seen: dict[str, list[tuple[int, ReadLine]]] = {}
    for p, edge in enumerate(edges):
        for key, r in {keys[p, k]: r for k, r in edge}.items():
            seen.setdefault(key, []).append((p, r))
    need = 3 if len(edges) > 3 else 2
    return {key for key, places in seen.items() if len(places) >= need and _runs(places, need, len(edges))}


def _runs(places: Sequence[tuple[int, ReadLine]], need: int, pages: int) -> bool:
    if not any(c.isalnum() for c in places[0][1].text):
        return False
    step = 8 if places[0][1].scanned else 4
    heights = Counter(round(r.line.top / step) for _, r in places)
    close = max(heights[h] + heights[h + 1] for h in heights)
    in_a_row = any(c[0] - a[0] == need - 1 for a, c in zip(places, places[need - 1 :], strict=False))
    return close >= need and (in_a_row or close >= 0.2 * pages) and _counts_pages(places, need)


def _counts_pages(places: Sequence[tuple[int, ReadLine]], need: int) -> bool:
    """Whether the text stays the same, or a number in it counts the pages, as "ARTICLE 3" does not."""
    same = Counter(tuple(_DIGITS.findall(r.text)) if r.scanned else r.text for _, r in places)
    if max(same.values()) >= need:
        return True
    if _HEADING.match(places[0][1].text):
        return False
    steps = Counter((j, int(n) - p) for p, r in places for j, n in enumerate(_DIGITS.findall(r.text)[:6]) if len(n) < 6)
    return bool(steps) and max(steps.values()) >= need


def contents(lines: Placed) -> Marks:
    """Tables of contents: lines with leaders, or under a heading that says so, whose texts come again further on."""
    found: Marks = {}
    if not any(_MAYBE_CONTENTS.search(r.text) for _, r in lines):
        return found
    leaders = [_has_leader(r.text) for _, r in lines]
    begins = [
        k for k, (_, r) in enumerate(lines) if (leaders[k] and all(leaders[k : k + 4])) or _titles_contents(r.text)
    ]
    names = [_name(r.text) for _, r in lines] if begins else []
    after = 0
    for k in begins:
        if k < after:
            continue
        end = _contents_end(lines, names, k + 1)
        if end - k >= 4:
            found |= {place: "contents" for place, _ in lines[k:end]}
            after = end + 1
    return found


def _name(text: str) -> str:
    """A heading's letters, without number, leaders and page."""
    lower = _LEADERS.sub("", text).lower() if "." in text or "…" in text else text.lower()
    return _NO_LETTERS.sub("", _KIND.sub("", lower))


def _titles_contents(text: str) -> bool:
    return len(text) < 40 and _CONTENTS.fullmatch(text) is not None


def _has_leader(text: str) -> bool:
    return ("..." in text or ". ." in text or "…" in text) and _LEADERS.search(text) is not None


def _contents_end(lines: Placed, names: list[str], begin: int) -> int:
    """Where the entries that start at ``begin`` stop: at the first that comes again, or at text that is no entry."""
    later: dict[str, int] = {name[:24]: k for k, name in enumerate(names)}
    ordered = sorted(later)
    end, strays, entries = begin, 0, 0
    often = {name for name, n in Counter(names).items() if n > 4}  # page heads of the original, printed into the text
    first = next((name for name in names[begin : begin + 5] if len(name) >= 4 and name not in often), "")
    seen: set[tuple[str, str]] = set()
    for k in range(begin, len(lines)):
        text, name = lines[k][1].text, names[k]
        leader = _has_leader(text)
        number = _ENTRY_NUMBER.match(text)
        entry = (number.group(1) if number else "", name)
        first_again = bool(first) and name == first and not (number and entry not in seen)  # "7.1 Introduction" is not
        if not leader and ((k > begin + 1 and first_again) or (number and entry in seen)):
            break
        seen.add(entry)
        sentence = len(text) > 110 or (text.endswith((".", ";")) and len(text.split()) >= 8)
        again = later.get(name[:24], k) > k or (number is not None and _runs_in(name, ordered, later, k))
        if leader or (len(name) >= 4 and name not in often and again and not sentence):
            end, strays, entries = k + 1, 0, entries + 1
        elif not name or name in often or (len(name) < 5 and len(text) < 20):
            continue  # a bare number, "Page"
        else:
            strays += 1
            if strays > 2 or sentence:
                break
    return end if entries >= 3 else begin


def _runs_in(name: str, ordered: Sequence[str], later: Mapping[str, int], k: int) -> bool:
    """Whether a line after the ``k``-th begins with ``name``: a heading with its text on the same line."""
    at = bisect_left(ordered, name[:24])
    return any(later[other] > k for other in ordered[at : at + 8] if other.startswith(name[:24]))


def navigation(lines: Placed, pages: Sequence[Sequence[ReadLine]]) -> Marks:
    """Link texts of a web page around the agreement; nothing in a document that shows no sign of one."""
    if not lines:
        return {}
    letters: Counter[float] = Counter()
    for _, r in lines:
        letters[round(r.line.size, 1)] += len(r.text)
    body = letters.most_common(1)[0][0]
    widths = sorted(r.line.x1 - r.line.x0 for _, r in lines)
    prose = _prose([r for _, r in lines], body, widths[len(widths) * 3 // 4])
    tail = _tail(lines, prose, body)
    found: Marks = {place: "navigation" for place, _ in lines[tail:]}
    printed = any(_BROWSER.fullmatch(r.text) for page in pages[:2] for r in page)
    title = _title(lines, body)
    head = [(place, r) for (place, r), is_prose in zip(lines[:title], prose, strict=False) if not is_prose]
    if found or printed or sum(_WEB.search(r.text) is not None for _, r in head) >= 2:
        found |= {place: "navigation" for place, r in head if r.line.size < 1.25 * body and not _DATED.search(r.text)}
    return found


def _title(lines: Placed, body: float) -> int:
    """Index of the first page's largest line, if it is larger than the text; else 0."""
    first = [r.line.size for (p, _), r in lines if p == lines[0][0][0]]
    largest = max(first)
    return first.index(largest) if largest > 1.25 * body else 0


def _tail(lines: Placed, prose: Sequence[bool], body: float) -> int:
    """Where the links after the last sentence begin; ``len(lines)`` if there are none."""
    k = len(lines)
    while k > 0 and (not prose[k - 1] or _is_links(lines[k - 1][1])) and lines[k - 1][0][0] >= lines[-1][0][0] - 2:
        k -= 1
    while k < len(lines) and not _breaks_off(lines[k - 1][1] if k else None, lines[k][1], body):
        k += 1
    texts = [r.text for _, r in lines[k:]]
    web = sum(_WEB.search(t) is not None for t in texts)
    return k if len(texts) >= 2 and web >= 2 and not any(_SIGNATURE.match(t) for t in texts) else len(lines)


def _breaks_off(before: ReadLine | None, r: ReadLine, body: float) -> bool:
    """Whether a line after the last sentence no longer belongs to it: a link, another size, or a wide gap above."""
    if before is None or before.page != r.page or _WEB.search(r.text) or abs(r.line.size - body) > 0.06 * body:
        return True
    return r.line.top - before.line.bottom > 2.5 * body


def _prose(lines: Sequence[ReadLine], body: float, width: float) -> list[bool]:
    """Which lines are running text: of its size, and long, or closed by a full stop, or the end of such a line."""
    out: list[bool] = []
    for k, r in enumerate(lines):
        words = len(r.text.split())
        long = words >= 10 or r.line.x1 - r.line.x0 > 0.8 * width
        goes_on = k > 0 and out[k - 1] and 0 < r.line.bottom - lines[k - 1].line.bottom < 1.8 * body
        closed = _STOP.search(r.text) is not None and (goes_on or (words >= 5 and not r.text.endswith("?")))
        out.append(abs(r.line.size - body) <= 0.06 * body and (long or closed))
    return out


def _is_links(r: ReadLine) -> bool:
    """Whether a wide line is a row of links: set far apart, or several that only web pages have."""
    spread = r.line.x1 - r.line.x0 > 0.7 * r.line.size * len(r.text) > 0
    return spread or _COPYRIGHT.match(r.text) is not None or len(_WEB.findall(r.text)) >= 3

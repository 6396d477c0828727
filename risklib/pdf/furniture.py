"""What belongs to the page and not to the agreement: running heads and feet, page numbers, navigation, contents.

Position and repetition decide, not wording: the same words (numbers aside) at the same height of several pages.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from risklib.pdf.layout import PageLine

EDGE = 5  # lines from the top or bottom of a page that are looked at
_DIGITS = re.compile(r"\d+|\b[ivxlc]+\b", re.I)
_NUMBER = re.compile(
    r"[-–—\[(|]?\s*(?:page|pg\.?|p\.)?\s*(?:\d{1,4}|[ivxl]{1,6}|[A-Z]{1,2}-?\d{1,3})\s*(?:(?:of|/|\|)\s*\d{1,4})?\s*[-–—\]|]?",
    re.I,
)


@dataclass(frozen=True)
class ReadLine:
    """A line with its words spelled out, before the running text exists."""

    text: str
    page: int  # from 1
    page_height: float
    line: PageLine
    table: int = -1  # which of the page's tables it stands in, -1 none
    first: bool = False  # first line of its cell


def running(pages: Sequence[Sequence[ReadLine]]) -> dict[tuple[int, int], str]:
    """(page index, line index) → kind, for running heads and feet and page numbers."""
    found: dict[tuple[int, int], str] = {}
    for bottom in (False, True):
        repeated = _repeated(pages, bottom)
        for p, lines in enumerate(pages):
            order = range(len(lines) - 1, -1, -1) if bottom else range(len(lines))
            by_height = sorted(order, key=lambda k: lines[k].line.top, reverse=bottom)
            for k in by_height[:EDGE]:
                r = lines[k]
                if _key(r, bottom) in repeated:
                    found[p, k] = "page_number" if _NUMBER.fullmatch(r.text) else "footer" if bottom else "header"
                elif _NUMBER.fullmatch(r.text) and _in_margin(r, bottom):
                    found[p, k] = "page_number"
                else:
                    break
    return found


def _key(r: ReadLine, bottom: bool) -> tuple[str, int]:
    del bottom
    return _DIGITS.sub("#", r.text.lower()), 0


def _in_margin(r: ReadLine, bottom: bool) -> bool:
    return r.line.top > 0.85 * r.page_height if bottom else r.line.bottom < 0.15 * r.page_height


def _repeated(pages: Sequence[Sequence[ReadLine]], bottom: bool) -> set[tuple[str, int]]:
    """Line keys that stand at the same height near the edge of at least three pages (two of two or three)."""
    seen: Counter[tuple[str, int]] = Counter()
    heights: dict[tuple[str, int], Counter[int]] = {}
    for lines in pages:
        edge = sorted(lines, key=lambda r: r.line.top, reverse=bottom)[:EDGE]
        for key, r in {_key(r, bottom): r for r in edge}.items():
            seen[key] += 1
            heights.setdefault(key, Counter())[round(r.line.top / 4)] += 1
    need = 3 if len(pages) > 3 else 2
    out = set()
    for key, n in seen.items():
        at = heights[key]
        close = max(at[h] + at[h + 1] for h in at)
        if n >= need and close >= need:
            out.add(key)
    return out

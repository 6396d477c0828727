"""Page ends of an older print that a filing carried into its own pages: numbers, running heads and feet in mid-page.

What a registrant files was often typed for other pages: "Page 12", a rule and "CONFIDENTIAL" then stand between two
lines of a sentence, at another height of each page. The numbers tell: alone on their lines, counting up, about as many
lines apart each time. What stands beside them again and again belongs to them.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

_ALONE = re.compile(r"\W*(?:page|pg\.?|p\.)?\W*(\d{1,3})\W*(?:(?:of|/) ?\d{1,3}\W*)?", re.IGNORECASE)
_DIGITS = re.compile(r"\d+")
_ENDED = re.compile(r"[.;:!?][\"”’')\]]*$")
_KEPT = re.compile(
    r"\W*(?:article|section|exhibit|schedule|appendix|annex|attachment|part|clause|by|name|title|signature|date|its)\b|/s/",
    re.IGNORECASE,
)
_RULE = re.compile(r"[-=_ ]{10,}")
_LEAST = 4  # page ends below which nothing is told
_FEWEST = 12  # lines of a page
_REACH = 6  # lines beside a page's end that may belong to it


class Place(NamedTuple):
    """A line as it is looked at here: its words, and where on the page it stands (0 top, 1 bottom)."""

    text: str
    page: int
    height: float
    wide: bool  # fills its column


def page_ends(lines: Sequence[Place]) -> dict[int, str]:
    """Which lines belong to page ends of an older print, and of what kind."""
    alone = [k for k, x in enumerate(lines) if len(x.text) < 24 and _ALONE.fullmatch(x.text)]
    if len(alone) < _LEAST and sum(x.text[:4] in ("----", "====", "____") for x in lines) < _LEAST:
        return {}
    keys = [_DIGITS.sub("#", x.text.lower()) for x in lines]
    found: dict[int, str] = {}
    for chain in _counters(lines, keys, alone):
        beside = _beside(chain, keys)
        marked = "page" in keys[chain[0]] or keys[chain[0]].strip("#") != ""  # "- 7 -"
        if marked or _keeps_step(lines, chain) or _interrupts(lines, chain, beside):
            found |= dict.fromkeys(beside, "header") | dict.fromkeys(chain, "page_number")
    return found or dict.fromkeys(_heads(lines, keys), "header")


def _counters(lines: Sequence[Place], keys: Sequence[str], alone: Sequence[int]) -> list[list[int]]:
    """Runs of lines that hold nothing but a number, each one or two above the one before, at even distances."""
    alike: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for k in alone:
        if (m := _ALONE.fullmatch(lines[k].text)) is not None:
            alike[keys[k]].append((k, int(m[1])))
    out = []
    for places in alike.values():
        at = _counted(places)
        if len(at) >= _LEAST and _even(at):
            out.append(at)
    return out


def _counted(places: Sequence[tuple[int, int]]) -> list[int]:
    """The longest run of (line, number) in which the numbers count up by one, or leave one out."""
    best: dict[int, list[int]] = {}  # last number → lines
    longest: list[int] = []
    for k, n in places:
        before = max((best.get(n - 1, []), best.get(n - 2, [])), key=len)
        run = [*before, k] if before and k - before[-1] >= _FEWEST else [k]
        if len(run) >= len(best.get(n, [])):
            best[n] = run
        longest = max(longest, run, key=len)
    return longest


def _even(at: Sequence[int]) -> bool:
    """Whether the lines stand about equally far apart, as the ends of pages do and clauses do not."""
    steps = [b - a for a, b in pairwise(at)]
    middle = median(steps)
    return sum(0.5 * middle <= s <= 1.6 * middle for s in steps) >= 0.75 * len(steps)


def _wander(lines: Sequence[Place], at: Sequence[int]) -> bool:
    """Whether they stand at different heights of their pages: those at one height are the pages' own."""
    heights = [lines[k].height for k in at]
    return max(heights) - min(heights) > 0.25


def _beside(chain: Sequence[int], keys: Sequence[str]) -> set[int]:
    """Lines that follow or precede the numbers without a gap, the same at several of them."""
    out: set[int] = set()
    for step in (1, -1):
        near = Counter(keys[k + step * j] for k in chain for j in range(1, _REACH + 1) if 0 <= k + step * j < len(keys))
        for k in chain:
            for j in range(1, _REACH + 1):
                at = k + step * j
                if (
                    not 0 <= at < len(keys)
                    or near[keys[at]] < max(3, 0.3 * len(chain))
                    or _KEPT.match(keys[at]) is not None
                ):
                    break
                out.add(at)
    return out


def _interrupts(lines: Sequence[Place], chain: Sequence[int], beside: set[int]) -> bool:
    """Whether sentences run on across these lines: before the number of a clause, a sentence has ended."""
    broken = 0
    for k in chain:
        before = next((j for j in range(k - 1, -1, -1) if j not in beside), None)
        broken += before is not None and not _ENDED.search(lines[before].text)
    return broken >= 0.25 * len(chain)


def _keeps_step(lines: Sequence[Place], chain: Sequence[int]) -> bool:
    """Whether each page holds one of the numbers, as they come."""
    return sum(lines[b].page - lines[a].page == 1 for a, b in pairwise(chain)) >= 0.8 * (len(chain) - 1)


def _heads(lines: Sequence[Place], keys: Sequence[str]) -> set[int]:
    """Short lines over or under a ruled one that come again together, at other heights, where no page is numbered."""
    places: dict[str, list[int]] = defaultdict(list)
    for k, x in enumerate(lines):
        if not _KEPT.match(x.text) and (not x.wide or _RULE.fullmatch(x.text)):
            places[keys[k]].append(k)
    often = {key for key, at in places.items() if len(at) >= _LEAST and _far(at) and _wander(lines, at)}
    runs: dict[tuple[str, ...], list[int]] = defaultdict(list)
    k = 0
    while k < len(keys):
        end = k
        while end < len(keys) and keys[end] in often and end - k < _REACH:
            end += 1
        if end - k > 1:
            runs[tuple(keys[k:end])].append(k)
        k = max(end, k + 1)
    return {
        k + j
        for run, at in runs.items()
        if len(at) >= _LEAST and any(map(_RULE.fullmatch, run)) and any(c.isalpha() for key in run for c in key)
        for k in at
        for j in range(len(run))
    }


def _far(at: Sequence[int]) -> bool:
    return sum(b - a >= _FEWEST for a, b in pairwise(at)) >= 0.8 * (len(at) - 1)

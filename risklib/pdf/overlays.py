"""What is printed over the text rather than in it: fixed overlays of web pages (the same words at the same spot of
several pages), consent banners, text that runs aslant. Told word by word before lines are built, because an overlay
shares its baselines with the text that it covers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from risklib.pdf.chars import PageWords
from risklib.pdf.layout import Segments, segments_of
from risklib.records import Furniture

MIN_PAGES = 3
MIN_LETTERS = 10  # shorter texts ("By:", "and") stand at one spot of several pages by chance
_COOKIE = re.compile(r"\bcookies?\b", re.I)
_CONSENT = re.compile(
    r"\b(click(ing)?|accept|reject|manage|settings|preferences|opt[- ]?out|consent|agree to|essential|optional|"
    r"learn more|(our|this|the) (web)?site|personali[sz]ed?|partners|analy[sz]e|analytics|advertising|brows(ing|e))\b",
    re.I,
)
_BUTTON = re.compile(
    r"(do not |don.t )?((accept|reject|allow|decline|manage|customi[sz]e|close|ok|okay|got it|i agree|agree|"
    r"cookies?|privacy|preferences|settings|policy|all|necessary|only|more|options|statement|third-party|notice|and|&)"
    r"( |$))+",
    re.I,
)
_STAMP_WORDS = ("draft", "execution copy", "execution version", "conformed copy")
_STAMP = re.compile(
    r"\W*(draft|execution (copy|version)|conformed copy)"
    r"(\s*([-–,|]|\([^()]{1,30}\)|#?\d[\d/.,:-]*|#|v(er(sion)?)?\.?\d*|rev(ision)?\.?|dated?|of|copy|as of|[ap]m|"
    r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?,?)(?=\W|$))*\W*",
    re.I,
)
Spot = tuple[str, int, int]


def fixed(pages: Sequence[PageWords]) -> list[np.ndarray]:
    """For each page, the words of texts that stand at the same spot of at least three pages."""
    if len(pages) < MIN_PAGES:
        return [np.zeros(0, np.int64) for _ in pages]
    spots = _spots(pages)
    seen: dict[Spot, list[int]] = {}
    for p, page in enumerate(spots):
        for spot in dict.fromkeys(page):
            seen.setdefault(spot, []).append(p)
    often = {spot for spot, at in seen.items() if _is_fixed(at, len(pages))}
    long = {spot for spot in often if sum(c.isalpha() for c in spot[0]) >= MIN_LETTERS}
    out = []
    for page in spots:
        heights = np.array([spot[2] for spot in page if spot in long])
        chosen = [
            word
            for spot, words in page.items()
            if spot in long or (spot in often and len(heights) and np.abs(heights - spot[2]).min() < 45)
            for word in words
        ]
        out.append(np.array(sorted(chosen), np.int64))
    return _sparing(out, pages)


def _sparing(chosen: list[np.ndarray], pages: Sequence[PageWords]) -> list[np.ndarray]:
    """``chosen``, unless it takes most words of most of its pages: then the pages are alike, not overlaid."""
    shares = [len(index) / len(words.texts) for index, words in zip(chosen, pages, strict=True) if len(index)]
    return [index[:0] for index in chosen] if shares and float(np.median(shares)) > 0.4 else chosen


def _spots(pages: Sequence[PageWords]) -> list[dict[Spot, list[int]]]:
    """For each page, text and rounded place of its segments → their words. Places are rounded to 2 points. What stands
    where nothing of as many words stands on other pages is left out: spelling it would cost most of the time."""
    segments = [segments_of(w, np.arange(len(w.texts))) if w.texts else None for w in pages]
    none = np.zeros((0, 3), np.int64)
    places = [
        none
        if s is None
        else np.column_stack((np.round(s.x0 / 2), np.round(s.middle / 2) * 2, s.last - s.first)).astype(np.int64)
        for s in segments
    ]
    keys = [np.unique(place @ (1 << 40, 1 << 20, 1), return_inverse=True) for place in places]
    found, times = np.unique(np.concatenate([key for key, _ in keys]), return_counts=True)
    often = found[times >= MIN_PAGES]
    out: list[dict[Spot, list[int]]] = []
    for words, s, place, (key, back) in zip(pages, segments, places, keys, strict=True):
        spots: dict[Spot, list[int]] = {}
        if s is not None:
            chosen = np.flatnonzero(np.isin(key, often)[back.reshape(-1)])
            at = place[chosen].tolist()
            for a, b, (x, y, _) in zip(s.first[chosen].tolist(), s.last[chosen].tolist(), at, strict=True):
                spots.setdefault((" ".join(words.texts[a : b + 1]), x, y), []).extend(range(a, b + 1))
        out.append(spots)
    return out


def _is_fixed(at: list[int], pages: int) -> bool:
    """On three pages in a row, or on three that are a fifth of all."""
    if len(at) < MIN_PAGES:
        return False
    return len(at) >= 0.2 * pages or any(b - a == 2 for a, b in zip(at, at[2:], strict=False))


def consent_banner(words: PageWords) -> np.ndarray:
    """The words of a cookie banner: a block set apart in size or place that speaks of cookies and consent."""
    if "cookie" not in " ".join(words.texts).lower():
        return np.zeros(0, np.int64)
    s = segments_of(words, np.arange(len(words.texts)))
    texts = [" ".join(words.texts[a : b + 1]) for a, b in zip(s.first.tolist(), s.last.tolist(), strict=True)]
    size = words.size[s.first]
    body_size, body_left = _mode(words.size), _mode(s.x0)
    chosen: set[int] = set()
    for block in _blocks(s.x0, s.middle, size):
        text = " ".join(texts[k] for k in block)
        apart = (
            abs(float(np.median(size[block])) - body_size) > 0.03 * body_size
            or abs(float(s.x0[block[0]]) - body_left) > 3
        )
        if apart and _COOKIE.search(text) and len({m.lower() for m, *_ in _CONSENT.findall(text)}) >= 3:
            chosen.update(block)
            low, high = float(s.middle[block].min()) - 80, float(s.middle[block].max()) + 80
            near = [k for k in range(block[0] - 8, block[-1] + 9) if 0 <= k < len(texts) and low < s.middle[k] < high]
            chosen.update(k for k in near if len(texts[k].split()) <= 5 and _is_button(texts[k]))
    return np.array(sorted(i for k in chosen for i in range(s.first[k], s.last[k] + 1)), np.int64)


def edge_stamp(words: PageWords, height: float) -> np.ndarray:
    """The words of a version stamp ("DRAFT 3/1/26 (Rev 2)") in the top or bottom margin, alone or far from what else
    stands on its baseline."""
    text = " ".join(words.texts).lower()
    if not any(word in text for word in _STAMP_WORDS):
        return np.zeros(0, np.int64)
    s = segments_of(words, np.arange(len(words.texts)))
    edge = np.flatnonzero((s.middle < 0.15 * height) | (s.middle > 0.9 * height))
    chosen: list[int] = []
    for group in _apart(s, edge[np.lexsort((s.x0[edge], np.round(s.middle[edge])))].tolist()):
        index = [i for k in group for i in range(s.first[k], s.last[k] + 1)]
        text = " ".join(words.texts[i] for i in index)
        if len(text) <= 60 and _STAMP.fullmatch(text):
            chosen += index
    return np.array(sorted(chosen), np.int64)


def _apart(s: Segments, order: list[int]) -> list[list[int]]:
    """Segments, in order of rows and then from left to right, in groups: those far from each other apart."""
    groups: list[list[int]] = []
    for k in order:
        j = groups[-1][-1] if groups else k
        beside = j != k and abs(s.middle[k] - s.middle[j]) < 0.5 * s.height[k]
        if beside and s.x0[k] - s.x1[j] <= 4 * s.height[k]:
            groups[-1].append(k)
        else:
            groups.append([k])
    return groups


def _is_button(text: str) -> bool:
    return text[:1].isupper() and _BUTTON.fullmatch(text) is not None


def _mode(values: np.ndarray) -> float:
    rounded, counts = np.unique(np.round(values, 1), return_counts=True)
    return float(rounded[counts.argmax()])


def _blocks(x0: np.ndarray, middle: np.ndarray, size: np.ndarray) -> list[list[int]]:
    """Segments drawn one after the other as lines of one paragraph: same left edge, same size, one step down."""
    blocks: list[list[int]] = []
    for k in range(len(x0)):
        if blocks:
            j = blocks[-1][-1]
            step = middle[k] - middle[j]
            same_line = abs(step) < 0.4 * size[k] and x0[k] > x0[j]
            next_line = abs(x0[k] - x0[blocks[-1][0]]) <= 4 and 0 < step < 2.2 * max(size[k], 1)
            if abs(size[k] - size[j]) <= 0.08 * max(size[j], 1) and (same_line or next_line):
                blocks[-1].append(k)
                continue
        blocks.append([k])
    return blocks


def pieces(words: PageWords, index: np.ndarray, number: int, height: float, kind: str = "") -> list[Furniture]:
    """Furniture records for the chosen words, one for each run of them in drawing order; ``kind`` by place if empty."""
    if not len(index):
        return []
    middle = (words.boxes[index, 1] + words.boxes[index, 3]) / 2
    cut = np.zeros(len(index) - 1, bool) if kind else (np.diff(index) != 1) | (np.abs(np.diff(middle)) > 60)
    out: list[Furniture] = []
    for run in np.split(index, np.flatnonzero(cut) + 1):
        box = words.boxes[run]
        corners = (*box[:, :2].min(axis=0).round(2).tolist(), *box[:, 2:].max(axis=0).round(2).tolist())
        place = "header" if corners[3] < 0.12 * height else "footer" if corners[1] > 0.88 * height else "navigation"
        out.append(Furniture(kind or place, " ".join(words.texts[i] for i in run), (number, *corners)))
    return out

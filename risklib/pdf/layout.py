"""Words of a page → printed lines in reading order.

Words are chained into segments (what stands on one baseline without a wide gap), segments are dealt to columns where
a gutter runs beside several of them, and each column is read top to bottom. Drawing order is not trusted beyond one
segment.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from risklib.pdf.chars import PageWords

WIDE_GAP = 0.9  # of the font size: splits a segment; rows are put together again unless a gutter runs there
MIN_GUTTER_ROWS = 5


class PageLine(NamedTuple):
    """A printed line: indices of its words in PageWords, left to right."""

    words: tuple[int, ...]
    x0: float
    top: float
    x1: float
    bottom: float
    size: float
    bold: bool
    column: int


@dataclass(frozen=True)
class Segments:
    """Arrays over segments; segment k holds the words first[k] .. last[k] (inclusive)."""

    first: np.ndarray
    last: np.ndarray
    x0: np.ndarray
    x1: np.ndarray
    middle: np.ndarray  # height of the text's middle from the top of the page
    height: np.ndarray  # of the letters, not of the font's box

    def take(self, k: np.ndarray) -> Segments:
        return Segments(self.first[k], self.last[k], self.x0[k], self.x1[k], self.middle[k], self.height[k])


def lines_of(words: PageWords, keep: np.ndarray, size: tuple[float, float] = (0.0, 0.0)) -> list[PageLine]:
    """The kept words of a page as lines in reading order. ``keep``: indices into ``words``, in drawing order;
    ``size``: width and height of the page, to know two printed pages side by side."""
    if not len(keep):
        return []
    segments = segments_of(words, keep)
    order: list[int] = []
    starts: list[int] = []
    columns: list[int] = []
    for column, part, rows in _printed_pages(segments, *size):
        first, last = part.first.tolist(), part.last.tolist()
        for row in rows:
            starts.append(len(order))
            columns.append(column)
            for k in row:
                order.extend(range(first[k], last[k] + 1))
    return _page_lines(words, keep[order], np.array(starts), columns)


def _page_lines(words: PageWords, index: np.ndarray, starts: np.ndarray, columns: list[int]) -> list[PageLine]:
    """Lines from their words: line k holds ``index[starts[k]]`` up to the next start."""
    box, size, bold = words.boxes[index], words.size[index], words.bold[index]
    count = np.diff(np.append(starts, len(index)))
    length = np.fromiter(map(len, map(words.texts.__getitem__, index.tolist())), np.int64, len(index))
    by_size = np.lexsort((size, np.repeat(np.arange(len(starts)), count)))
    at, cut = index.tolist(), [*starts.tolist(), len(index)]
    return list(
        map(
            PageLine,
            [tuple(at[a:b]) for a, b in pairwise(cut)],
            *np.minimum.reduceat(box[:, :2], starts).T.tolist(),
            *np.maximum.reduceat(box[:, 2:], starts).T.tolist(),
            size[by_size][starts + count // 2].tolist(),
            (np.add.reduceat(np.where(bold, length, -length), starts) > 0).tolist(),
            columns,
        )
    )


def segments_of(words: PageWords, keep: np.ndarray) -> Segments:
    """``keep``, which is not empty, cut where a line ends or a wide gap or a step back stands between two words."""
    box, breaks = words.boxes[keep], words.breaks[keep]
    tall = box[:, 3] - box[:, 1]
    size = np.where(words.size[keep] > 0, words.size[keep], tall)
    height = np.minimum(size, np.where(tall > 0, tall, size)) * 0.7
    middle = (box[:, 1] + box[:, 3]) / 2
    gap = box[1:, 0] - box[:-1, 2]
    new = np.concatenate(
        (
            [True],
            breaks[1:]
            | (gap > WIDE_GAP * size[:-1])
            | (gap < -0.5 * size[:-1])
            | (np.abs(np.diff(middle)) > 0.5 * height[:-1]),
        )
    )
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(keep)) - 1
    count = last - first + 1
    return Segments(
        first,
        last,
        np.minimum.reduceat(box[:, 0], first),
        np.maximum.reduceat(box[:, 2], first),
        np.add.reduceat(middle, first) / count,
        np.maximum.reduceat(height, first),
    )


def _rows(s: Segments) -> list[list[int]]:
    """Segment indices on one baseline each, top to bottom, left to right."""
    order = np.argsort(s.middle, kind="stable").tolist()
    middle, height, x0 = s.middle.tolist(), s.height.tolist(), s.x0.tolist()
    rows: list[list[int]] = []
    at = tall = 0.0
    for k in order:
        if rows and middle[k] - at <= 0.5 * max(min(tall, height[k]), 0.6 * max(tall, height[k])):
            rows[-1].append(k)
            if height[k] > tall:
                at, tall = middle[k], height[k]
        else:
            rows.append([k])
            at, tall = middle[k], height[k]
    return [sorted(row, key=x0.__getitem__) for row in rows]


def _printed_pages(s: Segments, width: float, height: float) -> list[tuple[int, Segments, list[list[int]]]]:
    """``_columns`` of the page, or of its left and then its right half where each is a printed page of its own: a page
    wider than high, its middle free from top to bottom, running text on both sides (or nearly nothing on one)."""
    middle = width / 2
    left, right = s.x1 <= middle - 0.01 * width, s.x0 >= middle + 0.01 * width
    if width < 1.15 * height or not (left | right).all():
        return _columns(s)
    halves = [s.take(np.flatnonzero(side)) for side in (left, right)]
    full = [_is_page(half, middle) for half in halves]
    if not any(full) or not all(f or len(half.first) < MIN_GUTTER_ROWS for f, half in zip(full, halves, strict=True)):
        return _columns(s)
    return [*_columns(halves[0], 1), *_columns(halves[1], 1, 4)]


def _is_page(s: Segments, middle: float) -> bool:
    """Whether a half of a page holds lines enough, half of them long ones: no table, list or slide."""
    if len(s.first) < MIN_GUTTER_ROWS:
        return False
    wide, words = s.x1 - s.x0, s.last - s.first + 1
    return bool(np.percentile(wide, 75) > 0.6 * middle and np.percentile(words, 75) >= 6)


def _columns(s: Segments, depth: int = 0, column: int = 0) -> list[tuple[int, Segments, list[list[int]]]]:
    """Parts to be read one after the other, with the column each stands in and its rows."""
    rows = _rows(s)
    gutter = _gutter(s, rows) if len(s.first) >= 2 * MIN_GUTTER_ROWS and depth <= 2 else None
    if gutter is None:
        return [(column, s, rows)]
    crosses = (s.x0 < gutter - 1) & (s.x1 > gutter + 1)
    out: list[tuple[int, Segments, list[list[int]]]] = []
    for band, split in _bands(rows, crosses, s.x1 <= gutter + 1):
        part = s.take(np.array(sorted(k for row in band for k in row)))
        if not split:
            out.append((column, part, _rows(part)))
            continue
        left = part.x1 <= gutter + 1
        for shift, side in enumerate((left, ~left)):
            out.extend(_columns(part.take(np.flatnonzero(side)), depth + 1, column + shift))
    return out


def _gutter(s: Segments, rows: list[list[int]]) -> float | None:
    """x of a vertical gap with running text on both sides, if there is one."""
    gaps = [(s.x1[a], s.x0[b]) for row in rows for a, b in pairwise(row) if s.x0[b] - s.x1[a] >= 6]
    if len(gaps) < MIN_GUTTER_ROWS:
        return None
    low, high = float(s.x0.min()), float(s.x1.max())
    at = np.arange(low + 0.12 * (high - low), high - 0.12 * (high - low), 2.0)
    left, right = np.array(gaps).T
    votes = ((left[:, None] <= at) & (right[:, None] >= at)).sum(axis=0)
    crossed = ((s.x0[:, None] < at - 1) & (s.x1[:, None] > at + 1)).sum(axis=0)
    score = votes - crossed
    best = np.flatnonzero(score == score.max())
    k = int(best[len(best) // 2])
    if votes[k] < MIN_GUTTER_ROWS:
        return None
    x = float(at[k])
    return x if _is_text(s, x) else None


def _is_text(s: Segments, x: float) -> bool:
    """Whether running text stands on both sides of ``x``: table cells and hanging numbers do not fill their column."""
    beside = s.take(np.flatnonzero((s.x1 <= x + 1) | (s.x0 >= x - 1)))
    counts = beside.last - beside.first + 1
    for side in (beside.x1 <= x + 1, beside.x0 >= x - 1):
        if side.sum() < MIN_GUTTER_ROWS:
            return False
        extent = float(beside.x1[side].max() - beside.x0[side].min())
        if np.median(beside.x1[side] - beside.x0[side]) < 0.55 * extent or np.median(counts[side]) < 3:
            return False
    return True


def _bands(rows: list[list[int]], crosses: np.ndarray, left: np.ndarray) -> list[tuple[list[list[int]], bool]]:
    """Runs of rows from the top: (rows, whether they are to be read in columns)."""
    bands: list[tuple[list[list[int]], bool]] = []
    for row in rows:
        split = not any(crosses[k] for k in row)
        if bands and bands[-1][1] == split:
            bands[-1][0].append(row)
        else:
            bands.append(([row], split))
    return [
        (band, split and any(left[k] for row in band for k in row) and any(not left[k] for row in band for k in row))
        for band, split in bands
    ]

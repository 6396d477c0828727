"""Ruled tables: strokes that pdfium reports → cells by pdfplumber's grid finder → rows of texts.

Most pages have no strokes worth a look, so a cheap filter over the page's path objects goes first. pdfplumber is given
the strokes rather than the file: parsing the page a second time would cost a hundred times more than the filter.
"""

from __future__ import annotations

import ctypes
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw
from pdfplumber.table import cells_to_tables, edges_to_intersections, intersections_to_cells, merge_edges

from risklib.pdf.chars import address, to_display

MIN_LENGTH = 12.0  # points: shorter strokes are decoration
MAX_PATHS = 4_000  # more is a drawing
MAX_EDGES = 1_500

_get_object = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)(address(raw.FPDFPage_GetObject))
_get_inner = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ulong)(address(raw.FPDFFormObj_GetObject))
_get_type = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(address(raw.FPDFPageObj_GetType))
_get_bounds = ctypes.PYFUNCTYPE(ctypes.c_int, *[ctypes.c_void_p] * 5)(address(raw.FPDFPageObj_GetBounds))

Cell = tuple[float, float, float, float]


@dataclass(frozen=True)
class Grid:
    """A ruled table on one page: cells row by row, each row left to right."""

    rows: tuple[tuple[Cell, ...], ...]

    @property
    def box(self) -> Cell:
        cells = np.array([c for row in self.rows for c in row])
        low, high = cells.min(axis=0), cells.max(axis=0)
        return float(low[0]), float(low[1]), float(high[2]), float(high[3])


def objects_of(page: pdfium.PdfPage) -> tuple[np.ndarray, np.ndarray]:
    """Handles and types of the page's objects, one level into forms (whose own matrices are not applied)."""
    handle = ctypes.cast(page.raw, ctypes.c_void_p).value
    count = raw.FPDFPage_CountObjects(page.raw)
    objects = list(map(_get_object, repeat(handle), range(max(count, 0))))
    types = list(map(_get_type, objects))
    for form in [o for o, t in zip(objects, types, strict=True) if t == raw.FPDF_PAGEOBJ_FORM][:50]:
        inner = list(
            map(
                _get_inner,
                repeat(form),
                range(min(max(raw.FPDFFormObj_CountObjects(ctypes.cast(form, raw.FPDF_PAGEOBJECT)), 0), 20_000)),
            )
        )
        objects += inner
        types += map(_get_type, inner)
    return np.array([o or 0 for o in objects], np.uint64), np.array(types, np.int64)


def bounds_of(objects: np.ndarray, page: pdfium.PdfPage) -> np.ndarray:
    """(n, 4) boxes as displayed: x0, top, x1, bottom."""
    out = np.zeros((len(objects), 4), np.float32)  # left, bottom, right, top
    first, last = out.ctypes.data, out.ctypes.data + 16 * len(objects)
    at = (range(first + side, last + side, 16) for side in (0, 4, 8, 12))
    deque(map(_get_bounds, objects.tolist(), *at), maxlen=0)
    return to_display(out.astype(float), page)


def find_grids(page: pdfium.PdfPage, objects: np.ndarray, types: np.ndarray) -> list[Grid]:
    """The ruled tables of a page, top to bottom; [] without strokes at three heights and three sides at least."""
    paths = objects[types == raw.FPDF_PAGEOBJ_PATH]
    if not 2 <= len(paths) <= MAX_PATHS:
        return []
    edges = _edges(bounds_of(paths, page), page.get_size())
    heights = {round(float(e["top"]), 1) for e in edges if e["orientation"] == "h"}
    sides = {round(float(e["x0"]), 1) for e in edges if e["orientation"] == "v"}
    if len(heights) < 3 or len(sides) < 3 or len(edges) > MAX_EDGES:
        return []
    merged = merge_edges(edges, snap_x_tolerance=3, snap_y_tolerance=3, join_x_tolerance=3, join_y_tolerance=3)
    cells = intersections_to_cells(edges_to_intersections(merged, 3, 3))
    grids = (_grid(table) for table in cells_to_tables(cells))
    return sorted((g for g in grids if g is not None), key=lambda g: g.box[1])


def _edges(boxes: np.ndarray, size: tuple[float, float]) -> list[dict[str, float | str]]:
    """Strokes as pdfplumber writes them. A thin box is one stroke, any other box its four sides."""
    edges: list[dict[str, float | str]] = []
    for x0, top, x1, bottom in boxes.tolist():
        wide, tall = x1 - x0, bottom - top
        if not (np.isfinite(wide) and np.isfinite(tall)) or (wide > 0.97 * size[0] and tall > 0.97 * size[1]):
            continue
        if tall <= 3 and wide >= MIN_LENGTH:
            edges.append(_edge("h", x0, (top + bottom) / 2, x1, (top + bottom) / 2))
        elif wide <= 3 and tall >= 4:
            edges.append(_edge("v", (x0 + x1) / 2, top, (x0 + x1) / 2, bottom))
        elif wide >= MIN_LENGTH and tall >= 6:
            edges += [_edge("h", x0, y, x1, y) for y in (top, bottom)] + [
                _edge("v", x, top, x, bottom) for x in (x0, x1)
            ]
    return edges


def _edge(orientation: str, x0: float, top: float, x1: float, bottom: float) -> dict[str, float | str]:
    edge: dict[str, float | str] = {"orientation": orientation, "x0": x0, "x1": x1, "top": top, "bottom": bottom}
    return edge | {"width": x1 - x0, "height": bottom - top, "object_type": "line"}


def _grid(cells: Sequence[Cell]) -> Grid | None:
    rows: dict[float, list[Cell]] = {}
    for cell in sorted(cells, key=lambda c: (c[1], c[0])):
        at = next((y for y in rows if abs(y - cell[1]) < 3), cell[1])
        rows.setdefault(at, []).append(cell)
    if len(rows) < 2 or sum(len(row) > 1 for row in rows.values()) < 2:
        return None
    return Grid(tuple(tuple(sorted(row)) for _, row in sorted(rows.items())))


def words_by_cell(grid: Grid, boxes: np.ndarray, free: np.ndarray) -> list[list[np.ndarray]]:
    """For each row and cell, which words have their middle in it. ``free``: (n,) bool, words that may be taken."""
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    return [
        [np.flatnonzero(free & (x >= c[0]) & (x < c[2]) & (y >= c[1]) & (y < c[3])) for c in row] for row in grid.rows
    ]


def holds_table(by_cell: list[list[np.ndarray]]) -> bool:
    """Whether at least two rows have words in at least two cells: a frame around text is no table."""
    return sum(sum(len(words) > 0 for words in row) >= 2 for row in by_cell) >= 2

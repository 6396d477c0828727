"""One page → its lines: text layer, or OCR where there is none worth having; ruled tables cell by cell."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass, replace

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw

from risklib.pdf import ocr as recognise
from risklib.pdf.chars import PageWords, empty_words, words_of
from risklib.pdf.furniture import ReadLine
from risklib.pdf.layout import lines_of
from risklib.pdf.overlays import consent_banner, edge_stamp, pieces
from risklib.pdf.tables import Grid, bounds_of, find_grids, holds_table, objects_of, words_by_cell
from risklib.records import Furniture, Page

FEW_WORDS = 30  # a stamp or a footer over a scanned page
_PLAIN = re.compile(r"[^\W_]+")
_FILL = re.compile(r"[._-]+")  # leaders, blanks to fill in, rules


@dataclass(frozen=True)
class PageScan:
    """The words of one page, before overlays are told from text and lines are built."""

    page: Page
    words: PageWords
    grids: tuple[Grid, ...] = ()
    problem: str = ""
    unread: bool = False  # something is drawn on it that could not be read
    flat: np.ndarray | None = None  # boxes to tell lines by, where they are not the words' own (a skewed scan)


@dataclass(frozen=True)
class PageRead:
    """One page as read. A line's ``table`` points into ``tables``: the grid and its rows of cell texts."""

    page: Page
    words: PageWords
    lines: list[ReadLine]
    tables: tuple[tuple[Grid, tuple[tuple[str, ...], ...]], ...] = ()
    extra: tuple[Furniture, ...] = ()


def scan_pages(document: pdfium.PdfDocument, count: int, ocr: bool, off: frozenset[str] | None) -> list[PageScan]:
    """The words of the first ``count`` pages; a page that pdfium cannot load is unread. ``off``: layers not shown.

    A page is closed only once the next is open: pdfium forgets a font with the last page that shows it."""
    out: list[PageScan] = []
    open_pages: list[pdfium.PdfPage] = []
    try:
        for number in range(1, count + 1):
            try:
                open_pages.append(document[number - 1])
            except pdfium.PdfiumError:
                out.append(PageScan(Page(number, 0.0, 0.0, "none", 0.0), empty_words(), unread=True))
                continue
            out.append(_scan(open_pages[-1], number, ocr, off))
            for page in open_pages[:-1]:
                page.close()
            del open_pages[:-1]
    finally:
        for page in open_pages:
            page.close()
    return out


def _scan(page: pdfium.PdfPage, number: int, ocr: bool, off: frozenset[str] | None) -> PageScan:
    width, height = page.get_size()
    try:
        words, cut = words_of(page, off)
    except pdfium.PdfiumError:
        words, cut = empty_words(), False
    problem = f"page {number} holds too much text; its end was left out" if cut else ""
    objects, types = objects_of(page)
    if is_garbled(words.texts) or (len(words.texts) < FEW_WORDS and _is_picture(page, objects, types)):
        return _unreadable(page, Page(number, width, height, "none", 0.0), words, ocr)
    if not words.texts:
        if len(objects) and not recognise.is_blank(page):
            return _unreadable(page, Page(number, width, height, "none", 0.0), words, ocr)
        return PageScan(Page(number, width, height, "none", 1.0), words)
    return PageScan(Page(number, width, height, "text", 1.0), words, tuple(find_grids(page, objects, types)), problem)


def _unreadable(page: pdfium.PdfPage, blank: Page, words: PageWords, ocr: bool) -> PageScan:
    """A page whose text layer is missing, garbled or a mere stamp: OCR, else what there is, named as unread."""
    garbled = is_garbled(words.texts)
    got = recognise.read_page(page) if ocr else None
    if got is not None and len(got.words.texts) > (0 if garbled else len(words.texts)):
        return PageScan(blank._replace(source="ocr", confidence=round(got.confidence, 3)), got.words, flat=got.flat)
    if not words.texts or garbled:
        return PageScan(blank, empty_words(), unread=got is None or garbled)
    return PageScan(blank._replace(source="text", confidence=1.0), words, unread=got is None)


def is_garbled(texts: list[str]) -> bool:
    """Whether a text layer cannot be what the page shows: few letters, or none but consonants."""
    if len(texts) < 20:
        return False
    sample = "".join(texts[:200]).lower()
    if sample.count("\ufffd") > 0.2 * len(sample):
        return True
    letters = sum(map(sample.count, string.ascii_lowercase))
    if letters < 0.65 * len(sample):
        solid = _FILL.sub("", sample)
        if len(_PLAIN.sub("", solid)) > 0.65 * len(solid):
            return True
    return letters > 300 and sum(map(sample.count, "aeiouy")) < 0.2 * letters


def _is_picture(page: pdfium.PdfPage, objects: np.ndarray, types: np.ndarray) -> bool:
    """Whether one image covers most of the page."""
    images = objects[types == raw.FPDF_PAGEOBJ_IMAGE]
    if not len(images) or len(images) > 500:
        return len(images) > 500
    width, height = page.get_size()
    box = bounds_of(images, page)
    return bool(((box[:, 2] - box[:, 0]) * (box[:, 3] - box[:, 1])).max() > 0.5 * width * height)


def build_page(scan: PageScan, overlay: np.ndarray) -> PageRead:
    """Lines and tables of a page, read as most of its words run. ``overlay``: indices of words to put aside."""
    page, words = scan.page, scan.words
    if not words.texts:
        return PageRead(page, words, [])
    turn = int(np.bincount(words.turn[words.turn >= 0]).argmax()) if (words.turn >= 0).any() else 0
    boxes = words.boxes if scan.flat is None else scan.flat
    flat = replace(words, boxes=_turned(boxes, turn, page.width, page.height))
    width, height = (page.height, page.width) if turn in (90, 270) else (page.width, page.height)
    free = words.turn == turn
    extra = pieces(words, np.flatnonzero(~free), page.number, page.height, "watermark")
    over = np.concatenate((overlay, consent_banner(words), edge_stamp(words, page.height)))
    if len(over):
        over = np.unique(over)
        extra += pieces(words, over[free[over]], page.number, page.height)
        free[over] = False
    tables: list[tuple[Grid, tuple[tuple[str, ...], ...]]] = []
    blocks: list[list[ReadLine]] = []
    for grid in scan.grids if turn == 0 else ():
        by_cell = words_by_cell(grid, words.boxes, free)
        if not holds_table(by_cell):
            continue
        cells = [[_lines(flat, k, page, height, len(tables)) for k in row] for row in by_cell]
        tables.append((grid, tuple(tuple(" ".join(r.text for r in cell) for cell in row) for row in cells)))
        blocks.append([r for row in cells for cell in row for r in cell])
        for row in by_cell:
            for k in row:
                free[k] = False
    lines = _lines(flat, np.flatnonzero(free), page, height, -1, width)
    for block in blocks:
        at = _place(lines, block)
        lines[at:at] = block
    return PageRead(page, words, lines, tuple(tables), tuple(extra))


def _lines(
    words: PageWords, keep: np.ndarray, page: Page, height: float, table: int, width: float = 0.0
) -> list[ReadLine]:
    scanned = page.source == "ocr"
    return [
        ReadLine(" ".join(map(words.texts.__getitem__, line.words)), page.number, height, line, table, k == 0, scanned)
        for k, line in enumerate(lines_of(words, keep, (width, height)))
    ]


def _place(lines: list[ReadLine], block: list[ReadLine]) -> int:
    """Before which line a table's lines belong: the first below its top in the column it stands in."""
    top = min(r.line.top for r in block)
    left, right = min(r.line.x0 for r in block), max(r.line.x1 for r in block)
    for k, r in enumerate(lines):
        if r.table < 0 and r.line.top >= top and r.line.x0 < right and r.line.x1 > left:
            return k
    return len(lines)


def _turned(boxes: np.ndarray, turn: int, width: float, height: float) -> np.ndarray:
    """Boxes on the page turned so that text which runs at ``turn`` degrees (clockwise) runs left to right."""
    x0, top, x1, bottom = boxes.T
    if turn == 90:
        return np.column_stack((top, width - x1, bottom, width - x0))
    if turn == 180:
        return np.column_stack((width - x1, height - bottom, width - x0, height - top))
    if turn == 270:
        return np.column_stack((height - bottom, x0, height - top, x1))
    return boxes

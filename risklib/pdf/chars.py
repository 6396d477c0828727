"""One pdfium page → its words as arrays.

pdfium hands out text by the page but boxes by the character. A ctypes call costs more than the work behind it, so
only the first and the last character of each word are asked for, through `map` over addresses: 0.7 ms for a page of
2,900 characters, where all of them would cost 2 ms.
"""

from __future__ import annotations

import ctypes
import re
from collections import deque
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw

from risklib.pdf.layers import hidden

MAX_CHARS = 200_000  # a page with more is not an agreement; the rest is named as a problem
_CLEAN = {
    **dict.fromkeys(
        [
            *range(32),
            0x7F,
            0xAD,
            *range(0x200B, 0x2010),
            *range(0x202A, 0x202F),
            *range(0x2060, 0x2070),
            *range(0xE000, 0xF8FF),  # private use: icons
            0xFEFF,
            0xFFFF,
        ],
        None,
    ),
    **{0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"},
    **{c: bytes([c]).decode("cp1252", "ignore") for c in range(0x80, 0xA0)},  # Windows quotes and dashes
    **{0x37E: ";", 0x2010: "-", 0x2011: "-", 0xFFFE: "-", 0x02: "-"},
    **dict.fromkeys(range(0xF0A0, 0xF0FF), "•"),  # Symbol and Wingdings glyphs: bullets in practice
}
_SPACE = np.array([chr(k).isspace() for k in range(0x10000)])
_HYPHEN = np.isin(np.arange(0x10000), (0xFFFE, 0x02))  # pdfium's signs for a hyphen at a line's end
_ODD = np.isin(np.arange(0x10000), list(_CLEAN)) & ~_SPACE
_ODD_TEXT = re.compile("[" + "".join(f"\\U{k:08x}" for k in _CLEAN) + "]")

_text_object = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
_char_value = ctypes.PYFUNCTYPE(ctypes.c_float, ctypes.c_void_p, ctypes.c_int)
_char_code = ctypes.PYFUNCTYPE(ctypes.c_uint, ctypes.c_void_p, ctypes.c_int)
_char_box = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
_object_font = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)


def address(function: Any) -> int:
    return ctypes.cast(function, ctypes.c_void_p).value or 0


_get_box = _char_box(address(raw.FPDFText_GetLooseCharBox))
_get_code = _char_code(address(raw.FPDFText_GetUnicode))
_get_angle = _char_value(address(raw.FPDFText_GetCharAngle))
_get_object = _text_object(address(raw.FPDFText_GetTextObject))
_get_font = _object_font(address(raw.FPDFTextObj_GetFont))


@dataclass(frozen=True)
class PageWords:
    """The words of one page in drawing order; every sequence has the same length n."""

    texts: list[str]
    boxes: np.ndarray  # (n, 4) float: x0, top, x1, bottom in points, displayed orientation, from the top left corner
    size: np.ndarray  # (n,) font size in points, 0 when unknown
    bold: np.ndarray  # (n,) bool
    breaks: np.ndarray  # (n,) bool: the reader saw a line break before this word
    turn: np.ndarray  # (n,) int: 0 drawn left to right, 90, 180, 270 clockwise, -1 aslant


def empty_words() -> PageWords:
    flags = np.zeros(0, bool)
    return PageWords([], np.zeros((0, 4)), np.zeros(0), flags, flags, np.zeros(0, np.int64))


def clean(text: str) -> str:
    """``text`` without characters that nobody prints on purpose, ligatures spelled out."""
    return text.translate(_CLEAN) if _ODD_TEXT.search(text) else text


def page_text(textpage: int, n: int) -> str:
    """The page's ``n`` characters, one code point each, so that indices are pdfium's character indices."""
    buffer = (ctypes.c_ushort * (2 * n + 2))()
    got = raw.FPDFText_GetText(ctypes.cast(textpage, raw.FPDF_TEXTPAGE), 0, n, buffer)
    text = ctypes.string_at(buffer, 2 * max(got - 1, 0)).decode("utf-16-le", "replace")
    if len(text) == n:
        return text
    codes = np.fromiter(map(_get_code, repeat(textpage), range(n)), np.uint32, n)
    codes[(codes >= 0xD800) & (codes < 0xE000)] = 0x200B  # halves of an emoji: dropped with the zero-width characters
    codes[(codes > 0x10FFFF) | (codes == 0)] = 0xFFFD
    return codes.astype("<u4").tobytes().decode("utf-32-le")


def char_boxes(textpage: int, index: np.ndarray) -> np.ndarray:
    """(k, 4) float32: left, top, right, bottom of the characters at ``index``, in the page's own coordinates."""
    out = np.zeros((len(index), 4), np.float32)
    at = out.ctypes.data
    deque(map(_get_box, repeat(textpage), index.tolist(), range(at, at + 16 * len(index), 16)), maxlen=0)
    return out


def to_display(boxes: np.ndarray, page: pdfium.PdfPage) -> np.ndarray:
    """Page coordinates (left, top, right, bottom; y upwards) → x0, top, x1, bottom as the page is shown."""
    left, bottom, right, top = page_box(page)
    x0, x1 = np.minimum(boxes[:, 0], boxes[:, 2]) - left, np.maximum(boxes[:, 0], boxes[:, 2]) - left
    y0, y1 = top - np.maximum(boxes[:, 1], boxes[:, 3]), top - np.minimum(boxes[:, 1], boxes[:, 3])
    width, height = right - left, top - bottom
    turn = page.get_rotation() % 360
    if turn == 90:
        x0, y0, x1, y1 = height - y1, x0, height - y0, x1
    elif turn == 180:
        x0, y0, x1, y1 = width - x1, height - y1, width - x0, height - y0
    elif turn == 270:
        x0, y0, x1, y1 = y0, width - x1, y1, width - x0
    return np.column_stack((x0, y0, x1, y1))


def page_box(page: pdfium.PdfPage) -> tuple[float, float, float, float]:
    """The visible part of the page before rotation: left, bottom, right, top."""
    rect = raw.FS_RECTF()
    if raw.FPDF_GetPageBoundingBox(page.raw, rect):
        return rect.left, rect.bottom, rect.right, rect.top
    return 0.0, 0.0, page.get_width(), page.get_height()


def _font_is_bold(font: int) -> bool:
    handle = ctypes.cast(font, raw.FPDF_FONT)
    name = ctypes.create_string_buffer(256)
    raw.FPDFFont_GetBaseFontName(handle, name, 256)
    lower = name.value.decode("utf-8", "replace").lower()
    if any(mark in lower for mark in ("bold", "black", "heavy", "demi", ",b", "-bd")):
        return True
    return raw.FPDFFont_GetWeight(handle) >= 600 or bool(max(raw.FPDFFont_GetFlags(handle), 0) & (1 << 18))


def _fonts(textpage: int, first: np.ndarray, height: np.ndarray, breaks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Size and boldness of the words that begin at ``first``. Asked of the first, middle and last word of each line,
    once a text object and once a font; the words between take those of the one before them."""
    starts = np.flatnonzero(breaks)
    ends = np.append(starts[1:], len(first)) - 1
    asked = np.unique(np.concatenate((starts, (starts + ends) // 2, ends)))
    objects = list(map(_get_object, repeat(textpage), first[asked].tolist()))
    font_of = {o: (_get_font(o) if o else None) for o in set(objects)}
    ratio: dict[int | None, float] = {None: 0.0}
    bold: dict[int | None, bool] = {None: False}
    for k, o in zip(asked.tolist(), objects, strict=True):
        font = font_of[o]
        if font in ratio:
            continue
        bold[font] = font is not None and _font_is_bold(font)
        ratio[font] = _font_size(textpage, int(first[k])) / float(height[k]) if height[k] > 0 else 0.0
    nearest = np.searchsorted(asked, np.arange(len(first)), side="right") - 1
    fonts = [font_of[o] for o in objects]
    return np.array([ratio[f] for f in fonts])[nearest] * height, np.array([bold[f] for f in fonts], bool)[nearest]


def _font_size(textpage: int, index: int) -> float:
    """Points on paper: the nominal size times the scale of the character's matrix."""
    handle, matrix = ctypes.cast(textpage, raw.FPDF_TEXTPAGE), raw.FS_MATRIX()
    size = raw.FPDFText_GetFontSize(handle, index)
    if raw.FPDFText_GetMatrix(handle, index, matrix):
        size *= float(np.hypot(matrix.c, matrix.d))
    return size if np.isfinite(size) else 0.0


def words_of(page: pdfium.PdfPage, off: frozenset[str] | None = None) -> tuple[PageWords, bool]:
    """The words of a page, and whether it held more characters than were taken. Raises PdfiumError when unreadable.
    ``off``: names of the layers that are not shown, None where every one is."""
    textpage = page.get_textpage()
    try:
        total = textpage.count_chars()
        n = min(total, MAX_CHARS)
        return (
            _words(page, ctypes.cast(textpage.raw, ctypes.c_void_p).value or 0, n, off) if n else empty_words()
        ), total > n
    finally:
        textpage.close()


def _words(page: pdfium.PdfPage, textpage: int, n: int, off: frozenset[str] | None) -> PageWords:
    text = page_text(textpage, n)
    codes = np.minimum(np.frombuffer(text.encode("utf-32-le"), "<u4"), 0xFFFF)
    texts, first, last = _split(text, codes)
    odd = np.flatnonzero(_ODD[codes])
    if len(odd):
        for k in np.unique(np.searchsorted(first, odd, side="right") - 1).tolist():
            texts[k] = clean(texts[k])
        kept = np.array([bool(t) for t in texts], bool)
        texts, first, last = [t for t in texts if t], first[kept], last[kept]
    if not texts:
        return empty_words()
    breaks = _line_breaks(codes, first)
    a = b = char_boxes(textpage, first)
    long = last > first
    if long.any():
        b = a.copy()
        b[long] = char_boxes(textpage, last[long])
    boxes = np.column_stack(
        (
            np.minimum(a[:, 0], b[:, 0]),
            np.maximum(a[:, 1], b[:, 1]),
            np.maximum(a[:, 2], b[:, 2]),
            np.minimum(a[:, 3], b[:, 3]),
        )
    )
    turn = _turns(textpage, first, breaks, page.get_rotation())
    across = (turn - page.get_rotation()) % 180 == 90
    size, bold = _fonts(textpage, first, np.where(across, a[:, 2] - a[:, 0], a[:, 1] - a[:, 3]), breaks)
    shown = to_display(boxes.astype(float), page)
    keep = np.isfinite(shown).all(axis=1)
    if off is not None:
        keep &= ~hidden(page, list(map(_get_object, repeat(textpage), first.tolist())), shown, off)
    if not keep.all():
        texts = [t for t, k in zip(texts, keep, strict=True) if k]
    return PageWords(texts, shown[keep], size[keep], bold[keep], breaks[keep], turn[keep])


def _split(text: str, codes: np.ndarray) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Words as str.split finds them, cut also after each hyphen at a line's end, with their first and last index."""
    space, ends = _SPACE[codes], _HYPHEN[codes]
    off = np.array([True])
    first = np.flatnonzero(~space & np.concatenate((off, (space | ends)[:-1])))
    last = np.flatnonzero(~space & (np.concatenate((space[1:], off)) | ends))
    if ends.any():
        text = text.replace("\ufffe", "\ufffe ").replace("\x02", "\x02 ")
    return text.split(), first, last


def _line_breaks(codes: np.ndarray, first: np.ndarray) -> np.ndarray:
    """For each word, whether a line break (or a hyphen that pdfium took for one) stands right before it."""
    at = np.flatnonzero((codes == 10) | (codes == 13) | _HYPHEN[codes])
    return np.concatenate(([True], np.diff(np.searchsorted(at, first)) > 0))


def _turns(textpage: int, first: np.ndarray, breaks: np.ndarray, rotation: int) -> np.ndarray:
    """PageWords.turn, asked once a line. Slanted letters (fake italics) pass as upright."""
    starts = np.flatnonzero(breaks)
    angle = np.fromiter(map(_get_angle, repeat(textpage), first[starts].tolist()), float, len(starts))
    angle = np.where(angle < 0, 0.0, np.degrees(angle)) + rotation
    quarter = np.round(angle / 90) * 90
    turn = np.where(np.abs(angle - quarter) > 25, -1, quarter.astype(np.int64) % 360)
    return np.repeat(turn, np.diff(np.append(starts, len(first))))

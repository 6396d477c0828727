"""``read``: open a PDF, read its pages, put the running text together."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium

from risklib.errors import UnreadableDocument
from risklib.pdf import furniture
from risklib.pdf.assemble import assemble
from risklib.pdf.chars import PageWords, empty_words, words_of
from risklib.pdf.furniture import ReadLine
from risklib.pdf.layout import lines_of
from risklib.records import Document, Furniture, Page


@dataclass(frozen=True)
class PageRead:
    """One page as read, before furniture is told from text."""

    page: Page
    words: PageWords
    lines: list[ReadLine]
    extra: tuple[Furniture, ...] = ()
    problem: str = ""


def read(source: str | Path | bytes, *, file: str = "", password: str | None = None, ocr: bool = True, max_pages: int = 2000) -> Document:
    """Read a PDF into one running text whose words all know their page and box.

    ``source``: a path, or the bytes. ``file``: the name to record (the path's name when empty). Pages beyond ``max_pages`` are left out and
    named in ``problems``, as is every page that could not be read. Raises UnreadableDocument when nothing can be opened at all.
    """
    data, name = _load(source, file)
    del ocr
    document = _open(data, name, password)
    try:
        total = len(document)
        if total == 0:
            raise UnreadableDocument(name, "the PDF has no pages")
        pages = [_read_page(document, k) for k in range(min(total, max_pages))]
        title = _title(document)
    finally:
        document.close()
    problems = [p.problem for p in pages if p.problem]
    if total > max_pages:
        problems.append(f"only the first {max_pages} of {total} pages were read")
    missing = [p.page.number for p in pages if p.page.source == "none"]
    if missing:
        problems.append(f"no text could be read on {_numbers(missing)}")
    marks = furniture.running([p.lines for p in pages])
    return assemble(
        contract_id=hashlib.sha256(data).hexdigest(),
        file=name,
        pages=[(p.page, p.words, p.lines, p.extra) for p in pages],
        marks=marks,
        problems=problems,
        title=title,
    )


def _load(source: str | Path | bytes, file: str) -> tuple[bytes, str]:
    if isinstance(source, bytes):
        data, name = source, file or "document.pdf"
    else:
        name = file or Path(source).name
        try:
            data = Path(source).read_bytes()
        except OSError as e:
            raise UnreadableDocument(name, f"cannot be opened: {e.strerror or e}") from e
    if not data.strip(b"\0 \r\n\t"):
        raise UnreadableDocument(name, "the file is empty")
    return data, name


def _open(data: bytes, name: str, password: str | None) -> pdfium.PdfDocument:
    try:
        return pdfium.PdfDocument(data, password=password)
    except pdfium.PdfiumError as e:
        raise UnreadableDocument(name, _reason(data, str(e), password)) from e


def _reason(data: bytes, message: str, password: str | None) -> str:
    if "assword" in message:
        return "the password is wrong" if password else "the PDF is encrypted: give its password with --password"
    if "ecurity" in message:
        return "the PDF is encrypted in a way that cannot be opened"
    head = data[:2048].lstrip().lower()
    if b"%pdf" not in head:
        what = "a web page saved under a PDF's name" if head.startswith((b"<!doctype", b"<html")) else "no PDF header found"
        return f"not a PDF ({what})"
    return "the PDF is damaged or cut off; export or download it again"


def _title(document: pdfium.PdfDocument) -> str:
    try:
        return document.get_metadata_value("Title").strip()
    except (pdfium.PdfiumError, UnicodeDecodeError):
        return ""


def _read_page(document: pdfium.PdfDocument, index: int) -> PageRead:
    number = index + 1
    try:
        page = document[index]
    except pdfium.PdfiumError:
        return PageRead(Page(number, 0.0, 0.0, "none", 0.0), empty_words(), [])
    try:
        width, height = page.get_size()
        try:
            words, cut = words_of(page)
        except pdfium.PdfiumError:
            words, cut = empty_words(), False
    finally:
        page.close()
    problem = f"page {number} holds too much text; its end was left out" if cut else ""
    source, confidence = ("text", 1.0) if words.texts else ("none", 0.0)
    upright = np.flatnonzero(~words.tilted)
    lines = [ReadLine(" ".join(words.texts[i] for i in line.words), number, height, line) for line in lines_of(words, upright)]
    return PageRead(Page(number, width, height, source, confidence), words, lines, _watermarks(words, number), problem)


def _watermarks(words: PageWords, number: int) -> tuple[Furniture, ...]:
    k = np.flatnonzero(words.tilted)
    if not len(k):
        return ()
    box = words.boxes[k]
    corners = (float(box[:, 0].min()), float(box[:, 1].min()), float(box[:, 2].max()), float(box[:, 3].max()))
    return (Furniture("watermark", " ".join(words.texts[i] for i in k), (number, *corners)),)


def _numbers(pages: list[int]) -> str:
    """``[1, 2, 3, 7]`` → "pages 1-3, 7"."""
    runs: list[list[int]] = []
    for n in pages:
        if runs and n == runs[-1][1] + 1:
            runs[-1][1] = n
        else:
            runs.append([n, n])
    text = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)
    return f"page {text}" if len(pages) == 1 else f"pages {text}"

"""``read``: open a PDF, read its pages, put the running text together."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pypdfium2 as pdfium

from risklib.errors import UnreadableDocument
from risklib.pdf import furniture, layers, overlays, plumber
from risklib.pdf.assemble import assemble
from risklib.pdf.chars import clean
from risklib.pdf.ocr import engine
from risklib.pdf.pages import PageScan, build_page, scan_pages
from risklib.records import Document, Page


def read(
    source: str | Path | bytes, *, file: str = "", password: str | None = None, ocr: bool = True, max_pages: int = 2000
) -> Document:
    """Read a PDF into one running text whose words all know their page and box.

    ``source``: a path, or the bytes. ``file``: the name to record (the path's name when empty). Pages beyond
    ``max_pages`` are left out and named in ``problems``, as is every page that could not be read. Where a word is
    hyphenated at a line's end, its two Word records touch and no newline stands between their lines. Raises
    UnreadableDocument when the file cannot be opened at all.
    """
    data, name = _load(source, file)
    with _uncollected():
        return _read(data, name, password, ocr, max_pages)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Pauses the garbage collector: words and lines hold no cycles, and walking over them took 12 % of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _read(data: bytes, name: str, password: str | None, ocr: bool, max_pages: int) -> Document:
    scans, total, title = _scans(data, name, password, ocr, max_pages)
    problems = [scan.problem for scan in scans if scan.problem]
    if total > max_pages:
        problems.append(f"only the first {max_pages} of {total} pages were read")
    unread = [scan.page.number for scan in scans if scan.unread]
    if unread:
        fix = "" if engine() else "; install tesseract or risklib[ocr] to read pictures of text"
        problems.append(f"no text could be read on {numbers(unread)}{fix}")
    over = overlays.fixed([scan.words for scan in scans])
    pages = [build_page(scan, overlay) for scan, overlay in zip(scans, over, strict=True)]
    return assemble(
        contract_id=hashlib.sha256(data).hexdigest(),
        file=name,
        pages=pages,
        marks=furniture.find([p.lines for p in pages]),
        problems=problems,
        title=title,
    )


def _scans(data: bytes, name: str, password: str | None, ocr: bool, max_pages: int) -> tuple[list[PageScan], int, str]:
    """Pages, how many the file has, its title; by pdfplumber where pdfium cannot open the file."""
    try:
        document = pdfium.PdfDocument(data, password=password)
    except pdfium.PdfiumError as e:
        second = None if "assword" in str(e) else plumber.read_pages(data, password, max_pages)
        if not second or not any(words.texts for _, _, words in second):
            raise UnreadableDocument(name, _reason(data, str(e), password)) from e
        return (
            [PageScan(Page(k, w, h, "text", 1.0), words) for k, (w, h, words) in enumerate(second, 1)],
            len(second),
            "",
        )
    try:
        total = len(document)
        if total == 0:
            raise UnreadableDocument(name, "the PDF has no pages")
        scans = scan_pages(document, min(total, max_pages), ocr, layers.switched_off(data))
        return scans, total, _title(document)
    finally:
        document.close()


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


def _reason(data: bytes, message: str, password: str | None) -> str:
    if "assword" in message:
        return "the password is wrong" if password else "the PDF is encrypted: give its password with --password"
    if "ecurity" in message:
        return "the PDF is encrypted in a way that cannot be opened"
    head = data[:2048].lstrip().lower()
    if b"%pdf" not in head:
        what = (
            "a web page saved under a PDF's name"
            if head.startswith((b"<!doctype", b"<html"))
            else "no PDF header found"
        )
        return f"not a PDF ({what})"
    return "the PDF is damaged or cut off; export or download it again"


def _title(document: pdfium.PdfDocument) -> str:
    try:
        return " ".join(clean(document.get_metadata_value("Title")).split())
    except (pdfium.PdfiumError, UnicodeDecodeError):
        return ""


def numbers(pages: list[int]) -> str:
    """``[1, 2, 3, 7]`` → "pages 1-3, 7"."""
    runs: list[list[int]] = []
    for n in pages:
        if runs and n == runs[-1][1] + 1:
            runs[-1][1] = n
        else:
            runs.append([n, n])
    text = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)
    return f"page {text}" if len(pages) == 1 else f"pages {text}"

"""How a sample agreement looks: blocks with marks → PDF bytes, and the page on which each mark was drawn.

The marks are ``\\x01N\\x02``; reportlab calls back while it draws them, so the page is the true one even where a
paragraph breaks. Everything is drawn twice: the first pass learns the number of pages and the headings' pages.
"""

from __future__ import annotations

import io
import random
import re
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY, TA_LEFT
from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, FrameBreak, PageBreak, PageTemplate, Spacer, Table
from reportlab.platypus import Paragraph as Text
from reportlab.platypus.tables import TableStyle

FONTS = {"serif": ("Times-Roman", "Times-Bold"), "sans": ("Helvetica", "Helvetica-Bold")}
PAPERS = {"a4": A4, "letter": LETTER}
MARGIN, GUTTER, SCAN_DPI = 64, 20, 200


def markup(text: str) -> str:
    """``**bold**``, ``*italic*`` and unit marks as reportlab's own markup."""
    text = escape(text)
    text = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", text)
    text = re.sub(r"\*(\S[^*]*)\*", r"<i>\1</i>", text)
    return re.sub("\x01(\\d+)\x02", r'<onDraw name="unit_drawn" label="\1"/>', text)


def styles(layout: Mapping[str, Any]) -> dict[str, ParagraphStyle]:
    """The paragraph styles of a source; ``size`` in points, ``justify`` as given (default: justified serif)."""
    face, bold = FONTS[layout.get("font", "serif")]
    size = float(layout.get("size", 10))
    align = TA_JUSTIFY if layout.get("justify", layout.get("font", "serif") == "serif") else TA_LEFT
    base = ParagraphStyle("para", fontName=face, fontSize=size, leading=size * 1.25, alignment=align)
    base.spaceAfter = size * 0.55
    small = {"fontSize": size * 0.9, "leading": size * 1.1, "spaceAfter": 0, "alignment": TA_LEFT}
    head = {"fontName": bold, "keepWithNext": 1, "alignment": TA_LEFT}
    wide = {"fontSize": size * 1.6, "leading": size * 2.1, "spaceBefore": size, "spaceAfter": size}
    return {
        "para": base,
        "title": ParagraphStyle("title", base, fontName=bold, alignment=TA_CENTER, **wide),
        "h2": ParagraphStyle("h2", base, **head, fontSize=size * 1.15, leading=size * 1.5, spaceBefore=size * 0.9),
        "h3": ParagraphStyle("h3", base, **head, spaceBefore=size * 0.3),
        "centre": ParagraphStyle("centre", base, alignment=TA_CENTER),
        "cell": ParagraphStyle("cell", base, **small),
        "head_cell": ParagraphStyle("head_cell", base, fontName=bold, **small),
    }


def grid(rows: list[list[str]], look: Mapping[str, ParagraphStyle], width: float) -> Table:
    """A ruled table; columns as wide as their longest cells ask for, within limits."""
    longest = [max(min(60, max(len(r[k]) for r in rows if k < len(r))), 16) for k in range(len(rows[0]))]
    widths = [width * n / sum(longest) for n in longest]
    cells = [[Text(markup(c), look["head_cell" if i == 0 else "cell"]) for c in row] for i, row in enumerate(rows)]
    lines = [("GRID", (0, 0), (-1, -1), 0.5, colors.black), ("VALIGN", (0, 0), (-1, -1), "TOP")]
    return Table(cells, widths, repeatRows=1, style=TableStyle(lines), spaceBefore=4, spaceAfter=10)


def signature_table(meta: Mapping[str, Any], look: Mapping[str, ParagraphStyle], width: float) -> Table:
    """Name, title and date lines for both parties, side by side."""
    names = [meta["customer"]["name"], meta["provider"]["name"]]
    rows = [[f"<b>{escape(n)}</b>" for n in names]]
    rows += [[f"{word}: {'_' * int(width / 22)}"] * 2 for word in ("By", "Name", "Title", "Date")]
    return Table([[Text(c, look["para"]) for c in row] for row in rows], [width / 2] * 2, spaceBefore=16)


def contents(headings: list[tuple[str, int]], look: Mapping[str, ParagraphStyle], width: float) -> list[Flowable]:
    """Table of contents with dotted leaders, as plain lines."""
    face, size = look["para"].fontName, look["para"].fontSize
    out: list[Flowable] = [Text("<b>CONTENTS</b>", look["centre"])]
    for text, page in headings:
        room = width - stringWidth(f"{text}  {page}", face, size) - 14
        dots = "." * max(3, int(room / stringWidth(".", face, size)))
        out.append(Text(f"{escape(text)} {dots} {page}", look["para"]))
    return out


def flow(blocks: list[Any], meta: Mapping[str, Any], look: Mapping[str, ParagraphStyle], width: float,
         headings: list[tuple[str, int]]) -> list[Flowable]:  # fmt: skip
    """The blocks as flowables, in order."""
    out: list[Flowable] = []
    size = look["para"].fontSize
    for b in blocks:
        if b.kind == "pagebreak":
            out.append(PageBreak())
        elif b.kind == "space":
            out.append(Spacer(1, 60))
        elif b.kind == "toc":
            out += contents(headings, look, width)
        elif b.kind == "signatures":
            out.append(signature_table(meta, look, width))
        elif b.kind == "table":
            out.append(grid(b.rows, look, width))
        elif b.kind == "item":
            step = size * 2.2
            style = ParagraphStyle(
                "item",
                look["para"],
                leftIndent=step * (b.level + 1),
                bulletIndent=step * b.level,
                bulletFontName=look["para"].fontName,
                bulletFontSize=size,
            )
            out.append(Text(markup(b.text), style, bulletText=b.bullet))
        else:
            out.append(Text(markup(b.text), look[b.kind]))
            if b.kind == "title" and meta["layout"].get("columns", 1) == 2:
                out.append(FrameBreak())
    return out


def templates(layout: Mapping[str, Any], page: tuple[float, float], furniture: Any) -> list[PageTemplate]:
    """One or two columns; with two, the title has the first page's full width."""
    w, h = page
    height = h - 2 * MARGIN
    if layout.get("columns", 1) == 1:
        return [PageTemplate("one", [Frame(MARGIN, MARGIN, w - 2 * MARGIN, height, 0, 0, 0, 0)], onPage=furniture)]
    each, top = (w - 2 * MARGIN - GUTTER) / 2, 56
    lefts = (MARGIN, MARGIN + each + GUTTER)
    first = [Frame(MARGIN, h - MARGIN - top, w - 2 * MARGIN, top, 0, 0, 0, 0)]
    first += [Frame(x, MARGIN, each, height - top, 0, 0, 0, 0) for x in lefts]
    later = [Frame(x, MARGIN, each, height, 0, 0, 0, 0) for x in lefts]
    return [
        PageTemplate("first", first, onPage=furniture, autoNextPageTemplate="later"),
        PageTemplate("later", later, onPage=furniture),
    ]


def draw(
    blocks: list[Any], meta: Mapping[str, Any], pages: int, headings: list[tuple[str, int]]
) -> tuple[bytes, dict[int, int]]:
    """One pass: PDF bytes and {unit number: page}."""
    layout = meta["layout"]
    page = PAPERS[layout.get("paper", "A4").lower()]
    look = styles(layout)
    seen: dict[int, int] = {}

    def pen_that_notes(*args: Any, **more: Any) -> Canvas:
        pen = Canvas(*args, **more)
        pen.setNamedCB("unit_drawn", lambda canvas, _, label: seen.setdefault(int(label), canvas.getPageNumber()))
        return pen

    def furniture(pen: Canvas, _: BaseDocTemplate) -> None:
        if layout.get("cover") and pen.getPageNumber() == 1:
            return
        pen.setFont(FONTS[layout.get("font", "serif")][0], 8)
        places = {"header": page[1] - MARGIN / 2, "footer": MARGIN / 2}
        for name, y in places.items():
            text = str(layout.get(name) or "").format(page=pen.getPageNumber(), pages=pages)
            pen.drawCentredString(page[0] / 2, y, text)

    buffer = io.BytesIO()
    doc = BaseDocTemplate(buffer, pagesize=page, title=meta["title"], author=meta["provider"]["name"], invariant=1)
    doc.addPageTemplates(templates(layout, page, furniture))
    columns = layout.get("columns", 1)
    width = (page[0] - 2 * MARGIN - GUTTER * (columns - 1)) / columns
    doc.build(flow(blocks, meta, look, width, headings), canvasmaker=pen_that_notes)
    return buffer.getvalue(), seen


def scanned(data: bytes) -> bytes:
    """The same pages as grey pictures, a little askew and noisy, without any text."""
    import numpy as np
    import pypdfium2
    from PIL import Image
    from reportlab.lib.utils import ImageReader

    out = io.BytesIO()
    pen = Canvas(out, invariant=1)
    for number, page in enumerate(pypdfium2.PdfDocument(data)):
        chance = random.Random(number)
        grey = page.render(scale=SCAN_DPI / 72, grayscale=True).to_pil().convert("L")
        grey = grey.rotate(chance.uniform(-0.35, 0.35), Image.Resampling.BICUBIC, fillcolor=255)
        noise = np.random.default_rng(number).normal(0, 2.0, (grey.height, grey.width))
        grey = Image.fromarray(np.clip(np.asarray(grey) * 0.96 + 4 + noise, 0, 255).astype("uint8"))
        jpeg = io.BytesIO()
        grey.save(jpeg, "JPEG", quality=24)
        pen.setPageSize(page.get_size())
        pen.drawImage(ImageReader(jpeg), 0, 0, *page.get_size())
        pen.showPage()
    pen.save()
    return out.getvalue()


def render(blocks: list[Any], meta: Mapping[str, Any]) -> tuple[bytes, dict[int, int]]:
    """PDF bytes and {unit number: page on which it begins}; blocks as make_samples reads them."""
    heads = [(int(m.group(1)), re.sub("\x01\\d+\x02|\\*", "", b.text)) for b in blocks if b.kind == "h2"
             if (m := re.search("\x01(\\d+)\x02", b.text))]  # fmt: skip
    _, seen = draw(blocks, meta, 0, [(t, 0) for _, t in heads])
    data, seen = draw(blocks, meta, max(seen.values()), [(t, seen[n]) for n, t in heads])
    return (scanned(data) if meta["layout"].get("scanned") else data), seen

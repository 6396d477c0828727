"""Small agreements drawn with reportlab, good and bad, for the tests of pipeline, command line and findings."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer

BODY = ParagraphStyle("body", fontName="Times-Roman", fontSize=10.5, leading=13, spaceAfter=6)
HEAD = ParagraphStyle("head", parent=BODY, fontName="Times-Bold", fontSize=12, leading=15, spaceBefore=8)
TITLE = ParagraphStyle("title", parent=HEAD, fontSize=17, leading=22, alignment=1)

NAMES = (
    "This Agreement is made on 1 March 2026 between Alder Freight Ltd (“Customer”) and Quill Metrics Inc. (“Provider”)."
)
CLAUSES = (
    "1. Fees",
    "1.1 Customer shall pay each invoice within thirty (30) days of the date of the invoice.",
    "1.2 Overdue amounts bear interest at the rate of 1.5% per month or the highest rate permitted by law.",
    "1.3 Customer is responsible for all taxes on the fees, except taxes on the income of Provider.",
    "2. Use of the Service",
    "2.1 Customer shall not reverse engineer, resell or sublicense the Service.",
    "2.2 Customer shall keep its passwords secret and shall notify Provider promptly of any unauthorised use.",
    "2.3 If Customer breaches Section 2.1, Provider may suspend the Service on five (5) days’ notice.",
    "3. Liability",
    "3.1 The total liability of Provider under this Agreement shall not exceed the fees paid by Customer in the twelve "
    "(12) months before the claim.",
    "3.2 Neither party shall be liable for any indirect or consequential damages.",
    "4. Term and law",
    "4.1 This Agreement renews for successive terms of twelve (12) months unless either party gives sixty (60) days’ "
    "notice before the end of the term.",
    "4.2 This Agreement is governed by the laws of Ireland.",
)


def agreement(
    path: Path,
    clauses: Sequence[str] = CLAUSES,
    *,
    title: str = "Service Agreement",
    opening: str = NAMES,
    password: str | None = None,
) -> Path:
    """A one- or two-page agreement; lines such as "1. Fees" become headings. Same arguments, same bytes."""
    encrypt = StandardEncryption(password, ownerPassword="owner") if password else None
    template = SimpleDocTemplate(str(path), pagesize=A4, title=title, invariant=1, encrypt=encrypt)
    heading = [c.split(". ")[0].isdigit() and not c.endswith(".") for c in clauses]
    flow = [Paragraph(title, TITLE), Spacer(1, 8), Paragraph(opening, BODY)]
    flow += [Paragraph(c, HEAD if h else BODY) for c, h in zip(clauses, heading, strict=True)]
    template.build(flow)
    return path


def picture(path: Path, text: str = "Customer shall pay each invoice within thirty days.") -> Path:
    """A page that is only an image of text."""
    image = Image.new("L", (1240, 1754), 255)
    for k in range(24):
        ImageDraw.Draw(image).text((120, 140 + 50 * k), text, fill=0, font_size=30)
    data = io.BytesIO()
    image.save(data, "PNG")
    canvas = Canvas(str(path), pagesize=A4, invariant=1)
    canvas.drawImage(ImageReader(data), 0, 0, *A4)
    canvas.save()
    return path


def bad_folder(folder: Path) -> dict[str, str]:
    """A good agreement among everything that goes wrong with files. File name → words that its reason must hold."""
    folder.mkdir(parents=True, exist_ok=True)
    agreement(folder / "good.pdf")
    agreement(folder / "locked.pdf", password="sesame")
    (folder / "empty.pdf").write_bytes(b"")
    (folder / "letter.pdf").write_text("Dear all, this is no PDF at all.\n" * 20, encoding="utf-8")
    whole = agreement(folder / "cut.pdf").read_bytes()
    (folder / "cut.pdf").write_bytes(whole[: len(whole) // 5])
    picture(folder / "scan.pdf")
    return {
        "locked.pdf": "encrypted",
        "empty.pdf": "empty",
        "letter.pdf": "not a PDF",
        "cut.pdf": "damaged",
        "scan.pdf": "page 1",
    }

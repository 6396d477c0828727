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


FONT = "/Font << /F 5 0 R >>"


def written(
    path: Path,
    content: str,
    *,
    resources: str = "",
    catalog: str = "",
    objects: Sequence[str] = (),
    size: str = "612 792",
) -> Path:
    """A page written by hand, for what reportlab cannot draw. ``content`` uses the font /F; ``objects`` are 6, 7, …;
    ``resources`` (FONT alone if empty) and ``catalog`` are entries of these dictionaries."""
    bodies = [
        f"<< /Type /Catalog /Pages 2 0 R {catalog} >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {size}] /Contents 4 0 R /Resources << {resources or FONT} >> >>",
        f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        *objects,
    ]
    out, places = "%PDF-1.7\n", []
    for number, body in enumerate(bodies, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{at:010} 00000 n \n" for at in places)
    out += f"xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n{table}"
    out += f"trailer\n<< /Size {len(bodies) + 1} /Root 1 0 R >>\nstartxref\n{out.index('xref')}\n%%EOF\n"
    path.write_bytes(out.encode("latin-1"))
    return path


def shown(*texts: tuple[float, float, str], size: float = 10) -> str:
    """Page content that draws each text at its place (from the left, from the foot)."""
    return "\n".join(f"BT /F {size} Tf {x} {y} Td ({text}) Tj ET" for x, y, text in texts)


def layered(path: Path) -> Path:
    """A page with a shown and a hidden layer, the hidden one also as a form, and a hidden one over the shown text."""
    content = "\n".join(
        (
            shown((72, 700, "The customer pays each invoice in thirty days.")),
            "/OC /Kept BDC",
            shown((72, 680, "The supplier keeps the records for two years.")),
            "EMC /OC /Gone BDC",
            shown(
                (72, 660, "An earlier draft said ten years."), (72, 700, "The client settles each bill in forty days.")
            ),
            "EMC /Form Do",
            shown((72, 620, "Nothing else is agreed.")),
        )
    )
    inner = shown((72, 640, "A hidden form says five years."))
    return written(
        path,
        content,
        resources=FONT + " /Properties << /Kept 6 0 R /Gone 7 0 R >> /XObject << /Form 8 0 R >>",
        catalog="/OCProperties << /OCGs [6 0 R 7 0 R] /D << /OFF [7 0 R] >> >>",
        objects=(
            "<< /Type /OCG /Name (Kept) >>",
            "<< /Type /OCG /Name (Gone) >>",
            f"<< /Type /XObject /Subtype /Form /BBox [0 0 612 792] /OC 7 0 R /Resources << /Font << /F 5 0 R >> >> "
            f"/Length {len(inner)} >>\nstream\n{inner}\nendstream",
        ),
    )


def form(path: Path) -> Path:
    """A page whose second sentence stands in a form that is drawn a hundred points lower than it says."""
    inner = shown((72, 780, "The supplier keeps the records for two years."))
    return written(
        path,
        shown((72, 700, "The customer pays each invoice in thirty days.")) + "\nq 1 0 0 1 0 -100 cm /Form Do Q",
        resources=FONT + " /XObject << /Form 6 0 R >>",
        objects=(
            f"<< /Type /XObject /Subtype /Form /BBox [0 0 612 792] /Resources << /Font << /F 5 0 R >> >> "
            f"/Length {len(inner)} >>\nstream\n{inner}\nendstream",
        ),
    )


def spread(path: Path, pages: int = 8) -> Path:
    """Two printed pages side by side on each page of the file, each with its running head and its number."""
    canvas = Canvas(str(path), pagesize=(842, 595), invariant=1)
    body = [c for c in CLAUSES if len(c) > 60]
    for k in range(pages):
        clauses = body[k : k + 4]
        left = 40 + 421 * (k % 2)
        canvas.setFont("Times-Roman", 9)
        canvas.drawString(left, 565, "Quill Metrics terms of service")
        canvas.drawString(left + 165, 20, str(k + 1))
        style = ParagraphStyle("narrow", parent=BODY, fontSize=11, leading=13)
        at = 540.0
        for text in (f"{k + 1}. Part {NUMBERS[k]}", *(f"{k + 1}.{n} {c[4:]}" for n, c in enumerate(clauses, 1))):
            block = Paragraph(text, style)
            _, tall = block.wrap(330, 500)
            block.drawOn(canvas, left, at - tall)
            at -= tall + 8
        if k % 2:
            canvas.showPage()
    canvas.save()
    return path


NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight")


def raised(path: Path) -> Path:
    """Superscripts, small capitals, and signs that nobody prints: soft hyphen, zero-width space, Greek question mark."""
    unseen = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding /ToUnicode 7 0 R >>"
    cmap = (
        "/CIDInit /ProcSet findresource begin begincmap /CMapType 2 def\n"
        "1 begincodespacerange <00> <ff> endcodespacerange\n"
        "3 beginbfchar <01> <00AD> <02> <200B> <03> <037E> endbfchar\n"
        "1 beginbfrange <20> <7e> <0020> endbfrange\nendcmap end"
    )
    content = (
        "BT 72 700 Td /F 12 Tf (S) Tj /F 9 Tf (ERVICE ) Tj /F 12 Tf (F) Tj /F 9 Tf (EES) Tj ET\n"
        "BT 72 670 Td /F 10 Tf (Due on the 1) Tj 4 Ts /F 6 Tf (st) Tj 0 Ts /F 10 Tf ( day of May) Tj "
        "4 Ts /F 6 Tf (2) Tj 0 Ts /F 10 Tf ( of each year.) Tj ET\n"
        "BT /U 10 Tf 72 650 Td (The respon\\001sibility of each cus\\002tomer ends\\003 that is all.) Tj ET"
    )
    return written(
        path,
        content,
        resources="/Font << /F 5 0 R /U 6 0 R >>",
        objects=(unseen, f"<< /Length {len(cmap)} >>\nstream\n{cmap}\nendstream"),
    )

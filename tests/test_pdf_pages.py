"""Pages that show less, more or otherwise than their text says: layers, forms, two printed pages on one, stamps."""

from __future__ import annotations

from pathlib import Path

import pypdfium2 as pdfium
import pytest
from drawn import CLAUSES, FONT, NUMBERS, form, layered, raised, shown, spread, written
from PIL import Image

from risklib.pdf import layers, ocr, read
from risklib.pdf.furniture import ReadLine, contents
from risklib.pdf.layout import PageLine


def test_hidden_layers_are_no_part_of_the_text(tmp_path: Path) -> None:
    d = read(layered(tmp_path / "layered.pdf"))
    assert d.text.split("\n") == [
        "The customer pays each invoice in thirty days.",
        "The supplier keeps the records for two years.",
        "Nothing else is agreed.",
        "",
    ]


@pytest.mark.parametrize(
    ("default", "expected"),
    [
        ("/OFF [7 0 R]", frozenset({"Gone"})),
        ("/BaseState /OFF /ON [6 0 R]", frozenset({"Gone"})),
        ("/BaseState /OFF", frozenset({"Kept", "Gone"})),
        ("", None),
    ],
)
def test_layers_that_are_off(tmp_path: Path, default: str, expected: frozenset[str] | None) -> None:
    path = written(
        tmp_path / "layers.pdf",
        shown((72, 700, "Text")),
        catalog=f"/OCProperties << /OCGs [6 0 R 7 0 R] /D << {default} >> >>",
        objects=("<< /Type /OCG /Name (Kept) >>", "<< /Type /OCG /Name (Gone) >>"),
    )
    assert layers.switched_off(path.read_bytes()) == expected


def test_a_damaged_catalogue_hides_nothing() -> None:
    assert layers.switched_off(b"%PDF-1.7 /OCProperties << /D") is None


def test_text_in_a_form_stands_where_it_is_drawn(tmp_path: Path) -> None:
    d = read(form(tmp_path / "form.pdf"))
    assert d.text.split("\n")[1] == "The supplier keeps the records for two years."
    (word,) = (w for w in d.words if w.text == "supplier")
    assert word[2:6] == pytest.approx((92, 102, 127, 115), abs=2)  # drawn at 780 - 100 points from the foot of 792


def test_two_printed_pages_on_one_are_read_one_after_the_other(tmp_path: Path) -> None:
    path = spread(tmp_path / "spread.pdf")
    d = read(path)
    parts = [line for line in d.text.split("\n") if ". Part " in line]
    assert parts == [f"{k}. Part {n}" for k, n in enumerate(NUMBERS, 1)]
    text = d.text.replace("\n", " ")
    for clause in (c[4:] for c in CLAUSES if len(c) > 60):
        assert clause in text
    assert "Quill Metrics terms" not in d.text
    assert sum(f.kind == "header" for f in d.furniture) == sum(f.kind == "page_number" for f in d.furniture) == 8
    with pdfium.PdfDocument(path) as source:  # a clause of a right half lies in its boxes on the page of the file
        start = d.text.index("4. Part four")
        (number, x0, top, x1, bottom), *_ = d.boxes(start, start + len("4. Part four"))
        assert number == 2
        assert x0 > 421
        inside = source[1].get_textpage().get_text_bounded(x0 - 1, 595 - bottom - 1, x1 + 1, 595 - top + 1)
        assert inside.strip() == "4. Part four"


def test_a_table_across_a_wide_page_is_read_by_rows(tmp_path: Path) -> None:
    rows = [(f"Item {k}", f"{k * 100} dollars") for k in range(1, 9)]
    places = [(x, 500 - 20 * k, t) for k, row in enumerate(rows) for x, t in zip((60, 480), row, strict=True)]
    d = read(written(tmp_path / "table.pdf", shown(*places), size="842 595"))
    assert d.text.split("\n")[:2] == ["Item 1 100 dollars", "Item 2 200 dollars"]


def test_raised_and_unseen_signs(tmp_path: Path) -> None:
    d = read(raised(tmp_path / "raised.pdf"))
    assert d.text.split("\n") == [
        "SERVICE FEES",
        "Due on the 1st day of May2 of each year.",
        "The responsibility of each customer ends; that is all.",
        "",
    ]


BODY = [(72, 640 - 14 * k, "The customer pays each invoice within thirty days after it arrives.") for k in range(4)]


@pytest.mark.parametrize(
    ("heads", "text", "kept"),
    [
        ([(72, 740, "DRAFT \\(North\\) 3/1/26 \\(Rev 2\\)"), (300, 740, "HOSTING TERMS")], "HOSTING TERMS", "DRAFT (North)"),
        ([(450, 760, "Execution Copy"), (250, 720, "HOSTING TERMS")], "HOSTING TERMS", "Execution Copy"),
        ([(72, 740, "Draft statements of work bind nobody.")], "Draft statements of work bind nobody.", ""),
        ([(72, 740, "DRAFT HOSTING TERMS")], "DRAFT HOSTING TERMS", ""),
        ([(72, 660, "Execution copy")], "Execution copy", ""),  # not in the margin
    ],
)  # fmt: skip
def test_version_stamps(tmp_path: Path, heads: list[tuple[float, float, str]], text: str, kept: str) -> None:
    d = read(written(tmp_path / "stamp.pdf", shown(*heads, *BODY), resources=FONT))
    assert d.text.split("\n")[0] == text
    assert [f.text.startswith(kept) for f in d.furniture] == [True] * bool(kept)


def test_rows_of_links_and_a_copyright_line_end_a_web_page(tmp_path: Path) -> None:
    links = [(72, 500, "Acme"), (240, 500, "Support"), (420, 500, "Developers"), (72, 470, "Careers"), (240, 470, "Blog"),
             (72, 440, "(c) 2026 Orchard Hosting. All rights reserved.".replace("(c)", "\\251"))]  # fmt: skip
    d = read(written(tmp_path / "web.pdf", shown(*BODY, *links)))
    assert d.text.split("\n")[-2].endswith("after it arrives.")
    assert [f.kind for f in d.furniture] == ["navigation"] * 3


@pytest.mark.parametrize(
    ("own", "expected"), [(120, 240), (100, 200), (90, 270), (150, ocr.DPI), (200, ocr.DPI), (30, ocr.DPI)]
)
def test_a_coarse_scan_is_read_at_a_multiple_of_its_own_resolution(tmp_path: Path, own: int, expected: float) -> None:
    path = tmp_path / "scan.pdf"
    Image.new("L", (6 * own, 8 * own), 255).save(path, resolution=own)
    with pdfium.PdfDocument(path) as source:
        assert ocr.resolution(source[0]) == pytest.approx(expected, rel=0.01)


def test_contents_of_a_scan_whose_headings_run_in() -> None:
    """Entries without leaders, some misread; in the body the same headings stand on one line with their text."""
    texts = ["TABLE OF CONTENTS", "1. FEES", "1.1 Invoices", "l.2 Taxez", "1.3 Interest", "2. TERM", "2.1 Renewal",
             "1. FEES", "1.1 Invoices. The customer pays each invoice.", "1.2 Taxes. The customer bears them.",
             "1.3 Interest. It runs from the due date.", "2. TERM", "2.1 Renewal. The term renews once."]  # fmt: skip
    placed = [
        ((0, k), ReadLine(t, 1, 792, PageLine((), 72, 20.0 * k, 300, 20.0 * k + 10, 10, False, 0)))
        for k, t in enumerate(texts)
    ]
    assert sorted(k for _, k in contents(placed)) == list(range(7))

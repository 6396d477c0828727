"""Pictures of the place: the marked pixels are the words' boxes, on every page that they stand on."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
import pytest
from drawn import CLAUSES, agreement
from PIL import Image
from typer.testing import CliRunner

from risklib.cli import app
from risklib.errors import BadData
from risklib.evidence import AIR, DPI, draw, in_folder
from risklib.pdf import read
from risklib.pipeline import analyze
from risklib.portfolio import Portfolio

LONG = "1.4 " + " ".join(f"Customer shall keep record number {k} for as long as the law asks." for k in range(130))


def marked(png: bytes) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the yellow pixels."""
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)
    rows, columns = np.nonzero((pixels[..., 0] > 240) & (pixels[..., 2] < 160))
    return columns.min(), rows.min(), columns.max(), rows.max()


def changed(path: Path, **boxes: tuple[float, float, float, float] | int) -> Path:
    """The drawn agreement with its pages turned, or in other boxes."""
    source = pdfium.PdfDocument(str(agreement(path)))
    for page in source:
        if "turn" in boxes:
            page.set_rotation(boxes["turn"])
        if "crop" in boxes:
            page.set_mediabox(-50, -40, 700, 900)
            page.set_cropbox(*boxes["crop"])
    out = path.with_stem("changed")
    source.save(str(out))
    source.close()
    return out


@pytest.mark.parametrize("how", [{}, {"turn": 90}, {"turn": 180}, {"turn": 270}, {"crop": (30, 40, 560, 800)}], ids=str)
def test_the_marks_are_on_the_ink_of_the_words(tmp_path: Path, how: dict) -> None:
    path = changed(tmp_path / "a.pdf", **how)
    document = read(path, ocr=False)
    at = document.text.index("2.2 Customer")
    boxes = document.boxes(at, document.text.index("2.3 If"))
    shown = draw(path, boxes)
    (piece,) = shown.pieces
    scale = DPI / 72
    left, top, right, bottom = marked(piece.png)
    above = max(0.0, min(b[2] for b in boxes) - AIR)
    want = [min(b[1] for b in boxes), min(b[2] for b in boxes), max(b[3] for b in boxes), max(b[4] for b in boxes)]
    got = [left / scale, top / scale + above, right / scale, bottom / scale + above]
    assert got == pytest.approx(want, abs=2.5)
    pixels = np.asarray(Image.open(io.BytesIO(piece.png)).convert("L"))
    assert (pixels[top:bottom, left:right] < 100).mean() > 0.03  # letters, not an empty place


def test_a_clause_over_two_pages_is_two_pieces(tmp_path: Path) -> None:
    path = agreement(tmp_path / "long.pdf", (*CLAUSES[:3], LONG, *CLAUSES[4:]))
    portfolio = analyze(path, trials=100)
    shown = portfolio.show("long.pdf", "1.4")
    assert shown.pages == (1, 2)
    assert "record number 129" in shown.text
    whole = Image.open(io.BytesIO(shown.png()))
    assert whole.height > sum(p.height for p in shown.pieces)
    saved = Image.open(shown.save(tmp_path / "out" / "x.png"))
    assert (saved.format, saved.size) == ("PNG", whole.size)


@pytest.fixture(scope="module")
def portfolio(tmp_path_factory: pytest.TempPathFactory) -> Portfolio:
    folder = tmp_path_factory.mktemp("shown")
    agreement(folder / "a.pdf")
    agreement(folder / "locked.pdf", password="sesame", title="Other Agreement")
    return analyze(folder, trials=100, password="sesame")


def test_clauses_rows_and_headings_can_be_shown(portfolio: Portfolio) -> None:
    assert portfolio.show("a.pdf", "2.2").caption == "a.pdf, 2.2"
    below = portfolio.show("a.pdf", "2")
    assert below.caption == "a.pdf, 2 Use of the Service"
    assert "reverse engineer" in below.text
    assert portfolio.show("a.pdf", "use of the service").text == below.text.split(" Customer")[0]
    mine = portfolio.provisions[portfolio.provisions["contract_id"] == portfolio.contract_id("a.pdf")]
    row = mine.iloc[0]
    assert portfolio.show(row).text == row["text"]
    assert portfolio.show(dict(row)).png() == portfolio.show(row).png()
    page = portfolio.show(row)._repr_html_()
    assert page.startswith("<figure>")
    assert 'src="data:image/png;base64,' in page


def test_words_of_the_contract_are_text_in_html(portfolio: Portfolio) -> None:
    row = dict(portfolio.provisions.iloc[0]) | {"text": '"><script>alert(1)</script>'}
    assert "<script" not in portfolio.show(row, password="sesame")._repr_html_()


def test_a_protected_file_needs_its_password(portfolio: Portfolio) -> None:
    assert portfolio.show("locked.pdf", "2.2", password="sesame").pages == (1,)
    with pytest.raises(BadData, match=r"locked.pdf: .*password="):
        portfolio.show("locked.pdf", "2.2")


def test_a_loaded_portfolio_asks_where_the_pdfs_are(portfolio: Portfolio, tmp_path: Path) -> None:
    loaded = Portfolio.load(portfolio.save(tmp_path))
    where = str(next(iter(portfolio.sources.values())).parent)
    assert not any(where in p.read_text() for p in tmp_path.glob("meta.json"))
    with pytest.raises(BadData, match=r"a.pdf: the PDF was not found; say where"):
        loaded.show("a.pdf", "2.2")
    folder = next(iter(portfolio.sources.values())).parent
    assert loaded.show("a.pdf", "2.2", pdfs=folder).png() == portfolio.show("a.pdf", "2.2").png()


def test_what_cannot_be_shown_is_named(portfolio: Portfolio, tmp_path: Path) -> None:
    path = agreement(tmp_path / "a.pdf")
    with pytest.raises(BadData, match=r"9.9: no clause of this number; there are 1, 1.1"):
        portfolio.show("a.pdf", "9.9")
    with pytest.raises(BadData, match="which clause"):
        portfolio.show("a.pdf")
    with pytest.raises(BadData, match="no place on any page"):
        draw(path, [])
    with pytest.raises(BadData, match="has 1 pages, no page 7"):
        draw(path, [(7, 1.0, 1.0, 2.0, 2.0)])
    with pytest.raises(BadData, match="has changed since"):
        draw(path, [(1, 1.0, 1.0, 2.0, 2.0)], contract_id="0" * 64)
    path.write_bytes(b"%PDF-1.4 torn")
    with pytest.raises(BadData, match="cannot be drawn"):
        draw(path, [(1, 1.0, 1.0, 2.0, 2.0)])


def test_folders_are_searched_for_any_spelling_of_pdf(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "A.PDF").write_bytes(b"x")
    assert in_folder(tmp_path)("A.PDF", "") == tmp_path / "deep" / "A.PDF"
    assert in_folder(tmp_path)("b.pdf", "") is None


def test_the_command_line_writes_the_picture(tmp_path: Path) -> None:
    path = agreement(tmp_path / "a.pdf")
    done = CliRunner().invoke(app, ["show", str(path), "2.2", "--png", str(tmp_path / "x.png")])
    assert done.exit_code == 0, done.output
    assert "x.png: a.pdf, 2.2, page 1" in done.output
    assert marked((tmp_path / "x.png").read_bytes())[2] > 300

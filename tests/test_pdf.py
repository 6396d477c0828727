# ruff: noqa: PT018, E402  (asserts of one fact in two halves; the fixtures' script is imported by path)
"""The reader: every word at its place in the text and on the page, and one clear sentence for what cannot be read."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risklib.errors import UnreadableDocument
from risklib.pdf import ocr, plumber, read
from risklib.pdf.assemble import joined
from risklib.pdf.chars import clean
from risklib.pdf.furniture import ReadLine, contents, running
from risklib.pdf.layout import PageLine
from risklib.pdf.pages import is_garbled
from risklib.pdf.reader import numbers

FOLDER = Path(__file__).parent / "fixtures" / "pdf"
sys.path.insert(0, str(FOLDER))
import make

NAMES = sorted(set(make.FIXTURES) - {"locked", "picture"})


def text_of(name: str) -> str:
    return read(FOLDER / f"{name}.pdf").text


@pytest.mark.parametrize("name", NAMES)
def test_offsets_boxes_and_lines_agree(name: str) -> None:
    d = read(FOLDER / f"{name}.pdf")
    assert d.words and not d.problems
    for w in d.words:
        assert d.text[w.start : w.end] == w.text
        page = d.pages[w.page - 1]
        assert -1 <= w.x0 < w.x1 <= page.width + 1 and -1 <= w.top < w.bottom <= page.height + 1
    starts = [w.start for w in d.words]
    assert starts == sorted(starts)
    for line in d.lines:
        assert d.text[line.start : line.end] == " ".join(w.text for w in d.words_in(line.start, line.end))
    assert "".join(d.text[line.start : line.end] for line in d.lines) == d.text.replace("\n", "")


@pytest.mark.parametrize("name", ["running", "words", "columns", "table", "stamped", "web"])
def test_pdfium_finds_each_word_in_its_box(name: str) -> None:
    d = read(FOLDER / f"{name}.pdf")
    with pdfium.PdfDocument(FOLDER / f"{name}.pdf") as source:
        for number, page in enumerate(source, 1):
            textpage, height = page.get_textpage(), page.get_height()
            for w in (w for w in d.words if w.page == number):
                inside = textpage.get_text_bounded(w.x0 - 1, height - w.bottom - 1, w.x1 + 1, height - w.top + 1)
                assert w.text.strip("-").replace("fi", "ﬁ")[:3] in inside.replace("fi", "ﬁ") or w.text in clean(inside)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("words", ["bears the responsibility for each third-party part", "Rights are non-exclusive, pre- and post-", "It files the flat report."]),
        ("rotated", ["\n".join(make.CLAUSE)]),
        ("sideways", ["\n".join(make.CLAUSE)]),
        ("shifted", ["\n".join(make.CLAUSE)]),
        ("stamped", ["\n".join(make.CLAUSE)]),
        ("table", ["follows.\nUptime\nCredit\nRemark\nbelow 99.9%\n10%\nof the fee\nfor the month\nbelow 99%\n25%\nCredits are"]),
        ("columns", ["text width\nleft column line 1 ", "line 15 speaks of many fees\nright column line 1 ", "of the notice\nA closing line"]),
    ],
)  # fmt: skip
def test_reading_order(name: str, expected: list[str]) -> None:
    text = text_of(name)
    for part in expected:
        assert part in text


def test_running_lines_leave_the_text_and_stay_on_record() -> None:
    d = read(FOLDER / "running.pdf")
    assert "Orchard Hosting" not in d.text and "Page " not in d.text
    assert [line for line in d.text.split("\n") if line.startswith("ARTICLE")] == [
        f"ARTICLE {k * k}" for k in (1, 2, 3, 4)
    ]
    assert [f.box[0] for f in d.furniture if f.kind == "header"] == [1, 2, 3, 4]
    assert [f.text for f in d.furniture if f.kind == "page_number"] == [f"Page {k} of 4" for k in (1, 2, 3, 4)]


def test_a_web_page_loses_banner_links_and_contents() -> None:
    d = read(FOLDER / "web.pdf")
    for gone in ("cookies", "Accept", "Pricing", "Log in", "Sitemap", "Contents", "2026"):
        assert gone not in d.text
    assert d.text.startswith("Terms of Service\n1. Fees\nThe customer pays")
    assert d.text.count("2. Service") == 1
    assert {f.kind for f in d.furniture} >= {"navigation", "contents"}


def test_table_rows_and_place() -> None:
    d = read(FOLDER / "table.pdf")
    (table,) = d.tables
    assert table.rows == (
        ("Uptime", "Credit", "Remark"),
        ("below 99.9%", "10%", "of the fee for the month"),
        ("below 99%", "25%", ""),
    )
    assert d.text[table.start : table.end].startswith("Uptime") and d.text[table.start : table.end].endswith("25%")
    assert table.box == pytest.approx((1, 72, 102, 460, 187), abs=1)
    assert [line.cell for line in d.lines] == [False] + [True] * 9 + [False]


def test_boxes_follow_rotation_and_crop_box() -> None:
    first = {name: read(FOLDER / f"{name}.pdf").words[0] for name in ("rotated", "shifted", "sideways")}
    assert first["rotated"][2:6] == pytest.approx((497, 72, 510, 89), abs=8)
    assert first["shifted"][2:6] == pytest.approx((22, 32, 39, 46), abs=4)
    assert first["sideways"][2:6] == pytest.approx((190, 675, 204, 692), abs=8)


def test_blocks_begin_at_spacing_and_size() -> None:
    d = read(FOLDER / "running.pdf")
    first_page = [line.paragraph for line in d.lines if line.page == 1]
    assert first_page[:2] == [True, True] and first_page.count(True) == 3
    assert [line.bold for line in d.lines if line.page == 1][:2] == [True, False]


def test_password() -> None:
    with pytest.raises(UnreadableDocument, match="--password"):
        read(FOLDER / "locked.pdf")
    with pytest.raises(UnreadableDocument, match="password is wrong"):
        read(FOLDER / "locked.pdf", password="peach")
    assert read(FOLDER / "locked.pdf", password="orchard").text == "\n".join(make.CLAUSE) + "\n"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"\0" * 500, "empty"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "web page"),
        (b"Dear all, please find attached", "not a PDF"),
        (b"%PDF-1.7\n1 0 obj <<", "damaged or cut off"),
    ],
)
def test_refusals_name_file_and_reason(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableDocument, match=reason) as e:
        read(data, file="offer.pdf")
    assert str(e.value).startswith("offer.pdf: ")


def test_missing_file() -> None:
    with pytest.raises(UnreadableDocument, match="cannot be opened"):
        read(FOLDER / "nowhere.pdf")


def test_pictures_without_ocr_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    d = read(FOLDER / "picture.pdf", ocr=False)
    assert d.text == "" and d.words == () and [p.source for p in d.pages] == ["none", "none"]
    assert d.problems == ("no text could be read on page 1",)


@pytest.mark.skipif(ocr.engine() != "tesseract", reason="tesseract is not on the PATH")
def test_pictures_are_recognised() -> None:
    d = read(FOLDER / "picture.pdf")
    assert d.text == "\n".join(make.CLAUSE) + "\n" and not d.problems
    assert d.pages[0].source == "ocr" and d.pages[0].confidence > 0.8
    assert d.words[0][2:6] == pytest.approx((36, 39, 62, 50), abs=4)


def test_tsv() -> None:
    head = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n"
    rows = [
        "4\t1\t1\t1\t1\t0\t0\t0\t9\t9\t-1\t",
        "5\t1\t1\t1\t1\t1\t10\t20\t30\t8\t96.5\tﬁne",
        "5\t1\t1\t1\t2\t1\t10\t40\t30\t8\t3\t~",
        '5\t1\t1\t1\t2\t2\t50\t40\t5\t8\t80\t"a"',
    ]
    texts, boxes, confidence, breaks = ocr.parse_tsv(head + "\n".join(rows) + "\n")
    assert texts == ["fine", '"a"'] and boxes.tolist() == [[10, 20, 40, 28], [50, 40, 55, 48]]
    assert confidence.tolist() == [0.965, 0.8] and breaks.tolist() == [True, True]


@pytest.mark.parametrize("degrees", [-2.0, 0.0, 1.5])
def test_skew_is_measured(degrees: float) -> None:
    page = np.full((600, 500), 255, np.uint8)
    page[60:560:20, 40:460] = page[61:560:20, 40:460] = 0
    assert ocr.skew(ocr.rotate(page, -degrees)) == pytest.approx(degrees, abs=0.21)


def test_second_reader_reads_the_same_words() -> None:
    (page,) = plumber.read_pages((FOLDER / "shifted.pdf").read_bytes(), None, 10) or [None]
    assert page is not None and page[2].texts == read(FOLDER / "shifted.pdf").text.split()


def test_page_limit() -> None:
    d = read(FOLDER / "running.pdf", max_pages=2)
    assert len(d.pages) == 2 and d.problems == ("only the first 2 of 4 pages were read",)


@pytest.mark.parametrize(
    ("word", "following", "known", "expected"),
    [
        ("responsi-", "bility", set(), "responsi"),
        ("third-", "party", {"third-party"}, "third-"),
        ("well-", "known", {"well", "known"}, "well-"),
        ("pay-", "ment", {"payment", "pay"}, "pay"),
        ("non-", "exclusive", set(), "non-"),
        ("pre-", "and", set(), None),
        ("Third-", "Party", set(), "Third-"),
        ("end", "of", set(), None),
        ("A-", "1", set(), None),
        ("state-of-the-", "art", set(), "state-of-the-"),
    ],
)
def test_hyphens(word: str, following: str, known: set[str], expected: str | None) -> None:
    assert joined(word, following, known) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("o\ufb03ce", "office"),
        ("re\u00adport", "report"),
        ("due\u037e", "due;"),
        ("a\u200bb\ufeff", "ab"),
        ("\uf0b7", "•"),
        ("\u0093x\u0094", "“x”"),
        ("plain", "plain"),
        ("\u2011", "-"),
    ],
)
def test_clean(raw: str, expected: str) -> None:
    assert clean(raw) == expected


@given(st.text())
def test_clean_is_idempotent(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["fee"] * 30, False),
        (["\ufffd\ufffd"] * 30, True),
        (["#$%&!"] * 30, True),
        (["....", "99.9%"] * 20, False),
        (["fxvwrphu", "sdbv", "wkh", "ihh"] * 30, True),
        (["\ufffd"], False),
    ],
)
def test_garbled(texts: list[str], expected: bool) -> None:
    assert is_garbled(texts) is expected


def test_contents_end_where_the_first_entry_comes_again() -> None:
    texts = [
        "CONTENTS",
        "1. Fees ..... 2",
        "2. Notices ..... 3",
        "3. General ..... 4",
        "1. Fees",
        "The customer pays.",
        "2. Notices",
        "3. General",
    ]
    placed = [
        ((0, k), ReadLine(t, 1, 792, PageLine((), 72, 20.0 * k, 300, 20.0 * k + 10, 10, False, 0)))
        for k, t in enumerate(texts)
    ]
    assert sorted(k for _, k in contents(placed)) == [0, 1, 2, 3]


def test_running_feet_of_scans_are_known_through_misreadings() -> None:
    def page(k: int, foot: str, note: str) -> list[ReadLine]:
        texts = [(f"Clause {k * k} of the agreement", 300.0), (foot, 750.0 + k), (note, 762.0)]
        lines = [PageLine((), 72, top, 300, top + 10, 10, False, 0) for _, top in texts]
        return [ReadLine(t, k, 792, line, scanned=True) for (t, _), line in zip(texts, lines, strict=True)]

    feet = [
        "Orchard Hosting terms Page 1",
        "Orchard Hostlng terms Page 2",
        "0rchard Hosting terms Page 3",
        "Orchard Hosting tenns Page 4",
    ]
    notes = ["learn more: orchard", "team more hooters", "lear more: orchard", "learn more: orchard"]
    pages = [page(k, foot, note) for k, (foot, note) in enumerate(zip(feet, notes, strict=True), 1)]
    assert {place: kind for place, kind in running(pages).items() if kind != "footer"} == {}
    assert sorted(k for _, k in running(pages)) == [1, 1, 1, 1, 2, 2, 2, 2]


def test_page_lists() -> None:
    assert numbers([3]) == "page 3" and numbers([1, 2, 3, 7, 9, 10]) == "pages 1-3, 7, 9-10"


def test_fixtures_are_what_the_script_draws(tmp_path: Path) -> None:
    make.make(tmp_path)
    for name in ("running", "table", "columns"):
        assert (tmp_path / f"{name}.pdf").read_bytes() == (FOLDER / f"{name}.pdf").read_bytes()

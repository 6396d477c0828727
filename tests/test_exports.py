"""Comparisons as files: a workbook that opens with filters and frozen panes, text that stays text, links to the page."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from compare_help import portfolio_of
from typer.testing import CliRunner

from risklib.cli import app
from risklib.compare.exports import Sheet, write
from risklib.errors import BadData

EVIL = ['=HYPERLINK("http://x")', "+1", "-1+2", "@SUM(A1)", "\t=1", "<script>alert(1)</script>", "\x07bell"]
FRAME = pd.DataFrame(
    {
        "file": ["a.pdf"] * len(EVIL), "title": EVIL, "money": [1234.5, None, -5.0, 0, 1, 2, 3], "severity": ["high"] * len(EVIL),
        "page": pd.array([2, None, 1, 1, 1, 1, 1], dtype="Int64"), "bbox": [[[1, 2, 3, 4, 5]]] * len(EVIL), "contract_id": ["x"] * len(EVIL),
    }
)  # fmt: skip


@pytest.fixture
def pdfs(tmp_path: Path) -> Path:
    (tmp_path / "pdfs").mkdir()
    (tmp_path / "pdfs" / "a.pdf").write_bytes(b"%PDF-1.4")
    return tmp_path / "pdfs"


def test_the_workbook_has_filters_frozen_panes_formats_and_links(tmp_path: Path, pdfs: Path) -> None:
    path = write(
        [Sheet("Deviations", FRAME, currency="EUR")], tmp_path / "x.xlsx", title="T", lines=["said"], pdfs=pdfs
    )
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Summary", "Deviations"]
    sheet = book["Deviations"]
    assert sheet.freeze_panes == "C2"
    assert sheet.auto_filter.ref == "A1:E8"
    heads = [c.value for c in sheet[1]]
    assert heads == ["file", "title", "money (EUR a year)", "severity", "page"]
    assert sheet["C2"].number_format.startswith("#,##0")
    assert sheet["C3"].value is None  # unknown is an empty cell, not 0
    link = sheet["E2"].hyperlink
    assert (
        path.parent / link.target.replace("\\", "/")
    ).resolve() == pdfs / "a.pdf"  # as Excel writes it, from the file
    assert link.location == "page=2"
    assert book["Summary"]["A3"].value == "said"


def test_no_text_becomes_a_formula(tmp_path: Path) -> None:
    path = write([Sheet("S", FRAME)], tmp_path / "x.xlsx", title="=1+1", lines=EVIL)
    book = openpyxl.load_workbook(path)
    cells = [c for sheet in book for row in sheet for c in row if c.value is not None]
    assert not [c.coordinate for c in cells if c.data_type == "f"]
    assert EVIL[0] in {c.value for c in cells}
    write([Sheet("S", FRAME)], tmp_path / "x.csv", title="T")
    text = pd.read_csv(tmp_path / "x_s.csv", dtype=str)["title"]
    assert not text.str.match(r"[=+@\t-]").any()


def test_html_is_inert_and_says_unknown_by_nothing(tmp_path: Path, pdfs: Path) -> None:
    page = write([Sheet("S", FRAME, currency="EUR")], tmp_path / "x.html", title="<b>", pdfs=pdfs).read_text(
        encoding="utf-8"
    )
    assert "<script>" not in page
    assert "<b>" not in page.split("</style>")[1]
    assert ">nan<" not in page
    assert "a.pdf#page=2" in page
    assert "http://" not in page.replace("http://x", "")


def test_a_cell_has_its_sentence_and_page_behind_it(tmp_path: Path, pdfs: Path) -> None:
    frame = pd.DataFrame({"term": ["Cap"], "Acme": ["12 months' fees"], "id": ["cap"]})
    behind = {"cap|Acme": {"file": "a.pdf", "page": 2, "number": "9.1", "text": "Liability is <b>limited</b>."}}
    sheets = [Sheet("Side by side", frame, behind=behind, marks={"cap|Acme": "best"})]
    book = openpyxl.load_workbook(write(sheets, tmp_path / "x.xlsx", title="T", pdfs=pdfs))
    cell = book["Side by side"]["B2"]
    assert (cell.value, cell.hyperlink.location) == ("12 months' fees", "page=2")
    assert cell.comment.text == "9.1, page 2: Liability is <b>limited</b>."
    page = write(sheets, tmp_path / "x.html", title="T", pdfs=pdfs).read_text(encoding="utf-8")
    assert 'title="9.1, page 2: Liability is &lt;b&gt;limited&lt;/b&gt;."' in page
    assert 'href="pdfs/a.pdf#page=2"' in page


def test_another_format_says_what_is_allowed(tmp_path: Path) -> None:
    with pytest.raises(BadData, match=r"\.xlsx, \.html, \.csv"):
        write([], tmp_path / "x.pdf", title="T")


# ---------------------------------------------------------------- the command

TERMS = {
    "good.pdf": [
        ("9.1", "liability_cap", "provider", {"fee_months": 24, "effect": "limit"}),
        ("5", "late_payment", "customer", {"percent": 4, "per": "year"}),
    ],
    "harsh.pdf": [
        ("9.1", "liability_cap", "provider", {"fee_months": 2, "effect": "limit"}),
        ("5", "late_payment", "customer", {"percent": 3, "per": "month"}),
    ],
}


@pytest.fixture(scope="module")
def tables(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("tables")
    portfolio_of(TERMS).save(folder)
    return str(folder)


def run(*arguments: str):
    return CliRunner().invoke(app, ["compare", *arguments])


def test_compare_on_the_terminal_and_as_json(tables: str) -> None:
    shown = run("good", "harsh", "--tables", tables)
    assert shown.exit_code == 0, shown.output
    assert "good vendor costs the customer least" in " ".join(shown.output.split())
    found = json.loads(run("good", "harsh", "--tables", tables, "--json").output)
    assert {"terms", "cells", "burden", "money", "deviations", "negotiation", "symmetry", "matrix", "market"} <= set(
        found
    )
    assert found["terms"][0]["differs"] is True


@pytest.mark.parametrize("ending", [".xlsx", ".html", ".csv"])
def test_compare_writes_files(tables: str, tmp_path: Path, ending: str) -> None:
    done = run("good", "harsh", "--tables", tables, "--out", str(tmp_path / f"x{ending}"))
    assert done.exit_code == 0, done.output
    made = sorted(p.name for p in tmp_path.iterdir())
    assert ("x_side_by_side.csv" in made) if ending == ".csv" else (made == [f"x{ending}"])


def test_drafts_need_exactly_two(tables: str) -> None:
    two = run("good", "harsh", "--drafts", "--tables", tables)
    assert two.exit_code == 0, two.output
    assert isinstance(run("good", "--drafts", "--tables", tables).exception, BadData)


def test_the_portfolio_has_the_same_as_methods() -> None:
    p = portfolio_of(TERMS)
    assert set(p.compare(["good", "harsh"]).names) == {"good vendor", "harsh vendor"}
    assert set(p.gaps(["harsh"])["finding"]) <= {"missing", "worse", "unknown"}
    assert list(p.negotiation(["harsh"])["rank"])[:1] == [1]

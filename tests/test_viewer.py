"""The evidence viewer: the marks stand on the words, buttons do what they say, nothing from a contract is markup."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pandas as pd
import pytest
from drawn import CLAUSES, agreement
from PIL import Image

from risklib.errors import BadData
from risklib.pipeline import analyze
from risklib.portfolio import Portfolio

pytest.importorskip("anywidget", reason="install the extra `notebooks`")
from risklib.viewer import Viewer
from risklib.viewer.heat_map import evidence, in_picked, linked_map

SCAN = Path(__file__).resolve().parents[1] / "data" / "agreements" / "atlas_support_scan.pdf"


@pytest.fixture(scope="module")
def analysed(tmp_path_factory: pytest.TempPathFactory) -> Portfolio:
    folder = tmp_path_factory.mktemp("viewer")
    long = (*CLAUSES, *(f"5.{k} Customer shall keep record number {k} for seven (7) years." for k in range(1, 40)))
    return analyze(agreement(folder / "alder.pdf", long), trials=100, workers=1, as_of="2026-11-01")


@pytest.fixture
def viewer(analysed: Portfolio, tmp_path: Path) -> Viewer:
    return Viewer(analysed, "alder", by="Ann", file=tmp_path / "review.jsonl")


def index(viewer: Viewer, words: str, table: str = "responsibilities") -> int:
    return next(k for k, f in enumerate(viewer.findings) if words in f["text"] and f["table"] == table)


def test_each_finding_is_there_in_the_order_of_the_text(viewer: Viewer, analysed: Portfolio) -> None:
    assert len(viewer.findings) == len(analysed.responsibilities) + len(analysed.provisions)
    pages = [f["page"] for f in viewer.findings]
    assert pages == sorted(pages)
    assert max(pages) > 1


def test_next_brings_its_page_with_ink_below_the_marks(viewer: Viewer) -> None:
    for k in (0, index(viewer, "number 39")):
        viewer.at = k
        assert viewer.page["number"] == viewer.findings[k]["page"]
        picture = Image.open(io.BytesIO(base64.b64decode(viewer.page["uri"].split(",")[1]))).convert("L")
        for x, y, w, h in viewer.page["marks"]:
            a, b, c, d = (v * s / 100 for v, s in zip((x, y, x + w, y + h), (*picture.size, *picture.size)))
            assert picture.crop((int(a), int(b), int(c) + 1, int(d) + 1)).getextrema()[0] < 110


def test_jumps_lead_from_a_duty_to_the_clause_it_names(viewer: Viewer) -> None:
    viewer.at = index(viewer, "breaches Section 2.1", "provisions")
    jump = next(j for j in viewer.findings[viewer.at]["jumps"] if j["name"].startswith("2.1"))
    viewer.told({"do": "jump", "clause": jump["clause"]})
    assert viewer.page["title"].startswith("2.1")
    assert viewer.page["marks"]


def test_pages_turn_and_stop_at_the_end(viewer: Viewer) -> None:
    viewer.told({"do": "page", "number": 2})
    assert viewer.page["number"] == 2
    viewer.told({"do": "page", "number": 99})
    assert viewer.page["uri"] == ""


def test_what_people_say_is_saved_shown_and_undone(viewer: Viewer, analysed: Portfolio, tmp_path: Path) -> None:
    viewer.at = k = index(viewer, "taxes on the fees")
    viewer.told({"do": "reject", "by": "Ann", "note": "not ours"})
    assert viewer.message == "saved in review.jsonl"
    assert [viewer.findings[k][x] for x in ("review", "by", "note")] == ["rejected", "Ann", "not ours"]
    assert len(analysed.reviewed(tmp_path / "review.jsonl").responsibilities) == len(analysed.responsibilities) - 1
    viewer.told({"do": "undo", "by": "Ann"})
    assert viewer.findings[k]["review"] == ""
    viewer.told({"do": "correct", "by": "Ann", "to": {"party": "both"}})
    assert (viewer.findings[k]["review"], viewer.findings[k]["party"]) == ("corrected", "both")
    before = len(viewer.findings)
    words = "This Agreement is governed by the laws of Ireland."
    viewer.told({"do": "add", "by": "Ann", "words": words, "label": "legal_compliance.laws", "party": "customer"})
    assert len(viewer.findings) == before + 1
    viewer.told({"do": "accept", "by": ""})
    assert "say who decides" in viewer.message


def test_faults_name_what_is_missing(analysed: Portfolio, tmp_path: Path) -> None:
    saved = Portfolio.load(analysed.save(tmp_path / "tables"))
    with pytest.raises(BadData, match="say where it is"):
        Viewer(saved, "alder", by="Ann")


@pytest.mark.slow
def test_scanned_pages_are_marked_too(tmp_path: Path) -> None:
    portfolio = analyze(SCAN, trials=100, workers=1, as_of="2026-11-01", timeout=300)
    if portfolio.contracts["status"].iloc[0] != "ok":
        pytest.skip("no OCR is installed: the scanned sample was not read")
    shown = Viewer(portfolio, "atlas", by="Ann", file=tmp_path / "review.jsonl")
    assert shown.page["marks"]
    assert all(0 <= v <= 100 for mark in shown.page["marks"] for v in mark)


# ---------------------------------------------------------------- the map


def cells() -> pd.DataFrame:
    row = {"column": "a.pdf", "row": "Payment", "text": "pay", "deadline": None, "clarity": 0.5, "page": 1}
    return pd.DataFrame(
        [row, {**row, "row": "Law"}, {**row, "column": "b.pdf", "text": "<img src=x onerror=alert(1)> $1 and $2"}]
    )


def test_picked_cells_filter_and_none_is_all() -> None:
    assert len(in_picked(cells(), [])) == 3
    (one,) = in_picked(cells(), [{"row": "Law", "column": "a.pdf"}]).to_dict("records")
    assert one["row"] == "Law"
    assert len(in_picked(cells(), [{"row": "Law", "column": "a.pdf"}, {"row": "Payment", "column": "b.pdf"}])) == 2


def test_the_table_is_escaped() -> None:
    text = evidence(cells())
    assert "&lt;img" in text
    assert "<img" not in text
    assert "mathjax_ignore" in text


def test_a_pick_in_the_chart_reaches_the_table(analysed: Portfolio) -> None:
    box = linked_map(analysed)
    chart, table = box.children
    before = table.value
    found = analysed.responsibilities.query("party != 'provider'").iloc[0]
    row = str(found["category"]).replace("_", " ")
    chart._vl_selections = {"cell": {"value": {"vlPoint": {"or": [{"row": row, "column": "alder.pdf"}]}}, "store": []}}
    assert table.value != before
    ours = analysed.responsibilities.query("party != 'provider' and category == @found.category")
    assert f"<p>{len(ours)} responsibilities" in table.value

"""The sample agreements: sources without faults, every label of the playbook covered, PDFs and answers as the sources say."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import json
import re
import sys
from pathlib import Path

import pypdfium2
import pytest

DATA = Path(__file__).resolve().parents[1] / "data"
sys.path.insert(0, str(DATA))

import make_samples as ms  # noqa: E402

SOURCES = {p.stem: ms.read_source(p) for p in sorted(ms.SOURCES.glob("*.md"))}
TEXTUAL = [n for n, s in SOURCES.items() if not s.meta["layout"].get("scanned")]


def pages_of(pdf: Path) -> list[str]:
    document = pypdfium2.PdfDocument(pdf)
    return [page.get_textpage().get_text_range() for page in document]


def letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text.replace("\ufffe", "")).lower()


def stored(name: str) -> dict:
    return json.loads((ms.ANSWERS / f"{name}.json").read_text(encoding="utf-8"))


def test_enough_agreements_of_all_kinds():
    layouts = [s.meta["layout"] for s in SOURCES.values()]
    assert len(SOURCES) >= 12
    assert any(x.get("columns") == 2 for x in layouts)
    assert any(x.get("scanned") for x in layouts)


@pytest.mark.parametrize("name", SOURCES)
def test_annotations_are_well_formed(name):
    assert ms.faults_of(SOURCES[name], *ms.known_ids()) == []


def test_every_label_stands_twice_and_in_two_agreements():
    wanted = set.union(*ms.known_ids()) - {"other.other"}
    thin = {i: c for i, c in ms.coverage(list(SOURCES.values()), wanted).items() if min(c) < 2}
    assert thin == {}


@pytest.mark.parametrize("name", SOURCES)
def test_making_them_again_changes_nothing(name, tmp_path):
    """Compared as text, since a newer reportlab may write other bytes; a scan is redrawn without its pictures."""
    source = ms.read_source(ms.SOURCES / f"{name}.md")
    source.meta["layout"]["scanned"] = False
    pdf = ms.make(source, tmp_path, tmp_path)
    again, kept = json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8")), stored(name)
    assert {**again, "sha256": ""} == {**kept, "sha256": ""}
    if name in TEXTUAL:
        assert pages_of(pdf) == pages_of(ms.PDFS / kept["file"])


@pytest.mark.parametrize("name", SOURCES)
def test_answers_belong_to_the_pdf(name):
    pdf = ms.PDFS / SOURCES[name].meta["file"]
    assert stored(name)["sha256"] == hashlib.sha256(pdf.read_bytes()).hexdigest()
    short = SOURCES[name].meta["title"] in ("Order Form", "Amendment No. 1")
    assert len(pypdfium2.PdfDocument(pdf)) in range(1 if short else 4, 26)
    assert pdf.stat().st_size < 2_000_000


@pytest.mark.parametrize("name", TEXTUAL)
def test_each_unit_begins_on_its_page(name):
    pages = [letters(p) for p in pages_of(ms.PDFS / SOURCES[name].meta["file"])]
    for unit in stored(name)["units"]:
        first_words = letters("".join(unit["text"].split()[:2]))
        assert first_words in pages[unit["page"] - 1], unit["text"]


def test_scans_hold_no_text():
    for name in set(SOURCES) - set(TEXTUAL):
        assert "".join(pages_of(ms.PDFS / SOURCES[name].meta["file"])).strip() == ""


def test_deal_facts_name_every_agreement():
    with (DATA / "portfolio.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert sorted(r["file"] for r in rows) == sorted(s.meta["file"] for s in SOURCES.values())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One duty. Another duty.", ["One duty.", "Another duty."]),
        ("1. The fee is due.", ["1. The fee is due."]),
        ("Section 4.1. The fee is due. It is low.", ["Section 4.1. The fee is due.", "It is low."]),
        ("1.3 **Late fees.** They grow. Pay.", ["1.3 **Late fees.** They grow.", "Pay."]),
        (
            "Acme Inc. Holdings pays (see No. 4). “Fees” are sums.",
            ["Acme Inc. Holdings pays (see No. 4).", "“Fees” are sums."],
        ),
        ("Open from 8 a.m. Central time. Call us.", ["Open from 8 a.m. Central time.", "Call us."]),
        ("Subject to Section 9.3. The cap holds.", ["Subject to Section 9.3.", "The cap holds."]),
        ("It costs 1.5% per month! “Why?” Because.", ["It costs 1.5% per month!", "“Why?”", "Because."]),
    ],
)
def test_sentences(text, expected):
    assert [s.strip() for s in ms.sentences(text)] == expected


def test_labels_hang_on_the_sentence_before_them():
    units: list[ms.Unit] = []
    raw = 'Pay now. [[r customer obligation a.b deadline="now"]] [[p late customer percent=1.5 per=month]] Rest. More [[]] text.'
    drawn = ms.add_units(raw, 7, "x.md:7", units, prefix="(a)")
    assert drawn == "Pay\x010\x02 now. Rest.\x011\x02 More\x012\x02 text.\x013\x02"
    assert [u.text for u in units] == ["(a) Pay now.", "Rest.", "More", "text."]
    assert units[0].resp == [{"id": "a.b", "party": "customer", "mod": "obligation", "deadline": "now"}]
    assert units[0].prov == [{"id": "late", "party": "customer", "values": {"percent": 1.5, "per": "month"}}]
    assert not any(u.resp or u.prov for u in units[1:])


@pytest.mark.parametrize(
    "note", ["r customer obligation", "r nobody obligation a.b", "x a b", 'p cap "', "r customer duty a.b"]
)
def test_a_bad_annotation_says_where_and_what_is_allowed(note):
    with pytest.raises(ms.SourceError, match=r"src\.md:3: .*allowed"):
        ms.read_note(note, "src.md:3")


@pytest.mark.parametrize(
    ("values", "faults"),
    [
        ({"percent": 1.5, "per": "month"}, 0),
        ({"percent": "1.5%"}, 1),
        ({"amount": 5}, 1),
        ({"amount": 5, "currency": "EUR", "comparator": "greater", "alternatives": [{"fee_months": 12}]}, 0),
        ({"per": "week", "notice": 3, "alternatives": [{"x": 1}]}, 3),
    ],
)
def test_values_are_checked(values, faults):
    assert len(ms.value_faults(values)) == faults


def test_a_page_is_learned_from_the_drawing():
    text = "Word " * 1500
    blocks = [
        ms.Block("para", f"Begin.\x010\x02 {text} End.\x011\x02"),
        ms.Block("pagebreak"),
        ms.Block("h2", "Next\x012\x02"),
    ]
    meta = {"title": "t", "customer": {"name": "C"}, "provider": {"name": "P"}, "layout": {"footer": "{page}/{pages}"}}
    data, pages = ms.render(blocks, meta)
    assert pages == {0: 1, 1: 2, 2: 3}
    assert ms.render([dataclasses.replace(b) for b in blocks], meta)[0] == data

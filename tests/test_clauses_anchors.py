"""Anchors: found again in another reading and in a changed version; gone when deleted; doubts said."""

from __future__ import annotations

from pathlib import Path

import pdfplumber
import pytest
from drawn import agreement
from hypothesis import given, settings
from hypothesis import strategies as st
from test_clauses import document_from_text

from risklib.clauses import Located, anchor, locate, read_agreement
from risklib.pdf import read
from risklib.records import Document, Line, Page, Word

BASE = """
1. Payment

1.1 Customer shall pay every undisputed invoice within thirty days after it has arrived.

1.2 Overdue sums bear interest of one percent a month until the day of payment.

2. Security

2.1 Customer shall keep its pass-words secret and shall tell Provider at once of any stolen device.

2.2 Provider shall copy the production data each night to a second site in another town.

3. General

3.1 Notices are given in writing to the addresses above.

Schedule 1

1. Notices are given in writing to the addresses above.
"""
SECRET = "Customer shall keep its pass-words secret and shall tell Provider at once of any stolen device."


def place(source: str, quote: str, to: str) -> tuple[str, Located | None]:
    """The words now at the place of ``quote`` of ``source`` in ``to``, and what locate says."""
    before = read_agreement(document_from_text(source))
    at = before.document.text.index(quote)
    after = document_from_text(to)
    found = locate(anchor(before, at, at + len(quote)), after)
    return (after.quote(found.start, found.end) if found else "", found)


@pytest.mark.parametrize(
    ("change", "words", "conflict"),
    [
        (("pass-words secret and", "pass-\nwords  secret\nand"), None, None),  # other lines, another hyphen
        (("pass-words", "passwords"), None, None),
        (("2. Security", "2. Security\n\n2.0 A new first clause on badges for the building."), None, None),
        (("tell Provider at once", "promptly tell Provider"), "promptly tell Provider", None),
        (("shall tell", "may tell"), "may tell", "shall became may"),
        (("shall keep", "shall not keep"), "shall not keep", "nothing became not"),
        (("stolen device.", "stolen device, unless it holds no data."), "stolen device,", "goes on: unless it holds"),
    ],
    ids=str,
)
def test_rereadings_and_rewordings(change: tuple[str, str], words: str | None, conflict: str | None) -> None:
    text, found = place(BASE, SECRET, BASE.replace(*change))
    assert found is not None
    assert text.startswith("Customer shall")
    assert (words or "stolen device.") in text
    assert (found.conflict or "") == "" if conflict is None else conflict in str(found.conflict)
    assert (found.score == 1.0) == (words is None or words == "stolen device,")


def test_a_clause_that_moved_is_found_where_it_is_now() -> None:
    moved = BASE.replace(f"2.1 {SECRET}\n\n", "") + f"\n\n9.9 {SECRET}\n"
    text, found = place(BASE, SECRET, moved)
    assert (text, found and found.conflict) == (SECRET, None)


@pytest.mark.parametrize(
    "quote",
    [SECRET, "Provider shall copy the production data each night to a second site in another town."],
)
def test_deleted_sentences_are_gone(quote: str) -> None:
    assert place(BASE, quote, BASE.replace(quote, "Reserved.")) == ("", None)


def test_equal_sentences_are_told_apart_by_what_stands_around_or_named() -> None:
    twice = "Notices are given in writing to the addresses above."
    before = read_agreement(document_from_text(BASE))
    second = before.document.text.rindex(twice)
    mark = anchor(before, second, second + len(twice))
    assert (mark.copy, mark.copies) == (2, 2)
    found = locate(mark, before.document)
    assert found == Located(second, second + len(twice), 1.0, None)
    thrice = document_from_text(f"{twice}\n\nA word.\n\n{twice}\n\nA word.\n\n{twice}")
    assert "stand in 3 places" in str((locate(mark, thrice) or found).conflict)


def test_anchors_survive_another_reader(tmp_path: Path) -> None:
    """pdfplumber's words of the same page, joined in its way, with the lines it sees."""
    path = agreement(tmp_path / "a.pdf")
    ours = read_agreement(read(path, ocr=False))
    text, words, lines = "", [], []
    with pdfplumber.open(path) as pdf:
        for n, page in enumerate(pdf.pages, 1):
            for row in page.extract_text_lines():
                start = len(text)
                text += row["text"].replace(" ", "  ") + " \n\n"
                lines.append(Line(start, len(text) - 3, n, 0, 0, 1, 1, 0.0, False, False))
                words.append(Word(row["text"], n, 0, 0, 1, 1, start, len(text) - 3))
    theirs = Document("0" * 64, "a.pdf", text, (Page(1, 600, 900, "text", 1.0),), tuple(words), tuple(lines))
    sentences = [s for s in ours.sentences if s.kind == "sentence"]
    assert len(sentences) > 9
    for s in sentences:
        found = locate(anchor(ours, s.start, s.end), theirs)
        assert found is not None
        assert found.conflict is None
        assert " ".join(theirs.quote(found.start, found.end).split()) == s.text


def test_an_anchor_needs_words() -> None:
    document = read_agreement(document_from_text(BASE))
    with pytest.raises(ValueError, match="no words between 3 and 3"):
        anchor(document, 3, 3)


WORDS = st.lists(
    st.sampled_from(
        ["alpha", "beta", "gamma", "delta", "shall", "pay", "the", "fee", "at", "once", "never", "30", "days"]
    ),
    min_size=1,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=6), st.data())
def test_every_place_is_found_in_its_own_text(paragraphs: list[list[str]], data: st.DataObject) -> None:
    source = read_agreement(document_from_text("\n\n".join(" ".join(p) + "." for p in paragraphs)))
    word = st.integers(0, len(source.document.words) - 1)
    a, b = sorted((data.draw(word), data.draw(word)))
    start, end = source.document.words[a].start, source.document.words[b].end
    found = locate(anchor(source, start, end), source.document)
    assert found is not None
    assert found[:3] == (start, end, 1.0)
    assert locate(anchor(source, start, end), document_from_text("Quite other matters.")) is None

"""Clause tree, sentences and read_agreement on documents laid out from plain text."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risklib.clauses import read_agreement
from risklib.clauses.dates import effective_date, parse_date
from risklib.clauses.numbers import letter, parse_label, roman
from risklib.clauses.splitting import split_items, split_sentences
from risklib.records import Document, Line, Page, Word


def document_from_text(source: str, *, width: int = 90) -> Document:
    """A one-column document: every source line one printed line; a blank line starts a paragraph; "**" sets a line bold."""
    text, lines, words, fresh = "", [], [], True
    top = 40.0
    for raw in source.strip("\n").split("\n"):
        if not raw.strip():
            fresh, top = True, top + 8
            continue
        bold = raw.strip().startswith("**")
        content = " ".join(raw.replace("**", "").split())
        x0 = 50.0 + 5 * (len(raw) - len(raw.lstrip()))
        start = len(text)
        for token in content.split():
            at = len(text)
            text += token + " "
            x = x0 + 5.0 * (at - start)
            words.append(Word(token, 1, x, top, x + 5.0 * len(token), top + 10, at, at + len(token)))
        text = text[:-1] + "\n"
        end = len(text) - 1
        lines.append(Line(start, end, 1, x0, top, x0 + 5.0 * (end - start), top + 10, 10.0, bold, fresh))
        fresh, top = False, top + 12
    return Document("0" * 64, "x.pdf", text, (Page(1, 600, 9000, "text", 1.0),), tuple(words), tuple(lines))


def outline(source: str) -> list[tuple[str, str, int]]:
    return [(c.number, c.heading, c.level) for c in read_agreement(document_from_text(source)).clauses]


@pytest.mark.parametrize(
    ("text", "printed", "styles"),
    [
        ("4.2 Late Fees. If", "4.2", {"d2"}),
        ("4.2. You pay", "4.2", {"d2"}),
        ("1. DEFINITIONS", "1", {"d1"}),
        ("ARTICLE IV", "ARTICLE IV", {"article"}),
        ("Article 4. Title", "Article 4", {"article"}),
        ("Section 4.2 Payment", "4.2", {"d2"}),
        ("(i) first", "(i)", {"(i)", "(a)"}),
        ("a) first", "(a)", {"(a)"}),
        ("IV. SCOPE", "IV", {"I."}),
        ("Exhibit B: Service Levels", "Exhibit B", {"exhibit"}),
        ("7.1(a) The", "7.1(a)", {"mixed"}),
        ("4.0 PAYMENT", "4.0", {"d1"}),
        ("2019. The year", None, set()),
        ("1.5% per month", None, set()),
        ("Section 4(a) of the", None, set()),
        ("A Delaware corporation", None, set()),
        ("(SaaS) means", None, set()),
        ("U.S. dollars", None, set()),
        ("Exhibit OF the", None, set()),
    ],
)
def test_labels(text: str, printed: str | None, styles: set[str]) -> None:
    label = parse_label(text)
    assert (label.printed if label else None) == printed
    assert {r.style for r in label.readings} == styles if label else not styles


@pytest.mark.parametrize(
    ("word", "value"), [("iv", 4), ("IX", 9), ("xiv", 14), ("XL", 40), ("xxxix", 39), ("VIX", 9), ("ic", None)]
)
def test_roman_numbers(word: str, value: int | None) -> None:
    assert roman(word) == value


def test_letters() -> None:
    assert [letter(x) for x in ("a", "z", "aa", "ab", "3")] == [1, 26, 27, None, None]


DECIMAL = """
Master Services Terms

1. Services

1.1 Access. Provider shall give Customer access to the platform during the term.

1.2 Support. Provider shall answer requests within the hours that Section
4.2 above sets out, and as clause 2 says.

2. Fees

2.1 Customer shall pay every invoice within
30 days. Fees are stated in euro.

2.2 Customer shall not:

(a) withhold any undisputed sum; or

(b) set off any claim.

3. Term. This agreement runs for one year.
"""


def test_decimal_tree_with_run_in_headings_and_items() -> None:
    assert outline(DECIMAL) == [
        ("", "", 1),
        ("1", "Services", 1),
        ("1.1", "Access", 2),
        ("1.2", "Support", 2),
        ("2", "Fees", 1),
        ("2.1", "", 2),
        ("2.2", "", 2),
        ("2.2(a)", "", 3),
        ("2.2(b)", "", 3),
        ("3", "Term", 1),
    ]


def test_items_hang_from_their_lead_in() -> None:
    agreement = read_agreement(document_from_text(DECIMAL))
    items = [s for s in agreement.sentences if s.kind == "item"]
    assert [s.text for s in items] == ["withhold any undisputed sum; or", "set off any claim."]
    for item in items:
        assert [agreement.sentences[k].text for k in item.lead_ins] == ["Customer shall not:"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (  # articles, with sections numbered on
            "ARTICLE I\nDEFINITIONS\n\n1.1 Words have their meaning.\n\n1.2 More words.\n\nARTICLE II\nTERM\n\n2.1 It begins today.",
            ["ARTICLE I", "1.1", "1.2", "ARTICLE II", "2.1"],
        ),
        (  # a skipped, a repeated number
            "1. One\n\nText of one.\n\n2. Two\n\nText.\n\n4. Four\n\nText.\n\n4. Four again\n\nText.\n\n5. Five\n\nText.",
            ["1", "2", "4", "4", "5"],
        ),
        (  # (h), (i), (j) are letters; (i), (ii) below are numbers
            "1. List\n\n"
            + "\n\n".join(f"({x}) the item {x}" for x in "abcdefgh")
            + "\n\n(i) the ninth\n\n(j) the tenth:\n\n(i) deep\n\n(ii) deeper",
            ["1", *(f"1({x})" for x in "abcdefghij"), "1(j)(i)", "1(j)(ii)"],
        ),
        (  # recitals before clause 1, an exhibit that counts afresh
            "A. The seller sells.\n\nB. The buyer buys.\n\n1. Sale\n\n1.1 It is sold.\n\n2. Price\n\nExhibit A\n\n1. Levels\n\n1.1 High.",
            ["A", "B", "1", "1.1", "2", "Exhibit A", "Exhibit A 1", "Exhibit A 1.1"],
        ),
        (  # a number alone on its line, a second number on the line
            "1.\nScope\n\nThe scope is wide.\n\n2. (a) First rule of two.\n\n(b) Second rule of two.\n\n3. Last\n\nEnd.",
            ["1", "2", "2(a)", "2(b)", "3"],
        ),
    ],
)
def test_numbering_styles(source: str, expected: list[str]) -> None:
    assert [n for n, _, _ in outline(source) if n] == expected


def test_table_of_contents_is_not_the_tree() -> None:
    heads = ["1. Access", "2. Fees", "3. Data", "4. Term", "5. Notices"]
    toc = "\n".join(f"{h} {k + 2}" for k, h in enumerate(heads))
    body = "\n\n".join(f"{h}\n\nThe parties agree on something about it here." for h in heads)
    assert [n for n, _, _ in outline(f"Contents\n\n{toc}\n\n{body}") if n] == ["1", "2", "3", "4", "5"]


def test_unnumbered_headed_sections() -> None:
    source = "\n\n".join(
        f"**{h}**\n\nYou agree to the rule about {h.lower()} that stands here in full."
        for h in ("Your Account", "Payments", "Ending This Contract")
    )
    assert [h for _, h, _ in outline(source)] == ["Your Account", "Payments", "Ending This Contract"]


def test_clauses_cover_the_text_and_nest() -> None:
    agreement = read_agreement(document_from_text(DECIMAL))
    clauses = agreement.clauses
    assert clauses[0].start == 0
    for before, after in pairwise(clauses):
        assert before.start <= before.body <= before.end <= after.start
        assert not agreement.document.text[before.end : after.start].strip()
    for c in clauses:
        if c.parent_id:
            parent = agreement.clause(c.parent_id)
            assert parent.start < c.start
            assert c.through <= parent.through
            assert c.level == parent.level + 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Acme, Inc. shall pay. The fee is due.", ["Acme, Inc. shall pay.", "The fee is due."]),
        ("See Sec. 4.2. Customer pays.", ["See Sec. 4.2.", "Customer pays."]),
        ("Use e.g. Linux or No. 5 of it. Done.", ["Use e.g. Linux or No. 5 of it.", "Done."]),
        ("The U.S. Government may use it. We agree.", ["The U.S. Government may use it.", "We agree."]),
        ('He said "stop." Then he left.', ['He said "stop."', "Then he left."]),
        ("At 3.5 percent. Next.", ["At 3.5 percent.", "Next."]),
        ("Is it due? Yes! Pay.", ["Is it due?", "Yes!", "Pay."]),
        ("See https://example.com/a.b?c=1. More follows.", ["See https://example.com/a.b?c=1.", "More follows."]),
        ("As in Exhibit A. The rest stays.", ["As in Exhibit A.", "The rest stays."]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert [text[a:b] for a, b in split_sentences(text)] == expected


@pytest.mark.parametrize(
    ("text", "depths"),
    [
        (
            "Customer will: (i) keep its passwords secret at all times; (ii) pay each invoice when due; and (iii) obey the law everywhere.",
            [0, 1, 1, 1],
        ),
        ("It ends if (a) a party breaches and does not cure it or (b) a party becomes insolvent.", [0, 1, 1]),
        ("Use it for (i) testing, and (ii) training.", [0]),
        ("As stated in Section 4(a) and (b) it ends.", [0]),
        (
            "It may be (a) sold to others by (i) the owner of it, or (ii) an heir of the owner, or (b) given away to any friend.",
            [0, 1, 2, 2, 1],
        ),
    ],
)
def test_inline_lists(text: str, depths: list[int]) -> None:
    assert [p.depth for p in split_items(text, 0, len(text))] == depths


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="ab1.(i) ;:\n“”AIV%-ﬁ§", max_size=300))
def test_any_text_gives_an_agreement_whose_sentences_lie_in_their_clauses(source: str) -> None:
    agreement = read_agreement(document_from_text(source))
    text = agreement.document.text
    for s in agreement.sentences:
        clause = agreement.clause(s.clause_id)
        assert clause.start <= s.start < s.end <= clause.end
        assert s.text == text[s.start : s.end].replace("\n", " ")
        assert all(k < len(agreement.sentences) for k in s.lead_ins)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("as of January 5, 2021", date(2021, 1, 5)),
        ("the 1 st day of May 2006", date(2006, 5, 1)),
        ("17th day of October, 2007", date(2007, 10, 17)),
        ("30 October 2025", date(2025, 10, 30)),
        ("2024-02-29", date(2024, 2, 29)),
        ("11/4/10", date(2010, 11, 4)),
        ("31 February 2020", None),
        ("no date at all", None),
    ],
)
def test_dates(text: str, expected: date | None) -> None:
    assert parse_date(text) == expected


REFERRING = """
Data Terms

Effective Date: March 3, 2022

1. Meaning

"Record" means any row. The buyer ("Buyer") keeps it under Section 2.1(b) and our Privacy Policy.

2. Care

2.1 The keeper shall:

(a) lock the room; and

(b) keep the key as Exhibit A says, and as https://example.com/keys explains.

Exhibit A

1. Keys are kept as this Exhibit says.
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('THIS AGREEMENT, dated May 2, 2019 (the "Effective Date"), amends that certain lease dated June 1, 2010.', date(2019, 5, 2)),
        ("This Agreement amends the Services Agreement dated June 1, 2010 and is made this 3rd day of April, 2018.", date(2018, 4, 3)),
        ('1. "Effective Date" means 9 March 2021. This Agreement is signed on 12 March 2021.', date(2021, 3, 9)),
        ("This Agreement runs until December 31, 2024.", None),
        ("Last updated: October 30, 2025. Welcome to the service.", date(2025, 10, 30)),
        ("This Agreement is made on the ____ day of March, 2018 by the parties.", None),
        ("Agreement made as of the 6t h day of March, 2006 between the parties.", date(2006, 3, 6)),
    ],
)  # fmt: skip
def test_effective_dates(text: str, expected: date | None) -> None:
    assert effective_date(Document("", "", text, (), (), ())) == expected


def test_references_definitions_title_and_date() -> None:
    agreement = read_agreement(document_from_text(REFERRING))
    targets = {
        r.text: (agreement.clause(r.target).number if r.target else None, r.external) for r in agreement.references
    }
    assert targets["Section 2.1(b)"] == ("2.1(b)", False)
    assert targets["Exhibit A"] == ("Exhibit A", False)
    assert targets["this Exhibit"] == ("Exhibit A", False)
    assert targets["Privacy Policy"] == (None, True)
    assert targets["https://example.com/keys"] == (None, True)
    assert {d.term for d in agreement.definitions} == {"Record", "Buyer"}
    assert agreement.title == "Data Terms"
    assert agreement.effective_date == date(2022, 3, 3)


RUN_IN = """
ARTICLE I

FEES

Invoices. Vendor shall send an invoice each month by post.

Late Fees. Overdue sums bear interest at one percent a month.

Disputes. Client shall tell Vendor of a dispute within ten days.

1.4 Taxes. Client bears the taxes on the fees that it pays.

ARTICLE II

TERM

Initial Term. This agreement runs for three years from its date.

Walter Ames Inc. The company of this name signs below.
"""


def test_run_in_headings_without_numbers_are_clauses_where_they_are_a_habit() -> None:
    assert [(n, h) for n, h, level in outline(RUN_IN) if level == 2] == [
        ("", "Invoices"), ("", "Late Fees"), ("", "Disputes"), ("1.4", "Taxes"), ("", "Initial Term"),
    ]  # fmt: skip
    few = RUN_IN.replace("Disputes. ", "").replace("Late Fees. ", "")
    assert [n for n, _, level in outline(few) if level == 2] == ["1.4"]


def test_a_list_of_exhibits_and_a_filing_number_on_top_hold_no_clauses() -> None:
    body = "1. Fees\n\nThe fees.\n\n2. Term\n\nThe term.\n\n3. Law\n\nThe law.\n\nExhibit A\n\nRates of all kinds."
    top = "SALES AGREEMENT\n\nbetween two\n\nwho sign\n\nPapers\n\n**Exhibit A\nRates\n\n**Exhibit B\nPlaces\n\n"
    filed = "SALES AGREEMENT\n\nof 2019\n\nbetween two\n\nwho sign\n\non\n\npaper\n\n**Exhibit 10.43\n\n"
    for head in (top, filed):
        assert [n for n, _, level in outline(head + body) if n and level == 1] == ["1", "2", "3", "Exhibit A"]


def test_an_initial_above_an_office_is_a_signature() -> None:
    text = "A. One party sells.\n\nB. One buys.\n\n1. Fees\n\nText.\n\n2. Term\n\nText.\n\nC. Walter Ames\nPresident"
    assert [n for n, _, _ in outline(text) if n] == ["A", "B", "1", "2"]


def test_a_number_glued_to_its_heading() -> None:
    text = "SECTION 1TERM\n\n1.1 It begins when both have signed.\n\nSECTION 2 FEES\n\n2.1 They are due when billed."
    assert [(n, h) for n, h, _ in outline(text) if n] == [
        ("SECTION 1", "TERM"), ("1.1", ""), ("SECTION 2", "FEES"), ("2.1", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "heading"),
    [
        ("1.1 Audit; Records. Vendor keeps books of all it bills under this paper.", "Audit; Records"),
        ("1.1 NOTICES; LAW.\n\nEach notice is given in writing to the address on the last page.", "NOTICES; LAW"),
        ("1.1 the goods; and carriage. Vendor sends both to the yard that Buyer names for it.", ""),
        (
            "1.1 Response time\n\nVendor answers each call that reaches its desk on the day it was made.",
            "Response time",
        ),
        ("1.1 In the event that\n\nVendor does not answer a call, Buyer may turn to another workshop.", ""),
    ],
)
def test_headings_of_two_things_and_headings_in_small_letters(text: str, heading: str) -> None:
    found = outline(f"1. SERVICE\n\n{text}\n\n1.2 Vendor sends a bill for each month.\n\n2. END\n\n2.1 It ends in May.")
    assert {n: h for n, h, _ in found}["1.1"] == heading


def test_references_to_parts_of_exhibits_and_what_only_looks_like_one() -> None:
    text = (
        "1. FEES\n\n1.1 Fees are as Section 2 of Exhibit A says.\n\n1.2 The rules of FAR Section 227.7202 apply.\n\n"
        "1.3 Under Section 1.1, M&T pays.\n\n2. END\n\n2.1 It ends in May.\n\nTABLE OF FEES\nSCHEDULE\n1. Rates\n\n"
        "**Exhibit A\nRates\n\n1. The first rate is low.\n\n2. The second rate is high."
    )
    agreement = read_agreement(document_from_text(text))
    found = {r.text: agreement.clause(r.target).number for r in agreement.references if r.target}
    assert found == {"Section 2": "Exhibit A 2", "Exhibit A": "Exhibit A", "Section 1.1": "1.1"}

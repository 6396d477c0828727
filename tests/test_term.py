"""How long an agreement runs, from its own words."""

from __future__ import annotations

from datetime import date

import pytest
from test_clauses import document_from_text

from risklib.clauses import read_agreement
from risklib.records import Agreement

PARTIES = """MASTER SUPPLY AGREEMENT

This Master Supply Agreement is made as of May 1, 2025 (the "Effective Date") between Orla Freight plc ("Buyer") and
Tern Systems Ltd ("Vendor").

1. Payment. Buyer shall pay each invoice within thirty (30) days of receipt.

2. Confidentiality. Each party keeps the other's secrets during the term of this Agreement and for three (3) years
thereafter.
"""


def read(clauses: str) -> Agreement:
    return read_agreement(document_from_text(f"{PARTIES}\n{clauses}\n"))


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("3. Term. The term of this Agreement is two (2) years from the Effective Date.",
         (24, date(2027, 4, 30), False, None, None)),
        ("3. Term. This Agreement starts on 1 July 2025 and continues for a period of 18 months.",
         (18, date(2026, 12, 31), False, None, None)),
        ("3. Duration. This Agreement shall remain in force until 30 September 2028 unless ended earlier under clause 9.",
         (None, date(2028, 9, 30), False, None, None)),
        ("3. Term. This Agreement takes effect on the Effective Date and shall run until the third anniversary of the "
         "Effective Date (the \"Initial Term\").", (36, date(2028, 4, 30), False, None, None)),
        ("3. Term. The initial term shall be five (5) years following the date on which Vendor delivers the first pallet.",
         (60, None, False, None, None)),
        ("3. Term. This Agreement continues in force until terminated under clause 9.", (None, None, True, None, None)),
        ("3. Term. The initial term of this Agreement is one year. It then renews automatically for successive periods "
         "of six (6) months unless either party gives ninety (90) days' notice.", (12, date(2026, 4, 30), False, 6, "automatically")),
        ("3. Term. The initial term of this Agreement is three (3) years. Thereafter it shall be renewed on a "
         "year-to-year basis.", (36, date(2028, 4, 30), False, 12, "automatically")),
        ("3. Term. The initial term of this Agreement is one (1) year. The parties may extend it by written agreement for "
         "a further period of two (2) years.", (12, date(2026, 4, 30), False, 24, "by agreement")),
        ("3. Term. This Agreement shall begin on the Effective Date and end on the earlier of:\n"
         "(a) 31 March 2027; and\n(b) the day on which the last pallet has been delivered.",
         (None, date(2027, 3, 31), False, None, None)),
        ("3. Notices. Either party may end this Agreement upon sixty (60) days' prior written notice.", None),
        ("3. Warranty. Vendor warrants the goods for a period of two (2) years from delivery.", None),
    ],
)  # fmt: skip
def test_terms(clause: str, expected: tuple[object, ...] | None) -> None:
    t = read(clause).term
    assert (t and (t.months, t.ends, t.open, t.renewal_months, t.renews)) == expected


def test_the_sentence_is_the_evidence() -> None:
    agreement = read("3. Term. The term of this Agreement is 24 months. It may be renewed by agreement.")
    t = agreement.term
    assert t is not None
    assert t.renewal is not None
    assert agreement.clause(t.clause_id).number == "3"
    assert agreement.document.quote(t.start, t.end) == "The term of this Agreement is 24 months."
    assert agreement.document.quote(*t.renewal) == "It may be renewed by agreement."

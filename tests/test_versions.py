"""Two drafts: which sentences belong together, whether their terms differ, and what that is worth."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from version_edits import edited, portfolio

from risklib.compare import versions
from risklib.compare.alignment import Unit, align
from risklib.compare.drafts import different
from risklib.compare.reading import Row
from risklib.compare.rules import rules_of
from risklib.playbook import load_playbook

WORDS = rules_of(load_playbook()).drafts
NAMES = {"customer": "thecustomer", "provider": "theprovider", "client": "thecustomer"}


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        # wording only
        ("If Customer is late, Provider may shift the plan.", "Provider may shift the plan if Customer is late.", ()),
        (
            "Customer shall count and shall report the meters.",
            "Customer shall count the meters. Customer shall report the meters.",
            (),
        ),
        ("Customer shall pay within thirty (30) days.", "The Customer will pay within 30 days.", ()),
        ("Customer shall notify Provider promptly.", "Client must inform Provider without undue delay.", ()),
        ("4.2 Fees are due as Section 4.1 provides.", "5.2 Fees are due as Section 5.1 provides.", ()),
        ("Interest of one percent (1%) per month is due.", "Interest of 1% each month is due.", ()),
        ("ORDERS MAY NOT BE CANCELLED BEFORE THEIR END.", "No order may be cancelled before its end.", ()),
        ("If a fee is late, Provider may suspend access.", "Provider may suspend access if a fee is late.", ()),
        # another number, unit or rate
        (
            "Customer shall pay within thirty (30) days.",
            "Customer shall pay within forty-five (45) days.",
            ("numbers",),
        ),
        ("Customer shall pay within thirty days.", "Customer shall pay within thirty months.", ("numbers",)),
        ("Interest of 1% a month is due.", "Interest of 1% a year is due.", ("numbers",)),
        ("A charge of EUR 500 is due.", "A charge of USD 500 is due.", ("numbers",)),
        ("limited to twelve months' fees", "limited to twenty-four months' fees", ("numbers",)),
        # another party, duty, limit
        ("Customer shall bear the cost.", "Provider shall bear the cost.", ("who",)),
        ("Customer shall rotate keys.", "Each party shall rotate keys.", ("who",)),
        (
            "Provider shall be excused and shall have no liability.",
            "Provider may be excused and shall have no liability.",
            ("must, may or limits",),
        ),
        ("Customer shall keep records.", "Customer may keep records.", ("must, may or limits",)),
        ("Customer may assign it.", "Customer may not assign it.", ("must, may or limits",)),
        ("limited to the greater of both sums", "limited to the lesser of both sums", ("must, may or limits",)),
        ("at least 3 users", "at most 3 users", ("must, may or limits",)),
        # something more or less
        ("Liable for fraud, secrecy and payment.", "Liable for fraud and payment.", ("words dropped",)),
        ("Customer shall pay invoices.", "Customer shall pay invoices by name.", ("words added",)),
        # one word in place of another: a word of weight, its opposite, a name
        ("Customer shall pay invoices.", "Customer shall pay undisputed invoices.", ("words of weight", "words added")),
        ("Provider will refund the balance.", "Provider will credit the balance.", ("words of weight",)),
        ("Provider gives a non-exclusive right.", "Provider gives an exclusive right.", ("words of weight",)),
        ("Fees are nonrefundable.", "Fees are refundable.", ("words of weight",)),
        ("The courts of Denver decide.", "The courts of Boston decide.", ("names",)),
        ("Any such assignment is null and void.", "Such an assignment is void.", ()),
        ("Customer shall perform its duties hereunder.", "Customer shall perform its duties under this Agreement.", ()),
        ("Provider shall assist the auditor.", "Provider shall give assistance to the auditor.", ()),
    ],
)
def test_terms_against_wording(before: str, after: str, what: tuple[str, ...]) -> None:
    assert different(before, after, WORDS, NAMES) == what


@given(
    st.sampled_from(
        ["Customer shall pay 30 days after receipt.", "Provider may not suspend it.", "Fees rise by 3% a year."]
    ),
    st.sampled_from([str.upper, str.lower, lambda s: "  ".join(s.split()), lambda s: f"9.{len(s)} {s}"]),
)
@settings(max_examples=30, deadline=None)
def test_case_spaces_and_numbering_are_no_terms(text: str, change) -> None:
    assert different(text, change(text), WORDS, NAMES) == ()


@given(st.integers(1, 999), st.integers(1, 999))
@settings(max_examples=60, deadline=None)
def test_every_other_number_is_another_term(a: int, b: int) -> None:
    found = different(f"Customer shall pay within {a} days.", f"Customer shall pay within {b} days.", WORDS, NAMES)
    assert found == (() if a == b else ("numbers",))


def unit(text: str) -> Unit:
    return Unit(Row("x", "c1", "1", text, 1, 0, 1, ()), text, tuple(WORDS.tokens(text, NAMES)))


A = "Customer shall keep its passwords secret at all times."
B = "Provider shall make a backup of the data every night."
C = "Interest of two percent a month is due on late sums."
D = "Customer shall train its staff, and Customer shall report every fault of the platform to the service desk."


def test_moved_split_merged_added_dropped() -> None:
    halves = (
        "Customer shall train its staff.",
        "Customer shall report every fault of the platform to the service desk.",
    )
    assert {(p.before, p.after) for p in align([*map(unit, (A, B, C))], [*map(unit, (C, A))])} == {
        ((0,), (1,)),
        ((2,), (0,)),
        ((1,), ()),
    }
    assert {(p.before, p.after) for p in align([unit(A), unit(D)], [unit(A), *map(unit, halves)])} == {
        ((0,), (0,)),
        ((1,), (1, 2)),
    }
    assert {(p.before, p.after) for p in align([*map(unit, halves), unit(A)], [unit(D), unit(A)])} == {
        ((0, 1), (0,)),
        ((2,), (1,)),
    }
    assert {(p.before, p.after) for p in align([], [unit(A)])} == {((), (0,))}


@given(st.permutations([A, B, C, D]), st.permutations([A, B, C, D]))
@settings(max_examples=40, deadline=None)
def test_every_sentence_is_aligned_once(before: list[str], after: list[str]) -> None:
    pairs = align([*map(unit, before)], [*map(unit, after)])
    assert sorted(i for p in pairs for i in p.before) == sorted(j for p in pairs for j in p.after) == [0, 1, 2, 3]
    assert all(before[p.before[0]] == after[p.after[0]] for p in pairs)


# ---------------------------------------------------------------- whole agreements, edited

SAMPLE = "aurora_voice_2026"


@cache
def drafts() -> tuple:
    made = [e for kind, n in (("term", 6), ("wording", 4)) for seed in range(n) if (e := edited(SAMPLE, kind, seed))]
    whole = portfolio({"first.pdf": made[0][0]} | {f"draft{i}.pdf": after for i, (_, after, _) in enumerate(made)})
    return whole, [edit for *_, edit in made]


@pytest.mark.slow
def test_term_changes_are_found_and_wording_is_no_change() -> None:
    whole, edits = drafts()
    assert {e.kind for e in edits} == {"term", "wording"}
    for i, edit in enumerate(edits):
        v = versions(whole, "first.pdf", f"draft{i}.pdf")
        assert (len(v.changes) > 0) == (edit.kind == "term"), edit
        moves = v.changes["exposure_change"].fillna(0) != 0
        assert (moves != v.changes["why_no_money"].notna()).all(), edit  # money, or why there is none


@pytest.mark.slow
def test_a_draft_beside_itself_differs_in_nothing_and_back_is_the_opposite() -> None:
    whole, edits = drafts()
    assert versions(whole, "first.pdf", "first.pdf").changes.empty
    number = next(i for i, e in enumerate(edits) if e.how == "other_number")
    there, back = (
        versions(whole, *pair) for pair in (("first.pdf", f"draft{number}.pdf"), (f"draft{number}.pdf", "first.pdf"))
    )
    assert list(there.money["change"].fillna(0)) == [-x for x in back.money["change"].fillna(0)]

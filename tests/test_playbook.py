"""The playbook: the phrase language by table, faults with file and line, the shipped playbook against its own examples."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risklib.errors import BadData
from risklib.playbook import (
    PROVISION,
    Phrase,
    PhraseBook,
    Playbook,
    check_playbook,
    compile_phrase,
    default_folder,
    load_playbook,
    satisfies,
    with_roles,
)
from risklib.playbook.phrases import Macro

MACROS = {
    "must": Macro(("shall", "agrees to"), unless_before=("not",)),
    "duty": Macro(("responsible for",), (), ("not",)),
}


VALUE_KEYS = {
    *("amount", "currency", "percent", "per", "fee_months", "fee_multiple", "notice_days", "cure_days", "grace_days"),
    *("term_months", "threshold_percent", "duration_days", "duration_months", "availability_percent", "times_per_year"),
    *("jurisdiction", "effect", "comparator", "alternatives", "fee_basis", "cap_period", "covers", "pierces"),
    *("legal_maximum", "reference"),
}


@pytest.fixture(scope="module")
def playbook() -> Playbook:
    return load_playbook()


# ---------------------------------------------------------------- the phrase language


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("pay fees", "shall pay fees on time", "pay fees"),
        ("pay fees", "shall PAY Fees on time", "PAY Fees"),
        ("pay fees", "shall prepay fees", None),
        ("pay fees", "pay feest", None),
        ("pay* fees", "by paying fees", "paying fees"),
        ("pay ... fees", "pay all the agreed fees", "pay all the agreed fees"),
        ("pay ... fees", "pay one two three four five six fees", "pay one two three four five six fees"),
        ("pay ... fees", "pay one two three four five six seven fees", None),
        ("pay ...... fees", "pay one two three four five six seven fees", "pay one two three four five six seven fees"),
        ("pay ... fees", "pay. The fees", None),
        ("pay ... fees", "pay; the fees", None),
        ("within thirty days", "within thirty (30) days", "within thirty (30) days"),
        ("not ... resell", "not: (b) resell the Service", "not: (b) resell"),
        ("not resell", "not: (ii) resell", "not: (ii) resell"),
        ("(return|destroy all) copies", "destroy all copies", "destroy all copies"),
        ("non-refundable", "nonrefundable", "nonrefundable"),
        ("non-refundable", "non refundable", "non refundable"),
        ("provider's fees", "the provider’s fees", "provider’s fees"),
        ("<customer> <must> pay", "CUSTOMER shall pay", "CUSTOMER shall pay"),
        ("<customer> <must> pay", "CUSTOMER agrees to pay", "CUSTOMER agrees to pay"),
        ("<customer> <must> pay", "customer shall pay", None),
        ("<customer> <must> ... pay", "CUSTOMER shall not pay", None),
        ("<customer> data", "CUSTOMER's data", "CUSTOMER's data"),
        ("<party> <must> pay", "BOTH shall pay", "BOTH shall pay"),
        ("(<must>|will) pay", "will pay", "will pay"),
        ("<duty> loss", "is responsible for loss", "responsible for loss"),
        ("<duty> loss", "is not responsible for loss", None),
        ("as is", "this has issues", None),
        ("fee of 1.5", "a fee of 1.5 percent", "fee of 1.5"),
    ],
)
def test_phrases_match(phrase: str, text: str, found: str | None) -> None:
    hits = PhraseBook([("x", Phrase(phrase))], MACROS).match(text)
    assert [text[h.start : h.end] for h in hits] == ([] if found is None else [found])


@pytest.mark.parametrize(
    ("phrase", "message"),
    [
        ("", "empty"),
        ("... pay", "between two words"),
        ("pay ...", "between two words"),
        ("pay (a|)", "none of them empty"),
        ("pay (a)", "two or more alternatives"),
        ("<custumer> pays", "unknown <custumer>"),
        ("pay* ed]", "cannot read 'ed]'"),
        ("un*ed access", "cannot read 'un*ed access'"),
        ("(a b|c ... d) e", "'...' is no word"),
    ],
)
def test_faulty_phrases_say_what_is_wrong(phrase: str, message: str) -> None:
    with pytest.raises(ValueError) as e:
        compile_phrase(phrase, MACROS)
    assert message in str(e.value)


WORDS = ["pay", "the", "fees", "CUSTOMER", "shall", "shall.", "(a)", "İ", "not;", "resell", "—", "’s"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=14))
def test_hits_lie_in_the_text_and_the_prefilter_loses_none(words: list[str]) -> None:
    text = " ".join(words)
    phrases = ["pay ... fees", "<customer> shall", "(not|the) resell", "fee*", "<must> ... pay"]
    together = PhraseBook([(p, Phrase(p)) for p in phrases], MACROS).match(text)
    alone = [h for p in phrases for h in PhraseBook([(p, Phrase(p))], MACROS).match(text)]
    assert sorted(together) == sorted(alone)
    assert all(0 <= h.start < h.end <= len(text) and text[h.start : h.end].strip() for h in together)


@pytest.mark.parametrize(
    ("text", "roles", "expected"),
    [
        ("The Customer shall pay Provider.", None, "CUSTOMER shall pay PROVIDER."),
        ("You owe us nothing; Licensee's copies", None, "CUSTOMER owe PROVIDER nothing; CUSTOMER's copies"),
        ("Each party shall tell the other; neither party may assign.", None,
         "BOTH shall tell the other; neither BOTH may assign."),
        ("Acme pays Client.", {"customer": ["acme"], "provider": ["client"]}, "CUSTOMER pays PROVIDER."),
        ("sub-licensee", None, "sub-licensee"),
    ],
)  # fmt: skip
def test_with_roles(text: str, roles: dict[str, list[str]] | None, expected: str) -> None:
    assert with_roles(text, roles) == expected


# ---------------------------------------------------------------- faults in the files

BASELINE = "term,figure,value,unit,grade,source,date"
ENTRY = """
- id: fees
  title: Fees
  definition: Pay.
  phrases: [pay fees]
  examples:
    match: [Customer shall pay fees.]
"""


def copy(tmp_path: Path) -> Path:
    folder = tmp_path / "playbook"
    shutil.copytree(default_folder(), folder)
    return folder


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("provisions.yaml", ENTRY.replace("title:", "titel:"), ["provisions.yaml:3", "'titel'", "did you mean 'title'"]),
        ("provisions.yaml", ENTRY + ENTRY, ["provisions.yaml:9", "'fees' is already taken at provisions.yaml:2"]),
        ("provisions.yaml", ENTRY.replace("[pay fees]", "[pay ...]"), ["provisions.yaml:5", "pay ..."]),
        ("provisions.yaml", ENTRY.replace("[pay fees]", "pay"), ["provisions.yaml:5", "expected a list", "'pay'"]),
        ("provisions.yaml", ENTRY.replace("[Customer shall pay fees.]", "[{text: Pay., also: [fes]}]"),
         ["provisions.yaml:7", "unknown id 'fes'", "did you mean 'fees'"]),
        ("provisions.yaml", ENTRY.replace("[Customer shall pay fees.]", "[{text: Pay., party: buyer}]"),
         ["provisions.yaml:7", "unknown party 'buyer'", "customer, provider, both"]),
        ("provisions.yaml", ENTRY.replace("[Customer shall pay fees.]", "[A.]\n    not: [{text: B., is: [fees]}]"),
         ["provisions.yaml:8", "'not' example of 'fees'"]),
        ("provisions.yaml", "- id: x\n   title: [", ["provisions.yaml:2", "not valid YAML"]),
        ("provisions.yaml", "", ["provisions.yaml:1", "empty"]),
        ("roles.yaml", "- {word: x, role: customer, weight: 3}", ["roles.yaml:1", "out of range"]),
        ("roles.yaml", "- {word: x, role: customer, role: provider, weight: 1}", ["roles.yaml:1", "twice"]),
        ("vague.yaml", "- {word: soon, mark: whence, ask: a, propose: b}", ["vague.yaml:1", "'whence'", "how_well"]),
        ("words.yaml", "must: {any: [shall, 'a|b']}", ["words.yaml:1", "<must>", "'a|b'"]),
        ("positions.yaml", "- {id: a, provision: lability_cap}", ["positions.yaml:1", "missing party"]),
        ("baseline.csv", "term,figure\n", ["baseline.csv:1", "grade"]),
        ("baseline.csv", f"{BASELINE}\na,b,x,d,A,f,g\n", ["baseline.csv:2", "'x' is no number"]),
        ("baseline.csv", f"{BASELINE}\na,b,1,d,A\n", ["baseline.csv:2", "7 cells"]),
    ],
)  # fmt: skip
def test_faults_name_file_line_and_fix(tmp_path: Path, file: str, content: str, says: list[str]) -> None:
    folder = copy(tmp_path)
    for name in ("responsibilities.yaml", "provisions.yaml", "positions.yaml"):  # which refer to each other
        (folder / name).write_text("[]", encoding="utf-8")
    (folder / file).write_text(content, encoding="utf-8")
    with pytest.raises(BadData) as e:
        load_playbook(folder)
    assert all(s in str(e.value) for s in says), str(e.value)


def test_a_missing_file_and_a_missing_folder_are_named(tmp_path: Path) -> None:
    folder = copy(tmp_path)
    (folder / "vague.yaml").unlink()
    with pytest.raises(BadData, match=r"vague\.yaml"):
        load_playbook(folder)
    with pytest.raises(BadData, match="no such playbook folder"):
        load_playbook(tmp_path / "nowhere")


# ---------------------------------------------------------------- the shipped playbook


def test_the_shipped_playbook_has_no_findings(playbook: Playbook) -> None:
    assert [str(f) for f in check_playbook(playbook)] == []


def test_every_promised_id_is_defined_with_enough_examples(playbook: Playbook) -> None:
    assert set(playbook.required_ids) == set(playbook.entries)
    assert len(playbook.provisions) == 26
    assert len(playbook.categories) == 18
    thin = {e.id: len(e.examples) for e in playbook.entries.values() if len(e.examples) < 8}
    assert thin == {}


def test_examples_carry_known_values(playbook: Playbook) -> None:
    examples = [x for e in playbook.entries.values() for x in (*e.examples, *e.counterexamples)]
    unknown = {k: x.line for x in examples for k in x.values if k not in VALUE_KEYS}
    assert unknown == {}


def test_the_version_follows_the_content(tmp_path: Path, playbook: Playbook) -> None:
    folder = copy(tmp_path)
    assert load_playbook(folder).version == playbook.version
    with (folder / "vague.yaml").open("a", encoding="utf-8") as handle:
        handle.write("\n# one more line\n")
    assert load_playbook(folder).version != playbook.version


def test_check_finds_what_was_broken(tmp_path: Path) -> None:
    folder = copy(tmp_path)
    with (folder / "ids.txt").open("a", encoding="utf-8") as handle:
        handle.write("moon_landing\n")
    with (folder / "provisions.yaml").open("a", encoding="utf-8") as handle:
        handle.write(ENTRY.rstrip() + "\n    not: [Client may pay fees early.]\n")
    messages = [str(f) for f in check_playbook(load_playbook(folder))]
    for expected in (
        "'moon_landing' is promised",
        "fees has 1 match examples",
        "'pay fees' of fees fires on its near miss",
    ):
        assert any(expected in m for m in messages), expected


@pytest.mark.parametrize(
    ("test", "values", "verdict"),
    [
        ({"fee_months": {"min": 12}}, {"fee_months": 24}, True),
        ({"fee_months": {"min": 12}}, {"fee_months": 6}, False),
        ({"fee_months": {"min": 12}}, {"amount": 1}, None),
        ({"fee_months": {"min": 12}}, None, None),
        ({"present": True}, None, False),
        ({"present": True}, {}, True),
        ({"present": False}, None, True),
        ({"present": False}, {"amount": 1}, False),
        ({"percent": {"max": 1.0}, "per": {"is": "month"}}, {"percent": 1.5, "per": "month"}, False),
        ({"covers": {"has": "confidential"}}, {"covers": ["breach of Confidentiality", "fraud"]}, True),
        ({"jurisdiction": {"one_of": ["Ireland", "England"]}}, {"jurisdiction": "Republic of Ireland"}, True),
        ({}, {"amount": 1}, True),
    ],
)
def test_positions_are_tests_on_values(test: dict, values: dict | None, verdict: bool | None) -> None:
    assert satisfies(test, values) is verdict


def test_positions_cover_most_provisions_and_grade_consistently(playbook: Playbook) -> None:
    assert len(playbook.positions) >= 25
    assert len({p.provision for p in playbook.positions}) >= 20
    assert {p.provision for p in playbook.positions} <= {e.id for e in playbook.entries.values() if e.kind == PROVISION}


def test_what_a_position_prefers_is_never_what_it_refuses(playbook: Playbook) -> None:
    def least(condition: dict) -> object:
        value = next(iter(condition.values()))
        return value[0] if isinstance(value, list) else value

    for p in playbook.positions:
        absent = p.preferred.get("present") is False
        values = None if absent else {k: least(c) for k, c in p.preferred.items() if k != "present"}
        assert satisfies(p.preferred, values) is True, p.id
        assert not p.walk_away or satisfies(p.walk_away, values) is not True, p.id


def test_vague_words_are_found_with_their_mark(playbook: Playbook) -> None:
    marks = {v.word: v.mark for v in playbook.vague}
    hits = playbook.vague_phrases.match("CUSTOMER shall promptly use reasonable efforts from time to time")
    assert {(h.entry_id, marks[h.entry_id]) for h in hits} >= {
        ("promptly", "when"),
        ("reasonable efforts", "how_well"),
        ("from time to time", "when"),
    }

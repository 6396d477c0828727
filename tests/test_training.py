"""Training: labels from each source reach the sentences they belong to, and corrections are worth what is said."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("sklearn")

from risklib import load_playbook
from risklib.findings.provisions import TERM
from risklib.labels import PREFIX
from risklib.training import Labelled, by_experts, examples, labelled
from risklib.training.fitting import weights_of
from risklib.training.gain import gain, without

EXPERTS = Path(__file__).parents[1] / "data" / "labels" / "experts.csv"
SAMPLES = Path(__file__).parents[1] / "data" / "agreements"
TWO = ("meridian_hosting", "corvus_outsourcing")


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> list[Labelled]:
    answers = tmp_path_factory.mktemp("answers")
    for name in TWO:
        shutil.copy(SAMPLES / "answers" / f"{name}.json", answers)
    return labelled(SAMPLES, answers, load_playbook(), measures=False)


def test_corrections_are_worth_something_to_other_agreements(two: list[Labelled]) -> None:
    """With the playbook's examples alone the classifier finds less than with another agreement's labels."""
    worth = gain([examples(load_playbook())], two)
    assert worth.agreements == 2
    assert worth.sentences == sum(x is not None for d in two for x in d.labels)
    assert 0 < worth.before < worth.after < 1
    assert f"{worth.after:.3f}" in str(worth)


def test_one_agreement_alone_shows_no_gain(two: list[Labelled]) -> None:
    assert "from two agreements on" in str(gain([examples(load_playbook())], two[:1]))


def test_what_people_decide_silences_the_older_label(two: list[Labelled]) -> None:
    at = next(i for i, x in enumerate(two[0].labels) if x)
    decided = replace(two[0], labels=[x if i == at else None for i, x in enumerate(two[0].labels)])
    first, second = without(two, [decided])
    assert [i for i, x in enumerate(first.labels) if x != two[0].labels[i]] == [at]
    assert first.labels[at] is None
    assert second.labels == two[1].labels


def test_experts_teach_their_labels_and_no_other(tmp_path: Path) -> None:
    playbook = load_playbook()
    quote = next(s for s in units_of(TWO[0]) if "For Convenience" in s)
    row = {
        "file": f"{TWO[0]}.pdf",
        "labels": {"Termination For Convenience": {"text": [quote]}, "Parties": {"text": ["x"]}},
    }
    answers = tmp_path / "labels.jsonl"
    answers.write_text(json.dumps(row) + "\n" + json.dumps({**row, "file": "absent.pdf"}) + "\n", encoding="utf-8")
    [doc] = by_experts(SAMPLES, answers, EXPERTS, playbook, {})
    label = TERM + "termination_for_convenience"
    assert [x for x in doc.labels if x] == [frozenset({label})]
    with_answers, alone = weights_of([examples(playbook), doc]), weights_of([examples(playbook)])
    at = next(i for i, x in enumerate(doc.labels) if x)
    assert (
        with_answers.logits(doc.bags)[at, with_answers.column[label]] > alone.logits(doc.bags)[at, alone.column[label]]
    )
    hashed = hashlib.sha256((SAMPLES / row["file"]).read_bytes()).hexdigest()[:PREFIX]
    assert by_experts(SAMPLES, answers, EXPERTS, playbook, {hashed: "labelled by sentence"}) == []


def units_of(name: str) -> list[str]:
    answers = json.loads((SAMPLES / "answers" / f"{name}.json").read_text(encoding="utf-8"))
    return [u["text"] for u in answers["units"]]

"""Labels kept by fingerprint: the same sentence however it is printed, faults named with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from risklib.errors import BadData
from risklib.labels import Label, fingerprint, read_labels
from risklib.playbook import load_playbook

SHIPPED = Path(__file__).parents[1] / "data" / "labels" / "cuad.csv"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Licensee shall pay.", "LICENSEE  shall\npay", True),
        ("(a) Licensee shall pay", "a) Licensee shall pay;", True),
        ("Licensee shall pay 30", "Licensee shall pay 60", False),
        ("Licensee shall pay", "Licensor shall pay", False),
    ],
)
def test_fingerprints(one: str, other: str, same: bool) -> None:
    assert (fingerprint(one) == fingerprint(other)) is same


def test_shipped_labels_are_of_the_taxonomy() -> None:
    labels = [x for sentences in read_labels(SHIPPED).values() for found in sentences.values() for x in found]
    known = load_playbook().entries
    assert len(labels) > 1500
    assert {x.id for x in labels if x.id not in known} <= {"other.other", "provider.service"}
    assert all((x.kind == "!") == ("." not in x.id) for x in labels)


def test_shipped_labels_hold_no_text() -> None:
    for line in SHIPPED.read_text(encoding="utf-8").splitlines()[4:]:
        contract, sentence, _ = line.split(",")
        assert len(contract) == len(sentence) == 16
        int(contract + sentence, 16)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("contract,labels\n", 1, "names the columns"),
        ("contract,sentence,labels\nab,cd\n", 2, "has 2 cells"),
        ("# x\ncontract,sentence,labels\nab,cd,customer?payment\n", 3, "is no label"),
    ],
)
def test_faults(tmp_path: Path, text: str, line: int, says: str) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(text)
    with pytest.raises(BadData, match=says) as e:
        read_labels(path)
    assert e.value.line == line


def test_labels_are_read(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("contract,sentence,labels\nab,cd,customer+a.b both!late_payment\nab,ef,\n")
    assert read_labels(path) == {
        "ab": {"cd": (Label("customer", "+", "a.b"), Label("both", "!", "late_payment")), "ef": ()}
    }

"""The measured precision and recall of each label: counts to words, and the shipped file against the taxonomy."""

from __future__ import annotations

from pathlib import Path

import pytest

from risklib.errors import BadData
from risklib.findings.measured import Measured, load_measured, write_measured
from risklib.playbook import load_playbook


@pytest.mark.parametrize(
    ("right", "wrong", "missed", "says"),
    [
        (30, 10, 10, "recall 75 %, precision 75 % on 40 examples"),
        (15, 0, 0, "recall 100 %, precision 100 % on 15 examples"),
        (10, 0, 4, "too few examples to say (14)"),
        (1, 1, 40, "too few examples to say (41)"),  # two findings tell nothing of precision
        (0, 0, 0, "too few examples to say (0)"),
    ],
)
def test_says(right: int, wrong: int, missed: int, says: str) -> None:
    assert Measured("x", right, wrong, missed).says == says


def test_what_is_written_is_read(tmp_path: Path) -> None:
    figures = {m.label: m for m in (Measured("b", 1, 2, 3), Measured("a.c", 4, 5, 6))}
    write_measured(figures, tmp_path / "measured.csv", "two agreements")
    assert load_measured(tmp_path) == figures


def test_a_playbook_that_nobody_measured(tmp_path: Path) -> None:
    assert load_measured(tmp_path) == {}


@pytest.mark.parametrize(
    ("text", "says"), [("label,hits\n", "its columns are"), ("label,right,wrong,missed\na,1,x,2\n", "whole number")]
)
def test_broken_files_name_the_fault(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "measured.csv").write_text(text)
    with pytest.raises(BadData, match=says):
        load_measured(tmp_path)


def test_the_shipped_figures_speak_of_known_labels() -> None:
    figures, known = load_measured(), load_playbook().entries
    assert len(figures) > 60
    assert [label for label in figures if label not in known] == []
    assert figures["payment_billing.timely_payment"].recall is not None

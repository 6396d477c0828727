"""How well each label is found: figures of `make evaluate` that ship with the model and stand beside the findings."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from risklib.errors import BadData
from risklib.playbook import default_folder

ENOUGH = 15  # labelled sentences below which a share says nothing
_COLUMNS = ["label", "right", "wrong", "missed"]


@dataclass(frozen=True, slots=True)
class Measured:
    """Sentences of labelled agreements that the model had not seen: found rightly, found wrongly, missed."""

    label: str  # "payment_billing.timely_payment" or "late_payment"
    right: int
    wrong: int
    missed: int

    @property
    def labelled(self) -> int:
        return self.right + self.missed

    @property
    def recall(self) -> float | None:
        """Share of the labelled sentences that were found; None where there are too few to say."""
        return self.right / self.labelled if self.labelled >= ENOUGH else None

    @property
    def precision(self) -> float | None:
        """Share of the findings that were right; None where there are too few to say."""
        found = self.right + self.wrong
        return self.right / found if found >= ENOUGH and self.labelled >= ENOUGH else None

    @property
    def says(self) -> str:
        """One phrase to stand beside a finding: "recall 81 %, precision 77 % on 34 examples"."""
        if self.recall is None or self.precision is None:
            return f"too few examples to say ({self.labelled})"
        return f"recall {self.recall:.0%}, precision {self.precision:.0%} on {self.labelled} examples".replace(
            "%", " %"
        )


def load_measured(folder: Path | None = None) -> Mapping[str, Measured]:
    """``measured.csv`` of a playbook folder by label; empty where there is none (a playbook nobody measured)."""
    path = (folder or default_folder()) / "measured.csv"
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as f:
        lines = [line for line in f if not line.startswith("#")]
    reader = csv.DictReader(lines)
    if reader.fieldnames != _COLUMNS:
        raise BadData(str(path), 1, f"its columns are {reader.fieldnames}; it needs {', '.join(_COLUMNS)}")
    try:
        rows = [Measured(r["label"], int(r["right"]), int(r["wrong"]), int(r["missed"])) for r in reader]
    except (TypeError, ValueError) as e:
        raise BadData(str(path), None, f"every count is a whole number ({e}); run `make evaluate` with --record") from e
    return {m.label: m for m in rows}


def write_measured(figures: Mapping[str, Measured], path: Path, remark: str) -> None:
    """Writes ``figures`` sorted by label under one comment line."""
    lines = [f"# {remark}", ",".join(_COLUMNS)]
    lines += [f"{m.label},{m.right},{m.wrong},{m.missed}" for _, m in sorted(figures.items())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")

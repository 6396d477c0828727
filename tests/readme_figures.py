"""README's figures of quality, from tests/evaluation.json: ``make figures`` after ``make evaluate``."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
README, RECORD = ROOT / "README.md", Path(__file__).with_name("evaluation.json")
PART = re.compile(r"(<!-- figures:[^>]*-->\n)(.*?)(<!-- /figures -->)", re.S)
ROWS = (
    ("A duty or prohibition of the customer is found", "customer duty found"),
    ("… with its category (16 and others)", "category"),
    ("… and its exact kind (58 and others)", "responsibility"),
    ("A deadline is found", "deadline"),
    ("A penalty or liability term is found", "provision"),
    ("… for the right party", "provision and party"),
)


def figures() -> str:
    """The text between the markers."""
    f = json.loads(RECORD.read_text(encoding="utf-8"))
    page, boxes = re.findall(r"(?:on page|in boxes) ([\d.]+)", f["evidence"])
    lines = [
        f"`make evaluate` on {f['documents scored']} real software and cloud agreements that were labelled sentence by sentence. Each is scored by a",
        "model whose weights, thresholds and confidence never saw it. The hand-written parts did: phrases, rules for values and parties,",
        "and a few settings were chosen looking at these agreements, so expect less on yours. They are not in this",
        "repository.",
        "",
        "| | precision | recall | F1 |",
        "|---|---:|---:|---:|",
        *(
            f"| {title} | {f[k + ' precision']:.2f} | {f[k + ' recall']:.2f} | {f[k + ' f1']:.2f} |"
            for title, k in ROWS
        ),
        f"| The numbers in a term | {f['values precision']:.2f} | {f['values recall']:.2f} | |",
        "",
        "Precision is the share of what is reported that the labels confirm, recall the share of what the labels hold that is",
        f"reported. The stated `confidence` is off by {f['calibration error'] * 100:.0f} percentage points on average. Of the quoted sentences {float(page):.2%} are found",
        f"word for word on the page they name and {float(boxes):.2%} within their boxes.",
    ]
    return "\n".join(lines) + "\n"


def refreshed(text: str) -> str:
    return PART.sub(lambda m: m.group(1) + figures() + m.group(3), text)


if __name__ == "__main__":
    README.write_text(refreshed(README.read_text(encoding="utf-8")), encoding="utf-8")

"""Labels of sentences whose text may not be shipped: kept by a fingerprint, found again when the PDF is read.

``data/labels/*.csv``: ``contract`` (start of the PDF's SHA-256), ``sentence`` (`fingerprint`), ``labels`` such as
"customer+payment_billing.timely_payment customer!late_payment". A sentence that is cut otherwise today than when it was
labelled is not found, and then teaches nothing, neither way.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from risklib.errors import BadData
from risklib.records import BOTH, CUSTOMER, PROVIDER

_LABEL = re.compile(rf"({CUSTOMER}|{PROVIDER}|{BOTH})([+\-!])([a-z_]+(?:\.[a-z_]+)?)")
_COLUMNS = ["contract", "sentence", "labels"]
PREFIX = 16  # hex digits of the PDF's SHA-256


class Label(NamedTuple):
    party: str  # customer, provider or both
    kind: str  # "+" obligation, "-" prohibition, "!" provision
    id: str


Labels = Mapping[str, Mapping[str, tuple[Label, ...]]]  # start of the contract's hash → fingerprint → labels


def fingerprint(text: str) -> str:
    """16 hex digits over the letters and digits of ``text``: the same however it is spaced, broken or cased."""
    letters = "".join(c for c in text.casefold() if c.isalnum())
    return hashlib.blake2b(letters.encode(), digest_size=8).hexdigest()


def read_labels(path: Path) -> Labels:
    """The labels of one file. Raises BadData with file and line."""
    out: dict[str, dict[str, tuple[Label, ...]]] = {}
    with path.open(encoding="utf-8", newline="") as f:
        lines = [(n, row) for n, row in enumerate(csv.reader(f), start=1) if row and not row[0].startswith("#")]
    if not lines or lines[0][1] != _COLUMNS:
        raise BadData(str(path), 1, f"the first line names the columns {', '.join(_COLUMNS)}")
    for n, row in lines[1:]:
        if len(row) != len(_COLUMNS):
            raise BadData(str(path), n, f"has {len(row)} cells; it needs {len(_COLUMNS)}")
        contract, sentence, words = row
        out.setdefault(contract, {})[sentence] = tuple(_label(word, path, n) for word in words.split())
    return out


def _label(word: str, path: Path, line: int) -> Label:
    m = _LABEL.fullmatch(word)
    if m is None:
        raise BadData(str(path), line, f"{word!r} is no label; write party, then + - or !, then an id of the taxonomy")
    return Label(m[1], m[2], m[3])

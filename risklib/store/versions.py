"""What made a row: for each stage the code, the libraries and the inputs that shape its result, and an id for them.

``read`` → ``structure`` → ``findings`` → ``prices``; each id holds the one before, so that a change runs again what
rests on it and nothing else. Code counts by the text of its modules: nobody has to remember to raise a number.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

READ, STRUCTURE, FINDINGS, PRICES = "read", "structure", "findings", "prices"
FAILURE, RUN = "failure", "run"  # why a file gave nothing; what a run says of a file because of other files
_PACKAGE = Path(__file__).resolve().parents[1]
_CODE = {
    READ: ("records.py", "pdf"),
    STRUCTURE: ("clauses",),
    FINDINGS: ("findings", "playbook", "rows.py", "families/papers.py", "families/precedence.py", "jobs/stages.py"),
    PRICES: ("exposure", "inputs", "rows.py"),
}
_LIBRARIES = {READ: ("pypdfium2", "pdfplumber", "numpy"), FINDINGS: ("numpy", "scipy"), PRICES: ("numpy", "scipy")}


@dataclass(frozen=True, slots=True)
class Version:
    """One way of making one stage's results. ``made_by`` says it for people, ``id`` for the store."""

    stage: str
    made_by: Mapping[str, Any]

    @property
    def id(self) -> str:
        text = json.dumps([self.stage, dict(self.made_by)], sort_keys=True, default=str)
        return hashlib.sha256(text.encode("utf-8")).hexdigest()[:24]


def version_of(stage: str, after: Version | None = None, **inputs: Any) -> Version:
    """The version of ``stage`` that rests on ``after`` and on ``inputs`` (plain data: hashes, names, settings)."""
    made_by: dict[str, Any] = {"risklib": library("risklib"), "code": code(stage), **inputs}
    made_by |= {name: library(name) for name in _LIBRARIES.get(stage, ())}
    return Version(stage, made_by | ({"after": after.id} if after else {}))


@cache
def code(stage: str) -> str:
    """A hash of the modules that make up a stage."""
    digest = hashlib.sha256()
    for name in _CODE.get(stage, ()):
        path = _PACKAGE / name
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(file.relative_to(_PACKAGE).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


@cache
def library(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed as a package"


def digest(*parts: Any) -> str:
    """A short hash of plain data, dates and decimals by their text."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]

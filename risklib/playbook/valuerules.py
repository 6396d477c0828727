"""The rules of ``values.yaml``: which words beside a quantity make it a notice period, a cap or a rate."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import yaml

from risklib.errors import BadData

KEYS = (
    "amount", "percent", "fee_months", "fee_multiple", "notice_days", "cure_days", "grace_days", "term_months",
    "threshold_percent", "duration_days", "duration_months", "availability_percent", "times_per_year", "jurisdiction",
)  # fmt: skip
QUANTITIES = ("duration", "money", "percent", "multiple", "times", "place")
_FIELDS = ("key", "quantity", "near", "before", "after", "not", "within", "most", "least")


class Placed(Protocol):
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


@dataclass(frozen=True, slots=True)
class ValueRule:
    key: str
    quantity: str
    near: re.Pattern[str] | None
    before: re.Pattern[str] | None
    after: re.Pattern[str] | None
    unless: re.Pattern[str] | None
    within: int
    least: float | None
    most: float | None

    def fits(self, q: Placed, text: str) -> int | None:
        """Characters between the quantity and its telling words (0 if the rule names none); None if it does not fit."""
        left, right = text[max(0, q.start - self.within) : q.start], text[q.end : q.end + self.within]
        if self.unless and (self.unless.search(left[-40:]) or self.unless.search(text[q.start : q.end] + right[:40])):
            return None
        distances = [0]
        for pattern, sides in ((self.near, (left, right)), (self.before, (left, "")), (self.after, ("", right))):
            if pattern is None:
                continue
            found = [len(sides[0]) - m.end() for m in pattern.finditer(sides[0])] + [
                m.start() for m in pattern.finditer(sides[1])
            ]
            if not found:
                return None
            distances.append(min(found))
        return max(distances)


def read_value_rules(path: Path) -> Mapping[str, tuple[ValueRule, ...]]:
    """``values.yaml`` → provision id → its rules, in order. Raises BadData naming the provision and what is allowed."""
    raw = _mapping(path)
    return {
        provision: tuple(_rule(r, provision, path) for r in rules)
        for provision, rules in raw.items()
        if isinstance(rules, list)
    }


def read_consequences(path: Path, known: Container[str]) -> Mapping[str, tuple[str, ...]]:
    """``consequences.yaml`` → category → provision ids. Raises BadData on an id that the playbook does not define."""
    out = {}
    for category, ids in _mapping(path).items():
        if not isinstance(ids, list) or any(i not in known for i in ids):
            raise BadData(
                str(path), None, f"{category}: must be a list of provision ids of this playbook; found {ids!r}"
            )
        out[str(category)] = tuple(ids)
    return out


def _mapping(path: Path) -> dict[str, Any]:
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as e:
        line = getattr(getattr(e, "problem_mark", None), "line", None)
        raise BadData(str(path), line + 1 if line is not None else None, f"not readable as YAML: {e}") from e
    if not isinstance(raw, dict):
        raise BadData(str(path), 1, "must be a mapping of ids to lists")
    return raw


def _rule(raw: Any, provision: str, path: Path) -> ValueRule:
    def fail(message: str) -> BadData:
        return BadData(str(path), None, f"{provision}: {message}")

    if not isinstance(raw, dict) or set(raw) - set(_FIELDS) or not {"key", "quantity"} <= set(raw):
        raise fail(f"a rule is a mapping with key and quantity, and any of {', '.join(_FIELDS[2:])}; found {raw!r}")
    if raw["key"] not in KEYS or raw["quantity"] not in QUANTITIES:
        raise fail(f"key must be one of {', '.join(KEYS)} and quantity one of {', '.join(QUANTITIES)}; found {raw!r}")
    patterns = {}
    for name in ("near", "before", "after", "not"):
        try:
            patterns[name] = re.compile(raw[name], re.I) if raw.get(name) else None
        except re.error as e:
            raise fail(f"{name}: {raw[name]!r} is not a regular expression: {e}") from e
    return ValueRule(
        raw["key"], raw["quantity"], patterns["near"], patterns["before"], patterns["after"], patterns["not"],
        int(raw.get("within", 70)), raw.get("least"), raw.get("most"),
    )  # fmt: skip

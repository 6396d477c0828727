"""Playbook positions: what is preferred, accepted and refused of a term, as tests on a provision's values.

A test maps a key of ``values`` to conditions, all of which must hold:
``{fee_months: {min: 12}}``, ``{percent: {max: 1.0}}``, ``{per: {is: month}}``, ``{jurisdiction: {one_of: [England]}}``,
``{covers: {has: confidentiality}}`` (a word within the text or list). The key ``present`` asks whether the agreement
has such a provision at all: ``{present: true}`` or ``{present: false}``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from risklib.playbook.nodes import Item
from risklib.playbook.records import Position
from risklib.records import BOTH, CUSTOMER, PROVIDER

CONDITIONS = ("min", "max", "is", "one_of", "has")
SEVERITIES = ("low", "medium", "high", "critical")
_TESTS = ("preferred", "fallback", "walk_away")
_KEYS = ("id", "provision", "party", "title", *_TESTS, "severity", "owner", "why", "wording")


def satisfies(test: Mapping[str, Any], values: Mapping[str, Any] | None) -> bool | None:
    """Whether a provision's ``values`` (None: no such provision) pass a test; None when they cannot tell."""
    if "present" in test and test["present"] != (values is not None):
        return False
    if values is None:
        return True if set(test) == {"present"} else None
    verdicts = [_holds(c, values.get(key)) for key, c in test.items() if key != "present"]
    if False in verdicts:
        return False
    return None if None in verdicts else True


def _holds(conditions: Mapping[str, Any], value: Any) -> bool | None:
    if value is None:
        return None
    spread = (" ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)).lower()
    checks = {
        "min": lambda want: float(value) >= want,
        "max": lambda want: float(value) <= want,
        "is": lambda want: value == want,
        "one_of": lambda want: any(str(w).lower() in str(value).lower() for w in want),
        "has": lambda want: str(want).lower() in spread,
    }
    return all(checks[name](want) for name, want in conditions.items())


def read_positions(root: Item, provisions: Iterable[str]) -> tuple[Position, ...]:
    """The list of positions.yaml; ``provisions`` are the ids that a position may speak of."""
    provisions = tuple(provisions)
    out: dict[str, Position] = {}
    for item in root.items():
        f = item.mapping(_KEYS, required=_KEYS)
        name = f["id"].text()
        if name in out:
            raise item.fail(f"the position '{name}' stands here twice; rename or merge")
        out[name] = Position(
            id=name,
            provision=f["provision"].choice(provisions, "provision"),
            party=f["party"].choice((CUSTOMER, PROVIDER, BOTH), "party"),
            title=f["title"].text(),
            preferred=_test(f["preferred"]),
            fallback=_test(f["fallback"]),
            walk_away=_test(f["walk_away"]),
            severity=f["severity"].choice(SEVERITIES, "severity"),
            owner=f["owner"].text(),
            why=f["why"].text(),
            wording={k: v.text() for k, v in f["wording"].mapping(("preferred", "fallback"), ("preferred",)).items()},
            file=item.file,
            line=item.line,
        )
    return tuple(out.values())


def _test(item: Item) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, condition in item.pairs().items():
        if key == "present":
            out[key] = condition.choice(("true", "false"), "value of present") == "true"
            continue
        fields = condition.mapping(CONDITIONS)
        if not fields:
            raise condition.fail(f"no condition; allowed: {', '.join(CONDITIONS)}")
        out[key] = {k: v.number() if k in ("min", "max") else v.plain() for k, v in fields.items()}
    return out

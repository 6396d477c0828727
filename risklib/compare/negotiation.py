"""The negotiation sheet: what to ask of a vendor, dearest first, with clause, wording, fallback and what each is
worth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from risklib.compare.money import Till, till
from risklib.compare.positions import FALLBACK, NONE, PREFERRED, Verdict, test_in_words, verdicts
from risklib.compare.reading import NOWHERE, Reading, Tables, rates_of, readings
from risklib.compare.rules import Rules, rules_of
from risklib.compare.units import in_words
from risklib.exposure import Change, changed
from risklib.inputs import Rates
from risklib.playbook import Playbook, load_playbook
from risklib.playbook.positions import SEVERITIES

TEN = 10
COLUMNS = [
    "contract_id", "vendor", "rank", "position", "title", "severity", "standing", "saves", "fallback_saves", "currency",
    "found", "ask", "fallback", "wording", "fallback_wording", "owner", "why", "why_no_money", *NOWHERE,
]  # fmt: skip


def negotiation(
    tables: Tables, names: Iterable[str] | None = None, *, rates: Rates | str | Path | None = None,
    playbook: Playbook | None = None, most: int = TEN,
) -> pd.DataFrame:  # fmt: skip
    """The ``most`` changes worth most in each agreement, one row each.

    Columns: contract_id, vendor, rank, position, title, severity, standing, saves (expected money a year that the
    preferred term saves, alone), fallback_saves, currency, found, ask and fallback (the terms in words), wording and
    fallback_wording (text to propose), owner, why, why_no_money, and the clause (the nearest one where there is
    none). What no figure can be told for comes after, gravest first. Savings of single changes do not add up: two may
    mend the same loss.
    """
    playbook = playbook or load_playbook()
    rules = rules_of(playbook)
    rows: list[dict[str, Any]] = []
    for side in readings(tables, names, rules=rules, rates=rates_of(rates)):
        costs = till(tables, (side,))
        found = [
            _row(side, v, costs, rules) for v in verdicts(side, playbook, rules) if v.standing not in (PREFERRED, NONE)
        ]
        found.sort(key=_worth)
        rows += [{"rank": k, **r} for k, r in enumerate(found[:most], 1)]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    for column in ("saves", "fallback_saves"):
        frame[column] = frame[column].astype("float64")
    return frame


def _worth(row: Mapping[str, Any]) -> tuple[float, int]:
    """Dearest first; then what has no price, gravest first."""
    saves = max(row["saves"] or 0.0, row["fallback_saves"] or 0.0)
    return -saves, -SEVERITIES.index(row["severity"])


def _row(side: Reading, v: Verdict, costs: Till, rules: Rules) -> dict[str, Any]:
    p = v.position
    where = v.row or (v.absence.nearest if v.absence else None)
    saves, why = _saves(side, v, p.preferred, costs, rules)
    fallback = _saves(side, v, p.fallback, costs, rules)[0] if v.standing != FALLBACK else None
    return {
        "contract_id": side.contract_id, "vendor": side.name, "position": p.id, "title": p.title,
        "severity": v.severity,
        "standing": v.standing, "saves": saves, "fallback_saves": fallback, "currency": costs.currency,
        "found": (in_words(v.row.values) or "there, without a number") if v.row else "nothing",
        "ask": test_in_words(p.preferred), "fallback": test_in_words(p.fallback), "wording": p.wording["preferred"],
        "fallback_wording": p.wording.get("fallback"), "owner": p.owner, "why": p.why, "why_no_money": why,
        **(where.evidence if where else NOWHERE),
    }  # fmt: skip


def _saves(
    side: Reading, v: Verdict, test: Mapping[str, Any], costs: Till, rules: Rules
) -> tuple[float | None, str | None]:
    """What an agreement with the term that ``test`` asks for would save a year; or why that cannot be told."""
    change = as_change(v, test, rules.asks.get(v.position.id, ()))
    if change is None:
        return None, "the position asks for words, not for a number"
    cost = costs.difference(side.provisions, changed(side.provisions, change))
    return (None, cost.why) if cost.amount is None else (0.0 - cost.amount, None)


def as_change(v: Verdict, test: Mapping[str, Any], covers: Sequence[str] = ()) -> Change | None:
    """The term that a position's test asks for, as a change of the agreement; None where it names nothing to put."""
    p = v.position
    if test.get("present") is False:
        return Change(p.provision, p.party, None)
    values: dict[str, Any] = {}
    for key, conditions in test.items():
        if key == "present":
            continue
        wanted = next((conditions[c] for c in ("min", "max", "is", "has") if c in conditions), None)
        if wanted is None and "one_of" in conditions:
            wanted = conditions["one_of"][0]
        values[key] = [wanted] if "has" in conditions else wanted
    if not values and v.row is not None:
        return None
    if v.row is None and "covers" not in values and "covers" in p.preferred:
        values["covers"] = [p.preferred["covers"].get("has")]
    if v.row is None and covers:
        values["covers"] = list(covers)
    return Change(p.provision, p.party, values)

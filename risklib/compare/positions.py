"""Agreements against the playbook's positions: what deviates, how badly, who owns it, and what to propose instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from risklib.compare.absence import Absence, Seeker
from risklib.compare.choose import stand
from risklib.compare.reading import NOWHERE, Reading, Row, Tables, readings
from risklib.compare.rules import WORST, Rules, rules_of
from risklib.compare.units import in_words, plain_number, value_of
from risklib.playbook import Playbook, Position, load_playbook, satisfies
from risklib.playbook.positions import SEVERITIES

PREFERRED, FALLBACK, BELOW, WALK_AWAY, MISSING, UNKNOWN, NONE = (
    "preferred", "fallback", "below fallback", "walk away", "missing", "unknown", "not applicable",
)  # fmt: skip
_FINDING = {
    PREFERRED: "better",
    FALLBACK: "worse",
    BELOW: "worse",
    WALK_AWAY: "worse",
    MISSING: "missing",
    UNKNOWN: "unknown",
}


@dataclass(frozen=True)
class Verdict:
    """How one agreement stands to one position."""

    position: Position
    standing: str
    row: Row | None
    absence: Absence | None = None

    @property
    def severity(self) -> str | None:
        """The position's own where it is refused or missing, a step less below the fallback, low where it is
        accepted."""
        if self.standing in (PREFERRED, NONE):
            return None
        if self.standing in (WALK_AWAY, MISSING):
            return self.position.severity
        if self.standing == FALLBACK:
            return SEVERITIES[0]
        return SEVERITIES[max(0, SEVERITIES.index(self.position.severity) - 1)]


def deviations(tables: Tables, names: Iterable[str] | None = None, *, playbook: Playbook | None = None) -> pd.DataFrame:
    """Every position against every agreement, worst first.

    Columns: contract_id, vendor, file, position, title, finding (missing, worse, unknown, better), standing (walk
    away, missing, below fallback, unknown, fallback, preferred), severity, expected, accepted, found, owner, why,
    wording, fallback_wording; for what is missing looked_for, sure (high, medium, low), because and trap (what the
    nearest clause is instead); and the clause, the nearest one where it is missing: clause_id, number, text, page,
    start, end, bbox. Positions that do not apply (no renewal, so no notice against it) are left out.
    """
    playbook = playbook or load_playbook()
    rules = rules_of(playbook)
    rows = [
        _shown(reading, v)
        for reading in readings(tables, names, rules=rules)
        for v in verdicts(reading, playbook, rules)
        if v.standing != NONE
    ]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    rank = {s: i for i, s in enumerate((*reversed(SEVERITIES), None))}
    order = frame["severity"].map(lambda s: rank[s if isinstance(s, str) else None])
    return frame.loc[order.sort_values(kind="stable").index].reset_index(drop=True)


COLUMNS = [
    "contract_id", "vendor", "position", "title", "finding", "standing", "severity", "expected", "accepted",
    "found", "owner", "why", "wording", "fallback_wording", "looked_for", "sure", "because", "trap", *NOWHERE,
]  # fmt: skip


def gaps(tables: Tables, names: Iterable[str] | None = None, *, playbook: Playbook | None = None) -> pd.DataFrame:
    """The table ``gaps``: deviations without those that are as preferred."""
    found = deviations(tables, names, playbook=playbook)
    return found[found["finding"] != "better"].reset_index(drop=True)


def verdicts(reading: Reading, playbook: Playbook, rules: Rules) -> tuple[Verdict, ...]:
    seeker = Seeker(reading, rules, playbook)
    return tuple(verdict(p, seeker) for p in playbook.positions)


def verdict(position: Position, seeker: Seeker) -> Verdict:
    """The standing of the clause that speaks for the position, or the proof that there is none."""
    reading = seeker.reading
    rows = [t for t in reading.of(position.provision, position.party) if seeker.is_it(position, t)]
    effect = _effect(position, seeker.rules)
    key = _key(position)
    speaking = stand(reading, position.provision, position.party, effect=effect, key=key, rows=rows)
    if speaking.row is None:
        return _without(position, seeker)
    every = (speaking.row, *speaking.others)
    judged = [(_judge(position, t, reading, seeker), t) for t in (every if _asks_what_for(position) else every[:1])]
    standing, row = min(judged, key=lambda x: _ORDER.index(x[0]))
    return Verdict(position, standing, row)


_ORDER = (PREFERRED, FALLBACK, UNKNOWN, BELOW, WALK_AWAY)


def _without(position: Position, seeker: Seeker) -> Verdict:
    tests = (position.walk_away, position.preferred, position.fallback)
    refused, preferred, accepted = (satisfies(t, None) if t else None for t in tests)
    if preferred or accepted:
        return Verdict(position, PREFERRED if preferred else FALLBACK, None)
    wanted = refused or preferred is False or accepted is False
    if wanted or _worst_when_absent(position, seeker.rules):
        return Verdict(position, MISSING, None, seeker.absence(position))
    return Verdict(position, NONE, None)


def _judge(position: Position, t: Row, reading: Reading, seeker: Seeker) -> str:
    values = _as_tested(position, t, reading, seeker)
    refused, preferred, accepted = (
        satisfies(test, values) if test else None
        for test in (position.walk_away, position.preferred, position.fallback)
    )
    if preferred:
        return PREFERRED
    if refused:
        return WALK_AWAY
    if accepted:
        return FALLBACK
    if preferred is None and accepted is None:
        return UNKNOWN
    return BELOW if accepted is False else UNKNOWN


def _as_tested(position: Position, t: Row, reading: Reading, seeker: Seeker) -> dict[str, Any]:
    """The provision's values in the units of the position's tests."""
    tests = (position.preferred, position.fallback, position.walk_away)
    values = dict(t.values or {})
    for key in {k for test in tests for k in test if k != "present"}:
        found = value_of(values, key, reading.deal, reading.rates)
        if found is not None:
            values[key] = found
        elif key in ("notice_days", "cure_days") and seeker.at_once(t.text):
            values[key] = 0.0
    if any(test.get("per", {}).get("is") == "month" for test in tests):
        yearly = value_of(t.values, "yearly_percent")
        values |= {"percent": yearly / 12, "per": "month"} if yearly is not None else {"percent": None}
    if "covers" in position.preferred and seeker.rules.about.get(position.id):
        values["covers"] = [*(values.get("covers") or ()), position.preferred["covers"].get("has")]  # about was tested
    return values


def _asks_what_for(position: Position) -> bool:
    return any("covers" in t or set(t) == {"present"} for t in (position.preferred, position.fallback) if t)


def _key(position: Position) -> str | None:
    keys = [
        k for t in (position.preferred, position.fallback, position.walk_away) for k in t if k not in ("present", "per")
    ]
    return keys[0] if keys and keys[0] != "covers" else None


def _effect(position: Position, rules: Rules) -> str | None:
    return next((r.effect for r in rules.terms if r.provision == position.provision and r.effect), None)


def _worst_when_absent(position: Position, rules: Rules) -> bool:
    fit = [r for r in rules.terms if r.provision == position.provision and r.party == position.party]
    return bool(fit) and all(r.absent == WORST for r in fit)


# ---------------------------------------------------------------- rows


def _shown(reading: Reading, v: Verdict) -> dict[str, Any]:
    p, a = v.position, v.absence
    where = v.row or (a.nearest if a else None)
    evidence = where.evidence if where else NOWHERE | {"file": reading.file}
    return {
        "contract_id": reading.contract_id, "vendor": reading.name, "position": p.id,
        "title": p.title, "finding": _FINDING[v.standing], "standing": v.standing, "severity": v.severity,
        "expected": test_in_words(p.preferred), "accepted": test_in_words(p.fallback),
        "found": (in_words(v.row.values) or "there, without a number") if v.row else "nothing",
        "owner": p.owner, "why": p.why, "wording": p.wording["preferred"],
        "fallback_wording": p.wording.get("fallback"),
        "looked_for": a.looked_for if a else None, "sure": a.sure if a else None, "because": a.because if a else None,
        "trap": a.trap if a and a.nearest else None, **evidence,
    }  # fmt: skip


_SIGNS = {"min": "at least ", "max": "at most ", "is": "", "one_of": "one of ", "has": "for "}
_UNITS = {
    "fee_months": " months' fees", "fee_multiple": " × yearly fees", "percent": " %", "term_months": " months",
    "notice_days": " days' notice", "cure_days": " days to cure", "grace_days": " days' grace",
    "duration_days": " days",
    "duration_months": " months", "threshold_percent": " % shortfall", "availability_percent": " % available",
    "times_per_year": " × a year",
}  # fmt: skip


def test_in_words(test: Mapping[str, Any]) -> str:
    """A test as people say it: "at least 24 months' fees", "no such term"."""
    said = []
    for key, conditions in test.items():
        if key == "present":
            said.append("there" if conditions else "no such term")
        elif key == "per":
            said.append(f"a {conditions.get('is', '')}")
        else:
            for sign, want in conditions.items():
                shown = ", ".join(map(str, want)) if isinstance(want, list) else plain_number(want)
                said.append(f"{_SIGNS[sign]}{shown}{_UNITS.get(key, '')}")
    return ", ".join(said).replace(" %, a ", " % a ")

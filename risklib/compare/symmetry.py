"""Who carries what: a matrix of responsibilities by topic, and rights that should be mutual, tested both ways."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from risklib.compare.choose import ABSENT, NUMBER, Stand, stand
from risklib.compare.reading import NOWHERE, Reading, Row, Tables, readings
from risklib.compare.rules import Right, rules_of
from risklib.playbook import Playbook, load_playbook
from risklib.records import BOTH, CUSTOMER, PROVIDER

NOBODY = "nobody"
MUTUAL, UNEQUAL, ONE_SIDED, NEITHER = "mutual", "unequal", "one-sided", "neither"


def matrix(tables: Tables, names: Iterable[str] | None = None, *, playbook: Playbook | None = None) -> pd.DataFrame:
    """Who carries each responsibility: a row a topic of the playbook and a column an agreement.

    Cells: ``customer``, ``provider``, ``both`` (each has a duty of this kind, or one that binds both) or ``nobody``
    (none was found). Columns before: category, responsibility, title. ``carriers`` gives the sentences behind a cell.
    """
    playbook = playbook or load_playbook()
    sides = readings(tables, names, rules=rules_of(playbook))
    rows = [
        {"category": e.category, "responsibility": e.id, "title": e.title, **{s.name: _carrier(s, e.id) for s in sides}}
        for e in playbook.responsibilities
    ]
    return pd.DataFrame(rows, columns=["category", "responsibility", "title", *(s.name for s in sides)])


def carriers(
    tables: Tables, responsibility: str, names: Iterable[str] | None = None, *, playbook: Playbook | None = None
) -> pd.DataFrame:
    """The sentences behind a row of ``matrix``: contract_id, vendor, party and the clause with its place."""
    rows = [
        {"contract_id": s.contract_id, "vendor": s.name, "party": d.party, **d.evidence}
        for s in readings(tables, names, rules=rules_of(playbook or load_playbook()))
        for d in s.duties
        if d.id == responsibility
    ]
    return pd.DataFrame(rows, columns=["contract_id", "vendor", "party", *NOWHERE])


def _carrier(side: Reading, responsibility: str) -> str:
    parties = {d.party for d in side.duties if d.id == responsibility}
    if BOTH in parties or {CUSTOMER, PROVIDER} <= parties:
        return BOTH
    return next(iter(parties), NOBODY)


# ---------------------------------------------------------------- the same right, both ways


def symmetry(tables: Tables, names: Iterable[str] | None = None, *, playbook: Playbook | None = None) -> pd.DataFrame:
    """Every right that should be mutual, both ways, one-sided ones first.

    Columns: contract_id, vendor, right, title, verdict (one-sided, unequal, mutual, neither), favours (customer,
    provider or empty), customer and provider (what the agreement says for each), says (the asymmetry in a sentence),
    and the clause that makes it: clause_id, number, text, page, start, end, bbox.
    """
    rules = rules_of(playbook or load_playbook())
    rows = [_tested(s, r) for s in readings(tables, names, rules=rules) for r in rules.rights]
    frame = pd.DataFrame(
        rows,
        columns=["contract_id", "vendor", "right", "title", "verdict", "favours", CUSTOMER, PROVIDER, "says", *NOWHERE],
    )
    order = frame["verdict"].map([ONE_SIDED, UNEQUAL, MUTUAL, NEITHER].index)
    return frame.loc[order.sort_values(kind="stable").index].reset_index(drop=True)


def _tested(side: Reading, right: Right) -> dict[str, Any]:
    ours, theirs = (stand(side, right.provision, p, effect=right.effect, key=right.key) for p in (CUSTOMER, PROVIDER))
    verdict, favours = _verdict(right, ours, theirs)
    row = _speaks(verdict, favours, right, ours, theirs)
    return {
        "contract_id": side.contract_id, "vendor": side.name, "right": right.id, "title": right.title,
        "verdict": verdict,
        "favours": favours, CUSTOMER: ours.short, PROVIDER: theirs.short, "says": _says(right, verdict, ours, theirs),
        **(row.evidence if row else NOWHERE),
    }  # fmt: skip


def _verdict(right: Right, ours: Stand, theirs: Stand) -> tuple[str, str]:
    """The verdict, and whom it favours."""
    here, there = ours.state != ABSENT, theirs.state != ABSENT
    if not here and not there:
        return NEITHER, ""
    if here != there:
        named = CUSTOMER if here else PROVIDER
        return ONE_SIDED, named if right.named == "profits" else _other(named)
    if ours.state == theirs.state == NUMBER and ours.value != theirs.value:
        return UNEQUAL, _favoured(right, ours.value, theirs.value)
    return MUTUAL, ""


def _favoured(right: Right, ours: Any, theirs: Any) -> str:
    """More of a number that the named party profits from or bears, whichever of the two sides has more."""
    if not isinstance(ours, float) or not isinstance(theirs, float):
        return ""
    more = CUSTOMER if ours > theirs else PROVIDER
    worse_for_named = (right.named == "bears") != (right.more == "worse")
    return _other(more) if worse_for_named else more


def _other(party: str) -> str:
    return PROVIDER if party == CUSTOMER else CUSTOMER


def _speaks(verdict: str, favours: str, right: Right, ours: Stand, theirs: Stand) -> Row | None:
    if verdict == ONE_SIDED:
        return ours.row or theirs.row
    return (theirs.row if favours == PROVIDER else ours.row) or theirs.row


def _says(right: Right, verdict: str, ours: Stand, theirs: Stand) -> str:
    title = right.title[0].lower() + right.title[1:]
    if verdict == NEITHER:
        return f"Neither party: {title}."
    if verdict == MUTUAL:
        return f"Both parties alike: {title} ({ours.short})."
    if verdict == UNEQUAL:
        return f"Not alike: {title}: customer {ours.short}, provider {theirs.short}."
    named = CUSTOMER if ours.row else PROVIDER
    return f"Only the {named}: {title} ({(ours if ours.row else theirs).short})."

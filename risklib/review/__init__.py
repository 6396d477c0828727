"""Review: what people decide about findings, kept in a file of its own and placed anew after every rerun.

A decision accepts, corrects or rejects a finding, or adds one that was missed. It is kept with the words it stands on
(``clauses.anchors``), so that another reading, model or version of the agreement finds it again. What cannot be placed
beyond doubt is never applied silently: it is queued with the reason.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from risklib.clauses.anchors import Anchor, locate
from risklib.errors import BadData
from risklib.labels import fingerprint
from risklib.records import BOTH, CUSTOMER, OBLIGATION, PROHIBITION, PROVIDER, Document

ACCEPT, CORRECT, REJECT, ADD, DROP = "accept", "correct", "reject", "add", "drop"
VERDICTS = (ACCEPT, CORRECT, REJECT, ADD, DROP)
LABEL = {"responsibilities": "responsibility", "provisions": "provision"}  # table → the column that names the kind
CORRECTABLE = {
    "responsibilities": ("responsibility", "party", "modality", "action", "deadline", "trigger"),
    "provisions": ("provision", "party", "values"),
}
FILE = "review.jsonl"
HOLDS, OPEN, CONTESTED = "holds", "open", "contested"
_PARTIES = (CUSTOMER, PROVIDER, BOTH)
_SAME_PLACE = 0.5  # share of the shorter of two places that they must have in common
_ID = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Decision:
    """What one person said of one finding. ``label`` and ``party`` are those of the finding (of the new one, for
    "add"); ``to``: the corrected columns; ``was``: the columns as found, should the analysis lose the finding;
    ``replaces``: the id of a decision that this one puts aside."""

    verdict: str
    table: str  # responsibilities or provisions
    label: str
    party: str
    by: str
    file: str
    contract_id: str
    anchor: Anchor
    to: Mapping[str, Any] = field(default_factory=dict)
    was: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    replaces: str | None = None
    at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    id: str = field(default_factory=lambda: secrets.token_hex(6))

    @property
    def finding(self) -> tuple[str, str, str, str, str, int]:
        """What it speaks of: two decisions with the same are about the same finding."""
        return (
            self.contract_id, self.table, self.label, self.party, fingerprint(self.anchor.quote), self.anchor.copy,
        )  # fmt: skip

    def agrees(self, other: Decision) -> bool:
        return self.verdict == other.verdict and dict(self.to) == dict(other.to)


class Standing(NamedTuple):
    """A decision in force, and the one of somebody else that it contradicts, if any."""

    decision: Decision
    against: Decision | None


class Place(NamedTuple):
    """Where a decision's words stand now. ``why``: what a person must look at; the place is then not trusted."""

    start: int
    end: int
    score: float
    why: str | None


# ---------------------------------------------------------------- the file


def read_decisions(path: Path) -> tuple[Decision, ...]:
    """All decisions in the order they were made; none where there is no file. Raises BadData with file and line."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")  # alone: notes may hold other breaks
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as e:
        why = f"cannot be read ({getattr(e, 'strerror', None) or 'it is not UTF-8'}); give a file that a review wrote"
        raise BadData(str(path), None, why) from None
    return tuple(_decision(line, path, n) for n, line in enumerate(lines, 1) if line.strip())


def append(path: Path, decision: Decision) -> None:
    """Adds one line and never changes another; the file is for its owner alone."""
    check(decision)
    path.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps(asdict(decision), ensure_ascii=False, sort_keys=True) + "\n"
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.fchmod(handle, 0o600)
        size = os.fstat(handle).st_size
        torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"  # a machine went down in the middle of a line
        os.write(handle, (("\n" if torn else "") + line).encode())  # at once: two writers do not mix their lines
        os.fsync(handle)
    finally:
        os.close(handle)


def write_private(path: Path, text: str) -> None:
    """A file for its owner alone: it says what people think of a contract."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as f:
        os.fchmod(handle, 0o600)
        f.write(text)


def check(d: Decision) -> None:
    """Raises BadData where a decision says something that no finding can be."""
    if d.verdict not in VERDICTS:
        raise BadData("review", None, f"{d.verdict!r} is no verdict; it is {', '.join(VERDICTS)}")
    if d.table not in LABEL:
        raise BadData("review", None, f"{d.table!r} holds no findings; it is {' or '.join(LABEL)}")
    if not d.by.strip():
        raise BadData("review", None, "nobody is named; say who decides: by='…'")
    unknown = set(d.to) - set(CORRECTABLE[d.table])
    if unknown:
        can = ", ".join(CORRECTABLE[d.table])
        raise BadData("review", None, f"{', '.join(sorted(unknown))} cannot be corrected; what can: {can}")
    if d.verdict == CORRECT and not d.to:
        raise BadData("review", None, "nothing is corrected; give the right value, such as party='provider'")
    for party in (d.party, d.to.get("party", d.party)):
        if party not in _PARTIES:
            raise BadData("review", None, f"{party!r} is no party; it is {', '.join(_PARTIES)}")
    if d.to.get("modality", OBLIGATION) not in (OBLIGATION, PROHIBITION):
        raise BadData("review", None, f"{d.to['modality']!r} is no modality; it is {OBLIGATION} or {PROHIBITION}")
    if not isinstance(d.to.get("values", {}), Mapping):
        raise BadData("review", None, "values must be a mapping, such as {'percent': 1.5, 'per': 'month'}")


def _decision(line: str, path: Path, n: int) -> Decision:
    try:
        found = json.loads(line)
        decision = Decision(**{**found, "anchor": Anchor(**found["anchor"])})
        check(decision)
        if not _ID.fullmatch(decision.id):
            raise ValueError(decision.id)
    except (ValueError, TypeError, KeyError, BadData) as e:
        why = e.message if isinstance(e, BadData) else "is no decision"
        raise BadData(str(path), n, f"{why}; mend or delete this line, all others are kept") from None
    return decision


# ---------------------------------------------------------------- what holds


def in_force(decisions: Iterable[Decision]) -> tuple[Standing, ...]:
    """The last decision on each finding, with the one of another person that it contradicts and does not name."""
    done = list(decisions)
    gone = {d.replaces for d in done if d.replaces}
    last: dict[tuple[Any, ...], Standing] = {}
    for d in done:
        if d.verdict == DROP or d.id in gone:
            continue
        before = last.pop(d.finding, None)  # popped: the order is that of the last word on each
        old = before.decision if before else None
        last[d.finding] = Standing(d, old if old and old.by != d.by and not old.agrees(d) else None)
    return tuple(last.values())


def place(d: Decision, document: Document) -> Place | None:
    """Where the decision's words stand in ``document``, which may be another reading or version; None: gone."""
    a = d.anchor
    if d.contract_id == document.contract_id and document.quote(a.start, a.end).strip() == a.quote:
        return Place(a.start, a.end, 1.0, None)
    found = locate(a, document)
    return Place(found.start, found.end, found.score, found.conflict) if found else None


def same_place(start: int, end: int, other_start: int, other_end: int) -> bool:
    shared = min(end, other_end) - max(start, other_start)
    return shared > 0 and shared >= _SAME_PLACE * min(end - start, other_end - other_start)


def found_at(rows: Sequence[Mapping[str, Any]], label: str, name: str, party: str, at: Place) -> int | None:
    """The row that says ``name`` (in the column ``label``) of ``party`` at the place; the nearest where several do."""
    hits = [
        (abs(int(r["start"]) - at.start) + abs(int(r["end"]) - at.end), k)
        for k, r in enumerate(rows)
        if r[label] == name and r["party"] == party and same_place(at.start, at.end, int(r["start"]), int(r["end"]))
    ]
    return min(hits)[1] if hits else None

"""What changed between two portfolios, and why an exposure moved: new facts, terms, assumptions, rates or code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from risklib.rows import Row

Rows = Mapping[str, Sequence[Row]]
CAUSES = {"fact": "new facts", "provision": "new terms", "assumption": "new assumptions", "rate": "new rates"}
NEW, ENDED, CODE, TIME = "new contracts", "ended contracts", "new code or playbook", "time that passed"


@dataclass(frozen=True, slots=True)
class Change:
    """One line: ``kind`` new, ended, terms, status; ``what`` for people."""

    kind: str
    file: str
    what: str


@dataclass(frozen=True, slots=True)
class Move:
    """How the expected loss of one component of a contract moved, and why. Amounts in ``currency``; None: no figure."""

    file: str
    component: str
    currency: str
    before: float | None
    after: float | None
    why: str
    detail: str

    @property
    def by(self) -> float:
        return (self.after or 0.0) - (self.before or 0.0)


@dataclass(frozen=True, slots=True)
class Changes:
    """``since``: the day of the report compared with. ``bridge``: currency → cause → by how much the sum of the lines'
    expected losses moved; the causes add up to the difference exactly."""

    since: str
    found: tuple[Change, ...]
    moves: tuple[Move, ...]
    bridge: Mapping[str, Mapping[str, float]]


def changes(before: Rows, after: Rows, meta_before: Mapping[str, Any], meta_after: Mapping[str, Any]) -> Changes:
    """``before`` and ``after``: table name → rows. A contract is the same where its file is, or its bytes are."""
    pairs = _pairs(before["contracts"], after["contracts"])
    code = meta_before.get("made_by") != meta_after.get("made_by")
    found: list[Change] = []
    for old, new in pairs:
        if old is None and new is not None:
            found.append(
                Change("new", new["file"], f"{new['title'] or new['file']}, {new['provider'] or 'no provider'}")
            )
        elif new is None and old is not None:
            found.append(Change("ended", old["file"], "is in the portfolio no more"))
        elif old is not None and new is not None and old["status"] != new["status"]:
            found.append(
                Change("status", new["file"], f"{old['status']} → {new['status']}: {new['reason'] or 'read whole'}")
            )
    found += _terms(pairs, before, after)
    moves = _moves(pairs, before, after, code)
    bridge: dict[str, dict[str, float]] = {}
    for m in moves:
        causes = bridge.setdefault(m.currency, {})
        causes[m.why] = causes.get(m.why, 0.0) + m.by
    ordered = sorted(moves, key=lambda m: (m.currency, -abs(m.by), m.file, m.component))
    return Changes(str(meta_before.get("as_of")), tuple(found), tuple(ordered), bridge)


Pair = tuple[Row | None, Row | None]


def _pairs(before: Sequence[Row], after: Sequence[Row]) -> list[Pair]:
    files, bytes_ = {c["file"]: c for c in before}, {c["contract_id"]: c for c in before}
    out: list[Pair] = []
    used: set[str] = set()
    names = {c["file"] for c in after}
    for c in after:
        old = files.get(c["file"])
        if old is None and (same := bytes_.get(c["contract_id"])) is not None and same["file"] not in names:
            old = same  # renamed
        if old is not None:
            used.add(old["file"])
        out.append((old, c))
    return out + [(c, None) for c in before if c["file"] not in used]


def _terms(pairs: Iterable[Pair], before: Rows, after: Rows) -> list[Change]:
    """Terms of which the words or the values changed; read anew from the same bytes, they say so."""
    then, now = _by(before["provisions"]), _by(after["provisions"])
    out = []
    for old, new in pairs:
        if old is None or new is None:
            continue
        a, b = (_said(t.get(c["contract_id"], ())) for t, c in ((then, old), (now, new)))
        same_bytes = old["contract_id"] == new["contract_id"]
        for key in sorted({*a, *b}):
            if a.get(key) != b.get(key):
                name = f"{key[0].replace('_', ' ')} ({key[1]})"
                told = f"{name}: {_few(a.get(key))} → {_few(b.get(key))}"
                out.append(Change("read anew" if same_bytes else "terms", new["file"], told))
    return out


def _said(terms: Iterable[Row]) -> dict[tuple[str, str], list[str]]:
    out: dict[tuple[str, str], list[str]] = {}
    for p in terms:
        values = ", ".join(f"{k} {v}" for k, v in sorted((p["values"] or {}).items()) if v is not None)
        out.setdefault((p["provision"], p["party"]), []).append(values or "no figures")
    return {k: sorted(v) for k, v in out.items()}


def _few(found: Sequence[str] | None) -> str:
    if not found:
        return "none"
    return "; ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")


def _by(rows: Iterable[Row]) -> dict[str, list[Row]]:
    out: dict[str, list[Row]] = {}
    for r in rows:
        out.setdefault(r["contract_id"], []).append(r)
    return out


def _moves(pairs: Iterable[Pair], before: Rows, after: Rows, code: bool) -> list[Move]:
    exposures = [_by(e for e in rows["exposures"] if not e["counted_with"]) for rows in (before, after)]
    operands = [_by(rows["operands"]) for rows in (before, after)]
    out = []
    for old, new in pairs:
        lines = [
            {e["component"]: e for e in x.get(c["contract_id"], ())} if c else {} for x, c in zip(exposures, (old, new))
        ]
        terms = [_numbers(x.get(c["contract_id"], ())) if c else {} for x, c in zip(operands, (old, new))]
        file = (new or old or {})["file"]
        for component in sorted({*lines[0], *lines[1]}):
            a, b = lines[0].get(component), lines[1].get(component)
            was, now = (e["expected"] if e and e["status"] == "scored" else None for e in (a, b))
            currencies = dict.fromkeys(e["currency"] for e in (a, b) if e and e["currency"])
            for currency in currencies:  # a line that changed its currency leaves one sum and enters the other
                x = was if a and a["currency"] == currency else None
                y = now if b and b["currency"] == currency else None
                if (x is None) != (y is None) or (x is not None and y is not None and abs(x - y) >= 0.005):
                    numbers = [t.get(component, {}) for t in terms]
                    why, detail = _why(numbers[0], numbers[1], old, new, code)
                    out.append(Move(file, component, str(currency), x, y, why, detail))
    return out


def _numbers(operands: Iterable[Row]) -> dict[str, dict[tuple[str, str], str]]:
    out: dict[str, dict[tuple[str, str], str]] = {}
    for o in operands:
        out.setdefault(o["component"], {})[o["origin"], o["name"]] = f"{o['value']} {o['unit'] or ''}".strip()
    return out


def _why(
    was: Mapping[tuple[str, str], str], now: Mapping[tuple[str, str], str], old: Row | None, new: Row | None, code: bool
) -> tuple[str, str]:
    """The cause of a move, and the numbers in which it shows."""
    if old is None or new is None:
        return (NEW if old is None else ENDED), ""
    differ = [k for k in sorted({*was, *now}) if was.get(k) != now.get(k)]
    detail = "; ".join(f"{k[1]}: {was.get(k, 'none')} → {now.get(k, 'none')}" for k in differ)
    same_bytes = old["contract_id"] == new["contract_id"]
    causes = []
    for origin, _ in differ:
        cause = CODE if origin == "provision" and same_bytes and code else CAUSES.get(origin, CODE)
        causes.append(cause)
    if not causes:
        causes = [CODE if code else "new terms" if not same_bytes else TIME]
    return " and ".join(dict.fromkeys(causes)), detail

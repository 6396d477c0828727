"""What changed between two portfolios, and why an exposure moved: new facts, terms, assumptions, rates or code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from sys import intern
from typing import Any

from risklib.due.key_dates import END, KeyDate
from risklib.rows import Row

Rows = Mapping[str, Sequence[Row]]
DatesOf = Callable[[Sequence[str]], Sequence[KeyDate]]  # the earlier report's, of these contract_ids
CAUSES = {"fact": "new facts", "provision": "new terms", "assumption": "new assumptions", "rate": "new rates"}
NEW, GONE, CODE, TIME = "new contracts", "files that are gone", "new code or playbook", "time that passed"
LOST, BACK = "files that could not be read this time", "files that could not be read last time"


@dataclass(frozen=True, slots=True)
class Change:
    """One line, ``what`` for people. ``kind``: new, renamed, terms, read anew, status; and three that are not the same:
    "term ended" (the file is there, its term is over), "file gone" (which says nothing of the contract), "not read"."""

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


def changes(
    before: Rows,
    after: Rows,
    meta_before: Mapping[str, Any],
    meta_after: Mapping[str, Any],
    dates: Sequence[KeyDate] = (),
    dates_before: DatesOf = lambda ids: (),
) -> Changes:
    """``before`` and ``after``: table name → rows; ``dates``: those of ``after``. A contract is the same where its file
    is, or its bytes are."""
    pairs = _pairs(before["contracts"], after["contracts"])
    code = meta_before.get("made_by") != meta_after.get("made_by")
    found = [c for old, new in pairs if (c := _change(old, new)) is not None]
    gone = [old for old, new in pairs if new is None and old is not None]
    found += _gone(gone, after["contracts"], dates_before, meta_after)
    found += _ended(dates, str(meta_before.get("as_of")), str(meta_after.get("as_of")))
    found += _terms(pairs, before, after)
    moves = _moves(pairs, before, after, code)
    bridge: dict[str, dict[str, float]] = {}
    for m in moves:
        causes = bridge.setdefault(m.currency, {})
        causes[m.why] = causes.get(m.why, 0.0) + m.by
    ordered = sorted(moves, key=lambda m: (m.currency, -abs(m.by), m.file, m.component))
    return Changes(str(meta_before.get("as_of")), tuple(found), tuple(ordered), bridge)


def _change(old: Row | None, new: Row | None) -> Change | None:
    """What became of a file that is there now."""
    if new is None:
        return None
    if old is None:
        return Change("new", new["file"], f"{new['title'] or new['file']}, {new['provider'] or 'no provider'}")
    if old["status"] != new["status"]:
        told = f"{old['status']} → {new['status']}: {new['reason'] or 'read whole'}"
        if new["status"] == "failed":
            return Change("not read", new["file"], f"{told}; what it says and costs is not in this report")
        return Change("status", new["file"], told)
    return Change("renamed", new["file"], f"was {old['file']}") if old["file"] != new["file"] else None


def _gone(gone: Sequence[Row], now: Iterable[Row], dates_before: DatesOf, meta: Mapping[str, Any]) -> list[Change]:
    """Files that are there no more, with what is known of the contract's term: a file that is gone ends nothing."""
    copies = {copy: c["file"] for c in now for copy in c["copies"] or ()} if gone else {}
    ends = {k.contract_id: k.day for k in dates_before([c["contract_id"] for c in gone]) if k.kind == END}
    out = []
    for c in gone:
        end = ends.get(c["contract_id"])
        if c["file"] in copies:
            told = f"now holds the same bytes as {copies[c['file']]} and is counted there"
        elif end is not None and end.isoformat() < str(meta.get("as_of")):
            told = f"the file is in the portfolio no more; its term had ended on {end}"
        else:
            until = f"by what was known its term runs until {end}" if end else "the end of its term is not known"
            told = f"the file is in the portfolio no more; {until}, so the contract may well be in force"
        out.append(Change("file gone", c["file"], told))
    return out


def _ended(dates: Iterable[KeyDate], since: str, as_of: str) -> list[Change]:
    """Terms whose last day lies between the two reports; those that renewed are not among them."""
    ends = [(k, k.day) for k in dates if k.kind == END and k.day is not None]
    told = "its last day was {}, and nothing says that it renewed; it is priced as if it went on"
    return [Change("term ended", k.file, told.format(day)) for k, day in ends if since <= day.isoformat() < as_of]


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
    then, now = _said(before["provisions"]), _said(after["provisions"])
    out = []
    for old, new in pairs:
        if old is None or new is None or "failed" in (old["status"], new["status"]):
            continue
        a, b = (t.get(c["contract_id"], {}) for t, c in ((then, old), (now, new)))
        same_bytes = old["contract_id"] == new["contract_id"]
        for key in sorted({*a, *b}):
            was, is_now = sorted(a.get(key, ())), sorted(b.get(key, ()))
            if was != is_now:
                told = f"{key[0].replace('_', ' ')} ({key[1]}): {_few(was)} → {_few(is_now)}"
                out.append(Change("read anew" if same_bytes else "terms", new["file"], told))
    return out


def _said(terms: Iterable[Row]) -> dict[str, dict[tuple[str, str], list[str]]]:
    """contract_id → (provision, party) → the values of each; rows are let go as they are read."""
    out: dict[str, dict[tuple[str, str], list[str]]] = {}
    for p in terms:
        values = ", ".join(f"{k} {v}" for k, v in sorted((p["values"] or {}).items()) if v is not None)
        mine = out.setdefault(p["contract_id"], {})
        mine.setdefault((intern(p["provision"]), intern(p["party"])), []).append(intern(values or "no figures"))
    return out


def _few(found: Sequence[str] | None) -> str:
    if not found:
        return "none"
    return "; ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")


def _moves(pairs: Iterable[Pair], before: Rows, after: Rows, code: bool) -> list[Move]:
    exposures = [_figures(rows["exposures"]) for rows in (before, after)]
    operands = [_numbers(rows["operands"]) for rows in (before, after)]
    out = []
    for old, new in pairs:
        lines = [x.get(c["contract_id"], {}) if c else {} for x, c in zip(exposures, (old, new), strict=True)]
        if lines[0] == lines[1] and None not in (old, new):
            continue
        terms = [x.get(c["contract_id"], {}) if c else {} for x, c in zip(operands, (old, new), strict=True)]
        file = (new or old or {})["file"]
        for component in sorted({*lines[0], *lines[1]}):
            a, b = lines[0].get(component), lines[1].get(component)
            for currency in dict.fromkeys(e[0] for e in (a, b) if e and e[0]):
                # a line that changed its currency leaves one sum and enters the other
                x = a[1] if a and a[0] == currency else None
                y = b[1] if b and b[0] == currency else None
                if (x is None) != (y is None) or (x is not None and y is not None and abs(x - y) >= 0.005):
                    numbers = [t.get(component, {}) for t in terms]
                    why, detail = _why(numbers[0], numbers[1], old, new, code)
                    out.append(Move(file, component, str(currency), x, y, why, detail))
    return out


def _figures(exposures: Iterable[Row]) -> dict[str, dict[str, tuple[str | None, float | None]]]:
    """contract_id → component → (currency, expected loss or None where it is unpriced)."""
    out: dict[str, dict[str, tuple[str | None, float | None]]] = {}
    for e in exposures:
        if not e["counted_with"]:
            expected = e["expected"] if e["status"] == "scored" else None
            out.setdefault(e["contract_id"], {})[intern(e["component"])] = (e["currency"], expected)
    return out


def _numbers(operands: Iterable[Row]) -> dict[str, dict[str, dict[tuple[str, str], str]]]:
    """contract_id → component → (origin, name) → "12 days"."""
    out: dict[str, dict[str, dict[tuple[str, str], str]]] = {}
    for o in operands:
        mine = out.setdefault(o["contract_id"], {}).setdefault(intern(o["component"]), {})
        mine[intern(o["origin"]), intern(o["name"])] = intern(f"{o['value']} {o['unit'] or ''}".strip())
    return out


def _why(
    was: Mapping[tuple[str, str], str], now: Mapping[tuple[str, str], str], old: Row | None, new: Row | None, code: bool
) -> tuple[str, str]:
    """The cause of a move, and the numbers in which it shows."""
    if old is None or new is None:
        return (NEW if old is None else GONE), ""
    if "failed" in (old["status"], new["status"]):
        return (LOST if new["status"] == "failed" else BACK), ""
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

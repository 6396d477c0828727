"""The duty register: who must do what, by when, and what it costs not to; and what people wrote beside it, kept.

A row is one sentence that binds one party, whatever the number of its labels. Its ``anchor`` is made of the agreement's
bytes, the party and the words, so that neither another playbook nor another model changes it. ``merge`` carries over
what people filled in and names every row that it could not place as it was.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from risklib.due import Dates, due_of, initial_term, last_day
from risklib.exposure.answers import COMPONENT_OF
from risklib.rows import Row

PEOPLE = ("owner", "status", "own_due", "note")  # the columns that people fill
COLUMNS = (
    "anchor", "file", "vendor", "obligor", "obligor_name", "kind", "responsibility", "action", "text", "trigger",
    "deadline", "when", "due", "recurrence", "until", "counts_from", "basis", "no_date_because", "consequence_clause",
    "consequence", "cost_component", "cost_likely", "cost_expected", "cost_currency", "superseded", "clause", "page",
    "contract_owner", *PEOPLE, "state", "conflict", "agreement", "contract_id", "clause_id", "start", "end",
)  # fmt: skip
COMPARED = ("due", "recurrence", "until", "text")  # what a rerun may change under people's hands
ALIKE = 0.85  # words in common from which a sentence that changed is taken for the same duty


@dataclass(frozen=True)
class Tables:
    """The rows of a portfolio's tables (``Portfolio.tables``) as the register reads them."""

    rows: Mapping[str, Sequence[Row]]
    as_of: date
    by_clause: dict[tuple[str, str], Row] = field(default_factory=dict)
    _of: dict[tuple[str, str], list[Row]] = field(default_factory=dict)  # ten thousand contracts are not searched each
    _kin: dict[str, list[str]] = field(default_factory=dict)
    yielded: set[tuple[str, str]] = field(default_factory=set)
    files: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.by_clause.update({(c["contract_id"], c["clause_id"]): c for c in self.rows["clauses"]})
        self.files.update({c["contract_id"]: c["file"] for c in self.rows["contracts"]})
        for table in ("responsibilities", "provisions"):
            for r in self.rows[table]:
                self._of.setdefault((table, r["contract_id"]), []).append(r)
        for m in self.rows["families"]:
            if _given(m["counted_with"]):
                self._kin.setdefault(m["counted_with"], []).append(m["contract_id"])
        held = (o for o in self.rows["overrides"] if o["holds_file"])
        self.yielded.update((o["yields_contract_id"], o["yields_clause_id"]) for o in held)

    def of(self, table: str, contract_id: str) -> Sequence[Row]:
        """A contract's rows of responsibilities or provisions."""
        return self._of.get((table, contract_id), ())

    def of_family(self, table: str, head: str) -> list[Row]:
        """Those of an agreement and of the papers that are counted with it, the agreement first."""
        return [r for id in (head, *self._kin.get(head, ())) for r in self.of(table, id)]


def duties(rows: Mapping[str, Sequence[Row]], as_of: date) -> list[Row]:
    """The register's rows, the next due first. ``rows``: table name → rows; ``as_of``: the day of the analysis."""
    tables = Tables(rows, as_of)
    contracts = {c["contract_id"]: c for c in rows["contracts"]}
    deals = {_name(d["file"]): d for d in rows["deals"]}
    members = {m["contract_id"]: m for m in rows["families"]}
    gone = _superseded(rows["overrides"])
    costs = _Costs(tables, members)
    out: list[Row] = []
    for id, contract in contracts.items():
        member = members.get(id, {})
        head = contracts.get(_given(member.get("counted_with")) or id, contract)
        newer = f"replaced by {head['file']}" if member.get("relation") == "version" and head is not contract else None
        head = contract if newer else head  # what was replaced ran from its own start to its own end
        dates = _dates(contract, head, deals, members, tables)
        deal = deals.get(_name(contract["file"])) or deals.get(_name(head["file"])) or {}
        mine = [*_sentences(tables, id), *_renewals(tables, id, dates)]
        for base in mine:
            row = {**dict.fromkeys(COLUMNS), **base, **costs.of(id, base.pop("consequence_id", None))}
            row.pop("consequence_id", None)
            row |= {"file": contract["file"], "contract_id": id, "vendor": _given(deal.get("vendor"))}
            row |= {"obligor_name": contract.get(row["obligor"]), "contract_owner": _given(deal.get("owner"))}
            row |= _when(row, dates)
            row["superseded"] = newer or gone.get((id, row["clause_id"]))
            row["agreement"] = head["file"]
            clause = tables.by_clause.get((id, row["clause_id"]), {})
            row["clause"] = clause.get("number") or clause.get("heading") or None
            out.append(row)
    _anchor(out)
    return sorted(
        out, key=lambda r: (r["superseded"] is not None, r["due"] is None, r["due"] or "", r["file"], r["start"])
    )


# ---------------------------------------------------------------- the rows


def _sentences(tables: Tables, contract_id: str) -> list[Row]:
    """One row for each sentence and party; the labels of a sentence in one cell, its first action and deadline."""
    found: dict[tuple[int, int, str], Row] = {}
    for r in tables.of("responsibilities", contract_id):
        row = found.get((r["start"], r["end"], r["party"]))
        if row is None:
            copied = ("action", "text", "trigger", "deadline", "clause_id", "page", "start", "end")
            row = {k: _given(r[k]) for k in copied} | {"obligor": r["party"], "kind": r["modality"]}
            row |= {"responsibility": r["responsibility"], "consequence_id": _given(r["consequence"])}
            found[r["start"], r["end"], r["party"]] = row
        elif r["responsibility"] not in str(row["responsibility"]).split("; "):
            row["responsibility"] = f"{row['responsibility']}; {r['responsibility']}"
    return list(found.values())


def _renewals(tables: Tables, contract_id: str, dates: Dates) -> list[Row]:
    """The last day for a notice of non-renewal, from every term that renews and says how long before."""
    out = []
    for p in tables.of("provisions", contract_id):
        months, days = ((p["values"] or {}).get(k) for k in ("term_months", "notice_days"))
        if not months or not days or p["party"] == "provider":
            continue
        day = last_day(dates, int(days))
        row = {"obligor": "customer", "kind": "decision", "responsibility": None, "consequence_id": p["clause_id"]}
        row |= {"action": f"give notice of non-renewal, or it renews for {int(months)} months", "trigger": None}
        row |= {"deadline": f"{int(days)} days before the end of the term", "day": day}
        out.append(row | {k: p[k] for k in ("text", "clause_id", "page", "start", "end")})
    return out


def _when(row: Row, dates: Dates) -> Row:
    due = row.pop("day", None) or due_of(row["deadline"], dates, row["text"] or "")
    return {
        "when": due.kind,
        "due": due.day.isoformat() if due.day else None,
        "recurrence": due.rule,
        "until": due.until.isoformat() if due.until else None,
        "counts_from": due.event,
        "basis": due.basis,
        "no_date_because": due.reason if due.day is None and due.until is None else None,
    }


def _superseded(overrides: Iterable[Row]) -> dict[tuple[str, str], str]:
    return {
        (o["yields_contract_id"], o["yields_clause_id"]): o["basis"]
        for o in overrides
        if str(o["status"]).startswith("clause ")
    }


def _name(file: Any) -> str:
    return str(file).replace("\\", "/").rsplit("/", 1)[-1].casefold()


def _given(x: Any) -> Any:
    return None if x is None or x != x else x


# ---------------------------------------------------------------- the agreement's dates


def agreement_dates(tables: Tables) -> dict[str, Dates]:
    """contract_id → what is known of its dates; papers of a family run with their agreement."""
    contracts = {c["contract_id"]: c for c in tables.rows["contracts"]}
    deals = {_name(d["file"]): d for d in tables.rows["deals"]}
    members = {m["contract_id"]: m for m in tables.rows["families"]}
    heads = {id: contracts.get(_given(members.get(id, {}).get("counted_with")) or id, c) for id, c in contracts.items()}
    return {id: _dates(c, heads[id], deals, members, tables) for id, c in contracts.items()}


def _dates(contract: Row, head: Row, deals: Mapping[str, Row], members: Mapping[str, Row], tables: Tables) -> Dates:
    """Start and term by the facts CSV, else by the agreement's own words; an order form runs with its agreement."""
    deal = deals.get(_name(head["file"]), {})
    told = _day(deal.get("start"))
    start = told or _day(head.get("effective_date"))
    months = _given(deal.get("term_months"))
    if months is None and told is not None:  # the agreement's own length, counted from the day that procurement knows
        months = _given(head.get("term_months"))
    end = initial_term(start, None if months is None else int(months), _day(head.get("term_ends")))
    own = _day(members.get(contract["contract_id"], {}).get("dated")) if contract is not head else None
    return Dates(tables.as_of, start, own, end, _renewal_months(head, deal, tables))


def _renewal_months(head: Row, deal: Row, tables: Tables) -> int | None:
    """How long each renewal runs: the term that no other paper of the family replaced, then the facts CSV, then the
    agreement's own words as they were read."""
    for p in tables.of_family("provisions", head["contract_id"]):
        values = p["values"] or {}
        holds = (p["contract_id"], p["clause_id"]) not in tables.yielded
        if holds and values.get("term_months") and values.get("notice_days"):
            return int(values["term_months"])
    given = _given(deal.get("renewal_months"))
    if given is None and head.get("renews") == "automatically":
        given = _given(head.get("renewal_months"))
    return None if given is None else int(given)


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError:
        return None


# ---------------------------------------------------------------- what follows, and what it costs


class _Costs:
    """From a consequence's clause to its words and to the component that prices it.

    The money is the component's of the whole contract and year: rows that share a component share it, they do not add.
    """

    def __init__(self, tables: Tables, members: Mapping[str, Row]) -> None:
        self.tables = tables
        self.head = {id: _given(m["counted_with"]) or id for id, m in members.items()}
        self.exposures = {(e["contract_id"], e["component"]): e for e in tables.rows["exposures"]}
        self.cited: dict[tuple[str, str], list[str]] = defaultdict(list)
        for o in tables.rows["operands"]:
            if _given(o["clause_id"]):
                self.cited[_given(o.get("paper")) or o["contract_id"], o["clause_id"]].append(o["component"])
        self.terms: dict[tuple[str, str], list[str]] = defaultdict(list)
        for p in tables.rows["provisions"]:
            self.terms[p["contract_id"], p["clause_id"]].append(p["provision"])
        self.replaced: dict[tuple[str, str], tuple[str, str]] = {}
        for o in tables.rows["overrides"]:
            if o["status"] == "replaced":
                by = (o["holds_contract_id"], o["holds_clause_id"])
                self.replaced[o["yields_contract_id"], o["yields_clause_id"]] = by

    def of(self, contract_id: str, clause_id: str | None) -> Row:
        if clause_id is None:
            return {}
        at = self.replaced.get((contract_id, clause_id), (contract_id, clause_id))
        clause = self.tables.by_clause.get(at, {})
        number = clause.get("number") or clause.get("heading") or ""
        files = self.tables.files
        place = f"{number} of {files.get(at[0])}" if at[0] != contract_id else number
        row: Row = {"consequence_clause": place or None, "consequence": clause.get("text")}
        head = self.head.get(contract_id, contract_id)
        answers = [COMPONENT_OF.get(t) for t in self.terms.get(at, ())]
        likely = [*(c for c in self.cited.get(at, ()) if c in answers), *answers]
        for component in likely:
            e = self.exposures.get((head, str(component)))
            if e is not None and e["status"] == "scored" and _given(e["expected"]) is not None:
                money = {"cost_likely": e["likely"], "cost_expected": e["expected"], "cost_currency": e["currency"]}
                return row | {"cost_component": component} | money
        return row


# ---------------------------------------------------------------- keys that survive a rerun


def _anchor(rows: Iterable[Row]) -> None:
    seen: Counter[tuple[str, str, str, str]] = Counter()
    for r in sorted(rows, key=lambda r: (r["contract_id"], r["start"])):
        key = (r["contract_id"], r["obligor"], "decision" if r["kind"] == "decision" else "", _words(r["text"]))
        seen[key] += 1
        r["anchor"] = hashlib.sha256("|".join((*key, str(seen[key]))).encode()).hexdigest()[:12]


def _words(text: Any) -> str:
    return " ".join(re.findall(r"\w+", str(text or "").lower()))


def merge(fresh: Sequence[Row], kept: Sequence[Row], name: str = "the file") -> list[Row]:
    """The fresh rows with what people wrote in ``kept`` (rows of an earlier register, cells as text, "" for empty).

    ``state``: "" (as before), "new", "moved" (same words, another file's bytes), "changed" (the words changed), "gone"
    (people wrote in it and it is found no more: kept at the end), "twice" (its anchor stands twice in the file with
    different entries: the second is kept beside it). ``conflict`` says in words what a person must look at.
    """
    extra = [c for c in dict.fromkeys(c for r in kept for c in r) if c not in COLUMNS]
    mine = [*PEOPLE, *extra]
    homes = {r["anchor"]: r for r in (dict(r) | dict.fromkeys(extra, "") for r in fresh)}
    for r in homes.values():
        r["state"] = "new" if kept else ""
    used: set[str] = set()
    over: list[Row] = []
    waiting: list[tuple[int, Row]] = []
    for line, old in enumerate(kept, 2):
        home = homes.get(str(old.get("anchor")))
        if home is None:
            waiting.append((line, old))
        elif home["anchor"] not in used:
            used.add(home["anchor"])
            _fill(home, old, mine, "")
        elif any(str(old.get(c) or "") not in ("", str(home.get(c) or "")) for c in mine):
            over.append(_left(old, mine, "twice", f"{name}:{line}: a second row with this anchor says otherwise"))
    for line, old in waiting:
        home, state = _home(old, homes, used)
        if home is not None:
            used.add(home["anchor"])
            _fill(home, old, mine, state)
        elif any(str(old.get(c) or "") for c in mine):
            why = f"{name}:{line}: no such duty is found any more; delete the row when it is settled"
            over.append(_left(old, mine, "gone", why))
    return [*homes.values(), *over]


def _home(old: Row, homes: Mapping[str, Row], used: set[str]) -> tuple[Row | None, str]:
    """Where a row belongs whose anchor is not found: the same words in the file of that name, else nearly the same."""
    free = [
        r
        for r in homes.values()
        if r["anchor"] not in used and _name(r["file"]) == _name(old.get("file")) and r["obligor"] == old.get("obligor")
    ]
    words = _words(old.get("text"))
    same = [r for r in free if _words(r["text"]) == words]
    if len(same) == 1 and words:
        return same[0], "moved"
    scored = [(difflib.SequenceMatcher(None, words.split(), _words(r["text"]).split()).ratio(), r) for r in free]
    near = sorted((x for x in scored if x[0] >= ALIKE), key=lambda x: -x[0])
    if near and (len(near) == 1 or near[0][0] > near[1][0]):
        return near[0][1], "changed"
    return None, ""


def _fill(home: Row, old: Row, mine: Sequence[str], state: str) -> None:
    for c in mine:
        home[c] = old.get(c) or None
    home["state"] = state or (str(old.get("state")) if old.get("state") in ("gone",) else "")
    told = []
    for c in COMPARED:
        before, now = str(old.get(c) or ""), str(home.get(c) or "")
        same = _words(before) == _words(now) if c == "text" else before == now
        if not same:
            told.append(f"{c} was {before or 'empty'}, now {now or 'empty'}")
    if state == "":
        home["state"] = "changed" if told else ""
    home["conflict"] = "; ".join(told) or None


def _left(old: Row, mine: Sequence[str], state: str, why: str) -> Row:
    row: Row = {c: old.get(c) or None for c in (*COLUMNS, *mine)}
    return row | {"state": state, "conflict": why}

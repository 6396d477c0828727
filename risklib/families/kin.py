"""The files of one analysis as families: their rows, and the head's exposures priced on the terms that hold.

A family is counted once: its head is priced with the terms of all its papers; an order form or an amendment has no
exposures of its own, a replaced version keeps its own, for comparison, and is in no total.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from risklib.families import Column, Family, Member, link, unread
from risklib.families.overrides import Override, Said, cite, for_pricing, settle, under
from risklib.families.papers import Paper, Quote
from risklib.records import Deal, Exposure, Operand, Provision
from risklib.rows import Row, add_exposure

TABLES = ("families", "overrides", "unread")
# contract_id, terms, facts, and why the papers could not be read whole (None: they were) → exposures
Price = Callable[[str, Sequence[Provision], Deal | None, str | None], Iterable[Exposure]]


@dataclass(frozen=True)
class File:
    """What one file gave, as far as its kin need it. ``paper`` is None where it could not be read."""

    contract_id: str
    rows: Mapping[str, list[Row]]
    provisions: tuple[Provision, ...]
    deal: Deal | None
    paper: Paper | None = None


@dataclass(frozen=True)
class Together:
    """``rows`` of the tables ``TABLES``. ``priced``: the contract_ids of heads with kin → the terms and facts that they
    were priced with. ``counted_with``: contract_id → the head with which a paper is counted."""

    rows: Mapping[str, list[Row]]
    priced: Mapping[str, tuple[tuple[Provision, ...], Deal | None]]
    counted_with: Mapping[str, str]
    notes: tuple[str, ...]


def together(files: Sequence[File], price: Price | None, as_of: date) -> Together:
    """Links the files, settles what holds, and sets the exposure rows of every head with kin anew (in its ``rows``).

    ``price``: None where nothing is priced.
    """
    by_id = {f.contract_id: f for f in files if f.paper is not None}
    families, notes = link([f.paper for f in by_id.values() if f.paper], _columns(by_id.values()), as_of)
    rows: dict[str, list[Row]] = {t: [] for t in TABLES}
    priced: dict[str, tuple[tuple[Provision, ...], Deal | None]] = {}
    counted: dict[str, str] = {}
    remarks = list(notes)
    for family in families:
        head = family.head.contract_id
        counted |= {m.paper.contract_id: head for m in family.members[1:]}
        rows["families"] += [_member_row(family, m.paper, by_id) for m in family.members]
        rows["unread"] += [_unread_row(family, *x) for x in unread(family)]
        if len(family.members) > 1:
            terms, found = settle(
                family, {m.paper.contract_id: _said(by_id[m.paper.contract_id]) for m in family.terms}
            )
            rows["overrides"] += [_override_row(family, o, by_id) for o in found]
            rows["overrides"] += [row for m in family.terms[1:] for row in _clause_rows(family, m, by_id)]
            if len(family.terms) > 1:
                deal = _deal(family, by_id, remarks)
                priced[head] = (for_pricing(head, terms), deal)
                if price is not None:
                    _price_anew(family, by_id, price(head, *priced[head], _half_read(family, by_id)))
            remarks += _contested(family, found)
    _mark(files, counted)
    remarks += _unread_note(rows["unread"])
    return Together(rows, priced, counted, tuple(remarks))


def _columns(files: Iterable[File]) -> dict[str, Column]:
    given = {f.contract_id: f.deal.extra for f in files if f.deal is not None}
    return {id: Column(extra.get("family"), extra.get("parent")) for id, extra in given.items()}


def _said(file: File) -> tuple[Said, ...]:
    numbers = {r["clause_id"]: r["number"] for r in file.rows["clauses"]}
    texts = {(r["start"], r["end"]): r["text"] for r in file.rows["provisions"]}
    return tuple(
        Said(file.contract_id, p, numbers.get(p.clause_id, ""), texts.get((p.start, p.end), ""))
        for p in file.provisions
    )


def _deal(family: Family, by_id: Mapping[str, File], notes: list[str]) -> Deal | None:
    """The head's facts; fees that only its order forms state are added up where they are of one currency."""
    own = by_id[family.head.contract_id].deal
    others = [d for m in family.terms[1:] if (d := by_id[m.paper.contract_id].deal) and d.annual_fees is not None]
    if own is not None and own.annual_fees is not None:
        if others:
            files = ", ".join(d.file for d in others)
            notes.append(
                f"{own.file}: its annual_fees are taken for the whole family; those of {files} are not added to them."
            )
        return own
    if not others or len({d.currency for d in others}) > 1:
        return own
    whole = replace(others[0], annual_fees=sum((d.annual_fees for d in others if d.annual_fees), Decimal(0)))
    return whole if own is None else replace(own, annual_fees=whole.annual_fees, currency=whole.currency)


def _half_read(family: Family, by_id: Mapping[str, File]) -> str | None:
    rows = [by_id[m.paper.contract_id].rows["contracts"][0] for m in family.terms]
    return "; ".join(f"{r['file']}: {r['reason']}" for r in rows if r["status"] == "partial") or None


def _price_anew(family: Family, by_id: Mapping[str, File], exposures: Iterable[Exposure]) -> None:
    """The exposure rows of a family: all with its head, those of its other papers taken out."""
    files = [by_id[m.paper.contract_id] for m in family.terms]
    for f in files:
        f.rows["exposures"].clear()
        f.rows["operands"].clear()
    head = files[0]
    numbers: dict[str, str] = {r["clause_id"]: r["number"] or r["heading"] for r in head.rows["clauses"]}
    places: dict[tuple[Any, ...], Row] = {}
    for f in files:
        mine = f is head
        of = {r["clause_id"]: r["number"] or r["heading"] for r in f.rows["clauses"]}
        file = str(f.rows["contracts"][0]["file"])
        if not mine:
            numbers |= {cite(f.contract_id, c): f"{n} of {file}".strip() for c, n in of.items()}
        for p in f.rows["provisions"]:
            key = (p["clause_id"] if mine else cite(f.contract_id, p["clause_id"]), p["start"], p["end"])
            place: Row = {"page": p["page"], "bbox": p["bbox"]}
            places[key] = place if mine else place | {"clause_id": p["clause_id"], "paper": f.contract_id}

    def place_of(o: Operand) -> Row:
        return places.get((o.clause_id, o.start, o.end), {})

    for e in exposures:
        add_exposure(head.contract_id, e, numbers, place_of, head.rows)


def _mark(files: Iterable[File], counted: Mapping[str, str]) -> None:
    for f in files:
        for row in f.rows["exposures"]:
            row["counted_with"] = counted.get(f.contract_id)


# ---------------------------------------------------------------- rows


def _place(q: Quote | None) -> Row:
    if q is None or not q.contract_id:
        return {"text": None, "clause_id": None, "page": None, "start": None, "end": None, "bbox": None}
    boxes = [list(b) for b in q.boxes]
    return {"text": q.text, "clause_id": q.clause_id, "page": q.page, "start": q.start, "end": q.end, "bbox": boxes}


def _member_row(family: Family, paper: Paper, by_id: Mapping[str, File]) -> Row:
    (m,) = (m for m in family.members if m.paper is paper)
    head = family.head.contract_id
    return {
        "family": family.name,
        "contract_id": paper.contract_id,
        "file": paper.file,
        "kind": paper.kind,
        "relation": m.relation,
        "dated": paper.dated.isoformat() if paper.dated else None,
        "parent": m.parent,
        "linked_by": m.linked_by or None,
        "counted_with": None if paper.contract_id == head else head,
        **_place(m.quote),
    }


def _unread_row(family: Family, paper: Paper, o: Any) -> Row:
    row = {"family": family.name, "contract_id": paper.contract_id, "file": paper.file, "name": o.name, "kind": o.kind}
    return row | {"mentions": o.mentions, "binds_customer": o.binds_customer} | _place(o.quote)


def _override_row(family: Family, o: Override, by_id: Mapping[str, File]) -> Row:
    row: Row = {"family": family.name, "status": o.status, "provision": o.yields.provision.provision}
    row |= {"party": o.yields.provision.party, "keys": list(o.keys), "basis": o.basis}
    row |= _side("holds", o.holds, by_id) | _side("yields", o.yields, by_id)
    place = {k: v for k, v in _place(o.rule).items() if k != "text"}
    return row | {"contract_id": o.rule.contract_id if o.rule else None} | place


def _clause_rows(family: Family, m: Member, by_id: Mapping[str, File]) -> list[Row]:
    """The clauses of the papers above that a paper deletes or replaces by name: their duties are gone with them."""
    out = []
    above = [x.paper for x in family.terms if x.paper is not m.paper and x.paper.kind != "amendment"]
    for change in m.paper.changes:
        for paper in above if change.how in ("deleted", "replaced") else ():
            f = by_id[paper.contract_id]
            for c in f.rows["clauses"]:
                if not under(c["number"], change.number):
                    continue
                row: Row = {"family": family.name, "status": f"clause {change.how}", "provision": None, "party": None}
                row |= {"keys": [], "basis": change.quote.text} | _side("holds", None, by_id)
                row |= {"yields_values": None, "yields_contract_id": f.contract_id, "yields_file": paper.file}
                row |= {"yields_clause": c["number"], "yields_clause_id": c["clause_id"], "yields_page": c["page"]}
                place = {k: v for k, v in _place(change.quote).items() if k != "text"}
                out.append(row | {"yields_text": c["text"], "contract_id": change.quote.contract_id} | place)
    return out


def _side(name: str, said: Said | None, by_id: Mapping[str, File]) -> Row:
    keys = ("values", "contract_id", "file", "clause", "clause_id", "page", "text")
    if said is None:
        return {f"{name}_{k}": None for k in keys}
    p, f = said.provision, by_id[said.contract_id]
    original = next((q for q in f.provisions if (q.start, q.provision, q.party) == (p.start, p.provision, p.party)), p)
    row = next((r for r in f.rows["provisions"] if (r["start"], r["end"]) == (p.start, p.end)), {})
    found = (dict(original.values), said.contract_id, f.rows["contracts"][0]["file"], said.number, p.clause_id)
    return dict(zip((f"{name}_{k}" for k in keys), (*found, row.get("page"), row.get("text")), strict=True))


def _contested(family: Family, found: Sequence[Override]) -> list[str]:
    open_ = [o for o in found if o.status == "contested"]
    if not open_:
        return []
    what = ", ".join(sorted({o.yields.provision.provision.replace("_", " ") for o in open_}))
    return [
        f"{family.name}: its papers differ in {what}, and none says which prevails; the agreement's own numbers are "
        "used (table overrides)."
    ]


def _unread_note(rows: Sequence[Row], most: int = 5) -> list[str]:
    """One sentence: how many documents nobody gave, those first that a duty of the customer points to."""
    if not rows:
        return []
    names = dict.fromkeys(f"{r['name']} ({r['file']})" for r in sorted(rows, key=lambda r: not r["binds_customer"]))
    shown = ", ".join(list(names)[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
    return [
        f"{len(names)} documents are made part of the agreements and were not given, so duties in them are unread: "
        f"{shown} (table unread)."
    ]

"""Amounts anew where people corrected the terms they rest on: ``reviewed(portfolio, "review.jsonl")``.

Only agreements whose terms changed are priced again, with the facts, assumptions, rates, day and seed of the analysis;
totals and curve are added up from all. Which paper of a family prevails stays as the analysis settled it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from risklib import pipeline
from risklib.exposure import Basis, Contract, aggregate, price
from risklib.families.overrides import cite
from risklib.portfolio import Portfolio
from risklib.records import Operand
from risklib.review.tables import OLD_AMOUNTS, Row
from risklib.rows import add_exposure
from risklib.whatif import basis_of, contracts_of

_KEY = ("clause_id", "start", "end", "provision", "party")


def reviewed(
    portfolio: Portfolio, file: str | Path | None = None, versions: Mapping[str, str] | None = None
) -> Portfolio:
    """``portfolio.reviewed(…)`` with the exposures, operands, totals and curve that follow from the corrections."""
    return repriced(portfolio.reviewed(file, versions), portfolio)


def repriced(after: Portfolio, before: Portfolio) -> Portfolio:
    """``after``, whose provisions people corrected, with amounts to match; ``before``: as the analysis gave it.

    A portfolio without assumptions, which prices nothing, is given back as it is.
    """
    if after.exposures.empty:
        return after
    settled, basis = replace(after, terms=_terms(before, after)), basis_of(after)
    old = {c.contract_id: c for c in contracts_of(before)}
    priced = set(before.exposures["contract_id"])
    contracts = [c for c in contracts_of(settled) if c.contract_id in priced]
    anew = [c for c in contracts if c.provisions != old[c.contract_id].provisions]
    rows = {t: _records(getattr(after, t), [c.contract_id for c in anew]) for t in ("exposures", "operands")}
    for c in anew:
        _price(c, basis, settled, rows)
    counted = {r["contract_id"]: r["counted_with"] for r in _records(before.exposures, [])}
    for row in rows["exposures"]:
        row["counted_with"] = counted[row["contract_id"]]
    rows |= _totals(contracts, basis, rows["exposures"], after.meta.get("currency"))
    frames: dict[str, Any] = {t: f for t, f in Portfolio.of_rows(rows, {}).tables.items() if t in rows}
    meta = dict(after.meta)
    files = dict(zip(after.contracts["contract_id"], after.contracts["file"], strict=True))
    names = ", ".join(sorted(files[c.contract_id] for c in anew)) or "none"
    kept = (n for n in meta.get("notes", ()) if n != OLD_AMOUNTS)
    meta["notes"] = [*kept, f"Priced anew with the corrected terms: {names}."]
    return replace(settled, **frames, meta=meta)


def _totals(contracts: list[Contract], basis: Basis, exposures: list[Row], currency: str | None) -> dict[str, Any]:
    scored = {e["contract_id"] for e in exposures if e["status"] == "scored"}
    totals = aggregate([c for c in contracts if c.contract_id in scored], basis, currency=currency)
    deals = {c.contract_id: c.deal for c in contracts}
    return {"totals": pipeline._totals(totals, exposures, deals), "curve": pipeline._curve(totals)}


def _price(contract: Contract, basis: Basis, portfolio: Portfolio, rows: dict[str, list[Any]]) -> None:
    """Adds the rows of a contract's exposures and their operands, each with its place on the page."""
    head = contract.contract_id
    numbers: dict[str, str] = {}
    places: dict[Any, Row] = {}
    f = portfolio.families
    for paper in (head, *f.loc[f["counted_with"] == head, "contract_id"]):
        (file,) = portfolio.contracts.loc[portfolio.contracts["contract_id"] == paper, "file"]
        mine, of = paper == head, "" if paper == head else f" of {file}"
        for c in _of(portfolio.clauses, paper):
            numbers[_cited(head, paper, c["clause_id"])] = f"{c['number'] or c['heading'] or ''}{of}"
        for p in _of(portfolio.provisions, paper):
            at = {"page": p["page"], "bbox": p["bbox"]} | (
                {} if mine else {"clause_id": p["clause_id"], "paper": paper}
            )
            places[_cited(head, paper, p["clause_id"]), p["start"], p["end"]] = at

    def place(o: Operand) -> Row:
        return places.get((o.clause_id, o.start, o.end), {})

    for e in price(contract, basis):
        add_exposure(head, e, numbers, place, rows)


def _terms(before: Portfolio, after: Portfolio) -> pd.DataFrame:
    """The terms that hold in families, with what was corrected in any of their papers."""
    rows: list[Any] = before.terms.to_dict("records")
    heads = dict(zip(before.families["contract_id"], before.families["counted_with"], strict=True))
    for id in before.contracts["contract_id"]:
        head = heads[id] if isinstance(heads.get(id), str) else id
        if head not in set(before.terms["contract_id"]):
            continue
        was = {_key(p, head, id): p for p in _of(before.provisions, id)}
        now = {_key(p, head, id): p for p in _of(after.provisions, id)}
        gone = {k for k, p in was.items() if k not in now or now[k]["values"] != p["values"]}
        held = {_key(r, head, head) for r in rows if r["contract_id"] == head}
        yielded = {k[:3] for k in gone - held}  # another paper says otherwise: a correction does not bring it back
        rows = [r for r in rows if r["contract_id"] != head or _key(r, head, head) not in gone]
        come = [p for k, p in now.items() if (k not in was or k in gone) and k[:3] not in yielded]
        for p in come:
            row = {str(c): p[str(c)] for c in before.terms}
            rows.append({**row, "contract_id": head, "clause_id": _cited(head, id, p["clause_id"])})
    return pd.DataFrame(rows, columns=list(before.terms))


def _key(row: Row, head: str, paper: str) -> tuple[Any, ...]:
    return (_cited(head, paper, row["clause_id"]), *(row[c] for c in _KEY[1:]))


def _cited(head: str, paper: str, clause: str) -> str:
    return clause if paper == head else cite(paper, clause)


def _of(frame: pd.DataFrame, id: str) -> Iterator[Row]:
    yield from ({str(k): v for k, v in x.items()} for x in frame[frame["contract_id"] == id].to_dict("records"))


def _records(frame: pd.DataFrame, without: list[str]) -> list[Any]:
    return frame[~frame["contract_id"].isin(without)].astype(object).where(frame.notna(), None).to_dict("records")

"""Records to plain table rows: dicts of what the tables of README hold, with every span turned into page and boxes.

Rows are small and pickle well, so workers send rows home rather than whole documents.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from risklib.findings.clarity import share_clear
from risklib.inputs import Rates
from risklib.records import PROVIDER, Agreement, Analysis, Assumption, Deal, Exposure, Operand, Provision

Row = dict[str, Any]
_CLAUSE = re.compile(r"\b((?:[0-9a-f]{12}/)?c\d{4,})\b")  # with the paper before it where another one says so
ASSUMPTION = (
    "id", "component", "parameter", "low", "likely", "high", "unit", "source", "reviewed_on", "illustrative",
)  # fmt: skip
DEAL = ("file", "vendor", "annual_fees", "currency", "start", "term_months")


def rows_of(analysis: Analysis, exposures: Sequence[Exposure] = ()) -> dict[str, list[Row]]:
    """The rows of one file for contracts, clauses, responsibilities, provisions, exposures and operands."""
    rows: dict[str, list[Row]] = {
        t: [] for t in ("contracts", "clauses", "responsibilities", "provisions", "exposures", "operands")
    }
    rows["contracts"].append(_contract(analysis))
    if analysis.agreement is not None:
        _findings(analysis, analysis.agreement, rows)
    for e in exposures:
        _exposure(analysis, e, rows)
    return rows


def price_rows(analysis: Analysis, exposures: Sequence[Exposure]) -> dict[str, list[Row]]:
    """The rows of ``rows_of`` that rest on prices: exposures and operands."""
    rows: dict[str, list[Row]] = {"exposures": [], "operands": []}
    for e in exposures:
        _exposure(analysis, e, rows)
    return rows


def _contract(a: Analysis) -> Row:
    row: Row = {"contract_id": a.contract_id, "file": a.file, "status": a.status, "reason": a.reason, "copies": []}
    g = a.agreement
    if g is None:
        return row | {"pages": 0, "words": 0, "ocr_pages": 0}
    named = {p.role: p.name for p in g.parties}
    return (
        row
        | {
            "title": g.title or None,
            "customer": named.get("customer"),
            "provider": named.get("provider"),
            "effective_date": g.effective_date.isoformat() if g.effective_date else None,
            "pages": len(g.document.pages),
            "words": len(g.document.words),
            "ocr_pages": sum(p.source == "ocr" for p in g.document.pages),
            "clear_share": share_clear([r for r in a.responsibilities if r.party != PROVIDER]),
        }
        | _term(g)
    )


def _term(g: Agreement) -> Row:
    t = g.term
    if t is None:
        return {}
    boxes = g.document.boxes(t.start, t.end)
    return {
        "term": "open" if t.open else "fixed" if t.months or t.ends else None,
        "term_months": t.months,
        "term_ends": t.ends.isoformat() if t.ends else None,
        "renewal_months": t.renewal_months,
        "renews": t.renews,
        "term_text": g.document.quote(t.start, t.end),
        "term_clause_id": t.clause_id,
        "term_page": boxes[0][0] if boxes else None,
        "term_bbox": [list(b) for b in boxes],
    }


def _findings(a: Analysis, g: Agreement, rows: dict[str, list[Row]]) -> None:
    def place(start: int, end: int) -> Row:
        boxes = g.document.boxes(start, end)
        page = boxes[0][0] if boxes else g.document.page_of(start)
        return {"page": page, "start": start, "end": end, "bbox": [list(b) for b in boxes]}

    for c in g.clauses:
        row = {k: getattr(c, k) for k in ("clause_id", "parent_id", "number", "heading", "level")}
        rows["clauses"].append(
            {
                "contract_id": a.contract_id,
                **row,
                "text": f"{c.heading} {g.document.quote(c.body, c.end)}".strip(),
                **place(c.start, c.end),
            }
        )
    for r in a.responsibilities:
        columns = (
            "clause_id",
            "responsibility",
            "party",
            "modality",
            "action",
            "deadline",
            "trigger",
            "clarity",
            "consequence",
            "confidence",
            "method",
        )
        row = {k: getattr(r, k) for k in columns}
        row |= {"category": r.responsibility.split(".")[0], "vague": list(r.vague), "marks": dict(r.marks)}
        row["doubts"] = [d._asdict() for d in r.doubts]
        rows["responsibilities"].append(
            {"contract_id": a.contract_id, "text": g.document.quote(r.start, r.end), **row, **place(r.start, r.end)}
        )
    for p in a.provisions:
        row = {k: getattr(p, k) for k in ("clause_id", "provision", "party", "confidence", "method")}
        rows["provisions"].append(
            {
                "contract_id": a.contract_id,
                "text": g.document.quote(p.start, p.end),
                "values": dict(p.values),
                **row,
                **place(p.start, p.end),
            }
        )


def _exposure(a: Analysis, e: Exposure, rows: dict[str, list[Row]]) -> None:
    g = a.agreement
    numbers = {c.clause_id: c.number or c.heading for c in g.clauses} if g else {}

    def place(o: Operand) -> Row:
        if g is None or o.start is None or o.end is None:
            return {}
        boxes = g.document.boxes(o.start, o.end)
        return {"bbox": [list(b) for b in boxes], "page": boxes[0][0] if boxes else None}

    add_exposure(a.contract_id, e, numbers, place, rows)


def add_exposure(
    contract_id: str,
    e: Exposure,
    numbers: Mapping[str, str],
    place: Callable[[Operand], Row],
    rows: Mapping[str, list[Row]],
) -> None:
    """Adds the rows of one exposure to those of exposures and operands. ``numbers``: clause_id → as people cite it;
    ``place``: where an operand stands (page, bbox, and clause_id and paper where another paper says it)."""
    columns = (
        "component",
        "low",
        "likely",
        "high",
        "expected",
        "p95",
        "currency",
        "per",
        "formula",
        "status",
        "reason",
    )
    row = {k: plain(getattr(e, k)) for k in columns}
    row |= {k: in_numbers(row[k], numbers) for k in ("formula", "reason")}
    rows["exposures"].append({"contract_id": contract_id, **row})
    for o in e.operands:
        used: Row = {k: getattr(o, k) for k in ("name", "unit", "origin", "clause_id", "start", "end", "source")}
        used |= {
            "contract_id": contract_id,
            "component": e.component,
            "value": None if o.value is None else str(o.value),
        }
        rows["operands"].append(used | place(o))


def in_numbers(text: str | None, numbers: Mapping[str, str]) -> str | None:
    """ "clause c0063" as people cite it: "clause 7.2"."""
    return text and _CLAUSE.sub(lambda m: numbers.get(m[1]) or m[1], text)


def deal_row(d: Deal) -> Row:
    known = {k: plain(getattr(d, k)) for k in DEAL}
    return known | {k: plain(v) for k, v in d.extra.items()}


def term_row(head: str, p: Provision) -> Row:
    """A term that holds in the family of ``head``; one of another paper cites its clause with the paper before it."""
    columns = ("clause_id", "provision", "party", "confidence", "method", "start", "end")
    return {"contract_id": head, "values": dict(p.values), **{k: getattr(p, k) for k in columns}}


def rates_row(r: Rates) -> Row:
    """As ``meta`` keeps them; exact, as text."""
    units = {currency: str(rate) for currency, rate in r.units.items()}
    return {"on": r.on.isoformat(), "base": r.base, "units": units, "source": r.source}


def assumption_row(a: Assumption) -> Row:
    return {k: plain(getattr(a, k)) for k in ASSUMPTION}


def plain(x: Any) -> Any:
    """Decimals become floats, dates text: what pandas and Parquet can hold."""
    return float(x) if isinstance(x, Decimal) else x.isoformat() if isinstance(x, date) else x

"""Small portfolios from tables of (clause number, provision, party, values), without any PDF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from risklib.inputs import load_assumptions
from risklib.portfolio import Portfolio
from risklib.records import Deal

Terms = Sequence[tuple[Any, ...]]


def clause_rows(id: str, rows: Terms, texts: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    return [
        {
            "contract_id": id,
            "clause_id": f"c{i:04d}",
            "parent_id": None,
            "number": r[0],
            "heading": "",
            "level": 1,
            "text": (texts or {}).get(r[0]) or (r[4] if len(r) > 4 else f"Words of clause {r[0]}."),
            "page": 1,
            "start": i * 100,
            "end": i * 100 + 50,
            "bbox": [[1, 10, 10 + i, 20, 12 + i]],
        }
        for i, r in enumerate(rows, 1)
    ]


def portfolio_of(
    agreements: Mapping[str, Terms],
    *,
    duties: Mapping[str, Terms] | None = None,
    clauses: Mapping[str, Sequence[tuple[str, str, str]]] | None = None,
    facts: bool = True,
    fees: int = 120_000,
) -> Portfolio:
    """``clauses``: further clauses as (number, heading, text)."""
    rows: dict[str, list[dict[str, Any]]] = {
        t: [] for t in ("contracts", "clauses", "provisions", "responsibilities", "exposures")
    }
    deals = []
    for file, terms in agreements.items():
        id, own = f"{file}-id", (duties or {}).get(file, ())
        vendor = f"{file.split('.')[0]} vendor"
        rows["contracts"].append(
            {"contract_id": id, "file": file, "status": "ok", "customer": "Buyer", "provider": vendor, "ocr_pages": 0}
        )
        placed = clause_rows(id, [*terms, *own])
        rows["clauses"] += placed
        for k, (number, heading, text) in enumerate((clauses or {}).get(file, ())):
            rows["clauses"].append(
                {
                    **clause_rows(id, [("", "", "", {})])[0],
                    "clause_id": f"c9{k:03d}",
                    "number": number,
                    "heading": heading,
                    "text": text,
                    "start": 90_000 + k,
                }
            )
        for r, c in zip(terms, placed):
            rows["provisions"].append(
                {**c, "provision": r[1], "party": r[2], "values": dict(r[3]), "confidence": 0.9, "method": "model"}
            )
        for r, c in zip(own, placed[len(terms) :]):
            more = {
                "category": r[1].split(".")[0],
                "modality": "obligation",
                "clarity": 0.5,
                "vague": [],
                "confidence": 0.9,
                **r[3],
            }
            rows["responsibilities"].append({**c, "responsibility": r[1], "party": r[2], **more})
        if facts:
            deals.append(
                Deal(
                    file,
                    vendor=vendor,
                    annual_fees=fees,
                    currency="GBP",
                    term_months=36,
                    extra={
                        "invoices_per_year": 12,
                        "records_held": 1000,
                        "downtime_value_per_day": 500,
                        "paid_in_advance": 12,
                        "switching_cost": 20_000,
                    },
                )
            )
    return Portfolio.build(
        rows, deals=deals, assumptions=load_assumptions(None).rows, meta={"as_of": "2026-11-01", "seed": 0}
    )

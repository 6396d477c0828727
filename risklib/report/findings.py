"""Responsibilities and provisions as the report lists them: one record a finding, grouped by contract and subject."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup

from risklib.findings.measured import Measured
from risklib.report import text as t
from risklib.report.crops import Wanted

Titles = Callable[[str], str]
CUSTOMER, BOTH = "customer", "both"
UNCLEAR = 0.5  # clarity below this invites a dispute


@dataclass(frozen=True, slots=True)
class Contract:
    """A file as the report names it. ``label`` is short (vendor, and title where a vendor has several)."""

    key: str  # anchor: "k3"
    contract_id: str
    file: str
    vendor: str
    label: str
    title: str
    parties: str
    effective: str
    pages: str
    ocr_pages: int
    status: str
    reason: str
    copies: tuple[str, ...]  # other files with the same bytes
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Finding:
    key: str  # anchor: "f120"
    contract: Contract
    kind: str  # "responsibility" or "provision"
    label_id: str  # responsibility or provision id
    group: str  # category id or provision id
    group_title: str
    title: str
    section: str
    page: int | None
    party: str
    modality: str
    quote: Markup
    deadline: str
    values: tuple[str, ...]
    confidence: float | None
    measured: str  # how well findings of this kind were found in labelled agreements; "" where nobody measured
    clarity: float | None
    unclear: bool
    vague: tuple[str, ...]
    open: tuple[str, ...]  # the marks of clarity that it lacks: "when", "how well"
    action: str
    consequence: str  # clause_id
    clause_id: str
    start: int
    end: int
    boxes: tuple[tuple[int, float, float, float, float], ...]

    @property
    def wanted(self) -> Wanted:
        return Wanted(self.key, self.contract.contract_id, self.contract.file, self.boxes)


def contracts_of(contracts: pd.DataFrame, deals: pd.DataFrame | None) -> dict[str, Contract]:
    """Every file of the portfolio, failed ones too, by contract_id, in the order of vendor and title."""
    facts = {} if deals is None else {_file_name(d["file"]): d for d in deals.to_dict("records")}
    rows = []
    for row in contracts.to_dict("records"):
        deal = facts.get(_file_name(row["file"]), {})
        vendor = next(
            (t.visible(v) for v in (deal.get("vendor"), row.get("provider")) if t.known(v) and str(v).strip()), ""
        )
        title = t.visible(row.get("title")) or t.visible(row["file"])
        rows.append((vendor or title, title, row, deal))
    rows.sort(key=lambda r: (r[0].casefold(), r[1].casefold(), str(r[2]["file"])))
    vendors = pd.Series([r[0] for r in rows], dtype=object).value_counts()
    labels = pd.Series([r[0] if vendors[r[0]] == 1 else f"{r[0]}: {r[1]}" for r in rows], dtype=object)
    twice = set(labels[labels.duplicated(keep=False)])
    out: dict[str, Contract] = {}
    for k, ((vendor, title, row, deal), label) in enumerate(zip(rows, labels, strict=True)):
        name = f"{vendor} ({t.visible(row['file'])})" if label in twice else label
        cid = str(row["contract_id"])  # unreadable files may share one; none may be lost for it
        out[cid if cid not in out else f"{cid} {row['file']}"] = _contract(f"k{k + 1}", vendor, name, title, row, deal)
    return out


def _contract(
    key: str, vendor: str, label: str, title: str, row: Mapping[Any, Any], deal: Mapping[Any, Any]
) -> Contract:
    parties = " and ".join(t.visible(row.get(side)) for side in ("customer", "provider") if t.known(row.get(side)))
    facts = (
        [("annual fees", t.money(deal.get("annual_fees"), deal.get("currency")))]
        if t.known(deal.get("annual_fees"))
        else []
    )
    for name in ("start", "term_months"):
        if t.known(deal.get(name)):
            value = deal[name]
            facts.append((t.humanise(name).lower(), t.number(value) if name == "term_months" else str(value)[:10]))
    return Contract(
        key, str(row["contract_id"]), t.visible(row["file"]), vendor, label, title, parties,
        str(row["effective_date"])[:10] if t.known(row.get("effective_date")) else "",
        t.number(row.get("pages")), int(row["ocr_pages"]) if t.known(row.get("ocr_pages")) else 0,
        t.visible(row.get("status")), t.visible(row.get("reason")),
        tuple(t.visible(c) for c in t.as_list(row.get("copies"))), tuple(facts),
    )  # fmt: skip


def findings_of(
    portfolio: Any, contracts: Mapping[str, Contract], titles: Titles, measured: Mapping[str, Measured]
) -> list[Finding]:
    """All provisions and responsibilities, contract by contract, in the order of the text."""
    sections = section_names(portfolio.clauses)
    rows = [("provision", r) for r in portfolio.provisions.to_dict("records")]
    rows += [("responsibility", r) for r in portfolio.responsibilities.to_dict("records")]
    order = {cid: k for k, cid in enumerate(contracts)}
    rows = [r for r in rows if r[1]["contract_id"] in order]
    rows.sort(key=lambda r: (order[r[1]["contract_id"]], r[0], _int(r[1].get("start")), str(r[1].get(r[0]))))
    return [
        _finding(f"f{k + 1}", kind, row, contracts, sections, titles, measured) for k, (kind, row) in enumerate(rows)
    ]


def _finding(
    key: str,
    kind: str,
    row: Mapping[str, Any],
    contracts: Mapping[str, Contract],
    sections: Mapping[tuple[str, str], str],
    titles: Titles,
    measured: Mapping[str, Measured],
) -> Finding:
    name = str(row[kind])
    group = str(row.get("category") or name.split(".")[0]) if kind == "responsibility" else name
    vague = tuple(str(w) for w in t.as_list(row.get("vague")))
    clarity = float(row["clarity"]) if kind == "responsibility" and t.known(row.get("clarity")) else None
    return Finding(
        key=key,
        contract=contracts[row["contract_id"]],
        kind=kind,
        label_id=name,
        group=group,
        group_title=titles(group),
        title=titles(name),
        section=sections.get((str(row["contract_id"]), str(row.get("clause_id"))), ""),
        page=int(row["page"]) if t.known(row.get("page")) else None,
        party=t.visible(row.get("party")),
        modality=t.visible(row.get("modality")) if kind == "responsibility" else "",
        quote=t.marked(row["text"], vague),
        deadline=t.visible(row.get("deadline")),
        values=tuple(t.chips(t.as_mapping(row.get("values")))) if kind == "provision" else (),
        confidence=float(row["confidence"]) if t.known(row.get("confidence")) else None,
        measured=measured[name].says if name in measured else "",
        clarity=clarity,
        unclear=clarity is not None and clarity < UNCLEAR,
        vague=tuple(t.visible(w) for w in vague),
        open=tuple(t.visible(m).replace("_", " ") for m, words in t.pairs(row.get("marks")) if not t.known(words)),
        action=t.visible(row.get("action")),
        consequence=str(row["consequence"]) if t.known(row.get("consequence")) else "",
        clause_id=str(row.get("clause_id")),
        start=_int(row.get("start")),
        end=_int(row.get("end")),
        boxes=tuple(t.boxes(row.get("bbox"))),
    )


def section_names(clauses: pd.DataFrame) -> dict[tuple[str, str], str]:
    """(contract_id, clause_id) → "4.2 Invoices": the number and the nearest heading, its own or a parent's."""
    out: dict[tuple[str, str], str] = {}
    heads: dict[tuple[str, str], str] = {}
    for row in clauses.to_dict("records"):
        key = (str(row["contract_id"]), str(row["clause_id"]))
        parent = (key[0], str(row.get("parent_id")))
        heads[key] = t.visible(row.get("heading")).strip() or heads.get(parent, "")
        name = f"{t.visible(row.get('number')).strip().rstrip('.')} {heads[key]}".strip()
        out[key] = name or out.get(parent, "")
    return out


def by_importance(findings: Iterable[Finding], priced: set[tuple[str, int, int]]) -> list[Finding]:
    """Findings in the order in which they deserve a picture: what money rests on (``priced``: contract_id, start, end),
    the other provisions, our duties with a consequence or unclear ones, our other duties, those of the vendor."""

    def rank(f: Finding) -> tuple[int, float]:
        confidence = -(f.confidence or 0.0)
        if (f.contract.contract_id, f.start, f.end) in priced:
            return 0, confidence
        if f.kind == "provision":
            return 1, confidence
        if f.party in (CUSTOMER, BOTH):
            return (2 if f.consequence or f.unclear else 3), confidence
        return 4, confidence

    return sorted(findings, key=rank)


def grouped(findings: Iterable[Finding]) -> list[tuple[Contract, list[tuple[str, str, list[Finding]]]]]:
    """Contract → [(group id, title, findings)]: provisions first, each group where its first finding stands."""
    out: dict[str, tuple[Contract, dict[tuple[str, str], tuple[str, str, list[Finding]]]]] = {}
    for f in findings:
        _, groups = out.setdefault(f.contract.key, (f.contract, {}))
        groups.setdefault((f.kind, f.group), (f.group, f.group_title, []))[2].append(f)
    return [(contract, list(groups.values())) for contract, groups in out.values()]


def _file_name(file: Any) -> str:
    return str(file).replace("\\", "/").rsplit("/", 1)[-1].casefold()


def _int(value: Any) -> int:
    return int(value) if t.known(value) else 0

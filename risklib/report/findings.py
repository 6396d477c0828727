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


KINDS = {"provision": "provisions", "responsibility": "responsibilities"}  # kind → table
Place = tuple[str, int, int]  # contract_id, start, end


def index_of(portfolio: Any, contracts: Mapping[str, Contract], priced: set[Place]) -> pd.DataFrame:
    """A light row for each provision and responsibility, contract by contract in the order of the text: there may be a
    million, of which the report lists some thousand.

    Columns: ``kind``; ``at``, its row in the table of that kind; ``contract``, its number among ``contracts``;
    ``label``, ``group``, ``party``, ``deadline`` and ``unclear`` (whether it has one, is so), ``confidence``; ``rank``,
    lowest for what deserves a picture most: what money rests on (``priced``), the other provisions, our duties with a
    consequence or unclear ones, our other duties, those of the vendor.
    """
    order = {cid: k for k, cid in enumerate(contracts)}
    both = pd.concat([_light(kind, getattr(portfolio, table), order, priced) for kind, table in KINDS.items()])
    both = both[both["contract"] >= 0]
    return both.sort_values(["contract", "kind", "start", "label"], kind="stable").reset_index(drop=True)


def _light(kind: str, frame: pd.DataFrame, order: Mapping[str, int], priced: set[Place]) -> pd.DataFrame:
    ids, labels = frame["contract_id"].tolist(), [str(x) for x in frame[kind].tolist()]
    start, end = (pd.to_numeric(frame[c]).fillna(0).astype(int).tolist() for c in ("start", "end"))
    nothing = pd.Series(None, index=frame.index, dtype=object)
    provision = kind == "provision"
    groups = labels if provision else [c or x.split(".")[0] for c, x in zip(_texts(frame, "category"), labels)]
    unclear = pd.to_numeric(nothing if provision else frame.get("clarity", nothing)) < UNCLEAR
    open_ended = [bool(u or c) for u, c in zip(unclear, _texts(frame, "consequence"))]
    shown = {p: t.visible(p) for p in frame["party"].unique()}
    party = [shown[p] for p in frame["party"].tolist()]
    ranks = [
        0 if place in priced else 1 if provision else (2 if o else 3) if p in (CUSTOMER, BOTH) else 4
        for place, o, p in zip(zip(ids, start, end), open_ended, party, strict=True)
    ]
    return pd.DataFrame({
        "kind": kind, "at": range(len(frame)), "contract": [order.get(c, -1) for c in ids], "label": labels,
        "group": groups, "party": party, "deadline": [d != "" for d in _texts(frame, "deadline")],
        "unclear": unclear.to_numpy(), "start": start, "rank": ranks,
        "confidence": pd.to_numeric(frame["confidence"]).fillna(0.0).to_numpy(dtype=float),
    })  # fmt: skip


def _texts(frame: pd.DataFrame, column: str) -> list[str]:
    """A column of text with "" for what is unknown, or is no column."""
    return [v if isinstance(v, str) else "" for v in frame[column].tolist()] if column in frame else [""] * len(frame)


def first(index: pd.DataFrame, most: int) -> pd.DataFrame:
    """The rows of the index that rank first, at most so many, the first first."""
    return index.assign(sure=-index["confidence"]).sort_values(["rank", "sure"], kind="stable").head(most)


def findings_of(
    portfolio: Any,
    contracts: Mapping[str, Contract],
    index: pd.DataFrame,
    titles: Titles,
    measured: Mapping[str, Measured],
) -> list[Finding]:
    """The findings of these rows of the index, in their order; a finding's key is its place in the whole index."""
    named = list(contracts.values())
    rows: dict[int, dict[Any, Any]] = {}
    for kind, table in KINDS.items():
        mine = index[index["kind"] == kind]
        found = getattr(portfolio, table).iloc[mine["at"].to_numpy()].to_dict("records")
        rows |= dict(zip(mine.index, found, strict=True))
    places = {(str(r["contract_id"]), str(r.get("clause_id"))) for r in rows.values()}
    sections = section_names(with_parents(portfolio.clauses, places))
    return [
        _finding(f"f{k + 1}", kind, rows[k], named[c], sections, titles, measured)
        for k, kind, c in zip(index.index, index["kind"], index["contract"], strict=True)
    ]


def with_parents(clauses: pd.DataFrame, wanted: Iterable[tuple[str, str]]) -> pd.DataFrame:
    """The rows of ``clauses`` with these (contract_id, clause_id), and those above them."""
    wanted = set(wanted)
    keys = list(zip(clauses["contract_id"].tolist(), clauses["clause_id"].tolist(), strict=True))
    parents = _texts(clauses, "parent_id")
    while above := {(c[0], p) for c, p in zip(keys, parents, strict=True) if p and c in wanted} - wanted:
        wanted |= above
    return clauses[[c in wanted for c in keys]]


def _finding(
    key: str,
    kind: str,
    row: Mapping[str, Any],
    contract: Contract,
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
        contract=contract,
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

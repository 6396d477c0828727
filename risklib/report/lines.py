"""The components of every contract's exposure, line by line; of a large portfolio the foremost, with their operands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from risklib.report import text as t
from risklib.report.findings import Contract, Finding, Place, Titles

Row = Mapping[Any, Any]  # of a frame
NAMED = 200  # components without a figure that the page names for each reason


@dataclass(frozen=True, slots=True)
class Operand:
    name: str
    value: str
    origin: str
    source: str
    quote: str
    place: str
    link: str  # anchor of the finding it was read from, "" if none


@dataclass(frozen=True, slots=True)
class Line:
    """One component of one contract."""

    key: str
    contract: Contract
    title: str
    scored: bool
    reason: str
    currency: str
    low: str
    likely: str
    high: str
    expected: str
    p95: str
    per: str
    formula: str
    operands: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Unscored:
    """``count`` components without a figure for one reason; the first ``NAMED``: title, contract, key of its line."""

    reason: str
    count: int
    named: tuple[tuple[str, Contract, str], ...]


@dataclass(frozen=True, slots=True)
class Lines:
    """The components of all contracts: how many, those listed in full, the largest of a currency, those unpriced."""

    count: int
    listed: tuple[Line, ...]
    largest: tuple[tuple[str, tuple[Line, ...]], ...]
    unscored: tuple[Unscored, ...]

    @property
    def lost(self) -> int:
        return sum(u.count for u in self.unscored)


def lines_of(
    portfolio: Any, contracts: Mapping[str, Contract], findings: Sequence[Finding], titles: Titles, most: int
) -> Lines:
    """The components of all contracts; at most so many in full, with their operands, each linked to the one of
    ``findings`` that it was read from: those with the largest share of their currency's expected loss."""
    e = _ordered(portfolio.exposures, contracts)
    named, largest = list(contracts.values()), _largest(e)
    listed = _foremost(e, most)
    full = sorted({*listed, *(k for _, ks in largest for k in ks)})
    rows = e.iloc[full].to_dict("records")
    operands = _operands_of(portfolio.operands, {(str(r["contract_id"]), str(r["component"])) for r in rows})
    index = _Index(findings, portfolio, [o for os in operands.values() for o in os])
    lines = {k: _line(k, r, named[r["order"]], titles, operands, index) for k, r in zip(full, rows, strict=True)}
    return Lines(
        count=len(e),
        listed=tuple(lines[k] for k in listed),
        largest=tuple((currency, tuple(lines[k] for k in ks)) for currency, ks in largest),
        unscored=_unscored(e, named, titles, set(listed)),
    )


def _ordered(exposures: pd.DataFrame, contracts: Mapping[str, Contract]) -> pd.DataFrame:
    """The rows contract by contract, priced ones first, the largest first; ``order`` is the contract's number."""
    order = {cid: k for k, cid in enumerate(contracts)}
    e = exposures.assign(
        order=[order.get(c, -1) for c in exposures["contract_id"]],
        lost=exposures["status"] != "scored",
        less=-pd.to_numeric(exposures["expected"]).fillna(0.0).astype(float),
    )
    return e[e["order"] >= 0].sort_values(["order", "lost", "less"], kind="stable").reset_index(drop=True)


def _foremost(e: pd.DataFrame, most: int) -> list[int]:
    if len(e) <= most:
        return list(e.index)
    whole = e.groupby("currency")["less"].transform("sum")
    share = (e["less"] / whole.where(whole < 0)).fillna(0.0)
    return sorted(share.sort_values(ascending=False, kind="stable").index[:most])


def _largest(e: pd.DataFrame, top: int = 5, currencies: int = 2) -> list[tuple[str, list[int]]]:
    """The lines with the largest expected loss in the currencies with most lines: amounts in different currencies are
    never ranked together."""
    found = {str(c): part for c, part in e[~e["lost"] & e["counted_with"].isna()].groupby("currency")}
    most = sorted(found, key=lambda c: (-len(found[c]), c))[:currencies]
    return [(c, list(found[c].sort_values("less", kind="stable").index[:top])) for c in most]


def _unscored(e: pd.DataFrame, named: Sequence[Contract], titles: Titles, listed: set[int]) -> tuple[Unscored, ...]:
    """Components without a figure, by reason, the most frequent first."""
    out: dict[str, list[tuple[int, str, int]]] = {}
    lost = e[e["lost"]]
    for k, component, reason, order in zip(lost.index, lost["component"], lost["reason"], lost["order"], strict=True):
        out.setdefault(t.visible(reason) or "no reason given", []).append((k, str(component), order))
    return tuple(
        Unscored(reason, len(ks), tuple((titles(c), named[o], f"x{k + 1}" * (k in listed)) for k, c, o in ks[:NAMED]))
        for reason, ks in sorted(out.items(), key=lambda item: -len(item[1]))
    )


def _operands_of(operands: pd.DataFrame, wanted: set[tuple[str, str]]) -> dict[tuple[str, str], list[Row]]:
    keys = zip(operands["contract_id"].tolist(), operands["component"].tolist(), strict=True)
    out: dict[tuple[str, str], list[Row]] = {}
    for row in operands[[k in wanted for k in keys]].to_dict("records"):
        out.setdefault((str(row["contract_id"]), str(row["component"])), []).append(row)
    return out


def _line(
    k: int, r: Mapping[Any, Any], contract: Contract, titles: Titles, operands: Mapping[Any, Any], index: _Index
) -> Line:
    return Line(
        key=f"x{k + 1}",
        contract=contract,
        title=titles(str(r["component"])),
        scored=r["status"] == "scored",
        reason=t.visible(r["reason"]),
        currency=t.visible(r["currency"]),
        low=t.amount(r["low"]),
        likely=t.amount(r["likely"]),
        high=t.amount(r["high"]),
        expected=t.amount(r["expected"]),
        p95=t.amount(r["p95"]),
        per=t.visible(r["per"]),
        formula=t.visible(r["formula"]),
        operands=tuple(_operand(o, index) for o in operands.get((r["contract_id"], str(r["component"])), ())),
    )


def _operand(row: Row, index: _Index) -> Operand:
    quote, place, link = index.place(row)
    return Operand(
        name=t.humanise(t.visible(row["name"])),
        value=f"{t.figure(row.get('value'))} {t.visible(row.get('unit'))}".strip(),
        origin=t.visible(row.get("origin")),
        source=t.visible(row.get("source")),
        quote=quote,
        place=place,
        link=link,
    )


class _Index:
    """Finds the finding, the words and the section behind the offsets of these operands."""

    def __init__(self, findings: Sequence[Finding], portfolio: Any, operands: Sequence[Row]) -> None:
        self.near: dict[tuple[str, str], list[Finding]] = {}
        self.at: dict[Place, Finding] = {}
        for f in sorted(findings, key=lambda f: f.kind != "provision"):  # terms before duties in the same words
            self.near.setdefault((f.contract.contract_id, f.clause_id), []).append(f)
            self.at.setdefault((f.contract.contract_id, f.start, f.end), f)
        cited = {(_paper(o), str(o["clause_id"])) for o in operands if t.known(o.get("clause_id"))}
        c = portfolio.clauses
        mine = c[[key in cited for key in zip(c["contract_id"].tolist(), c["clause_id"].tolist(), strict=True)]]
        self.clauses = {(str(c["contract_id"]), str(c["clause_id"])): c for c in mine.to_dict("records")}
        papers = {contract_id for contract_id, _ in cited}
        rows = portfolio.provisions[["contract_id", "start", "end", "text"]].dropna(subset=["start", "end"])
        rows = rows[rows["contract_id"].isin(papers)]
        self.words = {(str(c), int(a), int(b)): str(words) for c, a, b, words in rows.itertuples(index=False)}

    def place(self, row: Row) -> tuple[str, str, str]:
        """(quote, "4.2, page 3", anchor) of an operand; empty texts for one that stands on no clause."""
        if not t.known(row.get("clause_id")):
            return "", "", ""
        cid, key = _paper(row), (_paper(row), str(row["clause_id"]))
        clause, near = self.clauses.get(key, {}), self.near.get(key, [])
        quote, finding = "", near[0] if near else None
        if t.known(row.get("start")) and t.known(row.get("end")):
            start, end = int(row["start"]), int(row["end"])
            finding = (
                self.at.get((cid, start, end)) or _first(f for f in near if f.start < end and start < f.end) or finding
            )
            quote = self.words.get((cid, start, end)) or _slice(clause, start, end)
        page = f"page {int(row['page'])}" if t.known(row.get("page")) else ""
        place = ", ".join(p for p in (t.visible(clause.get("number")).rstrip("."), page) if p)
        return t.visible(" ".join(quote.split())), place, finding.key if finding else ""


def _paper(operand: Row) -> str:
    """The contract_id of the paper that an operand's clause stands in: an order form's, or the contract's own."""
    return str(operand["paper"]) if t.known(operand.get("paper")) else str(operand["contract_id"])


def priced(operands: pd.DataFrame) -> set[Place]:
    """The places that money rests on."""
    found = operands.dropna(subset=["start", "end"])
    ids = found["contract_id"]
    ids = found["paper"].where(found["paper"].notna(), ids) if "paper" in found else ids
    return set(zip(ids.tolist(), found["start"].astype(int).tolist(), found["end"].astype(int).tolist(), strict=True))


def _first(findings: Iterable[Finding]) -> Finding | None:
    return next(iter(findings), None)


def _slice(clause: Mapping[Any, Any], start: int, end: int) -> str:
    """The clause's own words at document offsets [start, end); empty where they lie outside it."""
    if not clause:
        return ""
    at = int(clause["start"])
    return str(clause["text"])[max(0, start - at) : max(0, end - at)]


def by_contract(lines: Sequence[Line]) -> list[tuple[Contract, list[Line]]]:
    out: dict[str, tuple[Contract, list[Line]]] = {}
    for line in lines:
        out.setdefault(line.contract.key, (line.contract, []))[1].append(line)
    return list(out.values())

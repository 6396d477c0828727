"""What each part of the report says, as plain records for the template. Adds up expected losses, never percentiles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup

from risklib import charts
from risklib.report import text as t
from risklib.report.findings import BOTH, CUSTOMER, Contract, Finding, Titles

SHADES = 6  # classes of the heat map, 0 is empty


@dataclass(frozen=True, slots=True)
class Total:
    """A row of the totals. Money is text; ``left_out`` counts the components without a figure."""

    name: str
    currency: str
    expected: str
    p95: str
    es95: str
    scored: int
    left_out: int


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
class Cell:
    count: int
    shade: int
    group: str
    column: str  # contract key, or vendor name


@dataclass(frozen=True, slots=True)
class HeatMap:
    by: str  # "contract" or "vendor"
    columns: tuple[tuple[str, str], ...]  # (filter value, label)
    rows: tuple[tuple[str, str, tuple[Cell, ...], int], ...]  # category id, title, cells, row total
    legend: tuple[tuple[int, str], ...]  # shade, "1–3"
    left_out: str


def totals_of(totals: pd.DataFrame, level: str, names: Mapping[str, str]) -> list[Total]:
    """The totals of one level, largest p95 first within a currency; ``names`` gives labels for ids."""
    rows = totals[totals["level"] == level].sort_values(["currency", "p95"], ascending=[True, False], na_position="last")
    return [
        Total(
            names.get(str(r["name"]), t.visible(r["name"])), t.visible(r["currency"]) if t.known(r["currency"]) else t.DASH,
            t.amount(r["expected"]), t.amount(r["p95"]), t.amount(r["es95"]), _count(r["scored"]), _count(r["unscored"]),
        )
        for r in rows.to_dict("records")
    ]  # fmt: skip


def exposure_charts(portfolio: Any, names: Mapping[str, str], titles: Titles) -> dict[str, dict[str, Markup]]:
    """currency → {"component": svg, "vendor": svg, "curve": svg}; only what has a figure."""
    totals = portfolio.totals
    out: dict[str, dict[str, Markup]] = {}
    for k, currency in enumerate(sorted({str(c) for c in totals["currency"] if t.known(c)})):
        drawn: dict[str, Markup] = {}
        for level in ("component", "vendor"):
            rows = totals[(totals["level"] == level) & (totals["currency"] == currency)].dropna(subset=["expected"])
            if len(rows):
                label = {str(n): titles(str(n)) if level == "component" else names.get(str(n), t.visible(n)) for n in rows["name"]}
                chart = charts.exposure_bars(rows.assign(name=rows["name"].astype(str).map(label)), currency=currency, label=level)
                text = f"Expected and 95th percentile loss by {level}, {currency} per contract year"
                drawn[level] = Markup(charts.svg(chart, label=text, prefix=f"c{k}{level[0]}"))
        curve = portfolio.curve[portfolio.curve["currency"] == currency] if len(portfolio.curve) else portfolio.curve
        whole = totals[(totals["level"] == "portfolio") & (totals["currency"] == currency)]
        if len(curve):
            top = whole.iloc[0] if len(whole) else {}
            marks = {"expected": top.get("expected"), "95th percentile": top.get("p95"), "average of the worst 5 %": top.get("es95")}
            chart = charts.loss_curve(curve, marks, currency=currency)
            drawn["curve"] = Markup(charts.svg(chart, label=f"Chance that a year's loss exceeds an amount, {currency}", prefix=f"c{k}l"))
        if drawn:
            out[currency] = drawn
    return out


def lines_of(portfolio: Any, contracts: Mapping[str, Contract], findings: Sequence[Finding], titles: Titles) -> list[Line]:
    """Every component of every contract with its operands, each linked to the finding that it was read from."""
    operands: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in portfolio.operands.to_dict("records"):
        operands.setdefault((str(row["contract_id"]), str(row["component"])), []).append(row)
    index = _Index(findings, portfolio.clauses)
    order = {cid: k for k, cid in enumerate(contracts)}
    rows = [r for r in portfolio.exposures.to_dict("records") if r["contract_id"] in order]
    rows.sort(key=lambda r: (order[r["contract_id"]], r["status"] != "scored", -(float(r["p95"]) if t.known(r["p95"]) else 0.0)))
    return [_line(f"x{k + 1}", r, contracts, operands, index, titles) for k, r in enumerate(rows)]


def _line(
    key: str, r: Mapping[str, Any], contracts: Mapping[str, Contract], operands: Mapping[tuple[str, str], list[dict[str, Any]]],
    index: _Index, titles: Titles,
) -> Line:  # fmt: skip
    found = operands.get((str(r["contract_id"]), str(r["component"])), [])
    return Line(
        key, contracts[r["contract_id"]], titles(str(r["component"])), r["status"] == "scored", t.visible(r["reason"]),
        t.visible(r["currency"]), t.amount(r["low"]), t.amount(r["likely"]), t.amount(r["high"]), t.amount(r["expected"]),
        t.amount(r["p95"]), t.visible(r["per"]), t.visible(r["formula"]), tuple(_operand(o, index) for o in found),
    )  # fmt: skip


def _operand(row: Mapping[str, Any], index: _Index) -> Operand:
    unit = t.visible(row.get("unit"))
    quote, place, link = index.place(row)
    value = t.number(_plain(row.get("value")))
    return Operand(
        t.humanise(t.visible(row["name"])), f"{value} {unit}".strip(), t.visible(row.get("origin")), t.visible(row.get("source")),
        quote, place, link,
    )  # fmt: skip


class _Index:
    """Finds the finding, the words and the section behind an operand's offsets."""

    def __init__(self, findings: Sequence[Finding], clauses: pd.DataFrame) -> None:
        self.at: dict[tuple[str, int, int], Finding] = {}
        self.by_clause: dict[tuple[str, str], list[Finding]] = {}
        for f in findings:
            self.at.setdefault((f.contract.contract_id, f.start, f.end), f)
            self.by_clause.setdefault((f.contract.contract_id, f.clause_id), []).append(f)
        self.clauses = {(str(c["contract_id"]), str(c["clause_id"])): c for c in clauses.to_dict("records")}

    def place(self, row: Mapping[str, Any]) -> tuple[str, str, str]:
        """(quote, "4.2, page 3", anchor) of an operand; empty texts for one that is no provision."""
        cid, clause_id = str(row["contract_id"]), row.get("clause_id")
        if not t.known(clause_id):
            return "", "", ""
        start, end = row.get("start"), row.get("end")
        finding = self.at.get((cid, int(start), int(end))) if t.known(start) and t.known(end) else None  # type: ignore[arg-type]
        near = self.by_clause.get((cid, str(clause_id)), [])
        finding = finding or next((f for f in near if t.known(start) and f.start <= int(start) < f.end), near[0] if near else None)  # type: ignore[arg-type]
        clause = self.clauses.get((cid, str(clause_id)))
        quote = ""
        if clause is not None and t.known(start) and t.known(end):
            quote = str(clause["text"])[max(0, int(start) - int(clause["start"])) : max(0, int(end) - int(clause["start"]))]  # type: ignore[arg-type]
        number = t.visible(clause["number"]) if clause is not None else ""
        page = f"page {int(row['page'])}" if t.known(row.get("page")) else ""
        place = ", ".join(p for p in (number, page) if p)
        return t.visible(" ".join(quote.split())), place, finding.key if finding else ""


def vendor_table(portfolio: Any, contracts: Mapping[str, Contract], titles: Titles) -> list[dict[str, Any]]:
    """One table a currency: expected loss by component (rows) and vendor (columns), with what is left out in each cell."""
    rows = portfolio.exposures[portfolio.exposures["contract_id"].isin(list(contracts))].copy()
    if rows.empty:
        return []
    rows["vendor"] = rows["contract_id"].map(lambda c: contracts[c].vendor)
    scored = rows[rows["status"] == "scored"]
    out = []
    for currency, part in scored.groupby("currency", sort=True):
        sums = part.assign(expected=part["expected"].astype(float)).pivot_table(
            index="component", columns="vendor", values="expected", aggfunc="sum", sort=False
        )
        sums = sums.loc[sums.sum(axis=1).sort_values(ascending=False).index, sums.sum().sort_values(ascending=False).index]
        vendors, more = list(sums.columns[:12]), list(sums.columns[12:])
        missing = Counter(zip(rows.loc[rows["status"] != "scored", "component"], rows.loc[rows["status"] != "scored", "vendor"], strict=True))
        top = float(sums.max().max()) or 1.0
        body = [
            (
                titles(str(c)),
                [(t.amount(sums.at[c, v]), _shade(sums.at[c, v], top), missing.get((c, v), 0)) for v in vendors],
                t.amount(sums.loc[c].sum()),
            )
            for c in sums.index
        ]
        foot = [t.amount(sums[v].sum()) for v in vendors]
        out.append({"currency": currency, "vendors": vendors, "more": more, "rows": body, "foot": foot, "sum": t.amount(sums.sum().sum())})
    return out


def unscored_of(lines: Sequence[Line]) -> list[tuple[str, list[Line]]]:
    """Components without a figure, by reason, the most frequent first."""
    out: dict[str, list[Line]] = {}
    for line in lines:
        if not line.scored:
            out.setdefault(line.reason or "no reason given", []).append(line)
    return sorted(out.items(), key=lambda item: -len(item[1]))


def heat_map_of(findings: Sequence[Finding], contracts: Mapping[str, Contract], categories: Sequence[str], titles: Titles) -> HeatMap:
    """The customer's duties: categories × contracts, or × vendors where there are more than 20 contracts."""
    duties = [f for f in findings if f.kind == "responsibility" and f.party in (CUSTOMER, BOTH)]
    readable = [c for c in contracts.values() if c.status != "failed"]
    by = "contract" if len(readable) <= 20 else "vendor"
    label = {c.key if by == "contract" else c.vendor: c.label if by == "contract" else c.vendor for c in readable}
    counts = Counter((f.group, f.contract.key if by == "contract" else f.contract.vendor) for f in duties)
    weight = Counter(f.contract.key if by == "contract" else f.contract.vendor for f in duties)
    columns = list(label)
    left_out = ""
    if len(columns) > 24:
        columns = [c for c, _ in weight.most_common(24)]
        left_out = f"the 24 {by}s with most duties are shown; {len(label) - 24} more are in the findings list"
    ids = list(dict.fromkeys([*categories, *(f.group for f in duties)]))
    top = max(counts.values(), default=1)
    rows = tuple(
        (
            i,
            titles(i),
            tuple(Cell(counts[i, c], _shade(counts[i, c], top), i, c) for c in columns),
            sum(n for (g, _), n in counts.items() if g == i),
        )
        for i in ids
    )
    return HeatMap(by, tuple((c, label[c]) for c in columns), rows, _legend(top), left_out)


def _shade(value: Any, top: float) -> int:
    """0 for nothing, else 1..SHADES-1 by the square root of the share: small counts stay apart."""
    if not t.known(value) or float(value) <= 0:
        return 0
    return min(SHADES - 1, 1 + int((float(value) / top) ** 0.5 * (SHADES - 1)))


def _legend(top: int) -> tuple[tuple[int, str], ...]:
    spans: dict[int, list[int]] = {}
    for n in range(1, top + 1):
        spans.setdefault(_shade(n, top), []).append(n)
    return tuple((s, str(v[0]) if len(v) == 1 else f"{v[0]} to {v[-1]}") for s, v in spans.items())


def _plain(value: Any) -> Any:
    """An operand's value, which a frame may hold as text, as a number where it is one."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


def _count(value: Any) -> int:
    return int(value) if t.known(value) else 0

"""Exposure as the report shows it. Adds up expected losses where a table says so, percentiles never."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup

from risklib import charts
from risklib.report import text as t
from risklib.report.findings import Contract, Finding, Titles
from risklib.report.heat import shade

VENDORS = 12  # columns of the component by vendor table


@dataclass(frozen=True, slots=True)
class Total:
    """A row of the totals, money as text. ``left_out`` counts the components without a figure."""

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
    size: float  # p95 as a number, 0 when unknown


@dataclass(frozen=True, slots=True)
class Matrix:
    """Expected losses in one currency. Rows: (component, [(amount, shade, contracts without a figure)], sum)."""

    currency: str
    vendors: tuple[str, ...]
    more: int  # vendors beyond the columns
    rows: tuple[tuple[str, tuple[tuple[str, int, int], ...], str], ...]
    foot: tuple[str, ...]
    total: str


def totals_of(totals: pd.DataFrame, level: str, names: Mapping[str, str]) -> list[Total]:
    """The totals of one level, largest p95 first within a currency; ``names`` gives labels for ids."""
    rows = totals[totals["level"] == level]
    rows = rows.sort_values(["currency", "p95"], ascending=[True, False], na_position="last")
    return [
        Total(
            name=names.get(str(r["name"]), t.visible(r["name"])),
            currency=t.visible(r["currency"]) or t.DASH,
            expected=t.amount(r["expected"]),
            p95=t.amount(r["p95"]),
            es95=t.amount(r["es95"]),
            scored=t.count(r["scored"]),
            left_out=t.count(r["unscored"]),
        )
        for r in rows.to_dict("records")
    ]


def exposure_charts(
    totals: pd.DataFrame, curve: pd.DataFrame, labels: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, Markup]]:
    """currency → {"component": svg, "vendor": svg, "curve": svg}. ``labels``: level → id → name."""
    out: dict[str, dict[str, Markup]] = {}
    for k, currency in enumerate(sorted({str(c) for c in totals["currency"] if t.known(c)})):
        here = totals[totals["currency"] == currency]
        drawn = {level: _bars(here, level, labels[level], currency, f"c{k}{level[0]}") for level in labels}
        drawn["curve"] = _curve(here, curve[curve["currency"] == currency] if len(curve) else curve, currency, f"c{k}l")
        if any(drawn.values()):
            out[currency] = drawn
    return out


def _bars(here: pd.DataFrame, level: str, labels: Mapping[str, str], currency: str, prefix: str) -> Markup:
    rows = here[here["level"] == level].dropna(subset=["expected"])
    if rows.empty:
        return Markup("")
    rows = rows.assign(name=[labels.get(str(n), t.visible(n)) for n in rows["name"]])
    chart = charts.exposure_bars(rows, currency=currency, label=level)
    label = f"Expected and 95th percentile loss by {level}, {currency} per contract year"
    return Markup(charts.svg(chart, label=label, prefix=prefix))  # noqa: S704  vega escapes what it draws


def _curve(here: pd.DataFrame, curve: pd.DataFrame, currency: str, prefix: str) -> Markup:
    if curve.empty:
        return Markup("")
    whole: dict[Any, Any] = next(iter(here[here["level"] == "portfolio"].to_dict("records")), {})
    names = {"expected": "expected", "p95": "95th percentile", "es95": "average of the worst 5 %"}
    chart = charts.loss_curve(curve, {names[k]: whole[k] for k in names if k in whole}, currency=currency)
    label = f"Chance that a year's loss exceeds an amount, {currency}"
    return Markup(charts.svg(chart, label=label, prefix=prefix))  # noqa: S704


def lines_of(
    portfolio: Any, contracts: Mapping[str, Contract], findings: Sequence[Finding], titles: Titles
) -> list[Line]:
    """Every component of every contract with its operands, each linked to the finding that it was read from."""
    operands: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in portfolio.operands.to_dict("records"):
        operands.setdefault((str(row["contract_id"]), str(row["component"])), []).append(row)
    index = _Index(findings, portfolio.clauses)
    order = {cid: k for k, cid in enumerate(contracts)}
    rows = [r for r in portfolio.exposures.to_dict("records") if r["contract_id"] in order]
    rows.sort(key=lambda r: (order[r["contract_id"]], r["status"] != "scored", -_size(r["p95"])))
    return [
        Line(
            key=f"x{k + 1}",
            contract=contracts[r["contract_id"]],
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
            operands=tuple(_operand(o, index) for o in operands.get((r["contract_id"], str(r["component"])), [])),
            size=_size(r["p95"]),
        )
        for k, r in enumerate(rows)
    ]


def _operand(row: Mapping[str, Any], index: _Index) -> Operand:
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
    """Finds the finding, the words and the section behind an operand's offsets."""

    def __init__(self, findings: Sequence[Finding], clauses: pd.DataFrame) -> None:
        self.findings: dict[tuple[str, str], list[Finding]] = {}
        for f in findings:
            self.findings.setdefault((f.contract.contract_id, f.clause_id), []).append(f)
        self.clauses = {(str(c["contract_id"]), str(c["clause_id"])): c for c in clauses.to_dict("records")}

    def place(self, row: Mapping[str, Any]) -> tuple[str, str, str]:
        """(quote, "4.2, page 3", anchor) of an operand; empty texts for one that stands on no clause."""
        if not t.known(row.get("clause_id")):
            return "", "", ""
        key = (str(row["contract_id"]), str(row["clause_id"]))
        clause = self.clauses.get(key, {})
        near = self.findings.get(key, [])
        quote, finding = "", near[0] if near else None
        if t.known(row.get("start")) and t.known(row.get("end")):
            start, end = int(row["start"]), int(row["end"])
            # Terms before duties, the very words before words that only touch them.
            touching = [f for f in near if f.start < end and start < f.end]
            touching.sort(key=lambda f: (f.kind != "provision", (f.start, f.end) != (start, end)))
            finding = touching[0] if touching else finding
            if clause:
                at = int(clause["start"])
                quote = " ".join(str(clause["text"])[max(0, start - at) : max(0, end - at)].split())
        page = f"page {int(row['page'])}" if t.known(row.get("page")) else ""
        place = ", ".join(p for p in (t.visible(clause.get("number")), page) if p)
        return t.visible(quote), place, finding.key if finding else ""


def matrices_of(exposures: pd.DataFrame, contracts: Mapping[str, Contract], titles: Titles) -> list[Matrix]:
    """Expected loss by component (rows) and vendor (columns), a table a currency; expected losses may be added."""
    rows = exposures[exposures["contract_id"].isin(list(contracts))]
    if rows.empty:
        return []
    rows = rows.assign(vendor=[contracts[c].vendor for c in rows["contract_id"]])
    scored, rest = rows[rows["status"] == "scored"], rows[rows["status"] != "scored"]
    missing = Counter(zip(rest["component"], rest["vendor"], strict=True))
    return [_matrix(str(currency), part, missing, titles) for currency, part in scored.groupby("currency", sort=True)]


def _matrix(currency: str, part: pd.DataFrame, missing: Counter[tuple[str, str]], titles: Titles) -> Matrix:
    part = part.assign(expected=part["expected"].astype(float))
    sums = part.groupby(["component", "vendor"])["expected"].sum().unstack("vendor")
    rows = list(sums.sum(axis=1).sort_values(ascending=False, kind="stable").index)
    columns = list(sums.sum().sort_values(ascending=False, kind="stable").index)
    top = float(sums.max().max()) or 1.0
    shown = columns[:VENDORS]
    body = []
    for c in rows:
        cells = ((sums.at[c, v], missing.get((c, v), 0)) for v in shown)
        shaded = tuple((t.amount(value), shade(value, top, power=1), unpriced) for value, unpriced in cells)
        body.append((titles(str(c)), shaded, t.amount(sums.loc[c].sum())))
    return Matrix(
        currency=currency,
        vendors=tuple(str(v) for v in shown),
        more=len(columns) - len(shown),
        rows=tuple(body),
        foot=tuple(t.amount(sums[v].sum()) for v in shown),
        total=t.amount(sums.sum().sum()),
    )


def largest_of(lines: Sequence[Line], top: int = 5) -> list[tuple[str, list[Line]]]:
    """The lines with the largest p95, per currency: amounts in different currencies are never ranked together."""
    out: dict[str, list[Line]] = {}
    for line in sorted((x for x in lines if x.scored), key=lambda x: -x.size):
        out.setdefault(line.currency, []).append(line)
    return [(currency, found[:top]) for currency, found in sorted(out.items())]


def unscored_of(lines: Sequence[Line]) -> list[tuple[str, list[Line]]]:
    """Components without a figure, by reason, the most frequent first."""
    out: dict[str, list[Line]] = {}
    for line in lines:
        if not line.scored:
            out.setdefault(line.reason or "no reason given", []).append(line)
    return sorted(out.items(), key=lambda item: -len(item[1]))


def by_contract(lines: Sequence[Line]) -> list[tuple[Contract, list[Line]]]:
    out: dict[str, tuple[Contract, list[Line]]] = {}
    for line in lines:
        out.setdefault(line.contract.key, (line.contract, []))[1].append(line)
    return list(out.values())


def contract_totals(totals: pd.DataFrame, contracts: Sequence[Contract]) -> dict[str, list[Total]]:
    """The totals of each contract by its key; the frame names contracts by contract_id or by file."""
    keys = {c.contract_id: c.key for c in contracts} | {c.file: c.key for c in contracts}
    out: dict[str, list[Total]] = {}
    for total in totals_of(totals, "contract", keys):
        out.setdefault(total.name, []).append(total)
    return out


def _size(value: Any) -> float:
    return float(value) if t.known(value) else 0.0

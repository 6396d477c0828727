"""Exposure as the report shows it. Adds up expected losses where a table says so, percentiles never."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
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
    scored: str
    left_out: str


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
    size: float  # the expected loss as a number, 0 when unknown


@dataclass(frozen=True, slots=True)
class Matrix:
    """Expected losses in one currency. Rows: (component, [(amount, shade, contracts without a figure)], sum)."""

    currency: str
    vendors: tuple[str, ...]
    more: int  # vendors beyond the columns
    rows: tuple[tuple[str, tuple[tuple[str, int, int], ...], str], ...]
    foot: tuple[str, ...]
    total: str


@dataclass(frozen=True, slots=True)
class Block:
    """Exposure in one currency; the charts are inline SVG, empty where there is nothing to draw."""

    whole: Total
    agreements: int
    components: tuple[Total, ...]
    by_component: Markup
    by_vendor: Markup
    curve: Markup
    matrix: Matrix | None


def totals_of(totals: pd.DataFrame, level: str, names: Mapping[str, str]) -> list[Total]:
    """The totals of one level, largest expected loss first within a currency; ``names`` gives labels for ids."""
    rows = totals[totals["level"] == level]
    rows = rows.sort_values(["currency", "expected"], ascending=[True, False], na_position="last")
    return [
        Total(
            name=names.get(str(r["name"]), t.visible(r["name"])),
            currency=t.visible(r["currency"]) or t.DASH,
            expected=t.amount(r["expected"]),
            p95=t.amount(r["p95"]),
            es95=t.amount(r["es95"]),
            scored=t.number(r["scored"]),
            left_out=t.number(r["unscored"]),
        )
        for r in rows.to_dict("records")
    ]


def blocks_of(totals: pd.DataFrame, curve: pd.DataFrame, matrices: Mapping[str, Matrix], titles: Titles) -> list[Block]:
    """A block a currency, the one with most agreements first."""
    out: list[Block] = []
    for whole in totals_of(totals, "portfolio", {}):
        here = totals[totals["currency"] == whole.currency]
        names = {str(n): titles(str(n)) for n in here.loc[here["level"] == "component", "name"]}
        prefix = f"c{len(out)}"
        out.append(
            Block(
                whole=whole,
                agreements=int((here["level"] == "contract").sum()),
                components=tuple(totals_of(here, "component", names)),
                by_component=_bars(here, "component", names, whole.currency, f"{prefix}c"),
                by_vendor=_bars(here, "vendor", {}, whole.currency, f"{prefix}v"),
                curve=_curve(here, curve[curve["currency"] == whole.currency], whole.currency, f"{prefix}l"),
                matrix=matrices.get(whole.currency),
            )
        )
    return sorted(out, key=lambda b: (-b.agreements, b.whole.currency))


def _bars(here: pd.DataFrame, level: str, labels: Mapping[str, str], currency: str, prefix: str) -> Markup:
    rows = here[here["level"] == level].dropna(subset=["expected"])
    if len(rows) < (2 if level == "vendor" else 1):  # one vendor alone is the whole, which other tables show
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
    index = _Index(findings, portfolio)
    order = {cid: k for k, cid in enumerate(contracts)}
    rows = [r for r in portfolio.exposures.to_dict("records") if r["contract_id"] in order]
    rows.sort(key=lambda r: (order[r["contract_id"]], r["status"] != "scored", -_size(r["expected"])))
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
            size=_size(r["expected"]),
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

    def __init__(self, findings: Sequence[Finding], portfolio: Any) -> None:
        self.near: dict[tuple[str, str], list[Finding]] = {}
        self.at: dict[tuple[str, int, int], Finding] = {}
        for f in sorted(findings, key=lambda f: f.kind != "provision"):  # terms before duties in the same words
            self.near.setdefault((f.contract.contract_id, f.clause_id), []).append(f)
            self.at.setdefault((f.contract.contract_id, f.start, f.end), f)
        self.clauses = {(str(c["contract_id"]), str(c["clause_id"])): c for c in portfolio.clauses.to_dict("records")}
        rows = portfolio.provisions[["contract_id", "start", "end", "text"]].dropna(subset=["start", "end"])
        self.words = {(str(c), int(a), int(b)): str(words) for c, a, b, words in rows.itertuples(index=False)}

    def place(self, row: Mapping[str, Any]) -> tuple[str, str, str]:
        """(quote, "4.2, page 3", anchor) of an operand; empty texts for one that stands on no clause."""
        if not t.known(row.get("clause_id")):
            return "", "", ""
        cid, key = str(row["contract_id"]), (str(row["contract_id"]), str(row["clause_id"]))
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


def _first(findings: Iterable[Finding]) -> Finding | None:
    return next(iter(findings), None)


def _slice(clause: Mapping[Any, Any], start: int, end: int) -> str:
    """The clause's own words at document offsets [start, end); empty where they lie outside it."""
    if not clause:
        return ""
    at = int(clause["start"])
    return str(clause["text"])[max(0, start - at) : max(0, end - at)]


def matrices_of(exposures: pd.DataFrame, contracts: Mapping[str, Contract], titles: Titles) -> dict[str, Matrix]:
    """Expected loss by component (rows) and vendor (columns) for each currency; expected losses may be added."""
    rows = exposures[exposures["contract_id"].isin(list(contracts)) & exposures["counted_with"].isna()]  # no euro twice
    if rows.empty:
        return {}
    rows = rows.assign(vendor=[contracts[c].vendor for c in rows["contract_id"]])
    scored, rest = rows[rows["status"] == "scored"], rows[rows["status"] != "scored"]
    missing = Counter(zip(rest["component"], rest["vendor"], strict=True))
    parts = [(str(currency), part) for currency, part in scored.groupby("currency", sort=True)]
    return {c: _matrix(c, part, missing, titles) for c, part in parts if part["vendor"].nunique() > 1}


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


def largest_of(lines: Sequence[Line], top: int = 5, currencies: int = 2) -> list[tuple[str, list[Line]]]:
    """The lines with the largest expected loss in the currencies with most lines: amounts in different currencies are
    never ranked together."""
    out: dict[str, list[Line]] = {}
    for line in sorted((x for x in lines if x.scored), key=lambda x: -x.size):
        out.setdefault(line.currency, []).append(line)
    most = sorted(out.items(), key=lambda item: (-len(item[1]), item[0]))
    return [(currency, found[:top]) for currency, found in most[:currencies]]


def foremost(lines: Sequence[Line], most: int) -> list[Line]:
    """At most so many lines, in their order: those with the largest share of their currency's expected loss."""
    if len(lines) <= most:
        return list(lines)
    whole: dict[str, float] = {}
    for line in lines:
        whole[line.currency] = whole.get(line.currency, 0.0) + line.size
    ranked = sorted(lines, key=lambda x: -x.size / (whole[x.currency] or 1))
    kept = {x.key for x in ranked[:most]}
    return [x for x in lines if x.key in kept]


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

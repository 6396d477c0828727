"""Terms against the market's figures and against the user's own portfolio; no figure without source, grade, date and
n."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from risklib.compare.choose import NUMBER, Stand
from risklib.compare.reading import NOWHERE, Reading, Tables, rates_of, readings
from risklib.compare.rules import Rules, TermRow, rules_of
from risklib.compare.sides import score, term_stand
from risklib.inputs import Rates
from risklib.playbook import Baseline, Playbook, load_playbook

# a unit of baseline.csv → the key that a term is compared by, and what one of the unit is of it
_UNITS: Mapping[str, tuple[str, float]] = {
    "fee_months": ("cap_months", 1.0), "fee_multiple": ("cap_months", 12.0), "percent per month": ("yearly_percent",
    12.0),
    "percent per year": ("yearly_percent", 1.0),
}  # fmt: skip
_FEW = 5  # a percentile of fewer agreements says nothing; the rank is given
_BAND = re.compile(r"annual value (?:(under|above) )?\$(\d+)(?:-(\d+))?k")
COLUMNS = [
    "contract_id", "vendor", "term", "title", "found", "value", "figure", "market", "against_market", "grade", "source",
    "date", "n", "rank", "percentile", "portfolio_n", *NOWHERE,
]  # fmt: skip


def market(
    tables: Tables, names: Iterable[str] | None = None, *, rates: Rates | str | Path | None = None,
    playbook: Playbook | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Every term that has a number beside the figures of the market and the rest of the portfolio.

    A row a term and figure: found (in words), value, figure and market (the figure's value in the same unit),
    against_market (better, same or worse for the customer; empty for a share of agreements), grade (A a template, B a
    statistic at second hand, C an opinion), source, date, n; rank ("2 of 7", 1 is best for the customer) and
    percentile (the share of the portfolio's other agreements that are no better, from five on) with portfolio_n; and
    the clause.
    """
    playbook = playbook or load_playbook()
    rules = rules_of(playbook)
    rates = rates_of(rates)
    every = readings(tables, rules=rules, rates=rates)
    chosen = {r.contract_id for r in readings(tables, names, rules=rules)} if names is not None else None
    every += readings(tables, [i for i in chosen or () if i not in {r.contract_id for r in every}], rules=rules)
    deal = next((r.deal for r in every if r.deal and r.deal.currency), None)  # sums are ranked in its currency
    rows: list[dict[str, Any]] = []
    for term in (t for t in rules.terms if t.key and t.better in ("more", "less")):
        stands = {r.contract_id: term_stand(term, r, rules, deal if term.key == "amount" else None) for r in every}
        told = {i: score(term, s) for i, s in stands.items() if s.state == NUMBER}
        known = {i: x for i, x in told.items() if x is not None}
        for r in every:
            if (chosen is None or r.contract_id in chosen) and r.contract_id in known:
                place = _place(known[r.contract_id], [x for i, x in known.items() if i != r.contract_id])
                rows += _rows(r, term, stands[r.contract_id], place, playbook, rules, rates)
    return pd.DataFrame(rows, columns=COLUMNS)


def _place(mine: float, others: Sequence[float]) -> dict[str, Any]:
    better = sum(x > mine for x in others)
    beaten = sum(x < mine for x in others) + sum(x == mine for x in others) / 2
    share = round(100 * beaten / len(others)) if len(others) + 1 >= _FEW else None
    return {"rank": f"{better + 1} of {len(others) + 1}", "percentile": share, "portfolio_n": len(others) + 1}


def _rows(
    r: Reading, term: TermRow, s: Stand, place: Mapping[str, Any], playbook: Playbook, rules: Rules, rates: Rates | None
) -> Iterable[dict[str, Any]]:
    own = {
        "contract_id": r.contract_id, "vendor": r.name, "term": term.id, "title": term.title, "found": s.short,
        "value": s.value, **place, **(s.row.evidence if s.row else NOWHERE),
    }  # fmt: skip
    fitting = [(b, v) for b in playbook.baseline for v in [_comparable(b, term, r, rates)] if v is not False]
    for b, value in fitting:
        yield own | {
            "figure": b.figure, "market": value, "grade": b.grade, "source": b.source, "date": b.date,
            "n": _n(b, rules), "against_market": _against(term, s.value, value),
        }  # fmt: skip
    if not fitting:
        yield own | {"figure": "no figure with a source", "against_market": ""}


def _comparable(b: Baseline, term: TermRow, r: Reading, rates: Rates | None) -> float | bool | None:
    """The figure in the term's unit; None where it is a share of agreements; False where it is about something else."""
    if b.term != term.provision or b.value is None or not term.market:
        return False
    if b.unit == "percent of agreements":
        return None
    key, factor = _UNITS.get(b.unit, (b.unit, 1.0))
    return b.value * factor if key == term.key and _in_band(b, r, rates) else False


def _in_band(b: Baseline, r: Reading, rates: Rates | None) -> bool:
    """A figure for agreements of a certain yearly value counts only for those; unknown value: not at all."""
    m = _BAND.search(b.figure)
    if m is None:
        return True
    deal = r.deal
    if deal is None or deal.annual_fees is None or deal.currency is None:
        return False
    rate = 1 if deal.currency == "USD" else rates.rate(deal.currency, "USD") if rates else None
    if rate is None:
        return False
    fees, low = float(deal.annual_fees * rate) / 1000, float(m[2])
    if m[1]:
        return fees < low if m[1] == "under" else fees >= low
    return low <= fees < float(m[3] or low)


def _n(b: Baseline, rules: Rules) -> str:
    known = next((n for words, n in rules.samples.items() if words in b.source), None)
    return known or {"A": "1 template", "B": "not stated", "C": "an opinion, no sample"}[b.grade]


def _against(term: TermRow, mine: Any, value: float | None) -> str:
    if value is None or not isinstance(mine, float):
        return ""
    if abs(mine - value) < 1e-9:
        return "same"
    return "better" if (mine > value) == (term.better == "more") else "worse"

"""Agreements side by side: terms, the weight of the customer's responsibilities, and money in one and the same deal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from risklib.compare.choose import ABSENT, BARE, Stand, stand
from risklib.compare.money import Till, swapped, till
from risklib.compare.reading import NOWHERE, Reading, Row, Tables, currencies, rates_of, readings
from risklib.compare.rules import BEST, WORST, Burden, Rules, TermRow, rules_of
from risklib.compare.units import SIZES
from risklib.errors import BadData
from risklib.exposure import COMPONENTS
from risklib.inputs import Rates
from risklib.playbook import Playbook, load_playbook
from risklib.records import BOTH, CUSTOMER, PROHIBITION, Deal


@dataclass(frozen=True)
class Comparison:
    """Agreements side by side, all priced as if they governed the same deal.

    ``terms``: a row a term (differences first): topic, term, differs, better (who is best for the customer), money
    (what lies between the best and the worst, a year), and a column a vendor. ``cells``: the same, one row a term and
    vendor, with quote, page and box. ``burden``: the customer's responsibilities by category, counted and weighed.
    ``money``: expected cost a year by component. ``verdict``: who is better, in sentences. Amounts are in
    ``currency``.
    """

    names: tuple[str, ...]
    deal: str
    currency: str | None
    terms: pd.DataFrame
    cells: pd.DataFrame
    burden: pd.DataFrame
    money: pd.DataFrame
    verdict: tuple[str, ...]
    notes: tuple[str, ...]

    def _repr_html_(self) -> str:
        head = "".join(f"<p>{_escaped(s)}</p>" for s in self.verdict)
        return head + self.terms.to_html(escape=True, index=False, na_rep="")


def compare(
    tables: Tables, names: Iterable[str] | None = None, *, deal: str | None = None,
    rates: Rates | str | Path | None = None, playbook: Playbook | None = None,
) -> Comparison:  # fmt: skip
    """Puts agreements of a portfolio side by side.

    ``names``: files (or beginnings of their names or ids), at least two; default all. ``deal``: the agreement whose
    facts (fees, currency, data, days) all are priced with; default the first that has any. ``rates``: exchange rates or
    their CSV, needed to rank and price clauses in another currency than the deal's. Raises BadData for an unknown name.
    """
    playbook = playbook or load_playbook()
    rules = rules_of(playbook)
    sides = readings(tables, names, rules=rules, rates=rates_of(rates))
    if len(sides) < 2:
        raise BadData("compare", None, "needs at least two agreements; name them, or give a folder that holds several")
    one = next((r for r in readings(tables, [deal], rules=rules)), None) if deal else None
    costs = till(tables, sides, deal=one)
    cells = [c for row in rules.terms for c in _row(row, sides, costs, rules)]
    frame = pd.DataFrame(cells)
    money = _money(sides, costs)
    burden = _burden(sides, rules.burden, playbook)
    chosen = costs.deal
    about = (
        f"{chosen.file}: {chosen.currency} {chosen.annual_fees:,.0f} a year"
        if chosen and chosen.annual_fees
        else "no facts"
    )
    return Comparison(
        tuple(s.name for s in sides), about, costs.currency, _terms(rules, sides, frame), frame, burden, money,
        tuple(_verdict(sides, money, burden, frame, costs.currency)), tuple(_notes(sides, costs, money)),
    )  # fmt: skip


# ---------------------------------------------------------------- terms


def score(row: TermRow, s: Stand) -> float | None:
    """How good for the customer, in the row's own unit: larger is better; None where it cannot be told."""
    ends = {BEST: float("inf"), WORST: float("-inf")}
    if row.better in ("present", "absent"):
        here = s.state != ABSENT
        return float(here if row.better == "present" else not here)
    if row.better == "none":
        return None
    if s.state == ABSENT:
        return ends.get(row.absent)
    if s.state == BARE or not isinstance(s.value, float):
        sized = s.row is not None and any((s.row.values or {}).get(k) is not None for k in SIZES)
        return None if sized else ends.get(row.bare)  # a number of another kind cannot be ranked, and is not none
    return s.value if row.better == "more" else -s.value


def _row(row: TermRow, sides: Sequence[Reading], costs: Till, rules: Rules) -> list[dict[str, Any]]:
    # the deal's fees turn a sum into months of fees for every side alike
    stands = [term_stand(row, s, rules, costs.deal) for s in sides]
    scores = [score(row, s) for s in stands]
    known = [x for x in scores if x is not None]
    spread = len(set(known)) > 1
    out = []
    for side, s, x in zip(sides, stands, scores, strict=True):
        cost = costs.difference(
            sides[0].provisions, swapped(sides[0].provisions, side.provisions, row.provision, row.party), row.components
        )
        standing = (
            "" if not spread or x is None else "best" if x == max(known) else "worst" if x == min(known) else "between"
        )
        out.append(
            {
                "term": row.id, "topic": row.topic, "title": row.title, "contract_id": side.contract_id,
                "vendor": side.name,
                "state": s.state, "value": s.value if isinstance(s.value, float) else None, "shown": s.short,
                "standing": standing, "money": cost.amount if row.components else None,
                "also": len(s.others), **(s.row.evidence if s.row else NOWHERE),
            }
        )  # fmt: skip
    return out


_SHARE = re.compile(r"\b(\d{1,3}(?:\.\d+)?) ?(?:%|per ?cent)")


def term_stand(row: TermRow, side: Reading, rules: Rules, deal: Deal | None = None) -> Stand:
    """What an agreement says of a term; sums in months of ``deal``'s fees (default: of its own)."""
    found: Sequence[Row] = side.of(row.provision, row.party)
    if row.about:
        found = [t for t in found if (t.values or {}).get(row.key or "") or _speaks(row, t.text, rules)]
        if not any((t.values or {}).get(row.key or "") for t in found):
            found = [*_in_clauses(row, side, rules), *found]
    return stand(side, row.provision, row.party, effect=row.effect, key=row.key, deal=deal, rows=found)


def _speaks(row: TermRow, text: str, rules: Rules) -> bool:
    return any(h.entry_id == f"of:{row.id}" for h in rules.words.match(text))


def _in_clauses(row: TermRow, side: Reading, rules: Rules) -> list[Row]:
    """Clauses with a sentence that speaks of the term and has a percentage."""
    out = []
    for c in side.clauses:
        for sentence in re.split(r"(?<=[.;])\s", c.text):
            m = _SHARE.search(sentence) if "%" in sentence or "cent" in sentence else None
            if m and _speaks(row, sentence, rules):
                out.append(replace(c, text=sentence, values={str(row.key): float(m[1])}))
                break
    return out


def _terms(rules: Rules, sides: Sequence[Reading], cells: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for term, group in cells.groupby("term", sort=False):
        shown = dict(zip(group["vendor"], group["shown"], strict=True))
        best = [v for v, s in zip(group["vendor"], group["standing"], strict=True) if s == "best"]
        money = group["money"].dropna()
        span = float(money.max() - money.min()) if len(money) > 1 else None
        rows.append(
            {
                "topic": group["topic"].iloc[0], "term": group["title"].iloc[0],
                "differs": len(set(shown.values())) > 1,
                "better": ", ".join(best) if len(best) < len(sides) else "", "money": span,
                **{s.name: shown[s.name] for s in sides}, "id": term,
                "_said": int((group["state"] != ABSENT).sum()),
            }
        )  # fmt: skip
    frame = pd.DataFrame(rows)
    order = {r.id: i for i, r in enumerate(rules.terms)}
    frame["_order"] = frame["id"].map(order)
    frame["_span"] = frame["money"].fillna(0).round(0)
    frame = frame.sort_values(["differs", "_span", "_said", "_order"], ascending=[False, False, False, True])
    return frame.drop(columns=["_order", "_span", "_said"]).reset_index(drop=True)


# ---------------------------------------------------------------- burden


def weight(duty: Any, burden: Burden) -> float:
    """How heavy one responsibility weighs: its category, times what makes it sharper (``compare.yaml``)."""
    m = duty.more or {}
    w = burden.categories.get(duty.id.split(".")[0], burden.other)
    has = {
        "consequence": isinstance(m.get("consequence"), str),
        "deadline": isinstance(m.get("deadline"), str),
        "vague": bool(m.get("vague")) if isinstance(m.get("vague"), (list, tuple)) else False,
        "prohibition": m.get("modality") == PROHIBITION,
    }
    for factor, fits in has.items():
        w *= burden.factors.get(factor, 1.0) if fits else 1.0
    return w


def _burden(sides: Sequence[Reading], burden: Burden, playbook: Playbook) -> pd.DataFrame:
    """A row a category and one for all, with count and weight a vendor."""
    rows: list[dict[str, Any]] = []
    mine = {s.name: [d for d in s.duties if d.party in (CUSTOMER, BOTH)] for s in sides}
    for category in (*playbook.categories, ""):
        row: dict[str, Any] = {"category": category or "all", "title": _title(playbook, category)}
        for name, duties in mine.items():
            fit = [d for d in duties if not category or d.id.split(".")[0] == category]
            row |= {f"{name}: count": len(fit), f"{name}: weight": round(sum(weight(d, burden) for d in fit), 1)}
        rows.append(row)
    frame = pd.DataFrame(rows)
    weights = frame[[f"{s.name}: weight" for s in sides]]
    spread = weights.max(axis=1) - weights.min(axis=1)
    whole = frame["category"] == "all"
    order = spread.where(~whole, float("inf")).sort_values(ascending=False, kind="stable").index
    return frame.loc[order].reset_index(drop=True)


def _title(playbook: Playbook, category: str) -> str:
    return playbook.categories[category].title if category else "All responsibilities of the customer"


# ---------------------------------------------------------------- money


def _money(sides: Sequence[Reading], costs: Till) -> pd.DataFrame:
    """A row a component and one for the total; where a side cannot be told, no total compares it."""
    every = {s.name: costs.all(s.provisions) for s in sides}
    rows: list[dict[str, Any]] = []
    for c in COMPONENTS:
        row: dict[str, Any] = {"component": c, **{n: k[c].amount for n, k in every.items()}}
        row["why unknown"] = "; ".join(sorted({str(k[c].why) for k in every.values() if k[c].amount is None}))
        rows.append(row)
    told = [r for r in rows if all(r[n] is not None for n in every)]
    left = [r["component"] for r in rows if r not in told]
    summed = {n: round(sum(r[n] for r in told), 2) if told else None for n in every}
    remark = f"left out, as not known for every vendor: {', '.join(left)}" if left else ""
    rows.append({"component": "total", **summed, "why unknown": remark})
    frame = pd.DataFrame(rows)
    for n in every:
        frame[n] = frame[n].astype("float64")
    return frame


def _verdict(
    sides: Sequence[Reading], money: pd.DataFrame, burden: pd.DataFrame, cells: pd.DataFrame, currency: str | None
) -> Iterable[str]:
    wins: Mapping[str, int] = {
        s.name: int(((cells["vendor"] == s.name) & (cells["standing"] == "best")).sum()) for s in sides
    }
    totals = money.set_index("component").loc["total", [s.name for s in sides]]
    if totals.notna().all():
        order = pd.Series(totals, dtype="float64").sort_values()
        best, worst = str(order.index[0]), str(order.index[-1])
        gap = float(order.iloc[-1] - order.iloc[0])
        yield (
            f"On the same deal {best} costs the customer least when something goes wrong: "
            f"{currency} {order.iloc[0]:,.0f} expected a year, {currency} {gap:,.0f} less than {worst}{_as_far(money)}."
        )
    ranked = sorted(wins, key=lambda n: (-wins[n], n))
    yield "Best or level with the best, where the terms differ: " + ", ".join(f"{n} in {wins[n]}" for n in ranked) + "."
    every = burden[burden["category"] == "all"].iloc[0]
    heavy = sorted(sides, key=lambda s: -every[f"{s.name}: weight"])
    told = ", ".join(f"{s.name} {every[f'{s.name}: count']} (weight {every[f'{s.name}: weight']:,.0f})" for s in heavy)
    yield f"Responsibilities of the customer, heaviest first: {told}."


def _as_far(money: pd.DataFrame) -> str:
    left = money.loc[money["component"] == "total", "why unknown"].iloc[0]
    told = f" (as far as it can be told: {left.count(',')} of {len(COMPONENTS)} components are left out)"
    return told if left else ""


def _notes(sides: Sequence[Reading], costs: Till, money: pd.DataFrame) -> Iterable[str]:
    if costs.deal is None or not costs.deal.annual_fees:
        yield "No money: give the facts of the deal (fees and currency at least) in the facts CSV."
    else:
        yield (
            f"Every agreement is priced with the facts of {costs.deal.file}, as if it governed that deal: "
            "the figures compare terms, not the vendors' prices."
        )
    if costs.basis.assumptions.rows and any(a.illustrative for a in costs.basis.assumptions.rows):
        yield "The money rests on illustrative assumptions; replace them by your own."
    for s in sides:
        if s.papers:
            yield f"{s.name} is read with {', '.join(s.papers)}: what they replaced or deleted does not count."
    yield from _exchanged(sides, costs)
    partial = [s.file for s in sides if s.status != "ok"]
    if partial:
        yield f"Could not be read whole, so a term may be missing: {', '.join(partial)}."
    left = money.loc[money["component"] == "total", "why unknown"].iloc[0]
    if left:
        yield f"The total leaves out what is not known for every vendor: {left.split(': ', 1)[-1]}."


def _exchanged(sides: Sequence[Reading], costs: Till) -> Iterable[str]:
    """Which sums were converted, and which could not be."""
    rates, own = costs.basis.rates, costs.currency
    foreign = sorted({c for s in sides for c in currencies(s)} - {own or ""})
    if own is None or not foreign:
        return
    told = [c for c in foreign if rates is not None and rates.rate(c, own) is not None]
    left = [c for c in foreign if c not in told]
    if told and rates:
        yield f"Sums in {', '.join(told)} are ranked and priced in {own} at the rates of {rates.on}."
    if left:
        yield f"Sums in {', '.join(left)} are neither ranked nor priced: give their rate to {own} (rates CSV, --rates)."


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

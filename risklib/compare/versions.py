"""Two drafts of one agreement: clause by clause, what changed in its terms, what that costs, and what is wording
only."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from risklib.compare.alignment import Pair, Unit, align, units
from risklib.compare.drafts import Words, different
from risklib.compare.money import Till, till
from risklib.compare.reading import Reading, Row, Tables, given, rates_of, readings
from risklib.compare.rules import rules_of
from risklib.compare.units import in_words
from risklib.exposure import COMPONENTS
from risklib.inputs import Rates
from risklib.playbook import Playbook, load_playbook
from risklib.records import BOTH, CUSTOMER, PROVIDER, Provision

SAME, REWORDED, TERM, MOVED, SPLIT, MERGED, ADDED, DROPPED = (
    "same", "wording only", "term changed", "moved", "split", "merged", "added", "dropped",
)  # fmt: skip
_NO_MONEY = "no component of the exposure rests on this term"
_NO_TERM = "no penalty or liability term was found in this sentence"


@dataclass(frozen=True)
class Versions:
    """Two drafts compared. ``changes``: what changed in the terms, dearest first (the table ``changes``, with
    in_what, terms, why_no_money, both clauses and pages). ``clauses``: every aligned sentence with its kind (same,
    wording only, term changed, added, dropped), its form (in place, moved, split, merged) and both numbers.
    ``money``: every component before and after."""

    before: str
    after: str
    currency: str | None
    changes: pd.DataFrame
    clauses: pd.DataFrame
    money: pd.DataFrame
    summary: str

    def _repr_html_(self) -> str:
        return f"<p>{self.summary}</p>{self.changes.to_html(escape=True, index=False, na_rep='')}"


def versions(
    tables: Tables,
    before: str,
    after: str,
    *,
    rates: Rates | str | Path | None = None,
    playbook: Playbook | None = None,
) -> Versions:
    """Compares two drafts of a portfolio, named as in ``Portfolio.contract_id``; both are priced with the facts of
    the later one (else the earlier one), so that the money shows terms and not another price. Raises BadData for an
    unknown name."""
    playbook = playbook or load_playbook()
    rules = rules_of(playbook)
    old, new = (readings(tables, [name], rules=rules, alone=True, rates=rates_of(rates))[0] for name in (before, after))
    names = _names((old, new), playbook)
    mine, theirs = (units(r.clauses, rules.drafts, names) for r in (old, new))
    pairs = align(mine, theirs)
    deal = new if new.deal and new.deal.annual_fees else old
    costs = till(tables, (new, old), deal=deal)
    rows = [_Pair(p, mine, theirs, old, new, rules.drafts, names).row() for p in pairs]
    clauses = pd.DataFrame(rows, columns=_COLUMNS).pipe(_with_moves)
    rests: dict[str, set[str]] = {}
    for t in rules.terms:
        rests.setdefault(t.provision, set()).update(t.components)
    changes = _changes(clauses, old, new, costs, rests)
    money = _money(old, new, costs)
    return Versions(
        old.file, new.file, costs.currency, changes, clauses, money, _summary(changes, clauses, money, costs)
    )


def changes(
    tables: Tables,
    before: str,
    after: str,
    *,
    rates: Rates | str | Path | None = None,
    playbook: Playbook | None = None,
) -> pd.DataFrame:
    """The table ``changes`` of two drafts: ``versions(...).changes``."""
    return versions(tables, before, after, rates=rates, playbook=playbook).changes


_COLUMNS = [
    "kind", "form", "in_what", "before", "after", "number_before", "number_after", "page_before", "page_after",
    "clause_id_before", "clause_id_after", "terms_before", "terms_after", "_i", "_j", "_old", "_new",
]  # fmt: skip


def _names(sides: Iterable[Reading], playbook: Playbook) -> dict[str, str]:
    """The parties' names and roles, as one word each, whatever a draft calls them."""
    out = {r.word: f"the{r.role}" for r in playbook.roles if r.role in (CUSTOMER, PROVIDER)}
    for side in sides:
        for role, name in ((CUSTOMER, side.customer), (PROVIDER, side.provider)):
            if name:
                out |= {name.lower(): f"the{role}", name.lower().split()[0]: f"the{role}"}
    return dict(sorted(out.items(), key=lambda x: -len(x[0])))


@dataclass(frozen=True)
class _Pair:
    pair: Pair
    before: Sequence[Unit]
    after: Sequence[Unit]
    old: Reading
    new: Reading
    words: Words
    names: Mapping[str, str]

    def row(self) -> dict[str, Any]:
        lefts, rights = [self.before[i] for i in self.pair.before], [self.after[j] for j in self.pair.after]
        a, b = (" ".join(u.text for u in side) for side in (lefts, rights))
        kind, what = self._kind(a, b)
        form = SPLIT if len(rights) > 1 else MERGED if len(lefts) > 1 else "in place"
        first, last = (side[0].clause if side else None for side in (lefts, rights))
        held, holds = _terms(self.old, lefts), _terms(self.new, rights)
        return {
            "kind": kind, "form": form, "in_what": ", ".join(what), "before": a or None, "after": b or None,
            "number_before": first.number if first else None, "number_after": last.number if last else None,
            "page_before": first.page if first else None, "page_after": last.page if last else None,
            "clause_id_before": first.clause_id if first else None, "clause_id_after": last.clause_id if last else None,
            "terms_before": _said(held), "terms_after": _said(holds),
            "_i": self.pair.before[0] if self.pair.before else None,
            "_j": self.pair.after[0] if self.pair.after else None,
            "_old": held, "_new": holds,
        }  # fmt: skip

    def _kind(self, a: str, b: str) -> tuple[str, tuple[str, ...]]:
        if not a or not b:
            return (ADDED if b else DROPPED), ()
        what = different(a, b, self.words, self.names)
        if what:
            return TERM, what
        return (SAME if " ".join(a.split()) == " ".join(b.split()) else REWORDED), ()


def _terms(side: Reading, found: Sequence[Unit]) -> list[Row]:
    """The findings that stand in these sentences."""
    texts = [(u.clause.clause_id, " ".join(u.text.split())) for u in found]

    def inside(t: Row) -> bool:
        text = " ".join(t.text.split())
        return any(t.clause_id == c and (text in s or s in text) for c, s in texts)

    return [t for t in (*side.terms, *side.duties) if inside(t)]


def _said(found: Sequence[Row]) -> str:
    told = []
    for t in found:
        values = in_words(t.values)
        told.append(f"{t.id} of {t.party}" + (f" ({values})" if values else ""))
    return "; ".join(dict.fromkeys(told))


def _with_moves(clauses: pd.DataFrame) -> pd.DataFrame:
    """Marks as moved what does not keep the order of the longest run of sentences that do."""
    placed = clauses[clauses["_i"].notna() & clauses["_j"].notna()].sort_values("_i", kind="stable")
    keeps = _longest_run([int(j) for j in placed["_j"]])
    moved = [k for n, k in enumerate(placed.index) if n not in keeps]
    out = clauses.copy()
    out.loc[[k for k in moved if out.loc[k, "form"] == "in place"], "form"] = MOVED
    place = out["_j"].where(out["_j"].notna(), out["_i"])
    return out.loc[place.astype(float).sort_values(kind="stable").index].reset_index(drop=True)


def _longest_run(places: Sequence[int]) -> set[int]:
    """The indices of a longest increasing run."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for n, p in enumerate(places):
        k = bisect_left(tails, p)
        before.append(ends[k - 1] if k else -1)
        tails[k : k + 1], ends[k : k + 1] = [p], [n]
    run, n = set(), ends[-1] if ends else -1
    while n >= 0:
        run.add(n)
        n = before[n]
    return run


# ---------------------------------------------------------------- in money


def _changes(
    clauses: pd.DataFrame, old: Reading, new: Reading, costs: Till, rests: Mapping[str, set[str]]
) -> pd.DataFrame:
    rows = []
    for r in clauses[clauses["kind"].isin([TERM, ADDED, DROPPED])].to_dict("records"):
        amount, why = _priced(r, old, new, costs, rests)
        rows.append(
            {
                "contract_id_before": old.contract_id, "contract_id_after": new.contract_id,
                "kind": r["kind"] if r["kind"] != TERM else f"{TERM}: {r['in_what']}",
                "before": r["before"], "after": r["after"], "exposure_change": amount, "currency": costs.currency,
                "clause_id": given(r["clause_id_after"]) or given(r["clause_id_before"]),
                "number": given(r["number_after"]) or given(r["number_before"]),
                "page_before": r["page_before"], "page_after": r["page_after"], "terms_before": r["terms_before"],
                "terms_after": r["terms_after"], "for_the_customer": _weighs(r, amount), "why_no_money": why,
            }
        )  # fmt: skip
    frame = pd.DataFrame(rows, columns=_CHANGES)
    frame["exposure_change"] = frame["exposure_change"].astype("float64")
    frame["page_before"], frame["page_after"] = (
        frame["page_before"].astype("Int64"),
        frame["page_after"].astype("Int64"),
    )
    return frame.loc[
        frame["exposure_change"].abs().fillna(-1).sort_values(ascending=False, kind="stable").index
    ].reset_index(drop=True)


_CHANGES = [
    "contract_id_before", "contract_id_after", "kind", "before", "after", "exposure_change", "currency", "clause_id",
    "number", "page_before", "page_after", "terms_before", "terms_after", "for_the_customer", "why_no_money",
]  # fmt: skip


def _weighs(r: Mapping[Any, Any], amount: float | None) -> str:
    if amount:
        return "worse" if amount > 0 else "better"
    duties = [sum(t.party in (CUSTOMER, BOTH) and "." in t.id for t in r[k]) for k in ("_old", "_new")]
    return "" if duties[0] == duties[1] else "one duty more" if duties[1] > duties[0] else "one duty less"


def _priced(
    r: Mapping[Any, Any], old: Reading, new: Reading, costs: Till, rests: Mapping[str, set[str]]
) -> tuple[float | None, str | None]:
    """What this change alone costs a year: the later draft against itself with the earlier draft's sentence; and why no
    money moves. ``rests``: provision → the components that rest on it."""
    held, holds = ([t for t in r[k] if "." not in t.id] for k in ("_old", "_new"))
    named = sorted({t.id for t in (*held, *holds)})
    components = sorted(set().union(*(rests.get(id, set()) for id in named)))
    if not components:
        duties = sorted({t.id for t in (*r["_old"], *r["_new"]) if "." in t.id})
        what = f"{', '.join(named)}: {_NO_MONEY}" if named else _NO_TERM
        return None, what if named or not duties else f"a duty ({', '.join(duties)}), not a penalty or liability"
    out = {(t.id, t.start, t.end) for t in holds}
    kept = tuple(p for p in new.provisions if (p.provision, p.start, p.end) not in out)
    back = {(t.id, t.start, t.end) for t in held}
    taken = tuple(p for p in old.provisions if (p.provision, p.start, p.end) in back)
    cost = costs.difference((*kept, *_in_place(taken, holds)), new.provisions)
    return cost.amount, cost.why if cost.amount is None else None if cost.amount else _unmoved(held, holds, components)


def _unmoved(held: Sequence[Row], holds: Sequence[Row], components: Sequence[str]) -> str:
    """Why a change that could move money moves none."""
    said = [{(t.id, t.party, repr(t.values)) for t in side} for side in (held, holds)]
    if said[0] == said[1]:
        return f"the words that changed are none that the model reads: {', '.join(components)} rest on the same terms"
    return f"priced: {', '.join(components)} cost the same before and after in this deal"


def _in_place(taken: Sequence[Provision], holds: Sequence[Row]) -> tuple[Provision, ...]:
    at = holds[0].start if holds else None
    return tuple(replace(p, start=at, end=at + 1) if at is not None else p for p in taken)


def _money(old: Reading, new: Reading, costs: Till) -> pd.DataFrame:
    rows = []
    for c in COMPONENTS:
        a, b = costs.cost(old.provisions, c), costs.cost(new.provisions, c)
        change = None if a.amount is None or b.amount is None else round(b.amount - a.amount, 2)
        known = {"component": c, "before": a.amount, "after": b.amount, "change": change}
        rows.append(known | {"why unknown": a.why or b.why})
    frame = pd.DataFrame(rows)
    for column in ("before", "after", "change"):
        frame[column] = frame[column].astype("float64")
    return frame


def _summary(changes: pd.DataFrame, clauses: pd.DataFrame, money: pd.DataFrame, costs: Till) -> str:
    kinds = clauses["kind"].value_counts()
    moved = int((clauses["form"] != "in place").sum())
    told = f"{kinds.get(TERM, 0)} terms changed, {kinds.get(ADDED, 0)} sentences added, {kinds.get(DROPPED, 0)} dropped"
    rest = f"{int(kinds.get(REWORDED, 0))} reworded without a change of terms, {moved} moved, split or merged"
    change = money["change"].dropna()
    if change.empty:
        return f"{told}; {rest}. No money: give the facts of the deal."
    sum_ = float(change.sum())
    word = "more" if sum_ > 0 else "less"
    return f"{told}; {rest}. Together {costs.currency} {abs(sum_):,.0f} a year {word} for the customer."

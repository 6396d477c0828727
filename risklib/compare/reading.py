"""One agreement as the comparison reads it: its rows as records, and the number of a term in one common unit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from risklib.compare.papers import Papers
from risklib.compare.rules import CURES, DENIED, Rules
from risklib.errors import BadData
from risklib.exposure.terms import listed
from risklib.inputs import Rates, load_rates
from risklib.records import BOTH, CUSTOMER, PROVIDER, Assumption, Deal, Provision

SOURCE = "the facts CSV"
_UNSURE, _BEHIND = 0.6, 0.3  # a doubtful reading of a sentence that far more surely is another term does not count


class Tables(Protocol):
    """What a comparison needs of a portfolio."""

    @property
    def contracts(self) -> pd.DataFrame: ...
    @property
    def clauses(self) -> pd.DataFrame: ...
    @property
    def responsibilities(self) -> pd.DataFrame: ...
    @property
    def provisions(self) -> pd.DataFrame: ...
    @property
    def exposures(self) -> pd.DataFrame: ...
    @property
    def deals(self) -> pd.DataFrame: ...
    @property
    def families(self) -> pd.DataFrame: ...
    @property
    def overrides(self) -> pd.DataFrame: ...
    @property
    def assumptions(self) -> pd.DataFrame: ...
    @property
    def meta(self) -> Mapping[str, Any]: ...
    def contract_id(self, name: str) -> str: ...


@dataclass(frozen=True)
class Row:
    """A finding (or a clause) with its place; ``number`` is the clause as people cite it."""

    contract_id: str
    clause_id: str | None
    number: str
    text: str
    page: int | None
    start: int
    end: int
    bbox: Sequence[Sequence[float]]
    id: str = ""  # of the provision or responsibility
    party: str = ""
    values: Mapping[str, Any] | None = None
    confidence: float = 1.0
    more: Mapping[str, Any] | None = None  # the other columns of a responsibility, or of a clause
    denied: bool = False  # the words of the term are there, the term is not
    file: str = ""

    @property
    def evidence(self) -> dict[str, Any]:
        """Its columns in every table of a comparison; ``paper`` and ``file``: where the words stand, which may be an
        order form or an amendment of the agreement."""
        return {
            "paper": self.contract_id, "file": self.file, "clause_id": (self.clause_id or "").split("/")[-1] or None,
            "number": self.number, "text": self.text, "page": self.page, "start": self.start, "end": self.end,
            "bbox": [list(b) for b in self.bbox],
        }  # fmt: skip


NOWHERE: dict[str, Any] = dict.fromkeys(
    ("paper", "file", "clause_id", "number", "text", "page", "start", "end", "bbox")
)


@dataclass(frozen=True)
class Reading:
    """One agreement of a portfolio."""

    contract_id: str
    file: str
    name: str  # vendor of the facts, else provider, else file: unique among the readings compared
    status: str
    customer: str | None
    provider: str | None
    ocr: bool
    deal: Deal | None
    terms: tuple[Row, ...]
    duties: tuple[Row, ...]
    clauses: tuple[Row, ...]
    papers: tuple[str, ...] = ()  # files of the order forms and amendments that are read with it
    rates: Rates | None = None
    special: Mapping[str, str] = field(default_factory=dict)  # provision → the special kind of it

    @cached_property
    def provisions(self) -> tuple[Provision, ...]:
        return tuple(provision_of(t) for t in self.terms if not t.denied)

    @cached_property
    def _by_id(self) -> Mapping[str, tuple[Row, ...]]:
        surest: dict[tuple[str, int, int], float] = {}
        for t in self.terms:
            at = (t.contract_id, t.start, t.end)
            surest[at] = max(surest.get(at, 0.0), t.confidence)
        out: dict[str, list[Row]] = {}
        for t in self.terms:
            second = t.confidence < min(_UNSURE, surest[t.contract_id, t.start, t.end] - _BEHIND)
            if not t.denied and not second:
                out.setdefault(t.id, []).append(t)
        return {k: tuple(v) for k, v in out.items()}

    def of(self, provision: str, party: str | None = None) -> tuple[Row, ...]:
        """The terms of one id that hold for ``party`` (``both`` holds for either), most certain first. A sentence that
        also is the special kind of the term does not speak for it in general, if another does."""
        found = self._by_id.get(provision, ())
        other = {(t.contract_id, t.start, t.end) for t in self._by_id.get(self.special.get(provision, ""), ())}
        found = tuple(t for t in found if (t.contract_id, t.start, t.end) not in other) or found
        fit = [t for t in found if party is None or t.party in (party, BOTH) or (party == BOTH)]
        return tuple(sorted(fit, key=lambda t: (-t.confidence, t.start)))

    def fees(self) -> float | None:
        return float(self.deal.annual_fees) if self.deal and self.deal.annual_fees else None


def provision_of(t: Row) -> Provision:
    return Provision(t.clause_id or "", t.start, t.end, t.id, t.party, t.confidence, "", dict(t.values or {}))


_SHARED = re.compile(r"\b(each|either|neither|both|mutual|mutually|reciprocal|part(?:y|ies))\b", re.I)


def readings(
    tables: Tables, names: Iterable[str] | None = None, *, rules: Rules, alone: bool = False,
    rates: Rates | None = None,
) -> tuple[Reading, ...]:  # fmt: skip
    """The agreements named (all that were read, if none is), in that order, each with the terms that hold in its
    family; ``alone``: each paper by itself. Raises BadData for an unknown name.

    ``rules`` say which provisions one party may have and the other not, and which words deny one."""
    readable = tables.contracts[tables.contracts["status"] != "failed"]
    ids = list(readable["contract_id"]) if names is None else [tables.contract_id(n) for n in names]
    if lost := [i for i in ids if i not in set(readable["contract_id"])]:
        file = tables.contracts.set_index("contract_id").loc[lost[0], "file"]
        raise BadData(
            str(file), None, "could not be read, so it cannot be compared; leave it out or give a readable copy"
        )
    papers = Papers.of(readable, tables.families.iloc[:0] if alone else tables.families, tables.overrides)
    ids = papers.chosen(ids, named=names is not None)
    every = [p for i in ids for p in (i, *papers.below.get(i, ()))]
    deals = {str(d["file"]): deal_of({str(k): v for k, v in d.items()}) for d in tables.deals.to_dict("records")}
    grouped = {t: _by_contract(getattr(tables, t), every) for t in ("clauses", "provisions", "responsibilities")}
    rows = {r["contract_id"]: r for r in tables.contracts.to_dict("records")}
    found = []
    for i in ids:
        below = papers.below.get(i, ())
        held = papers.together(i, {p: {t: g.get(p, []) for t, g in grouped.items()} for p in (i, *below)})
        found.append(replace(_reading([rows[p] for p in (i, *below)], deals, held, rules), rates=rates))
    return _distinct(found)


def _by_contract(frame: pd.DataFrame, ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    out: dict[str, list[dict[str, Any]]] = {}
    mine = frame[frame["contract_id"].isin(ids)]
    columns = list(mine.columns)
    for values in zip(*(mine[c].tolist() for c in columns), strict=True):
        row = dict(zip(columns, values, strict=True))
        out.setdefault(row["contract_id"], []).append(row)
    return out


def _reading(
    papers: Sequence[Mapping[Any, Any]],
    deals: Mapping[str, Deal],
    rows: Mapping[str, Sequence[Mapping[str, Any]]],
    rules: Rules,
) -> Reading:
    """``papers``: the rows of table ``contracts``, the agreement's first."""
    contract, files = papers[0], {str(p["contract_id"]): str(p["file"]) for p in papers}
    deal = _family_deal([deals.get(f) for f in files.values()])
    provider, customer = given(contract.get("provider")), given(contract.get("customer"))
    named = {PROVIDER: _names(provider, _PROVIDERS), CUSTOMER: _names(customer, _CUSTOMERS)}
    numbers = {c["clause_id"]: str(c["number"] or c["heading"] or "") for c in rows["clauses"]}

    def row(r: Mapping[str, Any], id: str) -> Row:
        return _row(r, numbers, id, files)

    return Reading(
        contract["contract_id"],
        str(contract["file"]),
        (deal.vendor if deal and deal.vendor else None) or provider or str(contract["file"]),
        next((str(p["status"]) for p in papers if p["status"] != "ok"), "ok"),
        customer,
        provider,
        any(given(p.get("ocr_pages")) for p in papers),
        deal,
        tuple(_as_said(row(r, r["provision"]), named, rules) for r in rows["provisions"]),
        tuple(row(r, r["responsibility"]) for r in rows["responsibilities"]),
        tuple(row(r, "") for r in rows["clauses"]),
        tuple(files.values())[1:],
        special=rules.special,
    )


def _family_deal(deals: Sequence[Deal | None]) -> Deal | None:
    """The agreement's facts; fees that only its order forms state are added up where they are of one currency."""
    own, others = deals[0], [d for d in deals[1:] if d and d.annual_fees is not None]
    if (own and own.annual_fees is not None) or not others or len({d.currency for d in others}) > 1:
        return own
    fees = sum((d.annual_fees for d in others if d.annual_fees), Decimal(0))
    return replace(own or others[0], annual_fees=fees, currency=others[0].currency)


def _row(r: Mapping[str, Any], numbers: Mapping[str, str], id: str, files: Mapping[str, str]) -> Row:
    page, box = given(r.get("page")), r.get("bbox")
    return Row(
        r["contract_id"], given(r["clause_id"]), numbers.get(r["clause_id"], ""), str(r["text"] or ""),
        int(page) if page is not None else None, int(r["start"]), int(r["end"]),
        box if isinstance(box, list) else (), id, str(r.get("party") or ""),
        r["values"] if isinstance(r.get("values"), dict) else {}, float(r.get("confidence") or 1.0), r,
        file=files[r["contract_id"]],
    )  # fmt: skip


_PROVIDERS = ("provider", "supplier", "vendor", "licensor", "seller", "contractor")
_CUSTOMERS = ("customer", "client", "licensee", "subscriber", "buyer", "purchaser", "user", "users", "you", "your")


def _names(name: str | None, words: Iterable[str]) -> re.Pattern[str]:
    """A party as its agreement may call it: by the first word of its name, or by its role."""
    first = (name or "").split()[:1]
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, (*first, *words)))})(?:['’]s)?\b", re.I)


def _as_said(t: Row, named: Mapping[str, re.Pattern[str]], rules: Rules) -> Row:
    """A term of both parties whose sentence names one of them only is that party's, and one that its sentence denies is
    none: nobody is given a protection that the words do not give."""
    if t.id not in rules.sided:
        return t
    said = {h.entry_id for h in rules.words.match(t.text)}
    if DENIED in said:
        return replace(t, denied=True)
    values = t.values or {}
    if CURES in said and values.get("cure_days") is None and values.get("notice_days") is not None:
        t = replace(t, values={"cure_days" if k == "notice_days" else k: v for k, v in values.items()})
    if t.party != BOTH or _SHARED.search(t.text):
        return t
    sides = [side for side, words in named.items() if any(_by_itself(m) for m in words.finditer(t.text))]
    return replace(t, party=sides[0]) if len(sides) == 1 else t


def _by_itself(m: re.Match[str]) -> bool:
    """Not as a part of another defined term: "Customer Data" names no party."""
    return not re.match(r" [A-Z][a-z]", m.string[m.end() :])


def _distinct(found: Sequence[Reading]) -> tuple[Reading, ...]:
    """Two agreements of one vendor are told apart by their files."""
    names = [r.name for r in found]
    return tuple(replace(r, name=f"{r.name} ({r.file})" if names.count(r.name) > 1 else r.name) for r in found)


def rates_of(rates: Rates | str | Path | None) -> Rates | None:
    """Exchange rates as they are, or from their CSV."""
    return rates if isinstance(rates, Rates) else load_rates(rates)


def given(x: Any) -> Any:
    """None for every spelling of a missing cell."""
    return None if x is None or x is pd.NA or x is pd.NaT or (isinstance(x, float) and x != x) else x


# ---------------------------------------------------------------- facts and assumptions, from their frames


def deal_of(row: Mapping[str, Any]) -> Deal:
    """The record again, from its row."""
    plain = {k: given(v) for k, v in row.items()}

    def number(x: Any) -> Any:
        return Decimal(repr(x)).normalize() if isinstance(x, float) else Decimal(x) if isinstance(x, int) else x

    start = date.fromisoformat(str(plain["start"])[:10]) if plain.get("start") else None
    known = ("file", "vendor", "annual_fees", "currency", "start", "term_months", "line", "source")
    extra = {k: number(v) for k, v in plain.items() if k not in known and v is not None}
    return Deal(
        str(plain["file"]), source=SOURCE, vendor=plain.get("vendor"), currency=plain.get("currency"), start=start,
        annual_fees=number(plain.get("annual_fees")), term_months=number(plain.get("term_months")), extra=extra,
    )  # fmt: skip


def assumption_of(row: Mapping[str, Any], line: int) -> Assumption:
    reviewed = given(row["reviewed_on"])
    return Assumption(
        str(row["id"]), str(row["component"]), str(row["parameter"]), float(row["low"]), float(row["likely"]),
        float(row["high"]), str(row["unit"]), str(given(row["source"]) or ""),
        date.fromisoformat(str(reviewed)[:10]) if reviewed else None,
        bool(given(row["illustrative"])) and str(row["illustrative"]).lower() != "false", "the assumptions", line,
    )  # fmt: skip


def currencies(side: Reading) -> set[str]:
    """The currencies of the sums in its terms."""
    every = [v for t in side.terms for v in (t.values or {}, *listed((t.values or {}).get("alternatives")))]
    return {str(v["currency"]) for v in every if isinstance(v, Mapping) and v.get("amount") and v.get("currency")}

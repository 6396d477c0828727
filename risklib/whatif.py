"""What would change: questions about money to a finished analysis.

``what_if(portfolio, "msa.pdf", "liability_cap", "provider", fee_months=24)`` prices another term before it is signed,
``tornado(portfolio, currency="EUR")`` tells which assumption moves the total most. Both price again from the
portfolio's own tables: nothing is read twice. How bad a year could be is in ``portfolio.curve``, who brings it about
in ``portfolio.totals`` (``share_of_es95``).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from risklib.errors import BadData
from risklib.exposure import VALUES, Basis, Change, Contract, Difference, sensitivity
from risklib.exposure import what_if as difference
from risklib.families.overrides import cite
from risklib.inputs import Assumptions, Rates, deal_for, load_rates
from risklib.inputs.tables import did_you_mean
from risklib.portfolio import Portfolio
from risklib.records import BOTH, CUSTOMER, PROVIDER, Assumption, Deal, Provision
from risklib.rows import in_numbers

_DEAL = ("file", "vendor", "annual_fees", "currency", "start", "term_months")


def what_if(
    portfolio: Portfolio,
    contract: str,
    provision: str,
    party: str,
    *,
    rates: str | Path | None = None,
    remove: bool = False,
    **values: Any,
) -> pd.DataFrame:
    """The components that a changed term moves: ``likely`` and ``expected``, before and after, in money a year.

    ``values`` are the new ones ("fee_months=24"), as in ``provisions["values"]``; a new size takes the place of the old
    one. ``remove`` takes the term out. Empty where nothing moves. The terms are those that the portfolio priced: where
    order forms and amendments changed them, what holds in the end. ``rates`` in place of the analysis' own. Raises
    BadData.
    """
    if not values and not remove:
        raise BadData(provision, None, "no new value is given; give one, such as fee_months=24, or remove=True")
    for name in values:
        if name not in VALUES:
            known = f"is no value that a formula reads{did_you_mean(name, VALUES)}; they are {', '.join(VALUES)}"
            raise BadData(name, None, known)
    if party not in (CUSTOMER, PROVIDER, BOTH):
        raise BadData(provision, None, f"{party!r} is no party; it is customer, provider or both")
    known_ids = sorted(set(portfolio.provisions["provision"]))
    if provision not in known_ids:
        raise BadData(provision, None, f"is no provision found in this portfolio{did_you_mean(provision, known_ids)}")
    id = portfolio.contract_id(contract)
    mine = next(c for c in contracts_of(portfolio) if c.contract_id == id)
    if mine.parent is not None:
        (head,) = portfolio.contracts.loc[portfolio.contracts["contract_id"] == mine.parent, "file"]
        if id not in set(portfolio.exposures["contract_id"]):
            raise BadData(contract, None, f"is priced with {head}: ask for that one")
    moved = difference(mine, [Change(provision, party, None if remove else values)], basis_of(portfolio, rates))
    numbers = _numbers(portfolio, id)
    return pd.DataFrame([_row(d, numbers) for d in moved], columns=list(_COLUMNS))


_COLUMNS = (
    "component", "currency", "likely_before", "likely_after", "likely_change",
    "expected_before", "expected_after", "expected_change", "reason",
)  # fmt: skip


def _row(d: Difference, numbers: Mapping[str, str]) -> dict[str, Any]:
    figures = (d.before.likely, d.after.likely, d.likely, d.before.expected, d.after.expected, d.expected)
    plain = [None if n is None else float(n) for n in figures]
    reason = in_numbers(d.after.reason, numbers)
    return dict(zip(_COLUMNS, (d.component, d.after.currency, *plain, reason), strict=True))


def _numbers(portfolio: Portfolio, head: str) -> dict[str, str]:
    """Clauses as people cite them: those of the contract by number, those of its other papers with the file."""
    kin = portfolio.families.loc[portfolio.families["counted_with"] == head, ["contract_id", "file"]]
    files: dict[str, str] = dict(_pairs(kin, "contract_id", "file"))
    out: dict[str, str] = {}
    for id, clause, printed, heading in _pairs(portfolio.clauses, "contract_id", "clause_id", "number", "heading"):
        if id == head:
            out[clause] = printed or heading
        elif id in files:
            out[cite(id, clause)] = f"{printed or heading} of {files[id]}".strip()
    return out


def tornado(portfolio: Portfolio, *, currency: str, rates: str | Path | None = None) -> pd.DataFrame:
    """The likely total with each assumption at its low and at its high figure, widest swing first.

    ``rates`` in place of the analysis' own. Agreements that no rate converts are left out; ``attrs["left_out"]`` and a
    warning name them. Raises BadData where none is left."""
    contracts, basis = contracts_of(portfolio), basis_of(portfolio, rates)
    out = _left_out(portfolio, contracts, basis, currency)
    total, swings = sensitivity(contracts, basis, currency=currency)
    rows = [(s.assumption, s.component, float(s.low), float(total), float(s.high), float(s.width)) for s in swings]
    found = pd.DataFrame(rows, columns=["assumption", "component", "low", "likely", "high", "width"])
    if out:
        found.attrs["left_out"] = out
        said = "; ".join(f"{file}: {why}" for file, why in list(out.items())[:5])
        more = f" and {len(out) - 5} more" if len(out) > 5 else ""
        warnings.warn(f"{len(out)} agreements are not in this total: {said}{more}", stacklevel=2)
    return found


def _left_out(portfolio: Portfolio, contracts: Sequence[Contract], basis: Basis, currency: str) -> dict[str, str]:
    """The files that a total in ``currency`` cannot hold, and why. Raises BadData where that is all of them."""
    counted = [c for c in contracts if c.parent is None]
    files = dict(zip(portfolio.contracts["contract_id"], portfolio.contracts["file"], strict=True))
    out = {}
    for c in counted:
        own = c.deal.currency if c.deal else None
        if own is None:
            out[files[c.contract_id]] = "the facts give no currency"
        elif basis.rate(own, currency) is None:
            out[files[c.contract_id]] = f"no rate from {own} to {currency}; give rates=CSV"
    if counted and len(out) == len(counted):
        raise BadData(currency, None, f"no agreement has a sum in it: {'; '.join(sorted(set(out.values())))}")
    return out


# ---------------------------------------------------------------- from tables back to records


def contracts_of(portfolio: Portfolio) -> tuple[Contract, ...]:
    """The contracts of a portfolio as they were priced, in the order of its table: heads of families with the terms
    that hold of all their papers, the others (``parent`` names their head) with their own."""
    f = portfolio.families
    heads = {i: h for i, h in zip(f["contract_id"], f["counted_with"], strict=True) if _given(h) is not None}
    own, held = _terms(portfolio.provisions), _terms(portfolio.terms)
    deals = [_deal(row) for row in portfolio.deals.to_dict("records")]
    facts = {i: deal_for(deals, str(file)) for i, file in _pairs(portfolio.contracts, "contract_id", "file")}
    half = {i: str(r) for i, r, s in _pairs(portfolio.contracts, "contract_id", "reason", "status") if s == "partial"}
    together = f[f["relation"] != "version"]
    kin = {i: h for i, h in _pairs(together, "contract_id", "counted_with") if _given(h) is not None}
    for row in f.to_dict("records"):
        if row["contract_id"] in held and _given(row.get("annual_fees")) is not None:
            facts[row["contract_id"]] = _whole(facts, kin, row)
    for i, head in kin.items():
        if i in half and head in held:
            half.setdefault(head, half[i])
    return tuple(
        Contract(i, held.get(i, own.get(i, ())), facts[i], heads.get(i), half.get(i))
        for i in portfolio.contracts["contract_id"]
    )


def _pairs(frame: pd.DataFrame, *columns: str) -> Iterator[tuple[Any, ...]]:
    return zip(*(frame[c] for c in columns), strict=True)


def _terms(frame: pd.DataFrame) -> dict[str, tuple[Provision, ...]]:
    found: dict[str, list[Provision]] = {}
    for row in frame.to_dict("records"):
        found.setdefault(row["contract_id"], []).append(_provision(row))
    return {i: tuple(terms) for i, terms in found.items()}


def _whole(facts: Mapping[str, Deal | None], kin: Mapping[str, str], row: Mapping[Any, Any]) -> Deal | None:
    """The facts of a head with the fees of its whole family, as it was priced."""
    id = row["contract_id"]
    others = (d for i, h in kin.items() if h == id and (d := facts.get(i)) and d.annual_fees is not None)
    base = facts.get(id) or next(others, None)
    fees, currency = Decimal(repr(float(row["annual_fees"]))), _given(row["currency"])
    return None if base is None else replace(base, annual_fees=fees, currency=currency)


def basis_of(portfolio: Portfolio, rates: str | Path | None = None) -> Basis:
    """Assumptions, rates, day, seed and years of the analysis; ``rates`` in place of its own."""
    m = portfolio.meta
    day = date.fromisoformat(m["as_of"])
    used = load_rates(rates) if rates else _rates(m.get("rates"))
    return Basis(_assumptions(portfolio), used, as_of=day, seed=m["seed"], trials=m["trials"])


def _rates(kept: Mapping[str, Any] | None) -> Rates | None:
    if not kept:
        return None
    units = {currency: Decimal(rate) for currency, rate in kept["units"].items()}
    return Rates(date.fromisoformat(kept["on"]), kept["base"], units, kept["source"])


def _given(x: Any) -> Any:
    return None if x is None or x is pd.NA or x is pd.NaT or (isinstance(x, float) and x != x) else x


def _provision(row: Mapping[Any, Any]) -> Provision:
    values = row["values"] if isinstance(row["values"], Mapping) else {}
    words = (row["clause_id"], int(row["start"]), int(row["end"]), row["provision"], row["party"])
    return Provision(*words, float(row["confidence"]), str(row["method"]), values)


def _deal(row: Mapping[Any, Any]) -> Deal:
    facts = {str(k): v for k, x in row.items() if (v := _given(x)) is not None}
    plain = {k: Decimal(repr(v)) if isinstance(v, int | float) else v for k, v in facts.items()}
    start = plain.get("start")
    plain["start"] = date.fromisoformat(start) if isinstance(start, str) else start
    extra = {k: v for k, v in plain.items() if k not in _DEAL}
    given: dict[str, Any] = {k: plain.get(k) for k in _DEAL}
    return Deal(source="deals", extra=extra, **given)


def _assumptions(portfolio: Portfolio) -> Assumptions:
    return Assumptions(
        tuple(
            Assumption(
                row["id"], row["component"], row["parameter"], row["low"], row["likely"], row["high"], row["unit"],
                row["source"], _day(row["reviewed_on"]), bool(row["illustrative"]), "assumptions", line,
            )
            for line, row in enumerate(portfolio.assumptions.to_dict("records"), start=2)
        )
    )  # fmt: skip


def _day(x: Any) -> date | None:
    given = _given(x)
    return date.fromisoformat(given) if isinstance(given, str) else given

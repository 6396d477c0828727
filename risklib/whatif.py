"""What would change: questions about money to a finished analysis.

``what_if(portfolio, "msa.pdf", "liability_cap", "provider", fee_months=24)`` prices another term before it is signed,
``tornado(portfolio, currency="EUR")`` tells which assumption moves the total most. Both price again from the
portfolio's own tables: nothing is read twice. How bad a year could be is in ``portfolio.curve``, who brings it about
in ``portfolio.totals`` (``share_of_es95``).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from risklib.errors import BadData
from risklib.exposure import Basis, Change, Contract, Difference, sensitivity
from risklib.exposure import what_if as difference
from risklib.inputs import Assumptions, load_rates
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
    one. ``remove`` takes the term out. Empty where nothing moves. Only the agreement's own terms count, not those of
    its order forms and amendments (``attrs["note"]`` then says so). Raises BadData.
    """
    if not values and not remove:
        raise BadData(provision, None, "no new value is given; give one, such as fee_months=24, or remove=True")
    if party not in (CUSTOMER, PROVIDER, BOTH):
        raise BadData(provision, None, f"{party!r} is no party; it is customer, provider or both")
    known = sorted(set(portfolio.provisions["provision"]))
    if provision not in known:
        raise BadData(provision, None, f"is no provision found in this portfolio{did_you_mean(provision, known)}")
    id = portfolio.contract_id(contract)
    mine = next(c for c in contracts_of(portfolio) if c.contract_id == id)
    moved = difference(mine, [Change(provision, party, None if remove else values)], basis_of(portfolio, rates))
    clauses = portfolio.clauses[portfolio.clauses["contract_id"] == id]
    numbers = {c: n or h for c, n, h in zip(clauses["clause_id"], clauses["number"], clauses["heading"], strict=True)}
    return _own_terms(portfolio, pd.DataFrame([_row(d, numbers) for d in moved], columns=list(_COLUMNS)), id)


_COLUMNS = (
    "component", "currency", "likely_before", "likely_after", "likely_change",
    "expected_before", "expected_after", "expected_change", "reason",
)  # fmt: skip


def _row(d: Difference, numbers: Mapping[str, str]) -> dict[str, Any]:
    figures = (d.before.likely, d.after.likely, d.likely, d.before.expected, d.after.expected, d.expected)
    plain = [None if n is None else float(n) for n in figures]
    reason = in_numbers(d.after.reason, numbers)
    return dict(zip(_COLUMNS, (d.component, d.after.currency, *plain, reason), strict=True))


def tornado(portfolio: Portfolio, *, currency: str, rates: str | Path | None = None) -> pd.DataFrame:
    """The likely total with each assumption at its low and at its high figure, widest swing first."""
    total, swings = sensitivity(contracts_of(portfolio), basis_of(portfolio, rates), currency=currency)
    rows = [(s.assumption, s.component, float(s.low), float(total), float(s.high), float(s.width)) for s in swings]
    found = pd.DataFrame(rows, columns=["assumption", "component", "low", "likely", "high", "width"])
    return _own_terms(portfolio, found)


def _own_terms(portfolio: Portfolio, found: pd.DataFrame, contract_id: str | None = None) -> pd.DataFrame:
    """``found`` with ``attrs["note"]`` where order forms or amendments changed terms: here only the own ones count."""
    touched = {i for c in ("contract_id", "holds_contract_id", "yields_contract_id") for i in portfolio.overrides[c]}
    heads = touched & ({contract_id} if contract_id else set(portfolio.contracts["contract_id"]))
    files = sorted(portfolio.contracts.loc[portfolio.contracts["contract_id"].isin(heads), "file"])
    if files:
        found.attrs["note"] = (
            f"{', '.join(files)}: priced on each paper's own terms, without those of its order forms and amendments; "
            "portfolio.exposures has both, so the amounts differ"
        )
    return found


# ---------------------------------------------------------------- from tables back to records


def contracts_of(portfolio: Portfolio) -> tuple[Contract, ...]:
    """The contracts of a portfolio as the exposure model takes them, in the order of its table."""
    deals = {str(row["file"]).casefold(): _deal(row) for row in portfolio.deals.to_dict("records")}
    terms: dict[str, list[Provision]] = {}
    for row in portfolio.provisions.to_dict("records"):
        terms.setdefault(row["contract_id"], []).append(_provision(row))
    return tuple(
        Contract(
            row["contract_id"],
            tuple(terms.get(row["contract_id"], ())),
            deals.get(str(row["file"]).casefold()),
            _given(row.get("counted_with")),
        )
        for row in portfolio.contracts.to_dict("records")
    )


def basis_of(portfolio: Portfolio, rates: str | Path | None = None) -> Basis:
    """Assumptions, day, seed and years of the analysis; exchange rates are not kept with it and are given again."""
    m = portfolio.meta
    day = date.fromisoformat(m["as_of"])
    return Basis(_assumptions(portfolio), load_rates(rates), as_of=day, seed=m["seed"], trials=m["trials"])


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

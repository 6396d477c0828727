"""Deal facts: what procurement knows of each contract.

One row a contract; any cell but ``file`` may be empty; unknown stays unknown.

=========================  =====================================================================================
``file``                   name of the agreement's file, in any case; a folder may stand before it
``vendor``                 who sells; totals by vendor use it
``annual_fees``            fees of one contract year, in ``currency``
``currency``               ISO 4217 code of every sum of the row
``start``                  first day of the term, YYYY-MM-DD
``term_months``            months of the first term
``users``                  users (seats) paid for
``records_held``           personal records that the provider holds for the customer
``paid_in_advance``        months of fees paid ahead: 12, 3, 1; ``yes`` is 12, ``no`` is 0
``overage_units``          units a year beyond the limits, where the agreement prices a unit (calls, user-months)
``invoices_per_year``      invoices a year
``committed_spend``        spend a year that the customer has committed to
``expected_spend``         spend a year that the customer expects
``renewal_months``         months of a renewal term, where the agreement leaves it to the order form
``downtime_value_per_day`` what a day without the service costs the customer
``switching_cost``         what moving to another provider costs
``family``                 documents that belong together (master agreement, order form, versions) share a family
``parent``                 file of the agreement that this order form, addendum or amendment belongs to
``owner``, ``notes``       free text
=========================  =====================================================================================

Sums are plain numbers (``120000``, ``120000.50`` or ``120,000.50``), never negative.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from risklib.inputs.tables import (
    Parser,
    calendar_date,
    currency_code,
    did_you_mean,
    given_twice,
    months_ahead,
    plain_number,
    positive,
    raise_if,
    read_table,
    whole,
)
from risklib.records import Deal

DEAL_COLUMNS: Mapping[str, Parser] = {
    "file": str, "vendor": str, "annual_fees": plain_number, "currency": currency_code, "start": calendar_date,
    "term_months": positive, "users": whole, "records_held": whole, "overage_units": plain_number,
    "paid_in_advance": months_ahead, "invoices_per_year": plain_number, "committed_spend": plain_number,
    "expected_spend": plain_number,     "renewal_months": positive, "downtime_value_per_day": plain_number,
    "switching_cost": plain_number, "family": str, "parent": str, "owner": str, "notes": str,
}  # fmt: skip
_PLAIN_DEAL = ("file", "vendor", "annual_fees", "currency", "start", "term_months")


def load_deals(path: str | Path) -> tuple[Deal, ...]:
    """The deal facts of a CSV with the columns above. Raises BadData (first fault, and how many more)."""
    path = Path(path)
    rows, faults = read_table(path, DEAL_COLUMNS, ("file",))
    faults += given_twice([(line, _name(row["file"])) for line, row in rows if row["file"]], "file")
    raise_if(faults, str(path))
    return tuple(
        Deal(
            line=line,
            source=str(path),
            extra={k: v for k, v in row.items() if k not in _PLAIN_DEAL and v is not None},
            **{k: row[k] for k in _PLAIN_DEAL},
        )
        for line, row in rows
    )


def deal_for(deals: Sequence[Deal], file: str | Path) -> Deal | None:
    """The row of ``file``: same name, whatever the case and folder; where the row names folders they must agree."""
    wanted = _name(str(file))
    for deal in deals:
        name = _name(deal.file)
        if wanted == name or wanted.endswith("/" + name) or PurePosixPath(name).name == wanted:
            return deal
    return None


def rows_without_file(deals: Sequence[Deal], files: Sequence[str]) -> tuple[str, ...]:
    """One sentence for each row whose file is not among ``files``, with the file that may be meant."""
    used = {id(deal_for(deals, f)) for f in files}
    names = [PurePosixPath(_name(f)).name for f in files]
    return tuple(
        f"{d.source}:{d.line}: no agreement {d.file!r} was read{did_you_mean(PurePosixPath(_name(d.file)).name, names)}"
        for d in deals
        if id(d) not in used
    )


def _name(file: str) -> str:
    return unicodedata.normalize("NFC", file).replace("\\", "/").removeprefix("./").casefold()

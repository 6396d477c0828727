"""What a term says, in one unit that can be compared, and in words."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from risklib.exposure.terms import listed, number_of
from risklib.inputs import Rates
from risklib.records import Deal

SIZES = ("fee_months", "fee_multiple", "amount", "percent")
MONTHS = {"month": 12.0, "year": 1.0}


def value_of(values: Mapping[str, Any] | None, key: str, deal: Deal | None = None, rates: Rates | None = None) -> Any:
    """``values[key]``, or a number worked out of others: ``cap_months`` (any size of a cap, in months of the fees),
    ``yearly_percent`` (a rate a year), ``premium_percent`` (over the agreed price), days for months where only those
    are given; ``amount`` in the deal's currency. None where the text does not tell, or ``rates`` lack a currency."""
    values = values or {}
    if key in ("cap_months", "fee_months"):
        return _months(values, deal, rates)
    if key == "premium_percent":  # "at 120 % of the price" and "plus 20 %" are the same premium
        rate = number_of(values.get("percent"))
        return None if rate is None else float(rate - 100 if rate >= 100 else rate)
    if key == "yearly_percent":
        rate, per = number_of(values.get("percent")), MONTHS.get(str(values.get("per")))
        return float(rate) * per if rate is not None and per else None
    found = values.get(key)
    if found is None and key == "duration_days" and number_of(values.get("duration_months")) is not None:
        return float(values["duration_months"]) * 30
    if isinstance(found, (list, tuple)) or found is None or isinstance(found, str):
        return found if not isinstance(found, (list, tuple)) or found else None
    number = number_of(found)
    if key == "amount" and number is not None:
        rate = _exchange(values.get("currency"), deal, rates)
        return None if rate is None else float(number * rate)
    return found if number is None else float(number)


def _exchange(currency: Any, deal: Deal | None, rates: Rates | None) -> Decimal | None:
    """What one unit of ``currency`` is in the deal's; None where no rate tells."""
    if deal is None or deal.currency is None or currency in (None, deal.currency):
        return Decimal(1)
    return rates.rate(str(currency), deal.currency) if rates else None


def _months(values: Mapping[str, Any], deal: Deal | None, rates: Rates | None) -> float | None:
    """The size of a cap as months of the yearly fees; both operands of a greater or lesser, where both are known."""
    several = [v for v in listed(values.get("alternatives")) if isinstance(v, Mapping)]
    sizes = [_size(v, deal, rates) for v in several] or [_size(values, deal, rates)]
    comparator = values.get("comparator")
    known = [s for s in sizes if s is not None]
    if not known or len(known) < len(sizes):
        return None
    return max(known) if comparator == "greater" else min(known)


def _size(v: Mapping[str, Any], deal: Deal | None, rates: Rates | None) -> float | None:
    months, multiple, amount, percent = (
        number_of(v.get(k)) for k in ("fee_months", "fee_multiple", "amount", "percent")
    )
    if months is not None:
        return float(months * (multiple or 1))
    if multiple is not None:
        return float(multiple) * 12
    if percent is not None:
        return float(percent) * 12 / 100
    rate = _exchange(v.get("currency"), deal, rates)
    if amount is None or rate is None or not deal or not deal.annual_fees:
        return None
    return float(amount * rate / deal.annual_fees) * 12


def in_words(values: Mapping[str, Any] | None) -> str:
    """The numbers of a provision as people say them: "30 days' notice", "the greater of GBP 500,000 and 1.5 × fees"."""
    v = dict(values or {})
    joined = [in_words(a) for a in listed(v.pop("alternatives", None)) if isinstance(a, Mapping)]
    comparator = v.pop("comparator", None)
    if comparator and len(joined) > 1:
        rest = {k: x for k, x in v.items() if k not in (*SIZES, "currency")}
        return ", ".join(x for x in (f"the {comparator} of {' and '.join(joined)}", in_words(rest)) if x)
    out = [_WORDS[k](v) for k in _WORDS if v.get(k) is not None and v.get(k) != []]
    return ", ".join(x for x in out if x)


def plain_number(x: Any) -> str:
    return f"{float(x):,.10f}".rstrip("0").rstrip(".") if isinstance(x, (int, float, Decimal)) else str(x)


def _list(x: Any) -> str:
    return ", ".join(map(str, listed(x)))


_n = plain_number
_PER = {"month": " a month", "year": " a year", "once": " once"}
_WORDS: Mapping[str, Any] = {
    "amount": lambda v: f"{v.get('currency') or 'currency not stated'} {_n(v['amount'])}",
    "fee_multiple": lambda v: "" if v.get("fee_months") else f"{_n(v['fee_multiple'])} × yearly fees",
    "fee_months": lambda v: (
        (f"{_n(v['fee_multiple'])} × " if v.get("fee_multiple") else "") + f"{_n(v['fee_months'])} months' fees"
    ),
    "percent": lambda v: f"{_n(v['percent'])} %{_PER.get(str(v.get('per')), '')}",
    "threshold_percent": lambda v: f"shortfall above {_n(v['threshold_percent'])} %",
    "availability_percent": lambda v: f"{_n(v['availability_percent'])} % available",
    "notice_days": lambda v: f"{_n(v['notice_days'])} days' notice",
    "cure_days": lambda v: f"{_n(v['cure_days'])} days to cure",
    "grace_days": lambda v: f"after {_n(v['grace_days'])} days' grace",
    "term_months": lambda v: f"for {_n(v['term_months'])} months",
    "duration_days": lambda v: f"{_n(v['duration_days'])} days",
    "duration_months": lambda v: f"{_n(v['duration_months'])} months",
    "times_per_year": lambda v: f"{_n(v['times_per_year'])} × a year",
    "jurisdiction": lambda v: _list(v["jurisdiction"]),
    "covers": lambda v: f"for {_list(v['covers'])}",
    "cap_period": lambda v: f"per {v['cap_period']}",
    "legal_maximum": lambda v: "or the legal maximum" if v["legal_maximum"] else "",
    "reference": lambda v: f"see {_list(v['reference'])}",
}

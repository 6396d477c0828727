"""What the numbers of a provision mean: quantities of its sentence → the keys of ``values`` that tables.md promises.

Which number is a cure period and which a notice period is told by the playbook's ``values.yaml``; here is only how
to read it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from risklib.findings.places import jurisdiction
from risklib.findings.quantities import FINDERS, UNKNOWN_CURRENCY, Quantity
from risklib.playbook.valuerules import ValueRule

_PERIODS = (
    ("month", re.compile(r"(?:per|a|each|every|/)\s*(?:calendar\s+)?month|monthly|month or part", re.I)),
    (
        "year",
        re.compile(
            r"(?:per|a|each|every|/)\s*(?:calendar\s+|contract\s+)?(?:year|annum)|per\s+annum|p\.\s?a\.|annual|yearly",
            re.I,
        ),
    ),
)
_LEGAL_MAXIMUM = re.compile(
    r"(?:maximum|highest|greatest)\b[^.;]{0,30}\b(?:law|permitted|allowed|allowable|legal|permissible)|"
    r"legal (?:maximum|limit)|whichever is (?:less|lower)",
    re.I,
)
_GREATER = re.compile(r"(?:greater|larger|higher) of|whichever is (?:the )?(?:greater|higher|larger)", re.I)
_LESSER = re.compile(r"(?:lesser|lower|smaller) of|whichever is (?:the )?(?:less|lesser|lower|smaller)", re.I)
_EXCLUDES = re.compile(
    r"(?:not|never|no|nor|neither)\b[^.;]{0,80}\b(?:be |have any |assume |any )?(?:liab|responsib)|"
    r"in no event[^.;]{0,80}liab|no liability|disclaims? (?:any|all) liability",
    re.I,
)
_LIMITS = re.compile(r"exceed|limited to|in excess of|maximum|not be more than|aggregate liability|capped|up to", re.I)
_WHOLE_FEES = re.compile(
    r"(?:total|aggregate|all|the)?\s*(?:amounts?|fees|sums?|charges|price|consideration)\b"
    r"(?:(?!would have)[^.;]){0,40}\b(?:paid|payable|received|due(?! to\b))",
    re.I,
)
_BASES = (
    (
        "affected_service",
        re.compile(
            r"(?:affected|applicable|relevant|particular|specific|such|deficient)\s+(?:service|product|order|"
            r"subscription)|giving rise",
            re.I,
        ),
    ),
    ("first_year", re.compile(r"first (?:contract )?year", re.I)),
    ("payable", re.compile(r"payable|due|owed|owing", re.I)),
    ("paid", re.compile(r"paid|received", re.I)),
)
_PERIOD_OF_CAP = (
    (
        "claim",
        re.compile(
            r"per (?:claim|event|occurrence|incident)|each (?:claim|event|incident)|any (?:one|single) (?:claim|event)",
            re.I,
        ),
    ),
    (
        "year",
        re.compile(
            r"(?:in|per|during) (?:any|each|a) (?:given |single |contract |calendar |twelve.month )*(?:year|annum)|"
            r"per (?:contract )?year|annual(?:ly)? aggregate",
            re.I,
        ),
    ),
)
_REFERENCE = re.compile(
    r"(?:set (?:forth|out)|specified|stated|described|listed|indicated|identified|shown|as per|provided)\s+(?:in|"
    r"on|at|under)\s+(?:the |an |each |its |applicable )*"
    r"((?:Order Form|Order|Exhibit|Schedule|Annex|Appendix|Attachment|Statement of Work|Cover Page|Key Terms|"
    r"Fee Schedule|Price List)(?:\s+[A-Z0-9](?:[\w.-]*\w)?)?)",
    re.I,
)
# what a carve-out, an exception or a super-cap is for
_FOR = re.compile(
    r"(?:breach(?:es)? of )?(?:confidential\w*|data protection|personal data|data security|security|privacy)|"
    r"data breach\w*|"
    r"(?:breach of|loss of|disclosure of) (?:the )?(?:customer|client|personal|your) data|indemni\w+|hold harmless|"
    r"gross(?:ly)? negligen\w+|wil+ful(?:ly)? (?:misconduct|default|breach)?|fraud\w*|intentional\w*|deliberate\w*|"
    r"infring\w+|misappropriat\w+|intellectual property|licen[cs]e restrictions?|payment obligations?|"
    r"obligations? to pay|"
    r"unpaid fees|amounts? due|death|personal injury|bodily injury|property damage|applicable laws?|export|"
    r"service levels?|"
    r"service credits?",
    re.I,
)
_EXCEPTION = re.compile(
    r"\b(?:except(?:ing)?(?: for| as| in)?|other than|save (?:for|as|in)|excluding|with the exception of)\b[^;]{3,300}?"
    r"(?=,\s*(?:in no event|neither|each|either|the\b|a party|"
    r"[\w’']+ (?:shall|will|total|aggregate|liab|maximum|entire))|[.;]|$)",
    re.I,
)
_CAPS = ("liability_cap", "super_cap")
_EACH = re.compile(
    r"\W{0,3}(?:for|per|in|a)\s+(?:each |every |any |a )?\s*(?:full |calendar |started )*(day|week|month|year)\b", re.I
)
# "4 % above the base rate of the Bank of England": a rate that moves with another, and what a charge is for
_ABOVE = re.compile(
    r"\b(?:above|over|plus|in excess of|higher than)\b[^.;]{0,60}?\b(?:(?:base|prime|bank|lending|repo|reference|"
    r"refinancing|discount|policy|deposit)(?: lending| interest)? rate|LIBOR|SONIA|SOFR|EURIBOR|SARON)\b|"
    r"\b(?:(?:base|prime|bank|lending|repo|reference)(?: lending| interest)? rate|LIBOR|SONIA|SOFR|EURIBOR|SARON)\b"
    r"[^.;]{0,40}?\bplus\b",
    re.I,
)
_CHARGED_FOR = (
    ("collection", re.compile(
        r"\b(?:costs?|expenses?|fees)\b[^.;,]{0,60}\b(?:of|for|in|with)\s+(?:the |any |such )?collect(?:ion|ing)\b|"
        r"\bcollection (?:cost|expense|fee)s\b", re.I)),
    ("returned payment", re.compile(
        r"\b(?:dishono\w+|returned|bounced|declined|rejected|failed)\s+(?:\w+\s+){0,3}?(?:che(?:ck|que)s?|payments?|"
        r"debits?|items?)|insufficient funds|chargeback|NSF\b", re.I)),
)  # fmt: skip
_LASTS = re.compile(r"\b(?:per|each|every|any) (?:\w+ )?(day|week)\b", re.I)  # "for each started week of delay"
_BUSINESS = re.compile(r"\b(?:business|working|banking)\b", re.I)
_WITHIN_NOTICE = re.compile(
    r"(?:\bun(?:cured|remedied|corrected|resolved|paid)|\bnot (?:been )?(?:cured|remedied|corrected|paid|made good)|"
    r"\b(?:fails?|failure|failed|does not|has not|not) (?:to )?(?:cure|remed|correct|rectif|pa)\w*)\b[^.;]{0,60}?"
    r"\b(?:within|by|at|during|upon|before|on)\b[^.;]{0,40}?\b(?:such|that|the|said|this)\b[^.;]{0,40}?\bperiod",
    re.I,
)
_MONTH_KEYS = {"fee_months", "term_months", "duration_months"}


def values_of(
    provision: str, text: str, rules: Sequence[ValueRule], *, lead_in: str = "", dollar: str | None = None
) -> dict[str, Any]:
    """The values of one provision in one sentence.

    ``text`` is the sentence as printed; ``lead_in`` the words it hangs from (read only where the sentence itself says
    nothing). ``dollar`` is the currency of a bare dollar sign in this agreement, None when the agreement does not tell:
    then an amount is given without a currency. Numbers come as int or float.
    """
    found = _apply(rules, text)
    out: dict[str, Any] = {k: _plain(q, k) for k, q in found.items()}
    out |= _currency(found.get("amount"), dollar) | _per(provision, text, found)
    if provision == "price_increase" and 100 < out.get("percent", 0) <= 200:  # "the previous year's fee times 105 %"
        out["percent"] = out["percent"] - 100
    told = provision == "termination_for_cause" and "cure_days" not in out and "notice_days" in out
    if told and _WITHIN_NOTICE.search(text):  # "on 30 days' notice, if the breach is not cured within that period"
        out["cure_days"] = out["notice_days"]
    if provision in _CAPS and "percent" in out:  # "150 % of the annual fees" is a multiple of them
        share = out.pop("percent") / 100
        out.pop("per", None)
        if "fee_months" not in out or share != 1:
            out["fee_multiple"] = int(share) if share == int(share) else share
    out |= _renewal_words(provision, text, out)
    if any(k.endswith("_days") and _BUSINESS.search(text[q.start : q.end]) for k, q in found.items()):
        out["day_kind"] = "business"
    if any(r.key == "jurisdiction" for r in rules):
        place = jurisdiction(text)
        if place:
            out["jurisdiction"] = place
    return out | _model_keys(provision, text, out) | _scope(provision, text, lead_in)


def _apply(rules: Sequence[ValueRule], text: str) -> dict[str, Quantity]:
    """The quantity that each key takes: the one whose telling words stand nearest."""
    quantities = {kind: FINDERS[kind](text) for kind in {r.quantity for r in rules if r.quantity in FINDERS}}
    best: dict[str, tuple[int, Quantity]] = {}
    taken: set[tuple[int, int]] = set()
    for rule in rules:
        for q in quantities.get(rule.quantity, ()):
            if (q.start, q.end) in taken or any(s < q.end and q.start < e for s, e in taken):
                continue
            distance = rule.fits(q, text)
            if distance is None or not _in_bounds(rule, q):
                continue
            if rule.key not in best or distance < best[rule.key][0]:
                best[rule.key] = (distance, q)
        if rule.key in best:
            taken.add((best[rule.key][1].start, best[rule.key][1].end))
    return {k: q for k, (_, q) in best.items()}


def _in_key_unit(q: Quantity, key: str) -> Decimal | None:
    if q.kind != "duration":
        return q.value
    return q.months if key in _MONTH_KEYS else q.days


def _in_bounds(rule: ValueRule, q: Quantity) -> bool:
    value = _in_key_unit(q, rule.key)
    if value is None:
        return False
    return (rule.least is None or value >= rule.least) and (rule.most is None or value <= rule.most)


def _plain(q: Quantity, key: str) -> int | float:
    value = _in_key_unit(q, key) or Decimal(0)
    return int(value) if value == value.to_integral_value() else round(float(value), 6)


def _currency(amount: Quantity | None, dollar: str | None) -> dict[str, str]:
    """ISO 4217; nothing where neither the words nor the agreement tell which currency is meant."""
    if amount is None or amount.unit == UNKNOWN_CURRENCY:
        return {}
    code = amount.unit or dollar
    return {"currency": code} if code else {}


def _per(provision: str, text: str, found: Mapping[str, Quantity]) -> dict[str, str]:
    """month, year or once: what the percentage, or the sum of a penalty, is counted by."""
    if "percent" in found:
        per = _period(text, found["percent"]) or ("once" if provision == "early_termination_fee" else None)
        lasts = _LASTS.search(text) if provision == "liquidated_damages" and not per else None
        per = lasts[1].lower() if lasts else per
        return {"per": per} if per else {}
    if "amount" in found and provision in ("liquidated_damages", "late_payment"):
        m = _EACH.match(text[found["amount"].end :])
        return {"per": m[1].lower()} if m else {}
    return {}


def _period(text: str, q: Quantity) -> str | None:
    """month or year, read right after the percentage, then around it."""
    for window in (text[q.end : q.end + 40], text[max(0, q.start - 60) : q.end + 90]):
        places = [(m.start(), name) for name, p in _PERIODS if (m := p.search(window))]
        if places:
            return min(places)[1]
    return None


def _renewal_words(provision: str, text: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """Renewal terms that are words rather than numbers: "from year to year", "month-to-month", "each anniversary"."""
    if provision != "auto_renewal" or "term_months" in found:
        return {}
    if re.search(r"\bmonthly or (?:annual|yearly)|\b(?:annual|yearly)\w* or monthly", text, re.I):
        return {}  # as the customer chose: unknown here
    if re.search(
        r"year[\s-]+to[\s-]+(?:\w+ )?year|annual(?:ly)?\b[^.;]{0,30}renew|renew[^.;]{0,40}\b(?:annual(?:ly)?|"
        r"each year|every year|yearly)|successive annual|anniversary",
        text,
        re.I,
    ):
        return {"term_months": 12}
    if re.search(
        r"\b(?:same|equal|equivalent|identical)\b[^.;]{0,40}\b(?:duration|length|term|period)s?\b", text, re.I
    ):
        return {"reference": "previous term"}
    if re.search(r"month[\s-]+to[\s-]+month|renew[^.;]{0,30}\b(?:monthly|each month|every month)", text, re.I):
        return {"term_months": 1}
    return {}


def _model_keys(provision: str, text: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """The keys that the exposure model needs beside the scored ones."""
    out: dict[str, Any] = {}
    if provision in _CAPS:
        numbers = {"amount", "fee_months", "fee_multiple"} & set(found)
        if not numbers and _LIMITS.search(text) and _WHOLE_FEES.search(text):
            out["fee_multiple"] = 1
            numbers = {"fee_multiple"}
        out["effect"] = "limit" if numbers or (_LIMITS.search(text) and not _EXCLUDES.search(text)) else "exclusion"
        out |= _first(_PERIOD_OF_CAP, text, "cap_period")
        if {"fee_months", "fee_multiple"} & (set(found) | set(out)):
            out |= _first(_BASES, text, "fee_basis")
        if len(numbers) > 1 and (_GREATER.search(text) or _LESSER.search(text)):
            out["comparator"] = "greater" if _GREATER.search(text) else "lesser"
            out["alternatives"] = _alternatives(found)
        elif numbers and (_GREATER.search(text) or _LESSER.search(text)) and not _LEGAL_MAXIMUM.search(text):
            out["comparator"] = "greater" if _GREATER.search(text) else "lesser"  # "of Item 12 and 500,000 euros"
    if "percent" in found and _LEGAL_MAXIMUM.search(text):
        out["legal_maximum"] = True
    reference = _REFERENCE.search(text)
    if reference and not ({"amount", "percent", "fee_months", "fee_multiple"} & set(found)):
        out["reference"] = reference.group(1)
    return out


def _scope(provision: str, text: str, lead_in: str) -> dict[str, Any]:
    """``covers`` and ``pierces``: what a carve-out, super-cap or charge is for, and which filter an exception opens."""
    if provision == "late_payment":
        above, charged = _ABOVE.search(text), [name for name, p in _CHARGED_FOR if p.search(text)]
        return ({"above": "base rate"} if above else {}) | ({"covers": charged} if charged else {})
    whole = f"{lead_in} {text}"
    if provision == "uncapped_liability":
        limits, excludes = re.search(r"\blimit|\bcap\b", whole, re.I), re.search(r"\bexclu(?:de|sion)", whole, re.I)
        pierces = "both" if limits and excludes else "exclusion" if excludes else "cap" if limits else None
        covers = _named(text)
        return ({"covers": covers} if covers else {}) | ({"pierces": pierces} if pierces else {})
    if provision == "super_cap":
        covers = _named(text) or _named(lead_in)
        return {"covers": covers} if covers else {}
    if provision in ("liability_cap", "consequential_waiver"):
        exception = _EXCEPTION.search(text)
        covers = _named(exception.group(0)) if exception else []
        which = "cap" if provision == "liability_cap" else "exclusion"
        return {"covers": covers, "pierces": which} if covers else {}
    return {}


def _named(text: str) -> list[str]:
    return list(dict.fromkeys(m.group(0).strip().lower() for m in _FOR.finditer(text)))


def _alternatives(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each operand of a "greater of … and …", by itself."""
    out: list[dict[str, Any]] = []
    if "amount" in found:
        out.append({k: found[k] for k in ("amount", "currency") if k in found})
    if (
        "fee_multiple" in found and "fee_months" in found
    ):  # "two times the fees of the last twelve months" is one operand
        out.append({k: found[k] for k in ("fee_multiple", "fee_months")})
    else:
        out += [{k: found[k]} for k in ("fee_months", "fee_multiple") if k in found]
    return out


def _first(patterns: Sequence[tuple[str, re.Pattern[str]]], text: str, key: str) -> dict[str, str]:
    return next(({key: name} for name, p in patterns if p.search(text)), {})

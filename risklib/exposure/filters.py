"""What the agreement says about one side's liability for one claim: exclusion first, then cap, as far as no
carve-out saves it.

What ``covers`` says decides which claims a carve-out, super-cap or special exclusion is for; its words are read
through ``CLAIMS``. A carve-out or super-cap that does not say what it is for is not applied, and a note says so.
Carve-outs that need proof of fault (gross negligence, wilful misconduct, fraud) save no ordinary event, so they are
not applied either.

How the rows are read: ``uncapped_liability`` is a carve-out (``pierces``: cap, if it does not say).
``liability_cap`` without ``covers`` is the general cap; with ``covers`` it is a cap for just that, or, if it also
``pierces``, the general cap with that exception. With ``effect`` exclusion it excludes what it ``covers``.
``covers`` of a ``consequential_waiver`` are its exceptions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from risklib.exposure.arithmetic import ZERO, Expr, Quantity, greatest, least, named, number, total
from risklib.exposure.model import Kind, Year
from risklib.exposure.terms import Case, Missing, also, assume, fees, listed, money_term, provisions_of, said, term
from risklib.records import Provision

TWELVE = number(12)
NOBODY: Mapping[str, Stance] = {}
# A claim and the words (beginnings of words) that name it in ``covers``.
CLAIMS: Mapping[str, str] = {
    "data_breach": r"data breach|security|personal data|data protection|privacy|(customer|client) data|breach of data"
    r"|breach (response|notification)|data loss|loss of data|disclosure of data|unauthori[sz]ed (access|disclosure)",
    "confidentiality": r"confidential|non ?disclosure",
    "indemnity": r"indemni|third party claim|hold harmless",
    "ip": r"ip\b|intellectual property|infring|misappropriat|licen[cs]e|use restriction|reverse engineer|proprietary",
    "payment": r"payment|fees|amounts due",
    "fault": r"gross negligence|wil+ful|fraud|intent|misconduct|deliberate",
    "injury": r"death|injury|bodily|property damage",
    "law": r"laws?\b|compliance|export|acceptable use",
    "service_levels": r"service (level|credit)|availability|uptime|downtime|outage|sla\b",
    "regulatory": r"regulat|fines?\b|penalt",
    "indirect": r"indirect|consequential|lost profit|loss of profit",
    "all": r"(all|any|everything|all claims|any claim)$",
}
_FIND = {claim: re.compile(rf"\b({words})" if claim != "all" else words) for claim, words in CLAIMS.items()}


def claims_of(covers: Any) -> frozenset[str]:
    """The claims that ``covers`` (a word, or a list of words) names; "all" for every claim."""
    return _claims(tuple(str(c) for c in listed(covers)))


@lru_cache(maxsize=4096)
def _claims(covers: tuple[str, ...]) -> frozenset[str]:
    texts = [re.sub(r"[_\-\s]+", " ", c).strip().lower() for c in covers]
    found = {claim for t in texts for claim, p in _FIND.items() if (p.match(t) if claim == "all" else p.search(t))}
    return frozenset(found)


@dataclass(frozen=True, eq=False)
class Stance:
    """One side's liability for one claim. ``cap`` None: no limit. Claims with one ``pool`` share one cap."""

    excluded: bool  # indirect and consequential damages drop out
    cap: Expr | None
    pool: str
    each: Expr | None = None  # a limit for each claim, beside or in place of ``cap``
    notes: tuple[str, ...] = ()
    shown_too: tuple[Quantity, ...] = ()


def stance(case: Case, side: str, claims: tuple[str, ...]) -> Stance:
    """How ``side`` (customer or provider) is liable for a claim; ``claims`` names it, most exact name first.

    A super-cap beats a carve-out only where the carve-out fits by a less exact name (a data breach is also a breach
    of confidentiality, but a super-cap for data breaches is the more special rule). Raises Missing for a cap
    without a number."""
    carved, notes = _carve_outs(case, side)
    caps = provisions_of(case, "liability_cap", side)
    waivers = [c for c in caps if _excludes(c) and "indirect" in claims_of(c.values.get("covers"))]
    waived = bool(waivers or provisions_of(case, "consequential_waiver", side))
    excluded = waived and not _fits(carved["exclusion"], claims)
    notes += _vague([c for c in caps if _excludes(c) and not listed(c.values.get("covers"))], "exclusion")
    special = (*provisions_of(case, "super_cap", side), *(c for c in caps if _special(c)))
    fitting = [c for c in special if _fits(claims_of(c.values.get("covers")), claims)]
    notes += _vague([c for c in special if not listed(c.values.get("covers"))], "super-cap")
    if _fits(carved["cap"], claims[:1]) or (_fits(carved["cap"], claims) and not fitting):
        return Stance(
            excluded, None, "none", notes=(*notes, f"the {side}'s cap does not apply: {_words(claims)} carved out")
        )
    shut = [c for c in caps if _excludes(c) and _fits(claims_of(c.values.get("covers")), claims)]
    if shut:
        what = f"the {side}'s liability for {_words(claims)}"
        notes += (f"{what} is excluded by clause {shut[0].clause_id}",)
        return Stance(excluded, named(what, ZERO), f"shut {claims[0]}", notes=notes)
    general = [c for c in caps if not _special(c) and not _excludes(c)]
    chosen = _chosen(fitting or general)
    if chosen is None:
        return Stance(excluded, None, "none", notes=(*notes, f"no cap of the {side}'s liability found: no limit"))
    label = f"the {side}'s super-cap for {_words(claims[:1])}" if fitting else f"the {side}'s cap"
    cap = cap_of(case, chosen, label)
    notes += also(fitting or general, [chosen], label)
    pool = f"{chosen.provision} {chosen.clause_id}:{chosen.start}"
    return Stance(excluded, cap.year, pool, cap.each, notes, cap.shown_too)


def _fits(found: frozenset[str], claims: tuple[str, ...]) -> bool:
    return bool(found & {*claims, "all"})


def _words(claims: tuple[str, ...]) -> str:
    return claims[0].replace("_", " ")


def _excludes(p: Provision) -> bool:
    return p.values.get("effect") == "exclusion" and not _limited(p)


def _special(p: Provision) -> bool:
    return bool(listed(p.values.get("covers"))) and not p.values.get("pierces") and not _excludes(p)


def _limited(p: Provision) -> bool:
    return any(p.values.get(k) is not None for k in ("amount", "fee_months", "fee_multiple", "alternatives"))


def _chosen(found: list[Provision] | tuple[Provision, ...]) -> Provision | None:
    """The most certain one that gives a number; if none does, the most certain one."""
    return next((p for p in found if _limited(p) or p.values.get("percent") is not None), found[0] if found else None)


def _vague(found: Sequence[Provision], what: str) -> tuple[str, ...]:
    where = " and ".join(dict.fromkeys(f"clause {p.clause_id}" for p in found))
    return (f"{what} in {where} not applied, as the words do not tell what it is for",) if found else ()


def _carve_outs(case: Case, side: str) -> tuple[dict[str, frozenset[str]], tuple[str, ...]]:
    """The claims that pierce the side's cap and its exclusion, and notes about carve-outs that could not be read."""
    pierced: dict[str, set[str]] = {"cap": set(), "exclusion": set()}
    opened = provisions_of(case, "uncapped_liability", side)
    for p in opened:
        _pierce(pierced, claims_of(p.values.get("covers")), p.values.get("pierces") or "cap")
    notes = _vague([p for p in opened if not listed(p.values.get("covers"))], "carve-out")
    faults = dict.fromkeys(f"clause {p.clause_id}" for p in opened if "fault" in claims_of(p.values.get("covers")))
    if faults:
        notes += (
            f"carve-out for gross negligence, intent or the like in {' and '.join(faults)} touches no event here",
        )
    for p in provisions_of(case, "liability_cap", side):
        if p.values.get("pierces"):
            _pierce(pierced, claims_of(p.values.get("covers")), p.values["pierces"])
    for p in provisions_of(case, "consequential_waiver", side):
        _pierce(pierced, claims_of(p.values.get("covers")), p.values.get("pierces") or "exclusion")
    return {k: frozenset(v) for k, v in pierced.items()}, notes


def _pierce(pierced: dict[str, set[str]], claims: frozenset[str], what: Any) -> None:
    for which in ("cap", "exclusion"):
        if {which, "both"} & set(map(str, listed(what))):
            pierced[which] |= claims


# ---------------------------------------------------------------- caps in money


@dataclass(frozen=True, eq=False)
class Cap:
    each: Expr | None  # for each claim
    year: Expr | None  # for all claims (of the term, of which a year may use up the whole)
    shown_too: tuple[Quantity, ...]  # its terms in words: fee basis, period


def cap_of(case: Case, p: Provision, label: str) -> Cap:
    """The cap's formulas. Raises Missing where it has no number, or where it is open how several go together.

    ``comparator`` says how. Without one, a sum for each claim with an alternative for the year ("50,000 for each event
    and 100,000 a year") is both; a multiple of the fees of so many months is one size.
    """
    first = _sizes(case, p, p.values, label)
    rest: dict[Any, Expr] = {}
    for v in listed(p.values.get("alternatives")):
        if isinstance(v, Mapping):
            rest |= {k: e for k, e in _sizes(case, p, v, label).items() if k not in first}
    comparator, count = p.values.get("comparator"), len(first) + len(rest)
    per_claim = p.values.get("cap_period") == "claim"
    where = f"{label}: clause {p.clause_id}"
    if not count:
        known = p.values.get("reference")
        raise Missing(f"{where} gives no number; " + (f"look it up in {known}" if known else "ask for it"))
    if comparator and count == 1:
        raise Missing(f"{where} takes the {comparator} of two, only one has a number; ask for the other")
    both = not comparator and per_claim and len(first) == len(rest) == 1
    if count > 1 and not both and comparator not in ("greater", "lesser"):
        raise Missing(f"{where} gives {count} limits; ask whether the greater or the lesser counts")
    too = _in_words(p, label)
    if both:
        each, year = (*first.values(), *rest.values())
        return Cap(named(f"{label} for each claim", each), named(f"{label} for the year", year), too)
    body = named(label, (greatest if comparator == "greater" else least)(*first.values(), *rest.values()))
    return Cap(body, None, too) if per_claim else Cap(None, body, too)


def _in_words(p: Provision, label: str) -> tuple[Quantity, ...]:
    """Which fees count and for how long the cap lasts, as stated; what is not stated says how it was taken."""
    given = [p.values, *(v for v in listed(p.values.get("alternatives")) if isinstance(v, Mapping))]
    of_fees = any(v.get(k) is not None for v in given for k in ("fee_months", "fee_multiple", "percent"))
    basis, period = (str(p.values.get(k) or "").replace("_", " ") for k in ("fee_basis", "cap_period"))
    whole = {"": "not stated, taken for the whole term", "term": "the whole term"}
    period = f"{whole[period]}: one year may use up all of it" if period in whole else period
    words = {f"fees that count in {label}": basis or "not stated, a year's fees are taken"} if of_fees else {}
    return tuple(said(p, name, text) for name, text in (words | {f"period of {label}": period}).items())


def _sizes(case: Case, p: Provision, values: Mapping[str, Any], label: str) -> dict[Any, Expr]:
    """Every size that one set of values gives, by kind: a sum, fees of months (times a multiple), a share."""
    one = replace(p, values=values)
    sizes: dict[Any, Expr] = {}
    amount = money_term(case, one, values, f"sum in {label}")
    if amount:
        sizes["amount", str(values["amount"])] = amount
    multiple = term(one, "fee_multiple", f"multiple of fees in {label}", "times")
    months = term(one, "fee_months", f"months of fees in {label}", "months")
    share = term(one, "percent", f"share of the fees in {label}", "%", 100)
    for key, found in (("amount", amount), ("fee_multiple", multiple), ("fee_months", months), ("percent", share)):
        if values.get(key) is not None and found is None:
            raise Missing(f"{label}: clause {p.clause_id} gives {key} {values[key]!r}, which is no number; ask for it")
    if multiple or months or share:
        base = fees(case)
        if "affected_service" in (values.get("fee_basis"), p.values.get("fee_basis")):
            part = "share of the fees for the affected service"
            base = base * assume(case, "common", "affected_share", part, fixed=True)
        if multiple or months:
            size = base * multiple if multiple else base
            sizes["fees", str(values.get("fee_multiple")), str(values.get("fee_months"))] = (
                size * months / TWELVE if months else size
            )
        if share:
            sizes["percent", str(values["percent"])] = base * share
    return sizes


def pooled(sums: Mapping[str, Expr], stances: Mapping[str, Stance]) -> Expr:
    """Yearly sums by kind, each cut by its cap; kinds of one pool share it. Per-claim caps were applied to each
    event."""
    groups: dict[str, list[str]] = {}
    for name, s in stances.items():
        groups.setdefault("none" if s.cap is None else s.pool, []).append(name)
    parts = []
    for pool, members in groups.items():
        part = total([sums[m] for m in members])
        cap = stances[members[0]].cap
        parts.append(part if pool == "none" or cap is None or part.op == "number" else least(part, cap))
    return total(parts)


def per_event(amount: Expr, s: Stance) -> Expr:
    """One claim, cut by a cap that counts for each claim."""
    return least(amount, s.each) if s.each is not None else amount


Claims = tuple[tuple[Kind, ...], Mapping[str, Stance]]  # kinds of claims, and how each is filtered


def sharing(claims: Claims, stances: Mapping[str, Stance], owner: str) -> Claims:
    """Those claims of the component ``owner`` that use up a cap which ``stances`` need, too."""
    pools = {s.pool for s in stances.values() if s.cap is not None}
    kinds, others = claims
    mine = {n: s for n, s in others.items() if s.cap is not None and s.pool in pools}
    return tuple(replace(k, owner=owner) for k in kinds if k.name in mine), mine


def _left(column: str, stances: Mapping[str, Stance], first: Mapping[str, Stance]) -> Year:
    """What caps leave of the claims in a year, once ``first`` has used up its part of the caps that both share."""

    def year(sums: Mapping[str, Expr]) -> Expr:
        before = pooled({n: sums[f"{n}.{column}"] for n in first}, first)
        both = {**first, **stances}
        return pooled({n: sums[f"{n}.{column}"] for n in both}, both) - before

    return year


def liability_year(stances: Mapping[str, Stance], first: Mapping[str, Stance] = NOBODY) -> Year:
    """A year of claims against the side: what its caps leave, after the claims that go ``first``."""
    return _left("loss", stances, first)


def recovery_year(stances: Mapping[str, Stance], first: Mapping[str, Stance] = NOBODY) -> Year:
    """A year of own losses, less what can be recovered under the other side's caps."""
    recovered = _left("claim", stances, first)
    return lambda sums: total([sums[f"{n}.loss"] for n in stances]) - recovered(sums)

"""The terms that hold in a family: what an order form or an amendment replaces in the agreement above it, and why.

A term replaces another where both are of one kind and party and give different numbers, and the order of precedence
that a paper states lets it; or where the paper says so itself ("clause 9.3 is replaced by …"). An amendment changes
what it amends even where nothing is said of precedence. Nothing else is replaced: a difference that no rule settles is
shown as contested and the agreement's own number is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from risklib.families import Family, Member
from risklib.families.papers import Change, Paper, Quote, Ranking
from risklib.records import BOTH, Provision

_CAP = {"amount", "fee_months", "fee_multiple"}  # the measures of a limit: any of them takes the place of the others
_NOT_COMPARED = {"currency", "alternatives", "comparator"}


@dataclass(frozen=True, slots=True)
class Said:
    """A provision and the paper that says it."""

    contract_id: str
    provision: Provision
    number: str = ""  # of its clause, as printed: "9.3"
    text: str = ""


@dataclass(frozen=True, slots=True)
class Override:
    """``status``: "replaced"; "filled" (the agreement left the number to the other paper); "deleted"; "kept" (the
    agreement prevails over the other paper); "contested" (nothing says which prevails; the agreement's number is kept).
    ``holds`` is None where the term was deleted. ``basis``: the words that decide, or a sentence of ours."""

    status: str
    holds: Said | None
    yields: Said
    keys: tuple[str, ...]
    basis: str
    rule: Quote | None


def settle(family: Family, provisions: Mapping[str, Sequence[Said]]) -> tuple[tuple[Said, ...], tuple[Override, ...]]:
    """The terms that hold in the family, and every difference between its papers.

    ``provisions``: contract_id → what each paper says. The order of ``family.terms`` is by date, so that the last
    amendment speaks last.
    """
    members = family.terms
    terms = list(provisions.get(family.head.contract_id, ()))
    found: list[Override] = []
    below = sorted(members[1:], key=lambda m: m.paper.kind == "amendment")  # an amendment changes order forms too
    for m in below:
        mine = list(provisions.get(m.paper.contract_id, ()))
        for change in m.paper.changes:
            mine, terms = _by_its_own_words(m.paper, change, mine, terms, found, family)
        for said in mine:
            terms = _compare(said, m, terms, found, members)
    return tuple(terms), tuple(found)


# ---------------------------------------------------------------- "clause 9.3 is replaced by the following"


def _by_its_own_words(
    paper: Paper, change: Change, mine: list[Said], terms: list[Said], found: list[Override], family: Family
) -> tuple[list[Said], list[Said]]:
    new = [s for s in mine if change.quote.start <= s.provision.start < change.through]
    above = {m.paper.contract_id for m in family.terms} - {paper.contract_id}
    old = [t for t in terms if t.contract_id in above and under(t.number, change.number)]
    kept = [t for t in terms if t not in old]
    for t in old:
        same = [s for s in new if _kin(s.provision, t.provision)]
        if not same and change.how == "amended":
            kept.append(t)
            continue
        holds = same[0] if same else None
        keys = _differing(holds.provision.values, t.provision.values) if holds else ()
        status = "replaced" if holds else "deleted"
        if not holds or keys or holds.provision.values == t.provision.values:
            found.append(Override(status, holds, t, keys, change.quote.text, change.quote))
    return [s for s in mine if s not in new], [*kept, *new]


def under(number: str, wanted: str) -> bool:
    bare = re.sub(r"(?i)^(?:section|article|clause)\s+", "", number).strip(".")
    return bare == wanted or bare.startswith((wanted + ".", wanted + "("))


# ---------------------------------------------------------------- the same term, another number


def _compare(said: Said, m: Member, terms: list[Said], found: list[Override], members: Sequence[Member]) -> list[Said]:
    """The terms after one more statement."""
    kinds = {x.paper.contract_id: x.paper.kind for x in members}
    beside = {id for id, kind in kinds.items() if kind == m.paper.kind != "amendment" and id != m.paper.contract_id}
    kin = [t for t in terms if t.contract_id not in beside and _kin(said.provision, t.provision)]
    numbers = set(_numbers(said.provision.values))
    if not numbers:
        return terms if kin else [*terms, said]
    rivals = [(t, keys) for t in kin if (keys := _differing(said.provision.values, t.provision.values))]
    if not rivals:
        if any(_numbers(t.provision.values) for t in kin if _shared(said.provision.values, t.provision.values)):
            return terms  # it repeats what stands there
        left_open = [t for t in kin if "reference" in t.provision.values]
        for t in left_open[:1]:
            words = "the agreement leaves the number to this paper"
            found.append(Override("filled", said, t, tuple(sorted(numbers)), words, None))
        return [*terms, said]
    out, won = list(terms), False
    for t, keys in rivals:
        wins, basis, rule = _decides(said, m, t, members)
        if wins is None:
            found.append(Override("contested", t, said, keys, basis, rule))
        elif wins:
            won = True
            found.append(Override("replaced", said, t, keys, basis, rule))
            out = [x for y in out for x in (_without(y, keys) if y is t else (y,))]
        else:
            found.append(Override("kept", t, said, keys, basis, rule))
    return [*out, said] if won else out


def _kin(a: Provision, b: Provision) -> bool:
    return (
        a.provision == b.provision and (a.party == b.party or BOTH in (a.party, b.party)) and _effect(a) == _effect(b)
    )


def _effect(p: Provision) -> Any:
    return p.values.get("effect")


def _numbers(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        k: v
        for k, v in values.items()
        if isinstance(v, (int, float)) and not isinstance(v, bool) and k not in _NOT_COMPARED
    }


def _shared(a: Mapping[str, Any], b: Mapping[str, Any]) -> set[str]:
    return set(_numbers(a)) & set(_numbers(b))


def _differing(new: Mapping[str, Any], old: Mapping[str, Any]) -> tuple[str, ...]:
    """The keys of ``old`` whose numbers ``new`` gives otherwise; a limit's measures stand for each other."""
    a, b = _numbers(new), _numbers(old)
    keys = {k for k in set(a) & set(b) if a[k] != b[k]}
    if "percent" in keys | (set(a) & set(b)) and new.get("per") != old.get("per") and new.get("per") and old.get("per"):
        keys.add("percent")
    limits = new.get("effect") == "limit" == old.get("effect")
    if limits and a.keys() & _CAP != b.keys() & _CAP and a.keys() & _CAP and b.keys() & _CAP:
        keys |= b.keys() & _CAP
    if "amount" in set(a) & set(b) and new.get("currency") != old.get("currency"):
        keys.add("amount")
    return tuple(sorted(keys))


def _without(said: Said, keys: Sequence[str]) -> tuple[Said, ...]:
    """The term without the replaced numbers, where others are left; so each number keeps its own place."""
    gone = set(keys)
    if gone & _CAP and said.provision.values.get("effect") == "limit":
        return ()
    left = {k: v for k, v in said.provision.values.items() if k not in gone}
    left = {
        k: v
        for k, v in left.items()
        if not (k == "per" and "percent" in gone) and not (k == "currency" and "amount" in gone)
    }
    if not _numbers(left):
        return ()
    return (replace(said, provision=replace(said.provision, values=left)),)


# ---------------------------------------------------------------- who prevails

Verdict = tuple[bool | None, str, Quote | None]


def _decides(said: Said, m: Member, other: Said, members: Sequence[Member]) -> Verdict:
    """Whether ``said`` prevails over ``other``; the words that decide, and where they stand."""
    kind = m.paper.kind
    papers = {x.paper.contract_id: x.paper for x in members}
    rival = papers[other.contract_id].kind if other.contract_id in papers else "agreement"
    for ranking in _rankings(members, papers, m.paper):
        wins = ranking.order.between(kind, rival)
        if wins is None:
            continue
        spared = wins and any(under(other.number, n) for n in ranking.order.spares)
        if spared or (not wins and ranking.order.express):
            wins = ranking.order.express and _says_so(said, m.paper, other)
        return wins, ranking.quote.text, ranking.quote
    if kind == "amendment":
        return True, "an amendment changes what it amends, and no paper states another order of precedence", None
    return None, "no paper of the family states which of the two prevails", None


def _rankings(members: Sequence[Member], papers: Mapping[str, Paper], own: Paper) -> Iterator[Ranking]:
    """Statements of the paper itself first, then of the other papers, the newest first; those that name both sides
    before those that name only the winner."""
    others = [x.paper for x in reversed(members) if x.paper is not own]
    stated = [r for p in (own, *others) for r in p.rankings]
    yield from sorted(stated, key=lambda r: len(r.order.ranks) < 2)


_DEPARTS = re.compile(
    r"notwithstanding|in place of|instead of|overrid|supersed|expressly (?:var|amend|chang|depart)|"
    r"\b(?:clause|section|article)s? (?P<n>\d[\d.]*\d|\d)",
    re.I,
)


def _says_so(said: Said, paper: Paper, other: Said) -> bool:
    """The paper names the clause that it departs from, or says in the sentence that it departs from something."""
    if any(under(other.number, c.number) for c in paper.changes):
        return True
    return any(m["n"] is None or under(other.number, m["n"]) for m in _DEPARTS.finditer(said.text))


def cite(contract_id: str, clause_id: str) -> str:
    """The clause of another paper, told from the contract's own: "3fa94c01d2e5/c0012"."""
    return f"{contract_id[:12]}/{clause_id}"


def for_pricing(head: str, terms: Sequence[Said]) -> tuple[Provision, ...]:
    """The terms as provisions of the head's contract; those of other papers cite their own clause."""
    return tuple(
        t.provision
        if t.contract_id == head
        else replace(t.provision, clause_id=cite(t.contract_id, t.provision.clause_id))
        for t in terms
    )

"""From a duty to what follows its breach: in the clause itself, its cross-references, its article, the agreement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from risklib.records import CUSTOMER, PROVIDER, Agreement, Provision, Responsibility

# provisions whose `party` is who pays or is bound rather than who holds the right
_BORNE = {
    "late_payment",
    "overage",
    "liquidated_damages",
    "indemnification",
    "uncapped_liability",
    "early_termination_fee",
    "minimum_commitment",
}


def with_consequences(
    agreement: Agreement,
    found: Sequence[Responsibility],
    provisions: Sequence[Provision],
    map_: Mapping[str, Sequence[str]],
) -> tuple[Responsibility, ...]:
    """The responsibilities with ``consequence`` set to the clause that says what follows, where one does.

    ``map_``: category or responsibility → provision ids, most direct first (the playbook's ``consequences.yaml``);
    ``provider`` for what the provider owes, ``default`` for categories that the map does not name.
    """
    tops = {c.clause_id: agreement.path(c.clause_id)[0].clause_id for c in agreement.clauses}
    targets: dict[str, set[str]] = {}
    for r in agreement.references:
        if r.target:
            targets.setdefault(r.clause_id, set()).add(r.target)
            targets.setdefault(r.target, set()).add(r.clause_id)  # a remedy that names the duty's clause is linked too
    return tuple(replace(r, consequence=_follows(r, provisions, map_, tops, targets)) for r in found)


def _follows(
    r: Responsibility,
    provisions: Sequence[Provision],
    map_: Mapping[str, Sequence[str]],
    tops: Mapping[str, str],
    targets: Mapping[str, set[str]],
) -> str | None:
    wanted = {p: i for i, p in enumerate(_wanted(r, map_))}
    best: tuple[int, int, int] | None = None
    chosen = None
    for k, p in enumerate(provisions):
        if p.provision not in wanted or not _against(p, r.party) or (p.start, p.end) == (r.start, r.end):
            continue
        near = (
            0
            if p.clause_id == r.clause_id
            else 1
            if p.clause_id in targets.get(r.clause_id, ())
            else 2
            if tops.get(p.clause_id) == tops.get(r.clause_id)
            else 3
        )
        rank = (near if near < 3 else 3, wanted[p.provision], k)
        if best is None or rank < best:
            best, chosen = rank, p.clause_id
    return chosen


def _wanted(r: Responsibility, map_: Mapping[str, Sequence[str]]) -> Sequence[str]:
    if r.party == PROVIDER:
        return map_.get("provider", ())
    category = r.responsibility.split(".")[0]
    return next((map_[k] for k in (r.responsibility, category, "default") if k in map_), ())


def _against(p: Provision, who: str) -> bool:
    """Whether the provision works against this party (for a mutual duty: against the customer)."""
    if p.provision == "exclusive_remedy":  # it says what is left, whoever fails
        return True
    other = CUSTOMER if who == PROVIDER else PROVIDER
    mine = PROVIDER if who == PROVIDER else CUSTOMER
    return p.party != (other if p.provision in _BORNE else mine)

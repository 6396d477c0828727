"""Values that stand elsewhere: "the Liability Cap" as its definition gives it, "the fees in Exhibit B" as a clause.

What is found elsewhere goes under its own keys and never passes for a number of the sentence: ``reference_clause_id``
is where ``reference`` leads in this agreement (without it, the paper that holds the number was not given), ``defined``
holds the values that the definition of a term gives, with ``term`` and ``clause_id``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from risklib.findings.values import values_of
from risklib.playbook.valuerules import ValueRule
from risklib.records import Agreement, Definition, Provision

NUMBERS = ("amount", "percent", "fee_months", "fee_multiple")


def with_pointers(
    agreement: Agreement,
    found: Sequence[Provision],
    rules: Mapping[str, Sequence[ValueRule]],
    dollar: str | None,
) -> tuple[Provision, ...]:
    """The provisions; those without a number of their own with what they point to, where this agreement holds it."""
    terms = _terms(agreement)
    out = []
    for p in found:
        more: dict[str, Any] = {}
        own = rules.get(p.provision, ())
        if any(r.key in NUMBERS for r in own) and not any(k in p.values for k in NUMBERS):
            more = _clause(agreement, p) | _defined(agreement, p, terms, own, dollar)
        out.append(replace(p, values={**p.values, **more}) if more else p)
    return tuple(out)


def _clause(agreement: Agreement, p: Provision) -> dict[str, Any]:
    """The exhibit or schedule of this very agreement that ``reference`` names."""
    wanted = " ".join(str(p.values.get("reference", "")).lower().split())
    home = next((c for c in agreement.clauses if wanted and c.number.lower() == wanted), None)
    return {"reference_clause_id": home.clause_id} if home else {}


def _terms(agreement: Agreement) -> dict[str, tuple[re.Pattern[str], Definition]]:
    """Defined terms of two words or more (or one that speaks of a cap), which can stand for a sum."""
    out: dict[str, tuple[re.Pattern[str], Definition]] = {}
    for d in agreement.definitions:
        if " " in d.term or re.search(r"cap|limit", d.term, re.I):
            out.setdefault(d.term, (re.compile(rf"\b{re.escape(d.term)}\b"), d))
    return out


def _defined(
    agreement: Agreement,
    p: Provision,
    terms: Mapping[str, tuple[re.Pattern[str], Definition]],
    rules: Sequence[ValueRule],
    dollar: str | None,
) -> dict[str, Any]:
    text = agreement.document.quote(p.start, p.end)
    for term, (pattern, d) in terms.items():
        if p.start <= d.start < p.end or not pattern.search(text):
            continue
        home = next((s for s in agreement.sentences if s.start <= d.start < s.end), None)
        if home is None:
            continue
        given = values_of(p.provision, home.text, rules, dollar=dollar)
        numbers = {k: given[k] for k in (*NUMBERS, "currency", "per") if k in given}
        if any(k in numbers for k in NUMBERS):
            return {"defined": {"term": term, "clause_id": d.clause_id, **numbers}}
    return {}

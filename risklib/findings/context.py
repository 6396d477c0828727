"""A sentence as a careful reader takes it in: party names read as roles, under its lead-ins and headings."""

from __future__ import annotations

import re
from dataclasses import dataclass

from risklib.clauses.normalise import normalise
from risklib.records import Agreement, Sentence

_MARKER = re.compile(r"^\s*(?:\(?(?:[a-z]{1,4}|[ivx]+|\d{1,2})[).]|[•·▪●◦–—-])\s+", re.I)
_LEAD_WORDS = 40


@dataclass(frozen=True, slots=True)
class Reading:
    """``own``: the sentence with parties as CUSTOMER / PROVIDER / BOTH; ``full``: its lead-ins and then ``own``."""

    index: int  # into Agreement.sentences
    own: str
    full: str
    headings: tuple[str, ...]  # outermost first, parties as roles

    @property
    def own_from(self) -> int:
        """Where the sentence itself begins in ``full``, behind its lead-ins."""
        return 0 if self.full == self.own else max(len(self.full) - len(self.own), 0)

    @property
    def heading(self) -> str:
        return self.headings[-1] if self.headings else ""


def readings(agreement: Agreement) -> tuple[Reading, ...]:
    """One reading for every sentence of the agreement, in order."""
    own = [normalise(s.text, agreement.parties) for s in agreement.sentences]
    heads: dict[str, tuple[str, ...]] = {}
    for c in agreement.clauses:
        path = agreement.path(c.clause_id)
        heads[c.clause_id] = tuple(normalise(p.heading, agreement.parties) for p in path if p.heading)
    return tuple(
        Reading(i, own[i], _full(s, own, i), heads.get(s.clause_id, ())) for i, s in enumerate(agreement.sentences)
    )


def _full(sentence: Sentence, own: list[str], i: int) -> str:
    if not sentence.lead_ins:
        return own[i]
    # the last words of a lead-in are the operative ones: "… Customer shall not:"
    leads = [" ".join(own[k].split()[-_LEAD_WORDS:]) for k in sentence.lead_ins[-2:]]
    return " ".join((*leads, _MARKER.sub("", own[i])))

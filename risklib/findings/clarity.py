"""How clear a responsibility is: six marks, each with the words that earned it, and the words that leave it open.

who · what · when · how_well · what_if_not · reviewed_when. The vague words and what to ask about each are the
playbook's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from risklib.playbook import Playbook
from risklib.records import PROHIBITION, Agreement, Responsibility

MARKS = ("who", "what", "when", "how_well", "what_if_not", "reviewed_when")
_SUBJECT = re.compile(
    r"\b(?P<who>[A-Z][\w&.'’-]*(?: [A-Z][\w&.'’-]*){0,3}|[Yy]ou|[Ww]e|(?:[Ee]ach|[Ee]ither|[Nn]either) [Pp]arty|"
    r"[Tt]he [Pp]arties|[Bb]oth [Pp]arties)"
    r"(?:,[^,;]{1,80},)?\s+(?:shall|will|must|may|agrees?|undertakes?|is|are|covenants?|acknowledges?|represents?)\b"
)
_STANDARD = re.compile(
    r"\b(?:in (?:accordance|compliance|conformity) with (?:the |its |all )?[^,;.]{4,60}|at least \d[^,;.]{0,40}|"
    r"no(?:t)? (?:more|less) than [^,;.]{3,40}|"
    r"\d+(?:\.\d+)?\s?%|ISO[ /]?\d+|SOC ?\d|PCI|as (?:set (?:out|forth)|specified|described|stated) in [^,;.]{3,50}|"
    r"the same (?:degree|standard) of care[^,;.]{0,50}|in writing|written)",
    re.I,
)
_REVIEW = re.compile(
    r"[^.;]*\breview(?:s|ed|ing)?\b[^.;]{0,100}\b(?:annual\w*|yearly|quarter\w*|month\w*|each year|every \w+|"
    r"once (?:a|per|each)|regular\w*|periodic\w*)\b"
    r"|[^.;]*\b(?:annual|quarterly|monthly|yearly|periodic) (?:review|meeting|audit)s?\b",
    re.I,
)


def with_clarity(
    agreement: Agreement, found: Sequence[Responsibility], playbook: Playbook
) -> tuple[Responsibility, ...]:
    """The responsibilities with ``marks``, ``vague`` and ``clarity`` (share of the six marks earned) filled in."""
    reviews = _reviews(agreement)
    return tuple(_marked(agreement, r, playbook, reviews) for r in found)


def _marked(agreement: Agreement, r: Responsibility, playbook: Playbook, reviews: Mapping[str, str]) -> Responsibility:
    text = agreement.document.quote(r.start, r.end)
    hits = playbook.vague_phrases.match(text)
    marks_of = {v.word: v.mark for v in playbook.vague}
    costs = {marks_of[h.entry_id]: text[h.start : h.end] for h in hits}
    lead = _lead_in(agreement, r)
    top = agreement.path(r.clause_id)
    marks = {
        "who": None if "who" in costs else _who(text, lead),
        "what": None if "what" in costs else r.action,
        "when": r.deadline,
        "how_well": None if "how_well" in costs else _standard(text, r),
        "what_if_not": r.consequence,
        "reviewed_when": reviews.get(top[0].clause_id) if top else None,
    }
    earned = sum(v is not None for v in marks.values())
    vague = tuple(dict.fromkeys(text[h.start : h.end].lower() for h in hits))
    return replace(r, marks=marks, vague=vague, clarity=round(earned / len(MARKS), 3))


def _lead_in(agreement: Agreement, r: Responsibility) -> str:
    for s in agreement.sentences:
        if s.start == r.start and s.end == r.end:
            return " ".join(agreement.sentences[k].text for k in s.lead_ins)
    return ""


def _who(text: str, lead: str) -> str | None:
    m = _SUBJECT.search(text) or _SUBJECT.search(lead)
    return m["who"] if m else None


def _standard(text: str, r: Responsibility) -> str | None:
    m = _STANDARD.search(text)
    if m:
        return m.group(0).strip()
    return "absolute prohibition" if r.modality == PROHIBITION else None


def _reviews(agreement: Agreement) -> dict[str, str]:
    """Top clause → the words that set a review schedule in it."""
    out: dict[str, str] = {}
    for s in agreement.sentences:
        m = _REVIEW.search(s.text)
        if m:
            path = agreement.path(s.clause_id)
            if path:
                out.setdefault(path[0].clause_id, m.group(0).strip()[:120])
    return out

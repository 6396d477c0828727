"""Who is bound and how: the subject, modal verb, voice and negation of a sentence, read by rules.

Works on text whose parties are the tokens CUSTOMER, PROVIDER and BOTH (see ``clauses.normalise``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_ROLE = {"CUSTOMER": "customer", "PROVIDER": "provider", "BOTH": "both"}
_WHO = r"(?P<who>CUSTOMER|PROVIDER|BOTH)(?P<poss>['’]s)?"
_MUST = (
    r"shall|will|must|(?:hereby |further |also |expressly )*(?:agrees?|undertakes?|covenants?|commits?|"
    r"warrants?) (?:to|that)|"
    r"(?:is|are|shall be|will be) (?:solely |fully |also |jointly |hereby )*(?:required|obliged|obligated|"
    r"responsible|liable|bound)|"
    r"ha(?:s|ve) (?:the |sole |full |an? )*(?:obligation|duty|responsibility)|needs? to|ha(?:s|ve) to|(?:is|"
    r"are) to(?= \w)|assumes?"
)
_MAY_NOT = (
    r"may not|can ?not|(?:is|are) not (?:permitted|allowed|entitled|authori[sz]ed)|(?:is|are) prohibited|"
    r"may only|shall only|will only|may (?:use|access)[^.;]{0,40} (?:only|solely)"
)
_MAY = (
    r"may|can|(?:is|are|shall be|will be) entitled|reserves? the right|ha(?:s|ve) the right|"
    r"at its (?:sole )?(?:option|discretion)"
)
_MODAL = re.compile(
    rf"\b(?:(?P<not>{_MAY_NOT})|(?P<must>{_MUST})|(?P<may>{_MAY}))\b(?P<neg>\s+(?:not|never|in no event|refrain|"
    rf"neither|nor)\b| no\b)?"
)
_SUBJECT = re.compile(
    rf"{_WHO}(?:[^.;:]{{0,60}}?(?:,[^.;:]{{0,90}},)?)\s*\b(?:(?P<not>{_MAY_NOT})|(?P<must>{_MUST})|(?P<may>{_MAY}))\b"
    r"(?P<neg>\s+(?:\w+ly\s+|at any time\s+)?(?:not|never|in no event|refrain|neither|nor)\b| no\b)?"
)
_BY = re.compile(rf"\b(?P<modal>shall|will|must|may not|are|is)\b(?P<neg> not)?[^.;]{{0,60}}?\bby {_WHO}(?!['’]s)")
_OF = re.compile(
    r"\b(?:responsibility|obligation|duty|expense|cost|risk)\s+of\s+(?P<who>CUSTOMER|PROVIDER|BOTH)\b(?!['’]s)"
    r"|(?P<own>CUSTOMER|PROVIDER|BOTH)['’]s (?:sole |own )*(?:responsibility|obligation|duty|expense|cost)\b"
)
_NEGATIVE = re.compile(r"\b(?:not|never|no|neither|nor|without|refrain|prohibit\w*|forbid\w*|except)\b")
_IMPERATIVE = re.compile(r"^(?:do not|don't|never|you'll|always|please|keep|ensure|use|notify|pay)\b", re.I)
_DEFINITION = re.compile(
    r"[\"“”']\s*(?:\)?\s*)?(?:means?|shall mean|will mean|refers? to|has the meaning|includes?)\b|"
    r"\bhas the meaning\b|^[\"“]"
)


@dataclass(frozen=True, slots=True)
class Clues:
    """What grammar says of one sentence. ``subjects``: (role, "must" | "must_not" | "may", active or not), in order."""

    subjects: tuple[tuple[str, str, bool], ...]
    definition: bool
    imperative: bool
    item: bool

    def names(self) -> Iterator[str]:
        for i, (role, modal, active) in enumerate(self.subjects[:4]):
            name = f"{role}.{modal}.{'active' if active else 'passive'}"
            yield name
            if i == 0:
                yield "first." + name
        if not self.subjects:
            yield "no_subject"
        for flag in ("definition", "imperative", "item"):
            if getattr(self, flag):
                yield flag

    def roles(self, modals: tuple[str, ...] = ("must", "must_not")) -> tuple[str, ...]:
        return tuple(dict.fromkeys(role for role, modal, _ in self.subjects if modal in modals))


def clues(full: str, own: str) -> Clues:
    """Read ``full`` (lead-ins and sentence); ``own`` tells whether the sentence alone is a definition or an item."""
    found: list[tuple[int, str, str, bool]] = []
    for m in _SUBJECT.finditer(full):
        if not m["poss"]:
            found.append((m.start(), _ROLE[m["who"]], _force(m), True))
    for m in _BY.finditer(full):
        modal = "must_not" if m["neg"] or m["modal"] == "may not" else "must"
        found.append((m.start(), _ROLE[m["who"]], modal, False))
    for m in _OF.finditer(full):
        found.append((m.start(), _ROLE[m["who"] or m["own"]], "must", False))
    found.sort()
    return Clues(
        tuple((role, modal, active) for _, role, modal, active in found),
        bool(_DEFINITION.search(own)),
        bool(_IMPERATIVE.search(own)),
        full != own,
    )


def _force(m: re.Match[str]) -> str:
    if m["not"] or (m["must"] and m["neg"]):
        return "must_not"
    return "must" if m["must"] else "may"


def prohibits(full: str) -> bool:
    """Whether the operative verb of the sentence forbids rather than demands."""
    m = _SUBJECT.search(full)
    if m:
        return _force(m) == "must_not"
    m2 = _MODAL.search(full)
    if m2:
        return bool(m2["not"] or (m2["must"] and m2["neg"]))
    return bool(_NEGATIVE.search(" ".join(full.split()[:6]).lower()))


_SMALL = frozenset(("of", "and", "or", "the", "for", "to", "in", "on", "by", "with", "a", "an", "from", "at", "as"))


def is_bare(text: str) -> bool:
    """A rule drawn with dashes, or a heading that stands as a sentence: "Protection of Vendor Tools." binds nobody."""
    words = re.findall(r"[A-Za-z][\w'’-]*", text)
    if not words:
        return True
    title = all(w[0].isupper() or w in _SMALL for w in words)
    return len(words) <= 6 and title and not text.isupper() and not re.match(r"\W*\w{1,3}[.)]\s", text)

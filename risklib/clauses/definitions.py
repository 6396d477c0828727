"""Defined terms: '"X" means …', '"X" has the meaning …', '(the "X")'."""

from __future__ import annotations

import re

from risklib.records import Definition, Sentence

_QUOTED = r"[\"“”„]\s?([A-Z0-9][^\"“”„]{0,70}?)\s?[,.]?\s?[\"“”]"
_MEANS = re.compile(
    rf"(?:{_QUOTED}(?:,? (?:or|and) (?:the )?)?)(?:{_QUOTED})?\)?,?\s+(?:\([^()]{{0,80}}\)\s+)?"
    r"(?:(?:shall |will )?(?:means?|refers? to|includes?|be defined as|have the meanings?|be deemed to)|"
    r"has the meanings?|have the meanings?|is defined|are defined)\b"
)
_INLINE = re.compile(
    rf"\((?:[^()\"“”]{{0,60}}?\s)?{_QUOTED}(?:(?:,|,? or|,? and)\s*(?:the )?{_QUOTED})?[^()\"“”]{{0,40}}\)"
)
_PLAIN = re.compile(r"^([A-Z][\w&/-]*(?: [A-Z][\w&/-]*){0,5})(?:,| –| -)? (?:means|shall mean|has the meaning)\b")


def read_definitions(sentences: tuple[Sentence, ...]) -> tuple[Definition, ...]:
    """Every term that is given a meaning here, with the span of the sentence (or parenthesis) that gives it."""
    out: list[Definition] = []
    seen: set[tuple[str, int]] = set()

    def add(term: str | None, s: Sentence, start: int, end: int) -> None:
        if term and (term, start) not in seen:
            seen.add((term, start))
            out.append(Definition(" ".join(term.split()), s.clause_id, start, end))

    for s in sentences:
        if s.kind not in ("sentence", "item"):
            continue
        for m in _MEANS.finditer(s.text):
            add(m.group(1), s, s.start, s.end)
            add(m.group(2), s, s.start, s.end)
        m2 = _PLAIN.match(s.text)
        if m2:
            add(m2.group(1), s, s.start, s.end)
        for m in _INLINE.finditer(s.text):
            for term in m.groups():
                add(term, s, s.start + m.start(), s.start + m.end())
    return tuple(out)

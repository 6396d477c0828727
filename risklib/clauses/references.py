"""Cross-references: "Section 8.2(a)", "this Article", "Exhibit B" to clauses; URLs, policies, statutes as external."""

from __future__ import annotations

import re
from bisect import bisect_right

from risklib.clauses.numbers import CONTAINERS
from risklib.records import Clause, Document, Reference

_NUMBER = r"(?:\d{1,3}(?:\.\d{1,3}){0,4}|[IVXLC]{1,7}|[A-Z])(?:\s?\([a-zA-Z0-9]{1,5}\)){0,4}(?![\w&]|\.\d)"
_INTERNAL = re.compile(
    rf"\b(?i:(sections?|articles?|clauses?|paragraphs?|subsections?|§§?))\s+({_NUMBER})((?:(?:,\s?(?:and |or )?|"
    rf" and | or | through | to |–|-)\s?{_NUMBER}){{0,8}})"
)
_CONTAINER = re.compile(
    rf"\b(?i:({'|'.join(CONTAINERS)}))\s+[\"“]?([A-Z]{{1,2}}(?:-\d+)?|\d{{1,2}}|[IVX]+)[\"”]?(?!\w|\.\w)"
)
_PART_OF = re.compile(rf"\s+(?:of|to|in)\s+(?:the\s+)?{_CONTAINER.pattern}")
_FILED = 80  # characters on top, where a filing's own "Exhibit 10(l)" stands
_THIS = re.compile(r"\b[Tt]his (Section|Article|Exhibit|Schedule|Annex|Appendix|Addendum|Clause|Paragraph)\b(?! \d)")
_EXTERNAL = re.compile(
    r"https?://[^\s<>()\"”]+[^\s<>()\"”.,;]|\bwww\.[^\s<>()\"”]+[^\s<>()\"”.,;]|\b\d+ (?:U\.S\.C|"
    r"C\.F\.R)\.?(?: §+)? ?[\d.]+|"
    r"\b(?:Acceptable Use|Privacy|Security|Support|Data Processing|Service Level|Refund|Cookie|Copyright|"
    r"Fair Use|Trademark) "
    r"(?:Policy|Policies|Statement|Notice|Addendum|Agreement)\b|"
    r"\b(?:[A-Z][a-z]+ ){1,4}Act(?: of \d{4})?\b|\bGDPR\b|\bCCPA\b|\bHIPAA\b"
)
_ELSEWHERE = re.compile(
    r"\s+(?:of|in|to|under) (?:the|that certain|its|such)\s+(?!Agreement\b|Terms\b|this\b)(?:[A-Z]|\d|U\.S)"
)


def read_references(document: Document, clauses: tuple[Clause, ...]) -> tuple[Reference, ...]:
    """All references in reading order. ``target`` is None for external ones and for numbers that no clause bears."""
    by_number: dict[str, Clause] = {}
    for c in clauses:
        by_number.setdefault(_key(c.number), c)
    starts = [c.start for c in clauses]
    ids = {c.clause_id: c for c in clauses}
    flat = document.text.replace("\n", " ")
    out: list[Reference] = []

    def home(at: int) -> Clause | None:
        k = bisect_right(starts, at) - 1
        return clauses[k] if k >= 0 else None

    def add(start: int, end: int, target: Clause | None, external: bool) -> None:
        here = home(start)
        if here is None or (start < here.body and not flat[here.start : start].strip()):
            return  # a clause's own number is no reference
        out.append(
            Reference(here.clause_id, start, end, flat[start:end], target.clause_id if target else None, external)
        )

    for m in _INTERNAL.finditer(flat):
        elsewhere = bool(_ELSEWHERE.match(flat, m.end()))
        spans = [(m.start(), m.end(2), m.group(2))]
        spans += [(m.start(3) + n.start(), m.start(3) + n.end(), n.group()) for n in re.finditer(_NUMBER, m.group(3))]
        for start, end, number in spans:
            part = _PART_OF.match(flat, m.end())
            there = by_number.get(_key(f"{part[1]} {part[2]} {number}")) if part else None
            target = None if elsewhere else there or _find(number, home(start), by_number, ids)
            add(start, end, target, elsewhere)
    for m in _CONTAINER.finditer(flat):
        broken = "\n" in document.text[m.start() : m.end()] and flat[m.end() : m.end() + 1] == "."
        if broken or (
            m.end() < _FILED and flat[m.end() : m.end() + 1] == "("
        ):  # "FEE SCHEDULE" above "1. Termination": the number is the next line's
            continue
        add(m.start(), m.end(), by_number.get(_key(m.group())), False)
    for m in _THIS.finditer(flat):
        add(m.start(), m.end(), _enclosing(m.group(1).lower(), home(m.start()), ids), False)
    for m in _EXTERNAL.finditer(flat):
        add(m.start(), m.end(), None, True)
    return tuple(sorted(out, key=lambda r: (r.start, r.end)))


def _key(number: str) -> str:
    return re.sub(r"[^a-z0-9]+", ".", re.sub(r"^(?:article|section|clause)s?\s+", "", number.lower())).strip(".")


def _find(number: str, here: Clause | None, by_number: dict[str, Clause], ids: dict[str, Clause]) -> Clause | None:
    """The clause that bears the number: first in the same exhibit, then in the body; else what contains it."""
    key = _key(number)
    top = here
    while top is not None and top.parent_id:
        top = ids[top.parent_id]
    inside = f"{_key(top.number)}.{key}" if top is not None and top.number.lower().startswith(CONTAINERS) else key
    for full in (inside, key):
        while full:
            if full in by_number:
                return by_number[full]
            shorter = full.rsplit(".", 1)[0]
            full = "" if shorter == full or not re.search(r"\(", number) else shorter
    return None


def _enclosing(kind: str, here: Clause | None, ids: dict[str, Clause]) -> Clause | None:
    """ "This Article" is the outermost clause around, "this Exhibit" the exhibit, "this Section" the clause itself."""
    if here is None:
        return None
    path = [here]
    while path[-1].parent_id:
        path.append(ids[path[-1].parent_id])
    if kind == "article":
        return path[-1]
    if kind in CONTAINERS:
        return next((c for c in reversed(path) if c.number.lower().startswith(CONTAINERS)), None)
    return next((c for c in path if re.search(r"\d", c.number) and not c.number.endswith(")")), here)

"""Contract families: which papers belong together, which of them prevails, and the terms that hold in the end.

``link`` puts papers under the agreement that they name (title, date, contract number, parties) or under the one that a
column of the facts CSV names; ``settle`` compares what a paper says with what the agreement above it says, applies the
order of precedence that one of them states, and gives the terms that hold together with every replaced value.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from risklib.families.papers import Mention, Outside, Paper, Quote, bare

ENOUGH = 3  # points of likeness (see ``_likeness``) from which a named paper is the one meant


@dataclass(frozen=True, slots=True)
class Member:
    """A paper in its family. ``relation``: "head", "amends", "under", "version" (replaced, or not yet in force).
    ``linked_by``: "reference", "column" or "" (the head). ``quote``: the words that name the parent."""

    paper: Paper
    parent: str | None  # contract_id
    relation: str
    linked_by: str = ""
    quote: Quote | None = None


@dataclass(frozen=True, slots=True)
class Family:
    """``members``: the head first, then by date; a paper without kin is a family of one."""

    name: str
    members: tuple[Member, ...]

    @property
    def head(self) -> Paper:
        return self.members[0].paper

    @property
    def terms(self) -> tuple[Member, ...]:
        """The members whose terms hold together: all but replaced versions."""
        return tuple(m for m in self.members if m.relation != "version")


@dataclass(frozen=True, slots=True)
class Column:
    """What the facts CSV says of a file."""

    family: str | None = None
    parent: str | None = None  # a file's name


def link(
    papers: Sequence[Paper], columns: Mapping[str, Column] | None = None, as_of: date | None = None
) -> tuple[tuple[Family, ...], tuple[str, ...]]:
    """The families, each paper in exactly one, and one sentence for each link that could not be made.

    ``columns``: contract_id → what the facts CSV says; it goes before what the papers say. ``as_of`` tells which of
    several versions is in force.
    """
    columns = columns or {}
    by_id = {p.contract_id: p for p in papers}
    notes: list[str] = []
    above: dict[str, Member] = {}
    for p in papers:
        found = _by_column(p, papers, columns, notes) or _by_reference(p, papers, notes)
        if found is not None:
            above[p.contract_id] = found
    _by_family_column(papers, columns, above, as_of)
    _cut_circles(above, notes, by_id)
    groups: dict[str, list[Member]] = defaultdict(list)
    for p in papers:
        member = above.get(p.contract_id) or Member(p, None, "head")
        groups[_root(p.contract_id, above)].append(member)
    families = []
    for root, members in groups.items():
        name = columns.get(root, Column()).family or by_id[root].file
        ordered = sorted(members, key=lambda m: (m.paper.contract_id != root, m.paper.dated or date.min, m.paper.file))
        families.append(Family(name, tuple(ordered)))
    return tuple(families), tuple(notes)


def _root(contract_id: str, above: Mapping[str, Member]) -> str:
    while contract_id in above and above[contract_id].parent:
        contract_id = str(above[contract_id].parent)
    return contract_id


def _cut_circles(above: dict[str, Member], notes: list[str], by_id: Mapping[str, Paper]) -> None:
    for start in sorted(above):
        seen, at = {start}, start
        while at in above and above[at].parent:
            following = str(above[at].parent)
            if following in seen:
                notes.append(
                    f"{by_id[at].file} and {by_id[following].file} name each other as parent; the first is the head"
                )
                del above[at]
                break
            seen.add(following)
            at = following


# ---------------------------------------------------------------- links


def _relation(paper: Paper) -> str:
    return "amends" if paper.kind == "amendment" else "under"


def _by_column(p: Paper, papers: Sequence[Paper], columns: Mapping[str, Column], notes: list[str]) -> Member | None:
    wanted = columns.get(p.contract_id, Column()).parent
    if not wanted:
        return None
    name = wanted.replace("\\", "/").rsplit("/", 1)[-1].casefold()
    found = [q for q in papers if q.file.casefold() == name and q is not p]
    if len(found) != 1:
        notes.append(f"{p.file}: its parent {wanted!r} (facts CSV, column parent) is not among the files read")
        return None
    return Member(p, found[0].contract_id, _relation(p), "column")


def _by_reference(p: Paper, papers: Sequence[Paper], notes: list[str]) -> Member | None:
    """The one paper that fits a mention best; none where two fit alike."""
    for mention in p.mentions:
        points = [(_likeness(p, mention, q), q) for q in papers if q is not p]
        best = max((x for x, _ in points), default=0)
        fits = [q for x, q in points if x == best]
        if best < ENOUGH or not fits:
            continue
        if len(fits) > 1:
            files = ", ".join(q.file for q in fits)
            notes.append(f"{p.file} names {mention.title!r}, which fits {files} alike; say which in the column parent")
            continue
        relation = "version" if mention.relation == "replaces" else _relation(p)
        if relation == "version":  # the paper that replaces is the head, the replaced one its version
            continue
        return Member(p, fits[0].contract_id, relation, "reference", mention.quote)
    return None


_DULL = {
    "agreement",
    "terms",
    "and",
    "of",
    "the",
    "for",
    "to",
    "contract",
    "conditions",
    "main",
    "existing",
    "original",
}


def _likeness(p: Paper, mention: Mention, candidate: Paper) -> int:
    """Points: a contract number 4, title 2, date 2, each party 1; two dates that differ take 4."""
    number = bool(mention.numbers & candidate.numbers)
    ours, theirs = (set(bare(t).split()) - _DULL for t in (mention.title, candidate.title))
    kind = mention.title.lower().endswith("order form") == (candidate.kind == "order")
    titled = bool(ours) and kind and (ours <= theirs or len(ours & theirs) >= 0.6 * len(ours | theirs))
    parties = sum(1 for n in candidate.names if n in p.names or n in p.head)
    dated = mention.dated is not None and mention.dated in {candidate.dated, *candidate.dates}
    apart = mention.dated is not None and candidate.dated is not None and not dated
    if not parties or not (titled or number or (dated and kind and not ours)):
        return 0
    return 4 * number + 2 * titled + 2 * dated + min(parties, 2) - 4 * (apart and not number)


def _by_family_column(
    papers: Sequence[Paper], columns: Mapping[str, Column], above: dict[str, Member], as_of: date | None
) -> None:
    """Papers of one family value: the agreement in force is the head, its older versions and the other papers below."""
    groups: dict[str, list[Paper]] = defaultdict(list)
    for p in papers:
        family = columns.get(p.contract_id, Column()).family
        if family:
            groups[family.casefold()].append(p)
    for members in groups.values():
        free = [p for p in members if p.contract_id not in above]
        agreements = [p for p in free if p.kind == "agreement"]
        for p in agreements:
            newer = [q for q in agreements if _same_deal(p, q) and _comes_after(q, p, as_of)]
            if newer:
                head = next(q for q in newer if not any(_comes_after(r, q, as_of) for r in newer))
                above[p.contract_id] = Member(p, head.contract_id, "version", "column")
        heads = [p for p in agreements if p.contract_id not in above]
        if len(heads) == 1:
            for p in free:
                if p.kind != "agreement":
                    above[p.contract_id] = Member(p, heads[0].contract_id, _relation(p), "column")


def _same_deal(a: Paper, b: Paper) -> bool:
    """Versions of one agreement: nearly the same title, and a party in common."""
    one, two = (set(bare(t).split()) - _DULL for t in (a.title, b.title))
    alike = one == two or len(one & two) >= 0.6 * len(one | two)
    return a is not b and alike and any(n in b.names or n in b.head for n in a.names)


def _comes_after(one: Paper, other: Paper, as_of: date | None) -> bool:
    """Whether ``one`` holds rather than ``other``: in force on the day, then newer. Without both dates nobody knows."""
    if one.dated is None or other.dated is None:
        return False
    return (as_of is None or one.dated <= as_of, one.dated) > (as_of is None or other.dated <= as_of, other.dated)


# ---------------------------------------------------------------- documents that nobody gave


def unread(family: Family) -> tuple[tuple[Paper, Outside], ...]:
    """What the papers of a family make part of it and what is not among them: the named papers above them, too."""
    out = []
    given = [m.paper for m in family.members]
    for m in family.members:
        for o in m.paper.outside:
            if not any(_is(o.name, o.kind, q) for q in given if q is not m.paper or o.kind == "order"):
                out.append((m.paper, o))
        if m.paper.kind == "agreement" or m.parent is not None:
            continue
        for mention in m.paper.mentions[:1]:
            out.append((m.paper, Outside(mention.title, "agreement", 1, True, mention.quote)))
    return tuple(out)


def _is(name: str, kind: str, paper: Paper) -> bool:
    """Whether the paper is, or holds, the document that the name means."""
    wanted = bare(name).removesuffix("s")
    if kind in ("order", "agreement", "policy", "document") and wanted and wanted in bare(paper.title):
        return True
    if kind == "order" and paper.kind in ("order", "sow"):
        return ("work" in wanted) == (paper.kind == "sow")
    return kind != "url" and any(h.startswith(wanted) or h.endswith(wanted) for h in paper.headings if wanted)

"""Table rows → passages: what search looks through. A passage is a clause, or as much of one as a model reads at once.

Rows are plain dicts with the columns of README ("Tables"), so that search needs no frames.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from risklib.clauses.splitting import split_sentences

Row = Mapping[str, Any]
_HEADINGS = 160  # characters of headings that a passage takes along


@dataclass(frozen=True, slots=True)
class Finding:
    """A responsibility or provision of a passage. ``id``: of the taxonomy; ``category``: "" for a provision."""

    id: str
    category: str
    party: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Passage:
    contract_id: str
    clause_id: str
    number: str
    heading: str  # the clause's own, or the nearest above it
    above: str  # headings from the outermost down, the passage's context: "Fees › Late payment"
    text: str
    page: int
    findings: tuple[Finding, ...] = field(default=())

    @property
    def read_as(self) -> str:
        """What the encoder reads: the text under its headings."""
        return self.text if self.text.startswith(self.above) else f"{self.above}: {self.text}"


def passages(
    clauses: Iterable[Row],
    responsibilities: Iterable[Row],
    provisions: Iterable[Row],
    split: Callable[[str, Sequence[int], str], list[tuple[int, int]]],
) -> list[Passage]:
    """Every clause that has text, in the tables' order; ``split(text, sentence ends, headings)`` cuts long ones."""
    found: dict[tuple[str, str], list[tuple[int, int, Finding]]] = {}
    for row in (*responsibilities, *provisions):
        id = str(row.get("responsibility") or row.get("provision"))
        finding = Finding(id, str(row.get("category") or ""), str(row["party"]), float(row["confidence"]))
        place = (int(row["start"]), int(row["end"]), finding)
        found.setdefault((row["contract_id"], row["clause_id"]), []).append(place)
    rows = list(clauses)
    parents = {(r["contract_id"], r["clause_id"]): r for r in rows}
    out = []
    for r in rows:
        text, above = str(r["text"] or ""), _above(r, parents)
        here = found.get((r["contract_id"], r["clause_id"]), [])
        if not here and (not text.strip() or text.strip() == str(r["heading"] or "").strip()):
            continue  # a bare heading says nothing that its clauses do not say
        ends = [b for _, b in split_sentences(text)]
        for a, b in split(text, ends, above):
            start, end = (int(r["end"]) - len(text) + x for x in (a, b))  # the text stands at the clause's end
            inside = tuple(f for s, e, f in here if s < end and e > start)
            heading = (above.rsplit(" › ", 1)[-1]) if above else ""
            page = _page(r, a / max(len(text), 1))
            number = str(r["number"] or "")
            out.append(Passage(r["contract_id"], r["clause_id"], number, heading, above, text[a:b], page, inside))
    return out


def _above(row: Row, parents: Mapping[tuple[str, str], Row]) -> str:
    heads: list[str] = []
    seen: set[str] = set()
    here: Row | None = row
    while here is not None and here["clause_id"] not in seen:
        seen.add(here["clause_id"])
        if here["heading"]:
            heads.append(str(here["heading"]).strip())
        here = parents.get((row["contract_id"], here["parent_id"])) if here["parent_id"] else None
    return " › ".join(reversed(heads))[-_HEADINGS:]


def _page(row: Row, share: float) -> int:
    """The page on which the part after ``share`` of the clause's text begins: a box stands for a line, its width for
    the line's words."""
    boxes = row["bbox"] if isinstance(row["bbox"], list) else []
    rest = share * sum(b[3] - b[1] for b in boxes)
    for b in boxes:
        rest -= b[3] - b[1]
        if rest < 0:
            return int(b[0])
    return int(boxes[-1][0]) if boxes else int(row["page"] or 1)

"""Lines → the tree of clauses: numbered ones by the order of numbers, others by how headings look."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from risklib.clauses.candidates import Candidate, find_candidates
from risklib.clauses.headings import Typography, heading_end, heading_lines, run_in, run_in_lines, typography
from risklib.clauses.numbers import Reading
from risklib.clauses.sequence import best_sequence
from risklib.records import Clause, Document

_FEW = 4  # numbered clauses below which an agreement counts as unnumbered
_CLOSING = re.compile(
    r"^(?:in witness whereof|signatures?\b|signed\b|agreed and accepted|accepted (?:and agreed )?by|by:|executed)",
    re.IGNORECASE,
)


@dataclass
class _Node:
    line: int
    start: int
    body: int  # after the number; after the heading once that is known
    number: str
    level: int
    parent: _Node | None = None
    heading: str = ""
    style: str = ""
    end: int = 0
    through: int = 0
    stack: tuple[Reading, ...] = field(default=())


def build_tree(document: Document) -> tuple[Clause, ...]:
    """The clauses in reading order; together they cover the text from first word to last. Empty for an empty text."""
    if not document.text.strip():
        return ()
    found = find_candidates(document)
    nodes = _numbered(found)
    style = typography(document)
    nodes = _with_run_in(document, _with_headings(document, nodes, style))
    first = document.lines[0].start if document.lines else 0
    if not nodes or nodes[0].start > first:
        nodes.insert(0, _Node(0, first, first, "", 1, style="preamble"))
    _measure(document, nodes)
    return _freeze(nodes)


def _numbered(found: list[Candidate]) -> list[_Node]:
    """Nodes for the candidates that the sequence keeps, with parents and full numbers."""
    nodes: list[_Node] = []
    open_nodes: dict[tuple[Reading, ...], _Node] = {}
    for choice in best_sequence(found):
        candidate = found[choice.candidate]
        stack = choice.stack
        parent = next((open_nodes[stack[:k]] for k in range(len(stack) - 1, 0, -1) if stack[:k] in open_nodes), None)
        label = candidate.label
        node = _Node(
            candidate.line, candidate.start, candidate.start + label.end, _full_number(parent, label.printed, stack),
            parent.level + 1 if parent else 1, parent, style=choice.reading.style, stack=stack,
        )  # fmt: skip
        open_nodes = {s: n for s, n in open_nodes.items() if len(s) < len(stack) and s == stack[: len(s)]}
        open_nodes[stack] = node
        nodes.append(node)
    return nodes


def _full_number(parent: _Node | None, printed: str, stack: tuple[Reading, ...]) -> str:
    """The number as lawyers cite it: "4.2", "4.2(a)", "Article II.I", "Exhibit B 1.1"."""
    reading = stack[-1]
    if parent is None or reading.style == "exhibit":
        implied = (
            len(stack) > 1 and printed.startswith("(") and stack[-2].style[0] in "dD"
        )  # "6(b)" where no "6" was seen
        return f"{'.'.join(map(str, stack[-2].path))}{printed}" if implied else printed
    container = parent
    while container.parent is not None:
        container = container.parent
    prefix = f"{container.number} " if container.style == "exhibit" else ""
    path = reading.style[0] in "dD" and (len(reading.path) > 1 or parent.style == "exhibit")
    if path or reading.style in ("article", "section", "clause", "mixed"):
        return prefix + printed
    own = re.sub(r"^[\d.]+(?=\()", "", printed)
    if parent.style == "exhibit":
        return f"{parent.number} {own}"
    return f"{parent.number}{own}" if own.startswith("(") else f"{parent.number}.{own}"


def _with_headings(document: Document, nodes: list[_Node], style: Typography) -> list[_Node]:
    """Adds unnumbered headed sections: all where numbers are few, else those as loud as numbered ones."""
    seen = heading_lines(document, style)
    taken = {n.line for n in nodes}
    tops = [n for n in nodes if n.level == 1 and n.style != "exhibit"]
    if len(nodes) < _FEW or len(tops) < 2:
        return _unnumbered(document, nodes, [(k, look) for k, look in seen if k not in taken])
    looks = dict(seen)
    top_look = Counter(looks[n.line] for n in tops if n.line in looks).most_common(1)
    least = top_look[0][0] if top_look and top_look[0][1] >= 0.4 * len(tops) else None
    if least is None:
        return nodes
    extra: list[_Node] = []
    said = Counter(_words(document, k) for k, _ in seen)
    first, last = nodes[0].line, _closing_line(document, nodes)
    for k, look in seen:
        if k in taken or k < first or k > last or look[:2] < least[:2] or any(abs(k - t) <= 1 and t < k for t in taken):
            continue
        if said[_words(document, k)] > 2 or (look[0] > least[0] and k > nodes[-1].line):
            continue  # a banner that comes again and again, or what a web page adds below the terms
        line = document.lines[k]
        owner = next((n for n in reversed(nodes) if n.line < k), None)
        while owner is not None and owner.parent is not None and owner.parent.style != "exhibit":
            owner = owner.parent
        higher = look[0] > least[0]
        extra.append(
            _Node(
                k,
                line.start,
                line.start,
                "",
                1 if higher or owner is None else owner.level + 1,
                None if higher else owner,
                style="heading",
            )
        )
    return sorted(nodes + extra, key=lambda n: n.start)


def _with_run_in(document: Document, nodes: list[_Node]) -> list[_Node]:
    """Adds paragraphs that begin with a heading and bear no number, where the agreement does so as a habit."""
    taken = {n.line for n in nodes}
    last = _closing_line(document, nodes) if nodes else len(document.lines)
    found = [k for k in run_in_lines(document) if k not in taken and k <= last]
    numbered = sum(1 for n in nodes if n.level > 1 and n.number and n.parent and n.parent.style != "exhibit")
    if len(found) < max(_FEW, 0.5 * numbered):
        return nodes
    extra: list[_Node] = []
    for k in found:
        owner = next((n for n in reversed(nodes) if n.line < k), None)
        while owner is not None and owner.parent is not None and owner.parent.style != "exhibit":
            owner = owner.parent
        if owner is not None and owner.style.startswith("("):
            owner = None  # the list before was one of the unnumbered section above
        start = document.lines[k].start
        extra.append(_Node(k, start, start, "", owner.level + 1 if owner else 1, owner, style="run-in"))
    return sorted(nodes + extra, key=lambda n: n.start)


def _words(document: Document, k: int) -> str:
    line = document.lines[k]
    return document.text[line.start : line.end].lower()


def _closing_line(document: Document, nodes: list[_Node]) -> int:
    """The line where signatures begin (after the last numbered clause, or the document's last line)."""
    for k in range(nodes[-1].line + 1, len(document.lines)):
        line = document.lines[k]
        if _CLOSING.match(document.text[line.start : line.end]):
            return k - 1
    return len(document.lines)


def _unnumbered(
    document: Document, nodes: list[_Node], seen: list[tuple[int, tuple[float, bool, bool]]]
) -> list[_Node]:
    """Headed sections of a text without numbers; the two most used looks give two levels."""
    common = [look for look, n in Counter(look for _, look in seen).items() if n >= 2]
    ranked = sorted(common, reverse=True)[:4]
    body = [look for look in ranked if sum(1 for _, other in seen if other == look) >= 3] or ranked
    top: _Node | None = None
    out = list(nodes)
    for k, look in seen:
        if look not in body:
            continue
        line = document.lines[k]
        low = body.index(look) > 0
        node = _Node(
            k, line.start, line.start, "", 2 if low and top is not None else 1, top if low else None, style="heading"
        )
        if not low:
            top = node
        out.append(node)
    return sorted(out, key=lambda n: n.start)


def _measure(document: Document, nodes: list[_Node]) -> None:
    """Ends, headings and bodies."""
    stop = document.lines[-1].end if document.lines else len(document.text)
    for k, node in enumerate(nodes):
        limit = nodes[k + 1].start if k + 1 < len(nodes) else stop
        node.end = max(node.start, limit - 1 if document.text[limit - 1 : limit] == "\n" else limit)
        if node.style == "preamble":
            continue
        if node.style == "heading":
            end = document.lines[node.line].end
        elif node.style == "run-in":
            end = node.start + run_in(document.text[node.start : min(limit, node.start + 200)].replace("\n", " "))
        else:
            line = next(
                (
                    i
                    for i in range(node.line, len(document.lines))
                    if document.lines[i].end > node.body or i == len(document.lines) - 1
                ),
                node.line,
            )
            end = heading_end(document, min(node.body, node.end), min(line, node.line), limit)
        if end > node.body or node.style == "heading":
            node.heading = " ".join(document.text[node.body : end].split()).strip(" .:–—-")
            node.body = end
        while node.body < node.end and document.text[node.body].isspace():
            node.body += 1
        node.body = min(node.body, node.end)
    for node in reversed(nodes):
        node.through = max(node.through, node.end)
        above = node.parent
        while above is not None:
            above.through = max(above.through, node.through)
            above = above.parent


def _freeze(nodes: list[_Node]) -> tuple[Clause, ...]:
    ids = {id(n): f"c{k:04d}" for k, n in enumerate(nodes, 1)}
    return tuple(
        Clause(
            ids[id(n)],
            ids[id(n.parent)] if n.parent else None,
            n.number,
            n.heading,
            n.level,
            n.start,
            n.end,
            n.through,
            n.body,
        )
        for n in nodes
    )

"""The text of an agreement again, from the rows of its tables: a review needs no PDF and no second reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from risklib.records import Agreement, Box, Clause, Document, Word

Row = Mapping[str, Any]


def rebuilt(id: str, file: str, clauses: Sequence[Row], findings: Sequence[Row]) -> Agreement:
    """Text and clauses at the offsets of the reading, from the rows of one agreement; its words have pages alone."""
    text = [" "] * max((int(x["end"]) for x in [*clauses, *findings]), default=0)
    for c in clauses:
        head, own = str(c["heading"] or ""), str(c["text"] or "")
        body = own[len(head) :].lstrip() if head and own.startswith(head) else own
        start, end = int(c["start"]), int(c["end"])
        front = _front(str(c["number"] or ""), head, end - len(body) - start)
        text[start : start + len(front)] = front
        text[end - len(body) : end] = body[: end - start]
    for x in findings:
        text[int(x["start"]) : int(x["end"])] = str(x["text"])[: int(x["end"]) - int(x["start"])]
    found = tuple(
        Clause(
            str(c["clause_id"]), c["parent_id"] if isinstance(c["parent_id"], str) else None,
            str(c["number"] or ""), str(c["heading"] or ""), int(c["level"]),
            int(c["start"]), int(c["end"]), int(c["end"]), int(c["start"]),
        )
        for c in clauses
    )  # fmt: skip
    words = tuple(Word("", int(c["page"]), 0, 0, 0, 0, int(c["start"]), int(c["end"])) for c in clauses)  # pages alone
    return Agreement(Document(id, file, "".join(text), (), words, ()), "", (), None, found, ())


def _front(number: str, heading: str, room: int) -> str:
    """What stands before a clause's own words: as much of its number and heading as fits, never part of a word, and a
    blank behind it (a number may be longer than what is printed: "Schedule 2 4.1" for "4.1")."""
    printed = number.rsplit(" ", 1)[-1]
    fits = (f"{number} {heading}", f"{printed} {heading}", heading, printed)
    return next((f for x in fits if len(f := x.strip()) < room), "")


def lines_of(clauses: Sequence[Row], start: int, end: int) -> list[Box]:
    """The printed lines of the clause that hold ``[start, end)``, told by their widths."""
    out: list[Box] = []
    for c in (c for c in clauses if c["start"] < end and start < c["end"]):
        boxes = [(int(b[0]), *map(float, b[1:5])) for b in (c["bbox"] if isinstance(c["bbox"], list) else ())]
        whole, done = sum(b[3] - b[1] for b in boxes) or 1.0, 0.0
        size = max(1, int(c["end"]) - int(c["start"]))
        first, last = (start - int(c["start"])) / size, (end - int(c["start"])) / size
        for b in boxes:
            share = (b[3] - b[1]) / whole
            if done + share * 0.9 > first and done + share * 0.1 < last:
                out.append(b)  # type: ignore[arg-type]
            done += share
    return out

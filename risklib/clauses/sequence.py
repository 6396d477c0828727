"""The most plausible numbering: a beam search over open levels, in which each number continues, opens or closes a list.

Numbers that fit no list (references, amounts, table rows at the start of a line) are cheaper to refuse than to take.
"""

from __future__ import annotations

from typing import NamedTuple

from risklib.clauses.candidates import Candidate
from risklib.clauses.numbers import Reading

_BEAM = 16
_GAPS = {1: 0.0, 2: 2.5, 3: 3.5, 4: 4.2, 5: 4.5, 6: 4.8, 0: 4.0}
_OPENING = {"(a)": 0.5, "a.": 0.6, "(i)": 0.5, "i.": 0.7, "(1)": 0.7, "A.": 0.9, "I.": 0.9, "(A)": 0.6, "(I)": 1.2}
_TOPS = ("article", "section", "clause")
_PLAIN = {"d1", "D1"}  # "D1": a plain number on a line that is set like a heading
_FIRST = ("d1", "D1", *_TOPS, "I.")

Stack = tuple[Reading, ...]


class Choice(NamedTuple):
    """A candidate that was taken: its reading, and the levels open after it, outermost first, itself the last."""

    candidate: int
    reading: Reading
    stack: Stack


class _Path(NamedTuple):
    cost: float
    back: _Path | None
    choice: Choice | None
    stack: Stack


def best_sequence(found: list[Candidate]) -> list[Choice]:
    """The candidates to take, in order, each with the stack of levels that it leaves open (itself the last)."""
    beam: dict[Stack, _Path] = {(): _Path(0.0, None, None, ())}
    for k, candidate in enumerate(found):
        after: dict[Stack, _Path] = {}
        for path in beam.values():
            _keep(after, path._replace(cost=path.cost + candidate.refusal))
            if candidate.inner and (path.choice is None or path.choice.candidate != k - 1):
                continue
            for reading in candidate.label.readings:
                for cost, stack in _moves(path.stack, reading):
                    total = path.cost + cost + candidate.price
                    _keep(after, _Path(total, path, Choice(k, reading, stack), stack))
        best = sorted(after.values(), key=lambda p: p.cost)[:_BEAM]
        beam = {p.stack: p for p in best}
    last: _Path | None = min(beam.values(), key=lambda p: p.cost)
    out: list[Choice] = []
    while last is not None and last.choice is not None:
        out.append(last.choice)
        last = last.back
    return out[::-1]


def _keep(states: dict[Stack, _Path], path: _Path) -> None:
    old = states.get(path.stack)
    if old is None or path.cost < old.cost:
        states[path.stack] = path


def _gap(before: int, now: int) -> float:
    step = now - before
    if step in _GAPS:
        return _GAPS[step]
    return 7.0 if step > 0 else 5.0 if now == 1 else 5.5


def _moves(stack: Stack, r: Reading) -> list[tuple[float, Stack]]:
    if r.style == "exhibit":
        return [(0.0, (r,))]
    if r.style == "mixed":
        return _mixed(stack, r)
    if r.style[0] == "d" and len(r.path) > 1:
        return _decimal(stack, r)
    out = []
    for k in range(len(stack) - 1, -1, -1):
        if stack[k].style == r.style or {stack[k].style, r.style} == _PLAIN:
            if r.style == "D1" and r.value == 1 and stack[k].style == "d1":
                out.append((0.5, (*stack[:k], r)))  # what was counted before was not yet the agreement
                continue
            mixed = 4.0 if any(level.style == r.style for level in stack[:k]) else 1.5
            strange = 0.0 if stack[k].style == r.style else mixed
            out.append((_restart(stack, k, r) + strange, (*stack[:k], r)))
    out.append((_open(stack, r), (*stack, r)))
    base = 1 if stack and stack[0].style == "exhibit" else 0
    if r.value == 1 and r.style in _FIRST and len(stack) > base and not any(level.style in _FIRST for level in stack):
        out.append((0.2, (*stack[:base], r)))  # after lettered recitals the agreement itself begins
    if r.value == 1 and r.style in _TOPS and len(stack) > base and stack[base].style == "d1" and stack[base].value <= 6:
        out.append((0.8, (*stack[:base], r)))  # after numbered ones, too
    return out


def _restart(stack: Stack, k: int, r: Reading) -> float:
    """What it costs to go on in (or start again) the list that is open at level k."""
    before = stack[k].value
    if r.value == 1 and r.style in _PLAIN and k == 0:
        if before <= 3 and len(stack) == 2 and stack[1].style == "A.":
            return 0.2  # numbered parties and lettered recitals stood before clause 1
        if 1 < before <= 4 and len(stack) == 1:
            return 3.0  # numbered recitals
    return _gap(before, r.value)


def _open(stack: Stack, r: Reading) -> float:
    """What it costs to open a new list below the deepest open level."""
    late = 0.0 if r.value == 1 else 3.0 + min(r.value, 6) * 0.5
    bare = not stack or (len(stack) == 1 and stack[0].style == "exhibit")
    if r.style in _TOPS:
        return late * 0.5 if bare else late + (0.2 if r.style != "article" and stack[-1].style == "article" else 5.0)
    if r.style in _PLAIN:
        return late * 0.7 if bare else late + _nest(stack, r)
    if any(level.style == r.style for level in stack):
        late += 1.2
    return late + _OPENING.get(r.style, 1.0) + (0.6 if bare else 0.0)


def _nest(stack: Stack, r: Reading) -> float:
    """What it costs to open a list of plain numbers inside another list."""
    above = stack[-1].style
    if above in ("article", "I.", "section") or (above == "D1" and r.style == "d1"):
        return 0.4
    if above == "A.":
        return 4.0 if any(level.style in _PLAIN for level in stack) else 1.8
    return 3.2


def _decimal(stack: Stack, r: Reading) -> list[tuple[float, Stack]]:
    prefix = r.path[:-1]
    for k in range(len(stack) - 1, -1, -1):
        level = stack[k]
        if level.path != prefix or not (
            level.style.lower() == f"d{len(prefix)}" or (len(prefix) == 1 and level.style in (*_TOPS, "I.", "A."))
        ):
            continue
        sibling = stack[k + 1] if k + 1 < len(stack) else None
        if sibling is not None and sibling.style == r.style:
            return [(_gap(sibling.value, r.value), (*stack[: k + 1], r))]
        return [(0.0 if r.value == 1 else 1.0 + min(r.value, 6) * 0.5, (*stack[: k + 1], r))]
    same = next((k for k, level in enumerate(stack) if level.style == r.style), None)
    if same is not None:
        before = stack[same].path
        above = tuple(a - b for a, b in zip(prefix, before[:-1], strict=True))
        heir = r.value == 1 and above[-1] in (1, 2) and not any(above[:-1])
        parent = stack[same - 1] if same else None
        implied = (*stack[:same], r)
        if parent is not None and heir and parent.style.lower() == f"d{len(prefix)}":
            implied = (*stack[: same - 1], Reading(parent.style, prefix), r)
        return [(1.5 if heir else 5.0, implied)]
    base = 1 if stack and stack[0].style == "exhibit" else 0
    late = 0.0 if r.value == 1 else 1.5
    if len(stack) == base:
        return [(1.0 + late + (len(prefix) - 1), (*stack, r))]
    # the parent number was not seen: under the open level of its kind, else at the top
    host = next((k for k, level in enumerate(stack) if level.style.lower() in (f"d{len(prefix)}", *_TOPS)), None)
    if host is not None:
        skipped = stack[host].path and prefix[-1] - stack[host].value
        return [(2.0 + late + (0.0 if skipped in (1, 2) else 2.0), (*stack[: host + 1], r))]
    return [(3.5 + late, (*stack, r))]


def _mixed(stack: Stack, r: Reading) -> list[tuple[float, Stack]]:
    """ "7.1(b)" in one: below 7.1 if that is open."""
    prefix, own = r.path[:-1], Reading("(a)", r.path[-1:])
    for k in range(len(stack) - 1, -1, -1):
        if stack[k].path == prefix:
            sibling = stack[k + 1] if k + 1 < len(stack) else None
            cost = (
                _gap(sibling.value, r.value)
                if sibling is not None and sibling.style == "(a)"
                else 0.0
                if r.value == 1
                else 2.0
            )
            return [(cost, (*stack[: k + 1], own))]
    host = Reading(f"d{len(prefix)}", prefix)
    return [(cost + 1.0, (*above, own)) for cost, above in _moves(stack, host)]

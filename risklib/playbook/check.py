"""``risklib check`` for a playbook: what can be tested without a classifier. Faults of form raise in ``load_playbook``."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from risklib.playbook.phrases import STRONG
from risklib.playbook.records import Entry, Example, Playbook
from risklib.records import CUSTOMER, PROVIDER

ERROR, WARNING = "error", "warning"
MIN_MATCH, MIN_NOT, MIN_PHRASES = 6, 2, 4
_DEFAULT_ROLES: Mapping[str, tuple[str, ...]] = {CUSTOMER: ("customer",), PROVIDER: ("provider",)}
_MUTUAL = r"each of the parties|(?:each|either|any) party|both parties|the parties|parties"


class Finding(NamedTuple):
    """Something to mend. ``str()`` reads ``file:line: level: message``."""

    level: str
    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.level}: {self.message}"


def with_roles(text: str, roles: Mapping[str, Iterable[str]] | None = None) -> str:
    """``text`` with party names as the tokens CUSTOMER, PROVIDER, BOTH that phrases are written against.

    ``roles`` maps "customer" and "provider" to lower-case aliases (default: those two words). "Neither party" becomes
    "neither BOTH"; "your" and the like, when listed, become the token too. Offsets change: for examples, not for evidence.
    """
    for role, aliases in (roles or _DEFAULT_ROLES).items():
        names = "|".join(re.escape(a) for a in sorted(aliases, key=len, reverse=True))
        if names:
            text = re.sub(rf"(?<![\w-])(?:the\s+)?(?:{names})(?![\w-])", role.upper(), text, flags=re.IGNORECASE)
    text = re.sub(rf"(?<![\w-])neither party\b(?!['’])", "neither BOTH", text, flags=re.IGNORECASE)
    return re.sub(rf"(?<![\w-])(?:{_MUTUAL})(?!\w)", "BOTH", text, flags=re.IGNORECASE)


def check_playbook(playbook: Playbook) -> list[Finding]:
    """All findings, errors first. Empty: every promised id is defined and every phrase keeps to its own examples."""
    found = [*_missing(playbook), *_thin(playbook), *_contradictions(playbook), *_phrases(playbook)]
    return sorted(found, key=lambda f: (f.level != ERROR, f.file, f.line))


def _missing(playbook: Playbook) -> Iterable[Finding]:
    for name in playbook.required_ids:
        if name not in playbook.entries:
            file = "responsibilities.yaml" if "." in name else "provisions.yaml"
            yield Finding(ERROR, file, 1, f"'{name}' is promised in ids.txt but defined nowhere; add an entry")


def _thin(playbook: Playbook) -> Iterable[Finding]:
    for e in playbook.entries.values():
        for what, have, need in (
            ("match examples", len(e.examples), MIN_MATCH),
            ("'not' examples", len(e.counterexamples), MIN_NOT),
            ("phrases", len(e.phrases), MIN_PHRASES),
        ):
            if have < need:
                yield Finding(WARNING, e.file, e.line, f"{e.id} has {have} {what}; {need} or more make it dependable")


def _contradictions(playbook: Playbook) -> Iterable[Finding]:
    """The same sentence must not carry different ids in two places."""
    seen: dict[str, tuple[Example, set[str]]] = {}
    for e in playbook.entries.values():
        for x in (*e.examples, *e.counterexamples):
            key = re.sub(r"\W+", " ", x.full.lower()).strip()
            first = seen.setdefault(key, (x, set(x.ids)))
            if first[1] != set(x.ids):
                other = ", ".join(sorted(first[1])) or "nothing"
                yield Finding(ERROR, x.file, x.line, f"the same words stand at {first[0].file}:{first[0].line} as {other}; "
                              "give both the same ids ('also', 'is')")  # fmt: skip


def _phrases(playbook: Playbook) -> Iterable[Finding]:
    """A strong phrase must not fire on a near miss of its own entry, nor mostly on others' examples, and should fire once."""
    right: Counter[tuple[str, str]] = Counter()
    wrong: dict[tuple[str, str], list[Example]] = defaultdict(list)
    for e in playbook.entries.values():
        for x in (*e.examples, *e.counterexamples):
            for hit in playbook.phrases.match(with_roles(x.full, x.roles)):
                if hit.entry_id in x.ids:
                    right[hit.entry_id, hit.phrase] += 1
                else:
                    wrong[hit.entry_id, hit.phrase].append(x)
    for e in playbook.entries.values():
        yield from _phrases_of(e, right, wrong)


def _phrases_of(
    e: Entry, right: Mapping[tuple[str, str], int], wrong: Mapping[tuple[str, str], list[Example]]
) -> Iterable[Finding]:
    own = {(x.file, x.line) for x in e.counterexamples}
    for p in e.phrases:
        good, bad = right.get((e.id, p.text), 0), wrong.get((e.id, p.text), [])
        if p.strength != STRONG:
            continue
        for x in bad:
            if (x.file, x.line) in own:
                yield Finding(ERROR, e.file, p.line, f"strong phrase '{p.text}' of {e.id} fires on its near miss at "
                              f"{x.file}:{x.line}; narrow it or mark it weak")  # fmt: skip
        if bad and good / (good + len(bad)) < 0.8:
            where = ", ".join(f"{x.file}:{x.line}" for x in bad[:3])
            yield Finding(WARNING, e.file, p.line, f"strong phrase '{p.text}' of {e.id} is right {good} times and wrong "
                          f"{len(bad)} times ({where}); narrow it, mark it weak, or add the id there")  # fmt: skip
        if not good:
            yield Finding(WARNING, e.file, p.line, f"phrase '{p.text}' of {e.id} fires on no example; add one or drop it")

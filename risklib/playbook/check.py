"""``risklib check`` for a playbook: what needs no classifier. Faults of form raise already in ``load_playbook``."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from risklib.playbook.phrases import STRONG, Hit
from risklib.playbook.records import DEFAULT_ROLES, Entry, Example, Playbook

ERROR, WARNING = "error", "warning"
MIN_MATCH, MIN_NOT, MIN_PHRASES = 6, 2, 4
MIN_PRECISION = 0.5  # of a strong phrase over all examples; these are near misses of each other, harder than agreements
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

    ``roles`` maps "customer" and "provider" to lower-case aliases (default: ``DEFAULT_ROLES``). "Neither party" becomes
    "neither BOTH". Offsets change: this is for examples, not for evidence.
    """
    for role, aliases in (roles or DEFAULT_ROLES).items():
        names = "|".join(re.escape(a) for a in sorted(aliases, key=len, reverse=True))
        if names:
            text = re.sub(rf"(?<![\w-])(?:the\s+)?(?:{names})(?![\w-])", role.upper(), text, flags=re.IGNORECASE)
    text = re.sub(r"(?<![\w-])neither party\b(?!['’])", "neither BOTH", text, flags=re.IGNORECASE)
    return re.sub(rf"(?<![\w-])(?:{_MUTUAL})(?!\w)", "BOTH", text, flags=re.IGNORECASE)


def check_playbook(playbook: Playbook) -> list[Finding]:
    """All findings, errors first. None: every promised id is well defined, strong phrases keep to their examples."""
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
    seen: dict[str, Example] = {}
    for e in playbook.entries.values():
        for x in (*e.examples, *e.counterexamples):
            first = seen.setdefault(re.sub(r"\W+", " ", x.full.lower()).strip(), x)
            if set(first.ids) != set(x.ids):
                there = f"{first.file}:{first.line} as {', '.join(sorted(first.ids)) or 'nothing'}"
                message = f"the same words stand at {there}; give both the same ids ('also', 'is')"
                yield Finding(ERROR, x.file, x.line, message)


def _hits(playbook: Playbook, x: Example) -> list[Hit]:
    """Hits that reach into the example's own words: a lead-in alone proves nothing about its item."""
    own = len(with_roles(x.lead_in, x.roles)) if x.lead_in else 0
    return [h for h in playbook.phrases.match(with_roles(x.full, x.roles)) if h.end > own]


def _phrases(playbook: Playbook) -> Iterable[Finding]:
    """A strong phrase must not fire on a near miss of its own entry, nor mostly on examples of others."""
    right: Counter[tuple[str, str]] = Counter()
    wrong: dict[tuple[str, str], list[Example]] = defaultdict(list)
    for e in playbook.entries.values():
        for x in (*e.examples, *e.counterexamples):
            for hit in _hits(playbook, x):
                if hit.strength != STRONG:
                    continue
                if hit.entry_id in x.ids:
                    right[hit.entry_id, hit.phrase] += 1
                else:
                    wrong[hit.entry_id, hit.phrase].append(x)
    for (entry_id, phrase), examples in wrong.items():
        yield from _judge(playbook.entries[entry_id], phrase, right[entry_id, phrase], examples)


def _judge(e: Entry, phrase: str, good: int, bad: list[Example]) -> Iterable[Finding]:
    line = next(p.line for p in e.phrases if p.text == phrase)
    own = {(x.file, x.line) for x in e.counterexamples}
    for x in bad:
        if (x.file, x.line) in own:
            at = f"{x.file}:{x.line}"
            message = f"strong phrase '{phrase}' of {e.id} fires on its near miss at {at}; narrow it or mark it weak"
            yield Finding(ERROR, e.file, line, message)
    if good / (good + len(bad)) < MIN_PRECISION:
        where = ", ".join(f"{x.file}:{x.line}" for x in bad[:3])
        message = (
            f"strong phrase '{phrase}' of {e.id} is right {good} times and wrong {len(bad)} times ({where}); "
            "narrow it, mark it weak, or add the id there"
        )
        yield Finding(WARNING, e.file, line, message)

"""A reading as a bag of features for the linear model: words, their grammar, their headings and the playbook's phrases.

The same features are made when the model is trained and when it is used. All are strings, so that `risklib explain`
can show them as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from risklib.findings.context import Reading
from risklib.findings.grammar import Clues
from risklib.playbook import Hit, Playbook

_TOKEN = re.compile(r"CUSTOMER|PROVIDER|BOTH|[A-Za-z]+(?:'[a-z]+)?|[%$€£]|\d+|[;:]")
_HEAD_WORDS = 12


def tokens(text: str) -> list[str]:
    """Lower-case words; the role tokens stay as they are; every number is one token."""
    out = []
    for t in _TOKEN.findall(text.replace("’", "'")):
        if t in ("CUSTOMER", "PROVIDER", "BOTH"):
            out.append(t)
        elif t[0].isdigit():
            out.append("0")
        else:
            out.append(t.lower().removesuffix("'s") or t.lower())
    return out


def grams(words: list[str], longest: int, prefix: str = "") -> Iterator[str]:
    for n in range(1, longest + 1):
        for i in range(len(words) - n + 1):
            yield prefix + " ".join(words[i : i + n])


def features(reading: Reading, clues: Clues, playbook: Playbook) -> dict[str, float]:
    """Feature → weight before idf. Word n-grams of lead-in and sentence, then headings, grammar and phrase hits."""
    words = tokens(reading.full)
    counts: dict[str, float] = {}
    for g in grams(words, 3):
        counts[g] = counts.get(g, 0.0) + 1.0
    heads = [w for h in reading.headings[-2:] for w in tokens(h)[:_HEAD_WORDS]]
    for g in grams(heads, 2, "h:"):
        counts[g] = 0.5
    for name in clues.names():
        counts["g:" + name] = 1.5
    for hit in phrase_hits(reading, playbook):
        counts[f"p:{hit.entry_id}:{hit.strength}"] = 2.5 if hit.strength == "strong" else 1.2
    for hit_id in heading_hits(heads, playbook):
        counts["ph:" + hit_id] = 1.5
    return counts


def phrase_hits(reading: Reading, playbook: Playbook) -> tuple[Hit, ...]:
    """Phrases that end in the sentence itself; one that stands in the lead-in alone says nothing of this item."""
    return tuple(h for h in playbook.phrases.match(reading.full) if h.end > reading.own_from)


def heading_hits(heads: list[str], playbook: Playbook) -> set[str]:
    """Entries whose playbook headings stand in the clause's headings."""
    joined = f" {' '.join(heads)} "
    return {id for heading, ids in _headings(playbook).items() if heading in joined for id in ids}


_HEADINGS: dict[str, dict[str, tuple[str, ...]]] = {}  # one small table a playbook version


def _headings(playbook: Playbook) -> dict[str, tuple[str, ...]]:
    if playbook.version not in _HEADINGS:
        table: dict[str, tuple[str, ...]] = {}
        for e in playbook.entries.values():
            for h in e.headings:
                key = f" {' '.join(tokens(h))} "
                table[key] = (*table.get(key, ()), e.id)
        _HEADINGS[playbook.version] = table
    return _HEADINGS[playbook.version]

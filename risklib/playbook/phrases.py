"""The phrase language of the playbook, and a matcher that runs a thousand phrases over tens of thousands of sentences a second.

    timely pay*            words, in any case; ``*`` ends a prefix ("payment", "paying"); a hyphen may be missing or a space
    pay ... fees           ``...`` is a gap of up to six words, never across a full stop or semicolon
    (return|destroy) all   one of several words or word groups
    <customer> <provider> <both> <party>
                           the tokens CUSTOMER, PROVIDER and BOTH that stand for the parties once names are normalised
                           (``<party>``: any of them); a possessive 's after the token is accepted
    <must>                 a macro: a named set of wordings from words.yaml ("shall", "agrees to" …)

Enumerators such as "(a)" or "(30)" between two words are skipped. ``compile_phrase`` raises ``ValueError`` with the fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, MatchKind

STRONG, WEAK = "strong", "weak"
GAP_WORDS = 6

_SEP = r"[^\w.;!?]+(?:\((?:[a-z]{1,4}|\d{1,3})\)[^\w.;!?]+)?"
_WORD = r"\w+(?:['’.\-]\w+)*"
_GAP = rf"(?:{_SEP}{_WORD}){{0,{GAP_WORDS}}}?"
_TOKENS = {"customer": "CUSTOMER", "provider": "PROVIDER", "both": "BOTH", "party": "(?:CUSTOMER|PROVIDER|BOTH)"}
_ELEMENT = re.compile(r"(?P<gap>\.\.\.)|<(?P<name>\w+)>|\((?P<alternatives>[^()]*)\)|(?P<word>\w[\w'’&%$.\-]*\*?)")


class Macro(NamedTuple):
    """Wordings that stand for each other; ``unless_before`` are words that must not follow ("shall" but not "shall not")."""

    any: tuple[str, ...]
    unless_before: tuple[str, ...] = ()


class Phrase(NamedTuple):
    text: str
    strength: str = STRONG
    line: int = 0


class Hit(NamedTuple):
    """``text[start:end]`` is what the phrase matched."""

    entry_id: str
    phrase: str
    start: int
    end: int
    strength: str


@dataclass(frozen=True, slots=True)
class Compiled:
    regex: str
    keys: tuple[tuple[str, ...], ...]  # each: lower-case literals of which at least one stands in every match


def _word_regex(word: str) -> str:
    stem, star = (word[:-1], r"\w*") if word.endswith("*") else (word, "")
    out = re.escape(stem).replace(r"\-", r"[\-‑\s]?").replace("'", "['’]").replace("’", "['’]")
    return out.replace("[''’]]", "['’]") + star


def _words_regex(words: str) -> str:
    parts = words.split()
    for part in parts:
        if not re.fullmatch(r"\w[\w'’&%$.\-]*\*?", part):
            raise ValueError(f"'{part}' is no word; allowed: letters, digits, ' - & % $ . and a final *")
    return _SEP.join(_word_regex(p) for p in parts)


def _literal(words: str) -> str:
    """The longest run of letters or digits that every spelling of ``words`` contains."""
    return max(re.findall(r"[^\W_]+", words.lower()), key=len, default="")


def _group(alternatives: Iterable[str]) -> str:
    return "(?:" + "|".join(_words_regex(a) for a in sorted(alternatives, key=len, reverse=True)) + ")"


def _name_regex(name: str, macros: Mapping[str, Macro]) -> str:
    if name in _TOKENS:
        return rf"(?-i:{_TOKENS[name]})(?:['’]s?)?"
    if name not in macros:
        raise ValueError(f"unknown <{name}>; allowed: {', '.join(f'<{n}>' for n in (*_TOKENS, *macros))}")
    macro = macros[name]
    guard = rf"(?!{_SEP}{_group(macro.unless_before)}\b)" if macro.unless_before else ""
    return _group(macro.any) + guard


def _element(m: re.Match[str], macros: Mapping[str, Macro]) -> tuple[str, tuple[str, ...]]:
    """Regex of one element and the literals of which one must occur (none known: empty)."""
    if name := m["name"]:
        return _name_regex(name, macros), ()
    if m["alternatives"] is None:
        return _word_regex(m["word"]), (_literal(m["word"]),)
    options = sorted((a.strip() for a in m["alternatives"].split("|")), key=len, reverse=True)
    if len(options) < 2 or not all(options):
        raise ValueError(f"'({m['alternatives']})' needs two or more alternatives, none of them empty")
    names = [o for o in options if o.startswith("<")]
    regexes = [_name_regex(o.strip("<>"), macros) if o in names else _words_regex(o) for o in options]
    return "(?:" + "|".join(regexes) + ")", () if names else tuple(_literal(o) for o in options)


def compile_phrase(text: str, macros: Mapping[str, Macro] | None = None) -> Compiled:
    """Regex and prefilter keys of a phrase; ``ValueError`` says what is wrong with it."""
    parts: list[str] = []
    keys: list[tuple[str, ...]] = []
    position, gap = 0, False
    while position < len(text.rstrip()):
        position += len(text[position:]) - len(text[position:].lstrip())
        m = _ELEMENT.match(text, position)
        if m is None:
            raise ValueError(f"cannot read '{text[position:]}'; allowed: words, word*, ..., (a|b), <customer>")
        position = m.end()
        if m["gap"]:
            if gap or not parts:
                raise ValueError("'...' must stand between two words")
            gap = True
            continue
        regex, literals = _element(m, macros or {})
        parts.append((_GAP if gap else "") + (_SEP if parts else "") + regex)
        if literals and all(len(x) > 1 for x in literals):
            keys.append(literals)
        gap = False
    if gap or not parts:
        raise ValueError("'...' must stand between two words" if gap else "the phrase is empty")
    if not keys:
        raise ValueError("the phrase needs at least one word of two letters beside placeholders")
    return Compiled(rf"(?<!\w){''.join(parts)}(?!\w)", tuple(keys))


class PhraseBook:
    """All phrases behind one Aho-Corasick automaton: a phrase's regex runs only where its rarest word occurs."""

    def __init__(
        self,
        phrases: Iterable[tuple[str, Phrase]],
        macros: Mapping[str, Macro] | None = None,
        corpus: str = "",
    ) -> None:
        """``corpus``: text from which to guess how rare a word is (the playbook's own examples); may be empty."""
        self._items = [(entry_id, phrase, compile_phrase(phrase.text, macros)) for entry_id, phrase in phrases]
        self._regex: list[re.Pattern[str] | None] = [None] * len(self._items)  # compiled when first needed
        counts: dict[str, int] = {}
        low = corpus.lower()

        def cost(literals: tuple[str, ...]) -> float:
            for x in literals:
                if x not in counts:
                    counts[x] = low.count(x)
            return sum(counts[x] + 1 / len(x) for x in literals)

        by_literal: dict[str, list[int]] = {}
        for k, (_, _, compiled) in enumerate(self._items):
            for literal in set(min(compiled.keys, key=cost)):
                by_literal.setdefault(literal, []).append(k)
        self._candidates = list(by_literal.values())
        self._automaton = AhoCorasick(list(by_literal), matchkind=MatchKind.Standard) if by_literal else None

    def __len__(self) -> int:
        return len(self._items)

    def match(self, text: str) -> tuple[Hit, ...]:
        """The first place of every phrase that occurs in ``text`` (names already CUSTOMER, PROVIDER, BOTH), by start."""
        if self._automaton is None:
            return ()
        found = {m[0] for m in self._automaton.find_matches_as_indexes(text.lower(), overlapping=True)}
        if not found:
            return ()
        hits: list[Hit] = []
        for k in {k for f in found for k in self._candidates[f]}:
            regex = self._regex[k]
            if regex is None:
                regex = self._regex[k] = re.compile(self._items[k][2].regex, re.IGNORECASE)
            if m := regex.search(text):
                entry_id, phrase, _ = self._items[k]
                hits.append(Hit(entry_id, phrase.text, m.start(), m.end(), phrase.strength))
        return tuple(sorted(hits, key=lambda h: (h.start, h.entry_id, h.phrase)))

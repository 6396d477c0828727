"""The phrase language of the playbook, and a matcher fast enough for every sentence of a portfolio.

    timely pay*            words, in any case; ``*`` ends a prefix ("payment", "paying"); a hyphen may be missing
    pay ... fees           ``...`` is a gap of up to six words, never across a full stop or semicolon
    no action ...... brought   six dots: a long gap, up to sixteen words
    (return|destroy) all   one of several words or word groups
    <customer> <provider> <both> <party>
                           the tokens CUSTOMER, PROVIDER and BOTH that stand for the parties once names are normalised
                           (``<party>``: any of them); a possessive 's after the token is accepted
    <must>                 a macro: a named set of wordings from words.yaml ("shall", "agrees to" …)

Enumerators such as "(a)" or "(30)" between two words are skipped. ``compile_phrase`` raises ``ValueError`` on a fault.

Texts are matched in lower case, with each party token spelt as no agreement spells it: so regexes need
no case folding, "customer" is never CUSTOMER, and a placeholder is a literal like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, MatchKind

STRONG, WEAK = "strong", "weak"
_GAPS = {"...": 6, "......": 16}  # words

# Possessive throughout: a gap that fails must fail at once.
_SEP = r"(?:[^\w.;!?(]++|\((?:(?:[a-z]|[ivx]{2,5}|\d{1,3})\))?+)++"
_NEAR = r"[^\w.;!?]++"  # between the words of one alternative
_WORD = r"\w++(?:['’.\-]\w++)*+"
_SWAPS = (("CUSTOMER", "cust0mer"), ("PROVIDER", "pr0vider"), ("BOTH", "b0th"))
_TOKENS = {token.lower(): (swapped,) for token, swapped in _SWAPS} | {"party": tuple(s for _, s in _SWAPS)}
_ELEMENT = re.compile(
    r"(?P<gap>\.{6}|\.{3})|<(?P<name>\w+)>|\((?P<alternatives>[^()]*)\)|(?P<word>\w(?:[\w'’&%$\-]|\.(?!\.))*\*?(?=\s|$))"
)


class Macro(NamedTuple):
    """Wordings that stand for each other.

    ``unless_before``: words that must not follow ("shall", not "shall not"); ``unless_after``: single words that must
    not stand in front ("responsible for", not "not responsible for").
    """

    any: tuple[str, ...]
    unless_before: tuple[str, ...] = ()
    unless_after: tuple[str, ...] = ()


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


# One part of a phrase: its alternatives, and for each the literals that all stand in the text if it matches.
Key = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Compiled:
    regex: str  # to be searched in ``prepared`` text
    keys: tuple[Key, ...]


def prepared(text: str) -> str:
    """``text`` as the regexes want it; same length, so offsets hold."""
    for token, swapped in _SWAPS:
        text = text.replace(token, swapped)
    low = text.lower()
    return low if len(low) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _word_regex(word: str) -> str:
    stem, star = (word[:-1], r"\w*+") if word.endswith("*") else (word, "")
    return re.sub(r"['’]", "['’]", re.escape(stem.lower()).replace(r"\-", r"[\-‑\s]?")) + star


def _words_regex(words: str) -> str:
    parts = words.split()
    for part in parts:
        if not re.fullmatch(r"\w[\w'’&%$.\-]*\*?", part):
            raise ValueError(f"'{part}' is no word; allowed: letters, digits, ' - & % $ . and a final *")
    return _NEAR.join(_word_regex(p) for p in parts)


class _SpaceForOther(dict[int, str]):
    """A ``str.translate`` table that keeps letters, digits and underscores and makes everything else a space."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        self[code] = character if character.isalnum() or character == "_" else " "
        return self[code]


_SPACES = _SpaceForOther()


def _words_only(text: str) -> str:
    """``prepared`` text as words between spaces, so that " is " is not found in "this"."""
    return f" {text.translate(_SPACES)} "


def _literals(words: str) -> tuple[str, ...]:
    """A literal for every word that each spelling of ``words`` contains; a space marks a sure word border."""
    out: list[str] = []
    for word in words.lower().split():
        end = "" if word.endswith("*") else " "
        runs = re.findall(r"[^\W_]+", word)
        if len(runs) > 1 and "-" in word:  # "e-mail" may be printed "email": only its outer borders are sure
            out += [f" {runs[0]}", f"{runs[-1]}{end}"]
        else:
            out.append(f" {runs[0]}{end if len(runs) == 1 else ' '}")
    return tuple(out)


def _any_of(regexes: Iterable[str]) -> str:
    return "(?:" + "|".join(sorted(regexes, key=len, reverse=True)) + ")"


def _named(name: str, macros: Mapping[str, Macro]) -> tuple[str, Key]:
    """Regex and literals of <name>."""
    if tokens := _TOKENS.get(name):
        return _any_of(tokens) + "(?:['’]s?)?+", tuple((f" {t} ",) for t in tokens)
    if name not in macros:
        raise ValueError(f"unknown <{name}>; allowed: {', '.join(f'<{n}>' for n in (*_TOKENS, *macros))}")
    macro = macros[name]
    guard = rf"(?!{_SEP}{_any_of(map(_words_regex, macro.unless_before))}\b)" if macro.unless_before else ""
    before = "".join(rf"(?<!\b{re.escape(w.lower())}\s)" for w in macro.unless_after)
    return before + _any_of(map(_words_regex, macro.any)) + guard, tuple(_literals(a) for a in macro.any)


def _element(m: re.Match[str], macros: Mapping[str, Macro]) -> tuple[str, Key]:
    """Regex and key of one element."""
    if name := m["name"]:
        return _named(name, macros)
    if m["alternatives"] is None:
        return _word_regex(m["word"]), (_literals(m["word"]),)
    options = [a.strip() for a in m["alternatives"].split("|")]
    if len(options) < 2 or not all(options):
        raise ValueError(f"'({m['alternatives']})' needs two or more alternatives, none of them empty")
    found = [
        _named(o[1:-1], macros) if re.fullmatch(r"<\w+>", o) else (_words_regex(o), (_literals(o),)) for o in options
    ]
    return _any_of(regex for regex, _ in found), tuple(option for _, key in found for option in key)


def compile_phrase(text: str, macros: Mapping[str, Macro] | None = None) -> Compiled:
    """Regex and prefilter keys of a phrase; ``ValueError`` says what is wrong with it."""
    parts: list[str] = []
    keys: list[Key] = []
    gap = ""
    position, text = 0, text.strip()
    while position < len(text):
        m = _ELEMENT.match(text, position)
        if m is None:
            raise ValueError(f"cannot read '{text[position:]}'; allowed: words, word*, ..., (a|b), <customer>")
        position = m.end() + len(text[m.end() :]) - len(text[m.end() :].lstrip())
        if m["gap"]:
            if gap or not parts:
                raise ValueError("'...' must stand between two words")
            gap = rf"(?:{_SEP}{_WORD}){{0,{_GAPS[m['gap']]}}}?"
            continue
        regex, key = _element(m, macros or {})
        parts.append(gap + (_SEP if parts else "") + regex)
        keys.append(key)
        gap = ""
    if gap or not parts:
        raise ValueError("'...' must stand between two words" if gap else "the phrase is empty")
    return Compiled(rf"(?<!\w){''.join(parts)}(?!\w)", tuple(keys))


class PhraseBook:
    """All phrases behind one Aho-Corasick automaton: a regex runs only where every part of its phrase has a literal."""

    def __init__(
        self,
        phrases: Iterable[tuple[str, Phrase]],
        macros: Mapping[str, Macro] | None = None,
        corpus: str = "",
    ) -> None:
        """``corpus``: text from which to guess how rare a word is (the playbook's own examples); may be empty."""
        self._items = [(entry_id, phrase, compile_phrase(phrase.text, macros)) for entry_id, phrase in phrases]
        self._regex: list[re.Pattern[str] | None] = [None] * len(self._items)  # compiled when first needed
        low = _words_only(prepared(corpus))
        literals = {x for *_, compiled in self._items for key in compiled.keys for option in key for x in option}
        cost = {x: low.count(x) + 1 / len(x) for x in literals}
        cost |= {f" {t} ": 1e6 for t in _TOKENS["party"]}  # parties stand in nearly every sentence
        number: dict[str, int] = {}
        self._by_literal: list[list[int]] = []  # phrases to try when a literal of their rarest part occurs
        self._needs: list[tuple[frozenset[int], ...]] = []  # a phrase's other parts: one literal of each must occur
        for k, (*_, compiled) in enumerate(self._items):
            # the rarest word of each alternative; the rarest part first
            groups = [{min(option, key=cost.__getitem__) for option in key} for key in compiled.keys]
            groups.sort(key=lambda g: sum(cost[x] for x in g))
            numbers = [frozenset(number.setdefault(x, len(number)) for x in sorted(g)) for g in groups]
            self._by_literal += [[] for _ in range(len(number) - len(self._by_literal))]
            for i in numbers[0]:
                self._by_literal[i].append(k)
            self._needs.append(tuple(numbers[1:]))
        self._automaton = AhoCorasick(list(number), matchkind=MatchKind.Standard) if number else None

    def __len__(self) -> int:
        return len(self._items)

    def match(self, text: str) -> tuple[Hit, ...]:
        """The first place of every phrase in ``text`` (where names are CUSTOMER, PROVIDER, BOTH), ordered by start."""
        if self._automaton is None:
            return ()
        low = prepared(text)
        found = {m[0] for m in self._automaton.find_matches_as_indexes(_words_only(low), overlapping=True)}
        hits: list[Hit] = []
        for k in {k for i in found for k in self._by_literal[i]}:
            if any(need.isdisjoint(found) for need in self._needs[k]):
                continue
            regex = self._regex[k]
            if regex is None:
                regex = self._regex[k] = re.compile(self._items[k][2].regex)
            if m := regex.search(low):
                entry_id, phrase, _ = self._items[k]
                hits.append(Hit(entry_id, phrase.text, m.start(), m.end(), phrase.strength))
        return tuple(sorted(hits, key=lambda h: (h.start, h.entry_id, h.phrase)))

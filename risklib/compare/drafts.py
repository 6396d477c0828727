"""Two texts of one sentence: is it another term, or only other words? Numbers, who, must or may, limits and
exceptions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_PAIRED = re.compile(r"\b([a-z]+(?:[ -][a-z]+){0,5}) \((\d[\d,.]*)\s*%?\)(\s*%)?")
_TOKEN = re.compile(r"\d[\d,]*(?:\.\d+)?|[a-z]+(?:['’][a-z]+)?|[%$€£]")
_UNITS = {
    "days": "day",
    "months": "month",
    "years": "year",
    "hours": "hour",
    "weeks": "week",
    "percent": "%",
    "times": "time",
}
_ONES = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
_TEN = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_TENS = {w: 10 * i for i, w in enumerate(_TEN, 2)}
_NUMBERS = {w: i for i, w in enumerate(_ONES)} | _TENS
_REFERENCE = re.compile(
    r"\b(?:section|clause|article|paragraph|exhibit|annex|schedule|item)s?\s+[\dA-Z][\w.()]*(?:\s*(?:,|and|or|to)\s*\d[\w.()]*)*",
    re.I,
)
_HYPHEN = re.compile(r"(?<=[a-z])-\s?(?=[a-z])")  # "sub- processor", "sub-processor" and "subprocessor" are one
_LABEL = re.compile(r"^\s*(?:(?:section|clause|article)\s+)?(?:\d+(?:\.\d+)*\.?|\([a-z0-9]{1,4}\)|[a-z]\))\s+", re.I)

BOTH_PARTIES = "theparties"
_PARTIES = re.compile(r"\b(?:each|either|both|a) (?:of the )?part(?:y|ies)\b|\bthe parties\b")
_NO_ONE = re.compile(r"\bno (\w+(?: \w+)?) (may|shall|must|will)\b")  # "no order may" is "order may not"

NUMBERS, WHO, TURN, MORE, LESS, OTHER = (
    "numbers",
    "who",
    "must, may or limits",
    "words added",
    "words dropped",
    "other words",
)
WEIGHT, NAME = "words of weight", "names"


@dataclass(frozen=True)
class Words:
    """What is a filler, what stands for what, and what turns a term, from ``compare.yaml``; parties' names as one."""

    same: tuple[tuple[str, ...], ...]
    fillers: frozenset[str]
    never: frozenset[str]
    turns: frozenset[str]
    weighty: frozenset[str]
    opposite: frozenset[str]

    @cached_property
    def _weighty(self) -> re.Pattern[str]:
        return re.compile("|".join(w[:-1] + r"\w*" if w.endswith("*") else w for w in self.weighty))

    def heavy(self, token: str) -> str | None:
        """What a word of weight stands for: its stem; its opposite is another word. None for other words."""
        if self._weighty.fullmatch(token):
            return _stem(token)
        for prefix in self.opposite:
            bare = token.removeprefix(prefix)
            if bare != token and self._weighty.fullmatch(bare):
                return f"not {_stem(bare)}"
        return None

    @cached_property
    def _swaps(self) -> tuple[re.Pattern[str], Mapping[str, str]]:
        to = {w: group[0] for group in self.same for w in group}
        longest = sorted(to, key=len, reverse=True)
        return re.compile(rf"\b(?:{'|'.join(map(re.escape, longest))})\b"), to

    def plain(self, text: str, names: Mapping[str, str]) -> str:
        """Lower case, clause numbers and references taken off, numbers in digits, wordings and parties by one name."""
        text = _REFERENCE.sub(" ", _LABEL.sub("", " ".join(text.split())))
        low = text.lower().replace("’", "'")
        low = _PAIRED.sub(lambda m: f"{_tail(m[1])} {m[2]}{'%' if '%' in m[0] else ''}", low)
        low = _HYPHEN.sub("", _in_digits(low))
        for name, token in names.items():
            low = re.sub(rf"\b(?:the )?{re.escape(name)}(?:'s)?\b", token, low)
        low = _NO_ONE.sub(r"\1 \2 not", _PARTIES.sub(BOTH_PARTIES, low))
        pattern, to = self._swaps
        return pattern.sub(lambda m: to[m[0]], low)

    def tokens(self, text: str, names: Mapping[str, str]) -> list[str]:
        return [_UNITS.get(t, t) for t in _TOKEN.findall(self.plain(text, names))]


def _tail(words: str) -> str:
    """What stands before the number in words: "within thirty" (30) → "within"."""
    parts = re.split(r"[ -]", words)
    while parts and (
        parts[-1] in _NUMBERS or parts[-1] in ("hundred", "thousand", "million", "and", "percent", "per", "cent")
    ):
        parts.pop()
    return " ".join(parts)


def _in_digits(text: str) -> str:
    """ "thirty-six months" as "36 months"; hundreds and thousands too."""
    words = r"(?:" + "|".join((*_NUMBERS, "hundred", "thousand", "million")) + r")"
    return re.sub(rf"\b{words}(?:[ -](?:and )?{words})*\b", lambda m: str(_value(m[0])), text)


def _value(words: str) -> int:
    total, part = 0, 0
    for w in re.split(r"[ -]", words):
        if w == "hundred":
            part = (part or 1) * 100
        elif w in ("thousand", "million"):
            total, part = total + (part or 1) * (1_000 if w == "thousand" else 1_000_000), 0
        else:
            part += _NUMBERS.get(w, 0)
    return total + part


def different(before: str, after: str, words: Words, names: Mapping[str, str]) -> tuple[str, ...]:
    """In what the terms of two sentences differ, gravest first; nothing where only the wording does."""
    a, b = words.tokens(before, names), words.tokens(after, names)
    if a == b:
        return ()
    found = []
    if _quantities(a) != _quantities(b):
        found.append(NUMBERS)
    parties = {*names.values(), BOTH_PARTIES}
    if {*a} & parties != {*b} & parties or _who(a, parties) != _who(b, parties):
        found.append(WHO)
    if _turns(a, words) != _turns(b, words):
        found.append(TURN)
    if _heavy(a, words) != _heavy(b, words):
        found.append(WEIGHT)
    called = {_stem(w) for name in (*names, *words.fillers) for w in name.split()}
    old, new = (_names(text) - called for text in (before, after))
    if old - new and new - old:  # a name stands in place of another
        found.append(NAME)
    gone, come = _content(a, words, parties), _content(b, words, parties)
    less, more = len(gone - come), len(come - gone)
    if less and not more:
        found.append(LESS)
    elif more and not less:
        found.append(MORE)
    elif less + more > 0.5 * (len(gone) + len(come)):
        found.append(OTHER)
    elif abs(less - more) >= _MANY:
        found.append(LESS if less > more else MORE)
    return tuple(found)


_MANY = 3  # words more or fewer than were replaced


def _who(tokens: Sequence[str], parties: set[str]) -> set[str]:
    """The parties that stand right before a verb of duty or right: who must or may."""
    return {t for t, verb in pairwise(tokens) if t in parties and verb in ("shall", "may")}


def _quantities(tokens: Sequence[str]) -> Counter[str]:
    """Numbers with the word behind them, which is their unit."""
    out: list[str] = []
    for i, t in enumerate(tokens):
        if _NUMBER.fullmatch(t):
            behind = tokens[i + 1 : i + 3]
            unit = next((w for w in behind if w in _UNITS.values()), "")
            money = (
                tokens[i - 1]
                if i and tokens[i - 1] in ("$", "€", "£", "eur", "usd", "gbp", "cad", "aud", "chf", "nok", "sek")
                else ""
            )
            out.append(f"{t.replace(',', '').rstrip('.')} {money}{unit}")
    periods = [w for w in tokens if w in ("month", "year", "day", "week", "hour")]
    return Counter([*out, *(f"per {p}" for p in periods)])


def _turns(tokens: Sequence[str], words: Words) -> tuple[frozenset[str], int]:
    """The words that turn the term, and how often it is denied."""
    text = " ".join(tokens)
    found = {t for t in words.turns if re.search(rf"\b{re.escape(t)}\b", text)}
    return frozenset(found), sum(t in words.never for t in tokens)


def _heavy(tokens: Sequence[str], words: Words) -> set[str]:
    return {h for t in tokens if (h := words.heavy(t))}


_NAME = re.compile(r"(?<=[a-z,;)] )[A-Z][a-z]+\b")


def _names(text: str) -> frozenset[str]:
    """Words with a capital within a sentence."""
    return frozenset(_stem(m.lower()) for m in _NAME.findall(" ".join(_REFERENCE.sub(" ", text).split())))


def _content(tokens: Sequence[str], words: Words, parties: set[str]) -> set[str]:
    """The words that carry the subject; one that stands twice counts once."""
    no = {*words.fillers, *words.turns, *words.never, *parties, *_UNITS.values()}
    return {_stem(t) for t in tokens if t not in no and not _NUMBER.fullmatch(t) and len(t) > 1}


def _stem(word: str) -> str:
    for end in ("'s", "ations", "ation", "ements", "ement", "ings", "ing", "ies", "ed", "es", "s", "e", "y"):
        if word.endswith(end) and len(word) - len(end) >= 4:
            return word[: -len(end)]
    return word

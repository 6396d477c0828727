"""Clause numbers as printed at the start of a line: every style, every reading ("(i)" is one or the ninth letter)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

CONTAINERS = ("exhibit", "schedule", "annex", "appendix", "attachment", "addendum", "part")
_WORDS = ["article", "section", "clause"]
_ROMAN = re.compile(r"m{0,3}(?:cm|cd|d?c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})")
_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}
_ODD_ROMAN = {"viv": 9, "vix": 9, "iiii": 4, "viiii": 9, "ixx": 19, "xix": 19}  # as people write them

_CONTAINER = re.compile(
    rf"(?i:({'|'.join(CONTAINERS)}))\s+(?:No\.\s*)?[\"“]?((?=[A-Z0-9])(?!(?:OF|TO|IN|AT|AS|BY|NO|ON|OR|IS|IT|AN|"
    rf"A\s+[a-z])\b)(?:[A-Z]{{1,2}}(?:-?\d{{1,2}})?|[IVX]+|"
    rf"\d{{1,2}}(?:[-.]\d{{1,2}})?(?:\([a-z]\))?))[\"”]?(?![\w'’])\s*[.:)–—-]*\s*"
)
_NAMED = re.compile(
    r"(?i:(article|section|clause))\s+((?:\d{1,3}(?:\.\d{1,3}){0,3}|(?=[IVXLC])[IVXLC]{1,7}|"
    r"[A-Z](?![A-Za-z])))(\([a-z]{1,4}\))?(?:(?![\w'’])|(?<=\d)(?=[A-Z]{3}))\s*[.:)–—-]*\s*"
)
_DECIMAL = re.compile(
    r"(?:§\s*)?(\d{1,3}(?:\s?\.\s?\d{1,3}){1,4})([a-z]?)\s?[.)]?(?:(?<=[.)])|(?=\s|$|[\"“A-Z(]))\s*(?=[^\d%]|\d+ |$)"
)
_PLAIN = re.compile(r"(?:§\s*)?(\d{1,3})(\.|\)|:|)(?:\s+|(?=[A-Z\"“(])|$)")
_PAREN = re.compile(r"\(\s?([a-zA-Z]{1,6}|\d{1,3})\s?\)\.?\s*")
_LETTER = re.compile(r"([a-zA-Z]|[ivxIVX]{2,6})([.)])(?:\s+|$|(?=[A-Z][a-z]))")
_BARE = re.compile(r"([IVX]{1,6})\s+(?=[A-Z“\"][a-z“A-Z])")
_MIXED = re.compile(r"(\d{1,3}(?:\.\d{1,3})*)(?:\(([a-z]{1,3})\)\.?|\.?([a-z])[.)])\s+")


class Reading(NamedTuple):
    """One way to read a number: ``style`` says which list it belongs to ("d1", "d2", "(a)", "I.", "article", …)."""

    style: str
    path: tuple[int, ...]  # (4, 2) for "4.2"; one value for all other styles

    @property
    def value(self) -> int:
        return self.path[-1]


@dataclass(frozen=True, slots=True)
class Label:
    """A number at the start of ``text``: ``text[:end]`` is the number with the blanks after it."""

    printed: str  # "4.2", "(a)", "ARTICLE IV", "Exhibit B"
    end: int
    readings: tuple[Reading, ...]


def roman(word: str) -> int | None:
    """ "iv" → 4; None where the word is no roman number."""
    low = word.lower()
    if low in _ODD_ROMAN:
        return _ODD_ROMAN[low]
    if not low or not _ROMAN.fullmatch(low):
        return None
    total = 0
    for k, letter in enumerate(low):
        value = _VALUES[letter]
        after = _VALUES[low[k + 1]] if k + 1 < len(low) else 0
        total += -value if value < after else value
    return total


def letter(word: str) -> int | None:
    """ "c" → 3, "bb" → 28; None for anything else."""
    low = word.lower()
    if len(low) == 1 and "a" <= low <= "z":
        return ord(low) - 96
    if len(low) == 2 and low[0] == low[1] and "a" <= low[0] <= "z":
        return 26 + ord(low[0]) - 96
    return None


def _lettered(word: str, shape: str) -> tuple[Reading, ...]:
    """Readings of letters: as roman number and as letter. ``shape`` holds an "x" where the word stands: "(x)", "x."."""
    out = []
    upper = word.isupper()
    if not upper and not word.islower():
        return ()
    value = roman(word)
    if value is not None and value <= 60:
        out.append(Reading(shape.replace("x", "I" if upper else "i"), (value,)))
    value = letter(word) if len(word) == 1 or not out else None
    if value is not None:
        out.append(Reading(shape.replace("x", "A" if upper else "a"), (value,)))
    return tuple(out)


def parse_label(text: str) -> Label | None:
    """The clause number at the very start of ``text``, or None. It may still be a reference or an amount."""
    for parse in (_container, _named, _mixed, _decimal, _paren, _plain, _letter, _bare):
        label = parse(text)
        if label is not None:
            return label
    return None


def _container(text: str) -> Label | None:
    m = _CONTAINER.match(text)
    if not m:
        return None
    word, which = m.group(1), m.group(2)
    value = int(re.match(r"\d+", which).group()) if which[0].isdigit() else (letter(which[0]) or 1)  # type: ignore[union-attr]
    return Label(f"{word.title()} {which}", m.end(), (Reading("exhibit", (value,)),))


def _named(text: str) -> Label | None:
    m = _NAMED.match(text)
    if not m or m.group(3):  # "Section 4(a)" at a line start is a reference
        return None
    word, which = m.group(1), m.group(2)
    if which[0].isdigit():
        path = tuple(int(p) for p in which.split("."))
        if len(path) > 1:
            return Label(which, m.end(), (Reading(f"d{len(path)}", path),))
        return Label(f"{word} {which}", m.end(), (Reading(word.lower(), path),))
    readings = tuple(
        Reading(word.lower(), r.path) for r in _lettered(which, "x") if roman(which) is not None or r.style == "A"
    )
    return Label(f"{word} {which}", m.end(), readings) if readings else None


def _mixed(text: str) -> Label | None:
    m = _MIXED.match(text)
    if not m:
        return None
    path = tuple(int(p) for p in m.group(1).split("."))
    readings = tuple(Reading("mixed", (*path, r.value)) for r in _lettered(m.group(2) or m.group(3), "(x)"))
    return Label(f"{m.group(1)}({m.group(2) or m.group(3)})", m.end(), readings) if readings else None


def _decimal(text: str) -> Label | None:
    m = _DECIMAL.match(text)
    if not m:
        return None
    path = tuple(int(p) for p in m.group(1).replace(" ", "").split("."))
    if any(p > 99 for p in path) or (path[0] == 0) or (path[-1] == 0 and len(path) > 2):
        return None
    if path[-1] == 0:  # "4.0 PAYMENT" heads what "4.1" belongs to
        return Label(m.group(1), m.end(), (Reading("d1", path[:1]),))
    return Label(m.group(1).replace(" ", "") + m.group(2), m.end(), (Reading(f"d{len(path)}", path),))


def _paren(text: str) -> Label | None:
    m = _PAREN.match(text)
    if not m:
        return None
    word = m.group(1)
    if word.isdigit():
        return Label(f"({word})", m.end(), (Reading("(1)", (int(word),)),))
    readings = _lettered(word, "(x)")
    return Label(f"({word})", m.end(), readings) if readings else None


def _plain(text: str) -> Label | None:
    m = _PLAIN.match(text)
    if not m or m.group(1)[0] == "0" or int(m.group(1)) > 150:
        return None
    style = "(1)" if m.group(2) == ")" else "d1"
    return Label(m.group(1), m.end(), (Reading(style, (int(m.group(1)),)),))


def _letter(text: str) -> Label | None:
    m = _LETTER.match(text)
    if not m:
        return None
    word, mark = m.groups()
    readings = _lettered(word, "(x)" if mark == ")" else "x.")
    if word == "I" and mark == ".":
        readings += (Reading("d1", (1,)),)  # so typists and OCR write "1."
    return Label(word if mark == "." else f"({word})", m.end(), readings) if readings else None


def _bare(text: str) -> Label | None:
    """A roman number without any mark: "IV Payment"."""
    m = _BARE.match(text)
    value = roman(m.group(1)) if m else None
    return Label(m.group(1), m.end(), (Reading("I.", (value,)),)) if m and value else None

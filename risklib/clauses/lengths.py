"""Lengths of time as agreements write them: "five (5) years", "a one-year period", "the third anniversary"."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

_NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "eighteen": 18,
    "twenty": 20, "twenty-four": 24, "twenty-five": 25, "thirty": 30, "thirty-six": 36, "forty": 40, "forty-eight": 48,
    "fifty": 50, "sixty": 60, "ninety": 90, "ninety-nine": 99, "a": 1, "an": 1,
}  # fmt: skip
_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "fifteenth": 15, "twentieth": 20,
}  # fmt: skip
_WORD = "|".join(sorted((w.replace("-", r"[ -]?") for w in _NUMBERS), key=len, reverse=True))
_LENGTH = re.compile(
    rf"\b(?:(?P<w>{_WORD}|one hundred (?:and )?\w+)[\s-]*(?:\(\s*(?P<p>\d{{1,3}})\s*\))?|"
    r"(?P<d>\d{1,3})(?:\s*\([^()\d]{3,20}\))?)[\s~-]*(?:full |consecutive |calendar |contract )*"
    r"\(?(?P<unit>day|week|month|year)(?:s|\(s\)|['’]s|s['’])?\)?(?:\s*\((?P<q>\d{1,3})\)(?! days))?(?!\w)",
    re.IGNORECASE,
)
_NTH = r"\d{1,2}\s?(?:st|nd|rd|t\s?h)"
_ANNIVERSARY = re.compile(
    rf"\b(?P<o>{'|'.join(_ORDINALS)}|{_NTH})(?: \({_NTH}\))?"
    r" (?:(?:year )?anniversary|(?:contract|agreement|license|full|calendar) year)\b",
    re.IGNORECASE,
)


class Length(NamedTuple):
    """``n`` units, and where in the text they stand."""

    n: int
    unit: str  # "day", "week", "month", "year"
    start: int
    end: int

    @property
    def months(self) -> int | None:
        return self.n * 12 if self.unit == "year" else self.n if self.unit == "month" else None

    def last(self, first: date) -> date:
        """The last day of a term of this length that begins on ``first``."""
        if self.months is None:
            return first + timedelta(self.n * (7 if self.unit == "week" else 1) - 1)
        year, month = divmod(first.year * 12 + first.month - 1 + self.months, 12)
        day = min(first.day, calendar.monthrange(year, month + 1)[1])
        return date(year, month + 1, day) - timedelta(1)


def lengths(text: str) -> Iterator[Length]:
    """Every length in ``text``, in reading order; years and months up to a hundred years."""
    found: list[Length] = []
    for m in _LENGTH.finditer(text):
        digits = m["p"] or m["d"] or m["q"]
        word = re.sub(r"\s+", "-", (m["w"] or "").lower())
        if word in ("a", "an") and " " in m.group().strip().split(None, 1)[1]:
            continue  # "in a Contract Year"
        n, unit = int(digits) if digits else _NUMBERS.get(word, 0), m["unit"].lower()
        if unit == "year" and word == "a" and text[: m.start()].endswith("half "):
            n, unit = 6, "month"
        found.append(Length(n, unit, m.start(), m.end()))
    for m in _ANNIVERSARY.finditer(text):
        digit = re.match(r"\d+", m["o"])
        found.append(Length(int(digit[0]) if digit else _ORDINALS[m["o"].lower()], "year", m.start(), m.end()))
    return (x for x in sorted(found, key=lambda x: x.start) if x.n > 0 and (x.months or 0) <= 1200)

"""Numbers as contracts write them: money, percentages, durations, multiples, times a year.

Pure text → typed quantities with offsets. What a number *means* (a cure period, a cap) is decided in ``values.py``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

_UNITS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_ONES = {w: i for i, w in enumerate(_UNITS)} | {w: 10 * (i + 2) for i, w in enumerate(_TENS)} | {"fourty": 40}
_SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000, "m": 1_000_000,
           "mm": 1_000_000, "mio": 1_000_000, "k": 1_000, "bn": 1_000_000_000}  # fmt: skip
_WORD = "|".join(sorted(_ONES, key=len, reverse=True))
_SCALE_WORD = "hundred|thousand|million|billion"
_SPELLED = rf"(?:(?:{_WORD}|{_SCALE_WORD})(?:(?:[\s-]+and)?[\s-]+(?:{_WORD}|{_SCALE_WORD}))*)"
_DIGITS = r"\d{1,3}(?:[,'’.]\d{3})+(?:[.,]\d{1,2})?(?!\d)|\d+(?:\.\d+)?"
# "thirty (30)", "30", "thirty", "(30)"
_NUMBER = (
    rf"(?:(?:{_SPELLED})\s*\(\s*(?:{_DIGITS})\s*\)|(?<![\w.])(?:{_DIGITS})(?:\s*\(\s*{_SPELLED}\s*\))?|\b{_SPELLED})"
)

_DAYS = {"hour": Decimal(1) / 24, "day": Decimal(1), "week": Decimal(7), "month": Decimal(30), "year": Decimal(365)}
_MONTHS = {"month": Decimal(1), "year": Decimal(12), "quarter": Decimal(3)}

_DURATION = re.compile(
    rf"(?P<n>{_NUMBER}|\ba\b|\ban\b)[\s-]*(?:or more |or fewer |or less |full |consecutive |calendar |business |"
    rf"working |additional |successive |prior |preceding |further )*"
    r"(?P<unit>hour|day|week|month|quarter|year)s?\b",  # "a monthly fee" is no duration
    re.I,
)
_POINTS_BACK = re.compile(r"\b(?:such|said|foregoing|aforesaid)\s+(?:initial )?$", re.I)
_THE = re.compile(r"\b(?:the|this|that|same)\s+$", re.I)
_FRACTION = r"(?:\d+\s*-?\s*1/2|\d+\s*½|one and (?:one-?half|a half))"
_PERCENT = re.compile(
    rf"(?P<n>{_FRACTION}|{_NUMBER}(?:\s*\(\s*\d[\d.]*\s*%\s*\))?)\s*(?:\(\s*(?P<p>\d[\d.]*)\s*%?\s*\)\s*)?(?:%|"
    r"(?:per\s?cent\b|percentage points?)(?:\s*\(\s*\d[\d.]*\s*%?\s*\))?)"  # "ten percent (10%)" is one number
    r"|(?P<bare>\d[\d.]*)\s*%",
    re.I,
)
# "the twentieth (20th) Business Day after": a count of days, where an event follows
_ORDINAL = re.compile(
    r"(?:\b[a-z-]+(?:th|st|nd|rd)\s*\(\s*)?(?<![\w.])(?P<n>\d{1,3})(?:st|nd|rd|th)\s*\)?\s+"
    r"(?:calendar |business |working )*(?P<unit>day|week|month)\s+(?=after|following|from)",
    re.I,
)
UNKNOWN_CURRENCY = "?"  # the text names a currency that several countries use ("kr", "pesos"): unknown stays unknown
_CODES = (
    "USD|EUR|GBP|CHF|SEK|NOK|DKK|CAD|AUD|NZD|JPY|INR|SGD|HKD|ZAR|BRL|MXN|PLN|CZK|ILS|KRW|CNY|AED|SAR|"
    "(?-i:HUF|RON|TRY|THB|MYR|IDR|PHP|TWD|VND|COP|CLP|NGN|KES|EGP|UAH)"  # "try" is a verb as well
)
_SYMBOLS = {"US$": "USD", "U.S.$": "USD", "U.S. $": "USD", "C$": "CAD", "CA$": "CAD", "CDN$": "CAD", "A$": "AUD",
            "AU$": "AUD", "NZ$": "NZD", "HK$": "HKD", "S$": "SGD", "R$": "BRL", "€": "EUR", "£": "GBP", "¥": "JPY",
            "₹": "INR", "₪": "ILS", "₩": "KRW", "₺": "TRY", "₫": "VND", "₴": "UAH", "฿": "THB", "zł": "PLN",
            "RMB": "CNY",
            "Rs.": UNKNOWN_CURRENCY, "Rs": UNKNOWN_CURRENCY, "kr.": UNKNOWN_CURRENCY, "kr": UNKNOWN_CURRENCY,
            "$": ""}  # fmt: skip
_NAMES = {"u.s. dollars": "USD", "us dollars": "USD", "united states dollars": "USD", "dollars": "",
          "canadian dollars": "CAD", "australian dollars": "AUD", "euros": "EUR", "euro": "EUR",
          "pounds sterling": "GBP", "pounds": "GBP", "swiss francs": "CHF", "swedish kronor": "SEK",
          "norwegian kroner": "NOK", "danish kroner": "DKK", "yen": "JPY", "japanese yen": "JPY",
          "indian rupees": "INR", "singapore dollars": "SGD", "hong kong dollars": "HKD", "new zealand dollars": "NZD",
          "mexican pesos": "MXN", "zloty": "PLN", "shekels": "ILS", "new israeli shekels": "ILS", "renminbi": "CNY",
          "south african rand": "ZAR", "rand": "ZAR", "brazilian reais": "BRL", "reais": "BRL", "kronor": "SEK",
          "kroner": UNKNOWN_CURRENCY, "kr": UNKNOWN_CURRENCY, "rupees": UNKNOWN_CURRENCY, "pesos": UNKNOWN_CURRENCY,
          "francs": UNKNOWN_CURRENCY, "dirhams": UNKNOWN_CURRENCY}  # fmt: skip
_BY_SYMBOL = {s.upper(): code for s, code in _SYMBOLS.items()}
_SYM = "|".join(re.escape(s) for s in sorted(_SYMBOLS, key=len, reverse=True))
_AMOUNT = rf"(?:{_DIGITS})(?:\s*(?:thousand|million|billion|mio|mm|bn|k|m)\b)?"
_MONEY = re.compile(
    rf"(?<![\w$])(?P<sym>{_SYM})\s*(?P<a>{_AMOUNT})(?:\s*(?P<code2>{_CODES})\b)?"
    rf"|\b(?P<code>{_CODES})\s*\$?\s*(?P<b>{_AMOUNT})"
    rf"|(?<![\w.,])(?P<c>{_AMOUNT}|{_SPELLED})\s*(?P<name>{'|'.join(sorted(_NAMES, key=len, reverse=True))}|"
    rf"{_CODES})\b",
    re.I,
)
_MULTIPLE = re.compile(
    rf"\b(?P<n>twice|thrice|double|triple|{_SPELLED}|\d+(?:\.\d+)?)\s*(?:\(\s*\d+(?:\.\d+)?\s*[x×]?\s*\)\s*)?"
    r"(?P<x>times\b|[x×](?=\W)|(?<=twice)|(?<=thrice)|(?<=double)|(?<=triple))"
    r"|\(\s*(?P<paren>\d+(?:\.\d+)?)\s*[x×]\s*\)",
    re.I,
)
_MONTH_NAMES = "January|February|March|April|May|June|July|August|September|October|November|December"
_TIMES = re.compile(
    rf"\b(?P<n>once|twice|{_SPELLED}(?:\s*\(\d+\))?\s+times?|\d+\s+times?|one\s*\(1\)|one)\s+"
    rf"(?:in\s+)?(?:per|in\s+any|during\s+any|during\s+each|each|every|a|an|in\s+each|annually|within\s+any)\s*"
    rf"(?P<every>{_NUMBER})?[\s-]*(?:calendar |contract |consecutive |rolling |subscription |"
    rf"month )?(?P<unit>year|months?|quarter|month period|annum|twelve)"
    rf"|\b(?P<date>(?:on|as of|effective) (?:each|every) (?:anniversary|{_MONTH_NAMES})\b)",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """``kind``: "money", "percent", "duration", "multiple" or "times"; ``unit``: currency ("" = a bare dollar sign),
    or day/month/… for a duration. ``value`` is exact. ``unit`` of money in a currency that the words do not settle is
    ``UNKNOWN_CURRENCY``: never the currency of a bare dollar sign."""

    kind: str
    value: Decimal
    unit: str
    start: int
    end: int

    @property
    def days(self) -> Decimal:
        return self.value * (_DAYS.get(self.unit) or Decimal(91))

    @property
    def months(self) -> Decimal | None:
        factor = _MONTHS.get(self.unit)
        return self.value * factor if factor else None


def number(text: str) -> Decimal | None:
    """A number in digits or English words; digits in parentheses win: "thirty (30)" → 30."""
    t = text.strip().lower().replace("’", "'")
    inside = re.search(rf"\(\s*({_DIGITS})", t)
    if inside:
        t = inside.group(1)
    if re.match(r"\d", t):
        return _digits(t)
    return _spelled(t)


def _digits(t: str) -> Decimal | None:
    m = re.match(rf"({_DIGITS})\s*([a-z]+)?", t)
    if not m:
        return None
    raw = m.group(1).replace("'", "")
    if re.fullmatch(r"\d{1,3}(\.\d{3})+(,\d{1,2})?", raw):  # 1.000.000,00
        raw = raw.replace(".", "").replace(",", ".")
    else:
        raw = re.sub(r",(?=\d{3})", "", raw).replace(",", ".")
    try:
        return Decimal(raw) * _SCALES.get(m.group(2) or "", 1)
    except InvalidOperation:
        return None


def _spelled(t: str) -> Decimal | None:
    if t in ("a", "an"):
        return Decimal(1)
    total = current = 0
    seen = False
    for w in re.split(r"[\s-]+", re.sub(r"\(.*", "", t)):
        if w in _ONES:
            current, seen = current + _ONES[w], True
        elif w == "hundred":
            current, seen = max(current, 1) * 100, True
        elif w in _SCALES and seen:
            total, current = total + max(current, 1) * _SCALES[w], 0
        elif w != "and":
            break
    return Decimal(total + current) if seen else None


def _fraction(t: str) -> Decimal | None:
    m = re.match(r"(\d+)\s*-?\s*(?:1/2|½)", t)
    if m:
        return Decimal(m.group(1)) + Decimal("0.5")
    return Decimal("1.5") if t.lower().startswith("one and") else number(t)


def durations(text: str) -> list[Quantity]:
    out = []
    for m in _DURATION.finditer(text):
        n = number(m["n"])
        if n is not None:
            out.append(Quantity("duration", n, m["unit"].lower(), m.start(), m.end()))
    for m in _ORDINAL.finditer(text):
        out.append(Quantity("duration", Decimal(m["n"]), m["unit"].lower(), m.start(), m.end()))
    return _told_once(text, sorted(out, key=lambda q: q.start))


def _told_once(text: str, found: list[Quantity]) -> list[Quantity]:
    """Without those that only point back: "at the end of such thirty (30) day period" says nothing new."""
    out: list[Quantity] = []
    for q in found:
        if _POINTS_BACK.search(text[max(0, q.start - 20) : q.start]):
            continue
        again = any((q.value, q.unit) == (o.value, o.unit) for o in out)
        if again and _THE.search(text[max(0, q.start - 20) : q.start]):
            continue
        out.append(q)
    return out


def percents(text: str) -> list[Quantity]:
    out = []
    for m in _PERCENT.finditer(text):
        inner = re.search(r"\(\s*(\d[\d.]*)", m.group(0))
        n = _digits(inner.group(1)) if inner else _fraction(m["n"] or m["bare"])
        if n is not None:
            out.append(Quantity("percent", n, "%", m.start(), m.end()))
    return out


def moneys(text: str) -> list[Quantity]:
    out = []
    for m in _MONEY.finditer(text):
        n = number(m["a"] or m["b"] or m["c"])
        if n is None:
            continue
        name = (m["code2"] or m["code"] or m["name"] or "").strip()
        unit = _NAMES.get(name.lower(), name.upper()) if name else _BY_SYMBOL.get((m["sym"] or "").upper(), "")
        out.append(Quantity("money", n, unit or "", m.start(), m.end()))
    return out


def multiples(text: str) -> list[Quantity]:
    words = {"twice": 2, "double": 2, "thrice": 3, "triple": 3}
    out = []
    for m in _MULTIPLE.finditer(text):
        raw = (m["n"] or m["paren"]).lower()
        n = Decimal(words[raw]) if raw in words else number(raw)
        if n is not None:
            out.append(Quantity("multiple", n, "x", m.start(), m.end()))
    return out


def times_a_year(text: str) -> list[Quantity]:
    words = {"once": 1, "twice": 2}
    out = []
    for m in _TIMES.finditer(text):
        if m["date"]:
            out.append(Quantity("times", Decimal(1), "year", m.start(), m.end()))
            continue
        raw = m["n"].lower()
        n = Decimal(words[raw]) if raw in words else number(raw)
        every = (number(m["every"]) if m["every"] else None) or Decimal(1)
        unit = m["unit"].lower()
        months = every * (1 if unit.startswith("month") else 3 if unit.startswith("quarter") else 12)
        if unit == "twelve":
            months = Decimal(12)
        if n is not None and months:
            out.append(Quantity("times", (n * 12 / months).normalize(), "year", m.start(), m.end()))
    return out


FINDERS: dict[str, Callable[[str], list[Quantity]]] = {
    "duration": durations,
    "percent": percents,
    "money": moneys,
    "multiple": multiples,
    "times": times_a_year,
}

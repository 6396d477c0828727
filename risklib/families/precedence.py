"""Which of several papers prevails, read from the sentence that says so.

``order_of("If the Order Form and this Agreement conflict, the Order Form prevails.", "agreement")`` is
``Order(("order", "agreement"))``: the first of ``ranks`` wins over those behind it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# the kinds of papers and the words for them; the first that fits where a word stands is the kind
DOCUMENTS: tuple[tuple[str, str], ...] = (
    ("purchase_order", r"purchase orders?"),
    ("order", r"order forms?|service orders?|sales orders?|ordering documents?|order schedules?|subscription orders?|"
              r"quotes?|quotations?|SOFs?|(?<!work )(?<!change )(?<!in )(?<!following )(?<!court )(?<!in the )orders?"
              r"(?! of (?:precedence|priority|descending|importance)|:| of these)"),
    ("sow", r"statements? of work|SOWs?|work orders?|work statements?|project orders?|task orders?"),
    ("amendment", r"amendments?(?! and restate)|amending agreements?|change orders?|side letters?|variations?"),
    ("addendum", r"data processing (?:addend(?:um|a)|agreements?|terms)|addend(?:um|a)|DPA|supplemental terms|"
                 r"(?:product|service|offering)-?\s?specific terms|special terms|riders?|supplements?"),
    ("policy", r"service level agreements?|SLAs?|polic(?:y|ies)|documentation|(?:privacy|security) "
               r"(?:notice|statement)|guidelines|service (?:descriptions?|specifications?)|handbook"),
    ("part", r"exhibits?|schedules?|annex(?:es)?|appendi(?:x|ces)|attachments?"),
    ("agreement", r"(?:main |master )?body of (?:this |the )?(?:agreement|contract|terms)|main body|main agreement|"
                  r"agreements?|contract|MSA|terms of (?:service|use)|general terms(?: and conditions)?|these terms"),
)  # fmt: skip
_WORDS = re.compile("|".join(rf"(?P<{kind}>\b(?:{words})\b)" for kind, words in DOCUMENTS), re.I)
_CONFLICT = re.compile(
    r"conflict|inconsisten|discrepan|disagree|contradict|precedence|ambigu|differ(?:s|ence)|prevail", re.I
)
_WINS = re.compile(
    r"\b(?P<no>not\s+|never\s+)?(?:be\s+)?(?P<verb>prevails?|controls?|controlling|governs?|"
    r"takes? (?:precedence|priority)|has priority|"
    r"have priority|supersedes?|overrides?|has precedence)\b",
    re.I,
)
_LISTED = re.compile(
    r"order of (?:precedence|priority|descending)|(?:following|descending|this) order|in (?:the )?order\b|"
    r"descending (?:order|priority)",
    re.I,
)
_SUBJECT = re.compile(r"[;:]|,(?! (?:shall|will|must)\b)|\bthen\b|\band (?=the (?:terms|provisions)|this\b)", re.I)
_EXPRESS = re.compile(
    r"(?:unless|except|save)\b[^.;]{0,90}?\b(?:express|specific|explicit|otherwise stated|stated otherwise|says so)",
    re.I,
)
_BUT = re.compile(r"\b(?:except|save|unless|but|provided)\b", re.I)
_ONLY = re.compile(
    r"\bonly (?:where|if|when|to the extent)\b[^.;]{0,80}\b(?:says?|states?|express|specif|identif)", re.I
)
_SPARES = re.compile(
    r"\b(?:save|except|other than|provided) (?:that |for |as to |in )?[^.;]{0,70}?\b(?:clauses?|sections?|"
    r"articles?)\s+"
    r"(?P<n>\d[\d.]*(?:(?:,| and| or|, and) \d[\d.]*)*)",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Order:
    """Kinds of papers, the winner first; one alone wins over all others. ``spares``: clauses of the others that the
    winner does not touch. ``express``: the loser (or, in spared clauses, the winner) prevails all the same where it
    says so expressly. ``listed``: those behind the winner are ranked among themselves, too."""

    ranks: tuple[str, ...]
    spares: tuple[str, ...] = ()
    express: bool = False
    listed: bool = False

    def between(self, one: str, other: str) -> bool | None:
        """Whether the kind ``one`` wins over ``other``; None where this order does not tell."""
        if one == other or not {one, other} & set(self.ranks[:1] if not self.listed else self.ranks):
            return None
        if len(self.ranks) == 1:
            return self.ranks[0] == one
        if not {one, other} <= set(self.ranks):
            return None
        return self.ranks.index(one) < self.ranks.index(other)


def kind_of(name: str) -> str | None:
    """The kind of paper that a title names; None where it names none: the word that stands last in it tells."""
    head = re.split(r"\b(?:to|to the|under|governed by)\b", name, maxsplit=1, flags=re.I)[0]
    found = [k for k, _, _ in _documents(head or name)]
    if not found:
        return None
    for first in ("amendment", "order", "sow", "addendum", "policy"):
        if first in found:
            return first
    return "agreement" if "agreement" in found else found[-1]


def order_of(text: str, items: Sequence[str] = ()) -> Order | None:
    """The order of precedence that a sentence states; None where it states none.

    ``items``: the list items that hang from the sentence.
    """
    if not _CONFLICT.search(text) and not _LISTED.search(text):
        return None
    listed = _LISTED.search(text)
    if listed and (_WINS.search(text) or "precedence" in text.lower() or "priority" in text.lower()):
        ranks = _ranked(" ; ".join([text[listed.end() :], *items]))
        if len(ranks) > 1 or (ranks and _WINS.search(text)):
            return Order(ranks, express=bool(_EXPRESS.search(text)), listed=True)
    text = re.sub(r"\([^()]*\)", " ", text)
    win = _winner(text)
    if win is None:
        return None
    winner, losers = win
    spared = _SPARES.search(text)
    spares = tuple(n.rstrip(".") for n in re.findall(r"\d[\d.]*", spared["n"])) if spared else ()
    return Order((winner, *losers), spares, bool(_EXPRESS.search(text) or _ONLY.search(text)))


def _ranked(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(k for k, _, _ in _documents(text) if k != "part"))


def _documents(text: str) -> list[tuple[str, int, int]]:
    """The papers that the words name, in order, as (kind, start, end)."""
    out = []
    for m in _WORDS.finditer(text):
        kind = m.lastgroup or ""
        if kind in ("amendment", "addendum") and not m[0][0].isupper() and " " not in m[0]:
            continue  # "an amendment" of words, not the paper
        if (
            kind == "order"
            and m[0].lower() in ("order", "orders")
            and not m[0][0].isupper()
            and "the order" not in (text[max(0, m.start() - 4) : m.end()].lower())
            and "an order" not in text[max(0, m.start() - 3) : m.end()].lower()
        ):
            continue
        out.append((kind, m.start(), m.end()))
    return out


def _winner(text: str) -> tuple[str, tuple[str, ...]] | None:
    """Winner and losers of "… X prevails (over Y)"; the papers named elsewhere in the sentence are the losers."""
    for verb in _WINS.finditer(text):
        if verb["verb"].lower().startswith(("govern", "control")) and not re.search(
            r"conflict|inconsisten|discrepan|disagree|contradict|ambigu|differ", text, re.I
        ):
            continue
        before = [k for k, _, _ in _documents(text[: verb.start()])]
        subject = _SUBJECT.split(text[: verb.start()])[-1]
        mine = [k for k, _, _ in _documents(subject)]
        if not mine:
            continue
        winner = mine[0]
        named = [k for k, _, _ in _documents(_BUT.split(text[verb.end() : verb.end() + 160])[0])]
        losers = tuple(dict.fromkeys(k for k in before + named if k != winner))
        if verb["no"]:
            other = losers[0] if losers else "agreement"
            return (other, (winner,)) if other != winner else None
        if _ONLY.search(text[verb.end() :]) and losers:
            return losers[0], (winner,)  # "… prevail only where the Order says so": else the other does
        return winner, losers
    return None

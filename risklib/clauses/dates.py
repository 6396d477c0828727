"""The title and the effective date of an agreement."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import date

from risklib.clauses.headings import typography
from risklib.records import Document

_NAMES = (
    "january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
    "september sept sep", "october oct", "november nov", "december dec",
)  # fmt: skip
_MONTHS = {name: k for k, names in enumerate(_NAMES, 1) for name in names.split()}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DAY = r"(?P<d>\d{1,2})(?:\s?(?:st|nd|rd|t\s?h))?"
_YEAR = r"(?P<y>(?:19|20)\d{2})\b"
_FORMATS = (
    re.compile(rf"\b(?P<m>{_MONTH})\.?\s+{_DAY}\s?[,.]?\s?{_YEAR}", re.IGNORECASE),
    re.compile(rf"\b{_DAY}(?:\s+day)?(?:\s+of)?[\s,–—-]+(?P<m>{_MONTH})\.?\s?,?\s?{_YEAR}", re.IGNORECASE),
    re.compile(r"\b(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})\b"),
    re.compile(r"\b(?P<m>\d{1,2})[/-](?P<d>\d{1,2})[/-](?P<y>\d{4}|\d{2})\b"),
)
# words before a date that make it another one: an end, a deadline, a law, an amendment
_OTHER = re.compile(
    r"(?:until|through|thru|to|ending|ends?|expir\w*|terminat\w*|before|by|than|since|after|between|amended|"
    r"supplemented|filed|under the|act of)\W*(?:and including|on|of|at|the|midnight)?\W*$",
    re.IGNORECASE,
)
_ANOTHER_PAPER = re.compile(
    r"\b(?:certain|original|that|previous|prior|existing|pursuant to|amend\w*|under (?:the|a|an))\b[^.;]{0,90}\bdated\b"
    r"[^.;]{0,20}$",
    re.IGNORECASE,
)
_NAMED = re.compile(  # … (the "Effective Date")
    r"^[^.;]{0,40}?\((?:hereinafter |herein |the |referred to as |collectively |and )*[\"“'‘]?\s*(?:the )?[\"“'‘]?"
    r"(?:effective|agreement|commencement|execution|contract|signing) date",
    re.IGNORECASE,
)
_MEANS = re.compile(  # "Effective Date" means …
    r"effective date[\"”'’]?\s*(?:\)|of this agreement|hereof|of the agreement|)?\s*(?:means?|shall mean|shall be|is|:|"
    r"-|–|will be|of this \w+ (?:is|shall be))\s*(?:as of |the date of |on )?$",
    re.IGNORECASE,
)
_MADE = re.compile(
    r"\b(?:made|effective|entered|executed|dated|agreed|concluded|signed|updated|modified|revised|commence\w*|begin\w*)\b"
    r"[^.;]{0,70}$",
    re.IGNORECASE,
)
_ITSELF = re.compile(r"\b(?:this|agreement|term|terms|last)\b", re.IGNORECASE)
_KINDS = re.compile(
    r"\b(?:agreement|terms|contract|conditions|addendum|policy|licen[cs]e|schedule|order form|amendment|"
    r"statement of work|lease)\b",
    re.IGNORECASE,
)
_NOT_TITLE = re.compile(
    r"^(?:exhibit|schedule|annex|page|table of contents|by and between|between|this\b|confidential|draft|execution)",
    re.IGNORECASE,
)


def parse_date(text: str) -> date | None:
    """The first date in ``text``, in any of the usual English formats; None if there is none or it is impossible."""
    found = dates_in(text)
    return found[0][2] if found else None


def dates_in(text: str) -> list[tuple[int, int, date]]:
    """Every possible date in ``text`` with its place, in reading order."""
    out = []
    for m in (m for f in _FORMATS for m in f.finditer(text)):
        month, year = m["m"].lower(), int(m["y"])
        century = 2000 if year < 70 else 1900 if year < 100 else 0
        with suppress(ValueError):
            out.append((m.start(), m.end(), date(year + century, _MONTHS.get(month) or int(month), int(m["d"]))))
    return sorted(out)


def effective_date(document: Document) -> date | None:
    """The date the agreement says it takes effect, else the one it bears at the top; None if neither is stated."""
    head = " ".join(document.text[:9000].split())
    found = [x for x in dates_in(head) if not _OTHER.search(head[max(0, x[0] - 40) : x[0]])]

    def made(start: int) -> bool:
        before = head[max(0, start - 110) : start]
        return bool(_MADE.search(before)) and not _ANOTHER_PAPER.search(before)

    # the surest sign first; a later one counts only where no date shows an earlier one
    signs: tuple[Callable[[int, int], bool], ...] = (
        lambda start, end: start < 4000 and bool(_NAMED.match(head[end : end + 90])),
        lambda start, _: bool(_MEANS.search(head[max(0, start - 60) : start])),
        lambda start, _: start < 3000 and made(start),
        lambda start, _: start < 800,
        lambda start, _: made(start) and bool(_ITSELF.search(head[max(0, start - 110) : start])),
    )
    return next((day for sign in signs for start, end, day in found if sign(start, end)), None)


def title(document: Document) -> str:
    """The line that names the agreement: the loudest at the top that says what kind of paper it is."""
    style = typography(document)
    best, score = "", 0.0
    lines = [line for line in document.lines[:60] if line.page <= 2]
    for k, line in enumerate(lines):
        content = " ".join(document.text[line.start : line.end].split())
        words = content.split()
        if not 1 <= len(words) <= 14 or _NOT_TITLE.match(content) or content[-1] in ".;," or not content[0].isalnum():
            continue
        value = 3.0 if _KINDS.search(content) else 0.0
        value += 2.0 * (line.size / style.size - 1.0) * 2 if style.size and line.size else 0.0
        value += (1.0 if line.bold else 0.0) + (1.0 if content.isupper() else 0.0) - 0.06 * k
        if value > score:
            best, score = content, value
            following = lines[k + 1] if k + 1 < len(lines) else None
            if (
                following is not None
                and following.size == line.size
                and following.bold == line.bold
                and not _KINDS.search(content)
            ):
                joined = f"{content} {document.text[following.start : following.end]}"
                best = (
                    joined
                    if len(joined.split()) <= 14 and _KINDS.search(joined) and (line.bold or content.isupper())
                    else best
                )
    return best or document.metadata_title

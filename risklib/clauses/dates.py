"""The title and the effective date of an agreement."""

from __future__ import annotations

import re
from datetime import date

from risklib.clauses.headings import typography
from risklib.records import Document

_NAMES = (
    "january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
    "september sept sep", "october oct", "november nov", "december dec",
)  # fmt: skip
_MONTHS = {name: k for k, names in enumerate(_NAMES, 1) for name in names.split()}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_FORMATS = (
    re.compile(
        rf"\b(?P<m>{_MONTH})\.?\s+(?P<d>\d{{1,2}})(?:\s?(?:st|nd|rd|"
        rf"th))?\s?,?\s+(?P<y>\d{{4}})",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?P<d>\d{{1,2}})(?:\s?(?:st|nd|rd|th))?(?:\s+day)?(?:\s+of)?\s+(?P<m>{_MONTH})\.?\s?,?\s+(?P<y>\d{{4}})",
        re.IGNORECASE,
    ),
    re.compile(r"\b(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})\b"),
    re.compile(r"\b(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<y>\d{4}|\d{2})\b"),
)
_CUES = (
    re.compile(r"effective date\b[^.]{0,40}?", re.IGNORECASE),
    re.compile(
        r"\b(?:made|effective|entered into|executed|dated|is dated|agreed)\b[^.]{0,60}?\b(?:as of|on|effective|"
        r"dated|this|the)?\s*(?:the\s+)?",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:last (?:updated|modified|revised)|updated|effective|version|date)\b\s*:?[^.]{0,20}?", re.IGNORECASE
    ),
)
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
    found = [m for m in (f.search(text) for f in _FORMATS) if m]
    for m in sorted(found, key=lambda m: m.start()):
        month, year = m["m"].lower(), int(m["y"])
        try:
            return date(
                year + (2000 if year < 70 else 1900 if year < 100 else 0), _MONTHS.get(month) or int(month), int(m["d"])
            )
        except ValueError:
            continue
    return None


def effective_date(document: Document) -> date | None:
    """The date the agreement says it takes effect, else the one it bears at the top; None if neither is stated."""
    head = " ".join(document.text[:9000].split())
    for cue in _CUES:
        for m in cue.finditer(head):
            found = parse_date(head[m.end() : m.end() + 45])
            if found is not None:
                return found
    return parse_date(head[:800])


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

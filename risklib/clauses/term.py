"""How long an agreement runs: its first term, the last day, and its renewals, from its own sentences.

Every sentence that names a length, a date or "until terminated" beside words of running and ending is weighed by what
it is about and by the heading above it; lengths of notices, cures and warranties stand with other words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import takewhile
from typing import NamedTuple

from risklib.clauses.dates import dates_in
from risklib.clauses.lengths import Length, lengths
from risklib.records import Clause, Sentence, Term


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_THING = r"(?:agreement|contract|addendum|amendment|arrangement|lease|license)"
_RUNS = _words(
    r"\b(?:commenc\w+|begins?|beginning|starts?|continu\w+|remains?|in (?:full )?(?:force|effect)|effective|valid|"
    r"runs?|lasts?|expires?|terminates?|ends?|terms?|duration|period|extends?)\b"
)
_ABOUT = _words(
    r"\b(?:initial|original|first|primary) (?:\w+ )?(?:term|period)\b|\b(?:term|duration|period)\b"
    rf"(?: \([^()]{{3,60}}\))? of (?:this|the|our|your) (?!warrant|trial)|\bthis (?:\w+ ){{0,3}}{_THING}\b|"
    r"^(?:the )?[\"“]?(?:term|initial term|contract period)\b"
)
_STRONG = _words(
    rf"\b(?:{_THING}|terms?|period|duration|hereunder|it)\b(?: \([^()]{{3,60}}\))?[^.;]{{0,90}}?"
    r"\b(?:shall|will|is|be|are)\b[^.;]{0,25}?\b(?:commence|begin|start|continue|remain|expire|terminate on|"
    r"terminate (?:automatically )?(?:at|upon) the|for|(?:in|into) (?:full )?(?:force|effect)|effective|valid|"
    r"(?=one|two|three|four|five|ten|\d))\b|\b(?:expires|commences|begins|continues) "
)
_DEFINED = _words(
    r"[\"“”]?(?:the )?[\"“”]?(?:initial |contract |agreement )?(?:term|period)[\"”]?,? (?:shall |will )?(?:means?|be)\b"
)
_NAMED = _words(r"\([^()]{0,60}[\"“](?:the )?(?:initial |original |first |contract )?(?:term|period)[\"”,.]")
_BARE = re.compile(r"\W*(?:for |from )?(?:\d|[A-Z][a-z]+ \d|one|two|three|four|five|ten|twelve)\w*\b")
_ELSEWHERE = _words(
    r"\bconfidential|\bsurviv|\bwarrant|\bnon-?compet|\binvoices?\b|\binsurance\b|\bpayments? |\bretain|\brecords\b|"
    r"\btrial\b|\bescrow\b|\bcure\b|\bforce majeure|\bamended\b|\bdelivery\b|\bexclusiv|\bbreach"
)
_CHOICE = _words(
    r"\b(?:may|right to|entitled to)(?: \w+){0,3}? (?:terminate|end|cancel)\b[^.;]{0,60}"
    r"\b(?:notice|if|upon)\b|^if (?:this|the) \w+ (?:is|has)"
)
_HEADED = _words(r"\b(?:terms?|duration|renewals?|effectiveness|expiration|commencement)\b")
_OTHER_HEAD = _words(r"\b(?:payment|confiden|warrant|definit|fees|notice|survival|general terms|restrict|insurance)")
_OPEN = _words(
    r"\b(?:unless and )?until(?: such time as)?(?: it| they| the same| this agreement| the agreement)?(?: is| are)?"
    r"(?: (?:earlier|sooner|validly|otherwise))?,? (?:terminat\w+|cancell?ed|ended)|\bin perpetuity|"
    r"\bindefinite(?:ly)?\b|\bperpetual(?:ly)?\b|\buntil (?:either|one|any) (?:party|of)|"
    r"\buntil (?:you|we|customer|licensee) |\bend when terminated\b"
)
_EVENT = _words(
    r"\b(?:until|expires? (?:up)?on|ends? (?:up)?on|terminates? (?:up)?on|through) (?:the |such )?"
    r"(?:earl\w+|lat\w+|expir\w+|complet\w+|clos\w+|date|time|end|\w+ date|_)"
)
# what stands before the length or the last day of a term, and what around the length of something else
_LEADS = _words(
    r"\b(?:for|of|be|is|are|was|until|through|expires?|ends?|terminates?|terminating|ending|lasts?|runs?|:|to|than|on|"
    r"least|upon|continues?|from|term|extend)\W*(?:(?:the|a|an|its|such|up|to|of|or|on|day|date|immediately|prior|"
    r"before|preceding|end|which|that|is|be|until|full|another|minimum|maximum|fixed|initial|first|entire|remaining|"
    r"original|primary|term|period|for|at|least|about|approximately|duration|total|then|earlier|later|"
    r"\(\w\)|\(\w\w\))\W+){0,7}$"
)
_EVE = _words(r"\bday (?:immediately )?(?:prior to|before|preceding) (?:the )?$")
_NOT_BEFORE = _words(
    r"(?:\b(?:notice|prior|within|renew\w*|successive|additional|further|another|subsequent|extended (?:by|for)|"
    r"extensions?|following|preceding|every|each|last)\b[^,;]{0,28}|"
    r"\b(?:force|term|agreement|hereof|effect) and (?!effect)(?:\w+ )?for (?:a )?(?:further )?(?:period of )?|"
    r"\b(?:upon|not less than|at least)\W+(?:a |an )?)$"
)
_NOT_AFTER = _words(
    r"\W{0,3}(?:advance |calendar )?(?:prior|written|notice|before|in advance|advance|of (?:receipt|notice|such)|"
    r"(?:after|following) (?:(?:the|any|its|such) )?(?:terminat|expir|receipt|end)|old|ago|renewal|extension)"
)
_COUNTED = _words(
    r"\W{0,2}(?:period |term |thereafter )?,?\s*(?:\([^()]{0,80}\),? ?)?(?:from|after|following|of|as of|starting|"
    r"(?:commencing|beginning) (?:on|upon|with))\s+(?:and including )?(?P<x>[^.;]{3,90})"
)
_OUR_START = _words(
    r"\b(?:effective|commencement|start|agreement|execution|signature|contract) date|\bsign(?:ing|ature)|\bexecution\b|"
    r"date (?:hereof|of (?:this|the|last|its|execution|sign)|first|set forth|above)|\bhereof\b|\bthis agreement\b|"
    r"\b(?:such|the|that) date\b(?! (?:on|of|when|that|upon)\b)"
)
_TO_DATE = _words(
    r"\b(?:until|through|thru|to|expir\w*|ends?|ended|ending|terminat\w*|conclud\w*|than|till)\W*(?:(?:and|including|"
    r"the|close|of|business|midnight|at|on|earlier|later|following|\(\w\)|date|11:59|12:00|p\.m|which|is)\W+){0,6}$"
)
_FROM_DATE = _words(
    r"\b(?:commenc\w*|begin\w*|starts?|starting|effective|from|as of|force)\W*"
    r"(?:(?:as|of|on|from|upon|the|be|in|full|date)\W+){0,4}$"
)
_RENEWS = _words(
    r"\b(?:renew\w*|(?:year|month)[- ]to[- ](?:year|month)|extend(?:ed|s)?|extensions?|successive|roll over)\b"
)
_BY_ITSELF = _words(
    r"automatic|\b(?:shall|will)(?: \w+){0,3} (?:be )?(?:deemed )?renew|\bdeemed (?:renewed|extended)|"
    r"\b(?:is|are) (?:deemed )?(?:renewed|extended)\b(?! (?:by|in) (?:the|mutual|writ))|\brenews\b|\bevergreen|"
    r"\bcontinue\w*\b[^.;]{0,60}\bsuccessive|"
    r"\b(?:year[- ]to[- ]year|month[- ]to[- ]month)"
)
_BY_CHOICE = _words(
    r"\bmay\b[^.;]{0,60}\b(?:renew|extend)|\b(?:option|right|elect\w*|opportunity)\b[^.;]{0,40}\b(?:renew|extend)|"
    r"\brenewable\b|\bcan be (?:renewed|extended)|(?:renewed|extended)[^.;]{0,60}\b(?:written|mutual|agree)|"
    r"\bagree\w*\b[^.;]{0,30}\b(?:renew|extend)"
)
_EACH = _words(
    r"\b(?:successive|additional|further|another|subsequent|consecutive|renew\w*|extend\w*|extensions?)\b[^.;]{0,70}$"
)
_NOT_EACH = _words(r"\b(?:notice|prior|within|least|than|initial (?:term|period))\b[^,;]{0,25}$")
_TERMLY = _words(
    r"\b(?P<y>annual(?:ly)?|yearly|year[- ]to[- ]year|each anniversary|year by year)\b|"
    r"\b(?P<m>month[- ](?:to|by)[- ]month|monthly)\b|"
    r"\b(?:same|equal|like|identical)\b[^.;,]{0,40}\b(?:period|length|term|duration|initial)"
)


class _Found(NamedTuple):
    score: float
    length: Length | None
    ends: date | None
    open: bool


def read_term(sentences: Sequence[Sentence], clauses: Sequence[Clause], effective: date | None) -> Term | None:
    """The term of the agreement that these are of; None where no sentence tells. ``effective``: its effective date."""
    heads = _headings(clauses)
    found, said = _Found(0.0, None, None, False), None
    for s in _whole(sentences):
        weighed = _weigh(s.text, heads.get(s.clause_id, []), effective)
        if weighed is not None and (said is None or weighed.score > found.score):
            found, said = weighed, s
    months = found.length.months if found.length else None
    each, how, renewal = _renewal(sentences, heads, said, months)
    home = said or renewal
    if home is None:
        return None
    place = (renewal.start, renewal.end) if renewal else None
    return Term(home.clause_id, home.start, home.end, months, found.ends, found.open, each, how, place)


def _headings(clauses: Sequence[Clause]) -> dict[str, list[str]]:
    """clause_id → its heading and those above it, its own first."""
    out: dict[str, list[str]] = {}
    for c in clauses:
        out[c.clause_id] = [c.heading, *out.get(c.parent_id or "", [])]
    return out


def _whole(sentences: Sequence[Sentence]) -> Iterator[Sentence]:
    """Sentences without headings; a lead-in with the items that hang from it ("until the earlier of: (a) …")."""
    told = 0
    for k, s in enumerate(sentences):
        if s.kind == "heading" or s.start < told:
            continue
        items = list(takewhile(lambda other, k=k: k in other.lead_ins, sentences[k + 1 : k + 12]))  # type: ignore[misc]
        if items and items[-1].end - s.start < 1500 and re.search(r"\b(?:until|of|upon|on)\W*$", s.text):
            told = items[-1].end
            s = replace(s, end=told, text=" ".join([s.text, *(i.text for i in items)]))
        yield s


def _weigh(text: str, heading: Sequence[str], effective: date | None) -> _Found | None:
    """What the sentence says of the term, and how sure it is that it speaks of the agreement's."""
    own = heading[0] if heading else ""
    if not _RUNS.search(f"{own} {text}"):
        return None
    length = next((x for x in lengths(text) if _leads(text, x)), None)
    given = dates_in(text)
    stated = next((d for a, _, d in given if _TO_DATE.search(text[max(0, a - 60) : a])), None)
    told = length is not None or stated is not None
    endless = not told and bool(_OPEN.search(text))
    about = _ABOUT.search(text)
    if not told and not endless and not (about and _EVENT.search(text)):
        return None
    score = 2.0 * bool(_NAMED.search(text)) + 2.0 * bool(about and about.start() < 160)
    score += 2.0 * bool(_HEADED.search(own)) + 1.0 * any(_HEADED.search(h) for h in heading[1:])
    score += 1.0 * bool(_STRONG.search(text)) + 2.0 * bool(_DEFINED.match(text))
    score += 1.0 * bool(_HEADED.search(own) and _BARE.match(text)) if told else -0.5 if endless else -1.0
    score -= 1.5 * bool(_OTHER_HEAD.search(own)) + 1.5 * bool(_ELSEWHERE.search(text)) + 0.5 * (len(text) > 900)
    score += 0.5 * bool(re.search(r"\b(?:initial|effective date)\b", text, re.IGNORECASE))
    score -= 1.5 * bool(re.match(r"(?:renew|extend|thereafter|upon expir|after the)", text, re.IGNORECASE))
    score -= 2.0 * bool(_CHOICE.search(text) and not _NAMED.search(text))
    score -= 2.0 * bool(length and length.months is None and length.n < 90)  # days: of a notice or a cure
    if score < 2.5:
        return None
    begins = next((d for a, _, d in given if _FROM_DATE.search(text[max(0, a - 40) : a])), effective)
    ends = stated
    if ends is None and length is not None and begins is not None and _from_our_start(text, length):
        ends = length.last(begins)
    return _Found(score, length, ends, endless)


def _leads(text: str, x: Length) -> bool:
    """Whether the length may be a term's, by the words before and behind it."""
    before, after = text[max(0, x.start - 90) : x.start], text[x.end : x.end + 60]
    if (_NOT_BEFORE.search(before) and not _EVE.search(before)) or _NOT_AFTER.match(after):
        return False
    return bool(_LEADS.search(before)) or x.start < 3


def _from_our_start(text: str, x: Length) -> bool:
    """Whether the length counts from the agreement's beginning, and not from a launch or a delivery."""
    m = _COUNTED.match(text, x.end)
    return m is None or bool(_OUR_START.search(m["x"])) or bool(dates_in(m["x"]))


def _renewal(
    sentences: Sequence[Sentence], heads: Mapping[str, Sequence[str]], said: Sentence | None, months: int | None
) -> tuple[int | None, str | None, Sentence | None]:
    """Months of each renewal, how it comes about, and the sentence that tells."""
    best: tuple[int | None, str | None, Sentence | None] = (None, None, None)
    most = 2.0
    for s in sentences:
        if s.kind == "heading" or not _RENEWS.search(s.text):
            continue
        by_itself = bool(_BY_ITSELF.search(s.text))
        if not by_itself and not _BY_CHOICE.search(s.text):
            continue
        each = _each(s.text, months)
        score = 1.0 * by_itself + 1.0 * (each is not None) + 0.5 * bool(_ABOUT.search(s.text))
        score += 1.0 * any(map(_HEADED.search, heads.get(s.clause_id, ()))) - 2.0 * bool(_ELSEWHERE.search(s.text))
        if said is not None:
            score += 1.5 * (s.clause_id == said.clause_id) + 0.5 * (abs(s.start - said.end) < 400)
        if score > most or (score == most and best[2] is None):
            most, best = score, (each, "automatically" if by_itself else "by agreement", s)
    return best


def _each(text: str, months: int | None) -> int | None:
    """Months of a renewal by the words of one sentence; ``months``: those of the first term, for "the same period"."""
    for x in lengths(text):
        of_notice = _NOT_AFTER.match(text[x.end : x.end + 60]) or _NOT_EACH.search(text[max(0, x.start - 40) : x.start])
        if x.months is not None and not of_notice and _EACH.search(text[: x.start]):
            return x.months
    m = _RENEWS.search(text)
    t = _TERMLY.search(text, max(0, m.start() - 20) if m else 0)
    return None if t is None else 12 if t["y"] else 1 if t["m"] else months

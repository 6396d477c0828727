"""One reader for each way in which agreements fix a time, tried in order."""

from __future__ import annotations

import re
from datetime import date, timedelta

from risklib.clauses.dates import parse_date
from risklib.due.anchors import Coming, anchor, coming_days, shifted_rule
from risklib.due.calendar import EVENT, ONGOING, RECURRING, UNKNOWN, Dates, Due, Span, convention, dated, span_in
from risklib.due.periods import EACH, anniversary, each_period, yearly_day


def due_of(words: str | None, dates: Dates, sentence: str = "") -> Due:
    """When a duty with these deadline words is due. ``sentence``: its whole text, for the event that the words cut."""
    if not words or not words.strip():
        return Due(UNKNOWN, reason="the sentence names no time")
    text = _longer(" ".join(words.split()), " ".join(sentence.split()))
    for read in (_limit, _fixed_date, _counted, yearly_day, anniversary, each_period, _bare_anchor, _ongoing, _at_once):
        found = read(text, dates)
        if found is not None:
            return found
    return Due(UNKNOWN, reason=f"no date can be told from {text!r}")


_GOES_ON = re.compile(
    r"(?:\s*,)?\s+in (?:advance|arrears?)\b(?:,? (?:on or before|by|not? later than) [^,;.]{3,30})?|"
    r",? (?:on or before|by|not? later than) [^,;.]{3,30}",
    re.I,
)


def _longer(words: str, sentence: str) -> str:
    """The words with what belongs to them in the sentence: "in advance", a day, the rest of an event that was cut."""
    at = sentence.find(words)
    if at < 0:
        return words
    rest = sentence[at + len(words) :]
    more = re.match(r"[^,;.]{0,80}", rest) if len(words) >= 40 else _GOES_ON.match(rest)
    return words + (more[0] if more else "")


def _limit(text: str, dates: Dates) -> Due | None:
    if re.search(r"\b(?:no|not) more (?:often |frequently )?than (?:once|twice|\w+ times)\b", text, re.I):
        return Due(UNKNOWN, reason="a limit on how often, not a time to act")
    if re.search(r"\b(?:not|no) (?:earlier|sooner) than\b", text, re.I):
        return Due(UNKNOWN, reason="it says the earliest time, not the latest")
    if re.search(r"\bbi-?(?:weekly|monthly|annual)", text, re.I):
        return Due(UNKNOWN, reason=f"{text!r} may mean twice a period or every second one")
    return None


def _fixed_date(text: str, dates: Dates) -> Due | None:
    day = parse_date(text)
    if day is None:
        return None
    named = _dates(text)
    if len(named) > 1 and not re.search(r"\b(?:from|between|through|until)\b", text, re.I):
        coming = next((d for d in named if d >= dates.as_of), named[-1])
        return dated(
            coming, f"the {'next' if coming >= dates.as_of else 'last'} of {len(named)} dates that the words name"
        )
    found = span_in(text)
    if found and re.search(r"\b(?:after|before|prior|from|following|of)\b", text[found[2] :], re.I):
        sign = -1 if re.search(r"\b(?:before|prior)\b", text[found[2] :], re.I) else 1
        return dated(found[0].on(day, sign), f"{found[0]} {'after' if sign > 0 else 'before'} {day}", found[0])
    if re.match(r"(?:until|through|for)\b", text, re.I):
        return Due(ONGOING, until=day, basis=f"until {day}")
    if re.search(r"\b(?:before|prior to)\s+(?!or\b)", text, re.I) and not re.search(r"\bor before\b", text, re.I):
        return dated(day - timedelta(1), f"the day before {day}")
    return dated(day, "the date that the sentence names")


def _dates(text: str) -> list[date]:
    """Every date of the text that has a year, in order of time."""
    parts = re.split(r"(?<=\d{4})\b", text)
    return sorted({d for part in parts if (d := parse_date(part)) is not None})


_BEFORE = re.compile(
    r"\b(?:before|prior to|in advance of|preceding|ahead of|previous to|beforehand|in advance|ahead)\b", re.I
)
_AFTER = re.compile(
    r"\b(?:after|following|from|of|since|upon|subsequent to|thereafter|later|when|as of|once|if)\b", re.I
)


def _counted(text: str, dates: Dates) -> Due | None:
    """ "within 30 days of X", "at least 60 days before X", "for two years after X"."""
    found = span_in(text)
    if found is None or re.match(r"\s*(?:['’]s? )?(?:basis|period basis)", text[found[2] :]):
        return None
    span, start, end = found
    tail = text[end:]
    lead = text[:start]
    if re.search(r"\b(?:every|each)\s*(?:period of )?$", lead, re.I):
        return None
    notice = re.match(r"['’]?\s*(?:(?:prior|advance|written|previous)\s+)*(?:written\s+)?notice\b", tail, re.I)
    before, after = _BEFORE.search(tail), _AFTER.search(tail)
    if notice and not re.search(r"\b(?:after|of receipt|following)\b", tail[notice.end() : notice.end() + 20]):
        to = before if before and before.start() >= notice.end() else None
        if to is None:
            return Due(EVENT, event="the step that the notice announces", basis=f"{span} before it",
                       reason="counts back from a step that has no date yet")  # fmt: skip
        before, after = to, None
    joint = min((m for m in (before, after) if m), key=lambda m: m.start(), default=None)
    if joint is None:
        return _uncounted(span, lead, dates)
    sign = -1 if joint is before else 1
    event = re.sub(r"^(?:the )?date (?:of|on which)\s+(?=receipt|the invoice)", "", tail[joint.end() :].strip(" ,;"))
    stays = re.match(r"(?:for|during|throughout)\b", text, re.I) is not None and sign > 0
    return _fromanchor(span, sign, event, dates, stays)


def _uncounted(span: Span, lead: str, dates: Dates) -> Due:
    if re.search(
        r"\b(?:for|period of)\s*(?:a |an |the |at least |no less than |not less than |period of |further )*$",
        lead,
        re.I,
    ):
        return Due(ONGOING, basis=f"for {span}", reason=f"the sentence does not say from when the {span} count")
    return Due(EVENT, basis=str(span), reason=f"the words do not say from when the {span} count")


def _fromanchor(span: Span, sign: int, event: str, dates: Dates, stays: bool) -> Due:
    side = "after" if sign > 0 else "before"
    day, name, why = anchor(event, dates)
    if day is not None:
        out, basis = span.on(day, sign), f"{span} {side} {name} ({day})"
        if stays:
            return Due(ONGOING, until=out, basis=basis + convention(span))
        return dated(out, basis, span)
    coming = coming_days(event, dates)
    if coming is not None:
        return _shifted(span, sign, coming, dates, side)
    words = re.split(r"[,;.]", event)[0].strip() or "an event that the words do not name"
    return Due(ONGOING if stays else EVENT, event=words, basis=f"{span} {side} it" + convention(span),
               reason=why or f"counts from an event that has no date yet: {words}")  # fmt: skip


def _shifted(span: Span, sign: int, coming: Coming, dates: Dates, side: str) -> Due:
    days = sorted(span.on(d, sign) for d in coming.days)
    day = next((d for d in days if d >= dates.as_of), None)
    rule = shifted_rule(span, sign, coming)
    return Due(RECURRING, day=day, rule=rule, basis=f"{span} {side} {coming.name}" + convention(span))


def _bare_anchor(text: str, dates: Dates) -> Due | None:
    """ "before the end of the initial term", "on the Effective Date", "upon expiry of the term"."""
    m = re.match(
        r"(?P<lead>(?:on or before|no(?:t)? later than|by|before|prior to|upon|on|at|after|following|"
        r"until|through|as of|from)\s+)(?P<event>.+)",
        text, re.I,
    )  # fmt: skip
    if m is None or re.match(r"(?:all times|any time|no time)\b", m["event"], re.I):
        return None
    event, lead = m["event"].strip(), m["lead"].strip().lower()
    day, name, why = anchor(event, dates)
    if day is not None:
        if lead in ("before", "prior to"):
            return dated(day - timedelta("start" in name), f"before {name} ({day})")
        if lead in ("after", "following", "from"):
            return Due(EVENT, event=name, basis=f"from {day} on", reason="the words say from when, not by when")
        if lead in ("until", "through"):
            return Due(ONGOING, until=day, basis=f"until {name}")
        return dated(day, f"{name} ({day})")
    coming = coming_days(event, dates)
    if coming is not None:
        shift = -1 if lead in ("before", "prior to") and "first day" in coming.name else 0
        days = [d + timedelta(shift) for d in coming.days]
        day = next((d for d in days if d >= dates.as_of), None)
        rule = coming.rule if not shift else f"{coming.rule};X-OFFSET=-P1D"
        return Due(RECURRING, day=day, rule=rule, basis=f"{'the day before ' * (shift < 0)}{coming.name}")
    if lead in ("until", "through"):
        return Due(ONGOING, event=event, reason=f"runs until an event that has no date yet: {event}")
    if EACH.search(text):
        return None
    words = re.split(r"[,;.]", event)[0].strip()
    return Due(
        EVENT, event=words, basis=f"{lead} it", reason=why or f"counts from an event that has no date yet: {words}"
    )


_ONGOING = re.compile(
    r"\b(?:at all times|at no time|during|throughout|for (?:so|as) long as|for the (?:duration|term|life)|"
    r"ongoing|continuous|always|for a period of|around the clock|at any time|in perpetuity|perpetual)\b",
    re.I,
)


def _ongoing(text: str, dates: Dates) -> Due | None:
    if not _ONGOING.search(text):
        return None
    term = re.search(r"\b(?:term|agreement|subscription)\b", text, re.I)
    if term and dates.current_end is not None:
        return Due(ONGOING, until=dates.current_end, basis="as long as the running term")
    return Due(ONGOING, basis="no day is set: it holds all the time")


def _at_once(text: str, dates: Dates) -> Due | None:
    m = re.match(
        r"(?:immediately|forthwith|at once|instantly)\b\s*(?:upon|after|on|following|when|if|once)?\s*(?P<e>.*)",
        text,
        re.I,
    )
    if m:
        event = re.split(r"[,;.]", m["e"])[0].strip() or "the event that the sentence names"
        return Due(EVENT, event=event, basis="at once", reason=f"counts from an event that has no date yet: {event}")
    m = re.match(
        r"(?:when|whenever|each time|every time|where|if|once|concurrently with|simultaneously with)\s+(?P<e>.+)",
        text,
        re.I,
    )
    if m:
        return Due(EVENT, event=m["e"], basis="at it", reason=f"counts from an event that has no date yet: {m['e']}")
    if re.search(
        r"prompt|without (?:undue )?delay|as soon as|reasonable|timely|in good time|from time to time|"
        r"when due|periodic|regular",
        text,
        re.I,
    ):
        return Due(UNKNOWN, reason=f"{text!r} fixes no date")
    return None

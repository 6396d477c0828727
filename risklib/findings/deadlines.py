"""The words that fix a time or a frequency. "Promptly" fixes none: it is a vague standard (playbook, vague.yaml)."""

from __future__ import annotations

import re

_SPELLED = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|eighteen|twenty|thirty|forty|fifty|"
    r"sixty|seventy|eighty|ninety|hundred)"
)
_N = rf"(?:{_SPELLED}(?:(?: and)?[ -]{_SPELLED})*\s*\(\d+\)|\(\d+\)|\d+|{_SPELLED}(?:[ -]{_SPELLED})*|a|an)"
_UNIT = r"(?:business |calendar |working |full )*(?:hours?|days?|weeks?|months?|quarters?|years?)['’]?"
# "monthly" fixes a frequency where it is an adverb: "shall report monthly", not "the monthly fee"
_ADVERB = (
    r"\s*(?:[,;.)]|$|in\b|on\b|by\b|to\b|and\b|or\b|at\b|after\b|during\b|for\b|basis|reports?\b|payments?\b|"
    r"invoices?\b|instal\w+|statements?\b|reviews?\b|meetings?\b|backups?\b)"
)
_DATE = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December)\s+\d{1,2}\b[^;.]{0,20}"
)
_EVENT = r"(?:\s+(?:of|after|from|following|before|prior to|preceding)\s+[^,;.]{2,70})?"
_PATTERNS = tuple(
    re.compile(p, re.I)
    for p in (
        rf"\b(?:within|no(?:t)? later than|at least|not less than|no less than|no more than|for|after|until|"
        rf"up to)\s+(?:the |a period of |an additional |at least |no (?:more|"
        rf"less) than )*{_N}[ -]{_UNIT}(?:['’]? (?:prior |advance |written )*notice)?{_EVENT}",
        rf"\b{_N}[ -]{_UNIT}\s+(?:prior|after|before|following|from|in advance|advance)\b[^,;.]{{0,60}}",
        r"\bno(?:t)? later than\s+[^,;.]{3,60}",
        r"\b(?:immediately|forthwith)\b(?:\s+(?:upon|after|on|following|when|if)\s+[^,;.]{3,70})?",
        r"\bas soon as [^,;.]{3,50}",
        r"\bon (?:each|the|your|its) (?:next )?(?:\w+ ){1,3}Date\b",
        r"\b(?:after|following) (?:the |its |any )?(?:[\w’']+ ){0,4}(?:period|execution|receipt|delivery|completion|"
        r"launch)\b"
        r"[^,;.]{0,40}",
        r"\b(?:in advance|in arrears|when due|by the due date|on or before\s+[^,;.]{3,50}|"
        r"at the time of\s+[^,;.]{3,60}|contemporaneous(?:ly)? with\s+[^,;.]{3,60})",
        r"\b(?:prior to|before)\s+(?!written|notice|the matters|a court|any court|the courts?|us\b|law)[^,;.]{3,70}",
        r"\b(?:up)?on (?:any |the |its |an? )*(?:\w+ ){0,2}(?:expir\w+|terminat\w+|ending|commencement|completion|"
        r"cancellation|acceptance|anniversary)\b[^,;.]{0,60}",
        r"\b(?:after|following)\s+(?:any |the |such |its )*(?:expir\w+|terminat\w+|effective date)\b[^,;.]{0,60}",
        rf"\b(?:daily|weekly|monthly|quarterly|(?:semi-)?annually|yearly)\b(?={_ADVERB})",
        r"\b(?:once (?:a|per|each|every) \w+|(?<!% )(?<!percent )(?:each|every|(?<![\d)] )per)\s+(?:calendar |"
        r"contract |billing )?(?:day|week|month|quarter|year)|on an? (?:annual|semi-annual|ongoing|monthly|quarterly|"
        r"weekly|daily) basis)\b",
        r"\bat the (?:commencement|beginning|start|end|conclusion|expir\w+|earliest|earlier)\b[^,;.]{0,60}",
        rf"\b(?:by|on|before|until|from|of|as of)\s+{_DATE}",
        rf"\b(?:shall|will|must) have (?:up to )?{_N}[ -]{_UNIT}\b[^,;.]{{0,60}}",
        rf"\b(?:during|within) the first {_N}[ -]{_UNIT}\b[^,;.]{{0,60}}",
        r"\bwithin the (?:\w+ ){1,3}(?:period|time)\b",
        r"\b(?:on|upon) (?:(?:first |written )?demand|request)\b",
        r"\b(?:at all times|during and after|for (?:so|as) long as\s+[^,;.]{3,60})",
        r"\bthroughout (?:the |any |each |its |your )?(?:entire |applicable |then-current |current |initial )*"
        r"(?:term|subscription term|period)\b[^,;.]{0,40}",
        r"\bfor a period of\s+[^,;.]{3,60}",
    )
)
_AGE = re.compile(r"\w?\s*(?:of age|old)\b", re.I)  # "at least 16 years old"
_IF = re.compile(r"\b(?:if|unless),?\s*$", re.I)  # "unless, prior to the invoice date, …" is a condition


def deadline(text: str) -> str | None:
    """The first words that fix when or how often; None where the sentence fixes neither. Verbatim from ``text``."""
    found = [
        (m.start(), -(m.end() - m.start()), m.group(0))
        for p in _PATTERNS
        for m in p.finditer(text)
        if not _AGE.match(text[m.end() - 1 :]) and not _AGE.search(m.group(0)) and not _IF.search(text[: m.start()])
    ]
    return min(found)[2].strip(" ,;") if found else None

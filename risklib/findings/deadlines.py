"""The words that fix a time or a frequency. "Promptly" fixes none: it is a vague standard (playbook, vague.yaml)."""

from __future__ import annotations

import re

_N = (
    r"(?:[a-z]+(?:[ -][a-z]+)?\s*\(\d+\)|\d+|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|"
    r"twenty|thirty|forty-five|sixty|ninety|a|an)"
)
_UNIT = r"(?:business |calendar |working |full )*(?:hours?|days?|weeks?|months?|quarters?|years?)['’]?"
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
        r"\bas soon as (?:reasonably |practicabl[ey]|possible)[^,;.]{0,40}",
        r"\b(?:in advance|in arrears|when due|by the due date|on or before\s+[^,;.]{3,50}|"
        r"at the time of\s+[^,;.]{3,60}|contemporaneous(?:ly)? with\s+[^,;.]{3,60})",
        r"\b(?:prior to|before)\s+(?!written|notice|the matters|a court|any court|the courts?|us\b|law)[^,;.]{3,70}",
        r"\b(?:up)?on (?:any |the |its |an? )*(?:\w+ ){0,2}(?:expir\w+|terminat\w+|ending|commencement|completion|"
        r"cancellation|acceptance|anniversary)\b[^,;.]{0,60}",
        r"\b(?:after|following)\s+(?:any |the |such |its )*(?:expir\w+|terminat\w+|effective date)\b[^,;.]{0,60}",
        r"\b(?:daily|weekly|monthly|quarterly|annually|once (?:a|per|each|every) \w+|(?:each|every|"
        r"per)\s+(?:calendar |contract |billing )?(?:day|week|month|quarter|year)|on an annual basis|"
        r"on an ongoing basis)\b",
        r"\b(?:at all times|during and after|for (?:so|as) long as\s+[^,;.]{3,60})",
        r"\b(?:throughout|during) (?:the |any |each |its |your |CUSTOMER's )?(?:entire |applicable |then-current |"
        r"current |initial )*(?:term|subscription term|period)\b[^,;.]{0,40}",
        r"\bfor a period of\s+[^,;.]{3,60}",
    )
)


def deadline(text: str) -> str | None:
    """The first words that fix when or how often; None where the sentence fixes neither. Verbatim from ``text``."""
    found = [(m.start(), -(m.end() - m.start()), m.group(0)) for p in _PATTERNS for m in p.finditer(text)]
    return min(found)[2].strip(" ,;") if found else None

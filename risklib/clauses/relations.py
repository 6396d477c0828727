"""What a customer and a provider do to each other, as patterns over text in which the parties are marked "§0§", "§1§".

Each row: weight for the marked party in group 1 (above 0 speaks for customer), and the pattern.
"""

from __future__ import annotations

import re

_A = r"§(\d+)§"
_B = r"§\d+§"
_OWN = r"§(\d+)§['’]s?"
_WILL = r"(?:shall|will|may|must|agrees? to|undertakes to|is obligated to|hereby)"
_SOME = r"(?: (?!not\b)\w+){0,2}"
_GIVE = r"(?:provide|perform|furnish|supply|host|make available|deliver|license|install|support|operate)"
_SERVICES = (
    r"(?:(?:then|then-current|standard|current|published|proprietary|hosted|professional) )*(?:services?|"
    r"software|platform|products?|"
    r"technology|pricing|price list|rates|maintenance|support|documentation|website|sites?|system)"
)

RELATIONS: tuple[tuple[float, re.Pattern[str]], ...] = tuple(
    (weight, re.compile(pattern, re.IGNORECASE))
    for weight, pattern in (
        (
            -3.0,
            rf"{_A},? (?:hereby |also |shall |will |agrees to |further |grants and )*(?:grants?|"
            rf"licenses)(?: and \w+)?(?: to)? {_B}",
        ),
        (
            3.0,
            rf"{_B},? (?:hereby |also |shall |will |agrees to |further )*(?:grants?|"
            rf"licenses)(?: and \w+)?(?: to)? {_A}",
        ),
        (3.0, rf"{_A} {_WILL}{_SOME} pay\b"),
        (1.5, rf"{_A} {_WILL}{_SOME} (?:reimburse|remit)\b"),
        (-3.0, rf"\bpa(?:y|id|yable|yments?|ys)(?: \w+){{0,3}} to {_A}"),
        (-3.0, rf"\bpay {_A}"),
        (3.0, rf"\b(?:invoices?|bills?|charges?)(?: to)? {_A}"),
        (-3.0, rf"{_A} {_WILL}{_SOME} (?:invoice|bill|charge)\b"),
        (-2.0, rf"{_A} {_WILL}{_SOME} {_GIVE}\b"),
        (
            -2.0,
            rf"\b(?:provided|performed|supplied|licensed|furnished|made available|delivered|rendered|hosted|developed|"
            rf"maintained) by {_A}",
        ),
        (2.0, rf"\b(?:provided|provide|licensed|furnish|furnished|made available|rendered|supplied) to {_A}"),
        (2.0, rf"\bprovide {_A} with\b"),
        (-1.5, rf"{_OWN} {_SERVICES}\b"),
        (
            1.5,
            rf"{_OWN} (?:use|access|end users?|users|employees|order|account|subscription|business|purchase|data|"
            rf"content)\b",
        ),
        (
            2.0,
            rf"{_A} {_WILL}{_SOME} (?:not )?(?:use|access|resell|market|sublicense|reverse|distribute|order|"
            rf"purchase|download)\b",
        ),
        (
            3.0,
            rf"{_A} (?:desires?|wishes|wants|would like|seeks)(?: to)? (?:obtain|license|engage|retain|purchase|"
            rf"acquire|use|receive|market|have|resell|buy|outsource|procure|distribute)",
        ),
        (
            -3.0,
            rf"{_A} (?:desires?|wishes|wants|is willing|has agreed|agrees)(?: to)? (?:grant|provide|license|sell|"
            rf"supply|perform|furnish|render|appoint)",
        ),
        (
            -2.0,
            rf"{_A} (?:is|has been) (?:engaged )?(?:in )?(?:the business of|a provider|the owner|"
            rf"a leading provider|an? \w+ provider|the sole owner)",
        ),
        (3.0, rf"\bappoints? {_A}"),
        (-3.0, rf"\b(?:retains?|engages?|hires?|desires?) {_A} (?:to|for|as)\b"),
        (2.0, rf"{_A} (?:\w+ )?(?:accepts?|purchases?|orders?|subscribes?|receives?|licenses? from)\b"),
        (-1.5, rf"\b(?:purchased|licensed|obtained|ordered|received|acquired) from {_A}"),
        (1.5, rf"\b(?:fees?|amounts?|charges|sums|payments?) (?:\w+ ){{0,2}}(?:due|owed|payable|paid|owing) by {_A}"),
    )
)

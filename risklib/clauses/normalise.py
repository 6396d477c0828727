"""Party names to two tokens: every alias becomes CUSTOMER or PROVIDER, so that all agreements read alike."""

from __future__ import annotations

import re
from functools import lru_cache

from risklib.clauses.cues import CUSTOMER_WORDS, PROVIDER_WORDS, WEAK_WORDS
from risklib.records import BOTH, CUSTOMER, Party

_POSSESSIVE = {"your": "'s", "yours": "'s", "our": "'s", "ours": "'s"}
_PRONOUNS = {"you": ("you", "your", "yours", "yourself", "yourselves"), "we": ("we", "us", "our", "ours", "ourselves")}
_JOINT = re.compile(
    r"\b(?:(neither)(?: party| of (?:the|us|the two) ?parties| of us)|"
    r"(?:each|either|both)(?: (?:of )?the)? part(?:y|ies)(?: hereto)?|(?:each|either|both) of (?:us|you and us)|"
    r"(?<!third )the parties(?: hereto)?)(['’]s?(?!\w))?(?!\w)",
    re.IGNORECASE,
)
_CAPITAL_PARTIES = re.compile(r"(?<!Third )(?<!third )(?<!third-)(?<!Third-)(?<!Other )\bParties\b(['’](?!\w))?")
_AFTER_US = re.compile(
    r"\s*(?:government|federal|dollars?|\$|law|state|citizen|person|export|patent|copyright|tax|based)", re.IGNORECASE
)


def _forms(party: Party) -> set[str]:
    out = set(party.aliases)
    if len(party.name) > 2:
        out.add(" ".join(party.name.lower().split()))
    for _head, forms in _PRONOUNS.items():
        if out & set(forms):
            out |= set(forms)
    return out


@lru_cache(maxsize=64)
def _pattern(parties: tuple[Party, ...]) -> tuple[re.Pattern[str], dict[str, str]] | None:
    side = {form: party.role.upper() for party in parties for form in _forms(party)}
    if not side:
        return None
    longest = sorted(side, key=lambda form: (-len(form), form))
    spaced = (re.escape(form).replace(r"\ ", r"\s+").replace("'", "['’]") for form in longest)
    pattern = rf"(?<![\w@./’'-])({'|'.join(spaced)})(?![\w@]|-\w|\.\w)(['’](?:s(?!\w)|(?!\w)))?"
    return re.compile(pattern, re.IGNORECASE), side


def _is_name(found: str, text: str, m: re.Match[str]) -> bool:
    """Whether the words stand for a party here, and are not the ordinary words that they also are."""
    word = found.lower()
    if word == "us":
        if found == "us":
            return True
        before = text[: m.start()].rstrip()
        loud = text.isupper() and not _AFTER_US.match(text, m.end())
        return (found == "Us" and bool(before) and before[-1] not in ".:") or loud
    if any(word in forms for forms in _PRONOUNS.values()):
        return True
    if word in (CUSTOMER_WORDS | PROVIDER_WORDS) - WEAK_WORDS:
        return True
    return not found.islower() or " " in word  # "notion", "tag", "company" in small letters are plain words


def normalise(text: str, parties: tuple[Party, ...]) -> str:
    """``text`` with every alias of the parties as CUSTOMER or PROVIDER, and "each party", "the parties" … as BOTH.

    Possessives stay ("Licensee's" and "your" → "CUSTOMER's"); "neither party" becomes "neither BOTH". Words in small
    letters that only look like a party's name ("a notion", "the company" where "Company" is defined) stay as they are.
    """
    made = _pattern(parties)
    if made is not None:
        pattern, side = made

        def token(m: re.Match[str]) -> str:
            found = m.group(1)
            key = " ".join(found.lower().replace("’", "'").split())
            role = side.get(key) or side.get(key.replace("'", "’"), CUSTOMER.upper())
            if not _is_name(found, text, m):
                return m.group(0)
            return role + ("'s" if m.group(2) else _POSSESSIVE.get(key, ""))

        text = pattern.sub(token, text)
    joint = BOTH.upper()
    text = _JOINT.sub(lambda m: ("neither " if m.group(1) else "") + joint + ("'s" if m.group(2) else ""), text)
    return _CAPITAL_PARTIES.sub(lambda m: joint + ("'s" if m.group(1) else ""), text)

"""Whose law and which courts: the place that a governing-law sentence names."""

from __future__ import annotations

import re

_NAME = r"(?:[A-Z][\w.'’-]*|[A-Z]{2,})"
_JOIN = r"(?:\s+(?:of|and|the|of the)\s+|,\s*|\s+)"
_PLACE = rf"{_NAME}(?:{_JOIN}{_NAME}){{0,7}}"
_FORM = (
    r"(?:(?:[Ss]tate|[Pp]rovince|[Cc]ommonwealth|[Rr]epublic|[Cc]ity|[Cc]ounty|[Kk]ingdom|[Dd]istrict|[Cc]anton|"
    r"STATE|PROVINCE|COMMONWEALTH|REPUBLIC|CITY)(?:\s+(?:and\s+[Cc]ounty\s+)?(?:of|OF)\s+(?:the\s+)?))"
)
_PATTERNS = tuple(
    re.compile(p)
    for p in (
        rf"(?i:\blaws?\b)(?:\s*\([^)]*\))?[^.;]{{0,60}}?\b(?i:of|in)\s+(?:the\s+|THE\s+)?(?P<p>{_FORM}?{_PLACE})",
        rf"(?P<p>{_PLACE})\s+(?:(?i:substantive|internal|domestic)\s+)?(?i:laws?)\b(?!\s+(?i:enforcement))",
        rf"(?i:\b(?:courts?|venue|jurisdiction|forum|arbitrat\w+|hearings?|mediation|proceedings?|instituted|brought|"
        rf"seat(?:ed)?|place|offices?)\b)[^.;]{{0,90}}?\b(?i:in|of|for|at|within|be:?|"
        rf"is)\s+(?:\([a-z]\)\s*)?(?:the\s+|THE\s+)?(?P<p>{_FORM}?{_PLACE})",
        rf"\b(?i:domiciled|located|resident|situated)\s+(?:solely\s+)?(?i:in)\s+(?:the\s+)?(?P<p>{_FORM}?{_PLACE})",
        rf"(?P<p>{_PLACE})\s+(?:(?i:state|federal|shall|is|will|as)\b[^.;]{{0,40}})?(?i:courts?|forum|venue|"
        rf"jurisdiction)\b",
        rf"(?P<p>{_NAME}(?: {_NAME}){{0,2}}, {_NAME}(?: {_NAME})?)(?=,? (?:unless|to the extent|or at some|"
        rf"United States))",
        rf"(?i:jurisdictions? other than)\s+(?P<p>{_PLACE})",
    )
)
# where all is capitals, only "the laws of the State of X" tells a place from other words
_LOUD = (
    re.compile(r"\bSTATE OF (?P<p>[A-Z]+(?: (?!WITHOUT|AND|OR|SHALL|EXCLUD|EXCEPT)[A-Z]+)?)"),
    re.compile(
        r"\bLAWS? OF (?:THE )?(?P<p>(?:(?:PROVINCE|COMMONWEALTH|REPUBLIC) OF )?(?!LAW|THE|THIS|ANY|OTHER)[A-Z]+)"
    ),
)
# capitalised words that are no place: parties, papers, institutions
_NOT_PLACES = re.compile(
    r"^(?:Governing|Applicable|Choice|Exclusive|Venue|Jurisdiction|Such|Which|Mandatory|Local|Binding|Customer|"
    r"Provider|Licensee|Licensor|Client|Supplier|Company|Reseller|Subscriber|Service|Services|Agreement|Terms?|"
    r"Party|Parties|Order|"
    r"Section|Article|Exhibit|Schedule|Claims?|Disputes?|Arbitrat\w+|Notice|Rules?|JAMS|AAA|ICC|LCIA|"
    r"American Arbitration|Uniform|Federal|United Nations|"
    r"UN\b|International|Convention|Act|Law|Laws|Court|Courts|You|Your|We|Our|Each|Either|Any|All|This|The|It|In|"
    r"If|Such|No|Parties|Hereto|Conflicts?|"
    r"Commercial|National|Data|User|Users|Confidential|Intellectual|Supreme|High|District|Superior|Business|"
    r"Effective|Additional|Software|Conflict|"
    r"AND|OR|WITHOUT|SHALL|LAW|LAWS|COURT|COURTS|OTHER|THAN|RULES|PARTIES|CHOICE|IN|TO|BY|AGREEMENT|THIS|Product|"
    r"Products)\b"
)
_TRAIL = re.compile(
    r"(?:,|\s)+(?:and|of|the|without|excluding|except|as|for|shall|will|is|are|USA only|State|Federal|Superior|"
    r"District|Courts?|Court|Law|Laws|AND|OF|THE|WITHOUT|EXCLUDING|EXCEPT|RULES|SHALL)\s*$"
)
_CUT = re.compile(
    r"\s+(?:and|or)\s+(?:the\s+)?(?:federal|state|controlling|applicable|United States|U\.S\.|US\b|Federal|State|"
    r"Customer|Provider|[a-z]).*$|\s*,?\s+(?:without|excluding|WITHOUT|EXCLUDING|except|and the|USA's)\b.*$|"
    r"\.\s.*$",
)


_PEOPLES = {
    "English": "England", "Swiss": "Switzerland", "Swedish": "Sweden", "Irish": "Ireland", "French": "France",
    "German": "Germany", "Norwegian": "Norway", "Danish": "Denmark", "Dutch": "Netherlands", "Spanish": "Spain",
    "Italian": "Italy", "Finnish": "Finland", "Belgian": "Belgium", "Austrian": "Austria", "Scottish": "Scotland",
    "Japanese": "Japan", "Indian": "India", "Israeli": "Israel", "Canadian": "Canada", "Australian": "Australia",
    "Scots": "Scotland",
}  # fmt: skip


def jurisdiction(text: str) -> str | None:
    """The first place named as governing law, court or seat; None when the sentence names none."""
    loud = sum(c.isupper() for c in text) > 0.6 * sum(c.isalpha() for c in text)
    for pattern in _LOUD if loud else _PATTERNS:
        for m in pattern.finditer(text):
            place = _clean(m["p"])
            if place:
                return place
    return None


def _clean(place: str) -> str | None:
    place = _CUT.sub("", place.strip(" ,.;:")).strip(" ,.;:")
    before = ""
    while before != place:
        before, place = place, _TRAIL.sub("", place).strip(" ,;:")
    if len(place) < 3 or _NOT_PLACES.match(place) or not re.search(r"[A-Za-z]{3}", place):
        return None
    place = _PEOPLES.get(place, place)
    return place.title() if place.isupper() and len(place) > 3 else place

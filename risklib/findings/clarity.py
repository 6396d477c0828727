"""How clear a responsibility is: six marks, each with the words that earned or lost it, and what to ask about the lost.

who · what · when · how_well · what_if_not · reviewed_when. The vague words, and the question and wording for each mark
that is missing, are the playbook's (``vague.yaml``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from risklib.clauses.normalise import normalise
from risklib.findings.deadlines import deadline
from risklib.playbook import Playbook
from risklib.playbook.phrases import Hit
from risklib.records import BOTH, PROHIBITION, Agreement, Doubt, Party, Responsibility, Sentence

MARKS = ("who", "what", "when", "how_well", "what_if_not", "reviewed_when")
CLEAR = 0.6  # share of the marks from which a responsibility counts as clear: four of six
_ROLE = r"\b(?:CUSTOMER|PROVIDER|BOTH)\b(?!['’](?:s\b|(?!re|ll|ve)))"
_MODAL = (
    r"(?:shall|will|must|may|can|cannot|agrees?|undertakes?|is|are|has|have|covenants?|acknowledges?|represents?|"
    r"warrants?|assumes?|needs?|bears?|remains?|grants?|authori[sz]es?|consents?)\b"
)
# the party does it: "Customer shall …", "Customer, at its cost, will …", "by Customer", "Customer's responsibility"
_ACTIVE = re.compile(
    rf"(?<!\bto )(?<!\bfrom )(?<!\bfor )(?<!\bby )(?<!\bwith )({_ROLE})(?:\s*\([^()]*\))?(?:,[^;:.]{{1,120}},)?"
    rf"(?:(?:\s+[\w’'/-]+){{0,5}}?\s+{_MODAL}|['’](?:re|ll|ve)\b)"
)
_AGENT = re.compile(
    rf"\b(?:by|upon|requires?|obliges?|(?:responsibilit\w+|obligation|duty|expense|cost|risk) of)\s+(?:the )?({_ROLE})|"
    r"\b(?:CUSTOMER|PROVIDER|BOTH)['’]s?\s+(?:\w+\s+){0,2}(?:responsibilit\w+|obligation\w*|dut\w+|expense|cost|risk)"
)
# a role that the clause itself makes: "the Receiving Party shall …"
_FUNCTION = re.compile(
    r"(?<!\bto )(?<!\bby )(?<!\bof )(?<!\bfrom )(?<!\bwith )\b((?:[Tt]he |[Ss]uch |[Ee]ach |[Aa]ny )?"
    r"(?:(?!to |by |of )[\w-]+ )?(?:[Pp]arty|Recipient|Discloser|[Ii]ndemnitor|[Ii]ndemnitee|Customer|Client|Licensee|"
    r"Licensor|Provider|Supplier|Vendor|Reseller|Partner|Subscriber|Users?))\s+(?:\w+ ){0,2}?"
    r"(?:shall|will|must|may|agrees?|is|are|undertakes?)\b"
)
_TOLD = re.compile(
    r"^\W*(?:\w{1,4}[.)]\s+)?(do not|don['’]t|never|always|please|keep|use|notify|pay|make sure|ensure)\b", re.I
)
_PASSIVE = re.compile(
    r"\b(?:shall|will|must|is to|are to|may)\s+(?:not\s+)?(?:also\s+|only\s+|promptly\s+)?be\s+"
    r"\w+(?:ed|en|id|ade|ept|ent|one|ld)\b",
    re.I,
)
_FORBIDS = re.compile(
    r"\b(?:(?:shall|will|must|may|can|do|does|agrees?|is|are)\s*(?:not|never)(?:\s+to)?|cannot|don['’]t|neither|"
    r"in no event|under no circumstances|(?:may|shall|will) only|solely|only|no right to|prohibited|refrain\w*|"
    r"no|nor|not)\b",
    re.I,
)
_STANDARD = re.compile(
    r"\b(?:in (?:strict |full )?(?:accordance|compliance|conformity|conformance|agreement) with (?:the |its |all )?"
    r"[^,;.]{4,60}|compl(?:y|ies|iance) with (?:the |its |all |any )?[^,;.]{4,60}|"
    r"at least (?:\w+ \(?)?\d[^,;.]{0,40}|no(?:t)? (?:more|less|fewer|greater) than [^,;.]{3,40}|"
    r"\d+(?:\.\d+)?\s?%|[$€£]\s?\d[\d,.]*|ISO[ /]?\d+|SOC ?\d|PCI|NIST|"
    r"as (?:is |are |may be )?(?:set (?:out|forth)|specified|described|stated|provided|required|defined|permitted|"
    r"listed|indicated|directed) (?:in|by|under|on|at|herein|hereunder|from)\b[^,;.]{0,50}|"
    r"(?:set (?:out|forth)|specified|described|stated|listed|identified|indicated|designated) (?:in|on|by) "
    r"[^,;.]{3,50}|"
    r"the same (?:degree|standard|manner|level|terms)[^,;.]{0,50}|"
    r"(?:no|not) less (?:protective|restrictive|stringent)[^,;.]{0,40}|"
    r"in writing|written (?:notice|report|certification|records?|confirmation)|in full|in its entirety|"
    r"(?:true|correct|complete|accurate),? and (?:true|correct|complete|accurate|current)|"
    r"without (?:set-?off|deduction)[^,;.]{0,30}|"
    r"to the (?:specifications?|requirements?|standards?) [^,;.]{3,40}|strictly|true, [^;.]{3,30}|"
    r"(?:pay|return|destroy|delete|erase|remit|reimburse|retain|remove|surrender|cease|bear|obtain|provide|include|"
    r"reproduce|preserve)\w*\s+(?:(?!some)\w+\s+){0,1}?(?:all|each|every|any and all|the entire)\s[^,;.]{2,40})",
    re.I,
)
_OBJECT = 40  # characters from the verb on in which its object stands
_REVIEW = re.compile(
    r"[^.;]*\breview(?:s|ed|ing)?\b[^.;]{0,100}\b(?:annual\w*|yearly|quarter\w*|month\w*|each year|every \w+|"
    r"once (?:a|per|each)|regular\w*|periodic\w*)\b"
    r"|[^.;]*\b(?:annual|quarterly|monthly|yearly|periodic) (?:review|meeting|audit)s?\b",
    re.I,
)
_MAYBE = re.compile(r"review|(?:annual|ly|ic) (?:meeting|audit)", re.I)  # _REVIEW takes time on every other sentence
_COUNT = re.compile(
    r"\d|\b(?:one|two|three|five|seven|ten|fifteen|twenty|thirty|sixty|ninety|daily|weekly|monthly)\b", re.I
)
_BOTH_WORDS = r"\b(?:each|either|neither|both)(?: of)?(?: the)? part(?:y|ies)|\bthe parties|\bparties"


def with_clarity(
    agreement: Agreement, found: Sequence[Responsibility], playbook: Playbook
) -> tuple[Responsibility, ...]:
    """The responsibilities with ``marks``, ``vague``, ``doubts`` and ``clarity`` (share of marks earned) filled in."""
    reviews = _reviews(agreement)
    at = {(s.start, s.end): s for s in agreement.sentences}
    return tuple(_marked(agreement, r, at.get((r.start, r.end)), playbook, reviews) for r in found)


def share_clear(found: Sequence[Responsibility]) -> float | None:
    """The share of these responsibilities that are clear, 0 to 1; None where there are none."""
    return round(sum(r.clarity >= CLEAR for r in found) / len(found), 3) if found else None


def _marked(
    agreement: Agreement, r: Responsibility, sentence: Sentence | None, playbook: Playbook, reviews: Mapping[str, str]
) -> Responsibility:
    text = agreement.document.quote(r.start, r.end)
    hits = playbook.vague_phrases.match(text)
    mark_of = {v.word: v.mark for v in playbook.vague}
    costs: dict[str, Hit] = {}
    for h in hits:
        if mark_of[h.entry_id] != "what" or _at_once(h, text, r.action):
            costs.setdefault(mark_of[h.entry_id], h)
    lead = " ".join(agreement.sentences[k].text for k in sentence.lead_ins) if sentence else ""
    top = agreement.path(r.clause_id)
    who, unnamed = _who(text, lead, agreement.parties)
    forbids = _FORBIDS.search(lead) or _FORBIDS.search(text)
    absolute = forbids.group(0) if r.modality == PROHIBITION and forbids else None
    late = [h for h in hits if mark_of[h.entry_id] == "when"]
    marks = {
        "who": who,
        "what": None if "what" in costs else r.action,
        "when": _when(r.deadline, text, late) or (_when(deadline(lead), lead, ()) if lead else None) or absolute,
        "how_well": None if "how_well" in costs else _standard(text) or absolute,
        "what_if_not": _follows(agreement, r),
        "reviewed_when": reviews.get(top[0].clause_id) if top else None,
    }
    if "who" in costs and marks["who"] == text[costs["who"].start : costs["who"].end]:
        marks["who"] = None  # "the parties shall" names nobody who can be reminded
    lost = {m: text[costs[m].start : costs[m].end] for m in costs if marks.get(m) is None} | (
        {"who": unnamed} if who is None and unnamed else {}
    )
    doubts = tuple(_doubt(m, lost.get(m), costs.get(m), r, playbook) for m in MARKS if marks[m] is None)
    vague = tuple(dict.fromkeys(text[h.start : h.end].lower() for h in hits))
    earned = sum(v is not None for v in marks.values())
    return replace(r, marks=marks, vague=vague, doubts=doubts, clarity=round(earned / len(MARKS), 3))


def _at_once(hit: Hit, text: str, action: str | None) -> bool:
    """Whether the vague words are the verb or its object. In "…, including without limitation X" the act is clear."""
    if text[hit.start].isupper() and not text.isupper():
        return False  # "Support Services" is a name
    start = text.find(action) if action else -1
    return start < 0 or start - 1 <= hit.start <= start + _OBJECT


def _doubt(mark: str, words: str | None, hit: Hit | None, r: Responsibility, playbook: Playbook) -> Doubt:
    """What to ask and to propose: of the vague words where such cost the mark, else of the mark, by category."""
    spoken = next((v for v in playbook.vague if hit and words and v.word == hit.entry_id), None)
    if spoken:
        return Doubt(mark, words or "", spoken.ask, spoken.propose)
    usual = playbook.missing_mark(mark, r.responsibility.split(".")[0])
    return Doubt(mark, words or "", usual.ask if usual else "", usual.propose if usual else "")


def _who(text: str, lead: str, parties: tuple[Party, ...]) -> tuple[str | None, str | None]:
    """(the words that name the party that must act, None) or (None, the words that hide it, if any)."""
    passive = _PASSIVE.search(text)
    if lead and not passive:  # a list item takes its subject from the lead-in: "Customer shall: (a) …"
        above = _named(lead, parties)
        if above:
            return above, None
    named = _named(text, parties)
    if named:
        return named, None
    told = None if lead else _TOLD.search(text)
    if told:  # "Do not share your password" speaks to the reader
        return told[1], None
    return None, passive.group(0) if passive else None


def _named(text: str, parties: tuple[Party, ...]) -> str | None:
    """The party that a sentence makes act, as printed; None where it names none."""
    roles = normalise(text, parties)
    active, agent = _ACTIVE.search(roles), _AGENT.search(roles)
    m = agent if agent and _PASSIVE.search(text) else active or (None if _FUNCTION.search(text) else agent)
    if m:
        role = m[1] or m.group(0).split("'")[0].split("’")[0]
        return _printed(role, text, parties)
    by_function = _FUNCTION.search(text)
    return by_function[1] if by_function else None


def _printed(token: str, text: str, parties: tuple[Party, ...]) -> str:
    """The party of ``token`` (CUSTOMER, PROVIDER or BOTH) as the text prints it; else its role."""
    role = token.lower()
    aliases = [a for p in parties if p.role == role for a in (*p.aliases, p.name.lower())]
    if "you" in aliases or "we" in aliases:
        aliases += ["your", "our", "us"]
    names = "|".join(re.escape(a) for a in sorted(aliases, key=len, reverse=True) if a)
    m = re.search(rf"(?<![\w-])(?:{names})(?![\w-])" if names and role != BOTH else _BOTH_WORDS, text, re.I)
    return m.group(0) if m else role


def _when(words: str | None, text: str, vague: Sequence[Hit]) -> str | None:
    """The deadline, unless its words are vague themselves: "as soon as practicable" fixes no time."""
    if words is None or _COUNT.search(words):
        return words
    start = text.find(words)
    hidden = any(h.start < start + len(words) and start < h.end for h in vague)
    return None if hidden else words


def _standard(text: str) -> str | None:
    found = (m for m in _STANDARD.finditer(text) if not text[: m.start()].lower().endswith("otherwise "))
    return next((m.group(0).strip() for m in found), None)


def _follows(agreement: Agreement, r: Responsibility) -> str | None:
    """The clause of the consequence as people cite it: "7.2 Late Payment"; else how it begins."""
    if r.consequence is None:
        return None
    c = agreement.clause(r.consequence)
    return f"{c.number} {c.heading}".strip() or agreement.document.quote(c.body, c.end)[:80].strip() or c.clause_id


def _reviews(agreement: Agreement) -> dict[str, str]:
    """Top clause → the words that set a review schedule in it."""
    out: dict[str, str] = {}
    for s in agreement.sentences:
        m = _REVIEW.search(s.text) if _MAYBE.search(s.text) else None
        if m:
            path = agreement.path(s.clause_id)
            if path:
                out.setdefault(path[0].clause_id, m.group(0).strip()[:120])
    return out

"""What a paper says of itself and of its kin: its kind, the agreement it amends or hangs from, which of several papers
prevails, which clauses it replaces, and what it makes part of itself without showing it.

One ``Paper`` a document; ``families`` puts them together. Everything here is read from the words; every statement
carries the ``Quote`` that it rests on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from risklib.clauses.dates import parse_date
from risklib.families.precedence import Order, kind_of, order_of
from risklib.records import Agreement, Box, Responsibility, Sentence

HEAD = 4000  # characters in which a paper says what it is and to what it belongs
OPENING = 900  # in which it calls itself "this Amendment"; further on it may speak of another paper
TITLED = 45  # characters of the text that may name its kind where the title does not


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of a paper and where they stand."""

    contract_id: str
    clause_id: str
    start: int
    end: int
    text: str
    page: int
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Mention:
    """Another paper that this one names: ``relation`` is "amends", "under" or "replaces"."""

    relation: str
    title: str
    dated: date | None
    numbers: frozenset[str]  # contract numbers that stand beside the title
    quote: Quote


@dataclass(frozen=True, slots=True)
class Ranking:
    order: Order
    quote: Quote


@dataclass(frozen=True, slots=True)
class Change:
    """A clause of the other paper that this one changes: ``how`` is "replaced", "deleted" or "amended"."""

    number: str
    how: str
    through: int  # offset up to which the new words stand
    quote: Quote


@dataclass(frozen=True, slots=True)
class Outside:
    """A document made part of the agreement. ``kind``: "url", "policy", "exhibit", "order", "agreement", "document"."""

    name: str
    kind: str
    mentions: int
    binds_customer: bool  # a duty of the customer's points to it
    quote: Quote


@dataclass(frozen=True, slots=True)
class Paper:
    contract_id: str
    file: str
    title: str
    kind: str  # a kind of ``precedence``
    dated: date | None
    names: tuple[str, ...]  # the parties', bare: "harbour analytics"
    numbers: frozenset[str]  # contract numbers at its top
    dates: frozenset[date]  # every date at its top
    head: str  # its first words, bare
    headings: tuple[str, ...] = ()
    mentions: tuple[Mention, ...] = ()
    rankings: tuple[Ranking, ...] = ()
    changes: tuple[Change, ...] = ()
    outside: tuple[Outside, ...] = ()


def describe(agreement: Agreement, duties: Sequence[Responsibility] = ()) -> Paper:
    """The paper of one agreement. ``duties``: its responsibilities, which tell what a named document may ask for."""
    document = agreement.document
    flat = document.text.replace("\n", " ")

    def quote(start: int, end: int) -> Quote:
        clause = _clause_at(agreement, start)
        boxes = document.boxes(start, end)
        page = boxes[0][0] if boxes else document.page_of(start)
        return Quote(document.contract_id, clause, start, end, flat[start:end], page, boxes)

    kind = _kind(agreement, flat)
    changes = tuple(_changes(agreement, quote)) if kind in ("amendment", "addendum", "order", "sow") else ()
    return Paper(
        contract_id=document.contract_id,
        file=document.file,
        title=agreement.title,
        kind=kind,
        dated=_own_date(agreement, kind, flat),
        names=tuple(n for n in (bare(p.name) for p in agreement.parties) if len(n) > 3 and n not in _NO_NAMES),
        numbers=frozenset(_NUMBER.findall(flat[:1500])),
        dates=frozenset(_dates(flat[:HEAD])),
        head=bare(flat[:HEAD]),
        headings=tuple(
            bare(f"{c.number} {c.heading}") for c in agreement.clauses if c.heading or c.number[:1].isalpha()
        ),
        mentions=tuple(_mentions(agreement, kind, flat, quote)),
        rankings=tuple(_rankings(agreement, quote)),
        changes=changes,
        outside=tuple(_outside(agreement, duties, quote)),
    )


_SUFFIX = re.compile(
    r"\b(?:incorporated|inc|llc|ltd|limited|plc|corp|corporation|company|gmbh|ag|ab|as|asa|sa|bv|nv|pty|"
    r"dac|lp|llp|the)\b"
)
_NO_NAMES = {"customer", "client", "provider", "supplier", "vendor", "company", "licensee", "licensor", "you", "we"}
_NUMBER = re.compile(r"\b(?=[A-Z0-9/-]*\d)[A-Z]{1,5}[-/]?\d[\dA-Z/-]{2,}\b")


def bare(text: str) -> str:
    """Lower case, letters and digits only, no company suffix: for comparing names."""
    return " ".join(_SUFFIX.sub(" ", re.sub(r"[^\w]+", " ", text.lower().replace(".", ""))).split())


def _clause_at(agreement: Agreement, offset: int) -> str:
    inside = [c.clause_id for c in agreement.clauses if c.start <= offset < c.end]
    return inside[-1] if inside else ""


# ---------------------------------------------------------------- what it is

_RESTATED = re.compile(r"amended (?:and|&) restated", re.I)
_SELF = re.compile(
    r"\b[Tt](?:his|HIS) ((?:[A-Z][\w.#-]*\s){0,5}(?:Amendment|AMENDMENT|Addendum|ADDENDUM|Order Form|ORDER FORM|"
    r"Service Order|Statement of Work|STATEMENT OF WORK|Work Order))\b"
)


def _kind(agreement: Agreement, flat: str) -> str:
    """By the title; where that names an agreement (or nothing), by what the first words call "this"."""
    titled = kind_of(_RESTATED.sub(" ", agreement.title))
    own = _SELF.search(flat[:OPENING])
    said = kind_of(own[1]) if own else None
    titled = None if titled == "part" else titled
    if titled in (None, "agreement") and said is not None:
        return said
    first = kind_of(_RESTATED.sub(" ", flat[:TITLED]))
    return titled or (first if first != "part" else None) or "agreement"


_MADE = re.compile(
    r"\b(?:is made|made and entered|entered into|is effective|effective|takes effect|in force|executed|signed|made)\b"
    r"[^.]{0,50}?\b(?:as of|on|this|from|of)?\s*",
)


def _own_date(agreement: Agreement, kind: str, flat: str) -> date | None:
    """The paper's own date: that of an amendment is not the one of the agreement that it names first."""
    if kind == "agreement":
        return agreement.effective_date
    head = flat[:HEAD]
    named = {m.dated for m in _mentions(agreement, kind, flat, None)}
    for cue in _MADE.finditer(head):
        found = parse_date(head[cue.end() : cue.end() + 40])
        if found is not None and found not in named:
            return found
    return next((d for d in _dates(head) if d not in named), agreement.effective_date)


_DATE_AT = re.compile(
    r"\d{1,2}(?:st|nd|rd|th)?(?: day)?(?: of)? [A-Z][a-z]+,? \d{4}|[A-Z][a-z]+\.? \d{1,2}, ?\d{4}|\d{4}-\d\d-\d\d"
)


def _dates(text: str) -> list[date]:
    return [d for d in (parse_date(m[0]) for m in _DATE_AT.finditer(text)) if d]


# ---------------------------------------------------------------- what it belongs to

_TITLE = (
    r"(?P<title>(?:[A-Z][\w&'’-]*,?\s+)(?:(?:[A-Z][\w&'’-]*|of|and|for|to|the|&),?\s+){0,9}?"
    r"(?:Agreement|AGREEMENT|Terms of (?:Service|Use)|TERMS OF SERVICE|Terms and Conditions|"
    r"TERMS AND CONDITIONS|Terms|"
    r"Contract|CONTRACT|Lease|Licen[cs]e)(?! (?:Form|Date|Year))|Order Form|ORDER FORM)"
)
_THE = r"(?:that certain |the terms (?:and conditions )?of |the |our |its |existing |a )*"
_BELONGS = (
    ("amends", re.compile(
        r"\b(?i:amend(?:ment|s|ed|ing)?|modif(?:y|ies)|var(?:y|ies|iation)|addendum|supplement(?:s|al)?|"
        r"change order)\b"
        rf"(?:(?:[^.;]|(?<=\b[Nn][Oo])\.){{0,70}}?)\b(?:to|of|the|under|TO|OF)\s+{_THE}{_TITLE}")),
    ("amends", re.compile(rf"\bpreviously entered into {_THE}{_TITLE}")),
    ("under", re.compile(
        r"\b(?i:governed by|subject to|pursuant to|under|in accordance with|forms? (?:a )?part of|part of|"
        rf"incorporated into|incorporates?|issued under|made under|attached to)\s+{_THE}{_TITLE}")),
    ("replaces", re.compile(rf"\b(?i:replaces|supersedes|restates|takes the place of)\s+{_THE}{_TITLE}")),
)  # fmt: skip
_OWN_WORDS = re.compile(r"^(?:This|THIS|Such|Any|If|In)\b")


def _mentions(
    agreement: Agreement, kind: str, flat: str, quote: Callable[[int, int], Quote] | None
) -> Iterator[Mention]:
    """Papers that the first words name as what this one amends, hangs from or replaces."""
    head = flat[:HEAD]
    found: dict[tuple[str, str], tuple[str, date | None, int, int, int]] = {}
    for relation, pattern in _BELONGS:
        if relation == "amends" and kind not in ("amendment", "addendum"):
            continue
        if relation == "under" and kind == "agreement":
            continue
        for m in pattern.finditer(head):
            title = " ".join(m["title"].split())
            if _OWN_WORDS.match(title) or bare(title) == bare(agreement.title):
                continue
            tail = re.split(r"[.;](?:\s|$)", head[m.end() : m.end() + 260])[0]
            dated = parse_date(tail[:120])
            key = (relation, title.lower())
            if key not in found or (found[key][1] is None and dated is not None):  # the heading names it without a date
                found[key] = (title, dated, m.start(), m.start("title"), m.end() + len(tail))
    for (relation, _), (title, dated, start, at, end) in found.items():
        words = Quote("", "", 0, 0, "", 1, ()) if quote is None else quote(start, end)
        yield Mention(relation, title, dated, frozenset(_NUMBER.findall(head[max(0, at - 30) : end])), words)


# ---------------------------------------------------------------- what prevails, what is replaced


def _rankings(agreement: Agreement, quote: Callable[[int, int], Quote]) -> Iterator[Ranking]:
    for k, s in enumerate(agreement.sentences):
        if s.kind not in ("sentence", "item"):
            continue
        order = order_of(s.text, _below(agreement.sentences, k))
        if order is not None:
            yield Ranking(order, quote(s.start, s.end))


def _below(sentences: Sequence[Sentence], k: int) -> tuple[str, ...]:
    """The items that hang from a lead-in: "… in this order: (a) … (b) …"."""
    return tuple(s.text for s in sentences[k + 1 : k + 12] if k in s.lead_ins)


_CHANGES = re.compile(
    r"\b(?:Section|Clause|Article|Paragraph|SECTION|clause|section|paragraph)s?\s+(?P<n>\d{1,3}(?:\.\d{1,3}){0,3}"
    r"(?:\s?\([a-z0-9]{1,4}\)){0,2})(?P<mid>[^.;]{0,120}?)\b(?:is|are|shall be|shall|will be)\s+(?:hereby\s+)?"
    r"(?P<how>deleted|replaced|amended|restated|revised|modified|supplemented|not apply|read)(?P<rest>[^.;:]{0,120})",
)
_PART_OF = re.compile(r"\b(?:sentence|definitions?|references?|words?|phrase|term|table|row|item)\b[^.;]{0,80}$", re.I)


def _changes(agreement: Agreement, quote: Callable[[int, int], Quote]) -> Iterator[Change]:
    """ "Clause 9.3 is deleted and replaced by the following: …"; the new words run up to the next such sentence."""
    found = []
    for s in agreement.sentences:
        m = _CHANGES.search(s.text)
        if m and s.kind in ("sentence", "item"):
            words = f"{m['how']}{m['rest']}".lower()
            new = re.search(r"replac|restat|in its entirety (?:to|as)|to read|shall read|^read", words)
            gone = re.search(r"delet|not apply", words)
            part = _PART_OF.search(s.text[: m.start()])
            how = "amended" if part else "replaced" if new else "deleted" if gone else "amended"
            found.append((s, re.sub(r"\s", "", m["n"]), how))
    ends = [s.start for s, *_ in found][1:] + [len(agreement.document.text)] * bool(found)
    for (s, number, how), following in zip(found, ends, strict=True):
        own = next((c for c in agreement.clauses if c.start <= s.start < c.end), None)
        through = min(following, own.through if own is not None and own.number else following)
        yield Change(number, how, max(s.end, through), quote(s.start, s.end))


# ---------------------------------------------------------------- what nobody showed

_MADE_PART = re.compile(
    r"incorporat|subject to|in accordance with|compl(?:y|ies|iance) with|available at|found at|located at|posted|"
    r"published|pursuant to|governed by|agree to|bound by|part of|set (?:forth|out)|described|specified|stated|"
    r"defined|provided (?:in|at)|contained in|conform|adhere|abide|follow|as per|refer to|under the|within the terms",
    re.I,
)
# laws, other clauses, and home pages that show nothing in particular
_NO_PAPER = re.compile(
    r"\bAct\b|\bU\.S\.C|C\.F\.R|^(?:GDPR|CCPA|HIPAA)$|^(?:https?://|www\.)[\w.-]+/?$|"
    r"^(?i:sections?|articles?|clauses?|paragraphs?|subsections?|§)"
)
_NAMED = re.compile(
    r"(?:set (?:forth|out)|described|specified|stated|defined|listed|published|contained|accordance with|comply with|"
    r"complies with|complying with|subject to|terms of|conform(?:s|ing)? to|adhere to|abide by|"
    r"incorporates?|follow)\s+"
    r"(?:in |on |by |at )?(?:the |its |our |any |all |applicable |then-current |current |relevant |Provider's |"
    r"Supplier's |Vendor's |Company's |[A-Z]\w+['’]s )*"
    r"(?P<name>(?:[A-Z][\w&-]*\s+){0,4}(?:Documentation|Polic(?:y|ies)|Guidelines|Handbook|Manual|"
    r"Service Descriptions?|"
    r"Specifications|Price List|Rate Card|Code of Conduct|Guide|Rules|Standards|Order Forms?|Statements? of Work|SLA|"
    r"Service Level Agreement|Data Processing (?:Addendum|Agreement)|DPA))\b"
)
_EXHIBIT = re.compile(r"^(?:exhibit|schedule|annex|appendix|attachment|addendum)\b", re.I)


def _outside(
    agreement: Agreement, duties: Sequence[Responsibility], quote: Callable[[int, int], Quote]
) -> Iterator[Outside]:
    """Documents that the agreement points to and that stand nowhere in it, each once, with its first mention."""
    found: dict[str, list[tuple[str, str, int, int, Sentence]]] = {}
    headings = {bare(f"{c.number} {c.heading}") for c in agreement.clauses if c.heading or c.number}
    for name, kind, start, end, s in _pointers(agreement):
        plain = re.sub(r"(?<=[a-z])s$", "", bare(name)) if kind != "url" else name.lower().rstrip("/")
        stands = any(h.endswith(plain) or h.startswith(plain) for h in headings if h) if kind != "url" else False
        if plain and not stands:
            found.setdefault(plain, []).append((name, kind, start, end, s))
    bound = [(d.start, d.end) for d in duties if d.party != "provider"]
    for uses in found.values():
        name, kind, start, end, s = uses[0]
        binds = any(u[4].start < e and b < u[4].end for u in uses for b, e in bound)
        yield Outside(name, kind, len(uses), binds, quote(s.start, s.end))


def _pointers(agreement: Agreement) -> Iterator[tuple[str, str, int, int, Sentence]]:
    sentences = [s for s in agreement.sentences if s.kind in ("sentence", "item", "cell")]
    k = 0
    for r in sorted(agreement.references, key=lambda r: r.start):
        while k < len(sentences) and sentences[k].end <= r.start:
            k += 1
        if k == len(sentences) or sentences[k].start > r.start:
            continue
        s = sentences[k]
        missing = not r.external and r.target is None and _EXHIBIT.match(r.text)
        if missing:
            yield r.text, "exhibit", r.start, r.end, s
        elif r.external and not _NO_PAPER.search(r.text) and _MADE_PART.search(s.text):
            yield r.text, "url" if re.match(r"https?:|www\.", r.text) else "policy", r.start, r.end, s
    for s in sentences:
        for m in _NAMED.finditer(s.text):
            name = m["name"].strip()
            kind = {"order": "order", "sow": "order", "policy": "policy"}.get(kind_of(name) or "", "document")
            yield name, kind, s.start + m.start("name"), s.start + m.end("name"), s

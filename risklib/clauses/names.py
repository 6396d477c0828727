"""Who could be a party: names and aliases that a text defines, and subjects that act like parties."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from risklib.clauses.cues import (
    ANIMATE,
    CUSTOMER_WORDS,
    NOT_A_PARTY,
    ORG,
    ORG_WORD,
    PRONOUN_FORMS,
    PROVIDER_WORDS,
    WEAK_WORDS,
    WILL,
)

HEAD = 14_000  # characters in which parties are introduced
ROLES = CUSTOMER_WORDS | PROVIDER_WORDS
_QUOTED = re.compile(r"[\"“”„‘']{1,2}\s*([A-Za-z0-9][^\"“”„‘()]{0,45}?)[,.;]?\s*[\"“”’']{1,2}(?![\w])")
_PAREN = re.compile(r"\(([^()]{0,160}?[\"“”‘'][^()]{0,160})\)")
_HEREINAFTER = re.compile(
    r"(?:here(?:in)?(?:after)?|also)?,? ?(?:referred to|known|called|designated)(?: (?:herein|hereinafter|"
    r"individually|simply|as|the)){1,4} "
    r"(?:the )?([\"“”][^\"“”]{2,40}[\"“”](?:(?:,| or| and)+ [\"“”][^\"“”]{2,40}[\"“”])*)",
    re.IGNORECASE,
)
_CAPITALS = r"(?:[A-Z0-9][\w&.’'\-]*|[a-z][A-Z]\w*)(?: (?:of |& )?(?:[A-Z][\w&.’'\-]*)){0,4}"
_NAME_AT_END = re.compile(
    rf"(?:^|between|among|and|by|with|is|,|:|;|at|from|the|BETWEEN|AND|BY|\)|”) ?({_CAPITALS}),?\s*$"
)
_DESCRIBED = re.compile(
    rf"(?:(?i:between|among|and|by|with)|\(\d\)|:) ({_CAPITALS}), (?=(?:an? |the |of |whose |with |having |"
    r"incorporated|registered|organi[sz]ed|established|reg\b|company|organi[sz]ation|number|\d|[A-Z][\w-]+ \d))"
)
_SUBJECT = re.compile(
    r"(?<![\w'’\-])((?:[A-Z][\w&\-]*|[a-z][A-Z]\w*)(?: (?:of )?[A-Z][\w&\-]*){0,3}|(?<!by )(?:you|we)) "
    r"(?:\([^()]{1,60}\) )?(?:also |further |each |and its \w+ |therefore |expressly )?" + ANIMATE + r"\b"
)
_LOUD_SUBJECT = re.compile(
    r"(?<![\w'’\-])([A-Z][A-Z0-9&\-]+|YOU|WE) (?:SHALL|WILL|MAY|AGREES?|HEREBY|WARRANTS?|ACKNOWLEDGES?) "
)
_LEADING = frozenset(
    [
        "between",
        "by",
        "and",
        "agreement",
        "the",
        "among",
        "date",
        "contract",
        "terms",
        "introduction",
        "name",
        "parties",
        "party",
        "this",
        "is",
        "with",
        "welcome",
        "address",
        "a",
        "an",
        "on",
        "or",
        "behalf",
    ]
)
_TRADING = r"[,.]{0,2} \(?(?:dba|d/b/a|doing business as|a/k/a|also known as|trading as),? [\"“]?([A-Z][\w&]+)"
_ANYBODY = re.compile(
    r"\b(?:the )?(?:other|either|each|one|such|receiving|disclosing|indemnif\w+) (?:party|of us)\b|"
    r"\bparty (?:that|who|which)\b",
    re.IGNORECASE,
)
_MEANS = re.compile(
    r"((?:[\"“”][^\"“”]{2,30}[\"“”](?:,| or| and|/)? ?){1,6})(?:collectively )?(?:means?|refers? to|shall mean|"
    r"is|are) (.{10,90})"
)
_SOMEBODY = re.compile(
    r"(?:,? as applicable[,:]? )?(?:\(a\) )?(?:the |an? |any )?(?:\w+ )?(?:you|entity|person|individual|company|"
    r"party|organi[sz]ation)\b",
    re.IGNORECASE,
)
_BUSY = re.compile(
    rf"\b((?=[A-Z])(?i:{'|'.join(sorted(ROLES - {'you', 'we', 'us', 'our'}, key=len, reverse=True))}))\b(?![\"”])"
)
_CONNECTOR = re.compile(r"(?:^|between|among|and|by|with|from|is|[:;\d.)\-–])\s*$", re.IGNORECASE)


@dataclass
class Entity:
    """Words that stand for the same somebody, while we are still finding out who that is."""

    names: list[str] = field(default_factory=list)
    aliases: set[str] = field(default_factory=set)
    defined: bool = False
    uses: int = 0
    score: float = 0.0  # above 0: customer


def acting_subjects(prose: str) -> Counter[str]:
    """Phrase (lower case) → how often it acts like a party."""
    out: dict[str, float] = defaultdict(float)
    for pattern in (_SUBJECT, _LOUD_SUBJECT):
        for m in pattern.finditer(prose):
            tokens = m.group(1).split()
            if "of" not in tokens[1:] and len(tokens) > 2 and tokens[-2] in {"The", "the"}:
                tokens = tokens[-1:]
            while len(tokens) > 1 and tokens[0].lower() in NOT_A_PARTY | {
                "the",
                "if",
                "when",
                "to",
                "upon",
                "where",
                "by",
            }:
                tokens = tokens[1:]
            phrase = " ".join(tokens).lower()
            if phrase in ROLES or not is_idle(phrase):
                out[phrase] += 1
    for m in _BUSY.finditer(prose):  # a busy role word is a party even where its verbs are rare
        out[m.group(1).lower()] += 0.125
    return Counter({phrase: int(n) for phrase, n in out.items() if n >= 1})


def is_idle(phrase: str) -> bool:
    """Whether the phrase names a thing or anybody rather than a party."""
    words = phrase.split()
    return words[-1] in NOT_A_PARTY or words[0] in NOT_A_PARTY or len(phrase) < 2


def defined(head: str, subjects: Counter[str]) -> list[Entity]:
    """Entities from '… Inc. ("Alias", "we")' and 'hereinafter referred to as "Alias"'."""
    out: list[Entity] = []
    last = 0
    found = [*_PAREN.finditer(head), *_HEREINAFTER.finditer(head)]
    for m in sorted(found, key=lambda m: m.start()):
        terms = [" ".join(t.split()).rstrip(",.") for t in _QUOTED.findall(m.group(1))]
        terms = [t for t in terms if len(t) > 1 and len(t.split()) <= 5 and not t[0].isdigit()]
        _count_small(terms, head, subjects)
        name = _name_before(head[max(last, m.start() - 400) : m.start()], terms)
        lower = {re.sub(r"^(?:the|a) ", "", t.lower()) for t in terms}
        real = {
            t
            for t in lower
            if t in ROLES or t in pronoun_forms() or (not is_idle(t) and (subjects[t] > 0 or bool(name)))
        }
        if not real or lower & {"parties", "party"} or _ANYBODY.search(head[max(0, m.start() - 120) : m.start()]):
            continue
        suffixed = any(ORG_WORD.fullmatch(w.strip(",")) for w in name.split())
        own = {t for t in real if suffixed and t.split()[0] == name.lower().split()[0]}  # 'Acme Corp. ("Acme")'
        if not own and not any(subjects[t] > 1 or (subjects[t] and name) or (t in ROLES and name) for t in real):
            continue
        entity = Entity([name] if name.split() else [], real, True)
        before = head[: m.start()].rstrip().rsplit(" ", 1)[-1].lower()
        if before == "you" or (before in ROLES and before not in WEAK_WORDS):
            entity.aliases.add(before)
        out.append(entity)
        _join_together(m.group(1), entity, out)
        last = m.end()
    return out


def _count_small(terms: list[str], head: str, subjects: Counter[str]) -> None:
    """How often a brand in small letters ('i-deal Ltd ("i-deal")') acts: no capital tells it from other words."""
    for term in terms:
        if (
            term[0].islower()
            and " " not in term
            and term not in ROLES
            and term not in pronoun_forms()
            and not subjects[term]
        ):
            acts = rf"(?<![\w-]){re.escape(term)} (?:{WILL}|hereby|grants|warrants|represents)\b"
            subjects[term] = len(re.findall(acts, head))


def _join_together(words: str, entity: Entity, out: list[Entity]) -> None:
    """'(together, Acme and Bolt are the "Publishers")': the named ones are one side."""
    if not re.search(r"\b(?:together|collectively|jointly)\b", words, re.IGNORECASE):
        return
    named = [
        e for e in out if e is not entity and any(re.search(rf"\b{re.escape(a)}\b", words.lower()) for a in e.aliases)
    ]
    for other in named:
        entity.names += other.names
        entity.aliases |= other.aliases
        out.remove(other)


def stated(prose: str) -> list[Entity]:
    """Entities from '"Acme", "we" and "us" means Acme Inc.' and '"Customer" means the entity that …'."""
    out = []
    for m in _MEANS.finditer(prose):
        terms = {t.lower() for t in _QUOTED.findall(m.group(1))}
        real = {t for t in terms if t in ROLES or t in pronoun_forms() or not is_idle(t)}
        org = ORG.match(m.group(2).strip())
        if real & set(pronoun_forms()) or (
            real and (org or (real & (ROLES - WEAK_WORDS) and _SOMEBODY.match(m.group(2))))
        ):
            name = clean_name(org.group(1)) if org else ""
            out.append(Entity([name] if name else [], real, True))
    return out


def pronoun_forms() -> set[str]:
    return {form for forms in PRONOUN_FORMS.values() for form in forms}


def _name_before(window: str, terms: list[str]) -> str:
    """The organisation named last before a definition, or the capitalised words right before it."""
    orgs = [
        m for m in ORG.finditer(window) if not re.search(r"\b(?:a|an|its|any)\s*$", window[: m.start()], re.IGNORECASE)
    ]
    keys = {t.split()[0].lower() for t in terms}
    same = [m for m in orgs if keys & {w.lower().strip(",.") for w in m.group(1).split()}]
    led = [m for m in orgs if _CONNECTOR.search(window[: m.start()])]
    best = (same or led or orgs)[-1:]
    m = _NAME_AT_END.search(window)
    nearer = (
        m
        and best
        and m.start() > best[0].end()
        and re.match(r"between|and|by|among", window[m.start() :], re.IGNORECASE)
    )
    if best and not nearer:
        return clean_name(best[0].group(1))
    described = _DESCRIBED.findall(
        window
    )  # "Wexford Mutual, whose office is at Bray, Ireland": the place is not the name
    name = clean_name(described[-1]) if described else clean_name(m.group(1)) if m else ""
    return "" if not name or is_idle(name.lower()) or name.lower() in ROLES else name


def clean_name(name: str) -> str:
    """Without the words of the title or sentence before it: 'MASTER AGREEMENT Between Acme, LLC' → 'Acme, LLC'."""
    words = name.strip(" ,;").split()
    for k in range(len(words) - 2, -1, -1):
        if words[k].lower().strip(",.:") in _LEADING or re.fullmatch(r"\d+\.", words[k]):
            words = words[k + 1 :]
            break
    while words and words[0] in {"of", "&", "OF"}:
        words = words[1:]
    known = any(ORG_WORD.fullmatch(w.strip(",")) for w in words)
    if _STATUTE.search(" ".join(words)) or (not known and _ADDRESS.search(" ".join(words))):
        return ""
    return "" if all(ORG_WORD.fullmatch(w) or w.lower() in ROLES for w in words) else " ".join(words)


_STATUTE = re.compile(r"\bAct of\b|^National Association$|^\W*[\d\W]+$", re.IGNORECASE)
_ADDRESS = re.compile(r"\b(?:Street|St\.|Avenue|Ave|Road|Suite|Ste|Floor|Boulevard|Blvd|Drive)\b", re.IGNORECASE)


def merge(groups: list[Entity]) -> list[Entity]:
    """Groups that share an alias or a name are one entity."""
    out: list[Entity] = []
    for group in groups:
        names = {n.lower() for n in group.names}
        host = next(
            (e for e in out if e.aliases & group.aliases or names & ({n.lower() for n in e.names} | e.aliases)), None
        )
        if host is None:
            out.append(group)
        else:
            host.names += group.names
            host.aliases |= group.aliases
    return out


def bind_later(entities: list[Entity], prose: str) -> None:
    """Role words that an exhibit or a later page gives to somebody already known: 'Acme Corp. ("Licensor")'."""
    for m in _PAREN.finditer(prose, HEAD // 4):
        terms = {t.lower() for t in _QUOTED.findall(m.group(1))} & ROLES
        before = prose[max(0, m.start() - 60) : m.start()].lower().rstrip(" ,")
        if terms and not any(terms & e.aliases for e in entities):
            host = next(
                (
                    e
                    for e in entities
                    if any(before.endswith(n.lower().rstrip(".,")) or before.endswith(n.lower()) for n in e.names)
                ),
                None,
            )
            if host is not None:
                host.aliases |= terms


_PAIRED = {phrase for phrase in ROLES if " " in phrase and phrase != "end user"}  # no other word is meant by them


def add_subjects(entities: list[Entity], subjects: Counter[str], prose: str) -> None:
    """Acting subjects that no definition gave: part of a known name, or an entity of their own."""
    least = max(2, 0.04 * max(subjects.values(), default=0))
    known = {a for e in entities for a in e.aliases}
    for phrase, n in subjects.most_common(25):
        if phrase in known or (n < least and phrase not in ROLES) or (n < 2 and phrase not in _PAIRED):
            continue
        host = next((e for e in entities if _names_it(phrase, e)), None)
        if host is not None:
            host.aliases.add(phrase)
        elif phrase in ROLES or n >= max(3, least):
            org = ORG_WORD.fullmatch(phrase.split()[-1]) and " " in phrase
            entities.append(Entity([_as_printed(phrase, prose)] if org else [], {phrase}))


def _as_printed(phrase: str, prose: str) -> str:
    m = re.search(re.escape(phrase), prose, re.IGNORECASE)
    return m.group(0) if m else phrase


def _names_it(phrase: str, entity: Entity) -> bool:
    """Whether the phrase begins one of the entity's names, or is its initials."""
    return any(phrase == name.lower() or phrase in short_forms(name) for name in entity.names)


def short_forms(name: str) -> set[str]:
    """ "Oriental Star Group Inc." → "oriental star group", "oriental star", "oriental", "osg"."""
    words = [w.strip(",.") for w in name.split()]
    core = [w for w in words if not ORG_WORD.fullmatch(w)] or words[:1]
    out = {" ".join(core[:k]).lower() for k in range(1, len(core) + 1) if core[k - 1] not in {"of", "&", "and"}}
    for some in (core, words):
        initials = "".join(w[0] for w in some if w and w[0].isupper()).lower()
        if len(initials) >= 3:
            out.add(initials)
    return {o for o in out if len(o) > 1}


def add_short_names(entities: list[Entity], prose: str) -> None:
    """Short names that the agreement uses by themselves ("Oriental's systems") although it never defined them."""
    for entity in entities:
        for name in entity.names:
            entity.aliases.add(" ".join(name.lower().rstrip(", ").split()))
            trading = re.search(re.escape(name) + _TRADING, prose)
            if trading and not is_idle(trading.group(1).lower()):
                entity.aliases.add(trading.group(1).lower())
            for short in short_forms(name) - entity.aliases:
                if short in ROLES or is_idle(short) or short.isdigit():
                    continue
                alone = len(re.findall(rf"(?<![\w&])(?i:{re.escape(short)})\b(?! [A-Z&]| of |, [A-Z])", prose))
                small = len(re.findall(rf"\b{re.escape(short)}\b", prose))
                plain = rf"\b(?:a|an|any|this|no|each) {re.escape(short)}\b"  # an ordinary word, too
                brand = len(name.split()) == 2 and (small == 0 or not re.search(plain, prose))
                if brand or (
                    alone - small >= (2 if small else 1) and small * 4 <= alone and not ORG_WORD.fullmatch(short)
                ):
                    entity.aliases.add(short)
    taken: Counter[str] = Counter(a for e in entities for a in e.aliases)
    for entity in entities:  # a word that two share tells neither
        entity.aliases = {
            a for a in entity.aliases if taken[a] == 1 or not entity.defined or entity is _first(entities, a)
        }


def _first(entities: list[Entity], alias: str) -> Entity:
    return next(e for e in entities if alias in e.aliases)

"""Who is customer and who is provider, and by which words the agreement calls them.

Three kinds of evidence, all of them general English: definitions ('Acme Bank, N.A. ("Bank")'), subjects that act like
parties ("Bank shall notify …"), and what the two do to each other (who grants, who pays, who provides). ``normalise``
replaces the aliases by the tokens CUSTOMER, PROVIDER and BOTH.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from math import log2

from risklib.clauses.cues import (
    ANIMATE,
    CHANNEL_WORDS,
    CUSTOMER_WORDS,
    NOT_A_PARTY,
    ORG,
    ORG_WORD,
    PRONOUN_FORMS,
    PROVIDER_WORDS,
    WEAK_WORDS,
)
from risklib.clauses.normalise import normalise
from risklib.clauses.relations import RELATIONS
from risklib.records import CUSTOMER, PROVIDER, Party

__all__ = ["find_parties", "normalise"]

_HEAD = 14_000  # characters in which parties are introduced
_ROLES = CUSTOMER_WORDS | PROVIDER_WORDS
_QUOTED = re.compile(r"[\"“”„‘']{1,2}\s*([A-Za-z0-9][^\"“”„‘()]{0,45}?)[,.;]?\s*[\"“”’']{1,2}(?![\w])")
_PAREN = re.compile(r"\(([^()]{0,160}?[\"“”‘'][^()]{0,160})\)")
_HEREINAFTER = re.compile(
    r"(?:herein(?:after)?|also)?,? ?(?:referred to|known|called|designated)(?: (?:herein|hereinafter|individually|simply|as|the)){1,4} "
    r"(?:the )?([\"“”][^\"“”]{2,40}[\"“”](?:(?:,| or| and)+ [\"“”][^\"“”]{2,40}[\"“”])*)",
    re.IGNORECASE,
)
_CAPITALS = r"(?:[A-Z0-9][\w&.’'\-]*|[a-z][A-Z]\w*)(?: (?:of |& )?(?:[A-Z][\w&.’'\-]*)){0,4}"
_NAME_AT_END = re.compile(rf"(?:^|between|among|and|by|with|is|,|:|;|at|from|the|BETWEEN|AND|BY|\)|”) ?({_CAPITALS}),?\s*$")
_SUBJECT = re.compile(
    r"(?<![\w'’\-])((?:[A-Z][\w&\-]*|[a-z][A-Z]\w*)(?: (?:of )?[A-Z][\w&\-]*){0,3}|(?<!by )(?:you|we)) "
    r"(?:\([^()]{1,60}\) )?(?:also |further |each |and its \w+ |therefore |expressly )?" + ANIMATE + r"\b"
)
_LOUD_SUBJECT = re.compile(r"(?<![\w'’\-])([A-Z][A-Z0-9&\-]+|YOU|WE) (?:SHALL|WILL|MAY|AGREES?|HEREBY|WARRANTS?|ACKNOWLEDGES?) ")
_LEADING = frozenset(
    "between by and agreement the among date contract terms introduction name parties party this is with welcome address "
    "a an on or behalf".split()
)
_ANYBODY = re.compile(
    r"\b(?:the )?(?:other|either|each|one|such|receiving|disclosing|indemnif\w+) (?:party|of us)\b|\bparty (?:that|who|which)\b",
    re.IGNORECASE,
)
_MEANS = re.compile(
    r"((?:[\"“”][^\"“”]{2,30}[\"“”](?:,| or| and|/)? ?){1,6})(?:collectively )?(?:means?|refers? to|shall mean|is|are) (.{10,90})"
)
_SOMEBODY = re.compile(
    r"(?:,? as applicable[,:]? )?(?:\(a\) )?(?:the |an? |any )?(?:\w+ )?(?:you|entity|person|individual|company|party|organi[sz]ation)\b",
    re.IGNORECASE,
)
_BUSY = re.compile(
    rf"\b((?=[A-Z])(?i:{'|'.join(map(re.escape, sorted(_ROLES - {'you', 'we', 'us', 'our'}, key=len, reverse=True)))}))\b(?![\"”])"
)
_CONNECTOR = re.compile(r"(?:^|between|among|and|by|with|from|is|[:;\d.)\-–])\s*$", re.IGNORECASE)


@dataclass
class _Entity:
    """Words that stand for the same somebody, while we are still finding out who that is."""

    names: list[str] = field(default_factory=list)
    aliases: set[str] = field(default_factory=set)
    defined: bool = False
    uses: int = 0
    score: float = 0.0  # above 0: customer


def find_parties(text: str) -> tuple[Party, ...]:
    """The customer's Party and the provider's, each with its lower-case aliases; a side that cannot be told is absent."""
    prose = " ".join(text.replace("’’", "”").replace("``", "“").replace("''", "”").split())
    subjects = _subjects(prose)
    entities = _merge(_defined(prose[:_HEAD], subjects) + _stated(prose))
    _bind_later(entities, prose)
    _add_subjects(entities, subjects, prose)
    _add_short_names(entities, prose)
    for entity in entities:
        entity.uses = sum(subjects[a] for a in entity.aliases)
        if entity.names and entity.defined:
            entity.uses += sum(prose.count(name.split()[0]) for name in entity.names[:1]) // 8
    entities = [e for e in entities if e.uses or e.defined]
    _weigh(entities, prose)
    sides = _choose(entities, prose, subjects)
    _lend_name(sides, prose)
    return tuple(_party(role, es) for role, es in sides.items() if es)


# ---------------------------------------------------------------- candidates


def _subjects(prose: str) -> Counter[str]:
    """Phrase (lower case) → how often it acts like a party."""
    out: dict[str, float] = defaultdict(float)
    for pattern in (_SUBJECT, _LOUD_SUBJECT):
        for m in pattern.finditer(prose):
            tokens = m.group(1).split()
            if "of" not in tokens[1:] and len(tokens) > 2 and tokens[-2] in {"The", "the"}:
                tokens = tokens[-1:]
            while len(tokens) > 1 and tokens[0].lower() in NOT_A_PARTY | {"the", "if", "when", "to", "upon", "where", "by"}:
                tokens = tokens[1:]
            phrase = " ".join(tokens).lower()
            if phrase in _ROLES or not _idle(phrase):
                out[phrase] += 1
    for m in _BUSY.finditer(prose):  # a busy role word is a party even where its verbs are rare
        out[m.group(1).lower()] += 0.125
    return Counter({phrase: int(n) for phrase, n in out.items() if n >= 1})


def _idle(phrase: str) -> bool:
    """Whether the phrase names a thing or anybody rather than a party."""
    words = phrase.split()
    return words[-1] in NOT_A_PARTY or words[0] in NOT_A_PARTY or len(phrase) < 2


def _defined(head: str, subjects: Counter[str]) -> list[_Entity]:
    """Entities from '… Inc. ("Alias", "we")' and 'hereinafter referred to as "Alias"'."""
    out: list[_Entity] = []
    last = 0
    found = [*_PAREN.finditer(head), *_HEREINAFTER.finditer(head)]
    for m in sorted(found, key=lambda m: m.start()):
        terms = [" ".join(t.split()).rstrip(",.") for t in _QUOTED.findall(m.group(1))]
        terms = [t for t in terms if 1 < len(t) and len(t.split()) <= 5]
        name = _name_before(head[max(last, m.start() - 400) : m.start()], terms)
        lower = {re.sub(r"^(?:the|a) ", "", t.lower()) for t in terms}
        real = {t for t in lower if t in _ROLES or t in _all_forms() or (not _idle(t) and (subjects[t] > 0 or bool(name)))}
        if not real or lower & {"parties", "party"} or _ANYBODY.search(head[max(0, m.start() - 120) : m.start()]):
            continue
        suffixed = any(ORG_WORD.fullmatch(w.strip(",")) for w in name.split())
        own = {t for t in real if suffixed and t.split()[0] == name.lower().split()[0]}  # 'Acme Corp. ("Acme")'
        if not own and not any(subjects[t] > 1 or (subjects[t] and name) or (t in _ROLES and name) for t in real):
            continue
        entity = _Entity([name] if name else [], real, True)
        before = head[: m.start()].rstrip().rsplit(" ", 1)[-1].lower()
        if before == "you" or (before in _ROLES and before not in WEAK_WORDS):
            entity.aliases.add(before)
        out.append(entity)
        last = m.end()
    return out


def _stated(prose: str) -> list[_Entity]:
    """Entities from '"Acme", "we" and "us" means Acme Inc.' and '"Customer" means the entity that …'."""
    out = []
    for m in _MEANS.finditer(prose):
        terms = {t.lower() for t in _QUOTED.findall(m.group(1))}
        real = {t for t in terms if t in _ROLES or t in _all_forms() or not _idle(t)}
        org = ORG.match(m.group(2).strip())
        if real & set(_all_forms()) or (real and (org or real & (_ROLES - WEAK_WORDS) and _SOMEBODY.match(m.group(2)))):
            out.append(_Entity([_clean(org.group(1))] if org else [], real, True))
    return out


def _all_forms() -> set[str]:
    return {form for forms in PRONOUN_FORMS.values() for form in forms}


def _name_before(window: str, terms: list[str]) -> str:
    """The organisation named last before a definition, or the capitalised words right before it."""
    orgs = [m for m in ORG.finditer(window) if not re.search(r"\b(?:a|an|its|any)\s*$", window[: m.start()], re.IGNORECASE)]
    keys = {t.split()[0].lower() for t in terms}
    same = [m for m in orgs if keys & {w.lower().strip(",.") for w in m.group(1).split()}]
    led = [m for m in orgs if _CONNECTOR.search(window[: m.start()])]
    best = (same or led or orgs)[-1:]
    m = _NAME_AT_END.search(window)
    nearer = m and best and m.start() > best[0].end() and re.match(r"between|and|by|among", window[m.start() :], re.IGNORECASE)
    if best and not nearer:
        return _clean(best[0].group(1))
    name = _clean(m.group(1)) if m else ""
    return "" if not name or _idle(name.lower()) or name.lower() in _ROLES else name


def _clean(name: str) -> str:
    """Without the words of the title or sentence before it: 'MASTER AGREEMENT Between Acme, LLC' → 'Acme, LLC'."""
    words = name.strip(" ,;").split()
    for k in range(len(words) - 2, -1, -1):
        if words[k].lower().strip(",.:") in _LEADING or re.fullmatch(r"\d+\.", words[k]):
            words = words[k + 1 :]
            break
    while words and words[0] in {"of", "&", "OF"}:
        words = words[1:]
    return "" if all(ORG_WORD.fullmatch(w) or w.lower() in _ROLES for w in words) else " ".join(words)


def _merge(groups: list[_Entity]) -> list[_Entity]:
    """Groups that share an alias or a name are one entity."""
    out: list[_Entity] = []
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


def _bind_later(entities: list[_Entity], prose: str) -> None:
    """Role words that an exhibit or a later page gives to somebody already known: 'Acme Corp. ("Licensor")'."""
    for m in _PAREN.finditer(prose, _HEAD // 4):
        terms = {t.lower() for t in _QUOTED.findall(m.group(1))} & _ROLES
        before = prose[max(0, m.start() - 60) : m.start()].lower().rstrip(" ,")
        if terms and not any(terms & e.aliases for e in entities):
            host = next((e for e in entities if any(before.endswith(n.lower().rstrip(".,")) or before.endswith(n.lower()) for n in e.names)), None)
            if host is not None:
                host.aliases |= terms


def _add_subjects(entities: list[_Entity], subjects: Counter[str], prose: str) -> None:
    """Acting subjects that no definition gave: part of a known name, or an entity of their own."""
    least = max(2, 0.04 * max(subjects.values(), default=0))
    known = {a for e in entities for a in e.aliases}
    for phrase, n in subjects.most_common(25):
        if phrase in known or (n < least and phrase not in _ROLES) or n < 2:
            continue
        host = next((e for e in entities if _names_it(phrase, e)), None)
        if host is not None:
            host.aliases.add(phrase)
        elif phrase in _ROLES or n >= max(3, least):
            org = ORG_WORD.fullmatch(phrase.split()[-1]) and " " in phrase
            entities.append(_Entity([_as_printed(phrase, prose)] if org else [], {phrase}))


def _as_printed(phrase: str, prose: str) -> str:
    m = re.search(re.escape(phrase), prose, re.IGNORECASE)
    return m.group(0) if m else phrase


def _names_it(phrase: str, entity: _Entity) -> bool:
    """Whether the phrase begins one of the entity's names, or is its initials."""
    return any(phrase == name.lower() or phrase in _short_forms(name) for name in entity.names)


def _short_forms(name: str) -> set[str]:
    """"Oriental Star Group Inc." → "oriental star group", "oriental star", "oriental", "osg"."""
    words = [w.strip(",.") for w in name.split()]
    core = [w for w in words if not ORG_WORD.fullmatch(w)] or words[:1]
    out = {" ".join(core[:k]).lower() for k in range(1, len(core) + 1) if core[k - 1] not in {"of", "&", "and"}}
    for some in (core, words):
        initials = "".join(w[0] for w in some if w and w[0].isupper()).lower()
        if len(initials) >= 3:
            out.add(initials)
    return {o for o in out if len(o) > 1}


def _add_short_names(entities: list[_Entity], prose: str) -> None:
    """Short names that the agreement uses by themselves ("Oriental's systems") although it never defined them."""
    for entity in entities:
        for name in entity.names:
            entity.aliases.add(" ".join(name.lower().rstrip(", ").split()))
            for short in _short_forms(name) - entity.aliases:
                if short in _ROLES or _idle(short) or short.isdigit():
                    continue
                alone = len(re.findall(rf"(?<![\w&])(?i:{re.escape(short)})\b(?! [A-Z&]| of |, [A-Z])", prose))
                small = len(re.findall(rf"\b{re.escape(short)}\b", prose))
                if len(name.split()) == 2 and small == 0 or alone - small >= (2 if small else 1) and small * 4 <= alone and not ORG_WORD.fullmatch(short):
                    entity.aliases.add(short)
    taken: Counter[str] = Counter(a for e in entities for a in e.aliases)
    for entity in entities:  # a word that two share tells neither
        entity.aliases = {a for a in entity.aliases if taken[a] == 1 or not entity.defined or entity is _first(entities, a)}


def _first(entities: list[_Entity], alias: str) -> _Entity:
    return next(e for e in entities if alias in e.aliases)


# ---------------------------------------------------------------- which side


def _weigh(entities: list[_Entity], prose: str) -> None:
    """Scores from role words and from what the entities do to each other in the whole text."""
    forms = {a: k for k, e in enumerate(entities) for a in e.aliases}
    for head, more in PRONOUN_FORMS.items():
        owner = next((forms[f] for f in more if f in forms), None)
        if owner is not None:
            forms.update({f: owner for f in more if f not in forms})
    if forms:
        longest = sorted(forms, key=len, reverse=True)
        pattern = re.compile(rf"(?<![\w&]){{0}}(?i:({'|'.join(map(re.escape, longest))}))(?!\w)".replace("{0}", ""))
        own = {"your": "'s", "our": "'s"}
        marked = pattern.sub(lambda m: f"§{forms[m.group(1).lower()]}§{own.get(m.group(1).lower(), '')}", prose)
        for weight, relation in RELATIONS:
            hits = Counter(int(m.group(1)) for m in relation.finditer(marked))
            for k, n in hits.items():
                entities[k].score += weight * log2(1 + n)
    pronouns = {"you", "we"} <= set(forms)
    for entity in entities:
        entity.score += sum(_prior(a) for a in entity.aliases)
        if pronouns and not entity.defined and not entity.aliases & _ROLES:
            entity.score -= 8.0  # where the drafter says "we" to "you", an undefined name that acts is the drafter's


def _prior(alias: str) -> float:
    weight = 2.0 if alias in WEAK_WORDS else 15.0
    if alias in {"you", "we"}:
        weight = 20.0
    return weight if alias in CUSTOMER_WORDS else -weight if alias in PROVIDER_WORDS else 0.0


def _choose(entities: list[_Entity], prose: str, subjects: Counter[str]) -> dict[str, list[_Entity]]:
    main = [e for e in entities if e.defined]
    top = max((e.uses for e in main), default=0)
    main = [e for e in main if e.uses >= 0.05 * top]
    loose = [e for e in entities if e not in main]
    if len(main) < 2:  # one side (or none) was defined: the busiest others complete it
        main += sorted(loose, key=lambda e: -e.uses)[: 4 if not main else 3]
        loose = [e for e in loose if e not in main]
    if main and (all(e.score > 0 for e in main) or all(e.score <= 0 for e in main)):
        middle = sum(sorted((e.score for e in main), reverse=True)[:: max(1, len(main) - 1)][:2]) / 2
        for e in main:
            e.score -= middle
    sides: dict[str, list[_Entity]] = {CUSTOMER: [], PROVIDER: []}
    for rank, e in enumerate(sorted(main, key=lambda e: (not e.defined, -e.uses))):
        if rank > 1 and abs(e.score) < 2:
            continue  # a third party of whom the text does not tell
        sides[CUSTOMER if e.score > 0 else PROVIDER].append(e)
    for e in loose:
        role = CUSTOMER if e.score > 0 else PROVIDER
        if _belongs(e, sides[role], prose, subjects):
            sides[role].append(e)
    _add_pronouns_and_brand(sides, prose)
    return sides


def _add_pronouns_and_brand(sides: dict[str, list[_Entity]], prose: str) -> None:
    """"You" and "we" where nothing bound them, and the name of a provider that only calls itself "we" in definitions."""
    held = {a for es in sides.values() for e in es for a in e.aliases}
    loud = {form: len(re.findall(rf"\b(?i:{form})\b", prose)) for form in ("you", "we", "our")}
    if "you" not in held and loud["you"] >= 5 and sides[CUSTOMER]:
        sides[CUSTOMER].append(_Entity(aliases={"you"}))
        held.add("you")
    if not held & {"we", "us", "our"} and "you" in held and loud["we"] + loud["our"] >= 3:
        sides[PROVIDER].append(_Entity(aliases={"we"}))
        held.add("we")
    if "we" in held and not any(e.names for e in sides[PROVIDER]) or held & {"we", "you"}:
        owned = Counter(re.findall(r"\b([A-Z][A-Za-z0-9]{2,})['’]s\b", prose))
        for brand, n in owned.most_common(5):
            low = brand.lower()
            if n < 3 or low in held or low in _ROLES or _idle(low) or re.search(rf"(?<![\w.@/-]){low}(?![\w@/]|\.\w)", prose):
                continue
            if len(re.findall(rf"\b{brand}\b", prose)) >= 15:
                sides[PROVIDER].append(_Entity(aliases={low}))
                break


def _belongs(entity: _Entity, side: list[_Entity], prose: str, subjects: Counter[str]) -> bool:
    """Whether an undefined role word ("Customer") means this side, and not the customers that a reseller has."""
    if not entity.aliases & _ROLES:  # an undefined name: only where this side has none
        return entity.uses >= 3 and abs(entity.score) >= 3 and not any(e.names for e in side)
    word = next(iter(sorted(entity.aliases & _ROLES)))
    if word in WEAK_WORDS or (word not in CHANNEL_WORDS and any(e.aliases & CHANNEL_WORDS for e in side)):
        return False
    if word in {"you", "we"}:
        return True
    defined = re.search(rf"[\"“”](?:the )?{word},?[\"“”]", prose, re.IGNORECASE)
    if defined:
        return False
    whole = len(re.findall(rf"\b{word}\b", prose, re.IGNORECASE))
    many = len(re.findall(rf"\b(?:{word}s\b|(?:a|an|any|each|such|its|their|end|every|other|applicable) {word}\b)", prose, re.IGNORECASE))
    pronouns = any(e.aliases & {"you", "we"} for e in side)
    return subjects[word] >= (1 if not many else 2 if pronouns else 3) and many <= 0.2 * whole


def _lend_name(sides: dict[str, list[_Entity]], prose: str) -> None:
    """If one side has a name and the other only a role word, an organisation introduced at the top is the other."""
    named = {role: [n for e in es for n in e.names] for role, es in sides.items()}
    for role, es in sides.items():
        other = named[PROVIDER if role == CUSTOMER else CUSTOMER]
        if named[role] or not other or not es:
            continue
        taken = {f for n in other for f in _short_forms(n)}
        for m in ORG.finditer(prose[:4000]):
            name = _clean(m.group(1))
            if not name:
                continue
            shorts = _short_forms(name)
            first = name.split()[0].strip(",.")
            if shorts & taken or _idle(first.lower()) or prose.count(first) < 3 or re.search(r"\ban? $", prose[: m.start()]):
                continue
            es[0].names.append(name)
            _add_short_names(es[:1], prose)
            break


def _party(role: str, entities: list[_Entity]) -> Party:
    aliases = {a for e in entities for a in e.aliases}
    for forms in PRONOUN_FORMS.values():
        if aliases & set(forms):
            aliases |= set(forms)
    aliases |= {a[:-1] for a in aliases if a.endswith("s") and a[:-1] in _ROLES}
    names = [n for e in entities for n in e.names]
    known = sorted(aliases, key=lambda a: (a not in _ROLES, a))
    spoken = [a for a in known if a not in _all_forms()] or known
    return Party(role, names[0] if names else spoken[0].title() if spoken else "", tuple(sorted(aliases)))

"""Who is customer and who is provider, and by which words the agreement calls them.

Three kinds of evidence, all of them general English: definitions ('Acme Bank, N.A. ("Bank")'), subjects that act like
parties ("Bank shall notify …"), and what the two do to each other (who grants, who pays, who provides). ``normalise``
replaces the aliases by the tokens CUSTOMER, PROVIDER and BOTH.
"""

from __future__ import annotations

import re
from collections import Counter
from math import log2

from risklib.clauses.cues import CHANNEL_WORDS, CUSTOMER_WORDS, ORG, ORG_WORD, PRONOUN_FORMS, PROVIDER_WORDS, WEAK_WORDS
from risklib.clauses.names import (
    HEAD,
    ROLES,
    Entity,
    acting_subjects,
    add_short_names,
    add_subjects,
    bind_later,
    clean_name,
    defined,
    is_idle,
    merge,
    pronoun_forms,
    short_forms,
    stated,
)
from risklib.clauses.normalise import normalise
from risklib.clauses.relations import RELATIONS
from risklib.records import CUSTOMER, PROVIDER, Party

__all__ = ["find_parties", "normalise"]


_UNQUOTED = re.compile(
    r"\(hereinafter(?: called| referred to as| known as)?,? (?:the )?([A-Z][\w&]*(?: [A-Z][\w&]*){0,3})\)",
    re.IGNORECASE,
)


def find_parties(text: str) -> tuple[Party, ...]:
    """The customer's Party and the provider's, with lower-case aliases; a side that cannot be told is absent."""
    prose = " ".join(text.replace("’’", "”").replace("``", "“").replace("''", "”").split())
    prose = _UNQUOTED.sub(r'(hereinafter "\1")', prose)
    subjects = acting_subjects(prose)
    entities = merge(defined(prose[:HEAD], subjects) + stated(prose))
    bind_later(entities, prose)
    add_subjects(entities, subjects, prose)
    add_short_names(entities, prose)
    for entity in entities:
        entity.uses = sum(subjects[a] for a in entity.aliases)
        if entity.names and entity.defined:
            entity.uses += sum(prose.count(name.split()[0]) for name in entity.names[:1] if name.strip()) // 8
    entities = [e for e in entities if e.uses or e.defined]
    _weigh(entities, prose)
    sides = _choose(entities, prose, subjects)
    _lend_name(sides, prose)
    return tuple(_party(role, es) for role, es in sides.items() if es)


def _weigh(entities: list[Entity], prose: str) -> None:
    """Scores from role words and from what the entities do to each other in the whole text."""
    forms = {a.lower(): k for k, e in enumerate(entities) for a in e.aliases}
    for _head, more in PRONOUN_FORMS.items():
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
        if pronouns and not entity.defined and not entity.aliases & ROLES:
            entity.score -= 8.0  # where the drafter says "we" to "you", an undefined name that acts is the drafter's


def _prior(alias: str) -> float:
    weight = 2.0 if alias in WEAK_WORDS else 15.0
    if alias in {"you", "we"}:
        weight = 20.0
    return weight if alias in CUSTOMER_WORDS else -weight if alias in PROVIDER_WORDS else 0.0


def _choose(entities: list[Entity], prose: str, subjects: Counter[str]) -> dict[str, list[Entity]]:
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
    sides: dict[str, list[Entity]] = {CUSTOMER: [], PROVIDER: []}
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


def _add_pronouns_and_brand(sides: dict[str, list[Entity]], prose: str) -> None:
    """ "You" and "we" where nothing bound them, and the name of a provider that calls itself "we"."""
    held = {a for es in sides.values() for e in es for a in e.aliases}
    loud = {form: len(re.findall(rf"\b(?i:{form})\b", prose)) for form in ("you", "we", "our", "us")}
    if "you" not in held and loud["you"] >= 2 and sides[CUSTOMER]:
        sides[CUSTOMER].append(Entity(aliases={"you"}))
        held.add("you")
    if not held & {"we", "us", "our"} and "you" in held and loud["we"] + loud["our"] + loud["us"] >= 2:
        sides[PROVIDER].append(Entity(aliases={"we"}))
        held.add("we")
    if ("we" in held and not any(e.names for e in sides[PROVIDER])) or held & {"we", "you"}:
        owned = Counter(re.findall(r"\b([A-Z][A-Za-z0-9]{2,})['’]s\b", prose))
        for brand, n in owned.most_common(5):
            low = brand.lower()
            if (
                n < 3
                or low in held
                or low in ROLES
                or is_idle(low)
                or re.search(rf"(?<![\w.@/-]){low}(?![\w@/]|\.\w)", prose)
            ):
                continue
            if len(re.findall(rf"\b{brand}\b", prose)) >= 15:
                sides[PROVIDER].append(Entity(aliases={low}))
                break


def _belongs(entity: Entity, side: list[Entity], prose: str, subjects: Counter[str]) -> bool:
    """Whether an undefined role word ("Customer") means this side, and not the customers that a reseller has."""
    if not entity.aliases & ROLES:  # an undefined name: only where this side has none
        return entity.uses >= 3 and abs(entity.score) >= 3 and not any(e.names for e in side)
    word = next(iter(sorted(entity.aliases & ROLES)))
    if word in WEAK_WORDS or (word not in CHANNEL_WORDS and any(e.aliases & CHANNEL_WORDS for e in side)):
        return False
    if word in {"you", "we"}:
        return True
    defined = re.search(rf"[\"“”](?:the )?{word},?[\"“”]", prose, re.IGNORECASE)
    if defined:
        return False
    whole = len(re.findall(rf"\b{word}\b", prose, re.IGNORECASE))
    many = len(
        re.findall(
            rf"\b(?:{word}s\b|(?:a|an|any|each|such|its|their|end|every|other|applicable) {word}\b)",
            prose,
            re.IGNORECASE,
        )
    )
    pronouns = any(e.aliases & {"you", "we"} for e in side)
    return subjects[word] >= (1 if not many else 2 if pronouns else 3) and many <= 0.2 * whole


def _lend_name(sides: dict[str, list[Entity]], prose: str) -> None:
    """If one side has a name and the other only a role word, an organisation introduced at the top is the other."""
    named = {role: [n for e in es for n in e.names] for role, es in sides.items()}
    for role, es in sides.items():
        other = named[PROVIDER if role == CUSTOMER else CUSTOMER]
        if named[role] or not other or not es:
            continue
        taken = {f for n in other for f in short_forms(n)}
        for m in ORG.finditer(prose[:4000]):
            name = clean_name(m.group(1))
            if not name:
                continue
            shorts = short_forms(name)
            first = name.split()[0].strip(",.")
            if (
                shorts & taken
                or is_idle(first.lower())
                or prose.count(first) < 3
                or re.search(r"\ban? $", prose[: m.start()])
            ):
                continue
            es[0].names.append(name)
            add_short_names(es[:1], prose)
            break


def _party(role: str, entities: list[Entity]) -> Party:
    aliases = {a for e in entities for a in e.aliases}
    for forms in PRONOUN_FORMS.values():
        if aliases & set(forms):
            aliases |= set(forms)
    aliases |= {a[:-1] for a in aliases if a.endswith("s") and a[:-1] in ROLES}
    names = [n for e in entities for n in e.names]
    names.sort(key=lambda n: not any(ORG_WORD.fullmatch(w.strip(",")) for w in n.split()))
    known = sorted(aliases, key=lambda a: (a not in ROLES, a))
    spoken = [a for a in known if a not in pronoun_forms()] or known
    name = names[0] if names else spoken[0].title() if spoken else ""
    words = name.split()
    if len(words) > 2 and words[0].lower() in ROLES:  # the label beside it in a table: "Customer Acme Pty Ltd"
        name = " ".join(words[1:])
    return Party(role, name, tuple(sorted(aliases)))

"""What is compared, as data: ``compare.yaml`` of the playbook folder, checked on loading, every fault with its line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from risklib.compare.drafts import Words
from risklib.exposure import COMPONENTS
from risklib.playbook import Phrase, PhraseBook, Playbook, default_folder
from risklib.playbook.nodes import Item, known, read_yaml
from risklib.records import BOTH, CUSTOMER, PROVIDER

FILE = "compare.yaml"
DENIED, CURES = "denied", "cures"
BEST, WORST, UNKNOWN = "best", "worst", "unknown"
_LISTS = (DENIED, "at_once", CURES, "elsewhere", "left_open")
_BETTER = ("more", "less", "present", "absent", "none")
_TERM = (
    "id",
    "topic",
    "title",
    "provision",
    "party",
    "effect",
    "key",
    "better",
    "absent",
    "bare",
    "components",
    "market",
    "about",
)
_RIGHT = ("id", "title", "provision", "effect", "key", "named", "more")


@dataclass(frozen=True)
class TermRow:
    """A row of the side-by-side table."""

    id: str
    topic: str
    title: str
    provision: str
    party: str
    better: str  # what is better for the customer: "more", "less", "present", "absent" or "none"
    effect: str | None = None  # only provisions with this effect count
    key: str | None = None  # the number that is compared
    absent: str = UNKNOWN
    bare: str = UNKNOWN
    components: tuple[str, ...] = ()  # exposures that the term moves
    about: bool = False  # only clauses that speak of its words (hits' id "of:ID") count
    market: bool = True  # the market's figures for the provision are about this party


@dataclass(frozen=True)
class Right:
    """The same right of both parties. ``named``: whether the party that the tables name "profits" or "bears" it."""

    id: str
    title: str
    provision: str
    named: str
    effect: str | None = None
    key: str | None = None
    more: str = ""  # "worse": more of the key is worse for whom the term names


@dataclass(frozen=True)
class Burden:
    categories: Mapping[str, float]
    other: float
    factors: Mapping[str, float]


@dataclass(frozen=True)
class Rules:
    terms: tuple[TermRow, ...]
    rights: tuple[Right, ...]
    about: Mapping[str, tuple[str, ...]]  # position → phrases, one of which makes a clause this protection
    asks: Mapping[str, tuple[str, ...]]  # position → what a proposed term should cover
    burden: Burden
    samples: Mapping[str, str]  # words of a source → how many agreements stand behind it
    drafts: Words
    special: Mapping[str, str]  # provision → the special kind of it
    words: PhraseBook  # hits' ids: those of _LISTS, "about:POSITION", "denied:POSITION", "of:TERM"

    @property
    def sided(self) -> frozenset[str]:
        """The provisions that one party may have and the other not."""
        return frozenset(r.provision for r in self.rights)


def rules_of(playbook: Playbook) -> Rules:
    """The rules of a playbook; a folder without the file uses the shipped one. Raises BadData with file and line."""
    path = playbook.folder / FILE
    return _rules(path if path.exists() else default_folder() / FILE, playbook.version, _Known.of(playbook))


@dataclass(frozen=True)
class _Known:
    provisions: tuple[str, ...]
    positions: tuple[str, ...]
    categories: tuple[str, ...]

    @classmethod
    def of(cls, p: Playbook) -> _Known:
        return cls(tuple(e.id for e in p.provisions), tuple(x.id for x in p.positions), tuple(p.categories))


@lru_cache(maxsize=4)
def _rules(path: Path, version: str, names: _Known) -> Rules:
    keys = ("terms", "protections", *_LISTS, "special", "rights", "burden", "samples", "versions")
    root = read_yaml(path).mapping(keys, required=keys)
    about: dict[str, tuple[str, ...]] = {}
    asks: dict[str, tuple[str, ...]] = {}
    for position, item in root["protections"].pairs().items():
        if position not in names.positions:
            continue  # the user's own positions.yaml may have dropped it
        fields = item.mapping(("about", "denied", "ask"))
        about[position], asks[position] = (fields[k].texts() if k in fields else () for k in ("about", "ask"))
    phrases = [(name, i) for name in _LISTS for i in root[name].items()]
    for position, item in root["protections"].pairs().items():
        for kind, listed in item.pairs().items():
            phrases += [(f"{kind}:{position}", i) for i in listed.items() if kind != "ask"]
    phrases += [(f"of:{i.mapping(_TERM)['id'].text()}", w) for i in root["terms"].items()
                if "about" in i.mapping(_TERM) for w in i.mapping(_TERM)["about"].items()]  # fmt: skip
    try:
        words = PhraseBook((name, Phrase(i.text())) for name, i in phrases)
    except ValueError as e:
        raise root["denied"].fail(f"a phrase of this file cannot be read: {e}") from None
    return Rules(
        tuple(_term(i, names) for i in root["terms"].items()),
        tuple(_right(i, names) for i in root["rights"].items()),
        about,
        asks,
        _burden(root["burden"], names),
        {k: v.text() for k, v in root["samples"].pairs().items()},
        _drafts(root["versions"]),
        {k: v.choice(names.provisions, "provision") for k, v in root["special"].pairs().items()},
        words,
    )


def _drafts(item: Item) -> Words:
    keys = ("fillers", "same", "weighty", "opposite", "never", "turns")
    f = item.mapping(keys, required=keys)
    same = tuple(i.texts() for i in f["same"].items())
    sets = (frozenset(f[k].texts()) for k in ("fillers", "never", "turns", "weighty", "opposite"))
    return Words(same, *sets)


def _term(item: Item, names: _Known) -> TermRow:
    f = item.mapping(_TERM, required=("id", "topic", "title", "provision", "party", "better"))
    given: dict[str, Any] = {k: f[k].text() for k in ("id", "topic", "title", "effect", "key") if k in f}
    given["provision"] = f["provision"].choice(names.provisions, "provision")
    given["party"] = f["party"].choice((CUSTOMER, PROVIDER, BOTH), "party")
    given["better"] = f["better"].choice(_BETTER, "value of better")
    for k in ("absent", "bare"):
        if k in f:
            given[k] = f[k].choice((BEST, WORST, UNKNOWN), f"value of {k}")
    if "market" in f:
        given["market"] = f["market"].choice(("yes", "no"), "value of market") == "yes"
    given["about"] = "about" in f
    if "components" in f:
        given["components"] = tuple(i.choice(COMPONENTS, "component") for i in f["components"].items())
    return TermRow(**given)


def _right(item: Item, names: _Known) -> Right:
    f = item.mapping(_RIGHT, required=("id", "title", "provision", "named"))
    given: dict[str, Any] = {k: f[k].text() for k in ("id", "title", "effect", "key", "more") if k in f}
    named = f["named"].choice(("profits", "bears"), "value of named")
    return Right(provision=f["provision"].choice(names.provisions, "provision"), named=named, **given)


def _burden(item: Item, names: _Known) -> Burden:
    f = item.mapping(("categories", "other", "factors"), required=("categories", "other", "factors"))
    weights = {
        known(k, names.categories, "category", v.file, v.line): v.number() for k, v in f["categories"].pairs().items()
    }
    allowed = ("consequence", "deadline", "vague", "prohibition")
    factors = {k: v.number() for k, v in f["factors"].mapping(allowed).items()}
    return Burden(weights, f["other"].number(), factors)

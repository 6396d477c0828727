"""What the lawyers' files say, as frozen records: entries with examples and phrases, positions, words of all kinds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from risklib.playbook.phrases import Macro, Phrase, PhraseBook
from risklib.playbook.valuerules import ValueRule, read_consequences, read_value_rules

RESPONSIBILITY, PROVISION = "responsibility", "provision"
# How examples name the parties unless their own ``roles`` say otherwise.
DEFAULT_ROLES: Mapping[str, tuple[str, ...]] = {
    "customer": ("customer", "client", "licensee", "subscriber", "reseller", "you", "your"),
    "provider": ("service provider", "provider", "licensor", "supplier", "vendor", "we", "us", "our"),
}


@dataclass(frozen=True, slots=True)
class Example:
    """One drafted sentence or list item. ``ids`` are all the entries that hold for it (none, for most near misses)."""

    text: str
    ids: tuple[str, ...]
    party: str  # "customer", "provider" or "both"
    modality: str  # "obligation" or "prohibition"; without meaning for provisions
    lead_in: str = ""  # the words a list item hangs from: "Customer shall not:"
    deadline: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: DEFAULT_ROLES)  # role → lower-case aliases
    file: str = ""
    line: int = 0

    @property
    def full(self) -> str:
        """The text with its lead-in in front, as a reader understands it."""
        return f"{self.lead_in} {self.text}" if self.lead_in else self.text


@dataclass(frozen=True, slots=True)
class Category:
    id: str
    title: str
    definition: str
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One id of the taxonomy: what it means, the headings and phrases that point to it, and examples on both sides."""

    id: str  # "category.name" for responsibilities, a bare name for provisions
    kind: str  # RESPONSIBILITY or PROVISION
    category: str  # category id; for a provision its own id
    title: str
    definition: str
    headings: tuple[str, ...]
    phrases: tuple[Phrase, ...]
    examples: tuple[Example, ...]
    counterexamples: tuple[Example, ...]
    file: str
    line: int
    party: str = "customer"  # whom it usually binds (or, for provisions, favours or limits; see tables.md)
    modality: str = "obligation"


@dataclass(frozen=True, slots=True)
class Position:
    """What the playbook wants of one term. The three tests map a key of ``values`` to conditions (see positions.py)."""

    id: str
    provision: str
    party: str
    title: str
    preferred: Mapping[str, Any]
    fallback: Mapping[str, Any]
    walk_away: Mapping[str, Any]
    severity: str  # "low", "medium", "high", "critical"
    owner: str
    why: str
    wording: Mapping[str, str]  # "preferred" and "fallback"
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class VagueWord:
    word: str  # a phrase of the phrase language
    mark: str  # the mark of clarity that it costs: "who", "what", "when", "how_well"
    ask: str
    propose: str
    phrase: Phrase
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class MissingMark:
    """What to ask and propose where a responsibility lacks a mark of clarity; ``category`` "" for any category."""

    mark: str
    category: str
    ask: str
    propose: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class RoleWord:
    """A word that agreements use for a party. ``weight`` in [-1, 1] leans to the customer (+) or the provider (-)."""

    word: str
    role: str  # "customer", "provider" or "depends"
    weight: float
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Baseline:
    """A figure of the market. ``grade``: A primary template, B statistic at second hand, C a practitioner's opinion."""

    term: str
    figure: str
    value: float | None
    unit: str
    grade: str
    source: str
    date: str
    file: str
    line: int


@dataclass(frozen=True)
class Playbook:
    """Everything in one playbook folder. ``version`` changes with the content of its files and with nothing else."""

    version: str
    folder: Path
    categories: Mapping[str, Category]
    entries: Mapping[str, Entry]
    roles: tuple[RoleWord, ...]
    vague: tuple[VagueWord, ...]
    positions: tuple[Position, ...]
    baseline: tuple[Baseline, ...]
    macros: Mapping[str, Macro]
    required_ids: tuple[str, ...]
    missing: tuple[MissingMark, ...] = ()

    def missing_mark(self, mark: str, category: str) -> MissingMark | None:
        """What to ask about a missing mark: of this category if the playbook has it, else of any; None if neither."""
        return next((m for c in (category, "") for m in self.missing if (m.mark, m.category) == (mark, c)), None)

    @cached_property
    def value_rules(self) -> Mapping[str, tuple[ValueRule, ...]]:
        """Provision id → how its numbers are read (``values.yaml``)."""
        return read_value_rules(self.folder / "values.yaml")

    @cached_property
    def consequences(self) -> Mapping[str, tuple[str, ...]]:
        """Category → the provisions that follow a breach, most direct first (``consequences.yaml``)."""
        return read_consequences(self.folder / "consequences.yaml", self.entries)

    @cached_property
    def responsibilities(self) -> tuple[Entry, ...]:
        return tuple(e for e in self.entries.values() if e.kind == RESPONSIBILITY)

    @cached_property
    def provisions(self) -> tuple[Entry, ...]:
        return tuple(e for e in self.entries.values() if e.kind == PROVISION)

    @cached_property
    def phrases(self) -> PhraseBook:
        """The matcher over every entry's phrases; built on first use (about a tenth of a second)."""
        corpus = " ".join(x.full for e in self.entries.values() for x in e.examples)
        return PhraseBook(((e.id, p) for e in self.entries.values() for p in e.phrases), self.macros, corpus)

    @cached_property
    def vague_phrases(self) -> PhraseBook:
        """The matcher over the vague words; a hit's ``entry_id`` is the word as the file spells it."""
        return PhraseBook(((v.word, v.phrase) for v in self.vague), self.macros)

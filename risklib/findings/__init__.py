"""What an agreement asks of each party and what failing costs: sentences → responsibilities and provisions."""

from __future__ import annotations

from collections.abc import Sequence

from risklib.findings.clarity import MARKS, with_clarity
from risklib.findings.context import Reading, readings
from risklib.findings.features import features, phrase_hits
from risklib.findings.grammar import Clues, clues, is_bare
from risklib.findings.links import with_consequences
from risklib.findings.model import Array, Bag, Model, load_model, save_model
from risklib.findings.pointers import with_pointers
from risklib.findings.provisions import bare_dollar, provisions_of
from risklib.findings.responsibilities import responsibilities_of, scored
from risklib.playbook import Playbook
from risklib.records import Agreement, Provision, Responsibility

__all__ = ["MARKS", "Model", "bags_of", "decide", "find", "load_model", "save_model"]


def bags_of(agreement: Agreement, playbook: Playbook) -> tuple[tuple[Reading, ...], tuple[Clues, ...], list[Bag]]:
    """How the model sees each sentence of the agreement."""
    seen = readings(agreement)
    hints = tuple(clues(r.full, r.own) for r in seen)
    return seen, hints, [features(r, c, playbook) for r, c in zip(seen, hints)]


def find(
    agreement: Agreement, playbook: Playbook, model: Model
) -> tuple[tuple[Responsibility, ...], tuple[Provision, ...]]:
    """Every responsibility and provision of the agreement, in reading order, linked and marked for clarity."""
    seen, hints, bags = bags_of(agreement, playbook)
    duties, terms = decide(agreement, seen, hints, model.logits(bags), playbook, model)
    terms = with_pointers(agreement, terms, playbook.value_rules, bare_dollar(agreement))
    linked = with_consequences(agreement, duties, terms, playbook.consequences)
    return with_clarity(agreement, linked, playbook), terms


def decide(
    agreement: Agreement,
    seen: Sequence[Reading],
    hints: Sequence[Clues],
    logits: Array,
    playbook: Playbook,
    model: Model,
) -> tuple[tuple[Responsibility, ...], tuple[Provision, ...]]:
    """From the model's logits, one row a sentence, to findings."""
    dollar = bare_dollar(agreement)
    duties: list[Responsibility] = []
    terms: list[Provision] = []
    for sentence, reading, clue, row in zip(agreement.sentences, seen, hints, logits):
        if is_bare(sentence.text):
            continue
        s = scored(model, row)
        phrases = [(h.entry_id, h.strength) for h in phrase_hits(reading, playbook)]
        duties += responsibilities_of(reading, sentence, clue, s, phrases, model, playbook)
        terms += provisions_of(agreement, sentence, reading, clue, s, phrases, model, playbook, dollar)
    return tuple(duties), tuple(terms)

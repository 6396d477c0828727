"""Documents → agreements: clause tree, sentences, parties, definitions, references, title, effective date and term."""

from __future__ import annotations

from risklib.clauses.anchors import Anchor, Located, anchor, locate
from risklib.clauses.dates import effective_date, title
from risklib.clauses.definitions import read_definitions
from risklib.clauses.parties import find_parties, normalise
from risklib.clauses.references import read_references
from risklib.clauses.sentences import read_sentences
from risklib.clauses.term import read_term
from risklib.clauses.tree import build_tree
from risklib.records import Agreement, Document

__all__ = ["Anchor", "Located", "anchor", "find_parties", "locate", "normalise", "read_agreement"]


def read_agreement(document: Document) -> Agreement:
    """The structure of a document. Never raises on odd input: a text without clauses is one clause with number ""."""
    clauses = build_tree(document)
    sentences = read_sentences(document, clauses)
    effective = effective_date(document)
    return Agreement(
        document=document,
        title=title(document),
        parties=find_parties(document.text),
        effective_date=effective,
        clauses=clauses,
        sentences=sentences,
        definitions=read_definitions(sentences),
        references=read_references(document, clauses),
        term=read_term(sentences, clauses, effective),
    )

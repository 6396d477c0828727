"""Why a sentence was read as it was: each label with the phrases, grammar and words behind it, and what nearly held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from risklib.clauses.cues import CUSTOMER_WORDS, PROVIDER_WORDS
from risklib.findings import bags_of, decide
from risklib.findings.context import Reading
from risklib.findings.features import phrase_hits
from risklib.findings.grammar import Clues, is_bare
from risklib.findings.model import Bag, Model
from risklib.findings.provisions import TERM
from risklib.findings.responsibilities import DUTY, FORBIDS, KIND, Scored, scored
from risklib.playbook import Playbook
from risklib.records import CUSTOMER, PROVIDER, Agreement, Clause, Document, Party, Provision, Responsibility, Sentence

_NEAREST = 3  # labels below their threshold that are told too, the likeliest first
_SAYS = {"h:": "heading", "g:": "grammar", "ph:": "playbook heading of", "p:": "playbook phrase of"}


@dataclass(frozen=True, slots=True)
class Because:
    """One label of one sentence. ``weights``: (feature in words, what it adds to the log-odds), strongest first."""

    label: str  # "binds the customer", "payment_billing.timely_payment", "late_payment", "forbids"
    probability: float
    threshold: float  # the probability from which the label holds
    phrases: tuple[str, ...]  # the playbook's phrases for it that stand in the sentence, with their strength
    weights: tuple[tuple[str, float], ...]

    @property
    def holds(self) -> bool:
        return self.probability >= self.threshold


@dataclass(frozen=True, slots=True)
class Explanation:
    """A sentence as it was read. ``nearest``: labels that did not hold, the likeliest first."""

    sentence: Sentence
    reads_as: str  # lead-ins and sentence with the parties as CUSTOMER, PROVIDER, BOTH
    headings: tuple[str, ...]
    grammar: tuple[str, ...]  # "CUSTOMER must (active)", …
    responsibilities: tuple[Responsibility, ...]
    provisions: tuple[Provision, ...]
    because: tuple[Because, ...]
    nearest: tuple[Because, ...]
    remark: str  # why nothing was reported although a label held; "" otherwise


def why(agreement: Agreement, playbook: Playbook, model: Model, sentences: Sequence[int]) -> tuple[Explanation, ...]:
    """Explanations of the sentences at these indices of ``agreement.sentences``, by the very steps of `find`."""
    seen, hints, bags = bags_of(agreement, playbook)
    logits = model.logits(bags)
    duties, terms = decide(agreement, seen, hints, logits, playbook, model)
    return tuple(
        _explanation(agreement, seen[i], hints[i], bags[i], scored(model, logits[i]), duties, terms, playbook, model)
        for i in sentences
    )


def one_sentence(text: str, lead_in: str = "", heading: str = "", customer: str = "", provider: str = "") -> Agreement:
    """A sentence that stands alone, as an agreement of one clause; the parties by the usual words and these names."""
    words = {CUSTOMER: CUSTOMER_WORDS | {"you"}, PROVIDER: PROVIDER_WORDS | {"we"}}
    parties = tuple(
        Party(role, name or role, tuple(sorted(words[role] | ({name.lower()} if name else set()))))
        for role, name in ((CUSTOMER, customer), (PROVIDER, provider))
    )
    parts = [p for p in (lead_in, text) if p]
    starts = [0, len(lead_in) + 1][-len(parts) :] if lead_in else [0]
    full = "\n".join(parts)
    sentences = tuple(
        Sentence("c0001", at, at + len(p), p, (0,) if lead_in and p is text else (), "item" if lead_in else "sentence")
        for at, p in zip(starts, parts)
    )
    clause = Clause("c0001", None, "", heading, 1, 0, len(full), len(full), 0)
    document = Document("", "the sentence given", full, (), (), ())
    return Agreement(document, "", parties, None, (clause,), sentences)


def _explanation(
    agreement: Agreement,
    reading: Reading,
    clue: Clues,
    bag: Bag,
    s: Scored,
    duties: Sequence[Responsibility],
    terms: Sequence[Provision],
    playbook: Playbook,
    model: Model,
) -> Explanation:
    sentence = agreement.sentences[reading.index]
    labels = [x for x in model.labels if x.startswith((DUTY, KIND, TERM)) or x == FORBIDS]
    told = [_because(x, s, bag, reading, playbook, model) for x in labels]
    told.sort(key=lambda b: -b.probability / b.threshold)
    mine = tuple(d for d in duties if d.start == sentence.start and d.end == sentence.end)
    own = tuple(t for t in terms if t.start == sentence.start and t.end == sentence.end)
    holds = tuple(b for b in told if b.holds)
    return Explanation(
        sentence,
        reading.full,
        reading.headings,
        tuple(
            f"{who.upper()} {modal.replace('_', ' ')}{'' if active else ' (passive)'}"
            for who, modal, active in clue.subjects
        ),
        mine,
        own,
        holds,
        tuple(b for b in told if not b.holds)[:_NEAREST],
        "" if mine or own or not holds else _silence(sentence),
    )


def _silence(sentence: Sentence) -> str:
    if sentence.kind == "heading" or is_bare(sentence.text):
        return "nothing is reported: a heading binds nobody"
    return "nothing is reported: a responsibility needs a bound party, and no party is likely enough to be bound"


def _because(label: str, s: Scored, bag: Bag, reading: Reading, playbook: Playbook, model: Model) -> Because:
    id = label.removeprefix(KIND).removeprefix(TERM)
    phrases = tuple(
        f"“{reading.full[h.start : h.end]}” ({h.strength})" for h in phrase_hits(reading, playbook) if h.entry_id == id
    )
    weights = tuple((_in_words(f), round(w, 2)) for f, w in model.why(bag, label))
    name = f"binds the {label.removeprefix(DUTY)}" if label.startswith(DUTY) else "forbids" if label == FORBIDS else id
    return Because(name, round(s.p[label], 3), round(max(model.thresholds.get(label, 0.5), 0.01), 3), phrases, weights)


def _in_words(feature: str) -> str:
    for prefix, says in _SAYS.items():
        if feature.startswith(prefix):
            return f"{says} {feature.removeprefix(prefix).replace(':', ', ')}"
    return f"“{feature}”"

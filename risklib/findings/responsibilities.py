"""Scores and clues of each sentence → responsibilities: who must do, or must not do, what, by when, what follows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from risklib.findings.context import Reading
from risklib.findings.deadlines import deadline
from risklib.findings.grammar import Clues, prohibits
from risklib.findings.model import Array, Model, sigmoid
from risklib.playbook import Playbook
from risklib.records import BOTH, CUSTOMER, OBLIGATION, PROHIBITION, PROVIDER, Responsibility, Sentence

DUTY = "duty:"  # label prefix: the sentence binds this party
KIND = "resp:"  # label prefix: the sentence carries this responsibility
FORBIDS = "prohibition"  # label: it forbids
UNKNOWN, SERVICE = "other.other", "provider.service"
UNNAMED = 0.7  # how likely a duty must be to be reported when no responsibility of the playbook fits it
_ACTION = re.compile(
    r"\b(?:shall|will|must|may|agrees?|undertakes?|is|are)\b(?:\s+(?:not|never|also|promptly|at all times|solely|"
    r"only)\b)*\s*"
    r"(?:to\s+|be\s+(?:solely\s+)?(?:responsible|liable)\s+for\s+|(?:solely\s+)?responsible\s+for\s+|"
    r"required\s+to\s+|permitted\s+to\s+)?(?P<act>[^.;:]{3,160})"
)
_TRIGGER = re.compile(
    r"(?:^|[,;]\s*|\b)(?P<t>(?:if|when|whenever|upon|on|once|in the event (?:that|of)|where|after|"
    r"following)\s+[^,;.]{4,120})",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Scored:
    """Probabilities of one sentence, by label, and its raw logits for calibration."""

    p: dict[str, float]
    logit: dict[str, float]


def scored(model: Model, logits: Array) -> Scored:
    p = sigmoid(logits)
    return Scored(dict(zip(model.labels, map(float, p))), dict(zip(model.labels, map(float, logits))))


def responsibilities_of(
    reading: Reading,
    sentence: Sentence,
    clue: Clues,
    s: Scored,
    phrases: Sequence[tuple[str, str]],
    model: Model,
    playbook: Playbook,
) -> list[Responsibility]:
    """The responsibilities of one sentence. ``phrases``: (entry id, strength) of the playbook's phrases in it."""
    if sentence.kind == "heading":
        return []
    bound = [r for r in (CUSTOMER, PROVIDER) if s.p[DUTY + r] >= model.thresholds[DUTY + r]]
    if not bound:
        return []
    party = BOTH if len(bound) == 2 and _joint(clue, s) else max(bound, key=lambda r: s.p[DUTY + r])
    parties = [party] if party == BOTH or len(bound) == 1 else bound
    strong = {id for id, strength in phrases if strength == "strong"}
    out = []
    for who in parties:
        for id, _ in _kinds(s, model, playbook, strong, who):
            out.append(_record(id, who, reading, sentence, clue, s, strong, model))
    return out


def _joint(clue: Clues, s: Scored) -> bool:
    """One duty on both, rather than one on each."""
    roles = clue.roles()
    return BOTH in roles or len(set(roles)) < 2


def _kinds(s: Scored, model: Model, playbook: Playbook, strong: set[str], who: str) -> list[tuple[str, float]]:
    """Which responsibilities, with their probability; the residual ids when none is likely enough."""
    found = []
    for entry in playbook.responsibilities:
        label = KIND + entry.id
        if label in s.p:
            p = s.p[label]
            if p >= model.thresholds[label]:
                found.append((entry.id, p))
        elif entry.id in strong:  # an entry that a lawyer added since the model was trained
            found.append((entry.id, 0.7))
    if who == PROVIDER:
        found = [(i, p) for i, p in found if i not in (UNKNOWN,)] or [(SERVICE, max(s.p.get(KIND + SERVICE, 0.0), 0.5))]
        named = [(i, p) for i, p in found if i != SERVICE]
        return named or found
    named = [(i, p) for i, p in found if i not in (UNKNOWN, SERVICE)] or [_best(s, model, playbook)]
    sure = s.p[DUTY + CUSTOMER] >= UNNAMED
    return [(i, p) for i, p in named if i != UNKNOWN or sure]


def _best(s: Scored, model: Model, playbook: Playbook) -> tuple[str, float]:
    """The likeliest id if it is near its threshold, else the residual one: no duty is dropped for want of a name."""
    ids = [e.id for e in playbook.responsibilities if KIND + e.id in s.p and e.id not in (UNKNOWN, SERVICE)]
    best = max(ids, key=lambda i: s.p[KIND + i] / max(model.thresholds[KIND + i], 0.05))
    if s.p[KIND + best] >= 0.35 * model.thresholds[KIND + best]:
        return best, s.p[KIND + best]
    return UNKNOWN, max(s.p.get(KIND + UNKNOWN, 0.0), 0.3)


def _record(
    id: str, who: str, reading: Reading, sentence: Sentence, clue: Clues, s: Scored, strong: set[str], model: Model
) -> Responsibility:
    method = "model+phrase" if id in strong and KIND + id in s.p else "phrase" if id in strong else "model"
    duty = s.logit[DUTY + (CUSTOMER if who == BOTH else who)]
    sure = model.sure(
        "responsibility", duty, s.logit.get(KIND + id, 0.0), float(id in strong), float(id in (UNKNOWN, SERVICE))
    )
    return Responsibility(
        sentence.clause_id,
        sentence.start,
        sentence.end,
        id,
        who,
        modality=PROHIBITION if _forbids(reading, s) else OBLIGATION,
        confidence=sure,
        method=method,
        action=action(sentence.text),
        deadline=deadline(sentence.text),
        trigger=trigger(sentence.text),
    )


def _forbids(reading: Reading, s: Scored) -> bool:
    p = s.p.get(FORBIDS, 0.5)
    if 0.3 < p < 0.7:
        return prohibits(reading.full)
    return p >= 0.5


def action(text: str) -> str | None:
    """What is to be done or left, from the operative verb on; a list item is its own action. Verbatim."""
    m = _ACTION.search(text)
    if m:
        return m["act"].strip(" ,;.:") or None
    return re.sub(r"^\s*\(?\w{1,4}[).]\s+", "", text).strip(" ,;.:")[:160] or None


def trigger(text: str) -> str | None:
    """The condition that sets the duty off, verbatim; None where it holds always."""
    m = _TRIGGER.search(text)
    return m["t"].strip(" ,;") if m else None

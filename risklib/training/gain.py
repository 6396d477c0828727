"""What people's corrections are worth to the classifier: the same sentences judged with and without them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from risklib.findings.model import sigmoid
from risklib.findings.provisions import TERM
from risklib.findings.responsibilities import DUTY, KIND
from risklib.training.documents import Labelled
from risklib.training.fitting import weights_of

FOLDS = 3
LIKELY = 0.16  # from where on a label counts as found: the median of the shipped model's thresholds


@dataclass(frozen=True, slots=True)
class Gain:
    """F1 of duties, responsibilities and provisions on the corrected sentences, each judged by weights that did not
    see its agreement: learned ``before`` without any correction, ``after`` with those made in other agreements."""

    sentences: int
    agreements: int
    before: float
    after: float

    def __str__(self) -> str:
        if self.agreements < 2:
            return f"{self.sentences} corrected sentences of one agreement: what they gain shows from two agreements on"
        told = f"{self.sentences} corrected sentences of {self.agreements} agreements"
        return f"{told}: F1 on them {self.before:.3f} without, {self.after:.3f} with the corrections of the others"


def gain(docs: Sequence[Labelled], reviewed: Sequence[Labelled]) -> Gain:
    """Leaves out agreements in turn (three folds at most, two fits each)."""
    count = sum(x is not None for d in reviewed for x in d.labels)
    if len(reviewed) < 2:
        return Gain(count, len(reviewed), 0.0, 0.0)
    before, after = [0, 0], [0, 0]
    folds = min(FOLDS, len(reviewed))
    for k in range(folds):
        held = reviewed[k::folds]
        known = [d for d in docs if d.contract_id not in {h.contract_id for h in held}]
        others = [d for d in reviewed if d not in held]
        for tally, taught in ((before, known), (after, [*without(known, others), *others])):
            hit, told = _hits(taught, held)
            tally[0] += hit
            tally[1] += told
    return Gain(count, len(reviewed), *(2 * hit / told if told else 0.0 for hit, told in (before, after)))


def without(docs: Sequence[Labelled], reviewed: Sequence[Labelled]) -> list[Labelled]:
    """``docs`` silent on the sentences that people decided: their word holds."""
    said = {d.contract_id: {r.index for r, x in zip(d.seen, d.labels) if x is not None} for d in reviewed}
    return [
        replace(d, labels=[None if r.index in said[d.contract_id] else x for r, x in zip(d.seen, d.labels)])
        if d.contract_id in said
        else d
        for d in docs
    ]


def _hits(taught: Sequence[Labelled], held: Sequence[Labelled]) -> tuple[int, int]:
    """Labels found that are right; labels found plus labels true (F1 is twice the first by the second)."""
    model = weights_of(taught)
    hit = told = 0
    for d in held:
        for p, labels in zip(sigmoid(model.logits(d.bags)), d.labels):
            if labels is not None:
                found = {n for n, q in zip(model.labels, p) if q >= LIKELY and n.startswith((DUTY, KIND, TERM))}
                true = {x for x in labels if x.startswith((DUTY, KIND, TERM))}
                hit += len(found & true)
                told += len(found) + len(true)
    return hit, told

"""Scores of each sentence → provisions: which penalty or liability term, whose, with which values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from risklib.findings.context import Reading
from risklib.findings.grammar import Clues
from risklib.findings.model import Model
from risklib.findings.responsibilities import Scored
from risklib.findings.values import values_of
from risklib.playbook import Playbook
from risklib.records import BOTH, CUSTOMER, PROVIDER, Agreement, Provision, Sentence

TERM = "prov:"  # label prefix: the sentence carries this provision
WHOSE = "whose:"  # label prefix: of the provision's party
_US = re.compile(r"\b(?:U\.?S\.?(?:A\.?)? dollars|United States dollars|USD|US\$)", re.I)
_DOLLARS = {
    "CAD": r"\bCAD\b|Canadian dollars|C\$|CDN",
    "AUD": r"\bAUD\b|Australian dollars|A\$",
    "NZD": r"\bNZD\b|New Zealand dollars|NZ\$",
    "SGD": r"\bSGD\b|Singapore dollars|S\$",
    "HKD": r"\bHKD\b|Hong Kong dollars|HK\$",
}
_STATES = re.compile(
    r"(?:[Ss]tate|STATE|[Cc]ommonwealth|[Cc]ounty) (?:of|OF) |United States|U\.S\.|\bUSA\b|\b(?:Delaware|"
    r"California|New York|Texas|Florida|Illinois|"
    r"Massachusetts|Washington|Virginia|Georgia|New Jersey|Pennsylvania|Ohio|Colorado|Minnesota|Michigan|Arizona|"
    r"Nevada|Utah|Oregon)\b"
)


def provisions_of(
    agreement: Agreement,
    sentence: Sentence,
    reading: Reading,
    clue: Clues,
    s: Scored,
    phrases: Sequence[tuple[str, str]],
    model: Model,
    playbook: Playbook,
    dollar: str | None,
) -> list[Provision]:
    """The provisions of one sentence."""
    if sentence.kind == "heading":
        return []
    strong = {id for id, strength in phrases if strength == "strong"}
    out = []
    for entry in playbook.provisions:
        label = TERM + entry.id
        p = s.p.get(label)
        if p is None:
            if entry.id not in strong:
                continue
            confidence, method = 0.7, "phrase"
        elif p >= model.thresholds[label]:
            confidence = model.sure("provision", s.logit[label], float(entry.id in strong))
            method = "model+phrase" if entry.id in strong else "model"
        else:
            continue
        values = _values(agreement, sentence, entry.id, playbook, dollar)
        party = _whose(entry.id, entry.party, s, clue)
        out.append(
            Provision(
                sentence.clause_id,
                sentence.start,
                sentence.end,
                entry.id,
                party,
                confidence,
                method,
                values,
            )
        )
    return out


def _values(
    agreement: Agreement, sentence: Sentence, id: str, playbook: Playbook, dollar: str | None
) -> Mapping[str, object]:
    lead = " ".join(agreement.sentences[k].text for k in sentence.lead_ins[-1:])
    return values_of(id, sentence.text, playbook.value_rules.get(id, ()), lead_in=lead, dollar=dollar)


def _whose(id: str, usual: str, s: Scored, clue: Clues) -> str:
    """The party by the model's label for this provision; else by grammar, then the playbook's usual party."""
    c, p = (s.logit.get(f"{WHOSE}{id}:{r}") for r in (CUSTOMER, PROVIDER))
    if c is not None or p is not None:  # a side that no agreement ever named has no label
        c, p = (-6.0 if x is None else x for x in (c, p))
        if min(c, p) > 0:
            return BOTH
        return CUSTOMER if c > p else PROVIDER
    if usual == BOTH:
        return BOTH
    roles = clue.roles(("must", "must_not", "may"))
    return roles[0] if roles else usual


def bare_dollar(agreement: Agreement) -> str | None:
    """Which dollar a bare "$" is here: the one the agreement names; the US one if it speaks of the US; else None."""
    text = agreement.document.text
    named = Counter({code: len(re.findall(p, text)) for code, p in _DOLLARS.items()})
    named["USD"] = len(_US.findall(text))
    code, n = named.most_common(1)[0]
    if n:
        return code
    return "USD" if len(_STATES.findall(text)) >= 2 else None

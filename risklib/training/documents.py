"""Labelled agreements, read anew: the gold format, fingerprints, experts' answers, the playbook's examples.

Labels in the gold format are a JSON a document: units with page, text, responsibilities and provisions. Sentences of
the real reading of each PDF take the labels of the units that they cover.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from risklib.clauses import read_agreement
from risklib.findings import bags_of
from risklib.findings.context import Reading
from risklib.findings.features import features
from risklib.findings.grammar import Clues, clues, is_bare
from risklib.findings.model import Bag
from risklib.findings.overlap import trigrams
from risklib.findings.provisions import TERM, WHOSE
from risklib.findings.responsibilities import DUTY, FORBIDS, KIND
from risklib.labels import PREFIX, Label, fingerprint, read_labels
from risklib.pdf import read
from risklib.playbook import Playbook, with_roles
from risklib.records import Agreement, Sentence


@dataclass(frozen=True, eq=False)
class Labelled:
    """A document with its labels: one entry a sentence, None where nobody labelled."""

    name: str
    contract_id: str
    agreement: Agreement | None
    seen: tuple[Reading, ...]
    hints: tuple[Clues, ...]
    bags: Sequence[Bag]
    labels: Sequence[frozenset[str] | None]
    pairs: Sequence[Sequence[frozenset[tuple[str, str]]]]  # per sentence, for each labelled unit in it: (id, party)
    measures: bool = True  # False: it teaches weights, and no threshold or confidence is set on it
    teaches: frozenset[str] | None = None  # the labels that it says anything about; None: all


def labelled(pdfs: Path, answers: Path, playbook: Playbook, *, measures: bool = True) -> list[Labelled]:
    """Every document of ``answers`` whose PDF lies in ``pdfs``, read anew.

    ``measures``: whether thresholds and confidence are set on them. Not so on papers that this project wrote: those
    are easier than the world's, and a confidence that is fitted on them promises too much.
    """
    out = []
    for path in sorted(answers.glob("*.json")):
        gold = json.loads(path.read_text(encoding="utf-8"))
        pdf = pdfs / gold["file"]
        if pdf.exists():
            agreement = read_agreement(read(pdf))
            seen, hints, bags = bags_of(agreement, playbook)
            labels, pairs = align(agreement, gold["units"])
            id = agreement.document.contract_id
            out.append(Labelled(path.stem, id, agreement, seen, hints, bags, labels, pairs, measures))
    return out


def align(
    agreement: Agreement, units: Sequence[dict[str, Any]]
) -> tuple[list[frozenset[str] | None], list[list[frozenset[tuple[str, str]]]]]:
    """Each sentence's labels: those of the units on its page (or a neighbour) that share most trigrams with it."""
    grams = [trigrams(u["text"]) for u in units]
    index: dict[Any, set[int]] = {}
    for i, g in enumerate(grams):
        for t in g:
            index.setdefault(t, set()).add(i)
    last = max((u["page"] for u in units), default=0)
    labels: list[frozenset[str] | None] = []
    pairs: list[list[frozenset[tuple[str, str]]]] = []
    for s in agreement.sentences:
        page, mine = agreement.document.page_of(s.start), trigrams(s.text)
        shared = Counter(i for t in mine for i in index.get(t, ()) if abs(units[i]["page"] - page) <= 1)
        hit = [
            i for i, n in shared.items() if n / len(mine) >= 0.5 or (n / len(grams[i]) >= 0.5 and len(grams[i]) >= 6)
        ]
        exact = [i for i in hit if shared[i] / len(mine) >= 0.9 and shared[i] / len(grams[i]) >= 0.9]
        chosen = exact[:1] or hit
        told = page <= last and _can_bind(s)
        labels.append(frozenset().union(*(_labels(units[i]) for i in chosen)) if told else None)
        pairs.append([_pairs(units[i]) for i in chosen] or [frozenset()])
    return labels, pairs


def _can_bind(s: Sentence) -> bool:
    """Headings are never reported; a unit that begins with its heading must not teach the heading's words."""
    return s.kind != "heading" and not is_bare(s.text)


def _labels(unit: dict[str, Any]) -> set[str]:
    out: set[str] = set()
    for r in unit.get("resp", []):
        out |= {KIND + r["id"], *(DUTY + p for p in _sides(r["party"]))}
        if r["mod"] == "prohibition":
            out.add(FORBIDS)
    for p in unit.get("prov", []):
        out |= {TERM + p["id"], *(f"{WHOSE}{p['id']}:{side}" for side in _sides(p["party"]))}
    return out


def _pairs(unit: dict[str, Any]) -> frozenset[tuple[str, str]]:
    rows = [*unit.get("resp", []), *unit.get("prov", [])]
    return frozenset((x["id"], side) for x in rows for side in _sides(x["party"]))


def _sides(party: str) -> tuple[str, ...]:
    return ("customer", "provider") if party == "both" else (party,)


def fingerprinted(pdfs: Path, labels: Path, playbook: Playbook) -> list[Labelled]:
    """The PDFs of a folder that ``labels`` speaks of (see `risklib.labels`), read anew; they teach weights only."""
    known = read_labels(labels)
    out = []
    for pdf in sorted(p for p in pdfs.iterdir() if p.suffix.lower() == ".pdf"):
        mine = known.get(hashlib.sha256(pdf.read_bytes()).hexdigest()[:PREFIX])
        if mine is None:
            continue
        agreement = read_agreement(read(pdf))
        seen, hints, bags = bags_of(agreement, playbook)
        rows = [mine.get(fingerprint(s.text)) if _can_bind(s) else None for s in agreement.sentences]
        taught = [None if r is None else _taught(r) for r in rows]
        pairs = [[frozenset((x.id, side) for x in r or () for side in _sides(x.party))] for r in rows]
        id = agreement.document.contract_id
        out.append(Labelled(pdf.stem, id, agreement, seen, hints, bags, taught, pairs, measures=False))
    return out


def _taught(labels: Sequence[Label]) -> frozenset[str]:
    out: set[str] = set()
    for x in labels:
        if x.kind == "!":
            out |= {TERM + x.id, *(f"{WHOSE}{x.id}:{side}" for side in _sides(x.party))}
        else:
            out |= {KIND + x.id, *(DUTY + side for side in _sides(x.party))}
        if x.kind == "-":
            out.add(FORBIDS)
    return frozenset(out)


ONE_IN = 5  # of the sentences that no expert marked; all of them would teach little more, at five times the time


def by_experts(pdfs: Path, answers: Path, mean: Path, playbook: Playbook, known: Mapping[str, Any]) -> list[Labelled]:
    """The PDFs that lawyers answered CUAD's questions on (``answers``: a JSON line a file) and that ``known``, by hash,
    does not label sentence by sentence: they teach the labels that ``mean`` names, and no other.

    ``mean`` is a CSV of question and provision. It holds those where an answer means what the label means (measured:
    each raises its label's F1 on other agreements; caps, renewals and governing law follow other conventions).
    """
    with mean.open(encoding="utf-8", newline="") as f:
        label = {row["question"]: TERM + row["provision"] for row in csv.DictReader(f)}
    out = []
    for line in answers.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        pdf = pdfs / row["file"]
        if not pdf.exists() or hashlib.sha256(pdf.read_bytes()).hexdigest()[:PREFIX] in known:
            continue
        agreement = read_agreement(read(pdf, ocr=False))
        said = [(label[c], trigrams(t)) for c, x in row["labels"].items() if c in label for t in x["text"]]
        labels = [_answered(s, said) if _can_bind(s) else None for s in agreement.sentences]
        keep = [i for i, x in enumerate(labels) if x or (x is not None and i % ONE_IN == 0)]
        seen, hints, bags = bags_of(agreement, playbook)
        some = Labelled(
            pdf.stem,
            agreement.document.contract_id,
            None,
            tuple(seen[i] for i in keep),
            tuple(hints[i] for i in keep),
            [bags[i] for i in keep],
            [labels[i] for i in keep],
            [[frozenset()]] * len(keep),
            measures=False,
            teaches=frozenset(label.values()),
        )
        out.append(some)
    return out


def _answered(s: Sentence, said: Sequence[tuple[str, set[tuple[str, ...]]]]) -> frozenset[str]:
    mine = trigrams(s.text)
    return frozenset(x for x, quote in said if len(mine & quote) >= 0.6 * max(min(len(mine), len(quote)), 1))


def examples(playbook: Playbook) -> Labelled:
    """The playbook's own examples and counter-examples as one more document."""
    seen, hints, labels = [], [], []
    for e in playbook.entries.values():
        for i, x in enumerate((*e.examples, *e.counterexamples)):
            own, full = with_roles(x.text, x.roles), with_roles(x.full, x.roles)
            seen.append(Reading(i, own, full, ()))
            hints.append(clues(full, own))
            found: set[str] = set()
            for id in x.ids:
                term = id in playbook.entries and playbook.entries[id].kind == "provision"
                found |= (
                    {TERM + id, *(f"{WHOSE}{id}:{p}" for p in _sides(x.party))}
                    if term
                    else {KIND + id, *(DUTY + p for p in _sides(x.party))}
                )
            if x.modality == "prohibition" and any(f.startswith(KIND) for f in found):
                found.add(FORBIDS)
            labels.append(frozenset(found))
    bags = [features(r, c, playbook) for r, c in zip(seen, hints)]
    return Labelled(
        "playbook", "playbook", None, tuple(seen), tuple(hints), bags, labels, [[frozenset()]] * len(labels)
    )

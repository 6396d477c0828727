"""Fits the classifier's weights from labelled agreements: ``make train`` (needs scikit-learn, extra ``dev``).

Labels come in the gold format (a JSON a document: units with page, text, responsibilities and provisions). Sentences of
the real reading of each PDF take the labels of the units that they cover. Every threshold and the confidence are set on
sentences of documents that the weights had not seen.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from risklib.clauses import read_agreement
from risklib.findings import Model, bags_of, decide, save_model
from risklib.findings.context import Reading
from risklib.findings.features import features
from risklib.findings.grammar import Clues, clues, is_bare
from risklib.findings.model import Array, Bag, matrix, sigmoid
from risklib.findings.overlap import trigrams
from risklib.findings.provisions import TERM, WHOSE
from risklib.findings.responsibilities import DUTY, FORBIDS, KIND, SERVICE, UNKNOWN
from risklib.labels import PREFIX, Label, fingerprint, read_labels
from risklib.pdf import read
from risklib.playbook import Playbook, default_folder, load_playbook, with_roles
from risklib.records import Agreement, Sentence

GROUPS = (DUTY, KIND, TERM)
LABELS = Path("data/labels/cuad.csv")
FEWEST = 3  # positive sentences below which a label is not trained
OWN_THRESHOLD = 40  # positive sentences from which a label gets a threshold of its own
C = 20.0


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


# ---------------------------------------------------------------- labelled documents


def labelled(pdfs: Path, answers: Path, playbook: Playbook, *, measures: bool = True) -> list[Labelled]:
    """Every document of ``answers`` whose PDF lies in ``pdfs``, read anew.

    ``measures``: whether thresholds and confidence are set on them. Not so on papers that this project wrote: those
    are easier than the world's, and a confidence that was fitted on them too promised .07 too much.
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


# ---------------------------------------------------------------- fitting


def fit(
    docs: Sequence[Labelled], playbook: Playbook, *, inner: int = 3, statement: dict[str, Any] | None = None
) -> Model:
    """Weights from all ``docs``; thresholds and confidence from an inner cross-validation by document."""
    real = [d for d in docs if d.agreement is not None and d.measures]
    unseen: dict[str, Array] = {}
    model: Model | None = None
    for k in range(inner):
        held = real[k::inner]
        model = _weights([d for d in docs if d not in held])
        for d in held:
            unseen[d.name] = _aligned(model, d, _label_names(docs))
    final = _weights(docs)
    thresholds = _thresholds(final.labels, _label_names(docs), real, unseen)
    final = replace(final, thresholds=thresholds, statement=statement or {})
    return replace(final, confidence=_confidence(final, _label_names(docs), real, unseen, playbook))


def _label_names(docs: Sequence[Labelled]) -> tuple[str, ...]:
    counts = Counter(x for d in docs for labels in d.labels if labels for x in labels)
    always = {DUTY + "customer", DUTY + "provider", FORBIDS}
    return tuple(sorted(x for x, n in counts.items() if n >= FEWEST or x in always))


def _weights(docs: Sequence[Labelled]) -> Model:
    known = [(b, x, d.agreement is not None) for d in docs for b, x in zip(d.bags, d.labels) if x is not None]
    bags, labels, real = [b for b, _, _ in known], [x for _, x, _ in known], [r for _, _, r in known]
    counts = Counter(f for b in bags for f in b)
    vocabulary = {f: i for i, f in enumerate(sorted(f for f, n in counts.items() if n >= 3))}
    idf = np.array([np.log((1 + len(bags)) / (1 + counts[f])) + 1 for f in vocabulary], dtype=np.float32)
    x = matrix(bags, vocabulary, idf)
    names = _label_names(docs)
    weights, bias = (
        np.zeros((len(vocabulary), len(names)), dtype=np.float32),
        np.full(len(names), -6.0, dtype=np.float32),
    )
    for j, name in enumerate(names):
        rows = _rows_for(name, labels, real)
        y = np.array([name in labels[i] for i in rows])
        if 0 < y.sum() < len(y):
            fitted = LogisticRegression(C=C, solver="liblinear", tol=1e-2, class_weight={False: 1, True: 2}).fit(
                x[rows], y
            )
            weights[:, j], bias[j] = fitted.coef_[0], fitted.intercept_[0]
        elif len(y) and y.all():  # governing law binds both, always
            bias[j] = 6.0
    return Model(names, vocabulary, idf, weights, bias, {}, {}, {})


def _rows_for(name: str, labels: Sequence[frozenset[str]], real: Sequence[bool]) -> list[int]:
    """The sentences that teach a label: all; for "whose" and "forbids" only those where the question arises.

    Whose a provision is follows a convention that examples do not always spell out: it is learned from agreements.
    """
    if name.startswith(WHOSE):
        term = TERM + name.removeprefix(WHOSE).rsplit(":", 1)[0]
        return [i for i, x in enumerate(labels) if term in x and real[i]]
    if name == FORBIDS:
        return [i for i, x in enumerate(labels) if any(y.startswith(DUTY) for y in x)]
    return list(range(len(labels)))


def _aligned(model: Model, d: Labelled, names: Sequence[str]) -> Array:
    """Logits of ``d`` with one column a name; -6 where this model did not learn the label."""
    logits = model.logits(d.bags)
    out = np.full((len(d.bags), len(names)), -6.0, dtype=np.float32)
    for j, name in enumerate(names):
        if name in model.column:
            out[:, j] = logits[:, model.column[name]]
    return out


def _thresholds(
    labels: Sequence[str], names: Sequence[str], docs: Sequence[Labelled], unseen: dict[str, Array]
) -> dict[str, float]:
    """The probability with the best F1 on unseen sentences: per group, and per label where it has examples enough."""
    p = sigmoid(np.concatenate([unseen[d.name] for d in docs]))
    truth = [x for d in docs for x in d.labels]
    keep = np.array([x is not None for x in truth])
    y = np.array([[name in (x or ()) for name in names] for x in truth])[keep]
    p = p[keep]
    out = dict.fromkeys(labels, 0.5)
    for group in GROUPS:
        columns = [j for j, name in enumerate(names) if name.startswith(group)]
        common = _best_threshold(p[:, columns].ravel(), y[:, columns].ravel())
        for j in columns:
            n = int(y[:, j].sum())
            own = _best_threshold(p[:, j], y[:, j]) if n >= OWN_THRESHOLD else common
            out[names[j]] = (own * n + common * OWN_THRESHOLD) / (n + OWN_THRESHOLD)
    return out


def _best_threshold(p: Array, y: NDArray[np.bool_]) -> float:
    def f1(t: float) -> float:
        hit = p >= t
        return 2 * float((hit & y).sum()) / max(float(hit.sum() + y.sum()), 1.0)

    return float(max(np.arange(0.04, 0.8, 0.02), key=f1))


def _confidence(
    model: Model, names: Sequence[str], docs: Sequence[Labelled], unseen: dict[str, Array], playbook: Playbook
) -> dict[str, list[float]]:
    """Logistic regression of "the finding was right" on its evidence, over findings in unseen documents.

    A sentence that holds several labelled units counts once for each: a finding says that of all of it.
    """
    flat = replace(model, labels=tuple(names), confidence={"responsibility": [0.0] * 5, "provision": [0.0] * 3})
    rows: dict[str, list[tuple[list[float], bool]]] = {"responsibility": [], "provision": []}
    for d in docs:
        assert d.agreement is not None
        duties, terms = decide(d.agreement, d.seen, d.hints, unseen[d.name], playbook, flat)
        at = {s.start: i for i, s in enumerate(d.agreement.sentences)}
        column = {name: j for j, name in enumerate(names)}
        for r in duties:
            i = at[r.start]
            if d.labels[i] is None or r.party == "provider":
                continue
            duty = unseen[d.name][i, column[DUTY + "customer"]]
            own = unseen[d.name][i, column[KIND + r.responsibility]] if KIND + r.responsibility in column else 0.0
            evidence = [duty, own, float("phrase" in r.method), float(r.responsibility in (UNKNOWN, SERVICE))]
            rows["responsibility"] += [(evidence, (r.responsibility, "customer") in unit) for unit in d.pairs[i]]
        for t in terms:
            i = at[t.start]
            if d.labels[i] is not None and TERM + t.provision in column:
                evidence = [unseen[d.name][i, column[TERM + t.provision]], float("phrase" in t.method)]
                rows["provision"] += [(evidence, any(id == t.provision for id, _ in unit)) for unit in d.pairs[i]]
    out = {}
    for kind, found in rows.items():
        fitted = LogisticRegression(C=10.0).fit(np.array([x for x, _ in found]), np.array([y for _, y in found]))
        out[kind] = [float(fitted.intercept_[0]), *map(float, fitted.coef_[0])]
    return out


def pruned(model: Model, most: int = 30_000) -> Model:
    """Only the features with the largest weights, so that the file stays small."""
    strength = np.abs(model.weights).max(axis=1) * model.idf
    keep = np.sort(np.argsort(-strength, kind="stable")[:most])
    names = sorted(model.vocabulary, key=model.vocabulary.__getitem__)
    vocabulary = {names[i]: k for k, i in enumerate(keep)}
    return replace(model, vocabulary=vocabulary, idf=model.idf[keep], weights=model.weights[keep])


# ---------------------------------------------------------------- command


def load_documents(shared: Path, playbook: Playbook, samples: Path) -> list[Labelled]:
    """The labelled agreements of ``shared/data``, the project's own samples and its labels of CUAD, each file once."""
    docs = labelled(shared / "data" / "agreements", shared / "data" / "gold", playbook)
    docs += labelled(samples, samples / "answers", playbook, measures=False)
    docs += fingerprinted(shared / "data" / "cuad" / "pdf", LABELS, playbook)
    return list({d.contract_id: d for d in docs}.values())


def main(arguments: Iterable[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Fit the classifier's weights and write data/playbook/model.npz")
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--samples", type=Path, default=Path("data/agreements"))
    parser.add_argument("--out", type=Path, default=default_folder() / "model.npz")
    args = parser.parse_args(list(arguments) if arguments is not None else None)
    playbook = load_playbook()
    docs = [*load_documents(args.shared, playbook, args.samples), examples(playbook)]
    statement = {
        "trained_on": f"{len(docs) - 1} agreements labelled by sentence, and the playbook's examples",
        "sentences": sum(x is not None for d in docs for x in d.labels),
        "sources": "labels made for this project on public agreements, some of them contracts of CUAD v1 (CC BY 4.0, "
        "The Atticus Project); agreements of the samples are the project's own",
        "playbook": playbook.version,
    }
    model = pruned(fit(docs, playbook, statement=statement))
    digest = save_model(model, args.out)
    print(
        f"{args.out}: {args.out.stat().st_size / 1e6:.1f} MB, {len(model.labels)} labels, {len(model.vocabulary)} "
        f"features, sha256 {digest[:12]}"
    )


if __name__ == "__main__":
    main()

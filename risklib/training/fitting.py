"""Weights, thresholds and confidence from labelled agreements.

Every threshold and the confidence are set on sentences of documents that the weights had not seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from risklib.findings import Model, decide
from risklib.findings.model import Array, matrix, sigmoid
from risklib.findings.provisions import TERM, WHOSE
from risklib.findings.responsibilities import DUTY, FORBIDS, KIND, SERVICE, UNKNOWN
from risklib.playbook import Playbook
from risklib.training.documents import Labelled

GROUPS = (DUTY, KIND, TERM)
FEWEST = 3  # positive sentences below which a label is not trained
OWN_THRESHOLD = 40  # positive sentences from which a label gets a threshold of its own
C = 20.0


def fit(
    docs: Sequence[Labelled], playbook: Playbook, *, inner: int = 3, statement: dict[str, Any] | None = None
) -> Model:
    """Weights from all ``docs``; thresholds and confidence from an inner cross-validation by document."""
    real = [d for d in docs if d.agreement is not None and d.measures]
    unseen: dict[str, Array] = {}
    model: Model | None = None
    for k in range(inner):
        held = real[k::inner]
        model = weights_of([d for d in docs if d not in held])
        for d in held:
            unseen[d.name] = _aligned(model, d, _label_names(docs))
    final = weights_of(docs)
    thresholds = _thresholds(final.labels, _label_names(docs), real, unseen)
    final = replace(final, thresholds=thresholds, statement=statement or {})
    return replace(final, confidence=_confidence(final, _label_names(docs), real, unseen, playbook))


def _label_names(docs: Sequence[Labelled]) -> tuple[str, ...]:
    counts = Counter(x for d in docs for labels in d.labels if labels for x in labels)
    always = {DUTY + "customer", DUTY + "provider", FORBIDS}
    return tuple(sorted(x for x, n in counts.items() if n >= FEWEST or x in always))


def weights_of(docs: Sequence[Labelled]) -> Model:
    """Weights alone, no thresholds and no confidence."""
    known = [(b, x, d) for d in docs for b, x in zip(d.bags, d.labels) if x is not None]
    bags, labels, of = [b for b, _, _ in known], [x for _, x, _ in known], [d for _, _, d in known]
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
        rows = _rows_for(name, labels, of)
        y = np.array([name in labels[i] for i in rows])
        if 0 < y.sum() < len(y):
            fitted = LogisticRegression(C=C, solver="liblinear", tol=1e-2, class_weight={False: 1, True: 2}).fit(
                x[rows], y
            )
            weights[:, j], bias[j] = fitted.coef_[0], fitted.intercept_[0]
        elif len(y) and y.all():  # governing law binds both, always
            bias[j] = 6.0
    return Model(names, vocabulary, idf, weights, bias, {}, {}, {})


def _rows_for(name: str, labels: Sequence[frozenset[str]], of: Sequence[Labelled]) -> list[int]:
    """The sentences that teach a label: all of documents that speak of it; for "whose" and "forbids" only those where
    the question arises.

    Whose a provision is follows a convention that examples do not always spell out: it is learned from agreements.
    """
    if name.startswith(WHOSE):
        term = TERM + name.removeprefix(WHOSE).rsplit(":", 1)[0]
        return [i for i, x in enumerate(labels) if term in x and of[i].agreement is not None]
    if name == FORBIDS:
        return [i for i, x in enumerate(labels) if any(y.startswith(DUTY) for y in x)]
    return [i for i, d in enumerate(of) if d.teaches is None or name in d.teaches]


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

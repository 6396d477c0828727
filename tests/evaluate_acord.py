"""Search against lawyers' grades: NDCG@5 on ACORD's queries beside BM25 and the plain encoder, with bootstrap intervals.

A query ranks the clauses that the lawyers graded for it (some 420 or 1,330 of them, most graded 0); gains are the
grades, as trec_eval counts. The weights of ``risklib/search/rank.py`` are fitted on the training queries (``--fit`` fits
them anew and prints them): so for those queries the figure is by ten folds, each ranked by weights that saw other
queries only. The validation queries taught no weight, though early trials were looked at on them too. There are six: the interval is wide.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from risklib.clauses.splitting import split_sentences
from risklib.findings import load_model
from risklib.findings.context import Reading
from risklib.findings.features import features, phrase_hits
from risklib.findings.grammar import clues
from risklib.findings.model import sigmoid
from risklib.findings.provisions import TERM
from risklib.playbook import load_playbook
from risklib.search import Search
from risklib.search.encoders import load_encoder
from risklib.search.quantized import cache_folder
from risklib.search.rank import BY_WORDS, WITH_MEANING, signals
from risklib.search.textindex import words_of

Array = NDArray[np.float64]
Grades = Mapping[str, Mapping[int, int]]  # query → document → grade
FOLDS, TEMPERATURE, RIDGE = 10, 10.0, 0.02


# ---------------------------------------------------------------- data


def judgements(path: Path, number: Mapping[str, int]) -> dict[str, dict[int, int]]:
    out: dict[str, dict[int, int]] = defaultdict(dict)
    with path.open(encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f, delimiter="\t"):
            out[row["query-id"]][number[row["corpus-id"]]] = int(row["score"])
    return out


def rows_of(texts: list[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The clauses and their provisions as the tables would hold them, by the shipped classifier."""
    playbook, model = load_playbook(), load_model()
    clauses, readings, places = [], [], []
    for i, raw in enumerate(texts):
        text = re.sub(r"\s+", " ", raw).strip()
        row = {"contract_id": str(i), "clause_id": "c0001", "parent_id": None, "number": "", "heading": "", "page": 1}
        clauses.append(row | {"text": text, "start": 0, "end": len(text), "bbox": []})
        for a, b in split_sentences(text):
            readings.append(Reading(len(readings), text[a:b], text[a:b], ()))
            places.append((str(i), a, b))
    logits = model.logits([features(r, clues(r.full, r.own), playbook) for r in readings])
    terms = []
    for (id, a, b), reading, row in zip(places, readings, logits):
        strong = {h.entry_id for h in phrase_hits(reading, playbook) if h.strength == "strong"}
        for label, logit in zip(model.labels, row):
            if label.startswith(TERM) and sigmoid(logit) >= model.thresholds[label]:
                name = label.removeprefix(TERM)
                sure = model.sure("provision", float(logit), float(name in strong))
                term = {"contract_id": id, "clause_id": "c0001", "provision": name, "party": "both"}
                terms.append(term | {"confidence": sure, "start": a, "end": b})
    return clauses, terms


# ---------------------------------------------------------------- measuring


def ndcg(score: Array, grades: Mapping[int, int], most: int = 5) -> float:
    pool = np.array(list(grades))
    order = pool[np.argsort(-score[pool], kind="stable")][:most]
    discount = 1 / np.log2(np.arange(2, most + 2))
    best = sorted(grades.values(), reverse=True)[:most]
    return float(sum(grades[int(d)] * w for d, w in zip(order, discount)) / np.dot(best, discount[: len(best)]))


def interval(values: Array, rounds: int = 10_000) -> str:
    draws = np.random.default_rng(0).integers(0, len(values), (rounds, len(values)))
    low, high = np.percentile(values[draws].mean(axis=1), [2.5, 97.5])
    return f"{values.mean():.3f} [{low:.3f}, {high:.3f}]"


def fit(parts: list[tuple[Array, Array]]) -> Array:
    """Weights of the signals: softmax over a query's clauses against their grades. ``parts``: (clauses, signals), gain."""

    def loss(w: Array) -> tuple[float, Array]:
        total, slope = RIDGE * TEMPERATURE * float(w @ w) * len(parts), 2 * RIDGE * TEMPERATURE * w * len(parts)
        for x, gain in parts:
            s = x @ w * TEMPERATURE
            p = np.exp(s - s.max())
            p /= p.sum()
            total -= float(gain @ np.log(p + 1e-12))
            slope = slope - TEMPERATURE * (x.T @ (gain - p))
        return total / len(parts), slope / len(parts)

    width = parts[0][0].shape[1]
    found = minimize(loss, np.full(width, 0.2), jac=True, method="L-BFGS-B", bounds=[(0, None)] * width)
    return np.asarray(found.x)


class Bench:
    """All signals of all queries, by document."""

    def __init__(self, shared: Path, meaning: bool) -> None:
        folder = shared / "data" / "acord"
        docs = [json.loads(line) for line in (folder / "corpus.jsonl").read_text(encoding="utf-8").splitlines()]
        number = {d["_id"]: i for i, d in enumerate(docs)}
        graded = [judgements(folder / f"{part}.tsv", number) for part in ("train", "valid")]
        used = sorted({d for grades in graded for g in grades.values() for d in g})
        again = {d: i for i, d in enumerate(used)}
        self.train, self.valid = (
            {q: {again[d]: s for d, s in g.items()} for q, g in grades.items()} for grades in graded
        )
        queries = [json.loads(line) for line in (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines()]
        text = {q["_id"]: q["text"] for q in queries}
        clauses, terms = rows_of([docs[d]["text"] for d in used])
        encoder = load_encoder() if meaning else None
        kept = cache_folder() / "acord" if meaning else None
        if kept:
            kept.mkdir(exist_ok=True)
        self.search = Search.over(clauses, [], terms, load_playbook(), encoder, kept)
        self.owner = np.array([int(p.contract_id) for p in self.search.passages])
        self.count = len(used)
        self.names = tuple(WITH_MEANING if meaning else BY_WORDS)
        self.signals = {q: self.of(text[q]) for q in (*self.train, *self.valid)}

    def of(self, text: str) -> dict[str, Array]:
        index, query = self.search, self.search.query(text)
        found = dict(signals(query, index._labels, index._index, index._vectors, index.vocabulary))
        found["bm25"] = index._index.scores(words_of(text))
        if index._vectors is not None and query.vector is not None:
            found["encoder"] = index._vectors.take() @ query.vector
        return {name: self.by_document(s) for name, s in found.items()}

    def by_document(self, score: NDArray[np.float32]) -> Array:
        out = np.full(self.count, -np.inf)
        np.maximum.at(out, self.owner, score)
        return out

    def matrix(self, q: str) -> Array:
        return np.stack([self.signals[q][n] for n in self.names], axis=1)

    def fit(self, queries: list[str]) -> Array:
        parts = []
        for q in queries:
            pool, grade = np.array(list(self.train[q])), np.array(list(self.train[q].values()), dtype=float)
            gain = 2.0**grade - 1
            parts.append((self.matrix(q)[pool], gain / gain.sum()))
        return fit(parts)

    def folded(self) -> dict[str, Array]:
        """Training query → its documents' scores by weights that did not see it."""
        order, out = list(self.train), {}
        for k in range(FOLDS):
            held = order[k::FOLDS]
            weights = self.fit([q for q in order if q not in held])
            out |= {q: self.matrix(q) @ weights for q in held}
        return out

    def report(self, shipped: Mapping[str, float]) -> dict[str, float]:
        folded, weights = self.folded(), np.array([shipped[n] for n in self.names])
        plain = ["bm25", *(["encoder"] if "encoder" in next(iter(self.signals.values())) else [])]
        figures = {}
        for part, grades in (("train, by folds", self.train), ("valid", self.valid)):
            ours = {q: folded[q] if grades is self.train else self.matrix(q) @ weights for q in grades}
            scored = {"risklib": self.scored(grades, ours.__getitem__)}
            for name in plain:
                scored[name] = self.scored(grades, lambda q, name=name: self.signals[q][name])
            print(f"ACORD {part}: {len(grades)} queries, NDCG@5 [95% of bootstraps]")
            for name, values in scored.items():
                more = "" if name == "risklib" else f"   risklib better by {interval(scored['risklib'] - values)}"
                print(f"  {name:8s} {interval(values)}{more}")
                figures[f"acord {part} {name} ndcg@5"] = float(values.mean())
        return figures

    @staticmethod
    def scored(grades: Grades, score: Callable[[str], Array]) -> Array:
        return np.array([ndcg(score(q), g) for q, g in grades.items()])


def acord(shared: Path) -> dict[str, float]:
    """The figures, printed as they come; empty where ``shared`` has no ACORD."""
    if not (shared / "data" / "acord").is_dir():
        print(f"evaluate: no ACORD at {shared}; search was not measured")
        return {}
    return Bench(shared, meaning=True).report(WITH_MEANING)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--words", action="store_true", help="without the encoder")
    parser.add_argument("--fit", action="store_true", help="fit the weights on all training queries and print them")
    args = parser.parse_args()
    bench = Bench(args.shared, meaning=not args.words)
    if args.fit:
        fitted = bench.fit(list(bench.train))
        print({n: round(float(w), 2) for n, w in zip(bench.names, fitted)})
    bench.report(BY_WORDS if args.words else WITH_MEANING)


if __name__ == "__main__":
    main()

"""The trained linear model: bags of features → a probability for each label. Weights are plain arrays, checked by hash.

The file ``data/playbook/model.npz`` holds: ``statement`` (JSON: what it was trained on, with which licence, figures),
``labels``, ``vocabulary`` (one feature a line), ``idf``, ``weights`` (features × labels, float16), ``bias``, and for
each label its threshold; ``confidence`` is in the statement. No pickle is written or read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from risklib.errors import BadData
from risklib.playbook import default_folder

Bag = Mapping[str, float]
Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Model:
    labels: tuple[str, ...]
    vocabulary: Mapping[str, int]
    idf: Array  # (features,)
    weights: Array  # (features, labels)
    bias: Array  # (labels,)
    thresholds: Mapping[str, float]  # probability from which a label holds
    confidence: Mapping[str, Sequence[float]]  # kind of finding → (bias, weight of each piece of evidence), see `sure`
    statement: Mapping[str, Any]

    @cached_property
    def column(self) -> dict[str, int]:
        return {label: i for i, label in enumerate(self.labels)}

    def matrix(self, bags: Sequence[Bag]) -> csr_matrix:
        """Bags as rows of unit length, features weighted by idf; unknown features are dropped."""
        return matrix(bags, self.vocabulary, self.idf)

    def logits(self, bags: Sequence[Bag]) -> Array:
        """(bags, labels)"""
        if not bags:
            return np.zeros((0, len(self.labels)), dtype=np.float32)
        return np.asarray(self.matrix(bags) @ self.weights + self.bias, dtype=np.float32)

    def sure(self, kind: str, *evidence: float) -> float:
        """Calibrated probability, in [0.01, 0.99], that a finding of this kind is right (logits, phrase hits)."""
        bias, *weights = self.confidence[kind]
        return round(float(np.clip(sigmoid(bias + sum(w * x for w, x in zip(weights, evidence))), 0.01, 0.99)), 3)

    def why(self, bag: Bag, label: str, most: int = 8) -> list[tuple[str, float]]:
        """The features of ``bag`` that speak most for or against ``label``, with what each adds to the logit."""
        row = self.matrix([bag]).tocoo()
        names = {i: f for f, i in self.vocabulary.items() if f in bag}
        parts = [(names[j], float(v * self.weights[j, self.column[label]])) for j, v in zip(row.col, row.data)]
        return sorted(parts, key=lambda x: -abs(x[1]))[:most]


def matrix(bags: Sequence[Bag], vocabulary: Mapping[str, int], idf: Array) -> csr_matrix:
    data, cols, ptr = [], [], [0]
    for bag in bags:
        for f, v in bag.items():
            j = vocabulary.get(f)
            if j is not None:
                cols.append(j)
                data.append(v)
        ptr.append(len(cols))
    x = csr_matrix(
        (np.array(data, dtype=np.float32), np.array(cols, dtype=np.int32), np.array(ptr)), (len(bags), len(vocabulary))
    )
    x.data *= idf[x.indices]
    lengths = np.sqrt(np.asarray(x.multiply(x).sum(axis=1)).ravel())
    lengths[lengths == 0] = 1.0
    x.data /= np.repeat(lengths, np.diff(x.indptr)).astype(np.float32)
    return x


def sigmoid(x: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-np.clip(x, -30, 30)))


def save_model(model: Model, path: Path) -> str:
    """Writes the arrays and ``<name>.sha256`` beside them; returns the hash."""
    arrays = {
        "statement": _text(json.dumps({**model.statement, "confidence": model.confidence}, sort_keys=True)),
        "labels": _text("\n".join(model.labels)),
        "vocabulary": _text("\n".join(sorted(model.vocabulary, key=model.vocabulary.__getitem__))),
        "idf": model.idf.astype(np.float16),
        "weights": model.weights.astype(np.float16),
        "bias": model.bias.astype(np.float32),
        "thresholds": np.array([model.thresholds.get(x, 0.5) for x in model.labels], dtype=np.float32),
    }
    with path.open("wb") as f:
        np.savez_compressed(f, allow_pickle=False, **arrays)  # type: ignore[arg-type]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_suffix(".sha256").write_text(f"{digest}  {path.name}\n", encoding="ascii")
    return digest


def load_model(path: str | Path | None = None) -> Model:
    """The model at ``path``, by default the shipped one. Raises BadData when its hash is not the recorded one."""
    p = Path(path) if path else default_folder() / "model.npz"
    hint = "run `make train`, or reinstall risklib"
    try:
        digest = hashlib.sha256(p.read_bytes()).hexdigest()
        recorded = p.with_suffix(".sha256").read_text(encoding="ascii").split()[0]
    except (OSError, IndexError) as e:
        raise BadData(str(p), None, f"the model or its .sha256 cannot be read ({e}); {hint}") from e
    if digest != recorded:
        raise BadData(str(p), None, f"its SHA-256 is not the one recorded beside it; {hint}")
    with np.load(p, allow_pickle=False) as z:
        labels = tuple(_lines(z["labels"]))
        statement = json.loads(bytes(z["statement"]).decode("utf-8"))
        return Model(
            labels,
            {f: i for i, f in enumerate(_lines(z["vocabulary"]))},
            z["idf"].astype(np.float32),
            z["weights"].astype(np.float32),
            z["bias"],
            dict(zip(labels, map(float, z["thresholds"]))),
            statement["confidence"],
            statement,
        )


def _text(s: str) -> NDArray[np.uint8]:
    return np.frombuffer(s.encode("utf-8"), dtype=np.uint8)


def _lines(a: NDArray[np.uint8]) -> list[str]:
    return bytes(a).decode("utf-8").split("\n")

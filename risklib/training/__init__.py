"""Fitting the classifier: labelled agreements → weights, thresholds and confidence."""

from __future__ import annotations

from risklib.training.documents import Labelled, by_experts, examples, fingerprinted, labelled
from risklib.training.fitting import fit, pruned

__all__ = ["Labelled", "by_experts", "examples", "fingerprinted", "fit", "labelled", "pruned"]

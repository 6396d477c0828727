"""An encoder in 8-bit integers on onnxruntime: three times as fast, vectors within .99 of the cosine of the full ones.

The model is exported once and kept in the user's cache (``RISKLIB_CACHE``, else ``~/.cache/risklib``) under the hash of
its files; from then on torch is not needed. Only the large matrix products are quantized, each output channel by
itself: quantizing all operators, the library's default, changes what is found first.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from risklib.errors import BadData

Array = NDArray[np.float32]
_BATCH = 8
_FORMAT = 1  # of the exported files; raise it when the export changes


@dataclass(frozen=True, eq=False)
class Quantized:
    window: int
    dimensions: int
    offsets: Callable[[str], list[tuple[int, int]]]
    run: Callable[[Sequence[str]], Array]


def load(folder: Path, digest: str, transformer: Callable[[], Any]) -> Quantized:
    """The model of ``folder``; ``transformer`` loads it with sentence-transformers where it was never exported.

    Raises BadData when a package is missing or the model has no tokenizer.json.
    """
    try:
        import onnxruntime
        from tokenizers import Tokenizer
    except ImportError as e:
        raise BadData(
            "precision int8", None, f'needs {e.name}: `pip install "risklib[search]"`; or take float32'
        ) from e
    if not (folder / "tokenizer.json").exists():
        raise BadData(str(folder), None, "holds no tokenizer.json, which int8 needs; take precision float32")
    path = cache_folder() / f"{digest[:24]}-{_FORMAT}.int8.onnx"
    facts = path.with_suffix(".json")
    if not (path.exists() and facts.exists()):
        _export(transformer(), path, facts)
    known = json.loads(facts.read_text(encoding="utf-8"))
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # idle threads burn the others' cores
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()

    def offsets(text: str) -> list[tuple[int, int]]:
        return list(tokenizer.encode(text, add_special_tokens=False).offsets)

    def run(texts: Sequence[str]) -> Array:
        out = np.empty((len(texts), known["dimensions"]), dtype=np.float32)
        for i in range(0, len(texts), _BATCH):
            rows = [t.ids for t in tokenizer.encode_batch(list(texts[i : i + _BATCH]))]
            ids = np.zeros((len(rows), max(map(len, rows))), dtype=np.int64)
            mask = np.zeros_like(ids)
            for r, row in enumerate(rows):
                ids[r, : len(row)], mask[r, : len(row)] = row, 1
            out[i : i + _BATCH] = session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
        return out / np.linalg.norm(out, axis=1, keepdims=True)

    return Quantized(known["window"], known["dimensions"], offsets, run)


def cache_folder() -> Path:
    """Where exported models are kept; made if it is not there."""
    home = os.environ.get("RISKLIB_CACHE")
    folder = Path(home) if home else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "risklib"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _export(transformer: Any, path: Path, facts: Path) -> None:
    try:
        import onnx  # noqa: F401  the quantizer needs it
        import torch
        from onnxruntime.quantization import QuantType, quantize_dynamic
    except ImportError as e:
        raise BadData(
            "precision int8", None, f'needs {e.name}: `pip install "risklib[search]"`; or take float32'
        ) from e

    class Sentence(torch.nn.Module):
        """Token ids → one vector a text, through every module of the transformer."""

        def __init__(self) -> None:
            super().__init__()
            self.whole = transformer

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            given = {"input_ids": input_ids, "attention_mask": attention_mask}
            return self.whole(given | {"token_type_ids": torch.zeros_like(input_ids)})["sentence_embedding"]

    tokenizer = transformer.tokenizer
    example = tokenizer(["two texts", "of unlike length, padded"], padding=True, return_tensors="pt")
    names = ("input_ids", "attention_mask")
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)  # the exporter's and the quantizer's advice on themselves
    try:
        with tempfile.TemporaryDirectory(dir=path.parent) as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            full, small = Path(folder) / "full.onnx", Path(folder) / "int8.onnx"
            model = Sentence().train(False)
            dimensions = int(model(*(example[n] for n in names)).shape[1])
            torch.onnx.export(
                model, tuple(example[n] for n in names), str(full), input_names=list(names), output_names=["vector"],
                dynamic_axes={n: {0: "text", 1: "token"} for n in names} | {"vector": {0: "text"}},
                dynamo=False, opset_version=17,
            )  # fmt: skip
            quantize_dynamic(
                full, small, op_types_to_quantize=["MatMul"], per_channel=True, weight_type=QuantType.QInt8
            )
            small.replace(path)
    finally:
        logging.disable(before)
    known = {"window": window_of(transformer), "dimensions": dimensions}
    draft = facts.with_name(f".{facts.name}.{os.getpid()}.part")
    draft.write_text(json.dumps(known), encoding="utf-8")
    draft.replace(facts)


def window_of(transformer: Any) -> int:
    """Tokens that one text may have, less the marks that the model puts around it."""
    return int(transformer.max_seq_length or 512) - int(transformer.tokenizer.num_special_tokens_to_add())

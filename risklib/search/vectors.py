"""Vectors kept beside the tables, so that a passage that did not change is not embedded twice.

``vectors.json`` says which model made them and names two files: ``vectors.<hash>.npy`` (rows of float16, opened
memory-mapped) and ``vectors.<hash>.keys.npy`` (16 bytes of the SHA-256 of a passage's text a row). The hash in their
names is that of keys and model together, so files of two runs are never mixed. Vectors of another model or precision
are not used and are made anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
_MADE_BY, _KEY = "vectors.json", 16
_NAME = re.compile(r"[0-9a-f]{16}")


def kept(
    texts: Sequence[str],
    encode: Callable[[Sequence[str]], Array],
    identity: Mapping[str, Any],
    folder: Path | None,
) -> Array:
    """(texts, dimensions), rows of length 1: from ``folder`` where it has them, the rest encoded and added to it.

    ``identity`` names the encoder and its "dimensions". ``folder`` None, or one that cannot be written: nothing is
    kept. Rows of texts that are gone are dropped.
    """
    keys = [hashlib.sha256(t.encode("utf-8")).digest()[:_KEY] for t in texts]
    text_of = dict(zip(keys, texts))
    row, stored = _known(folder, identity) if folder else ({}, None)
    missing = [k for k in text_of if k not in row]
    new = encode([text_of[k] for k in missing]).astype(np.float16)  # as it will be read again
    fresh = {k: i for i, k in enumerate(missing)}
    vector = {k: stored[row[k]] if stored is not None and k in row else new[fresh[k]] for k in text_of}
    out = np.zeros((len(texts), int(identity["dimensions"])), dtype=np.float32)
    for i, k in enumerate(keys):
        out[i] = vector[k]
    if folder and (missing or len(row) > len(text_of)):
        _write(folder, identity, vector)
    return out


def _known(folder: Path, identity: Mapping[str, Any]) -> tuple[dict[bytes, int], NDArray[np.float16] | None]:
    """Key → row, and the rows, that the folder keeps of this encoder; nothing when they do not fit together."""
    try:
        made_by = json.loads((folder / _MADE_BY).read_text(encoding="utf-8"))
        name = made_by["files"]
        if made_by["encoder"] != dict(identity) or not _NAME.fullmatch(name):
            return {}, None
        keys = np.load(folder / f"vectors.{name}.keys.npy", allow_pickle=False)
        vectors = np.load(folder / f"vectors.{name}.npy", mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, KeyError, TypeError, EOFError):
        return {}, None
    whole = keys.dtype == np.uint8 and keys.shape == (len(vectors), _KEY) and vectors.dtype == np.float16
    if not whole or vectors.shape[1:] != (identity["dimensions"],) or _hash(identity, keys) != name:
        return {}, None
    return {k.tobytes(): i for i, k in enumerate(keys)}, vectors


def _write(folder: Path, identity: Mapping[str, Any], vector: Mapping[bytes, NDArray[np.float16]]) -> None:
    """Each file appears whole; ``vectors.json`` comes last, and the files of earlier runs go after it."""
    keys = np.frombuffer(b"".join(vector), dtype=np.uint8).reshape(-1, _KEY)
    rows = np.array(list(vector.values()), dtype=np.float16).reshape(len(keys), -1)
    name = _hash(identity, keys)
    made_by = {"encoder": dict(identity), "files": name, "rows": len(keys)}
    try:
        _whole(folder / f"vectors.{name}.npy", lambda f: np.save(f, rows, allow_pickle=False))
        _whole(folder / f"vectors.{name}.keys.npy", lambda f: np.save(f, keys, allow_pickle=False))
        _whole(folder / _MADE_BY, lambda f: f.write((json.dumps(made_by, indent=1, sort_keys=True) + "\n").encode()))
        for old in folder.glob("vectors.*.npy"):
            if old.name not in (f"vectors.{name}.npy", f"vectors.{name}.keys.npy"):
                old.unlink(missing_ok=True)
    except OSError:
        return  # a folder that may only be read: search works, and embeds again next time


def _hash(identity: Mapping[str, Any], keys: NDArray[np.uint8]) -> str:
    by = json.dumps(dict(identity), sort_keys=True).encode("utf-8")
    return hashlib.sha256(by + b"\0" + keys.tobytes()).hexdigest()[:16]


def _whole(path: Path, write: Callable[[Any], Any]) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with draft.open("wb") as f:
            write(f)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)

"""Vectors in a memory-mapped file beside a store or its tables: what did not change is not embedded twice.

``vectors.json`` says which model made them and names two files: ``vectors.<hash>.npy`` (rows of float16) and
``vectors.<hash>.keys.npy`` (for each row 16 bytes of the SHA-256 of a text, 8 of that of the contract it stands in, so
that a contract can be forgotten). The hash in their names is that of keys and model together: files of two runs are
never mixed. Vectors of another model or precision are not used and are made anew. All are for their owner alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Halves = NDArray[np.float16]
_MADE_BY, _TEXT, _OWNER = "vectors.json", 16, 8
_BLOCK = 4096  # texts that are embedded before they are written: as many are lost when the process is killed
_NAME = re.compile(r"[0-9a-f]{16}")


class Vectors:
    """Vectors of length 1. ``table``: their file, memory-mapped; ``at``: the row of each text in it."""

    def __init__(self, table: Halves, at: NDArray[np.int64]) -> None:
        self.table, self.at = table, at

    def take(self, rows: Sequence[int] | NDArray[np.int64] | slice = slice(None)) -> Array:
        """(rows, dimensions)."""
        return self.table[self.at[rows]].astype(np.float32)

    def roughly(self, vector: Array) -> Array:
        """(texts,) how like each is to ``vector``, told from the signs alone: fast, and right within some .1."""
        apart = np.zeros(len(self.at), dtype=np.uint16)
        for column, bit in zip(self._signs, _words(np.packbits(vector[None] > 0, axis=1)), strict=True):
            apart += np.bitwise_count(column ^ bit)
        return np.cos(np.arange(len(vector) + 1, dtype=np.float32) * (np.pi / len(vector)))[apart]

    @cached_property
    def _signs(self) -> NDArray[np.uint64]:
        """(words, texts): a bit for each dimension."""
        blocks = [np.packbits(self.table[i : i + _BLOCK] > 0, axis=1) for i in range(0, len(self.table), _BLOCK)]
        return _words(np.concatenate(blocks)[self.at])


def _words(bits: NDArray[np.uint8]) -> NDArray[np.uint64]:
    wide = np.pad(bits, ((0, 0), (0, -bits.shape[1] % 8)))
    return np.ascontiguousarray(wide.view(np.uint64).T)


def vectors_beside(store: Path) -> Path:
    """The folder of the vectors of a store's clauses."""
    return store.with_name(store.name + ".vectors")


def kept(
    texts: Sequence[str],
    owners: Sequence[str],
    encode: Callable[[Sequence[str]], Array],
    identity: Mapping[str, Any],
    folder: Path | None,
    *,
    others: bool = False,
) -> Vectors:
    """The vectors of ``texts``: from ``folder`` where it has them, the rest encoded and added to it.

    ``owners``: the contract_id of each text, "" for none. ``identity`` names the encoder and its "dimensions".
    ``folder`` None, or one that cannot be written: nothing is kept. Rows of these owners' texts that are gone are
    dropped; those of other owners too, unless ``others``.
    """
    pairs = [_key(t) + _owner(o) for t, o in zip(texts, owners, strict=True)]
    row = {pair: i for i, pair in enumerate(dict.fromkeys(pairs))}
    at = np.array([row[p] for p in pairs], dtype=np.int64)
    keys, table = _known(folder, identity) if folder else _nothing(identity)
    if list(row) == keys[: len(row)] and (others or len(row) == len(keys)):
        return Vectors(table, at)  # as it stands
    text_of = dict(zip((p[:_TEXT] for p in pairs), texts, strict=True))
    first = {p[:_TEXT]: p for p in reversed(pairs)}
    known = {key[:_TEXT]: i for i, key in enumerate(keys)}
    missing = [k for k in text_of if k not in known]
    new = np.empty((len(missing), int(identity["dimensions"])), dtype=np.float16)
    for i in range(0, len(missing), _BLOCK):
        new[i : i + _BLOCK] = encode([text_of[k] for k in missing[i : i + _BLOCK]])
        if folder and i + _BLOCK < len(missing):
            so_far = [first[k] for k in missing[: i + _BLOCK]]
            _write(folder, identity, [*keys, *so_far], np.concatenate([table, new[: len(so_far)]]))
    of = known | {k: len(keys) + i for i, k in enumerate(missing)}
    mine = {p[_TEXT:] for p in row}
    rest = [i for i, key in enumerate(keys) if key[_TEXT:] not in mine] if others else []
    every = np.concatenate([table, new])[[*(of[p[:_TEXT]] for p in row), *rest]]
    return Vectors(_write(folder, identity, [*row, *(keys[i] for i in rest)], every) if folder else every, at)


def drop(folder: Path, owner: str) -> int:
    """Takes the vectors of a contract's texts out; gives how many. What cannot be read is removed whole."""
    if not folder.is_dir():
        return 0
    try:
        identity = json.loads((folder / _MADE_BY).read_text(encoding="utf-8"))["encoder"]
        keys, table = _known(folder, identity)
    except (OSError, ValueError, KeyError, TypeError):
        keys, table, identity = [], np.zeros((0, 0), np.float16), {}
    left = [i for i, key in enumerate(keys) if key[_TEXT:] != _owner(owner)]
    if left and len(left) < len(keys):
        _write(folder, identity, [keys[i] for i in left], table[left])
    if not left:
        for path in folder.glob("*vectors.*"):
            path.unlink(missing_ok=True)
    for draft in folder.glob(".vectors.*.part"):  # of a process that was killed
        draft.unlink(missing_ok=True)
    return len(keys) - len(left)


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:_TEXT]


def _owner(contract_id: str) -> bytes:
    return hashlib.sha256(contract_id.encode("utf-8")).digest()[:_OWNER]


def _nothing(identity: Mapping[str, Any]) -> tuple[list[bytes], Halves]:
    return [], np.zeros((0, int(identity["dimensions"])), dtype=np.float16)


def _known(folder: Path, identity: Mapping[str, Any]) -> tuple[list[bytes], Halves]:
    """Keys and rows that the folder keeps of this encoder; nothing when they do not fit together."""
    try:
        made_by = json.loads((folder / _MADE_BY).read_text(encoding="utf-8"))
        name = made_by["files"]
        if made_by["encoder"] != dict(identity) or not _NAME.fullmatch(name):
            return _nothing(identity)
        keys = np.load(folder / f"vectors.{name}.keys.npy", allow_pickle=False)
        table = np.load(folder / f"vectors.{name}.npy", mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, KeyError, TypeError, EOFError):
        return _nothing(identity)
    whole = keys.dtype == np.uint8 and keys.shape == (len(table), _TEXT + _OWNER) and table.dtype == np.float16
    if not whole or table.shape[1:] != (identity["dimensions"],) or _hash(identity, keys) != name:
        return _nothing(identity)
    return [k.tobytes() for k in keys], table


def _write(folder: Path, identity: Mapping[str, Any], keys: Iterable[bytes], table: Halves) -> Halves:
    """Each file appears whole; ``vectors.json`` comes last, and the files of earlier runs go after it. Gives the rows
    as they can be read again, or as they came where the folder may only be read: they are then made again next time."""
    array = np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(-1, _TEXT + _OWNER)
    name = _hash(identity, array)
    made_by = {"encoder": dict(identity), "files": name, "rows": len(array)}
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        _whole(folder / f"vectors.{name}.npy", lambda f: np.save(f, table, allow_pickle=False))
        _whole(folder / f"vectors.{name}.keys.npy", lambda f: np.save(f, array, allow_pickle=False))
        _whole(folder / _MADE_BY, lambda f: f.write((json.dumps(made_by, indent=1, sort_keys=True) + "\n").encode()))
        for old in folder.glob("vectors.*.npy"):
            if old.name not in (f"vectors.{name}.npy", f"vectors.{name}.keys.npy"):
                old.unlink(missing_ok=True)
        again: Halves = np.load(folder / f"vectors.{name}.npy", mmap_mode="r", allow_pickle=False)
    except OSError:
        return table
    return again


def _hash(identity: Mapping[str, Any], keys: NDArray[np.uint8]) -> str:
    by = json.dumps(dict(identity), sort_keys=True).encode("utf-8")
    return hashlib.sha256(by + b"\0" + keys.tobytes()).hexdigest()[:16]


def _whole(path: Path, write: Callable[[Any], Any]) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as f:
            write(f)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)

"""Records as compact bytes and back, exactly: a JSON head, then plain arrays, all deflated. Nothing in them can run.

A document's words and lines become one array a column; their texts are slices of the running text and are not kept a
second time. Numbers come back as the same floats. ``Damaged`` is raised for bytes that are not what was written.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

from risklib.errors import RisklibError
from risklib.records import Agreement, Document, Furniture, Line, Page, Table, Word

_LEVEL = 6  # of deflate: 9 saves 1 % and takes three times as long
_REALS = {"x0", "top", "x1", "bottom", "size"}


class Damaged(RisklibError):
    """Bytes of a store that cannot be understood."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the store is damaged ({what}); `risklib store check FILE` says where, a rerun makes it anew")


# ---------------------------------------------------------------- plain data


def pack(data: Any) -> bytes:
    """Whatever JSON holds. Raises TypeError for what it does not: nothing is turned into text silently."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=True)
    return zlib.compress(text.encode("utf-8", "surrogatepass"), _LEVEL)


def unpack(blob: bytes) -> Any:
    try:
        return json.loads(zlib.decompress(blob).decode("utf-8", "surrogatepass"))
    except (zlib.error, ValueError) as e:
        raise Damaged(str(e)) from e


# ---------------------------------------------------------------- documents


def pack_document(d: Document) -> bytes:
    """Everything of a document but its name and its contract_id, which are kept once, outside."""
    text = d.text
    odd = {str(i): w.text for i, w in enumerate(d.words) if w.text != text[w.start : w.end]}
    head = {
        "text": text,
        "words": odd,
        "pages": d.pages,
        "tables": d.tables,
        "furniture": d.furniture,
        "problems": d.problems,
        "title": d.metadata_title,
    }
    arrays = {f"w_{c}": _column(d.words, c) for c in Word._fields if c != "text"}
    arrays |= {f"l_{c}": _column(d.lines, c) for c in Line._fields}
    return _joined(head, arrays)


def unpack_document(blob: bytes, contract_id: str, file: str) -> Document:
    head, arrays = _parted(blob)
    text: str = head["text"]
    words = zip(*(arrays[f"w_{c}"] for c in Word._fields if c != "text"))
    slices = [text[a:b] for a, b in zip(arrays["w_start"], arrays["w_end"])]
    for i, odd in head["words"].items():
        slices[int(i)] = odd
    return Document(
        contract_id=contract_id,
        file=file,
        text=text,
        pages=decode(tuple[Page, ...], head["pages"]),
        words=tuple(map(Word, slices, *zip(*words))) if slices else (),
        lines=tuple(map(Line, *(arrays[f"l_{c}"] for c in Line._fields))),
        tables=decode(tuple[Table, ...], head["tables"]),
        furniture=decode(tuple[Furniture, ...], head["furniture"]),
        problems=tuple(head["problems"]),
        metadata_title=head["title"],
    )


def _column(rows: Sequence[Any], name: str) -> NDArray[Any]:
    kind = np.float64 if name in _REALS else np.int64
    return np.array([getattr(r, name) for r in rows], dtype=kind)


def _joined(head: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    sizes = {name: [a.dtype.str, len(a)] for name, a in arrays.items()}
    top = json.dumps([head, sizes], ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    body = [_planes(a) for a in arrays.values()]
    return zlib.compress(b"".join([len(top).to_bytes(8, "little"), top, *body]), _LEVEL)


def _planes(a: NDArray[Any]) -> bytes:
    """Differences of neighbours, their first bytes together, then their second ones, …: half the size deflated."""
    raw = a.view(np.uint64)
    step = raw.copy()
    step[1:] = raw[1:] ^ raw[:-1] if a.dtype == np.float64 else raw[1:] - raw[:-1]
    return step.view(np.uint8).reshape(-1, 8).T.tobytes()


def _parted(blob: bytes) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    try:
        data = zlib.decompress(blob)
        at = 8 + int.from_bytes(data[:8], "little")
        head, sizes = json.loads(data[8:at].decode("utf-8", "surrogatepass"))
        arrays: dict[str, list[Any]] = {}
        for name, (kind, length) in sizes.items():
            planes = np.frombuffer(data, np.uint8, 8 * length, at).reshape(8, -1)
            step = np.ascontiguousarray(planes.T).view(np.uint64).ravel()
            whole = np.bitwise_xor.accumulate(step) if kind == "<f8" else np.cumsum(step, dtype=np.uint64)
            column = whole.view(kind).tolist()
            arrays[name] = [bool(x) for x in column] if name in _FLAGS else column
            at += 8 * length
    except (zlib.error, ValueError, TypeError) as e:
        raise Damaged(str(e)) from e
    return head, arrays


_FLAGS = {"l_bold", "l_paragraph", "l_cell"}

# ---------------------------------------------------------------- agreements, findings, any record


def pack_structure(a: Agreement) -> bytes:
    """What was understood of a document, without the document and without words that stand in it."""
    sentences = [replace(s, text="") if s.text == a.document.quote(s.start, s.end) else s for s in a.sentences]
    parts = {f.name: encode(getattr(a, f.name)) for f in fields(Agreement) if f.name not in ("document", "sentences")}
    return pack(parts | {"sentences": encode(sentences)})


def unpack_structure(blob: bytes, document: Document) -> Agreement:
    kinds = get_type_hints(Agreement)
    parts = {name: decode(kinds[name], x) for name, x in unpack(blob).items()}
    sentences = parts.pop("sentences")
    whole = tuple(s if s.text else replace(s, text=document.quote(s.start, s.end)) for s in sentences)
    return Agreement(document=document, sentences=whole, **parts)


def encode(x: Any) -> Any:
    """Records, and what may stand in them, as plain data: a record is the list of its fields."""
    if x is None or isinstance(x, (str, int, float)):
        return x
    if is_dataclass(x):
        return [encode(getattr(x, f.name)) for f in fields(x) if f.init]
    if isinstance(x, (tuple, list)):
        return [encode(y) for y in x]
    if isinstance(x, frozenset):
        return sorted((encode(y) for y in x), key=str)
    if isinstance(x, Mapping):
        return {k: encode(v) for k, v in x.items()}
    if isinstance(x, date):
        return x.isoformat()
    if isinstance(x, Decimal):
        return str(x)
    raise TypeError(f"a {type(x).__name__} cannot be kept in a store; see risklib/store/codec.py")


def decode(kind: Any, data: Any) -> Any:
    """What ``encode`` made of a value whose type is ``kind`` (a record, ``tuple[Provision, ...]``, ``date | None``)."""
    made = _maker(kind)
    try:
        return made(data) if made else data
    except (TypeError, ValueError, ArithmeticError) as e:
        raise Damaged(f"{getattr(kind, '__name__', kind)}: {e}") from e


@cache
def _maker(kind: Any) -> Callable[[Any], Any] | None:
    """How to make a value of type ``kind`` from plain data; None where plain data is the value."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        (one,) = (_maker(t) for t in inner if t is not type(None))  # only "X or nothing" stands in records
        return one and (lambda x: None if x is None else one(x))
    if origin is tuple and inner[-1] is not Ellipsis:
        parts = [_maker(t) for t in inner]
        return lambda x: tuple(m(y) if m else y for m, y in zip(parts, x, strict=True))
    if origin in (tuple, frozenset):
        each = _maker(inner[0])
        return lambda x: origin(map(each, x) if each else x)
    if isinstance(kind, type) and issubclass(kind, (date, Decimal)):
        return date.fromisoformat if issubclass(kind, date) else Decimal
    if is_dataclass(kind) or hasattr(kind, "_fields"):
        hints = get_type_hints(kind)
        names = getattr(kind, "_fields", None) or [f.name for f in fields(kind) if f.init]
        makers = [_maker(hints[n]) for n in names]
        return lambda x: kind(*(m(y) if m else y for m, y in zip(makers, x, strict=True)))
    return None

"""Optional content: what stands on a layer that is switched off is not shown, and so is no part of the agreement.

pdfium reads the text of every layer, shown or not, and has no call that says which are off. pdfplumber tells their
names from the catalogue; pdfium then tells the layer of each text, and a rendering what else is not shown.
"""

from __future__ import annotations

import ctypes
import io
import re
import zlib
from typing import Any

import numpy as np
import pdfplumber
import pypdfium2 as pdfium
import pypdfium2.raw as raw
from pdfplumber.utils import decode_text, resolve

_PACKED = re.compile(rb"/ObjStm\b.{0,400}?stream\r?\n", re.S)
MAX_UNPACKED = 4_000_000  # bytes
SCALE, MAX_PIXELS = 2.0, 20_000_000  # pixels a point; and on a page


def switched_off(data: bytes) -> frozenset[str] | None:
    """The names of the layers that a viewer does not show when it opens the file; None when it hides none.

    A name that a shown layer has too is left out. A catalogue that cannot be read hides nothing.
    """
    if not _may_have_layers(data):
        return None
    try:
        with pdfplumber.open(io.BytesIO(data)) as pdf:
            groups, off = _groups(resolve(pdf.doc.catalog.get("OCProperties")) or {})
    except Exception:  # pdfminer raises anything at all on damaged or encrypted files
        return None
    shown = {name for key, name in groups.items() if key not in off}
    return frozenset(groups.get(key, "") for key in off) - shown if off else None


def _may_have_layers(data: bytes) -> bool:
    """Whether the catalogue may speak of layers, in the open or in a packed object; pdfplumber takes longer to say."""
    if b"/OCProperties" in data:
        return True
    for m in _PACKED.finditer(data):
        try:
            if b"/OCProperties" in zlib.decompressobj().decompress(data[m.end() :], MAX_UNPACKED):
                return True
        except zlib.error:  # encrypted, or packed otherwise
            return True
    return False


def _groups(properties: Any) -> tuple[dict[object, str], set[object]]:
    """The layers with their names, and which of them are off by default."""
    default = resolve(properties.get("D")) or {}
    groups = {_key(g): _name(g) for g in resolve(properties.get("OCGs")) or ()}
    off = {_key(g) for g in resolve(default.get("OFF")) or ()}
    if getattr(resolve(default.get("BaseState")), "name", "") == "OFF":
        off |= set(groups) - {_key(g) for g in resolve(default.get("ON")) or ()}
    return groups, off


def _key(group: Any) -> object:
    return getattr(group, "objid", id(group))


def _name(group: Any) -> str:
    return decode_text((resolve(group) or {}).get("Name", b""))


def hidden(page: pdfium.PdfPage, objects: list[int | None], boxes: np.ndarray, off: frozenset[str]) -> np.ndarray:
    """Which words are not shown. ``objects``: each word's text object; ``boxes``: (n, 4) as displayed."""
    known = {o: o is not None and bool(_layers(o) & off) for o in set(objects)}
    out = np.array([known[o] for o in objects], bool)
    width, height = page.get_size()
    scale = min(SCALE, (MAX_PIXELS / max(width * height, 1.0)) ** 0.5)
    image = page.render(scale=scale, grayscale=True).to_numpy()
    image = image if image.ndim == 2 else image[:, :, 0]
    for k in np.flatnonzero(~out & np.isfinite(boxes).all(axis=1)).tolist():
        x0, top, x1, bottom = np.clip(boxes[k] * scale, 0, 100_000).astype(int)
        inside = image[top : bottom + 1, x0 : x1 + 1]
        out[k] = inside.size > 0 and int(inside.max()) - int(inside.min()) < 8  # one colour: nothing is drawn there
    return out


def _layers(address: int) -> set[str]:
    """The names of the layers that a page object stands on."""
    handle = ctypes.cast(address, raw.FPDF_PAGEOBJECT)
    names = set()
    for k in range(max(raw.FPDFPageObj_CountMarks(handle), 0)):
        mark = raw.FPDFPageObj_GetMark(handle, k)
        needed = ctypes.c_ulong()
        text = (ctypes.c_ushort * 256)()
        if raw.FPDFPageObjMark_GetParamStringValue(mark, b"Name", text, 512, needed) and needed.value >= 2:
            names.add(bytes(text)[: needed.value - 2].decode("utf-16-le", "replace"))
    return names

"""Evidence that people can see: the place where words stand, cut from their PDF pages with the words marked.

``draw`` makes a ``Shown`` from a PDF and boxes; Jupyter displays it by itself, elsewhere ``save`` writes a PNG.
``Portfolio.show`` finds file and boxes for a clause or for a row of a table.
"""

from __future__ import annotations

import base64
import hashlib
import html
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pypdfium2 as pdfium
from PIL import Image, ImageChops, ImageDraw, ImageFont

from risklib.errors import BadData
from risklib.records import Box, file_name

Locate = Callable[[str, str], "Path | None"]  # (file, contract_id) → where its PDF is, None when it is not to be found

DPI = 110
AIR = 26.0  # points shown above and below the words
_MARK, _BAR, _INK = (255, 236, 130), (238, 240, 243), (60, 66, 74)
_BAR_HEIGHT = 20  # pixels
_MOST_PIXELS = 5000  # a side: a page may be as large as a wall


@dataclass(frozen=True, slots=True)
class Piece:
    """What is shown of one page: a PNG of it, ``width`` × ``height`` pixels."""

    page: int
    png: bytes
    width: int
    height: int


@dataclass(frozen=True)
class Shown:
    """Pictures of a place, one for each page that it stands on; Jupyter draws it, ``save`` writes it as PNG."""

    caption: str
    pieces: tuple[Piece, ...]
    text: str = ""  # the marked words, for readers who cannot see the picture

    @property
    def pages(self) -> tuple[int, ...]:
        return tuple(p.page for p in self.pieces)

    def png(self) -> bytes:
        """All pieces under each other, each below a bar that names its page."""
        out = Image.new(
            "RGB", (max(p.width for p in self.pieces), sum(p.height + _BAR_HEIGHT for p in self.pieces)), _BAR
        )
        pen, font, y = ImageDraw.Draw(out), ImageFont.load_default(13), 0
        for piece in self.pieces:
            label = f"{self.caption} · page {piece.page}" if self.caption else f"page {piece.page}"
            pen.text((6, y + 2), label.encode("latin-1", "replace").decode("latin-1"), fill=_INK, font=font)
            out.paste(Image.open(io.BytesIO(piece.png)), (0, y + _BAR_HEIGHT))
            y += piece.height + _BAR_HEIGHT
        return _png(out)

    def save(self, path: str | Path) -> Path:
        """Writes the picture as PNG, whatever the name ends in; gives back the path."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.png())
        return path

    def _repr_png_(self) -> bytes:
        return self.png()

    def _repr_html_(self) -> str:
        alt = html.escape(self.text[:2000], quote=True)
        parts = [
            f"<figcaption>{html.escape(self.caption)} · page {p.page}</figcaption>"
            f'<img width="{p.width}" style="max-width:100%" alt="{alt}" '
            f'src="data:image/png;base64,{base64.b64encode(p.png).decode("ascii")}">'
            for p in self.pieces
        ]
        return f"<figure>{''.join(parts)}</figure>"

    def __repr__(self) -> str:
        where = ", ".join(map(str, self.pages))
        return f"Shown({self.caption!r}, page{'s' if len(self.pages) > 1 else ''} {where}); save(path) writes a PNG"


def draw(
    pdf: str | Path,
    boxes: Iterable[Box],
    *,
    caption: str = "",
    text: str = "",
    contract_id: str | None = None,
    password: str | None = None,
    dpi: int = DPI,
) -> Shown:
    """The parts of the pages of ``pdf`` where ``boxes`` (page, x0, top, x1, bottom in points) stand, the boxes marked.

    ``contract_id``: the SHA-256 of the bytes that the boxes were read from. Raises BadData where the file is gone, has
    changed since, cannot be drawn, has no such page, or where there are no boxes.
    """
    pages: dict[int, list[Box]] = {}
    for box in boxes:
        pages.setdefault(int(box[0]), []).append(box)
    name = Path(pdf).name
    if not pages:
        raise BadData(name, None, "these words have no place on any page; choose a clause or a row that has a bbox")
    document = open_pdf(Path(pdf), contract_id, password)
    try:
        missing = [n for n in pages if not 1 <= n <= len(document)]
        if missing:
            raise BadData(name, None, f"has {len(document)} pages, no page {missing[0]}; analyse it again")
        pieces = tuple(_piece(document[n - 1], n, pages[n], dpi) for n in sorted(pages))
    finally:
        document.close()
    return Shown(caption or name, pieces, text)


def open_pdf(path: Path, contract_id: str | None = None, password: str | None = None) -> pdfium.PdfDocument:
    """The PDF, where its bytes are still those of ``contract_id``. Raises BadData."""
    if not path.is_file():
        raise BadData(path.name, None, "the PDF was not found; say where it is: pdfs=FOLDER, or --pdfs FOLDER")
    data = path.read_bytes()
    if contract_id is not None and hashlib.sha256(data).hexdigest() != contract_id:
        raise BadData(path.name, None, "the PDF has changed since it was analysed; analyse it again to see its places")
    try:
        return pdfium.PdfDocument(data, password=password)
    except pdfium.PdfiumError as error:
        raise BadData(path.name, None, f"the PDF cannot be drawn ({error}); a protected one needs password=") from None


def in_folder(folder: Path) -> Locate:
    """Looks for a contract's file in ``folder``: by its relative path, else by its name anywhere below."""
    names: dict[str, Path] = {}

    def locate(file: str, contract_id: str) -> Path | None:
        direct = folder / file
        if direct.is_file():
            return direct
        if not names:
            found = (p for p in sorted(folder.rglob("*"), reverse=True) if p.suffix.lower() == ".pdf")
            names.update((file_name(p), p) for p in found)
        return names.get(Path(file).name)

    return locate


def _piece(page: pdfium.PdfPage, number: int, boxes: list[Box], dpi: int) -> Piece:
    width, height = page.get_size()
    picture = page.render(scale=min(dpi / 72, _MOST_PIXELS / max(width, height))).to_pil().convert("RGB")
    scale = picture.width / width
    top = max(0.0, min(b[2] for b in boxes) - AIR)
    bottom = min(height, max(b[4] for b in boxes) + AIR)
    layer = Image.new("RGB", picture.size, (255, 255, 255))
    pen = ImageDraw.Draw(layer)
    for _, x0, y0, x1, y1 in boxes:
        pen.rectangle([(x0 - 1) * scale, (y0 - 0.5) * scale, (x1 + 1) * scale, (y1 + 0.5) * scale], fill=_MARK)
    crop = (0, int(top * scale), picture.width, min(picture.height, max(int(bottom * scale), int(top * scale)) + 1))
    shown = ImageChops.multiply(picture, layer).crop(crop)
    return Piece(number, _png(shown), shown.width, shown.height)


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()

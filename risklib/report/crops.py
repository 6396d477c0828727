"""Pictures of the places that findings stand on, cut from the PDF pages and never stored twice.

The wanted places of a page are merged into strips; each strip is rendered once, in eight greys as lossless WebP (about
30 to 50 kB for a whole page at 110 dpi: smaller than PNG or lossy WebP on text). A finding then shows a window onto its
strips, in PDF points, with its words marked over it; so neighbours share pixels and marks cost nothing.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import pypdfium2 as pdfium
from PIL import Image

from risklib.errors import BadData
from risklib.evidence import Locate, in_folder, open_pdf
from risklib.records import Box

__all__ = ["Locate", "Pictures", "Strip", "Wanted", "Window", "cut_pictures", "in_folder"]

DPI = 110
PAD_X, PAD_Y, MIN_WIDTH, JOIN = 14.0, 22.0, 260.0, 12.0  # points
GREYS = 8
_LEVELS = [round(round(v / 255 * (GREYS - 1)) * 255 / (GREYS - 1)) for v in range(256)]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A place to show. ``key`` names the finding."""

    key: str
    contract_id: str
    file: str
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Strip:
    """A rendered piece of a page; position and size in points from the page's top left corner."""

    id: str
    x: float
    y: float
    width: float
    height: float
    uri: str


@dataclass(frozen=True, slots=True)
class Window:
    """What one finding shows of one page: a view onto a strip and the marks (x, y, width, height), in points."""

    strip: str
    page: int
    x: float
    y: float
    width: float
    height: float
    marks: tuple[tuple[float, float, float, float], ...]


@dataclass(frozen=True)
class Pictures:
    strips: tuple[Strip, ...]
    windows: Mapping[str, tuple[Window, ...]]  # by Wanted.key; every page of the place is there, or the key is absent
    problems: tuple[str, ...]  # files that gave no pictures, one sentence each
    left_out: int  # places without a picture because the budget was spent
    size: int  # characters of all data URIs


Rect = tuple[float, float, float, float]  # x0, top, x1, bottom
PageKey = tuple[str, str, int]  # contract_id, file, page


def cut_pictures(wanted: Iterable[Wanted], locate: Locate, *, budget: int, dpi: int = DPI) -> Pictures:
    """Pictures for ``wanted``, the most important first, until their data URIs reach ``budget`` characters.

    A file that cannot be found, has changed since the analysis (its SHA-256 is the contract_id) or cannot be rendered
    is named in ``problems`` and its findings go without; nothing raises.
    """
    places = list(wanted)
    pages: dict[PageKey, list[tuple[str, list[Box]]]] = {}
    for place in places:
        for number in dict.fromkeys(b[0] for b in place.boxes):
            page = pages.setdefault((place.contract_id, place.file, number), [])
            page.append((place.key, [b for b in place.boxes if b[0] == number]))
    strips: list[Strip] = []
    windows: dict[str, list[Window]] = {}
    problems: dict[str, str] = {}
    spent = 0
    with _OpenFiles(locate, problems) as files:
        for key, entries in pages.items():
            if spent >= budget:
                break
            sheet = files.page(*key)
            if sheet is None:
                continue
            made = list(_page_strips(sheet, entries, prefix=f"p{len(strips)}", dpi=dpi))
            cost = sum(len(s.uri) for s, _ in made)
            if spent + cost > budget:
                break
            spent += cost
            for strip, views in made:
                strips.append(strip)
                for name, window in views:
                    windows.setdefault(name, []).append(window)
    whole = {
        p.key: tuple(windows[p.key])
        for p in places
        if p.key in windows and {w.page for w in windows[p.key]} == {b[0] for b in p.boxes}
    }
    left_out = sum(1 for p in places if p.boxes and p.key not in whole and p.file not in problems)
    return Pictures(tuple(strips), whole, tuple(problems.values()), left_out, spent)


class _OpenFiles:
    """Keeps the last few PDFs open; notes once, in plain words, why one cannot be."""

    def __init__(self, locate: Locate, problems: dict[str, str], keep: int = 8) -> None:
        self.locate, self.problems, self.keep = locate, problems, keep
        self.open: dict[str, pdfium.PdfDocument] = {}

    def __enter__(self) -> _OpenFiles:
        return self

    def __exit__(self, *_: object) -> None:
        for document in self.open.values():
            document.close()

    def page(self, contract_id: str, file: str, number: int) -> pdfium.PdfPage | None:
        if file in self.problems:
            return None
        if contract_id not in self.open:
            path = self.locate(file, contract_id)
            if path is None or not path.is_file():
                self.problems[file] = f"{file}: the PDF was not found, so its findings say page and section only"
                return None
            try:
                self.open[contract_id] = open_pdf(path, contract_id)
            except BadData as error:
                self.problems[file] = f"{file}: {error.message}"
                return None
            if len(self.open) > self.keep:
                self.open.pop(next(iter(self.open))).close()
        document = self.open[contract_id]
        return document[number - 1] if 1 <= number <= len(document) else None


def _page_strips(
    page: pdfium.PdfPage, entries: list[tuple[str, list[Box]]], *, prefix: str, dpi: int
) -> Iterator[tuple[Strip, list[tuple[str, Window]]]]:
    """The strips of one page, each with the windows onto it."""
    width, height = page.get_size()
    lines = [(b[1], b[3]) for _, marks in entries for b in marks]
    views = [(name, marks, _view(marks, lines, width, height)) for name, marks in entries]
    views = [v for v in views if v[2][2] > v[2][0] and v[2][3] > v[2][1]]
    if not views:
        return
    x0, x1 = min(v[2][0] for v in views), max(v[2][2] for v in views)
    picture = page.render(scale=dpi / 72, grayscale=True).to_pil().convert("L").point(_LEVELS)
    scale = picture.width / width
    for k, (top, bottom) in enumerate(_merged([(v[2][1], v[2][3]) for v in views])):
        crop = picture.crop((int(x0 * scale), int(top * scale), int(x1 * scale) + 1, int(bottom * scale) + 1))
        strip = Strip(
            f"{prefix}-{k}",
            int(x0 * scale) / scale,
            int(top * scale) / scale,
            crop.width / scale,
            crop.height / scale,
            _uri(crop),
        )
        inside = [
            (name, Window(strip.id, marks[0][0], a, b, c - a, d - b, _marks(marks)))
            for name, marks, (a, b, c, d) in views
            if top <= b and d <= bottom
        ]
        yield strip, inside


def _view(marks: list[Box], lines: list[tuple[float, float]], width: float, height: float) -> Rect:
    """The part of the page to show for these boxes: some air, as wide as the column (the other ``lines`` there)."""
    x0, x1 = min(b[1] for b in marks), max(b[3] for b in marks)
    beside = [(a, b) for a, b in lines if a < x1 and b > x0]
    x0, x1 = min([x0, *(a for a, _ in beside)]) - PAD_X, max([x1, *(b for _, b in beside)]) + PAD_X
    x1 = max(x1, x0 + MIN_WIDTH)
    if x1 > width:
        x0, x1 = max(0.0, min(x0, width - MIN_WIDTH)), width
    top, bottom = min(b[2] for b in marks) - PAD_Y, max(b[4] for b in marks) + PAD_Y
    return max(0.0, x0), max(0.0, top), x1, min(height, bottom)


def _merged(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    out: list[tuple[float, float]] = []
    for top, bottom in sorted(spans):
        if out and top <= out[-1][1] + JOIN:
            out[-1] = (out[-1][0], max(out[-1][1], bottom))
        else:
            out.append((top, bottom))
    return out


def _marks(boxes: list[Box]) -> tuple[Rect, ...]:
    return tuple((x0 - 1, top - 0.5, x1 - x0 + 2, bottom - top + 1) for _, x0, top, x1, bottom in boxes)


def _uri(picture: Image.Image) -> str:
    out = io.BytesIO()
    picture.save(out, "WEBP", lossless=True, quality=50, method=2)
    return "data:image/webp;base64," + base64.b64encode(out.getvalue()).decode("ascii")

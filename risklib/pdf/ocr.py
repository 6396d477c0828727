"""Words from pictures: tesseract when it is on the PATH, else rapidocr (extra ``ocr``), else nothing."""

from __future__ import annotations

import csv
import importlib.util
import io
import math
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw

from risklib.pdf.chars import PageWords, clean

DPI = 200  # word error no worse than at 250 or 300 on scans of 150 to 200 dpi, in two thirds of the time
COARSE = 140  # dots an inch: letters of a scan below it blur when it is drawn at a fraction of its own grid
MAX_PIXELS = 20_000_000
PAGE_MODE = "4"  # one column of text: mode 3 loses the numbers that hang in the margin; layout.py finds columns itself
TIMEOUT_S = 120
MIN_CONFIDENCE = 20.0  # tesseract's percent; below it one or two characters are dirt


@dataclass(frozen=True)
class PageOcr:
    words: PageWords
    flat: np.ndarray  # (n, 4) the words' boxes on the straightened page, for telling lines
    confidence: float  # mean over words, 0..1


def engine() -> str | None:
    """ "tesseract", "rapidocr" or None; tesseract reads contracts better (word F1 .98 against .93)."""
    if shutil.which("tesseract"):
        return "tesseract"
    return "rapidocr" if importlib.util.find_spec("rapidocr") else None


def picture(page: pdfium.PdfPage, dpi: float) -> tuple[np.ndarray, float]:
    """The page in grey, (height, width) uint8, and its pixels per point."""
    width, height = page.get_size()
    scale = min(dpi / 72, (MAX_PIXELS / max(width * height, 1.0)) ** 0.5)
    bitmap = page.render(scale=max(scale, 0.02), grayscale=True, fill_color=(255, 255, 255, 255))
    try:
        image = bitmap.to_numpy()
        return np.ascontiguousarray(image if image.ndim == 2 else image[:, :, 0]), scale
    finally:
        bitmap.close()


def resolution(page: pdfium.PdfPage) -> float:
    """Dots an inch at which to recognise a page: DPI, or for one coarse scan the next whole multiple of its own (at
    120 dpi 3.9 % of words wrong in place of 4.6 %)."""
    images = list(islice(page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=2), 3))
    if len(images) != 1:
        return DPI
    try:
        left, _, right, _ = images[0].get_bounds()
        own = 72 * images[0].get_px_size()[0] / max(right - left, 1.0)
    except pdfium.PdfiumError:
        return DPI
    return own * math.ceil(DPI / own) if COARSE / 2 <= own < COARSE else DPI


def is_blank(page: pdfium.PdfPage) -> bool:
    """Whether nothing but specks and rules is drawn (a rendering at 40 dpi)."""
    image, _ = picture(page, 40)
    dark = image < np.percentile(image, 90) - 60
    rest = dark[dark.mean(axis=1) < 0.4][:, dark.mean(axis=0) < 0.4]
    return bool(rest.sum() < 0.0005 * dark.size)


def read_page(page: pdfium.PdfPage) -> PageOcr | None:
    """Recognise a page; None when no engine is there, or it gives up."""
    name = engine()
    if name is None:
        return None
    image, scale = picture(page, resolution(page))
    angle = skew(image)
    upright = rotate(image, angle) if abs(angle) >= 0.3 else image
    found = _tesseract(upright, scale * 72) if name == "tesseract" else _rapidocr(upright)
    if found is None:
        return None
    texts, boxes, confidence, breaks = found
    flat = boxes / scale
    if upright is not image:
        boxes = _turn_back(boxes, angle, upright.shape, image.shape)
    n = len(texts)
    tall = boxes[:, 3] - boxes[:, 1]
    flags = np.zeros(n, bool)
    words = PageWords(texts, boxes / scale, _sizes(tall, breaks) / scale, flags, breaks, np.zeros(n, np.int64))
    return PageOcr(words, flat, float(confidence.mean()) if n else 0.0)


def skew(image: np.ndarray) -> float:
    """Degrees by which lines of text run off the horizontal, within ±4: what makes the profile of rows sharpest."""
    step = max(1, image.shape[1] // 800)
    dark = image[::step, ::step] < 128
    if dark.mean() < 0.002 or dark.mean() > 0.5:
        return 0.0
    y, x = np.nonzero(dark)
    if len(y) > 60_000:
        pick = np.linspace(0, len(y) - 1, 60_000).astype(int)
        y, x = y[pick], x[pick]

    def sharpness(degrees: float) -> float:
        rows = np.round(y - x * np.tan(np.radians(degrees))).astype(int)
        return float((np.bincount(rows - rows.min()).astype(float) ** 2).sum())

    coarse = max(np.arange(-4, 4.01, 0.5), key=sharpness)
    fine = max(np.arange(coarse - 0.4, coarse + 0.41, 0.1), key=sharpness)
    return float(fine) if sharpness(fine) > 1.02 * sharpness(0.0) else 0.0


def rotate(image: np.ndarray, degrees: float) -> np.ndarray:
    from PIL import Image

    turned = Image.fromarray(image).rotate(degrees, resample=Image.Resampling.BILINEAR, expand=False, fillcolor=255)
    return np.asarray(turned)


def _turn_back(boxes: np.ndarray, degrees: float, shape: tuple[int, ...], original: tuple[int, ...]) -> np.ndarray:
    """Boxes on the straightened picture → on the page: their middles are turned, their sizes kept."""
    middle = np.array([shape[1], shape[0]]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]) / 2
    at = (boxes[:, :2] + boxes[:, 2:]) / 2 - middle
    a = np.radians(degrees)
    turned = at @ np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]]) + np.array([original[1], original[0]]) / 2
    return np.column_stack((turned - half, turned + half))


def _sizes(tall: np.ndarray, breaks: np.ndarray) -> np.ndarray:
    """Font size from the height of each line's words: letters with ascender or descender are about 0.95 of it."""
    line = np.cumsum(breaks) - 1
    top = np.zeros(int(line[-1]) + 1 if len(line) else 0)
    np.maximum.at(top, line, tall)
    return top[line] if len(line) else np.zeros(0)


Found = tuple[list[str], np.ndarray, np.ndarray, np.ndarray]


def _tesseract(image: np.ndarray, dpi: float) -> Found | None:
    header = f"P5 {image.shape[1]} {image.shape[0]} 255\n".encode()
    command = ["tesseract", "stdin", "stdout", "--dpi", str(round(dpi)), "-l", "eng", "--psm", PAGE_MODE, "tsv"]
    try:
        done = subprocess.run(
            command,
            input=header + image.tobytes(),
            capture_output=True,
            timeout=TIMEOUT_S,
            check=True,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        )
    except (subprocess.SubprocessError, OSError):
        return None  # the caller names the page as unreadable
    return parse_tsv(done.stdout.decode("utf-8", "replace"))


def parse_tsv(tsv: str) -> Found:
    """Tesseract's table → texts, boxes in pixels (x0, top, x1, bottom), confidence 0..1, line starts.

    Words take the height of their line: tight boxes of "on" and "by" have different middles, and rows would fall apart.
    """
    texts, boxes, confidence, breaks = [], [], [], []
    last: tuple[str, ...] = ()
    for row in csv.DictReader(io.StringIO(tsv), delimiter="\t", quoting=csv.QUOTE_NONE):
        text = clean((row.get("text") or "").strip())
        if row["level"] != "5" or not _is_word(text, float(row["conf"])):
            continue
        line = (row["block_num"], row["par_num"], row["line_num"])
        x, y, w, h = (float(row[k]) for k in ("left", "top", "width", "height"))
        texts.append(text)
        boxes.append((x, y, x + w, y + h))
        confidence.append(float(row["conf"]) / 100)
        breaks.append(line != last)
        last = line
    found = np.array(boxes, float).reshape(-1, 4)
    starts = np.flatnonzero(breaks)
    if len(starts):
        count = np.diff(np.append(starts, len(found)))
        found[:, 1] = np.repeat(np.minimum.reduceat(found[:, 1], starts), count)
        found[:, 3] = np.repeat(np.maximum.reduceat(found[:, 3], starts), count)
    return texts, found, np.array(confidence), np.array(breaks, bool)


def _is_word(text: str, confidence: float) -> bool:
    letters = sum(c.isalnum() for c in text)
    if letters >= 3:
        return confidence >= 0
    return confidence >= MIN_CONFIDENCE and (letters > 0 or any(c in '$€£§%&()"“”•-' for c in text))


@cache
def _rapid_engine() -> Any:
    from rapidocr import RapidOCR  # type: ignore[import-not-found, unused-ignore]

    return RapidOCR(params={"Global.log_level": "error"})


def _rapidocr(image: np.ndarray) -> Found | None:
    result = _rapid_engine()(np.repeat(image[:, :, None], 3, axis=2), return_word_box=False)
    if result.boxes is None:
        return [], np.zeros((0, 4)), np.zeros(0), np.zeros(0, bool)
    texts, boxes, confidence, breaks = [], [], [], []
    for corners, line, score in zip(result.boxes, result.txts, result.scores, strict=True):
        (x0, top), (x1, bottom) = np.min(corners, axis=0).tolist(), np.max(corners, axis=0).tolist()
        per_char = (x1 - x0) / max(len(line), 1)
        for k, m in enumerate(re.finditer(r"\S+", line)):
            texts.append(clean(m.group()) or m.group())
            boxes.append((x0 + m.start() * per_char, top, x0 + m.end() * per_char, bottom))
            confidence.append(float(score))
            breaks.append(k == 0)
    return texts, np.array(boxes, float).reshape(-1, 4), np.array(confidence), np.array(breaks, bool)

"""The second reader: pdfplumber, for files that pdfium cannot open. Slow (8 pages a second), so never the first."""

from __future__ import annotations

import io
import logging
import time

import numpy as np
import pdfplumber

from risklib.pdf.chars import PageWords, clean

logging.getLogger("pdfminer").setLevel(logging.CRITICAL)  # its warnings quote the file; nothing of a contract is logged

BUDGET_S = 30.0  # for one file: what pdfium refuses is mostly damaged, and pdfminer can search it for ever


def read_pages(data: bytes, password: str | None, max_pages: int) -> list[tuple[float, float, PageWords]] | None:
    """Width, height and words of each page; None when pdfplumber cannot open the file either."""
    out: list[tuple[float, float, PageWords]] = []
    began = time.monotonic()
    try:
        with pdfplumber.open(io.BytesIO(data), password=password or "") as pdf:
            for page in pdf.pages[:max_pages]:
                out.append((float(page.width), float(page.height), _words(page)))
                page.close()
                if time.monotonic() - began > BUDGET_S:
                    break
    except Exception:  # pdfminer raises anything at all on damaged files; the caller turns None into a named refusal
        return out or None
    return out


def _words(page: pdfplumber.page.Page) -> PageWords:
    found = [(clean(w["text"]), w) for w in page.extract_words(extra_attrs=["size", "fontname"], use_text_flow=True)]
    found = [(t, w) for t, w in found if t]
    boxes = np.array([(w["x0"], w["top"], w["x1"], w["bottom"]) for _, w in found], float).reshape(-1, 4)
    size = np.array([w["size"] for _, w in found], float)
    bold = np.array(["bold" in str(w["fontname"]).lower() for _, w in found], bool)
    middle = (boxes[:, 1] + boxes[:, 3]) / 2
    breaks = (
        np.concatenate(([True], np.abs(np.diff(middle)) > 0.4 * np.maximum(size[1:], 1)))
        if len(found)
        else np.zeros(0, bool)
    )
    return PageWords([t for t, _ in found], boxes, size, bold, breaks, np.zeros(len(found), np.int64))

"""Reading speed against pdfplumber in one run: ``PYTHONPATH=. python tests/bench_pdf.py FOLDER [FILES] [PAGES]``. Not collected by pytest."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pdfplumber

from risklib.pdf import read


def speed(files: Sequence[Path], pages: int = 20) -> dict[str, float]:
    """Pages a second of processor time, ours and pdfplumber's, over the first ``pages`` pages of each file, and their ratio."""
    read(files[0], max_pages=1, ocr=False)  # imports are not reading
    began = time.process_time()
    count = sum(len(read(f, max_pages=pages, ocr=False).pages) for f in files)
    ours = time.process_time() - began
    began = time.process_time()
    for f in files:
        with pdfplumber.open(f) as pdf:
            for page in pdf.pages[:pages]:
                page.extract_words()
                page.close()
    theirs = time.process_time() - began
    return {"pages": count, "risklib": count / ours, "pdfplumber": count / theirs, "ratio": theirs / ours}


if __name__ == "__main__":
    found = sorted(p for p in Path(sys.argv[1]).iterdir() if p.suffix.lower() == ".pdf" and p.stat().st_size < 400_000)
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 16
    chosen = found[:: max(1, len(found) // count)][:count]
    result = speed(chosen, int(sys.argv[3]) if len(sys.argv) > 3 else 20)
    sys.stdout.write("  ".join(f"{name} {value:.1f}" for name, value in result.items()) + "\n")

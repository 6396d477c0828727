"""``make bench``: reading, understanding and pricing, beside a named peer, in one run on one core. Asserts nothing.

Compare ratios, not absolute figures: they depend on the machine and on what else it does. Processor seconds are counted, so that
neighbours on the same machine matter less. Each section runs in a process of its own, and its peak memory is that process's.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from pathlib import Path
from typing import Any

FILES, SMALL = 16, 400_000  # so many PDFs, none above so many bytes: the peer takes minutes for the large ones
SAMPLES = Path(__file__).resolve().parents[1] / "data" / "agreements"


def _alone(function: Callable[..., dict[str, float]], *arguments: Any) -> dict[str, float]:
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(_measured, (function, arguments))


def _measured(function: Callable[..., dict[str, float]], arguments: Sequence[Any]) -> dict[str, float]:
    result = function(*arguments)
    most = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {**result, "MiB": most / 1024}


def peer(files: Sequence[Path]) -> dict[str, float]:
    """pdfplumber's text of every page."""
    import pdfplumber

    pages, began = 0, time.process_time()
    for f in files:
        with pdfplumber.open(f) as pdf:
            for page in pdf.pages:
                page.extract_text()
                page.close()
                pages += 1
    return {"pages": pages, "seconds": time.process_time() - began}


def reading(files: Sequence[Path]) -> dict[str, float]:
    """Words with boxes, running heads and columns told apart; no OCR."""
    from risklib.pdf import read

    read(files[0], ocr=False, max_pages=1)  # imports are not reading
    began = time.process_time()
    pages = sum(len(read(f, ocr=False).pages) for f in files)
    return {"pages": pages, "seconds": time.process_time() - began}


def understanding(files: Sequence[Path]) -> dict[str, float]:
    """The whole of one file's way: read, clauses, findings, rows."""
    from risklib.findings import load_model
    from risklib.pipeline import analyze_file
    from risklib.playbook import load_playbook

    playbook, model = load_playbook(), load_model()
    analyze_file(files[0], playbook, model, ocr=False)
    began = time.process_time()
    found = [analyze_file(f, playbook, model, ocr=False) for f in files]
    took = time.process_time() - began
    pages = sum(len(a.agreement.document.pages) for a in found if a.agreement is not None)
    findings = sum(len(a.responsibilities) + len(a.provisions) for a in found)
    return {"pages": pages, "seconds": took, "findings": findings}


def pricing(contracts: int) -> dict[str, float]:
    """Fifteen components of each contract, 10,000 simulated years, and the totals."""
    from exposure_help import RATES

    from risklib.exposure import Basis, aggregate
    from risklib.inputs import load_assumptions

    rows, given = portfolio(contracts), load_assumptions()
    began = time.process_time()
    aggregate(rows, Basis(given, RATES, as_of=_as_of()))
    return {"contracts": contracts, "seconds": time.process_time() - began}


def portfolio(contracts: int) -> list[Any]:
    """Contracts with a clause for each component, so that all fifteen are drawn."""
    from exposure_help import deal, p

    from risklib.exposure import Contract

    clauses = (
        p("late_payment", percent=1.5, per="month", grace_days=10), p("overage", percent=20), p("early_termination_fee", percent=50),
        p("auto_renewal", "both", term_months=12, notice_days=90), p("price_increase", percent=7),
        p("minimum_commitment", amount=100_000, currency="USD", per="year"), p("liquidated_damages", amount=5000, currency="EUR"),
        p("audit_right", "provider", threshold_percent=5), p("suspension", "provider", notice_days=10),
        p("termination_for_cause", "both", cure_days=30), p("remedial_action", "provider"), p("indemnification", covers=["ip"]),
        p("liability_cap", "both", fee_months=12), p("consequential_waiver", "both"),
        p("super_cap", "provider", covers=["data_breach"], fee_multiple=3),
        p("exclusive_remedy", "provider", percent=10, availability_percent=99.9),
    )  # fmt: skip
    return [Contract(f"c{i:05}", clauses, deal(vendor=f"V{i % 50}", records_held=1000)) for i in range(contracts)]


def _as_of() -> Any:
    from exposure_help import AS_OF

    return AS_OF


def files_of(shared: Path) -> tuple[list[Path], str]:
    """Every n-th of the CUAD contracts, or the project's own samples."""
    folder = shared / "data" / "cuad" / "pdf"
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() == ".pdf" and p.stat().st_size < SMALL)
    if len(found) >= FILES:
        return found[:: len(found) // FILES][:FILES], f"{FILES} CUAD contracts of {folder}"
    own = sorted(p for p in SAMPLES.glob("*.pdf") if "scan" not in p.name)
    return own, f"{folder} is not there, so the project's {len(own)} samples (the scanned one left out)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--contracts", type=int, default=200)
    args = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    files, what = files_of(args.shared)
    print(f"reading {what}; processor seconds of one core")
    base = 0.0
    for name, function in (
        ("pdfplumber, text", peer),
        ("risklib, words with boxes", reading),
        ("risklib, to findings", understanding),
    ):
        r = _alone(function, files)
        speed = r["pages"] / r["seconds"]
        base = base or speed
        extra = f", {r['findings']:.0f} findings" if "findings" in r else ""
        print(
            f"  {name:<27}{r['pages']:5.0f} pages {r['seconds']:7.2f} s {speed:8.1f} pages/s {speed / base:6.1f} x  {r['MiB']:5.0f} MiB{extra}"
        )
    r = _alone(pricing, args.contracts)
    print(
        f"exposure of {args.contracts} contracts, 15 components, 10,000 simulated years: {r['seconds']:.1f} s "
        f"({r['seconds'] / args.contracts * 1000:.0f} ms each), {r['MiB']:.0f} MiB"
    )


if __name__ == "__main__":
    main()

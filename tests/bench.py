"""``make bench``: reading, understanding and pricing, beside a named peer, in one run on one core. Asserts nothing.

Compare ratios, not absolute figures: they depend on the machine and on what else it does. Processor seconds are counted, so that
neighbours on the same machine matter less. Each section runs in a process of its own, and its peak memory is that process's.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path
from typing import Any

ROUNDS = 3  # of reading, which takes seconds where the peer takes half a minute: one round alone is at the mercy of neighbours
FILES, SMALL = 16, 400_000  # so many PDFs, none above so many bytes: the peer takes minutes for the large ones
YEARS, MODELS = 10_000, 100  # of the simulations
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
    pages = sum(len(read(f, ocr=False).pages) for _ in range(ROUNDS) for f in files)
    return {"pages": pages / ROUNDS, "seconds": (time.process_time() - began) / ROUNDS}


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


def pricing(contracts: int, workers: int) -> dict[str, float]:
    """Fifteen components of each contract, 10,000 simulated years, and the totals, in ``workers`` processes."""
    from exposure_help import AS_OF, RATES

    from risklib.exposure import Basis, aggregate
    from risklib.inputs import load_assumptions

    rows, basis = portfolio(contracts), Basis(load_assumptions(), RATES, as_of=AS_OF)
    began, used = time.perf_counter(), time.process_time()
    with get_context("spawn").Pool(workers) as pool:
        totals = aggregate(rows, basis, currency="EUR", mapping=pool.imap)
        pool.close()
        pool.join()
    wall = time.perf_counter() - began
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = time.process_time() - used + children.ru_utime + children.ru_stime
    assert len(totals) == 1
    assert not totals[0].left_out
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + workers * children.ru_maxrss
    return {"wall": wall, "seconds": seconds, "together": most / 1024}


def plain_numpy(models: int) -> dict[str, float]:
    """The least that a simulation of one risk can do: Poisson counts at a PERT rate, a PERT severity for each event."""
    import numpy as np

    def pert(rng: Any, low: float, likely: float, high: float, size: int) -> Any:
        mode = (likely - low) / (high - low)
        return low + (high - low) * rng.beta(1 + 4 * mode, 5 - 4 * mode, size)

    began = time.process_time()
    for k in range(models):
        rng = np.random.default_rng(k)
        counts = rng.poisson(pert(rng, 0.5, 1, 4, YEARS))
        years = np.repeat(np.arange(YEARS), counts)
        losses = np.bincount(years, pert(rng, 1_000, 5_000, 50_000, len(years)), YEARS)
        np.quantile(losses, [0.5, 0.95, 0.99])
    return {"seconds": time.process_time() - began}


PYFAIR = "pyfair==0.1a13"
PYFAIR_RUN = """
import sys, time, pyfair
def one(k):
    m = pyfair.FairModel(name=str(k), n_simulations=int(sys.argv[2]), random_seed=k)
    m.input_data("Loss Event Frequency", low=0.5, mode=1, high=4)
    m.input_data("Loss Magnitude", low=1_000, mode=5_000, high=50_000)
    m.calculate_all()
    m.export_results()["Risk"].quantile([0.5, 0.95, 0.99])
one(0)
began = time.process_time()
for k in range(int(sys.argv[1])):
    one(k)
print(time.process_time() - began)
"""


def pyfair(models: int, folder: Path) -> float | str:
    """Processor seconds of the peer in an environment of its own below ``folder``, or why there are none."""
    python = folder / "bin" / "python"
    try:
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", folder], check=True, capture_output=True)
            install = [
                python,
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                PYFAIR,
                "numpy",
                "pandas",
            ]
            subprocess.run(install, check=True, capture_output=True)
        run = [python, "-c", PYFAIR_RUN, str(models), str(YEARS)]
        return float(subprocess.run(run, check=True, capture_output=True, text=True).stdout.split()[-1])
    except (subprocess.CalledProcessError, OSError, ValueError) as e:
        shutil.rmtree(folder, ignore_errors=True)
        return f"could not be installed or run ({e})"


def portfolio(contracts: int) -> list[Any]:
    """Contracts with a clause for each component, so that all fifteen are drawn; sizes and terms as agreements have
    them, drawn by the contract's number."""
    from exposure_help import deal, p

    from risklib.exposure import Contract

    found = []
    for i in range(contracts):
        r = random.Random(i)
        fees = round(10 ** r.uniform(4, 6.5))
        cap = r.choice(
            [{"fee_months": r.choice([6, 12, 18, 24])}, {"amount": fees * 2, "currency": "EUR"},
             {"fee_months": 12, "amount": 500_000, "currency": "EUR", "comparator": r.choice(["greater", "lesser"])}]
        )  # fmt: skip
        clauses = (
            p("late_payment", percent=r.choice([1, 1.5, 2]), per="month", grace_days=r.choice([0, 5, 10])),
            p("overage", percent=r.choice([10, 20, 50])), p("early_termination_fee", percent=r.choice([50, 75, 100])),
            p("auto_renewal", "both", term_months=r.choice([12, 24, 36]), notice_days=r.choice([30, 60, 90])),
            p("price_increase", percent=r.choice([3, 5, 7])), p("minimum_commitment", percent=80, per="year"),
            p("liquidated_damages", amount=r.choice([500, 5000]), currency="EUR"),
            p("audit_right", "provider", threshold_percent=r.choice([3, 5, 10])),
            p("suspension", "provider", notice_days=r.choice([3, 10, 30])),
            p("termination_for_cause", "both", cure_days=r.choice([15, 30, 60])), p("remedial_action", "provider"),
            p("indemnification", covers=["ip"]), p("liability_cap", "both", cap_period=r.choice(["term", "year"]), **cap),
            p("consequential_waiver", "both"), p("super_cap", "provider", covers=["data_breach"], fee_multiple=r.choice([2, 3])),
            *([p("exclusive_remedy", "provider", percent=10, availability_percent=99.9)] if i % 2 else []),
            *([p("uncapped_liability", "both", covers=["indemnification"])] if i % 3 == 0 else []),
        )  # fmt: skip
        facts = {"annual_fees": Decimal(fees), "currency": r.choice(["EUR", "USD", "GBP"]), "vendor": f"V{i % 500}"}
        found.append(Contract(f"c{i:05}", clauses, deal(**facts, records_held=r.choice([1000, 50_000]))))
    return found


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
    parser.add_argument("--contracts", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("out"), help="where the peer's environment is made")
    parser.add_argument("--money", action="store_true", help="only the exposure")
    parser.add_argument("--report", action="store_true", help="only the scheduled report, of made-up contracts")
    args = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    if args.report:
        from report_bench import bench

        return bench(args.contracts, args.out / "bench")
    if args.money:
        return money(args.contracts, args.workers, args.out)
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
    money(args.contracts, args.workers, args.out)


def money(contracts: int, workers: int, out: Path) -> None:
    """Time for each 100 risks (models of the peers, components of contracts), and the whole portfolio's."""
    peers = {
        "numpy, Poisson and PERT, no contract": _alone(plain_numpy, MODELS)["seconds"],
        "pyfair": pyfair(MODELS, out / "pyfair"),
    }
    # a pool cannot be started from a worker of another: the portfolio is priced here, last
    r = pricing(contracts, workers)
    print(f"\nexposure, {YEARS:,} simulated years; processor seconds for each {MODELS} risks")
    base = peers["pyfair"]
    each = {**peers, "risklib, components of contracts": r["seconds"] / (contracts * 15) * MODELS}
    for name, seconds in each.items():
        if isinstance(seconds, str):
            print(f"  {name}: {seconds}")
            continue
        ratio = f"{base / seconds:6.1f} x" if isinstance(base, float) else ""
        print(f"  {name:<38}{seconds:7.3f} s {ratio}")
    print(
        f"  portfolio of {contracts:,} contracts, 15 components each: {r['seconds']:.1f} s of processors, {r['wall']:.1f} s by the "
        f"clock on {workers} cores, {r['together']:,.0f} MiB in all processes"
    )


if __name__ == "__main__":
    main()

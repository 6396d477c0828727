"""The scheduled report of a large portfolio that is made up: the samples' tables many times over, every row with names,
words and amounts of its own. ``python tests/bench.py --report``; the tables are not shipped and not tested on.
"""

from __future__ import annotations

import hashlib
import os
import random
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd

SAMPLES = Path(__file__).resolve().parents[1] / "data"
IDS = ("contract_id", "counted_with", "paper", "holds_contract_id", "yields_contract_id")
NAMES = ("file", "holds_file", "yields_file", "family")
WORDS = ("text", "title", "formula", "bbox", "action")  # no two contracts share such a string
AMOUNTS = ("low", "likely", "high", "expected", "p95", "median", "es95", "share_of_es95", "annual_fees")
VENDORS = 500


def enlarge(source: Path, out: Path, contracts: int) -> int:
    """Tables like those in ``source`` with at least so many contracts, in ``out``; returns how many."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    frames = {p.stem: pd.read_parquet(p) for p in sorted(source.glob("*.parquet"))}
    copies = -(-contracts // len(frames["contracts"]))
    out.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        schema = pa.Schema.from_pandas(frame, preserve_index=False)
        with pq.ParquetWriter(out / f"{name}.parquet", schema) as writer:
            for at in range(0, copies, 20):
                part = pd.concat([_copy(name, frame, k) for k in range(at, min(at + 20, copies))])
                writer.write_table(pa.Table.from_pandas(part, schema=schema, preserve_index=False))
    (out / "meta.json").write_bytes((source / "meta.json").read_bytes())
    return copies * len(frames["contracts"])


def _copy(name: str, frame: pd.DataFrame, k: int) -> pd.DataFrame:
    if name in ("assumptions", "curve"):
        return frame if k == 0 else frame.iloc[:0]
    factor = random.Random(k).uniform(0.3, 3)
    new: dict[str, Any] = {}
    if name == "totals":  # those of the whole portfolio once, those of a contract for each
        frame = frame if k == 0 else frame[frame["level"].isin(["vendor", "contract"])]
        kept = frame["level"].isin(["portfolio", "component"])
        named = [_id(n, k) if level == "contract" else _vendor(n, k) for n, level in zip(frame["name"], frame["level"])]
        new["name"] = frame["name"].where(kept, pd.Series(named, frame.index, dtype=frame["name"].dtype))
    for c in frame.columns:
        if c in IDS:
            new[c] = frame[c].map(lambda v: _id(v, k), na_action="ignore")
        elif c in NAMES:
            new[c] = frame[c].str.replace(r"(\.pdf)?$", rf"_{k:04}\1", n=1, regex=True)
        elif c in ("vendor", "provider"):
            new[c] = frame[c].map(lambda v: _vendor(v, k), na_action="ignore")
        elif c == "bbox":
            new[c] = frame[c].str.replace("]]", f"{k % 10}{k // 10 % 10}]]", regex=False)
        elif c in WORDS:
            new[c] = frame[c] + f" [{k}]"
        elif c in AMOUNTS and name != "assumptions":
            new[c] = frame[c] * factor
    return frame.assign(**{c: pd.Series(v).astype(frame[c].dtype) for c, v in new.items()})


def _id(value: str, k: int) -> str:
    return hashlib.sha256(f"{value} {k}".encode()).hexdigest()


def _vendor(value: str, k: int) -> str:
    return f"{value} {k % (VENDORS // 17)}"


def bench(contracts: int, folder: Path) -> None:
    """Two reports of the same tables, the second compared with the first; processor seconds and memory of each."""
    from risklib import analyze

    few, many = folder / "few", folder / "many"
    if not (few / "meta.json").exists():
        inputs = {"facts": SAMPLES / "portfolio.csv", "rates": SAMPLES / "rates.csv", "as_of": "2026-11-01"}
        analyze(SAMPLES / "agreements", **inputs, trials=1000).save(few)
    if not (many / "meta.json").exists():
        contracts = enlarge(few, many, contracts)
    print(f"scheduled report of {contracts:,} made-up contracts")
    for what in ("first", "again, compared with the first"):
        used, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        command = [sys.executable, "-m", "risklib.cli", "report", "--portfolio", many, "--out", folder / "reports"]
        done = subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, text=True)
        said = done.stdout.read().strip() if done.stdout else ""
        _, status, own = os.wait4(done.pid, 0)
        done.returncode = os.waitstatus_to_exitcode(status)
        now = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
        print(
            f"  {what}: exit code {done.returncode}, {seconds:.0f} s of processors, {time.perf_counter() - began:.0f} s by"
        )
        print(f"    the clock, {own.ru_maxrss / 1024:,.0f} MiB; {said}")
    for path in sorted((folder / "reports" / "latest").iterdir()):
        size = sum(p.stat().st_size for p in path.iterdir()) if path.is_dir() else path.stat().st_size
        print(f"    {path.name:<14}{size / 1e6:8.1f} MB")

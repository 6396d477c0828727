"""`python tests/hostile.py FOLDER`: every PDF of a folder in a process of its own; its time, its peak memory, how it ended.

Not a test: it takes minutes and needs a folder of awkward PDFs. Each file goes its whole way (read with OCR, clauses,
findings) and has to end in a result or in a refusal with a reason. Memory is the peak of the process or of the OCR that it
started, whichever is larger, the libraries included. Exit code 1 when a file crashed, hung or went past a limit.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from pathlib import Path
from typing import NamedTuple

from risklib.findings import load_model
from risklib.pipeline import analyze_file
from risklib.playbook import load_playbook

SECONDS, MIB = 20.0, 1024.0  # what one file may take
PATIENCE = 10  # times the limit of seconds, then the process is killed


class Outcome(NamedTuple):
    file: Path
    how: str  # "ok", "partial", "failed": a result or a refusal with its reason; "crash", "hang", "unnamed": faults of ours
    reason: str
    seconds: float
    mib: float

    @property
    def good(self) -> bool:
        return self.how in ("ok", "partial", "failed") and self.seconds <= SECONDS and self.mib <= MIB


def measure(file: Path, playbook: object, model: object) -> Outcome:
    """Forks, so that reading playbook and model (half a second) is not counted again for each file."""
    out, into = os.pipe()
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        os.setsid()  # so that OCR ends with it
        os.close(out)
        _child(file, playbook, model, into)
    os.close(into)
    with os.fdopen(out, "rb") as pipe:
        os.set_blocking(pipe.fileno(), False)
        said = b""
        while True:
            said += pipe.read() or b""
            pid, status, usage = os.wait4(child, os.WNOHANG)
            if pid:
                said += pipe.read() or b""
                break
            if time.monotonic() - began > PATIENCE * SECONDS:
                os.killpg(child, signal.SIGKILL)
            time.sleep(0.005)
    took = time.monotonic() - began
    how, _, reason = said.decode("utf-8", "replace").partition("\n")
    if not how:
        how = "hang" if took > PATIENCE * SECONDS else "crash"
        reason = f"exit status {os.waitstatus_to_exitcode(status)}"
    elif how != "ok" and not reason:
        how = "unnamed"
    return Outcome(file, how, reason, took, usage.ru_maxrss / 1024)


def _child(file: Path, playbook: object, model: object, into: int) -> None:
    try:
        done = analyze_file(file, playbook, model)  # type: ignore[arg-type]
        os.write(into, f"{done.status}\n{done.reason or ''}"[:2000].encode("utf-8", "replace"))
        os._exit(0)
    except BaseException as e:
        os.write(into, f"crash\n{type(e).__name__}: {e}"[:2000].encode("utf-8", "replace"))
        os._exit(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--all", action="store_true", help="print a line for every file, not only for the worst")
    args = parser.parse_args()
    playbook, model = load_playbook(), load_model()
    files = sorted(p for p in args.folder.rglob("*") if p.suffix.lower() == ".pdf")
    outcomes: list[Outcome] = []
    for file in files:
        o = measure(file, playbook, model)
        outcomes.append(o)
        if args.all or not o.good:
            print(f"{o.how:8} {o.seconds:6.1f} s {o.mib:6.0f} MiB  {o.file.name}  {o.reason[:150]}", flush=True)
    counts = {how: sum(o.how == how for o in outcomes) for how in sorted({o.how for o in outcomes})}
    slow, big = max(outcomes, key=lambda o: o.seconds), max(outcomes, key=lambda o: o.mib)
    bad = [o for o in outcomes if not o.good]
    print(f"{len(outcomes)} files: {counts}; {len(bad)} past {SECONDS:.0f} s or {MIB:.0f} MiB, or without a named end")
    print(f"slowest {slow.seconds:.1f} s ({slow.file.name}), most memory {big.mib:.0f} MiB ({big.file.name})")
    sys.exit(1 if bad or not outcomes else 0)


if __name__ == "__main__":
    main()

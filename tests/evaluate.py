"""`make evaluate`: the three scorers of ../shared on what risklib finds, beside the figures recorded at the last commit.

The labelled agreements are scored by leave-documents-out: each by a model, thresholds and confidence that saw neither it nor
the other documents of its fold (`--folds 36` leaves out one at a time; 6 is the default for speed, and is stricter).
Only what is fitted is left out: phrases, value and party rules, and the constants of risklib/training and responsibilities.py were
chosen by people who looked at these agreements, so the figures are development figures, not those of a sealed test.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from risklib.findings import find
from risklib.findings.measured import Measured, write_measured
from risklib.labels import read_labels
from risklib.playbook import default_folder, load_playbook
from risklib.portfolio import Portfolio
from risklib.records import Analysis
from risklib.rows import Row, rows_of
from risklib.training import Labelled, by_experts, examples, fingerprinted, fit, labelled

RECORD = Path(__file__).with_name("evaluation.json")
MEASURED = default_folder() / "measured.csv"
REMARK = "each found by a model that had not seen it; counts of sentences (`make evaluate` with --record writes this)"
SAMPLES = Path(__file__).parents[1] / "data" / "agreements"
_STATE: dict[str, Any] = {}


def _fold(k: int) -> list[dict[str, list[Row]]]:
    """Rows of the documents of fold ``k``, found by a model that never saw them."""
    docs: list[Labelled] = _STATE["docs"]
    held = docs[k :: _STATE["folds"]]
    known = {d.contract_id for d in held}
    rest = [d for d in (*docs, *_STATE["samples"], *_STATE["cuad"]) if d.contract_id not in known]
    model = fit([*rest, _STATE["examples"]], _STATE["playbook"])
    out = []
    for d in held:
        assert d.agreement is not None
        duties, terms = find(d.agreement, _STATE["playbook"], model)
        document = d.agreement.document
        out.append(rows_of(Analysis(document.file, d.contract_id, "ok", None, d.agreement, duties, terms)))
    return out


def tables(shared: Path, folder: Path, folds: int) -> None:
    """Writes the tables of the labelled agreements into ``folder``."""
    playbook = load_playbook()
    data = shared / "data"
    docs = labelled(data / "agreements", data / "gold", playbook)
    _STATE.update(docs=docs, folds=min(folds, len(docs)), playbook=playbook, examples=examples(playbook))
    _STATE["samples"] = labelled(SAMPLES, SAMPLES / "answers", playbook, measures=False)
    cuad, own = data / "cuad", SAMPLES.parent / "labels" / "cuad.csv"
    _STATE["cuad"] = fingerprinted(cuad / "pdf", own, playbook)
    known = {d.contract_id for d in docs}
    answered = by_experts(cuad / "pdf", cuad / "labels.jsonl", own.with_name("experts.csv"), playbook, read_labels(own))
    _STATE["cuad"] += [d for d in answered if d.contract_id not in known]
    rows: dict[str, list[Row]] = {}
    with ProcessPoolExecutor(2) as pool:  # forked: the documents are shared, not sent
        for found in pool.map(_fold, range(_STATE["folds"])):
            for one in found:
                for name, some in one.items():
                    rows.setdefault(name, []).extend(some)
    Portfolio.build(rows).save(folder)


def score(shared: Path, folder: Path) -> dict[str, Any]:
    """Runs the three scorers as they are; prints what they print."""
    report = folder / "score.json"
    data = shared / "data"
    _run(shared / "eval" / "score.py", folder, data / "gold", "--json", report)
    out = json.loads(report.read_text())
    out["outline"] = _run(shared / "eval" / "score_outline.py", folder, data / "outline").splitlines()[-1]
    out["evidence"] = _run(shared / "eval" / "verify_evidence.py", folder, data / "agreements").splitlines()[-1]
    return out


def _run(*command: object) -> str:
    done = subprocess.run([sys.executable, *map(str, command)], capture_output=True, text=True, check=False)
    print(done.stdout + done.stderr[-2000:])
    if done.returncode:
        raise SystemExit(f"evaluate: {command[0]} failed")
    return done.stdout.strip()


def flat(scores: dict[str, Any]) -> dict[str, Any]:
    """The figures that are recorded: one number or line each."""
    out: dict[str, Any] = {}
    for name, x in scores.items():
        if isinstance(x, dict):
            for k in ("precision", "recall", "f1", "macro_f1"):
                if k in x:
                    out[f"{name} {k}"] = round(x[k], 4)
        else:
            out[name] = round(x, 4) if isinstance(x, float) else x
    return out


def per_label(scores: dict[str, Any]) -> dict[str, Measured]:
    """Counts of every responsibility of the customer and every provision: these ship beside the model."""
    counts = {**scores["responsibility"]["per_label"], **scores["provision"]["per_label"]}
    return {label: Measured(label, c["tp"], c["fp"], c["fn"]) for label, c in counts.items()}


def compare(now: dict[str, Any], then: dict[str, Any]) -> None:
    print(f"{'figure':38s} {'recorded':>10s} {'now':>10s} {'change':>8s}")
    for name, value in now.items():
        old = then.get(name)
        if isinstance(value, float):
            change = f"{value - old:+.4f}" if isinstance(old, float) else ""
            print(f"{name:38s} {old if old is not None else '-':>10} {value:>10.4f} {change:>8s}")
        elif isinstance(value, str):
            print(f"{name}: {value}" + (f"\n{'':10s}was: {old}" if old and old != value else ""))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--folds", type=int, default=6)
    parser.add_argument("--record", action="store_true", help="write the figures to tests/evaluation.json")
    parser.add_argument("--keep", type=Path, help="keep the tables in this folder")
    args = parser.parse_args()
    if not (args.shared / "data" / "gold").is_dir():
        print(f"evaluate: no labelled agreements at {args.shared}; nothing was measured. Give --shared FOLDER.")
        raise SystemExit(2)
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.keep or Path(temporary)
        tables(args.shared, folder, args.folds)
        scores = score(args.shared, folder)
    now = flat(scores)
    compare(now, json.loads(RECORD.read_text()) if RECORD.exists() else {})
    if args.record:
        RECORD.write_text(json.dumps(now, indent=1) + "\n", encoding="utf-8")
        write_measured(per_label(scores), MEASURED, f"{scores['documents scored']} agreements, {REMARK}")


if __name__ == "__main__":
    main()

"""README does what it says: its Python and its commands are run as written, its figures are those on record."""

from __future__ import annotations

import csv
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import readme_figures
from drawn import CLAUSES, agreement

import risklib
from risklib.playbook import default_folder, load_playbook
from risklib.portfolio import COLUMNS

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
SAMPLES = ROOT / "data" / "agreements"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, flags=re.S | re.M)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What README takes for granted: the sample data (two agreements of it) and a folder of own contracts with facts."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "data" / "agreements").mkdir(parents=True)
    for name in ("portfolio.csv", "rates.csv"):
        shutil.copy(ROOT / "data" / name, folder / "data")
    shutil.copytree(ROOT / "data" / "playbook", folder / "data" / "playbook")
    for name in ("harbour_msa.pdf", "ledgerly_terms.pdf"):
        shutil.copy(SAMPLES / name, folder / "data" / "agreements")
    (facts,) = blocks("csv")
    (folder / "contracts").mkdir()
    (folder / "contracts" / "facts.csv").write_text(facts, encoding="utf-8")
    for row, sample in zip(csv.DictReader(facts.splitlines()), ("harbour_msa.pdf", "ledgerly_terms.pdf"), strict=True):
        shutil.copy(SAMPLES / sample, folder / "contracts" / row["file"])
    return folder


def run(command: list[str], folder: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.slow
def test_python_runs_as_written(desk: Path) -> None:
    (code,) = blocks("python")
    said = run([sys.executable, "-c", code], desk)
    assert "Portfolio of 2 agreements" in said
    assert "auto renewal:" in said
    assert (desk / "out" / "report.html").stat().st_size > 100_000


@pytest.mark.slow
def test_commands_run_as_written(desk: Path) -> None:
    lines = [line.split("#")[0].strip() for block in blocks("sh") for line in block.splitlines()]
    ours = [line for line in lines if line and not line.startswith("make ")]
    assert len(ours) == 20
    for line in ours:
        word, *rest = shlex.split(line)
        run([sys.executable, "-m", "risklib.cli", *rest] if word == "risklib" else [word, *rest], desk)
    assert (desk / "out" / "mine.html").exists()


def test_make_targets_exist() -> None:
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", TEXT, flags=re.M))
    made = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.M))
    assert named <= made


def test_figures_are_those_on_record() -> None:
    assert readme_figures.refreshed(TEXT) == TEXT, "run `make figures`"


def test_counts_are_those_of_the_playbook() -> None:
    book = load_playbook()
    named = [e for e in book.responsibilities if e.id.split(".")[0] not in ("provider", "other")]
    assert f"{len(named)} responsibilities" in TEXT
    assert f"in {len({e.id.split('.')[0] for e in named})} categories" in TEXT
    assert f"{len(book.provisions)} penalty and liability" in TEXT
    assert f"the {len(list(SAMPLES.glob('*.pdf')))} sample agreements" in TEXT


def test_tables_and_columns_exist() -> None:
    for table, columns in re.findall(r"^\| `([a-z]+)` \| [^|]+ \| ([^|]+) \|$", TEXT, flags=re.M):
        assert set(re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", columns))) <= set(COLUMNS[table])


def test_pictures_are_there_and_small() -> None:
    shown = re.findall(r"!\[[^\]]{20,}\]\(([^)]+)\)", TEXT)
    assert len(shown) == 5
    assert all(0 < (ROOT / p).stat().st_size < 300_000 for p in shown)


def test_the_entry_shown_is_found_without_python_or_training(tmp_path: Path) -> None:
    entry = next(b for b in blocks("yaml") if "- id:" in b)
    folder = shutil.copytree(default_folder(), tmp_path / "playbook")
    responsibilities = folder / "responsibilities.yaml"
    text = responsibilities.read_text(encoding="utf-8")
    at = text.index("  responsibilities:\n", text.index("- id: license_compliance")) + len("  responsibilities:\n")
    responsibilities.write_text(text[:at] + entry + text[at:], encoding="utf-8")
    pdf = agreement(tmp_path / "elm.pdf", [*CLAUSES, "5.1 Customer shall not use any Output to train its own models."])
    found = risklib.analyze(pdf, playbook=folder, as_of="2026-11-01", trials=100, workers=1).responsibilities
    mine = found[found["responsibility"] == "license_compliance.ai_training"]
    assert list(mine["text"]) == ["Customer shall not use any Output to train its own models."]
    assert set(mine["method"]) == {"phrase"}

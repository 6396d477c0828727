"""The package: one list of requirements everywhere, pins that are only names and versions, a wheel that works alone."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
PINS = (ROOT / "constraints.txt").read_text(encoding="ascii").splitlines()
SAMPLE = ROOT / "data" / "agreements" / "ledgerly_terms.pdf"


# ---------------------------------------------------------------- requirements


def test_environment_yml_says_what_pyproject_says() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert environment == {
        "name": PROJECT["name"],
        "channels": ["conda-forge"],
        "dependencies": [
            f"python{PROJECT['requires-python']}",
            "pip",
            {"pip": [*PROJECT["dependencies"], *EXTRAS["notebooks"], *EXTRAS["search"]]},
        ],
    }


def test_constraints_are_names_and_versions_only() -> None:
    """No URL, path, host, hash or local version: nothing of the machine that wrote it."""
    for line in PINS:
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]*==[0-9][0-9a-z.]*", line), line
    names = [line.split("==")[0] for line in PINS]
    assert names == sorted(set(names))


@pytest.mark.parametrize("wanted", [*PROJECT["dependencies"], *(r for e in EXTRAS.values() for r in e)])
def test_every_requirement_has_a_pin_that_satisfies_it(wanted: str) -> None:
    pinned = dict(line.split("==") for line in PINS)
    requirement = Requirement(wanted)
    version = pinned.get(canonicalize_name(requirement.name))
    assert version is not None, f"{wanted} is not in constraints.txt"
    assert requirement.specifier.contains(version, prereleases=True)


def imported(folder: Path) -> set[str]:
    """Top-level names of what the code imports, by file, standard library and risklib left out."""
    out: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                out |= {a.name.split(".")[0] for a in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                out.add((node.module or "").split(".")[0])
    return out - set(sys.stdlib_module_names) - {"risklib"}


def names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(r).name) for r in requirements}


def test_what_is_imported_is_declared_and_what_is_declared_is_used() -> None:
    homes = {k: {canonicalize_name(n) for n in v} for k, v in packages_distributions().items()}
    used: set[str] = set()
    for module in imported(ROOT / "risklib"):
        used |= homes.get(module, {canonicalize_name(module)})
    declared = names(PROJECT["dependencies"])
    optional = names(EXTRAS["ocr"]) | names(EXTRAS["search"]) | names(EXTRAS["cluster"])
    optional |= names(EXTRAS["notebooks"]) | {"scikit-learn", "traitlets"}  # traitlets comes with anywidget
    assert used - declared <= optional, "scikit-learn is for `make train`, extra dev"
    through_others = {"vl-convert-python"}  # altair draws SVG with it
    assert declared - used == through_others


# ---------------------------------------------------------------- the wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout with stray files in its playbook, built from a copy."""
    copy = tmp_path_factory.mktemp("source")
    for part in ("pyproject.toml", "README.md", "LICENSE", "risklib", "data/playbook"):
        source, target = ROOT / part, copy / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    (copy / "data/playbook/__pycache__").mkdir()
    for stray in ("scratch.py", "__pycache__/scratch.cpython-311.pyc", ".notes"):
        (copy / "data/playbook" / stray).write_text("", encoding="utf-8")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", copy / "dist", copy]
    subprocess.run(list(map(str, command)), check=True, capture_output=True)
    return next((copy / "dist").glob("*.whl"))


@pytest.mark.slow
def test_wheel_holds_the_playbook_and_nothing_stray(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    prefix = "risklib/_data/playbook/"
    shipped = {n.removeprefix(prefix) for n in inside if n.startswith(prefix)}
    ours = {
        p.name for p in (ROOT / "data/playbook").iterdir() if p.suffix in {".yaml", ".csv", ".txt", ".npz", ".sha256"}
    }
    assert shipped == ours
    assert {"model.npz", "model.sha256"} <= shipped
    assert {n for n in inside if n.startswith("risklib/report/templates/")}
    assert not [n for n in inside if "__pycache__" in n or n.startswith(("tests/", "data/"))]


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`bin` of a new environment with the wheel; its dependencies are those of this one, by path."""
    home = tmp_path_factory.mktemp("installed")
    venv.create(home, with_pip=False, symlinks=True)
    paths = {"base": str(home), "platbase": str(home)}
    site = Path(sysconfig.get_path("purelib", "venv", vars=paths))
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        str(site),
        str(wheel),
    ]
    subprocess.run(command, check=True, capture_output=True)
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return Path(sysconfig.get_path("scripts", "venv", vars=paths))


def run(installed: Path, *arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    python = next(p for p in (installed / "python", installed / "python.exe") if p.exists())
    start = "import sys; from risklib.cli import main; sys.argv[0] = 'risklib'; main()"
    command = [str(python), "-I", "-c", start, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_wheel_works_away_from_the_checkout(installed: Path, tmp_path: Path) -> None:
    python = next(p for p in (installed / "python", installed / "python.exe") if p.exists())
    ask = "import risklib.playbook as p; print(p.load_playbook().folder)"
    answer = subprocess.run([python, "-I", "-c", ask], cwd=tmp_path, capture_output=True, text=True, check=True)
    folder = Path(answer.stdout.strip())
    assert folder.parts[-3:] == ("risklib", "_data", "playbook")
    assert installed.parent in folder.parents
    checked = run(installed, "check", cwd=tmp_path)
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stdout
    done = run(installed, "analyze", SAMPLE, "--out", "tables", "--as-of", "2026-11-01", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "tables" / "responsibilities.parquet").stat().st_size > 10_000

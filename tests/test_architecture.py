"""The house's floors: imports only point down, frames start at the portfolio, and lawyers' knowledge is no code."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "risklib"
DATA = PACKAGE.parent / "data"

# from the ground up; rooms on one floor do not know each other
FLOORS: tuple[tuple[str, ...], ...] = (
    ("records", "errors", "columns"),
    ("labels",),
    ("pdf", "playbook", "inputs", "evidence"),
    ("clauses",),
    ("findings",),
    ("exposure",),
    ("rows",),
    ("families", "due"),
    ("store",),
    ("search", "compare", "review"),
    ("portfolio", "jobs"),
    ("charts", "whatif"),
    ("pipeline",),
    ("report", "repricing"),
    ("schedule",),
    ("commands",),
    ("cli", "training", "viewer", "trial"),
)
STOREY = {room: i for i, floor in enumerate(FLOORS) for room in floor}
FRAMES_FROM = STOREY["search"]

# where a formula needs a provision's values; and the two ids that a duty without a better one gets (tables, README)
MAY_NAME_PROVISIONS = {"findings/values.py", "findings/links.py", "due/key_dates.py"}
RESIDUAL = {"other.other", "provider.service"}

FILES = sorted(PACKAGE.rglob("*.py"))
TREES = {p: ast.parse(p.read_text(encoding="utf-8")) for p in FILES}


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imports(path: Path) -> Iterator[str]:
    """Every module that the file imports, wherever in it the import stands; relative ones in full."""
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)}:{node.lineno}: write imports in full"
            module = node.module or ""
            yield from (f"{module}.{a.name}" if module == "risklib" else module for a in node.names)


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """("np.load", call) for every call of a plain or dotted name."""
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def test_every_room_has_a_floor() -> None:
    assert {room(p) for p in FILES} - {"__init__"} == set(STOREY)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_imports_point_down(path: Path) -> None:
    here = room(path)
    for module in imports(path):
        if module.split(".")[0] != "risklib" or here == "__init__":
            continue
        there = module.split(".")[1]
        assert there == here or STOREY[there] < STOREY[here], f"{name(path)} imports {module}: not a floor below"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_no_frames_below_the_portfolio(path: Path) -> None:
    if room(path) != "__init__" and STOREY[room(path)] < FRAMES_FROM:
        assert not {m.split(".")[0] for m in imports(path)} & {"pandas", "polars", "pyarrow"}


@pytest.mark.parametrize("path", [p for p in FILES if room(p) in ("records", "errors")], ids=name)
def test_records_need_only_the_standard_library(path: Path) -> None:
    assert {m.split(".")[0] for m in imports(path)} <= {*sys.stdlib_module_names, "risklib"}


@pytest.mark.parametrize("path", FILES, ids=name)
def test_nothing_runs_what_a_file_says(path: Path) -> None:
    """No pickles, no evaluated text, no unsafe YAML, no shell; and no way out to the network."""
    roots = {m.split(".")[0] for m in imports(path)}
    assert not roots & {"pickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
    assert not roots & {"socket", "ssl", "http", "urllib", "ftplib", "smtplib", "requests", "httpx", "aiohttp"}
    for called, node in calls(path):
        options = {k.arg: ast.unparse(k.value) for k in node.keywords}
        where = f"{name(path)}:{node.lineno}: {called}"
        assert called not in ("eval", "exec", "compile", "__import__", "os.system", "os.popen"), where
        assert not called.endswith((".eval", "read_pickle", "to_pickle", "yaml.unsafe_load", "yaml.full_load")), where
        assert options.get("shell", "False") == "False", where
        if called in ("np.load", "numpy.load"):
            assert options.get("allow_pickle") == "False", where
        if called in ("yaml.load", "yaml.load_all"):
            loader = options.get("Loader") or ast.unparse(node.args[1])
            assert "Safe" in loader or loader == "_Loader", where
    if "_Loader" in (text := path.read_text(encoding="utf-8")):
        assert "SafeLoader" in text


def taxonomy() -> set[str]:
    return set((DATA / "playbook" / "ids.txt").read_text(encoding="utf-8").split())


def strings(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


@pytest.mark.parametrize("path", FILES, ids=name)
def test_taxonomy_is_data(path: Path) -> None:
    """A formula may name a provision whose values it needs; nothing else knows an id."""
    if room(path) == "exposure" or name(path) in MAY_NAME_PROVISIONS:
        allowed = {i for i in taxonomy() if "." not in i}
    else:
        allowed = RESIDUAL if name(path) == "findings/responsibilities.py" else set()
    found = [(line, s) for line, s in strings(path) if s in taxonomy() - allowed]
    assert found == [], f"{name(path)}: these belong in data/playbook"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_modules_stay_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, "it is two things: split it"


def test_public_names_are_about_a_dozen_and_documented() -> None:
    import risklib

    assert 8 <= len(risklib.__all__) <= 14
    assert set(risklib.__all__) == set(risklib._HOME)
    for public in risklib.__all__:
        assert (getattr(risklib, public).__doc__ or "").strip(), f"risklib.{public} has no docstring"

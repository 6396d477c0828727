"""Every notebook runs as it is committed, without outputs; in JupyterLab its charts are drawn and its buttons work.

Where chromium is installed the notebooks run in JupyterLab itself, one server and one window for all of them.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from browser import CHROMIUM
from lab import DRAWN, ROOT, Lab, lab, workspace

from risklib.pipeline import analyze
from risklib.review import read_decisions

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
EXPECTED = 6  # so that none is lost without a word
MAP, REVIEW = "01_portfolio.ipynb", "04_contract_review.ipynb"  # those that people click in
PICTURES = os.environ.get("RISKLIB_PICTURES")  # a folder for screenshots, to be looked at


def test_all_notebooks_are_seen() -> None:
    assert len(NOTEBOOKS) == EXPECTED


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_cells_are_thin_and_stripped(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    for cell in (c for c in notebook.cells if c.cell_type == "code"):
        assert cell.outputs == [], "run `jupyter nbconvert --clear-output --inplace` on it"
        assert cell.execution_count is None
        assert "def " not in cell.source, "a function belongs in risklib"
        assert len(cell.source.splitlines()) <= 8, "load, one call, display"


# ---------------------------------------------------------------- run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return workspace(tmp_path_factory.mktemp("lab"))


@pytest.fixture(scope="module")
def jupyter(folder: Path) -> Iterator[Lab | None]:
    if CHROMIUM is None:
        yield None
        return
    pytest.importorskip("jupyterlab", reason="install the extra `notebooks`")
    with lab(folder) as opened:
        yield opened


@pytest.fixture
def window(jupyter: Lab | None) -> Lab:
    if jupyter is None:
        pytest.skip("chromium is not installed: nothing was clicked in JupyterLab")
    return jupyter


@pytest.mark.slow
@pytest.mark.parametrize("name", [p.name for p in NOTEBOOKS])
def test_notebook_runs(name: str, folder: Path, jupyter: Lab | None) -> None:
    notebook = jupyter.run(name) if jupyter else executed(folder / "notebooks" / name)
    code = [c for c in notebook["cells"] if c["cell_type"] == "code"]
    shown = [o for c in code for o in c["outputs"]]
    assert not [o for o in shown if o["output_type"] == "error" or o.get("name") == "stderr"]
    last = [c for c in code if not "".join(c["source"]).startswith(("import", "folder ="))]  # these show nothing
    assert all(c["outputs"] for c in last), "every cell after the imports shows something"
    if jupyter is None:
        return
    charts = sum("image/svg+xml" in o.get("data", {}) for o in shown)
    jupyter.wait(f"{DRAWN}.filter(Boolean).length === {charts}", f"{charts} charts are drawn")
    picture(jupyter, name)
    if name not in (MAP, REVIEW):
        jupyter.close(name)


def executed(path: Path) -> Any:
    client = pytest.importorskip("nbclient", reason="install the extra `notebooks`")
    notebook = nbformat.read(path, as_version=4)
    client.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(path.parent)}}).execute()
    return notebook


def picture(window: Lab, name: str) -> None:
    if PICTURES:
        shot = window.page.call("Page.captureScreenshot", format="png")
        Path(PICTURES, f"{name}.png").write_bytes(base64.b64decode(shot["data"]))


# ---------------------------------------------------------------- click


@pytest.mark.slow
def test_a_pick_in_the_map_filters_the_evidence(window: Lab) -> None:
    said = "window.panel.node.querySelector('table.evidence').closest('.mathjax_ignore').querySelector('p').textContent"
    window.show(MAP)
    window.wait("window.panel.node.querySelectorAll('.mark-rect path').length > 50", "the map is drawn")
    whole = window.page.js(said)
    window.click(".mark-rect path", 9)
    window.wait(f"{said} !== {whole!r}", "the table follows the pick")
    cells = window.page.js(
        "[...window.panel.node.querySelectorAll('table.evidence tr')].slice(1)"
        ".map(r => r.children[0].textContent + ': ' + r.children[1].textContent)"
    )
    picture(window, "picked")
    assert len(set(cells)) == 1
    assert window.page.js(said) == f"{len(cells)} responsibilities"


@pytest.mark.slow
def test_a_correction_is_saved_and_survives_a_rerun(window: Lab, folder: Path) -> None:
    window.show(REVIEW)
    window.wait("window.panel.node.querySelectorAll('.rv .rv-mark').length > 1", "both viewers are drawn")
    scan = "window.panel.node.querySelectorAll('.rv')[1].querySelectorAll('.rv-mark').length"
    assert window.page.js(scan) > 0, "the words of a scanned page are marked too"
    words, page = (f"window.panel.node.querySelector('.rv .rv-{c}').textContent" for c in ("text", "number"))
    first = window.page.js(words)
    window.click(".rv .rv-next")
    window.wait(f"{words} !== {first!r}", "next shows the next finding")
    chosen, sheet = window.page.js(words), window.page.js(page)
    window.click(".rv .rv-pageon")
    window.wait(f"{page} !== {sheet!r}", "the page turns")
    window.page.js("window.panel.node.querySelector('.rv .rv-more').open = true")
    window.page.js("window.panel.node.querySelector('.rv .rv-party').value = 'both'")
    window.click(".rv .rv-correct")
    said = "window.panel.node.querySelector('.rv .rv-said')?.textContent"
    window.wait(f"{said} === 'corrected by A. Reviewer'", "the correction is kept")
    picture(window, "viewer")
    file = folder / "out" / "review.jsonl"
    kept, (decision,) = file.read_bytes(), read_decisions(file)
    assert (decision.anchor.quote, decision.to["party"]) == (chosen, "both")
    window.run(REVIEW)
    window.wait("window.panel.node.querySelector('.rv-row.rv-corrected') !== null", "a new kernel still shows it")
    assert file.read_bytes() == kept
    again = analyze(ROOT / "data" / "agreements" / "kestrel_licence.pdf", trials=100, workers=1, as_of="2026-11-01")
    (row,) = again.reviewed(file).tables[decision.table].query("review == 'corrected'").to_dict("records")
    assert (row["text"], row["party"], row["reviewed_by"]) == (chosen, "both", "A. Reviewer")

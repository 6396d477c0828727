"""Every notebook runs from top to bottom as it is committed, and is committed without outputs."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
EXPECTED = 6  # so that none is lost without a word


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


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_notebook_runs(path: Path) -> None:
    client = pytest.importorskip("nbclient", reason="install the extra `notebooks`")
    notebook = nbformat.read(path, as_version=4)
    client.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(path.parent)}}).execute()
    shown = [o for c in notebook.cells if c.cell_type == "code" for o in c.outputs]
    assert not [o for o in shown if o.output_type == "error" or o.get("name") == "stderr"]
    code = [c for c in notebook.cells if c.cell_type == "code"]
    last = [c for c in code if not c.source.startswith(("import", "folder ="))]  # imports and parameters show nothing
    assert all(c.outputs for c in last), "every cell after the imports shows something"

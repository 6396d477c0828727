"""The ways in which README says to run the report: its own lines, in the bare environment that each scheduler gives."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml
from drawn import agreement

ROOT = Path(__file__).resolve().parents[1]
SECTION = (
    (ROOT / "README.md").read_text(encoding="utf-8").partition("## A report every Monday")[2].partition("\n## ")[0]
)
QUICK = " --as-of 2026-11-01 --trials 100 --workers 1 --without-pdf"
COMMAND = "risklib report --portfolio contracts --out reports"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """What README's /srv/risk holds: contracts, and an environment with the command in it."""
    (tmp_path / "contracts").mkdir()
    agreement(tmp_path / "contracts" / "alder.pdf")
    command = tmp_path / ".venv" / "bin" / "risklib"
    command.parent.mkdir(parents=True)
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m risklib.cli "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    return tmp_path


def bare(line: str, cwd: Path, path: str = "/usr/bin:/bin") -> subprocess.CompletedProcess[str]:
    """As cron and systemd run a line: /bin/sh, hardly any environment, no terminal."""
    clean = ["/usr/bin/env", "-i", f"HOME={cwd}", f"PATH={path}", "SHELL=/bin/sh", "/bin/sh", "-c", line]
    return subprocess.run(clean, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


def outcome(home: Path) -> tuple[str, str]:
    data = json.loads((home / "reports" / "latest" / "report.json").read_text(encoding="utf-8"))
    return data["outcome"], json.loads((home / "reports" / "status.json").read_text(encoding="utf-8"))["outcome"]


def test_cron_and_systemd_lines_run_with_hardly_any_environment(home: Path) -> None:
    (cron,) = re.findall(r"`(?:[\d*]+ ){5}(cd /srv/risk && [^`]+)`", SECTION)
    (start,) = re.findall(r"`ExecStart=/srv/risk/([^`]+)`", SECTION)
    assert "`WorkingDirectory=/srv/risk`" in SECTION
    done = bare(cron.replace("/srv/risk", str(home)) + QUICK, Path("/"))
    assert (done.returncode, done.stderr, len(done.stdout.splitlines())) == (0, "", 1), done
    assert outcome(home) == ("ok", "ok")
    (home / "contracts" / "torn.pdf").write_bytes(b"%PDF-1.7 torn")
    done = bare(f"{home}/{start}{QUICK}", home)
    assert (done.returncode, "1 not read whole" in done.stdout) == (3, True), done
    assert outcome(home) == ("partial", "partial")


def test_the_workflow_of_github_actions(home: Path) -> None:
    """Its YAML is read, and its steps for the shell run as a runner runs them: the job is red unless all is well."""
    flow: dict[Any, Any] = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", SECTION, re.S)[0])
    assert flow[True]["schedule"][0]["cron"] == "0 6 * * 1"  # YAML 1.1 reads the key "on" as true
    steps = flow["jobs"]["report"]["steps"]
    used = {s["uses"].partition("@")[0]: s for s in steps if "uses" in s}
    assert {"actions/checkout", "actions/setup-python", "actions/cache", "actions/upload-artifact"} == set(used)
    assert used["actions/cache"]["with"]["path"] == used["actions/upload-artifact"]["with"]["path"] == "reports"
    assert used["actions/upload-artifact"]["if"] == "always()"
    (run,) = [s["run"] for s in steps if "risklib report" in s.get("run", "")]
    shell = f"bash --noprofile --norc -eo pipefail -c '{run}{QUICK}'"
    path = f"{home}/.venv/bin:/usr/bin:/bin"
    assert (bare(shell, home, path).returncode, outcome(home)) == (0, ("ok", "ok"))
    (home / "limits.toml").write_text(
        "notice_within_days = 0\nunreadable_share = 0\nexpected.EUR = 0\n", encoding="utf-8"
    )
    done = bare(shell[:-1] + " --thresholds limits.toml'", home, path)
    assert (done.returncode, outcome(home)[0]) == (3, "partial"), done  # no facts: no total in EUR can be told


@pytest.mark.slow
def test_the_notebook_as_jupyter_scheduler_runs_it(home: Path) -> None:
    """A copy in another folder, a cell with the job's parameters after the one tagged for them; a cell that fails fails
    the job."""
    client = pytest.importorskip("nbclient", reason="install the extra `notebooks`")
    places = {"folder": home / "contracts", "rates": ROOT / "data" / "rates.csv", "out": home / "reports"}
    given = "\n".join(f"{k} = {str(v)!r}" for k, v in places.items()) + "\nfacts = None"
    notebook = nbformat.read(ROOT / "notebooks" / "report.ipynb", as_version=4)
    (at,) = [k for k, c in enumerate(notebook.cells) if "parameters" in c.metadata.get("tags", ())]
    notebook.cells.insert(at + 1, nbformat.v4.new_code_cell(given))

    def execute() -> None:
        client.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(home)}}).execute()

    execute()
    assert outcome(home) == ("ok", "ok")
    (home / "contracts" / "torn.pdf").write_bytes(b"%PDF-1.7 torn")
    with pytest.raises(client.exceptions.CellExecutionError, match="1 not read whole"):
        execute()
    assert outcome(home) == ("partial", "partial")

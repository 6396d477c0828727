"""The command line as a process: exit codes, one clear line for each fault, quiet in a pipe, and no network."""

from __future__ import annotations

import filecmp
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest
from drawn import agreement, bad_folder

from risklib import cli

ROOT = Path(__file__).resolve().parents[1]
DAY = ("--as-of", "2026-11-01", "--trials", "200")


class Done(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def errors(self) -> list[str]:
        """Lines on standard error, without the notes."""
        return [line for line in self.err.splitlines() if not line.startswith("note: ")]


def risklib(*arguments: object, cwd: Path, start: str = "") -> Done:
    """`risklib ARGUMENTS` as a user's process would run it; ``start`` is Python run before it."""
    code = f"import sys\n{start}\nfrom risklib.cli import main\nsys.argv[0] = 'risklib'\nmain()"
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("COLUMNS", "FORCE_COLOR", "RISKLIB"))}
    environment |= {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one good agreement, its deal facts and its tables in ``tables``."""
    home = tmp_path_factory.mktemp("home")
    (home / "contracts").mkdir()
    agreement(home / "contracts" / "alder.pdf")
    (home / "deals.csv").write_text("file,vendor,annual_fees,currency\nalder.pdf,Quill,120000,EUR\n", encoding="utf-8")
    done = risklib("analyze", "contracts", "--facts", "deals.csv", "--out", "tables", *DAY, cwd=home)
    assert done.code == 0, done.err
    (home / "first").write_text(done.out + "\0" + done.err, encoding="utf-8")
    return home


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str], Done]:
    home = tmp_path_factory.mktemp("damaged")
    expected = bad_folder(home / "contracts")
    return home, expected, risklib("analyze", "contracts", "--no-ocr", "--out", "tables", *DAY, cwd=home)


# ---------------------------------------------------------------- all well


def test_a_good_folder_is_quiet_and_short(home: Path) -> None:
    out, err = (home / "first").read_text(encoding="utf-8").split("\0")
    assert "Portfolio of 1 agreements (1 ok)" in out
    assert "outcome ok" in out
    assert all(line.startswith("note: ") for line in err.splitlines())
    assert "\x1b" not in out + err
    assert "\r" not in out + err


def test_help_tells_commands_and_exit_codes(tmp_path: Path) -> None:
    done = risklib("--help", cwd=tmp_path)
    assert done.code == 0
    for word in ("analyze", "report", "check", "show", "Exit codes", "Nothing leaves this machine"):
        assert word in done.out


def test_analyze_as_json(home: Path, tmp_path: Path) -> None:
    done = risklib("analyze", "contracts", "--out", tmp_path, "--json", *DAY, cwd=home)
    said = json.loads(done.out)
    assert (done.code, done.err, said["outcome"], said["not_ok"]) == (0, "", "ok", [])
    assert said["rows"]["contracts"] == 1
    assert said["rows"]["responsibilities"] > 3


def test_show_prints_a_clause_with_its_findings(home: Path) -> None:
    done = risklib("show", "alder", "1.2", "--tables", "tables", cwd=home)
    assert done.code == 0
    assert "Overdue amounts bear interest" in done.out
    assert "late_payment" in done.out
    assert "reverse engineer" not in done.out
    whole = risklib("show", "alder", "--tables", "tables", cwd=home)
    assert "reverse engineer" in whole.out


def test_show_reads_a_pdf_directly_and_speaks_json(home: Path) -> None:
    views = json.loads(risklib("show", "contracts/alder.pdf", "1", "--json", cwd=home).out)
    assert [v["number"] for v in views][1:] == ["1.1", "1.2", "1.3"]
    assert [p["provision"] for v in views for p in v["provisions"]] == ["late_payment"]


def test_report_is_one_file(home: Path) -> None:
    done = risklib("report", "tables", "--pdfs", "contracts", "--out", "report.html", cwd=home)
    assert done.code == 0, done.err
    html = (home / "report.html").read_text(encoding="utf-8")
    assert "alder.pdf" in html
    assert "http://" not in html.replace("http://www.w3.org/", "")


def test_check_has_nothing_to_mend(home: Path) -> None:
    done = risklib("check", "--facts", "deals.csv", cwd=home)
    assert (done.code, done.out.strip()) == (0, "nothing to mend"), done.out


def test_two_runs_write_the_same_bytes(home: Path, tmp_path: Path) -> None:
    options = ("--facts", "deals.csv", "--seed", 3, *DAY)
    for name, workers in (("a", 1), ("b", 2)):
        risklib("analyze", "contracts", "--out", tmp_path / name, "--workers", workers, *options, cwd=home)
    names = sorted(p.name for p in (tmp_path / "a").iterdir())
    assert "responsibilities.parquet" in names
    assert filecmp.cmpfiles(tmp_path / "a", tmp_path / "b", names, shallow=False)[0] == names


def test_no_socket_is_opened(home: Path, tmp_path: Path) -> None:
    """Every socket but those of one machine's own processes raises, in the command and in its workers (forked from it)."""
    forbid = (
        "import socket\n"
        "def refuse(*a, **k): raise SystemExit('a network socket was opened')\n"
        "class Refused(socket.socket):\n"
        "    def __init__(self, family=-1, *a, **k):\n"
        "        if family != socket.AF_UNIX: refuse()\n"
        "        super().__init__(family, *a, **k)\n"
        "socket.socket = Refused\n"
        "socket.create_connection = socket.getaddrinfo = refuse"
    )
    assert risklib("--help", cwd=home, start=f"{forbid}\nsocket.socket(socket.AF_INET)").code == 1
    done = risklib("analyze", "contracts", "--facts", "deals.csv", "--out", tmp_path, *DAY, cwd=home, start=forbid)
    assert (done.code, done.errors) == (0, [])
    report = risklib("report", tmp_path, "--out", tmp_path / "r.html", cwd=home, start=forbid)
    assert (report.code, report.errors) == (0, [])


# ---------------------------------------------------------------- bad input


def test_bad_files_have_one_line_each_and_the_rest_is_analysed(damaged: tuple[Path, dict[str, str], Done]) -> None:
    home, expected, done = damaged
    assert done.code == 3
    assert len(done.errors) == len(expected)
    for file, words in expected.items():
        (line,) = [x for x in done.errors if x.startswith(f"{file}: ")]
        assert words in line
    assert "Traceback" not in done.err
    assert "outcome partial" in done.out
    assert len(pd.read_parquet(home / "tables" / "responsibilities.parquet")) > 3


def test_the_report_names_what_is_missing(damaged: tuple[Path, dict[str, str], Done]) -> None:
    home, expected, _ = damaged
    done = risklib("report", "tables", "--out", "report.html", cwd=home)
    assert done.code == 3
    html = (home / "report.html").read_text(encoding="utf-8")
    for file in expected:
        assert file in html


def test_nothing_readable_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "empty.pdf").write_bytes(b"")
    done = risklib("analyze", "empty.pdf", "--out", "tables", *DAY, cwd=tmp_path)
    assert (done.code, done.errors) == (1, ["empty.pdf: failed: the file is empty"])
    shown = risklib("show", "empty.pdf", cwd=tmp_path)
    assert shown.code == 1
    assert "the file is empty" in shown.out


BROKEN = "file,vendor,annual_fees,currency\nalder.pdf,Quill,a lot,EUR\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("analyze", "nothing", "--out", "t"), "nothing: no PDF in here"),
        (("analyze", "nowhere", "--out", "t"), "nowhere: no such file or folder"),
        (("analyze", "contracts", "--facts", "broken.csv", "--out", "t"), "broken.csv:2: column annual_fees"),
        (("analyze", "contracts", "--facts", "columns.csv", "--out", "t"), "columns.csv:1: "),
        (("analyze", "contracts", "--rates", "broken.csv", "--out", "t"), "broken.csv:1: "),
        (("analyze", "contracts", "--assumptions", "broken.csv", "--out", "t"), "broken.csv:1: "),
        (("analyze", "contracts", "--playbook", "nowhere", "--out", "t"), "nowhere: no such playbook folder"),
        (("analyze", "contracts", "--as-of", "tomorrow", "--out", "t"), "2026-01-31"),
        (("show", "elm", "--tables", "tables"), "its files are alder.pdf"),
        (("show", "alder", "9.9", "--tables", "tables"), "no clause of this number; there are 1"),
        (("show", "alder", "--tables", "nothing"), "risklib analyze --out"),
        (("report", "nothing"), "risklib analyze --out"),
    ],
)
def test_bad_usage_is_one_line_and_code_2(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    words: str,
) -> None:
    """In this process, for speed; the next test is the same as a process of its own."""
    (home / "nothing").mkdir(exist_ok=True)
    (home / "broken.csv").write_text(BROKEN, encoding="utf-8")
    (home / "columns.csv").write_text("file,vendor,annual_fee\n", encoding="utf-8")
    monkeypatch.chdir(home)
    monkeypatch.setattr(sys, "argv", ["risklib", *arguments])
    with pytest.raises(SystemExit) as left:
        cli.main()
    (line,) = capsys.readouterr().err.splitlines()
    assert left.value.code == 2
    assert line.startswith("risklib: ")
    assert words in line


def test_a_folder_without_pdfs_is_one_line_and_code_2(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no agreement", encoding="utf-8")
    done = risklib("analyze", ".", "--out", "tables", cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert done.err == "risklib: .: no PDF in here; give PDF files or folders that hold some\n"
    assert not (tmp_path / "tables").exists()


@pytest.mark.parametrize("arguments", [("analyze", "contracts"), ("analyse",), ("analyze", "x", "--trials", "many")])
def test_wrong_options_are_code_2(home: Path, arguments: tuple[str, ...]) -> None:
    done = risklib(*arguments, cwd=home)
    assert done.code == 2
    assert "Traceback" not in done.err


def test_check_tells_every_fault_with_its_line(home: Path) -> None:
    (home / "broken.csv").write_text(BROKEN, encoding="utf-8")
    done = risklib("check", "--facts", "broken.csv", cwd=home)
    assert done.code == 1
    assert "broken.csv:2: column annual_fees" in done.out
    assert "1 to mend" in done.out


NAMES = ("=cmd", "+1", "@x", "-2", "a\x1b[31mred", "a\u202efdp.exe", "[bold]b", "a\nb")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows forbids such names itself")
def test_file_names_cannot_drive_terminal_or_spreadsheet(tmp_path: Path) -> None:
    files = [f"{name}.pdf" for name in NAMES]
    (tmp_path / "in").mkdir()
    for k, file in enumerate(files):
        (tmp_path / "in" / file).write_bytes(b"no PDF %d" % k)
    done = risklib("analyze", "in", "--out", "tables", "--format", "csv", *DAY, cwd=tmp_path)
    assert done.code == 1
    assert all(line.isprintable() for line in done.errors)
    shown = {"".join(c if c.isprintable() else "\ufffd" for c in file) for file in files}
    assert {line.split(": failed: ")[0] for line in done.errors} == shown
    cells = pd.read_csv(tmp_path / "tables" / "contracts.csv")["file"]
    assert {c.removeprefix("'") for c in cells} == shown
    assert not any(c[:1] in "=+-@" for c in cells)


def test_contract_text_cannot_drive_the_terminal(tmp_path: Path) -> None:
    clauses = [
        "1. Fees",
        "1.1 Customer shall pay [red]each[/red] invoice \u202e within [link=file:///x]ten[/link] days.",
    ]
    agreement(tmp_path / "a.pdf", clauses)
    done = risklib("show", "a.pdf", cwd=tmp_path)
    assert done.code == 0
    assert "[red]each[/red]" in done.out
    assert not any(c in done.out for c in "\x1b\u202e")


# ---------------------------------------------------------------- the real thing


@pytest.mark.slow
def test_sample_agreements_from_end_to_end(tmp_path: Path) -> None:
    """Three of the sample agreements with facts and rates, into a report; `make report` runs them all."""
    data = ROOT / "data"
    names = ("ledgerly_terms.pdf", "harbour_msa.pdf", "lakeside_cloud_twocol.pdf")
    options = ("--facts", data / "portfolio.csv", "--rates", data / "rates.csv", "--out", "tables", "--json")
    done = risklib("analyze", *(data / "agreements" / n for n in names), *options, *DAY, cwd=tmp_path)
    said = json.loads(done.out)
    assert (done.code, said["outcome"], said["rows"]["contracts"]) == (0, "ok", 3)
    assert said["rows"]["exposures"] >= 15
    report = risklib("report", "tables", "--pdfs", data / "agreements", "--out", "r.html", cwd=tmp_path)
    assert report.code == 0
    assert (tmp_path / "r.html").stat().st_size > 200_000

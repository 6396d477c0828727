"""Scheduled reports as processes: the same bytes, what changed and why, and every fault told: never ok, never torn."""

from __future__ import annotations

import filecmp
import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import chdir, redirect_stderr, redirect_stdout
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from browser import CHROMIUM, opened
from drawn import agreement
from reportlab.pdfgen.canvas import Canvas
from test_cli import ROOT, Done, risklib

from risklib.cli import main
from risklib.due.key_dates import END, KeyDate
from risklib.schedule import Busy, changes, publish
from risklib.schedule.files import pdf

DAY = ("--as-of", "2026-11-01", "--trials", "100", "--workers", "1")
QUICK = (*DAY, "--without-pdf")
FILES = ("report.html", "report.json", "report.xlsx", "contracts.ics")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good agreement with its facts, and a first report in ``out``."""
    home = tmp_path_factory.mktemp("schedule")
    (home / "contracts").mkdir()
    agreement(home / "contracts" / "alder.pdf")
    (home / "deals.csv").write_text("file,vendor,annual_fees,currency,start,term_months\nalder.pdf,Quill,120000,EUR,2026-01-01,12\n", encoding="utf-8")  # fmt: skip
    done = report("out", *QUICK, cwd=home, start="pass")
    assert done.code == 0, done
    assert len(done.out.splitlines()) == 1
    return home


@pytest.fixture
def copy(home: Path, tmp_path: Path) -> Path:
    """The same, to spoil."""
    return shutil.copytree(home, tmp_path / "home", symlinks=True)


def report(out: str, *more: object, cwd: Path, start: str = "") -> Done:
    """The command; in a process of its own where ``start`` spoils it."""
    arguments = ["report", "--portfolio", "contracts", "--facts", "deals.csv", "--out", out, *map(str, more)]
    if start:
        return risklib(*arguments, cwd=cwd, start=start)
    said, noted, mask = io.StringIO(), io.StringIO(), os.umask(0o077)
    with chdir(cwd), redirect_stdout(said), redirect_stderr(noted), pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["risklib", *arguments])
        with pytest.raises(SystemExit) as left:
            main()
    os.umask(mask)
    return Done(int(left.value.code or 0), said.getvalue(), noted.getvalue())


def told(done: Done) -> dict[str, Any]:
    return json.loads(done.out)


def states(home: Path) -> tuple[str, str]:
    """What page and status file say of the last run."""
    page = (home / "out" / "index.html").read_text(encoding="utf-8")
    return page.partition("Last run: ")[2].partition("<")[0], json.loads((home / "out" / "status.json").read_text())[
        "outcome"
    ]


def torn(home: Path) -> list[str]:
    return [
        str(p) for p in (home / "out").rglob("*") if p.name.startswith((".draft", "print.html")) or p.suffix == ".part"
    ]


def test_a_first_report_has_every_file(home: Path) -> None:
    folder = home / "out" / "latest"
    assert {p.name for p in folder.iterdir()} == {*FILES, "tables"}
    data = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert (data["outcome"], data["left_out"], data["changes"]) == ("ok", [], None)
    assert states(home) == ("ok", "ok")
    assert "There is no earlier report" in (folder / "report.html").read_text(encoding="utf-8")
    sheets = openpyxl.load_workbook(folder / "report.xlsx", read_only=True).sheetnames
    assert sheets[:4] == ["thresholds", "dates", "changes", "moves"]
    log = (home / "out" / "runs.jsonl").read_text()
    assert [json.loads(x)["event"] for x in log.splitlines()] == ["started", "ended"]
    assert "shall" not in log


def test_the_same_input_gives_the_same_bytes(home: Path, copy: Path) -> None:
    start = "import os, time; os.environ['TZ'] = 'Pacific/Kiritimati'; time.tzset()"
    assert report("again", *QUICK, cwd=copy, start=start).code == 0
    a, b = home / "out" / "latest", copy / "again" / "latest"
    names = [*FILES, *(f"tables/{p.name}" for p in (a / "tables").iterdir())]
    assert filecmp.cmpfiles(a, b, names, shallow=False) == (names, [], [])


def test_what_changed_and_why(copy: Path) -> None:
    shutil.copy(copy / "contracts" / "alder.pdf", copy / "contracts" / "birch.pdf")
    with (copy / "contracts" / "birch.pdf").open("ab") as f:
        f.write(b"\n% other bytes\n")
    facts = (copy / "deals.csv").read_text().replace("120000", "240000")
    (copy / "deals.csv").write_text(facts + "birch.pdf,Birch,60000,EUR,2026-01-01,12\n", encoding="utf-8")
    (copy / "limits.toml").write_text("expected.EUR = 1\n", encoding="utf-8")
    done = report("out", *QUICK, "--thresholds", "limits.toml", "--json", cwd=copy)
    assert (done.code, told(done)["crossed"]) == (4, 1), done
    data = json.loads((copy / "out" / "latest" / "report.json").read_text(encoding="utf-8"))
    assert [(c["kind"], c["file"]) for c in data["changes"]["found"]] == [("new", "birch.pdf")]
    whys = {(m["file"], m["why"]) for m in data["changes"]["moves"]}
    assert whys == {("alder.pdf", "new facts"), ("birch.pdf", "new contracts")}
    before = data
    page = (copy / "out" / "latest" / "report.html").read_text(encoding="utf-8")
    assert "annual fees: 120000 EUR → 240000 EUR" in page
    assert "✗ crossed" in page
    (copy / "contracts" / "birch.pdf").unlink()
    assert report("out", *QUICK, cwd=copy).code == 0
    data = json.loads((copy / "out" / "latest" / "report.json").read_text(encoding="utf-8"))
    assert [(c["kind"], c["file"]) for c in data["changes"]["found"]] == [("file gone", "birch.pdf")]
    assert "may well be in force" in data["changes"]["found"][0]["what"]
    assert {m["why"] for m in data["changes"]["moves"]} == {"files that are gone"}
    bridge = before["changes"]["bridge"]["EUR"]
    assert data["changes"]["bridge"]["EUR"]["files that are gone"] == pytest.approx(-bridge["new contracts"])


def test_a_report_of_tables_says_the_same(copy: Path) -> None:
    """What `risklib analyze` left: a large portfolio is not analysed twice."""
    tables = copy / "out" / "latest" / "tables"
    done = risklib("report", "--portfolio", tables, "--pdfs", "contracts", "--out", "again", "--without-pdf", cwd=copy)
    assert done.code == 0, done
    for name in (
        "report.xlsx",
        "contracts.ics",
        *(f"tables/{p.name}" for p in tables.iterdir() if p.suffix != ".json"),
    ):
        assert filecmp.cmp(copy / "out" / "latest" / name, copy / "again" / "latest" / name, shallow=False), name
    refused = risklib("report", "--portfolio", tables, "--as-of", "2026-01-01", "--out", "again", cwd=copy)
    assert (refused.code, "--as-of" in refused.err) == (2, True)


# ---------------------------------------------------------------- faults: name → (what to spoil, options, Python first, code, what is named)


def _corrupt(home: Path) -> None:
    (home / "contracts" / "corrupt.pdf").write_bytes(b"%PDF-1.7\n" + b"\x00rubbish" * 50)


def _blank(home: Path) -> None:
    canvas = Canvas(str(home / "contracts" / "blank.pdf"))
    canvas.showPage()
    canvas.save()


def _long(home: Path) -> None:
    canvas = Canvas(str(home / "contracts" / "long.pdf"))
    for n in range(1500):
        for k in range(60):
            canvas.drawString(50, 800 - 12 * k, f"{n}.{k} Customer shall pay each of the invoices within thirty days.")
        canvas.showPage()
    canvas.save()


def _lock(home: Path) -> None:
    held = sqlite3.connect(home / "out" / "store.sqlite", isolation_level=None)
    held.execute("BEGIN EXCLUSIVE")
    HELD.append(held)


def _assume(home: Path) -> None:
    (home / "mine.csv").write_text("id,component,parameter,low\nx,late_payment,share_late,much\n", encoding="utf-8")


HELD: list[sqlite3.Connection] = []
FULL = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (120_000, 120_000))"  # fmt: skip
IMPATIENT = "import risklib.store.schema as s; s.WAIT_S = 0.2"
FAULTS = {
    "corrupt": (_corrupt, (), "", 3, "corrupt.pdf"),
    "no text": (_blank, (), "", 3, "blank.pdf"),
    "timeout": (_long, ("--timeout", "4"), "", 3, "long.pdf"),
    "full disk": (None, ("--seed", "7"), FULL, 1, ""),
    "locked store": (_lock, (), IMPATIENT, None, "lock"),
    "missing rates": (None, ("--rates", "none.csv"), "", 2, "none.csv"),
    "no rate": (None, ("--currency", "USD"), "", 2, "--rates"),
    "assumptions": (_assume, ("--assumptions", "mine.csv"), "", 2, "mine.csv:1"),
    "thresholds": (lambda h: (h / "l.toml").write_text("\np95.EUX = 1"), ("--thresholds", "l.toml"), "", 2, "l.toml:2"),
    "no folder": (lambda h: shutil.rmtree(h / "contracts"), (), "", 2, "contracts"),
    "no earlier report": (None, ("--since", "elsewhere"), "", 2, "--since"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_named_and_never_ok(copy: Path, name: str) -> None:
    spoil, options, start, code, named = FAULTS[name]
    before = (copy / "out" / "latest" / "report.html").read_bytes()
    if spoil is not None:
        spoil(copy)
    done = report("out", *QUICK, "--json", *options, cwd=copy, start=start)
    while HELD:
        HELD.pop().close()
    assert done.code == code if code else done.code in (1, 2), done
    assert told(done)["outcome"] == ("partial" if code == 3 else "failed")
    assert states(copy) == ((told(done)["outcome"],) * 2)
    assert not torn(copy)
    page = (copy / "out" / "latest" / "report.html").read_text(encoding="utf-8")
    if code == 3:
        assert named in page
        assert "Status ◐ partial" in " ".join(page.split()) or "◐ partial" in page
        assert "Run <strong>partial</strong>" in page
    else:
        assert page.encode() == before
        assert named in told(done)["said"]


def test_no_file_that_can_be_read_is_a_failed_run(copy: Path) -> None:
    before = os.readlink(copy / "out" / "latest")
    (copy / "contracts" / "alder.pdf").write_bytes(b"no pdf")
    done = report("out", *QUICK, cwd=copy)
    assert (done.code, os.readlink(copy / "out" / "latest"), states(copy)) == (1, before, ("failed", "failed"))
    assert "alder.pdf" in done.out
    assert len(done.out.splitlines()) == 1


def test_what_could_not_be_read_this_time_has_not_ended(copy: Path) -> None:
    shutil.copy(copy / "contracts" / "alder.pdf", copy / "contracts" / "birch.pdf")
    (copy / "contracts" / "alder.pdf").write_bytes(b"%PDF-1.7 torn")
    assert report("out", *QUICK, cwd=copy).code == 3
    data = json.loads((copy / "out" / "latest" / "report.json").read_text(encoding="utf-8"))
    assert [(c["kind"], c["file"]) for c in data["changes"]["found"]] == [
        ("not read", "alder.pdf"),
        ("new", "birch.pdf"),
    ]
    whys = {(m["file"], m["why"]) for m in data["changes"]["moves"]}
    assert ("alder.pdf", "files that could not be read this time") in whys


def test_a_run_that_is_killed_leaves_the_old_report_and_is_told(copy: Path) -> None:
    before = os.readlink(copy / "out" / "latest")
    code = "import risklib.schedule.files as f, time\nf.plain_json = lambda *a: time.sleep(600)\nfrom risklib.cli import main\nimport sys\nsys.argv[0] = 'risklib'\nmain()"
    arguments = ["report", "--portfolio", "contracts", "--facts", "deals.csv", "--out", "out", *QUICK]
    process = subprocess.Popen([sys.executable, "-c", code, *arguments], cwd=copy, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL)  # fmt: skip
    for _ in range(900):
        if list((copy / "out" / "reports").glob(".draft-*/report.html")):
            break
        assert process.poll() is None
        time.sleep(0.1)
    busy = report("out", *QUICK, cwd=copy)
    assert (busy.code, "another run" in busy.out) == (1, True)
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=30)
    assert os.readlink(copy / "out" / "latest") == before
    assert states(copy) == ("running", "running")
    assert report("out", *QUICK, cwd=copy).code == 0
    assert not torn(copy)
    assert "killed" in [r["event"] for r in publish.runs(copy / "out")]


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: no PDF was printed")
def test_the_pdf_is_whole_and_the_same_twice(home: Path, tmp_path: Path) -> None:
    page = home / "out" / "latest" / "report.html"
    for name in ("a.pdf", "b.pdf"):
        assert pdf(page, tmp_path / name, date(2026, 11, 1)) is None
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()
    assert b"D:20261101000000+00'00'" in (tmp_path / "a.pdf").read_bytes()


def test_a_pdf_that_cannot_be_printed_is_named(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    done = report("out", *DAY, "--json", cwd=copy)
    assert (done.code, told(done)["outcome"]) == (3, "partial")
    assert "no chromium on the PATH" in told(done)["left_out"][0]
    assert "no chromium on the PATH" in (copy / "out" / "latest" / "report.html").read_text(encoding="utf-8")


def test_the_page_opens_offline_and_its_links_hold(home: Path) -> None:
    with opened(home / "out" / "latest" / "report.html") as page:
        assert page.js("document.querySelector('#decide').textContent").startswith("What needs a decision")
        assert page.js("[...document.querySelectorAll('a[href^=\"#\"]')].every(a => document.querySelector(a.hash))")
        assert not [e for e in page.of("Network.requestWillBeSent") if not e["request"]["url"].startswith(("file:", "data:"))]  # fmt: skip
        assert not page.of("Runtime.exceptionThrown")


# ---------------------------------------------------------------- parts


def test_old_reports_go_and_one_run_holds_the_folder(tmp_path: Path) -> None:
    for n in range(4):
        with publish.draft(tmp_path) as folder:
            (folder / "report.html").write_text(str(n))
            publish.publish(tmp_path, folder, keep=2)
    assert sorted(p.name for p in (tmp_path / "reports").iterdir()) == ["0003", "0004"]
    assert (tmp_path / "latest" / "report.html").read_text() == "3"
    with publish.alone(tmp_path), pytest.raises(Busy, match=f"process {os.getpid()}"), publish.alone(tmp_path):
        pass


def rows(fees: int = 5, term: str = "30 days", assumed: float = 0.1, contract_id: str = "a") -> dict[str, list[dict]]:
    operands = [("fact", "fees", fees), ("provision", "rate", term), ("assumption", "share", assumed)]
    expected = fees * assumed + (1 if term == "30 days" else 2)
    exposure = {"contract_id": contract_id, "component": "late_payment", "currency": "EUR", "expected": expected, "status": "scored", "counted_with": None}  # fmt: skip
    return {
        "contracts": [{"contract_id": contract_id, "file": "a.pdf", "status": "ok", "reason": None, "title": "A", "provider": "P", "copies": []}],
        "provisions": [],
        "exposures": [exposure],
        "operands": [{"contract_id": contract_id, "component": "late_payment", "origin": o, "name": n, "value": v, "unit": ""} for o, n, v in operands],
    }  # fmt: skip


CAUSES = [
    (rows(fees=6), {}, "new facts"),
    (rows(term="60 days", contract_id="b"), {}, "new terms"),
    (rows(term="60 days"), {"made_by": 2}, "new code or playbook"),
    (rows(assumed=0.2), {}, "new assumptions"),
    (rows(fees=6, assumed=0.2), {}, "new assumptions and new facts"),
]


@pytest.mark.parametrize(("after", "meta", "why"), CAUSES)
def test_a_move_names_its_cause_and_the_bridge_adds_up(after, meta, why) -> None:
    before = rows()
    found = changes(before, after, {"as_of": "2026-10-01"}, meta)
    assert [m.why for m in found.moves] == [why]
    by = after["exposures"][0]["expected"] - before["exposures"][0]["expected"]
    assert sum(found.bridge["EUR"].values()) == pytest.approx(by)


# the last day of the term, the days of the two reports → whether the contract is told as ended
ENDS = [
    ("2026-10-15", "2026-10-01", "2026-11-01", True),
    ("2026-10-31", "2026-10-01", "2026-11-01", True),  # its last day was yesterday
    ("2026-11-01", "2026-10-01", "2026-11-01", False),  # today is its last day
    ("2026-09-30", "2026-10-01", "2026-11-01", False),  # the report before this one told it
    ("2026-10-01", "2026-10-01", "2026-11-01", True),  # then it was not over yet
]


@pytest.mark.parametrize(("last", "since", "as_of", "told"), ENDS)
def test_a_term_that_ended_is_told_once(last: str, since: str, as_of: str, told: bool) -> None:
    end = KeyDate(END, "the term ends", date.fromisoformat(last), None, "", None, "a", "a.pdf")
    found = changes(rows(), rows(), {"as_of": since}, {"as_of": as_of}, [end]).found
    assert [(c.kind, c.file) for c in found] == ([("term ended", "a.pdf")] if told else [])


def test_a_file_that_is_gone_is_not_a_contract_that_ended() -> None:
    after = {t: [] for t in rows()}
    days = {"2026-05-31": "had ended on 2026-05-31", "2027-05-31": "runs until 2027-05-31", None: "is not known"}
    for last, said in days.items():
        end = KeyDate(END, "", date.fromisoformat(last) if last else None, None, "", None, "a", "a.pdf")
        (found,) = changes(rows(), after, {}, {"as_of": "2026-11-01"}, (), lambda ids, end=end: [end]).found
        assert (found.kind, said in found.what) == ("file gone", True)


def test_nothing_that_changed_is_no_change() -> None:
    found = changes(rows(), rows(), {}, {})
    assert (found.found, found.moves, found.bridge) == ((), (), {})

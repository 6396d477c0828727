"""The duty register: rows from tables, and what people wrote kept over reruns, whatever else changed."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from drawn import agreement
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from risklib import BadData, Portfolio, analyze
from risklib.cli import app
from risklib.commands.register_file import read_register, register, write_register
from risklib.due.duties import COLUMNS, PEOPLE, merge

DAY = "2026-11-01"
CLAUSES = (
    "1. Fees",
    "1.1 Customer shall pay each invoice within thirty (30) days of the date of the invoice.",
    "1.2 Overdue amounts bear interest at the rate of 1.5% per month.",
    "2. Records",
    "2.1 Customer shall review its list of users every quarter and remove those who have left.",
    "2.2 Customer shall name a contact person to Provider within thirty (30) days after the Effective Date.",
    "2.3 Customer shall keep its passwords secret.",
    "3. Term",
    "3.1 This Agreement renews for successive terms of twelve (12) months unless either party gives sixty (60) days’ "
    "notice before the end of the term.",
)


def analysed(folder: Path, clauses: tuple[str, ...] = CLAUSES) -> Portfolio:
    folder.mkdir(exist_ok=True)
    agreement(folder / "alder.pdf", clauses)
    facts = folder / "facts.csv"
    facts.write_text(
        "file,vendor,annual_fees,currency,start,term_months,owner\nalder.pdf,Quill,120000,EUR,2026-03-01,24,Finance\n",
        encoding="utf-8",
    )
    return analyze(folder, facts=facts, as_of=DAY, trials=100, workers=1)


@pytest.fixture(scope="module")
def portfolio(tmp_path_factory: pytest.TempPathFactory) -> Portfolio:
    return analysed(tmp_path_factory.mktemp("alder") / "pdf")


def row_of(rows: list[dict[str, object]], words: str) -> dict[str, object]:
    (found,) = (r for r in rows if words in str(r["text"]) and r["obligor"] != "provider")
    return found


# ---------------------------------------------------------------- what it says


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("contact person", {"when": "date", "due": "2026-03-31", "clause": "2.2"}),
        ("list of users", {"when": "recurring", "due": "2026-12-31", "recurrence": "FREQ=MONTHLY;BYMONTH=3,6,9,12;BYMONTHDAY=-1"}),
        ("each invoice", {"when": "event", "due": None, "cost_component": "late_payment", "consequence_clause": "1.2"}),
        ("successive terms", {"when": "date", "due": "2027-12-31", "kind": "decision", "cost_component": "auto_renewal"}),
        ("passwords", {"when": "unknown", "due": None, "no_date_because": "the sentence names no time"}),
    ],
)  # fmt: skip
def test_rows(portfolio: Portfolio, words: str, expected: dict[str, object]) -> None:
    frame = portfolio.register().astype(object)
    row = row_of(frame.where(frame.notna(), None).to_dict("records"), words)
    assert {k: row[k] for k in expected} == expected
    assert (row["vendor"], row["contract_owner"], row["obligor_name"]) == ("Quill", "Finance", "Alder Freight Ltd")


def test_money_is_the_components(portfolio: Portfolio) -> None:
    row = portfolio.register().set_index("cost_component").loc["auto_renewal"]
    e = portfolio.exposures.set_index("component").loc["auto_renewal"]
    assert (row["cost_likely"], row["cost_expected"], row["cost_currency"]) == (e["likely"], e["expected"], "EUR")


def test_columns_and_order(portfolio: Portfolio) -> None:
    frame = portfolio.register()
    assert tuple(frame.columns) == COLUMNS
    assert frame["anchor"].is_unique
    dated = frame["due"].dropna()
    assert list(dated) == sorted(dated)
    assert frame["due"].notna().to_numpy()[: len(dated)].all()
    assert [date.fromisoformat(d) for d in dated]
    silent = frame["due"].isna() & frame["until"].isna() & frame["no_date_because"].isna() & frame["basis"].isna()
    assert not silent.any()


def test_a_portfolio_without_findings_has_an_empty_register() -> None:
    empty = Portfolio.build({"contracts": []}, meta={"as_of": DAY})
    assert list(empty.register().columns) == list(COLUMNS)


# ---------------------------------------------------------------- what people wrote stays


def filled(frame_rows: list[dict[str, str]], **entries: str) -> list[dict[str, str]]:
    return [r | entries if "contact person" in r["text"] else r for r in frame_rows]


@pytest.fixture
def file(portfolio: Portfolio, tmp_path: Path) -> Path:
    return write_register(register(portfolio), tmp_path / "duties.csv")


def edit(path: Path, change: Callable[[list[dict[str, str]]], list[dict[str, str]]], separator: str = ",") -> None:
    """As a person would with a spreadsheet."""
    rows = change([dict(r) for r in csv.DictReader(path.open(encoding="utf-8-sig", newline=""))])
    with path.open("w", encoding="utf-8", newline="") as f:
        out = csv.DictWriter(f, list(rows[0]), delimiter=separator, restval="")
        out.writeheader()
        out.writerows(rows)


@pytest.mark.parametrize("separator", [",", ";"])
def test_entries_survive_a_rerun(portfolio: Portfolio, file: Path, separator: str) -> None:
    edit(file, lambda rows: filled(rows, owner="Ana, Procurement", status="open; waiting", note="=SUM(A1)"), separator)
    again = register(portfolio, keep=file)
    row = row_of(again.to_dict("records"), "contact person")
    assert (row["owner"], row["status"], row["note"]) == ("Ana, Procurement", "open; waiting", "=SUM(A1)")
    assert set(again["state"]) == {""}
    assert again["conflict"].isna().all()
    written = write_register(again, file)
    assert "'=SUM(A1)" in written.read_text(encoding="utf-8-sig")  # a spreadsheet must not run it
    assert row_of(register(portfolio, keep=file).to_dict("records"), "contact person")["note"] == "=SUM(A1)"


def test_columns_that_people_add_stay(portfolio: Portfolio, file: Path) -> None:
    edit(file, lambda rows: [r | {"ticket": "T-7" if "contact person" in r["text"] else ""} for r in rows])
    again = register(portfolio, keep=file)
    assert row_of(again.to_dict("records"), "contact person")["ticket"] == "T-7"


def test_a_new_version_of_the_file(file: Path, tmp_path: Path) -> None:
    """Other bytes: unchanged words are found by the words, changed ones by likeness, dropped ones stay at the end."""

    def fill(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        return [r | {"owner": f"owner of {r['clause']}"} for r in rows]

    edit(file, fill)
    clauses = tuple(
        c.replace("within thirty (30) days after", "within forty (40) days after")
        for c in CLAUSES
        if "passwords" not in c
    )
    newer = analysed(tmp_path / "newer", (*clauses, "3.2 Customer shall not resell the Service."))
    rows = register(newer, keep=file).to_dict("records")
    users, contact = row_of(rows, "list of users"), row_of(rows, "contact person")
    assert (users["owner"], users["state"]) == ("owner of 2.1", "moved")
    assert (contact["owner"], contact["state"]) == ("owner of 2.2", "changed")
    assert "due was 2026-03-31, now 2026-04-10" in contact["conflict"]
    gone = row_of(rows, "passwords")
    assert (gone["owner"], gone["state"]) == ("owner of 2.3", "gone")
    assert "duties.csv:" in gone["conflict"]
    assert row_of(rows, "not resell")["state"] == "new"
    assert {r["owner"] for r in rows} >= {f"owner of {n}" for n in ("1.1", "2.1", "2.2", "2.3", "3.1")}


def test_the_same_anchor_twice(portfolio: Portfolio, file: Path) -> None:
    def double(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        mine = [r for r in rows if "contact person" in r["text"]]
        return [*filled(rows, owner="Ana"), *(r | {"owner": "Ben"} for r in mine)]

    edit(file, double)
    rows = [r for r in register(portfolio, keep=file).to_dict("records") if "contact person" in r["text"]]
    assert [(r["owner"], r["state"]) for r in rows] == [("Ana", ""), ("Ben", "twice")]


def test_a_gone_duty_that_comes_back(portfolio: Portfolio, file: Path) -> None:
    edit(file, lambda rows: [r | {"state": "gone", "owner": "Ana"} for r in rows])
    again = register(portfolio, keep=file)
    assert set(again["state"]) == {""}
    assert set(again["owner"]) == {"Ana"}


cells = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=8)
entries = st.lists(st.tuples(st.integers(0, 6), cells, cells), max_size=8)


@given(entries)
def test_nothing_that_people_wrote_is_lost(written: list[tuple[int, str, str]]) -> None:
    """Whatever rows are kept (known or not, twice or not), every entry is in the result."""
    fresh = [
        {
            **dict.fromkeys(COLUMNS),
            "anchor": f"a{k}",
            "file": "x.pdf",
            "obligor": "customer",
            "text": f"duty {k} word{k}",
        }
        for k in range(4)
    ]
    kept = [
        {"anchor": f"a{k}", "file": "x.pdf", "obligor": "customer", "text": f"duty {k} word{k}", "owner": o, "extra": x}
        for k, o, x in written
    ]
    merged = merge(fresh, kept)
    for r in kept:
        mine = [m for m in merged if m["anchor"] == r["anchor"]]
        for column in ("owner", "extra"):
            assert not r[column] or r[column] in [m[column] for m in mine]
    assert [m["anchor"] for m in merged[:4]] == ["a0", "a1", "a2", "a3"]


# ---------------------------------------------------------------- files and command line


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"name,age\nAna,4\n", "needs the columns anchor, owner, status"),
        (b"", "needs the columns"),
        (b"anchor,owner,status,owner\n", "stands twice"),
        (b"anchor,owner,status\na,b,c,d\n", ":2"),
        (b"anchor,owner,status\n\xff\xfe,b,c\n", "UTF-8"),
    ],
)
def test_what_is_no_register(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "other.csv"
    path.write_bytes(content)
    with pytest.raises(BadData, match=says):
        read_register(path)


def test_command(portfolio: Portfolio, tmp_path: Path) -> None:
    tables, out = portfolio.save(tmp_path / "tables"), tmp_path / "duties.csv"
    run = CliRunner()
    first = run.invoke(app, ["register", str(tables), "--out", str(out)])
    assert first.exit_code == 0, first.output
    assert "0 to look at" in first.output
    edit(out, lambda rows: filled(rows, owner="Ana"))
    refused = run.invoke(app, ["register", str(tables), "--out", str(out)])
    assert isinstance(refused.exception, BadData)  # it would lose what Ana wrote
    again = run.invoke(app, ["register", str(tables), "--out", str(out), "--keep", str(out), "--json"])
    assert again.exit_code == 0, again.output
    assert row_of([dict(r) for r in read_register(out)], "contact person")["owner"] == "Ana"
    assert {r["obligor"] for r in read_register(out)} <= {"customer", "both"}


def test_people_have_their_columns() -> None:
    assert set(PEOPLE) <= set(COLUMNS)

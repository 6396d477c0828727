"""The store: exact records, nothing done twice, every run again, versions told, forgotten contracts gone to the last byte."""

from __future__ import annotations

import filecmp
import shutil
import sqlite3
import stat
import zlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from drawn import CLAUSES, agreement, bad_folder
from hypothesis import given, settings
from hypothesis import strategies as st

from risklib import BadData, Portfolio, analyze, load_playbook
from risklib.clauses import read_agreement
from risklib.errors import RisklibError
from risklib.families.papers import Paper, describe
from risklib.findings import find, load_model
from risklib.jobs.engines import Limits
from risklib.jobs.memory import Memory
from risklib.jobs.stages import Done, Job, Task, prepare, run_file
from risklib.pdf import read
from risklib.records import Provision, Responsibility
from risklib.store import (
    Damaged,
    Store,
    codec,
    decode,
    encode,
    pack,
    pack_document,
    pack_structure,
    unpack,
    unpack_document,
    unpack_structure,
    version_of,
)
from risklib.store.forgetting import forget
from risklib.store.schema import STEPS

FIXTURES = sorted(p for p in (Path(__file__).parent / "fixtures" / "pdf").glob("*.pdf") if p.stem != "locked")
DAY = "2026-11-01"
SECRET = "Zanzibarquillo"  # stands in one contract and nowhere else


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three agreements, one of them with words that no other has, among files that cannot be read."""
    path = tmp_path_factory.mktemp("portfolio")
    bad_folder(path)
    agreement(path / "birch.pdf", CLAUSES[:6], title="Order Terms")
    opening = (
        f"This Agreement is made on 2 May 2026 between {SECRET} Ltd (“Customer”) and Quill Metrics Inc. (“Provider”)."
    )
    own = (
        *CLAUSES[:4],
        f"1.4 Customer shall pay {SECRET} fees for Wuppertalisation within nine (9) days.",
        *CLAUSES[4:],
    )
    agreement(path / f"{SECRET}.pdf", own, title=f"{SECRET} Master Terms", opening=opening)
    (path / "facts.csv").write_text(
        f"file,vendor,annual_fees,currency\nbirch.pdf,Quill,5000,EUR\n{SECRET}.pdf,{SECRET} vendor,7000,EUR\n",
        encoding="utf-8",
    )
    return path


def run(folder: Path, store: Path | None, **options: object) -> Portfolio:
    given = {"facts": folder / "facts.csv", "as_of": DAY, "trials": 100, "workers": 2, "ocr": False}
    return analyze(folder, store=store, **(given | options))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def kept(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Portfolio]:
    store = tmp_path_factory.mktemp("store") / "portfolio.db"
    return store, run(folder, store)


# ---------------------------------------------------------------- records as bytes


@pytest.mark.parametrize("path", FIXTURES, ids=lambda p: p.stem)
def test_records_come_back_as_they_were(path: Path) -> None:
    document = read(path, ocr=False)
    again = unpack_document(pack_document(document), document.contract_id, document.file)
    assert repr(again) == repr(document)  # repr tells 1 from 1.0 and from numpy's
    understood = read_agreement(document)
    assert repr(unpack_structure(pack_structure(understood), again)) == repr(understood)
    duties, terms = find(understood, load_playbook(), load_model())
    for kind, made in (
        (tuple[Responsibility, ...], duties),
        (tuple[Provision, ...], terms),
        (Paper, describe(understood, duties)),
    ):
        assert decode(kind, unpack(pack(encode(made)))) == made


@given(
    st.lists(st.floats(allow_nan=False, width=64), max_size=40),
    st.lists(st.integers(-(2**62), 2**62), max_size=40),
)
@settings(max_examples=60, deadline=None)
def test_columns_come_back_exactly(reals: list[float], wholes: list[int]) -> None:
    arrays = {"r": np.array(reals, dtype=np.float64), "w": np.array(wholes, dtype=np.int64)}
    head, back = codec._parted(codec._joined({"x": "§\ud800"}, arrays))
    assert repr(back["r"]) == repr(reals)
    assert back["w"] == wholes
    assert head == {"x": "§\ud800"}


@pytest.mark.parametrize(
    "blob", [b"", b"no deflate", zlib.compress(b"\x05"), zlib.compress(b"{"), zlib.compress(b"\xff" * 64)]
)
def test_bytes_that_nobody_wrote_are_told(blob: bytes) -> None:
    with pytest.raises(Damaged, match="risklib store check"):
        unpack(blob)
    with pytest.raises(Damaged, match="risklib store check"):
        unpack_document(blob, "a", "a.pdf")


def test_what_no_record_holds_is_not_turned_into_text() -> None:
    with pytest.raises(TypeError, match="cannot be kept"):
        encode({"x": object()})


# ---------------------------------------------------------------- nothing twice


def test_a_store_changes_nothing_in_the_tables(folder: Path, kept: tuple[Path, Portfolio], tmp_path: Path) -> None:
    store, first = kept
    for name, portfolio in {
        "plain": run(folder, None),
        "first": first,
        "again": run(folder, store),
        "stored": Portfolio.from_store(store),
    }.items():
        portfolio.save(tmp_path / name)
    names = sorted(p.name for p in (tmp_path / "plain").iterdir())
    for other in ("first", "again", "stored"):
        assert filecmp.cmpfiles(tmp_path / "plain", tmp_path / other, names, shallow=False)[0] == names, other


def planned(store: Path, folder: Path, **options: object) -> dict[str, Done | Task]:
    """What a job would do with each of the files it knows."""
    from risklib.pipeline import _distinct, _job

    given = {"facts": folder / "facts.csv", "as_of": DAY, "trials": 100, "playbook": None, "seed": 0, "password": None}
    given |= {"assumptions": None, "rates": None, "ocr": False} | options
    job, _ = _job(**given)
    with Store(store, write=True) as opened:
        memory = Memory(opened, job, Limits())
        return {p.name: memory.plan(p, id) for p, id in _distinct(sorted(folder.glob("*.pdf")))[0]}


def test_unchanged_files_are_not_even_given_to_a_worker(
    kept: tuple[Path, Portfolio], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans = planned(kept[0], folder)
    assert {name: type(plan) for name, plan in plans.items()} == dict.fromkeys(plans, Done)
    monkeypatch.setattr(Memory, "plan", lambda *_: pytest.fail("nothing changed, and a file was looked into"))
    assert run(folder, kept[0]).meta == kept[1].meta


@pytest.mark.parametrize(
    ("options", "left"),
    [
        ({"as_of": "2026-11-02"}, {"read", "structure", "findings"}),
        ({"seed": 5}, {"read", "structure", "findings"}),
        ({"playbook": "changed"}, {"read", "structure"}),
        ({"ocr": True}, set()),
    ],
    ids=["prices", "seed", "playbook", "reading"],
)
def test_a_change_does_again_what_rests_on_it(
    kept: tuple[Path, Portfolio], folder: Path, tmp_path: Path, options: dict[str, object], left: set[str]
) -> None:
    if "playbook" in options:
        shutil.copytree(load_playbook().folder, tmp_path / "changed")
        with (tmp_path / "changed" / "roles.yaml").open("a", encoding="utf-8") as f:
            f.write("# a remark\n")
        options = {"playbook": tmp_path / "changed"}
    plan = planned(kept[0], folder, **options)["birch.pdf"]
    assert isinstance(plan, Task)
    assert set(plan.kept) == left


def test_what_is_kept_stands_in_for_the_pdf(kept: tuple[Path, Portfolio], folder: Path) -> None:
    """Prices and findings are made anew without the file: this one does not exist."""
    plan = planned(kept[0], folder, seed=5)["birch.pdf"]
    assert isinstance(plan, Task)
    prepare(Job(ocr=False))
    for stages in ({"read"}, {"read", "structure"}, set(plan.kept)):
        done = run_file(Task("/nowhere/birch.pdf", plan.contract_id, {s: plan.kept[s] for s in stages}, keep=True))
        assert done.unreadable is None
        texts = {r["text"] for r in done.file.rows["responsibilities"]}
        mine = kept[1].responsibilities
        assert texts == set(mine[mine["contract_id"] == plan.contract_id]["text"])
        assert set(done.made) == {"read", "structure", "findings"} - stages


def test_failures_are_remembered_until_something_changes(kept: tuple[Path, Portfolio], folder: Path) -> None:
    plan = planned(kept[0], folder)["locked.pdf"]
    assert isinstance(plan, Done)
    assert "encrypted" in str(plan.unreadable)
    assert isinstance(planned(kept[0], folder, password="sesame")["locked.pdf"], Task)


def test_every_result_says_what_made_it(kept: tuple[Path, Portfolio]) -> None:
    with Store(kept[0]) as store:
        for file in store.files_of(1):
            made = {m["stage"]: m for m in store.made_by(file.contract_id)}
            assert set(made) in (
                {"failure"},
                {"read", "structure", "findings", "prices"},
                {"read", "structure", "findings", "prices", "run"},
            )
            if "findings" in made:
                assert {"code", "model", "playbook", "risklib", "after"} <= set(made["findings"])
                assert made["prices"]["as_of"] == DAY
        (first, *_) = store.runs()
        assert set(first.versions) >= {"read", "findings", "prices"}


def test_code_counts_by_its_text() -> None:
    a, b = version_of("findings", playbook="1"), version_of("findings", playbook="2")
    assert a.id != b.id
    assert version_of("findings", playbook="1").id == a.id
    assert version_of("findings", version_of("read"), playbook="1").id != a.id


# ---------------------------------------------------------------- runs


@pytest.fixture
def copy(kept: tuple[Path, Portfolio], tmp_path: Path) -> Path:
    return Path(shutil.copy(kept[0], tmp_path / "copy.db"))


def test_what_did_the_portfolio_say_on_that_day(copy: Path, folder: Path) -> None:
    run(folder, copy, as_of="2027-06-01")
    with Store(copy, write=True) as store:
        last = store.runs()[-1].run
        store.db.execute("UPDATE runs SET finished = '2027-03-01T09:00:00+00:00' WHERE finished IS NOT NULL")
        store.db.execute("UPDATE runs SET finished = '2027-03-02T09:00:00+00:00' WHERE run = ?", (last,))
    assert Portfolio.from_store(copy, on="2027-03-01").meta["as_of"] == DAY
    assert Portfolio.from_store(copy, on=date(2027, 3, 9)).meta["as_of"] == "2027-06-01"
    assert Portfolio.from_store(copy, 1).meta["as_of"] == DAY
    for question, words in (
        ({"on": "2027-02-28"}, "on or before 2027-02-28"),
        ({"run": 99}, "run 99"),
        ({"on": "1 March"}, "2026-01-31"),
    ):
        with pytest.raises(BadData, match=words):
            Portfolio.from_store(copy, **question)  # type: ignore[arg-type]


def test_search_by_words(kept: tuple[Path, Portfolio]) -> None:
    with Store(kept[0]) as store:
        (hit,) = store.search("wuppertalisation fee")
        assert store.names()[hit.contract_id] == f"{SECRET}.pdf"
        assert (hit.page, "nine (9) days" in hit.excerpt) == (1, True)
        assert store.search('"; DROP TABLE passages --') == []
        assert store.search("") == []


# ---------------------------------------------------------------- the file


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.4 no database" * 200, "cannot be used as a store"),
        ("other", "no store of risklib"),
        ("newer", "newer risklib"),
        (None, "no such store"),
    ],
)
def test_a_file_that_is_no_store_is_told(copy: Path, content: object, words: str) -> None:
    path = copy.with_name("odd.db")
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content == "other":
        sqlite3.connect(path).executescript("CREATE TABLE x (y); INSERT INTO x VALUES (1);")
    elif content == "newer":
        shutil.copy(copy, path)
        sqlite3.connect(path).execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    with pytest.raises(BadData, match=words):
        Store(path)
    if content is not None:
        with pytest.raises(BadData, match=words):
            Store(path, write=True)


def test_check_finds_what_was_changed(copy: Path) -> None:
    with Store(copy, write=True) as store:
        assert store.check() == []
        store.db.execute("UPDATE blobs SET data = zeroblob(9) WHERE blob = 1")
        store.db.execute("DELETE FROM passages WHERE rowid = (SELECT min(passage) FROM clauses)")
        assert [f.split()[0] for f in store.check()] == ["result", "1"]
    whole = bytearray(copy.read_bytes())
    whole[4096 * 3 : 4096 * 9] = bytes(4096 * 6)
    copy.write_bytes(whole)
    with Store(copy) as store:
        assert store.check() != []


def test_files_are_private(kept: tuple[Path, Portfolio], tmp_path: Path) -> None:
    new = tmp_path / "deep" / "new.db"
    with Store(new, write=True) as store:
        store.begin(date(2026, 1, 1), {})
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in new.parent.iterdir()}
    assert set(modes.values()) == {0o600}
    assert len(modes) == 3  # the log and its index beside it
    assert stat.S_IMODE(new.parent.stat().st_mode) == 0o700


# ---------------------------------------------------------------- forgetting


def traces(folder: Path, words: list[str]) -> Iterator[str]:
    """Every file below ``folder`` in whose bytes, plain or inflated from any zlib stream, one of the words stands."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        data = path.read_bytes().lower()
        for word in words:
            if word.lower().encode() in data or word.lower().encode("utf-16-le") in data:
                yield f"{path.name}: {word}"


def inflated(store: Path) -> str:
    """Everything the store's blobs hold, as text."""
    with Store(store) as opened:
        every = "SELECT data FROM blobs UNION ALL SELECT whole FROM runs WHERE whole IS NOT NULL"
        found = opened.db.execute(every).fetchall()
    return " ".join(zlib.decompress(row[0]).decode("utf-8", "replace") for row in found)


def test_a_forgotten_contract_leaves_no_trace(copy: Path, folder: Path) -> None:
    run(folder, copy, as_of="2026-12-01")
    id = Portfolio.from_store(copy).contract_id(SECRET)
    with Store(copy) as store:
        finished = sum(r.finished is not None for r in store.runs())
        held = {bytes(row[0]) for row in store.db.execute("SELECT data FROM blobs WHERE contract_id = ?", (id,))}
    words = [SECRET, "wuppertal", id]  # "wuppertal…" stands in the full-text index as its stem
    assert {w for t in traces(copy.parent, words) for w in [t.split(": ")[1]]} == set(words)
    assert SECRET in inflated(copy)

    review = copy.with_name("review.jsonl")
    other = '{"contract_id": "cd", "file": "birch.pdf", "note": "stays"}\n'
    review.write_text(
        f'{{"contract_id": "{id}", "file": "x.pdf"}}\n{other}{{"file": "{SECRET}.pdf"}}\n', encoding="utf-8"
    )

    removed = forget(copy, f"{SECRET}.pdf", [review])
    assert (removed["decisions"], review.read_text(encoding="utf-8")) == (2, other)
    assert removed["runs"] == finished >= 2
    assert list(traces(copy.parent, words)) == []
    for word in (SECRET, "Wuppertal", id):
        assert word not in inflated(copy)
    whole = copy.read_bytes()
    assert len(held) >= 4
    assert not any(blob[8:40] in whole for blob in held)  # not even a piece of what was deflated
    with Store(copy) as store:
        assert store.check() == []
    left = Portfolio.from_store(copy, 1)
    assert f"{SECRET}.pdf" not in set(left.contracts["file"])
    assert "birch.pdf" in set(left.contracts["file"])
    assert list(left.deals["vendor"]) == ["Quill"]
    with pytest.raises(BadData, match="is not in here"):
        forget(copy, SECRET)


def test_forgetting_waits_for_nobody_else_to_look(copy: Path) -> None:
    other = sqlite3.connect(copy, isolation_level=None)
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM blobs").fetchone()
    with pytest.raises(RisklibError, match="another process has the store open"):
        forget(copy, "birch.pdf")
    other.execute("COMMIT")
    other.close()
    assert forget(copy, "birch.pdf")["results"] >= 4


@pytest.mark.parametrize("name", ["nothing.pdf", "", "a", "0"])
def test_a_name_that_fits_no_single_contract_removes_nothing(copy: Path, name: str) -> None:
    with pytest.raises(BadData, match="is not in here"):
        forget(copy, name)
    assert len(Portfolio.from_store(copy).contracts) == 8

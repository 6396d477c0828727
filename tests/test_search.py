"""Search: what lawyers type finds the clause, filters narrow, long clauses stay whole, vectors are made once."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from drawn import agreement

from risklib import BadData, Portfolio, analyze
from risklib.playbook import load_playbook
from risklib.search import index as search_index
from risklib.search import rank
from risklib.search.encoders import Encoder
from risklib.search.passages import Passage, passages
from risklib.search.query import Query, Vocabulary
from risklib.search.rank import Labels, signals
from risklib.search.textindex import TextIndex, words_of
from risklib.store import vectors as store_vectors
from risklib.store.forgetting import forget
from risklib.store.vectors import Vectors, drop, kept, vectors_beside

ROOT = Path(__file__).resolve().parents[1]
SECOND = (
    "1. Charges",
    "1.1 The Client shall settle every undisputed charge within forty-five (45) days.",
    "2. Suspension",
    "2.1 Where a charge remains unpaid for ten (10) days after a reminder, the Supplier may suspend access.",
    "3. Audit",
    "3.1 The Supplier may inspect the records of the Client once a year on thirty (30) days’ notice.",
)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables of two small agreements, saved."""
    home = tmp_path_factory.mktemp("search")
    agreement(home / "alder.pdf")
    names = "This Agreement is made between Birch Foods Ltd (“Client”) and Larch Systems Inc. (“Supplier”)."
    agreement(home / "birch.pdf", SECOND, opening=names)
    (home / "deals.csv").write_text("file,vendor\nalder.pdf,Quill\nbirch.pdf,Larch\n", encoding="utf-8")
    given = {"facts": home / "deals.csv", "trials": 100, "as_of": "2026-11-01", "workers": 1, "ocr": False}
    analyze(home, store=home / "s.db", **given).save(home / "tables")  # type: ignore[arg-type]
    return home / "tables"


@pytest.fixture
def stored(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(saved.parent / "s.db", tmp_path / "s.db"))


@pytest.fixture(scope="module")
def portfolio(saved: Path) -> Portfolio:
    return Portfolio.load(saved)


QUERIES = (
    ("supplier may suspend for late payment", {"2.1", "2.3"}),
    ("who pays taxes", {"1.3"}),
    ("interest on overdue invoices", {"1.2"}),
    ("cap on the vendor's liability", {"3.1"}),
    ("lost profits and indirect damages", {"3.2"}),
    ("right to audit the customer", {"3.1"}),
    ("reverse engineering", {"2.1"}),
    ("which country's law", {"4.2"}),
)


@pytest.mark.parametrize(("query", "clauses"), QUERIES)
def test_what_a_lawyer_types_finds_the_clause_first(portfolio: Portfolio, query: str, clauses: set[str]) -> None:
    found = portfolio.search(query, k=3)
    assert found["clause"].iloc[0] in clauses, found[["clause", "text", "why"]].to_string()
    assert found["score"].is_monotonic_decreasing
    assert found["why"].str.contains("meaning").all()


def test_words_alone_need_no_encoder(portfolio: Portfolio) -> None:
    found = portfolio.search("suspend access when a charge is unpaid", semantic=False, k=1)
    assert (found["contract"].iloc[0], found["clause"].iloc[0]) == ("birch.pdf", "2.1")
    assert "suspend" in found["why"].iloc[0]
    assert "meaning" not in found["why"].iloc[0]


def test_filters_narrow(portfolio: Portfolio) -> None:
    assert set(portfolio.search("payment", vendor="larch", semantic=False)["contract"]) == {"birch.pdf"}
    capped = portfolio.search("liability", provision="liability_cap", semantic=False)
    assert "3.1" in set(capped["clause"])
    having = portfolio.provisions[portfolio.provisions["provision"] == "liability_cap"]
    assert set(capped["clause_id"]) <= set(having["clause_id"])
    duties = portfolio.responsibilities
    paying = duties[(duties["category"] == "payment_billing") & duties["party"].isin(["customer", "both"])]
    found = portfolio.search("pay", category="payment_billing", party="customer", semantic=False)
    pairs = {tuple(x) for x in paying[["contract_id", "clause_id"]].to_numpy()}
    assert {tuple(x) for x in found[["contract_id", "clause_id"]].to_numpy()} <= pairs
    assert len(found) > 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"vendor": "nobody"}, "Quill"),
        ({"party": "judge"}, "customer"),
        ({"provision": "liability_capp"}, "liability_cap"),
        ({"category": "payments"}, "payment"),
        ({"k": 0}, "1 or more"),
    ],
)
def test_an_unknown_filter_names_what_there_is(portfolio: Portfolio, options: dict[str, Any], said: str) -> None:
    with pytest.raises(BadData, match=said):
        portfolio.search("payment", semantic=False, **options)


@pytest.mark.parametrize("query", ["", "  ?! ", '"'])
def test_a_query_without_words_says_so(portfolio: Portfolio, query: str) -> None:
    with pytest.raises(BadData, match="no word"):
        portfolio.search(query, semantic=False)


@pytest.mark.parametrize("query", ['pay" OR 1', "NEAR(pay fees)", "heading: *", "pay AND NOT tax -x ^"])
def test_nothing_typed_is_read_as_index_syntax(portfolio: Portfolio, query: str) -> None:
    portfolio.search(query, semantic=False)


def test_similar_clauses_are_of_the_same_kind_and_not_the_clause_itself(portfolio: Portfolio) -> None:
    found = portfolio.similar("birch.pdf", "2.1", k=3)
    assert ("birch.pdf", "2.1") not in set(zip(found["contract"], found["clause"], strict=True))
    assert found["clause"].iloc[0] == "2.3"
    with pytest.raises(BadData, match="no clause of this number"):
        portfolio.similar("birch.pdf", "99")


def test_the_page_is_the_clauses(portfolio: Portfolio) -> None:
    found = portfolio.search("payment liability audit law", semantic=False, k=50)
    pages = {(c.contract_id, c.clause_id): int(c.page) for c in portfolio.clauses.itertuples()}
    assert all(pages[r.contract_id, r.clause_id] == r.page for r in found.itertuples())


# ---------------------------------------------------------------- parts


def test_a_long_clause_is_split_and_each_part_stands_on_its_page() -> None:
    text = "First words. " * 40 + "Last words."
    line = [[1, 0, 10 * i, 100, 10 * i + 8] for i in range(30)] + [[2, 0, 10 * i, 100, 10 * i + 8] for i in range(30)]
    row = {"contract_id": "x", "clause_id": "c1", "parent_id": None, "number": "1", "heading": "", "page": 1}
    row |= {"text": text, "start": 0, "end": len(text), "bbox": line}
    place = {"contract_id": "x", "clause_id": "c1", "provision": "p", "party": "both", "confidence": 0.9}
    late = place | {"start": len(text) - 11, "end": len(text)}

    def halves(text: str, ends: Sequence[int], above: str) -> list[tuple[int, int]]:
        cut = next(e for e in ends if e > len(text) / 2)
        return [(0, cut), (cut, len(text))]

    first, second = passages([row], [], [late], halves)
    assert first.text + second.text == text
    assert (first.page, second.page) == (1, 2)
    assert (first.findings, [f.id for f in second.findings]) == ((), ["p"])


def test_rare_words_in_headings_count_most() -> None:
    index = TextIndex([("Suspension", "access ends"), ("", "suspension of access"), ("", "access to the site")])
    assert list(np.argsort(-index.scores(["suspension", "access"]))) == [0, 1, 2]
    assert index.found(["suspensions"], 1) == ["suspension"]
    assert words_of("The clause that caps liability") == ["caps", "liability"]
    assert words_of("what is it") == ["what", "is", "it"]


def test_role_words_tell_the_party_and_not_the_topic() -> None:
    said = Vocabulary.of(load_playbook())
    assert said.party("supplier may suspend for the customer's default") == "provider"
    assert said.party("late payment") is None
    assert said.topic("supplier may suspend") == ("suspend",)


class Counting:
    """Encodes a text as its length and vowels; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        self.asked += texts
        return np.array([[len(t), sum(t.count(v) for v in "aeiou")] for t in texts], dtype=np.float32).reshape(-1, 2)


WHO = {"model": "m", "precision": "float32", "dimensions": 2}


def made(texts: Sequence[str], folder: Path, owner: str = "a", who: dict[str, Any] = WHO, others: bool = False) -> Any:
    """The vectors, and the texts that had to be embedded for them."""
    encode = Counting()
    return kept(texts, [owner] * len(texts), encode, who, folder, others=others).take().tolist(), encode.asked


def test_vectors_are_made_once_and_only_for_the_model_that_made_them(tmp_path: Path) -> None:
    first = ["alpha", "beta", "alpha"]
    vectors, asked = made(first, tmp_path)
    assert (vectors, asked) == ([[5, 2], [4, 2], [5, 2]], ["alpha", "beta"])
    assert made([*first, "gamma"], tmp_path) == ([*vectors, [5, 2]], ["gamma"])
    assert made(["gamma", "beta"], tmp_path, owner="b") == ([[5, 2], [4, 2]], []), "the same words, another contract"
    for other in ({"precision": "int8"}, {"model": "n"}):
        assert made(first, tmp_path, who=WHO | other)[1] == ["alpha", "beta"]
    assert len(list(tmp_path.glob("vectors*"))) == 3, "files of earlier runs are gone"
    assert {p.stat().st_mode & 0o777 for p in tmp_path.iterdir()} == {0o600}


def test_a_forgotten_contracts_vectors_go_and_others_stay(tmp_path: Path) -> None:
    made(["alpha", "beta", "gamma"], tmp_path, "a")
    made(["beta", "delta"], tmp_path, "b", others=True)
    assert json.loads((tmp_path / "vectors.json").read_text())["rows"] == 5
    assert (drop(tmp_path, "a"), drop(tmp_path, "a"), drop(tmp_path / "none", "a")) == (3, 0, 0)
    assert made(["alpha", "beta", "delta"], tmp_path, "b", others=True)[1] == ["alpha"]
    assert drop(tmp_path, "b") == 3
    assert list(tmp_path.iterdir()) == []


def test_a_killed_process_loses_one_block_of_vectors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_vectors, "_BLOCK", 2)
    texts = ["a", "be", "cat", "door", "eagle"]

    def killed(some: Sequence[str]) -> np.ndarray:
        if "eagle" in some:
            raise KeyboardInterrupt
        return Counting()(some)

    with pytest.raises(KeyboardInterrupt):
        kept(texts, ["a"] * 5, killed, WHO, tmp_path)
    assert made(texts, tmp_path) == ([[1, 1], [2, 1], [3, 1], [4, 2], [5, 3]], ["eagle"])


def test_damaged_vectors_are_made_anew(tmp_path: Path) -> None:
    whole = made(["alpha", "beta"], tmp_path)[0]
    for path in sorted(tmp_path.glob("vectors*")):
        before = path.read_bytes()
        for damage in (before[: len(before) // 2], b"", b"\x80\x04garbage"):
            path.write_bytes(damage)
            assert made(["alpha", "beta"], tmp_path)[0] == whole
            assert json.loads((tmp_path / "vectors.json").read_text())["rows"] == 2
    for path in tmp_path.glob("*.npy"):
        path.write_bytes(b"no numbers")
    drop(tmp_path, "a")
    assert list(tmp_path.iterdir()) == [], "what cannot be read may hold anything"


def test_a_rough_look_at_many_finds_what_a_close_look_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = np.random.default_rng(1)
    many = chance.standard_normal((3000, 100)).astype(np.float16)
    near = Vectors(many, np.arange(3000))
    asked = many[7].astype(np.float32) + chance.standard_normal(100).astype(np.float32)
    rough, close = near.roughly(asked), near.take() @ asked
    assert rough.argmax() == close.argmax() == 7
    assert np.corrcoef(rough, close)[0, 1] > 0.55  # 2 / pi for vectors without any structure
    query = Query("x", (), {}, None, asked)
    empty = [Passage("x", str(i), "", "", "", "", 1) for i in range(3000)]
    of = (Labels(empty), TextIndex(("", "") for _ in empty), near, Vocabulary.of(load_playbook()))
    exact = signals(query, *of)["meaning"]
    monkeypatch.setattr(rank, "_LIKELY", 500)
    some = signals(query, *of)["meaning"]
    assert (some >= 0).sum() <= 500
    assert set(np.argsort(-exact)[:5]) <= set(np.argsort(-some)[:12])


def test_hits_come_in_order_however_many_are_asked_for(portfolio: Portfolio, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = portfolio.search("fees and liability", semantic=False, k=50)
    monkeypatch.setattr(search_index, "_FIRST", 2)
    pd.testing.assert_frame_equal(portfolio.search("fees and liability", semantic=False, k=50), whole)


def test_vectors_of_a_store_stand_beside_it_and_are_forgotten(stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    beside = vectors_beside(stored)
    portfolio = Portfolio.from_store(stored)
    found = portfolio.search("supplier may suspend", k=2)
    rows = json.loads((beside / "vectors.json").read_text())["rows"]
    asked: list[str] = []
    real = Encoder.encode
    monkeypatch.setattr(Encoder, "encode", lambda self, texts: asked.extend(texts) or real(self, texts))
    again = Portfolio.from_store(stored).search("supplier may suspend", k=2)
    assert list(again["clause_id"]) == list(found["clause_id"])
    assert asked == ["supplier may suspend"], "no clause is embedded a second time"
    gone = forget(stored, "birch.pdf")["vectors"]
    assert 0 < gone < rows
    assert json.loads((beside / "vectors.json").read_text())["rows"] == rows - gone
    assert not set(Portfolio.from_store(stored).search("suspend", k=9)["contract"]) - {"alder.pdf"}


# ---------------------------------------------------------------- command line


def test_command_line_searches_without_a_socket(saved: Path) -> None:
    guard = (
        "import socket\ndef closed(*a, **k): raise AssertionError('a socket was opened')\n"
        "socket.socket.connect = socket.create_connection = socket.getaddrinfo = closed\n"
    )
    code = f"{guard}import sys\nfrom risklib.cli import main\nsys.argv[0] = 'risklib'\nmain()"
    command = [sys.executable, "-c", code, "search", str(saved), "supplier may suspend", "--json", "-k", "2"]
    done = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)) == 2
    assert (saved / "vectors.json").exists()

"""The whole way, from files to tables: every file accounted for, every finding found again at its place, the same twice."""

from __future__ import annotations

import filecmp
import json
import math
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from drawn import CLAUSES, agreement, bad_folder, picture

import risklib
from risklib import BadData, Portfolio, analyze
from risklib.clauses import read_agreement
from risklib.findings.overlap import trigrams
from risklib.pdf import read

DATA = Path(__file__).resolve().parents[1] / "data"
DAY = "2026-11-01"

PROMISED = {
    "contracts": "contract_id file title customer provider effective_date pages words ocr_pages status reason",
    "clauses": "contract_id clause_id parent_id number heading level text page start end bbox",
    "responsibilities": "contract_id clause_id responsibility category party modality text action deadline clarity vague "
    "consequence confidence method page start end bbox",
    "provisions": "contract_id clause_id provision party text values confidence page start end bbox",
    "exposures": "contract_id component low likely high expected p95 currency per formula status reason",
    "operands": "contract_id component name value unit origin clause_id page start end bbox source",
}


def facts_of(folder: Path) -> Path:
    path = folder / "deals.csv"
    path.write_text(
        "file,vendor,annual_fees,currency\nalder.pdf,Quill,120000,EUR\nbirch.pdf,Quill,1000,EUR\nelm.pdf,Oak,5,EUR\n",
        encoding="utf-8",
    )
    return path


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Portfolio]:
    """Two drawn agreements, one of them twice, and their analysis."""
    folder = tmp_path_factory.mktemp("small")
    agreement(folder / "alder.pdf")
    agreement(folder / "birch.pdf", CLAUSES[:6], title="Order Terms")
    shutil.copy(folder / "alder.pdf", folder / "zelkova.pdf")
    return folder, analyze(folder, facts=facts_of(folder), as_of=DAY, trials=200, workers=1)


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], Portfolio]:
    folder = tmp_path_factory.mktemp("damaged")
    expected = bad_folder(folder)
    return expected, analyze(folder, as_of=DAY, trials=200, ocr=False)


# ---------------------------------------------------------------- the tables


@pytest.mark.parametrize("table", PROMISED)
def test_tables_hold_what_is_promised(small: tuple[Path, Portfolio], table: str) -> None:
    frame = small[1].tables[table]
    assert set(PROMISED[table].split()) <= set(frame.columns)
    assert len(frame)


def test_findings_of_a_drawn_agreement(small: tuple[Path, Portfolio]) -> None:
    p = small[1]
    mine = p.responsibilities[p.responsibilities["contract_id"] == p.contract_id("birch")]
    assert {"payment_billing.timely_payment", "payment_billing.taxes"} <= set(mine["responsibility"])
    late = p.provisions[p.provisions["provision"] == "late_payment"].iloc[0]
    assert (late["values"]["percent"], late["values"]["per"]) == (1.5, "month")
    row = p.contracts.set_index("file").loc["alder.pdf"]
    assert (row["customer"], row["provider"], row["status"]) == ("Alder Freight Ltd", "Quill Metrics Inc.", "ok")
    assert row["title"] == "Service Agreement"
    assert row["effective_date"] == "2026-03-01"


def says(found: str, text: str, *, whole: bool) -> bool:
    """The words of ``text`` are those found, in order; ``whole``: all of them (a clause's text leaves its number out)."""
    if whole:
        return bool(found) and found.split() == text.split()
    left = iter(re.findall(r"\w+", found))
    return bool(text) and all(w in left for w in re.findall(r"\w+", text))


def evidence_faults(portfolio: Portfolio, folder: Path) -> list[str]:
    """Every finding whose text is not what stands at its offsets, or whose boxes do not hold its words."""
    out = []
    for row in portfolio.contracts.itertuples():
        if row.status == "failed":
            continue
        document = read(folder / str(row.file))
        for table in ("clauses", "responsibilities", "provisions"):
            frame = portfolio.tables[table]
            for x in frame[frame["contract_id"] == row.contract_id].itertuples():
                where = f"{row.file} {table} {x.start}-{x.end}"
                found = document.text[x.start : x.end]
                if not says(found, str(x.text), whole=table != "clauses"):
                    out.append(f"{where}: {x.text!r} is not {found!r}")
                words = document.words_in(int(x.start), int(x.end))
                pages = {w.page for w in words}
                if x.page != words[0].page or {b[0] for b in x.bbox} != pages:
                    out.append(f"{where}: page {x.page}, words on {pages}")
                inside = all(
                    any(
                        b[0] == w.page
                        and b[1] - 0.1 <= w.x0
                        and b[2] - 0.1 <= w.top
                        and w.x1 <= b[3] + 0.1
                        and w.bottom <= b[4] + 0.1
                        for b in x.bbox
                    )
                    for w in words
                )
                if not inside:
                    out.append(f"{where}: words outside {x.bbox}")
    return out


def test_evidence_stands_where_it_is_said_to(small: tuple[Path, Portfolio]) -> None:
    assert evidence_faults(small[1], small[0]) == []


def test_clause_ids_point_to_clauses_of_the_same_contract(small: tuple[Path, Portfolio]) -> None:
    p = small[1]
    known = set(zip(p.clauses["contract_id"], p.clauses["clause_id"]))
    for frame, column in (
        (p.responsibilities, "clause_id"),
        (p.responsibilities, "consequence"),
        (p.clauses, "parent_id"),
    ):
        pairs = frame[frame[column].notna()][["contract_id", column]]
        assert set(map(tuple, pairs.to_numpy())) <= known


def test_same_bytes_are_one_contract_with_copies(small: tuple[Path, Portfolio]) -> None:
    contracts = small[1].contracts
    assert sorted(contracts["file"]) == ["alder.pdf", "birch.pdf"]
    assert contracts.set_index("file").loc["alder.pdf", "copies"] == ["zelkova.pdf"]


@pytest.mark.parametrize("format", ["parquet", "csv"])
def test_same_inputs_give_the_same_bytes(small: tuple[Path, Portfolio], tmp_path: Path, format: str) -> None:
    folder, first = small
    again = analyze(folder, facts=facts_of(folder), as_of=DAY, trials=200, workers=2)
    first.save(tmp_path / "a", format=format)
    again.save(tmp_path / "b", format=format)
    names = sorted(p.name for p in (tmp_path / "a").iterdir())
    assert len(names) == len(first.tables) + 1
    assert filecmp.cmpfiles(tmp_path / "a", tmp_path / "b", names, shallow=False)[0] == names


def test_another_seed_changes_only_simulated_figures(small: tuple[Path, Portfolio]) -> None:
    other = analyze(small[0], as_of=DAY, trials=200, workers=1, seed=7)
    for table in ("contracts", "clauses", "responsibilities", "provisions"):
        pd.testing.assert_frame_equal(other.tables[table], small[1].tables[table])


@pytest.mark.parametrize("format", ["parquet", "csv"])
def test_load_gives_back_what_was_saved(small: tuple[Path, Portfolio], tmp_path: Path, format: str) -> None:
    loaded = Portfolio.load(small[1].save(tmp_path, format=format))
    for name, frame in small[1].tables.items():
        assert rows(loaded.tables[name]) == rows(frame), name
    assert loaded.meta == small[1].meta


def rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Plain rows; an empty text and a missing one count as the same, CSV cannot tell them apart."""

    def plain(x: Any) -> Any:
        if x is None or x is pd.NA or x == "" or (isinstance(x, float) and math.isnan(x)):
            return None
        return round(float(x), 9) if isinstance(x, (int, float)) and not isinstance(x, bool) else x

    return [{str(k): plain(v) for k, v in row.items()} for row in frame.to_dict("records")]


def test_text_that_looks_like_a_number_stays_text(tmp_path: Path) -> None:
    contracts = pd.DataFrame({"contract_id": ["12e34", "77"], "file": ["1.pdf", "2.pdf"], "title": ["2024", None]})
    clauses = pd.DataFrame({"contract_id": ["12e34"], "clause_id": ["c0001"], "number": ["4.10"], "heading": ["12"]})
    loaded = Portfolio.load(Portfolio(contracts=contracts, clauses=clauses).save(tmp_path, format="csv"))
    assert list(loaded.contracts["contract_id"]) == ["12e34", "77"]
    assert loaded.contracts["title"].iloc[0] == "2024"
    assert loaded.clauses.iloc[0][["number", "heading"]].tolist() == ["4.10", "12"]


@pytest.mark.parametrize("text", ["=1+2", "+1+2", "-1+2", "@SUM(A1)", "\t=1", "'=1", "''-1", "plain", "'quoted'"])
def test_csv_cells_are_inert_and_come_back_as_they_were(tmp_path: Path, text: str) -> None:
    contracts = pd.DataFrame({"contract_id": ["a"], "file": ["a.pdf"], "title": [text], "customer": ["x"]})
    Portfolio(contracts=contracts).save(tmp_path, format="csv")
    written = pd.read_csv(tmp_path / "contracts.csv", dtype=str, keep_default_na=False)["title"].iloc[0]
    assert written[:1] not in "=+-@\t\r"
    assert Portfolio.load(tmp_path).contracts["title"].iloc[0] == text


# ---------------------------------------------------------------- bad input


def test_every_bad_file_is_named_with_its_reason(damaged: tuple[dict[str, str], Portfolio]) -> None:
    expected, portfolio = damaged
    contracts = portfolio.contracts.set_index("file")
    assert set(contracts.index) == {"good.pdf", *expected}
    assert contracts.loc["good.pdf", "status"] == "ok"
    for file, words in expected.items():
        assert contracts.loc[file, "status"] in ("failed", "partial")
        assert words in str(contracts.loc[file, "reason"])
    assert contracts.loc["scan.pdf", "status"] == "partial"
    assert portfolio.meta["outcome"] == "partial"
    good = contracts.loc["good.pdf", "contract_id"]
    assert set(portfolio.responsibilities["contract_id"]) == {good}


def test_a_password_opens_what_is_locked(tmp_path: Path) -> None:
    agreement(tmp_path / "locked.pdf", password="sesame")
    assert analyze(tmp_path, as_of=DAY, trials=100, password="sesame").meta["outcome"] == "ok"
    wrong = analyze(tmp_path, as_of=DAY, trials=100, password="wrong")
    assert wrong.meta["outcome"] == "failed"
    assert "password is wrong" in wrong.contracts["reason"].iloc[0]


@pytest.mark.parametrize(
    ("paths", "options", "words"),
    [
        ("nowhere", {}, "no such file or folder"),
        (".", {}, "no PDF in here"),
        ([], {}, "no PDF in here"),
        ("alder.pdf", {"as_of": "31.12.2026"}, "2026-01-31"),
        ("alder.pdf", {"trials": 5}, "at least 100"),
        ("alder.pdf", {"playbook": "nowhere"}, "no such playbook folder"),
        ("alder.pdf", {"facts": "nowhere.csv"}, "nowhere.csv"),
    ],
)
def test_bad_usage_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, paths: Any, options: dict[str, Any], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if paths == "alder.pdf":
        agreement(tmp_path / "alder.pdf")
    with pytest.raises(BadData, match=words):
        analyze(paths, **options)


def test_facts_price_a_contract_and_rows_without_a_file_are_told(small: tuple[Path, Portfolio]) -> None:
    portfolio = small[1]
    assert any("elm.pdf" in n for n in portfolio.meta["notes"])
    scored = portfolio.exposures[portfolio.exposures["status"] == "scored"]
    assert "late_payment" in set(scored["component"])
    assert set(scored["currency"]) == {"EUR"}
    said = portfolio.explain("birch", "late_payment")
    assert "1.5" in said
    assert "in the words of the agreement" in said
    assert ", page " in said


# ---------------------------------------------------------------- the sample portfolio, with its known answers


ANSWERS = {
    p.stem: json.loads(p.read_text(encoding="utf-8")) for p in sorted((DATA / "agreements/answers").glob("*.json"))
}


@pytest.mark.slow
def test_samples_are_all_analysed(samples: Portfolio) -> None:
    assert dict(Counter(samples.contracts["status"])) == {"ok": len(ANSWERS)}
    assert samples.meta["outcome"] == "ok"
    everyone = set(samples.contracts["contract_id"])
    members = samples.families.loc[~samples.families["relation"].isin(["head", "version"]), "contract_id"]
    heads = everyone - set(members)  # an order form or an amendment is priced with its agreement
    for table, held in (
        ("clauses", everyone),
        ("responsibilities", everyone),
        ("provisions", everyone),
        ("exposures", heads),
    ):
        assert set(samples.tables[table]["contract_id"]) == held, table
    assert samples.contracts[["title", "customer", "provider"]].notna().all(axis=None)


_NUMBERING = re.compile(
    r"(?:(?:section|article|part|annex|schedule|exhibit)\s+)?[(]?(?:\d[\d.]*|[ivxlc]+|[a-z])(?:\.\d+)*[).:]*\s", re.I
)


@pytest.mark.slow
@pytest.mark.parametrize("name", ANSWERS)
def test_sample_text_is_in_its_clauses(samples: Portfolio, name: str) -> None:
    """Nine tenths of each labelled sentence's words, three in a row, stand in the clauses; numbers have their own column."""
    gold = ANSWERS[name]
    have = trigrams(" ".join(samples.clauses[samples.clauses["contract_id"] == gold["sha256"]]["text"]))
    units = [
        trigrams(_NUMBERING.sub("", u["text"], count=1) if _NUMBERING.match(u["text"]) else u["text"])
        for u in gold["units"]
    ]
    long = [t for t in units if len(t) > 1]
    assert len(long) > 0.6 * len(units)
    assert sum(len(t & have) >= 0.9 * len(t) for t in long) >= 0.97 * len(long)


def found_share(samples: Portfolio, table: str, column: str) -> float:
    """Share of the labelled (sentence, id) that a row of the table gives; labels of headings and cells included."""
    hits = total = 0
    for gold in ANSWERS.values():
        frame = samples.tables[table]
        mine = frame[frame["contract_id"] == gold["sha256"]]
        found = [(trigrams(t), i) for t, i in zip(mine["text"], mine[column])]
        for unit in gold["units"]:
            wanted = {x["id"] for x in unit.get("resp" if table == "responsibilities" else "prov", ())}
            grams = trigrams(unit["text"]) if wanted else set()
            here = {i for g, i in found if wanted and len(g & grams) >= 0.5 * min(len(g), len(grams))}
            hits, total = hits + len(wanted & here), total + len(wanted)
    return hits / total


@pytest.mark.slow
@pytest.mark.parametrize(("table", "column"), [("responsibilities", "responsibility"), ("provisions", "provision")])
def test_known_answers_are_found(samples: Portfolio, table: str, column: str) -> None:
    """A floor for what the model was trained on; quality on unseen agreements is measured by `make evaluate`."""
    assert found_share(samples, table, column) >= 0.9


@pytest.mark.slow
def test_sample_evidence_stands_where_it_is_said_to(samples: Portfolio) -> None:
    texts = samples.contracts[samples.contracts["ocr_pages"] == 0]
    part = Portfolio(
        contracts=texts.head(4),
        clauses=samples.clauses,
        responsibilities=samples.responsibilities,
        provisions=samples.provisions,
    )
    assert evidence_faults(part, DATA / "agreements") == []


@pytest.mark.slow
def test_money_is_never_without_currency_and_unknown_is_never_zero(samples: Portfolio) -> None:
    e = samples.exposures
    scored, unscored = e[e["status"] == "scored"], e[e["status"] == "unscored"]
    assert scored["currency"].notna().all()
    assert unscored["reason"].notna().all()
    assert unscored[["low", "likely", "high", "expected", "p95"]].isna().all(axis=None)
    with_amount = [v for v in samples.provisions["values"] if "amount" in v]
    assert with_amount
    assert all(v.get("currency") for v in with_amount)


@pytest.mark.slow
def test_one_agreement_read_alone_is_the_same(samples: Portfolio) -> None:
    """What a file gives does not hang on its neighbours."""
    name = "ledgerly_terms.pdf"
    analysis = risklib.analyze_file(DATA / "agreements" / name)
    mine = samples.responsibilities[samples.responsibilities["contract_id"] == analysis.contract_id]
    assert [(r.start, r.end, r.responsibility, r.party) for r in analysis.responsibilities] == list(
        mine[["start", "end", "responsibility", "party"]].itertuples(index=False, name=None)
    )
    assert analysis.agreement == read_agreement(read(DATA / "agreements" / name))


# ---------------------------------------------------------------- unknown is never zero


def test_an_agreement_that_could_not_be_read_has_no_price(tmp_path: Path) -> None:
    picture(tmp_path / "scan.pdf")
    facts = tmp_path / "deals.csv"
    facts.write_text("file,vendor,annual_fees,currency,start,term_months\nscan.pdf,Oak,120000,EUR,2020-01-01,12\n")
    p = analyze(tmp_path, facts=facts, as_of=DAY, trials=100, ocr=False, workers=1)
    assert set(p.exposures["status"]) == {"unscored"}
    assert len(p.exposures) == 15
    assert p.exposures[["low", "likely", "high", "expected", "p95"]].isna().all().all()
    assert p.totals.empty
    assert p.meta["outcome"] == "partial"


def test_a_total_in_another_currency_needs_rates(small: tuple[Path, Portfolio]) -> None:
    with pytest.raises(BadData, match="CHF need its exchange rate; give --rates"):
        analyze(small[0], currency="CHF")
    with pytest.raises(BadData, match="XAU need its exchange rate; it has"):
        analyze(small[0], currency="XAU", rates=DATA / "rates.csv")


@pytest.mark.parametrize(("start", "told"), [("2024-01-01", True), ("2026-01-01", False)])
def test_a_term_that_has_ended_is_told(small: tuple[Path, Portfolio], tmp_path: Path, start: str, told: bool) -> None:
    facts = tmp_path / "deals.csv"
    facts.write_text(f"file,vendor,annual_fees,currency,start,term_months\nalder.pdf,Oak,1200,EUR,{start},12\n")
    p = analyze(small[0] / "alder.pdf", facts=facts, as_of=DAY, trials=100, workers=1)
    assert any("ended before 2026-11-01" in n and "alder.pdf" in n for n in p.meta["notes"]) is told

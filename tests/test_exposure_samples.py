"""The sample portfolio's known answers, to the cent: arithmetic by hand from the terms in data/agreements/src, the facts
in data/portfolio.csv, and the likely figures of data/playbook/assumptions.csv.

``known_exposures.csv`` holds one figure a line with its arithmetic as plain numbers. ``found``: ``yes`` where the terms
are read right from the PDF, too; ``scan`` where that takes OCR; ``no`` where the reader errs, so that only the labelled
terms give the figure.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from risklib import Portfolio
from risklib.errors import BadData
from risklib.exposure import Basis, Contract, price
from risklib.inputs import deal_for, load_assumptions, load_deals, load_rates
from risklib.records import Exposure, Provision
from risklib.whatif import basis_of, contracts_of, tornado, what_if

DATA = Path(__file__).resolve().parents[1] / "data"
with (Path(__file__).parent / "known_exposures.csv").open(encoding="utf-8", newline="") as _file:
    KNOWN = list(csv.DictReader(_file))
FILES = sorted({row["file"] for row in KNOWN})


@pytest.fixture(scope="module")
def basis() -> Basis:
    return Basis(load_assumptions(), load_rates(DATA / "rates.csv"), as_of=date(2026, 11, 1), trials=100)


def known(file: str, *found: str) -> dict[str, tuple[str, Decimal]]:
    rows = [r for r in KNOWN if r["file"] == file and (not found or r["found"] in found)]
    return {r["component"]: (r["currency"], Decimal(r["likely"])) for r in rows}


def likely(rows: tuple[Exposure, ...], components: dict[str, tuple[str, Decimal]]) -> dict[str, tuple[str, Decimal]]:
    return {e.component: (e.currency, e.likely) for e in rows if e.component in components}


@pytest.mark.parametrize("row", KNOWN, ids=lambda r: f"{r['file']}-{r['component']}")
def test_the_arithmetic_gives_the_known_figure(row: dict[str, str]) -> None:
    sum_ = eval(row["arithmetic"], {"__builtins__": {}, "min": min, "max": max})
    assert Decimal(repr(round(float(sum_), 6))).quantize(Decimal("0.01"), ROUND_HALF_UP) == Decimal(row["likely"])


@pytest.mark.parametrize("file", FILES)
def test_from_the_labelled_terms(file: str, basis: Basis) -> None:
    answers = json.loads((DATA / "agreements" / "answers" / file).with_suffix(".json").read_text(encoding="utf-8"))
    terms = [
        Provision(f"u{k}", k, k + 1, p["id"], p["party"], 1.0, "label", p.get("values", {}))
        for k, unit in enumerate(answers["units"])
        for p in unit.get("prov", ())
    ]
    rows = price(Contract(file, terms, deal_for(load_deals(DATA / "portfolio.csv"), file)), basis)
    assert likely(rows, known(file)) == known(file)


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES)
def test_from_the_pdf(file: str, basis: Basis, samples: Portfolio) -> None:
    """PDF → findings → money. Where OCR is missing the scan is left out."""
    alone = replace(samples, terms=samples.terms.iloc[:0])  # what this one paper says, without its order forms
    contract = next(c for c in contracts_of(alone) if c.deal is not None and c.deal.file == file)
    wanted = known(file, "yes", "scan") if contract.provisions else {}
    rows = price(contract, basis)
    assert likely(rows, wanted) == wanted


@pytest.mark.slow
def test_another_term_has_a_price(samples: Portfolio, tmp_path: Path) -> None:
    """30 days of notice before a suspension in place of 10: 0.03 x (0.5 ** (10/30) - 0.5) x 2 x 240,000 less a year."""
    samples.save(tmp_path)
    for portfolio in (samples, Portfolio.load(tmp_path)):
        (row,) = what_if(portfolio, "meridian", "suspension", "provider", notice_days=30).to_dict("records")
        assert (row["component"], row["likely_before"], row["likely_after"]) == ("suspension", 11429.29, 7200.0)
        assert row["likely_change"] == pytest.approx(-4229.29)
        assert row["expected_change"] < 0
        assert "clause c0" not in row["reason"]
    with pytest.raises(BadData, match="did you mean suspension"):
        what_if(samples, "meridian", "suspensoin", "provider", notice_days=30)


FIGURES = ("status", "low", "likely", "high", "expected", "p95", "currency")


@pytest.mark.slow
def test_without_a_change_what_if_is_the_portfolios_own_figure(samples: Portfolio, tmp_path: Path) -> None:
    """Every exposure, from the tables alone: heads of families on the terms that hold of all their papers."""
    samples.save(tmp_path)
    again = Portfolio.load(tmp_path)
    basis = basis_of(again)
    of = {c.contract_id: {e.component: e for e in price(c, basis)} for c in contracts_of(again)}
    rows = samples.exposures.to_dict("records")
    assert len(rows) > 150
    for row in rows:
        e = of[row["contract_id"]][row["component"]]
        now = [
            None if x is None else float(x) if isinstance(x, Decimal) else x for x in (getattr(e, k) for k in FIGURES)
        ]
        assert now == [None if row[k] is None or row[k] != row[k] else row[k] for k in FIGURES], row


@pytest.mark.slow
def test_what_if_asks_the_terms_of_the_whole_family(samples: Portfolio) -> None:
    """Interest by the order form (6 % in place of the agreement's 4 %, both above a base rate of 4 %), asked for at
    16 %: twice as much."""
    (row,) = what_if(samples, "harbour_msa", "late_payment", "customer", percent=16).to_dict("records")
    own = samples.exposures.set_index(["contract_id", "component"])
    before = own.loc[(samples.contract_id("harbour_msa"), "late_payment"), "likely"]
    assert row["likely_before"] == before
    assert row["likely_after"] == pytest.approx(2 * before, abs=0.02)  # each to the cent
    with pytest.raises(BadData, match=r"is priced with harbour_msa\.pdf"):
        what_if(samples, "harbour_order", "late_payment", "customer", percent=12)
    with pytest.raises(BadData, match=r"months: is no value that a formula reads.*did you mean fee_months"):
        what_if(samples, "harbour_msa", "liability_cap", "provider", fees_months=12)


def run(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "risklib.cli", *args], capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_command_explains_an_amount(samples: Portfolio, tmp_path: Path) -> None:
    samples.save(tmp_path)
    one = run("explain", "harbour_msa.pdf", "late_payment", "--tables", str(tmp_path))
    assert one.returncode == 0, one.stderr
    assert one.stdout == samples.explain("harbour_msa.pdf", "late_payment") + "\n"
    assert "clause 2.2 of harbour_order_2026.pdf" in one.stdout
    assert run("explain", "harbour_msa.pdf", "late_fees", "--tables", str(tmp_path)).returncode == 2


def test_check_tells_overdue_reviews(tmp_path: Path) -> None:
    """Rates of a past year, an assumption never reviewed, one reviewed long ago: warnings, no faults."""
    own = tmp_path / "own.csv"
    own.write_text(
        "id,component,parameter,low,likely,high,unit,source,reviewed_on\n"
        "a,audit,chance,0.1,0.1,0.1,chance a year,mine,\n"
        "b,audit,shortfall,0.1,0.1,0.1,share,mine,2001-01-01\n",
        encoding="utf-8",
    )
    rates = tmp_path / "rates.csv"
    rates.write_text("date,base,currency,rate\n2001-01-01,EUR,USD,1.1\n", encoding="utf-8")
    done = run("check", "--assumptions", str(own), "--rates", str(rates), "--json")
    said = json.loads(done.stdout)
    assert (done.returncode, said["faults"]) == (0, [])
    told = [w for w in said["warnings"] if str(tmp_path) in w]
    assert [w.split(": ", 1)[1][:24] for w in told] == [
        "a was never reviewed; re",
        "b was last reviewed on 2",
        "these rates are of 2001-",
    ]


@pytest.mark.slow
def test_the_tornado_holds_the_total_between_its_ends(samples: Portfolio) -> None:
    found = tornado(samples, currency="EUR")
    assert len(found) > 30
    assert (found["low"] <= found["likely"]).all()
    assert (found["likely"] <= found["high"]).all()
    assert list(found["width"]) == sorted(found["width"], reverse=True)
    assert "left_out" not in found.attrs
    alone = replace(samples, meta={**samples.meta, "rates": None})
    with pytest.warns(UserWarning, match="no rate from USD to EUR"):
        assert tornado(alone, currency="EUR").attrs["left_out"]
    with pytest.raises(BadData, match="no agreement has a sum in it"):
        tornado(alone, currency="JPY")

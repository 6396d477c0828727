"""The sample portfolio's known answers, to the cent: arithmetic by hand from the terms in data/agreements/src, the facts
in data/portfolio.csv, and the likely figures of data/playbook/assumptions.csv.

``known_exposures.csv`` holds one figure a line with its arithmetic as plain numbers. ``found``: ``yes`` where the terms
are read right from the PDF, too; ``scan`` where that takes OCR; ``no`` where the reader errs, so that only the labelled
terms give the figure.
"""

from __future__ import annotations

import csv
import json
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from risklib import Portfolio
from risklib.errors import BadData
from risklib.exposure import Basis, Contract, price
from risklib.inputs import deal_for, load_assumptions, load_deals, load_rates
from risklib.records import Exposure, Provision
from risklib.whatif import contracts_of, tornado, what_if

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
    contract = next(c for c in contracts_of(samples) if c.deal is not None and c.deal.file == file)
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


@pytest.mark.slow
def test_the_tornado_holds_the_total_between_its_ends(samples: Portfolio) -> None:
    found = tornado(samples, currency="EUR", rates=DATA / "rates.csv")
    assert len(found) > 30
    assert (found["low"] <= found["likely"]).all()
    assert (found["likely"] <= found["high"]).all()
    assert list(found["width"]) == sorted(found["width"], reverse=True)

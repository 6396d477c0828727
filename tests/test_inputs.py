"""The CSVs that people keep: what is read, and what is said about what is wrong."""

from __future__ import annotations

import csv
from contextlib import suppress
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risklib.errors import BadData
from risklib.exposure import COMPONENTS
from risklib.inputs import (
    DEAL_COLUMNS,
    deal_for,
    default_folder,
    load_assumptions,
    load_deals,
    load_rates,
    money_unit,
    rows_without_file,
)

HEAD = "id,component,parameter,low,likely,high,unit,source,reviewed_on,illustrative\n"


def write(tmp_path, text, name="facts.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


GOOD = """file,vendor,annual_fees,currency,start,term_months,users,records_held,overage_units,paid_in_advance,invoices_per_year,committed_spend,expected_spend,renewal_months,downtime_value_per_day,switching_cost,family,parent,owner,notes
a.pdf,Lumen,"120,000.50",EUR,2026-01-31,36,250,1000,30,yes,4,90000,80000,12,5000,40000,lumen,msa.pdf,Ada,"two
lines"

b.pdf,,,,,,,,,,,,,,,,,,,
"""


def test_every_column_is_read_and_empty_cells_are_unknown(tmp_path):
    a, b = load_deals(write(tmp_path, GOOD))
    assert (a.vendor, a.annual_fees, a.currency, a.start, a.term_months) == (
        "Lumen",
        Decimal("120000.50"),
        "EUR",
        date(2026, 1, 31),
        36,
    )
    assert a.extra == {
        "users": 250, "records_held": 1000, "overage_units": 30, "paid_in_advance": 12, "invoices_per_year": 4, "committed_spend": 90000, "expected_spend": 80000,
        "renewal_months": 12, "downtime_value_per_day": 5000, "switching_cost": 40000, "family": "lumen", "parent": "msa.pdf", "owner": "Ada", "notes": "two\nlines",
    }  # fmt: skip
    assert (a.line, b.line) == (2, 5)
    assert (b.annual_fees, b.currency, b.extra) == (None, None, {})
    assert set(next(csv.reader(GOOD.splitlines()))) == set(DEAL_COLUMNS)


def test_a_semicolon_and_a_byte_order_mark_from_a_spreadsheet(tmp_path):
    (a,) = load_deals(write(tmp_path, "file;vendor;annual_fees\na.pdf;Ö, AG;5\n", encoding="utf-8-sig"))
    assert (a.file, a.vendor, a.annual_fees) == ("a.pdf", "Ö, AG", 5)


# text → line and words of the message
BROKEN = [
    ("file,anual_fees\na.pdf,5\n", 1, "unknown column 'anual_fees'; did you mean annual_fees?"),
    ("file,colour\na.pdf,5\n", 1, "allowed are file, vendor"),
    ("vendor\nLumen\n", 1, "column file is missing"),
    ("", 1, "column file is missing"),
    ("file,file\na.pdf,a.pdf\n", 1, "column file stands twice"),
    ("file,annual_fees\na.pdf,-5\n", 2, "column annual_fees: found '-5'; write a plain number that is not negative"),
    ("file,annual_fees\na.pdf,NaN\n", 2, "column annual_fees: found 'NaN'"),
    ("file,annual_fees\na.pdf,1e5\n", 2, "column annual_fees: found '1e5'"),
    ("file,annual_fees\na.pdf,€500\n", 2, "column annual_fees: found '€500'"),
    ("file;annual_fees\na.pdf;1.200,50\n", 2, "column annual_fees: found '1.200,50'"),
    ("file,currency\na.pdf,EURO\n", 2, "column currency: found 'EURO'; write an ISO 4217 code such as EUR; did you mean"),
    ("file,currency\na.pdf,eur\n", 2, "did you mean EUR?"),
    ("file,start\na.pdf,01/02/2026\n", 2, "column start: found '01/02/2026'; write a date of the calendar as YYYY-MM-DD"),
    ("file,start\na.pdf,2026-02-30\n", 2, "column start: found '2026-02-30'"),
    ("file,term_months\na.pdf,0\n", 2, "column term_months: found '0'; write a number above 0"),
    ("file,users\na.pdf,2.5\n", 2, "column users: found '2.5'; write a whole number"),
    ("file,vendor\n,Lumen\n", 2, "column file: is empty"),
    ("file,vendor\na.pdf,b\nA.PDF,c\n", 3, "file 'a.pdf' stands in line 2 already"),
    ("file,vendor\na.pdf,b,c\n", 2, "3 cells but 2 columns"),
    ("file,vendor,users\na.pdf,x,y\nb.pdf,x,z\n,x,1\n", 2, "(and 2 more faults in this file)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "words"), BROKEN)
def test_a_fault_names_line_and_column_and_what_is_allowed(tmp_path, text, line, words):
    path = write(tmp_path, text)
    with pytest.raises(BadData) as caught:
        load_deals(path)
    assert caught.value.line == line
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"{path}:{line}: ")


def test_all_faults_are_kept(tmp_path):
    with pytest.raises(BadData) as caught:
        load_deals(write(tmp_path, "file,users,start\na.pdf,x,y\nb.pdf,z,\n"))
    assert [line for line, _ in caught.value.faults] == [2, 2, 3]


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(BadData, match="cannot be read"):
        load_deals(tmp_path / "absent.csv")
    with pytest.raises(BadData, match="not UTF-8"):
        load_deals(write(tmp_path, "file,vendor\na.pdf,Ö\n", encoding="latin-1"))


@pytest.mark.parametrize(
    ("row", "file", "found"),
    [("a.pdf", "a.pdf", True), ("A.PDF", "x/a.pdf", True), ("x/a.pdf", "x/a.pdf", True), ("x/a.pdf", "a.pdf", True),
     ("x/a.pdf", "y/a.pdf", False), ("a.pdf", "ba.pdf", False), ("x\\a.pdf", "x/a.pdf", True)],
)  # fmt: skip
def test_rows_match_files_by_name(tmp_path, row, file, found):
    deals = load_deals(write(tmp_path, f"file\n{row}\n"))
    assert (deal_for(deals, file) is not None) == found


def test_rows_without_an_agreement_are_told(tmp_path):
    deals = load_deals(write(tmp_path, "file\nlumen_master.pdf\nb.pdf\n"))
    (told,) = rows_without_file(deals, ["docs/lumen-master.pdf", "b.pdf"])
    assert told.endswith("facts.csv:2: no agreement 'lumen_master.pdf' was read; did you mean lumen-master.pdf?")


# ---------------------------------------------------------------- assumptions


def test_the_shipped_assumptions_are_illustrative_and_complete():
    shipped = load_assumptions()
    assert all(r.illustrative and r.source.startswith("Illustrative") and r.reviewed_on for r in shipped.rows)
    assert {r.component for r in shipped.rows} == {*COMPONENTS, "common", "dependence"}
    assert shipped.overdue(date(2026, 11, 22)) == ()
    assert len(shipped.overdue(date(2028, 1, 1))) == len(shipped.rows)
    assert shipped.get("regulatory", "fine", "GBP").unit == "GBP"
    assert shipped.get("regulatory", "fine", "SEK").unit == "USD"


def test_own_rows_take_the_place_of_shipped_ones(tmp_path):
    path = write(tmp_path, HEAD + "mine,regulatory,fine,1,2,3,CHF,our counsel,2026-05-01,\n", "mine.csv")
    found = load_assumptions(path)
    assert [(r.id, r.unit, r.illustrative, r.line) for r in found.rows if r.parameter == "fine"] == [
        ("mine", "CHF", False, 2)
    ]
    assert len(found.rows) == len(load_assumptions().rows) - 2


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("a,overage,overuse,0.3,0.2,0.5,share,s,2026-01-01,no", "found 0.3, 0.2, 0.5; they must not fall"),
        ("a,overage,overuse,0,0.2,1.5,share,s,2026-01-01,no", "a share is at most 1"),
        ("a,overrage,overuse,0,0.2,0.5,share,s,2026-01-01,no", "unknown 'overrage'; did you mean overage?"),
        ("a,overage,overuse,0,0.2,0.5,percent,s,2026-01-01,no", "column unit: found 'percent'; write 'share'"),
        ("a,audit,cost,0,0.2,0.5,share,s,2026-01-01,no", "write 'share of annual fees' or a currency code"),
        ("a,audit,chance,0,2,5,a month,s,2026-01-01,no", "write events a year, chance a year or times a year"),
        ("a,regulatory,notification,0,2,5,USD,s,2026-01-01,no", "write USD a record (any currency)"),
        ("a,overage,overdose,0,0.2,0.5,share,s,2026-01-01,no", "overage has no parameter 'overdose'; it has overuse"),
        ("a,overage,overuse,,0.2,0.5,share,s,2026-01-01,no", "column low: is empty"),
        ("a,overage,overuse,0,0.2,0.5,share,s,2026-01-01,maybe", "write yes or no"),
        ("a,overage,overuse,0,0.2,0.5,share,s,2026-01-01,no\na,audit,cost,0,0.2,0.5,share,s,2026-01-01,no", "id 'a' stands in line 2 already"),
        ("a,overage,overuse,0,0.2,0.5,share,s,2026-01-01,no\nb,overage,overuse,0,0.2,0.5,share,s,2026-01-01,no", "stands in line 2 already"),
    ],
)  # fmt: skip
def test_broken_assumptions(tmp_path, row, words):
    with pytest.raises(BadData) as caught:
        load_assumptions(write(tmp_path, HEAD + row + "\n"))
    assert words in str(caught.value)


def test_one_assumption_changed():
    shipped = load_assumptions()
    assert shipped.having("overage.overuse", 0, 0, 0).get("overage", "overuse").high == 0
    with pytest.raises(BadData, match=r"did you mean overage\.overuse"):
        shipped.having("overage.overus", 0, 0, 0)


# ---------------------------------------------------------------- rates


def test_rates_convert_through_their_base(tmp_path):
    rates = load_rates(write(tmp_path, "date,base,currency,rate\n2026-01-02,EUR,USD,1.25\n2026-01-02,EUR,GBP,0.8\n"))
    assert (rates.on, rates.rate("EUR", "USD"), rates.rate("USD", "GBP"), rates.rate("USD", "USD"), rates.rate("USD", "CHF")) == (
        date(2026, 1, 2), Decimal("1.25"), Decimal("0.64"), 1, None,
    )  # fmt: skip
    assert load_rates(None) is None


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("", "holds no rates"), ("2026-01-02,EUR,USD,0", "column rate: found '0'; write a number above 0"),
        ("2026-01-02,EUR,USD,1\n2026-01-03,EUR,GBP,1", "column date: found 2026-01-03, line 2 has 2026-01-02"),
        ("2026-01-02,EUR,USD,1\n2026-01-02,EUR,USD,2", "currency 'USD' stands in line 2 already"), ("2026-01-02,EUR,EUR,2", "one EUR must buy 1 EUR"),
    ],
)  # fmt: skip
def test_broken_rates(tmp_path, rows, words):
    with pytest.raises(BadData) as caught:
        load_rates(write(tmp_path, f"date,base,currency,rate\n{rows}\n"))
    assert words in str(caught.value)


def test_the_sample_rates_are_readable_and_marked():
    path = default_folder().parent / "rates.csv"
    if path.exists():  # a wheel ships the playbook alone
        assert load_rates(path).rate("USD", "GBP") > 0
        assert "Illustrative" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("unit", "code"),
    [
        ("EUR", "EUR"),
        ("USD a record", "USD"),
        ("share", None),
        ("share of annual fees", None),
        ("days", None),
        ("", None),
    ],
)
def test_money_units(unit, code):
    assert money_unit(unit) == code


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_with_one_line(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("any") / "facts.csv"
    path.write_bytes(("file,vendor,annual_fees,start\n" + text).encode("utf-8", "replace"))
    with suppress(BadData):
        load_deals(path)

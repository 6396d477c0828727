"""Thresholds: faults name file, line and what is allowed; each limit within, crossed, and unknown where nobody can tell."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from risklib.due.key_dates import NOTICE, KeyDate
from risklib.errors import BadData
from risklib.schedule.thresholds import judge, load_limits

GOOD = """notice_within_days = 30
unreadable_share = 0.01
[p95]
EUR = 1_000_000
[terms]
uncapped_liability = 0
"""
FAULTS = [
    ("p95.EUR = ", 1, "is no TOML"),
    ("p95.EUR = 5\np95.EUX = 5", 2, "ISO 4217"),
    ("[p95]\nEUR = 5\nUSD = 'much'", 3, "write a number"),
    ("\n\nunreadable_share = 5", 3, "0.01 is 1 %"),
    ("[terms]\nuncaped_liability = 0", 2, "did you mean uncapped_liability?"),
    ("[terms]\nuncapped_liability = 0.5", 2, "whole number"),
    ("notice_within_day = 30", 1, "did you mean notice_within_days?"),
    ("surprise = 1", 1, "allowed: [expected], [p95]"),
    ("notice_within_days = true", 1, "write a number"),
    ("notice_within_days = -1", 1, "not negative"),
    ("p95 = 5", 1, "ISO 4217"),
    ("p95.EUR = nan", 1, "write a number"),
    ("# none", None, "sets no threshold"),
]


@pytest.mark.parametrize(("text", "line", "said"), FAULTS)
def test_faults_name_the_line_and_what_is_allowed(tmp_path: Path, text: str, line: int | None, said: str) -> None:
    path = tmp_path / "limits.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadData) as e:
        load_limits(path)
    assert (e.value.line, said in str(e.value), str(path) in str(e.value)) == (line, True, True), str(e.value)


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(BadData, match="cannot be read"):
        load_limits(tmp_path / "none.toml")
    (tmp_path / "x.toml").write_bytes(b"p95.EUR = 1 # \xff")
    with pytest.raises(BadData, match="UTF-8"):
        load_limits(tmp_path / "x.toml")


DAY = date(2026, 11, 1)
OK = [{"contract_id": "a", "file": "a.pdf", "status": "ok"}, {"contract_id": "b", "file": "b.pdf", "status": "ok"}]
LOST = [OK[0], {"contract_id": "b", "file": "b.pdf", "status": "partial"}]
TERM = {"contract_id": "a", "provision": "uncapped_liability", "party": "both", "values": {}, "page": 3}


def total(currency: str, p95: float, unscored: int = 0) -> list[dict]:
    return [
        {"level": "portfolio", "currency": currency, "p95": p95, "expected": 1.0, "es95": 2.0, "unscored": unscored}
    ]


def notice(day: date | None) -> list[KeyDate]:
    return [KeyDate(NOTICE, "notice", day, None, "", None if day else "unknown", "a", "a.pdf")]


CASES = [
    ("p95.EUR = 100", {"totals": total("EUR", 101)}, [], "crossed", "EUR 101"),
    ("p95.EUR = 100", {"totals": total("EUR", 100, 3)}, [], "within", "3 components without a figure"),
    ("p95.EUR = 100", {"totals": total("USD", 1)}, [], "unknown", "no total in EUR"),
    ("terms.uncapped_liability = 0", {"provisions": [TERM]}, [], "crossed", "1 found"),
    ("terms.uncapped_liability = 1", {"provisions": [TERM]}, [], "within", "1 found"),
    ("terms.uncapped_liability = 0", {"provisions": [TERM | {"party": "provider"}]}, [], "within", "0 found"),
    ("terms.uncapped_liability = 0", {"provisions": [TERM | {"values": {"amount": 5}}]}, [], "within", "0 found"),
    ("terms.uncapped_liability = 0", {"contracts": LOST}, [], "unknown", "not read whole"),
    ("unreadable_share = 0.5", {"contracts": LOST}, [], "within", "1 of 2"),
    ("unreadable_share = 0.49", {"contracts": LOST}, [], "crossed", "1 of 2"),
    ("unscored_share = 0", {"exposures": [{"status": "unscored"}]}, [], "crossed", "1 of 1"),
    ("unscored_share = 0", {}, [], "unknown", "no exposures"),
    ("notice_within_days = 30", {}, notice(date(2026, 12, 1)), "crossed", "1 found"),
    ("notice_within_days = 30", {}, notice(date(2026, 12, 2)), "within", "none"),
    ("notice_within_days = 30", {}, notice(None), "unknown", "1 have no date"),
    ("notice_within_days = 30", {"contracts": LOST}, notice(date(2027, 12, 2)), "unknown", "not read whole"),
    ("notice_within_days = 30", {"contracts": LOST}, notice(date(2026, 11, 2)), "crossed", "1 found"),
    ("p95.EUR = 100", {"totals": total("EUR", 99), "contracts": LOST}, [], "unknown", "1 files were not read whole"),
    ("p95.EUR = 100", {"totals": total("EUR", 101), "contracts": LOST}, [], "crossed", "EUR 101"),
]


@pytest.mark.parametrize(("text", "rows", "dates", "state", "found"), CASES)
def test_each_limit(tmp_path: Path, text, rows, dates, state, found) -> None:
    (tmp_path / "limits.toml").write_text(text, encoding="utf-8")
    tables = {"contracts": OK, "totals": [], "provisions": [], "exposures": []} | rows
    (v,) = judge(load_limits(tmp_path / "limits.toml"), tables, dates, DAY)
    assert (v.state, found in v.found) == (state, True), v


def test_a_whole_file_in_its_order(tmp_path: Path) -> None:
    (tmp_path / "limits.toml").write_text(GOOD, encoding="utf-8")
    found = load_limits(tmp_path / "limits.toml")
    assert [(x.key, x.line) for x in found] == [("notice_within_days", 1), ("unreadable_share", 2), ("p95.EUR", 4), ("terms.uncapped_liability", 6)]  # fmt: skip

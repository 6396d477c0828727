"""The report: complete, offline, inert to contract text, bounded, the same for the same input."""

from __future__ import annotations

import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from browser import opened
from hypothesis import given
from hypothesis import strategies as st
from report_sample import HOSTILE, sample

from risklib.report import text, write_report
from risklib.report.crops import Wanted, cut_pictures, in_folder
from risklib.report.heat import shade

TITLES = {
    "payment_billing": "Payment and billing", "payment_billing.timely_payment": "Pay on time", "user_management": "User management",
    "user_management.offboarding": "Revoke access", "user_management.activity_review": "Review activity", "other.other": "Other", "late_payment": "Late payment", "unrecovered_loss": "Loss we cannot recover",
}  # fmt: skip


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[object, Path, str]:
    folder = tmp_path_factory.mktemp("report")
    portfolio = sample(folder)
    path = write_report(portfolio, folder, pdf_folder=folder, titles=TITLES)
    return portfolio, path, path.read_text(encoding="utf-8")


class Tags(HTMLParser):
    """Every tag, attribute and text of a page, as a browser would take them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_one_file_that_asks_for_nothing(written) -> None:
    _, path, page = written
    assert path.name == "report.html"
    tags = Tags(page).tags
    assert {t for t, _ in tags} & {"link", "iframe", "object", "embed", "base", "form"} <= {"form"}
    for tag, attributes in tags:
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name != "style", (tag, value)
            if name in ("href", "src", "xlink:href", "srcset", "action"):
                assert (value or "").startswith(("#", "data:image/webp;base64,")), (tag, name, (value or "")[:60])
    assert len([t for t, _ in tags if t == "script"]) == 1
    assert "@import" not in page
    assert not re.search(r"url\((?!#)", page)
    policy = next(a["content"] for t, a in tags if t == "meta" and a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert "unsafe" not in policy


def test_every_link_leads_somewhere(written) -> None:
    tags = Tags(written[2]).tags
    ids = [a["id"] for _, a in tags if a.get("id")]
    assert len(ids) == len(set(ids))
    missing = {a["href"] for t, a in tags if t in ("a", "use") and "href" in a and a["href"][1:] not in set(ids)}
    assert not missing


def test_says_what_was_not_read_and_what_was_left_out(written) -> None:
    portfolio, _, page = written
    words = " ".join(" ".join(Tags(page).words).split())
    for row in portfolio.contracts[portfolio.contracts["status"] != "ok"].to_dict("records"):
        assert row["file"] in words
        assert row["reason"] in words
    assert "Status ◐ partial" in words
    unscored = int((portfolio.exposures["status"] == "unscored").sum())
    assert f"{unscored} of {len(portfolio.exposures)} components have no figure and are in no total" in words
    assert words.count("Decision support, not legal advice") == 1
    assert "The assumptions are illustrative." in words
    for sha in portfolio.contracts["contract_id"]:
        assert sha in words


def test_every_finding_is_listed_with_its_words(written) -> None:
    portfolio, _, page = written
    assert page.count('<article class="finding"') == len(portfolio.responsibilities) + len(portfolio.provisions)
    assert page.count("<blockquote>") == page.count('<article class="finding"')
    assert "deadline: <bdi>within thirty (30) days</bdi>" in page
    assert '<mark class="vague" title="leaves the duty open">from time to time</mark>' in page
    assert "1.5 % per month" in page
    assert "the greater of fees of 12 months and EUR 50,000" in page


def test_operands_quote_the_clause_and_link_to_the_finding(written) -> None:
    page = written[2]
    rows = re.findall(r'<q class="words"><bdi>(.*?)</bdi></q>\s*<a href="#(f\d+)">(\d+, page \d+)</a>', page)
    assert rows
    for quote, key, _ in rows:
        article = page[page.index(f'id="{key}"') :]
        assert quote in article[: article.index("</blockquote>")]


def test_percentiles_are_never_added(written) -> None:
    portfolio, _, page = written
    p95 = portfolio.exposures.groupby("currency")["p95"].sum()
    for value in p95:
        assert f"{value:,.0f}" not in page


def test_titles_come_from_the_caller_and_empty_categories_stay(written) -> None:
    page = written[2]
    assert "Loss we cannot recover" in page
    assert '<th scope="row">User management</th>' in page
    assert '<th scope="row">Other</th>' not in page
    assert ">Pay on time<" in page


def test_pictures_are_there_once(written) -> None:
    page = written[2]
    uris = re.findall(r'href="(data:image/webp[^"]+)"', page)
    assert len(uris) == len(set(uris))
    assert page.count('<details class="picture">') == page.count('<article class="finding"')
    assert "does not" not in page[page.index("<h3>Pictures</h3>") :][:300]


def test_same_input_same_bytes(written, tmp_path: Path) -> None:
    portfolio, path, _ = written
    again = write_report(portfolio, tmp_path / "again.html", pdf_folder=path.parent, titles=TITLES)
    assert again.name == "again.html"
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(path.read_bytes()).digest()
    assert not list(tmp_path.glob("*.part"))


def test_budget_bounds_pictures_and_says_so(written, tmp_path: Path) -> None:
    portfolio, path, _ = written
    small = write_report(
        portfolio, tmp_path, pdf_folder=path.parent, titles=TITLES, picture_budget=60_000, max_findings=100
    ).read_text()
    assert sum(map(len, re.findall(r'href="(data:[^"]+)"', small))) <= 60_000
    assert small.count('<article class="finding"') == 100
    hidden = len(portfolio.responsibilities) + len(portfolio.provisions) - 100
    assert f"{hidden} of lower rank are in the tables only" in small
    assert "more say page and section only" in small


def test_lines_are_bounded_and_links_still_lead_somewhere(
    written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("risklib.report.AGREEMENTS", 3)
    page = write_report(written[0], tmp_path, max_findings=20, max_lines=5).read_text()
    assert page.count('<details class="line') == 5
    assert "5 lines with the largest share" in page
    test_every_link_leads_somewhere((None, None, page))


def test_without_pdfs_it_says_page_and_section(written, tmp_path: Path) -> None:
    page = write_report(written[0], tmp_path).read_text()
    assert "data:image" not in page
    assert "page 2" in page


def test_nothing_found_nothing_priced(tmp_path: Path) -> None:
    portfolio = sample(contracts=2)
    portfolio.contracts = portfolio.contracts[portfolio.contracts["status"] == "failed"]
    for name in ("clauses", "responsibilities", "provisions", "exposures", "operands", "deals", "totals", "curve"):
        setattr(portfolio, name, getattr(portfolio, name).iloc[:0])
    page = " ".join(write_report(portfolio, tmp_path).read_text().split())
    assert "✕ failed" in page
    assert "No component could be priced" in page
    assert "nothing found, because it could not be read" in page


@pytest.mark.parametrize(
    ("name", "make", "reason"),
    [
        ("gone.pdf", None, "was not found"),
        ("changed.pdf", b"%PDF-1.4 other bytes", "has changed since it was analysed"),
        ("torn.pdf", "same", "cannot be drawn"),
    ],
)
def test_files_without_pictures_are_named(tmp_path: Path, name: str, make: object, reason: str) -> None:
    data = b"%PDF-1.4 torn" if make == "same" else make
    if data:
        (tmp_path / name).write_bytes(data)
    sha = hashlib.sha256(b"%PDF-1.4 torn").hexdigest()
    pictures = cut_pictures([Wanted("a", sha, name, ((1, 10.0, 10.0, 90.0, 20.0),))], in_folder(tmp_path), budget=10**6)
    assert not pictures.windows
    assert len(pictures.problems) == 1
    assert name in pictures.problems[0]
    assert reason in pictures.problems[0]


def test_windows_lie_on_their_strips_and_hold_their_marks(tmp_path: Path) -> None:
    portfolio = sample(tmp_path, contracts=2, hostile=False)
    row = portfolio.contracts.iloc[0]
    wanted = [
        Wanted(str(k), row["contract_id"], row["file"], tuple(tuple(b) for b in c["bbox"]))
        for k, c in enumerate(portfolio.clauses.to_dict("records"))
    ]
    wanted.append(Wanted("off", row["contract_id"], row["file"], ((99, 1.0, 1.0, 2.0, 2.0),)))
    pictures = cut_pictures(wanted, in_folder(tmp_path), budget=10**7)
    strips = {s.id: s for s in pictures.strips}
    assert set(pictures.windows) == {w.key for w in wanted} - {"off"}
    for window in (w for ws in pictures.windows.values() for w in ws):
        strip = strips[window.strip]
        assert strip.x - 0.01 <= window.x
        assert window.x + window.width <= strip.x + strip.width + 0.01
        assert strip.y - 0.01 <= window.y
        assert window.y + window.height <= strip.y + strip.height + 0.01
        for x, y, width, height in window.marks:
            assert window.x <= x
            assert x + width <= window.x + window.width
            assert window.y <= y
            assert y + height <= window.y + window.height


# ---------------------------------------------------------------- in a browser, network off


def test_draws_filters_and_stays_inert_in_a_browser(written) -> None:
    portfolio, path, _ = written
    with opened(path) as page:
        assert page.js("document.title").startswith("Portfolio risk report")
        assert page.js("document.querySelectorAll('svg.chart').length") == 6
        assert page.js("[...document.querySelectorAll('svg.chart')].every(s => s.getBoundingClientRect().height > 60)")
        # Contract text is text.
        assert page.js("document.scripts.length") == 1
        assert page.js("document.querySelectorAll('main img, main script, main iframe, bdi *:not(mark)').length") == 0
        shown = page.js(
            "[...document.querySelectorAll('blockquote')].map(b => b.textContent).find(s => s.includes('script'))"
        )
        assert shown == HOSTILE.replace("\u202e", "⟨U+202E⟩").replace("\u202c", "⟨U+202C⟩")
        # A cell of the map filters the list.
        count = int(
            page.js("(() => { const c = document.querySelector('button.cell'); c.click(); return c.textContent; })()")
        )
        visible = "[...document.querySelectorAll('.finding')].filter(f => f.checkVisibility()).length"
        assert page.js(visible) == count
        page.js("document.querySelector('#clear').click()")
        page.js(
            "(() => { const w = document.querySelector('#by-words'); w.value = 'reverse engineer'; w.dispatchEvent(new Event('input')); })()"
        )
        assert page.js(f"new Promise(done => setTimeout(() => done({visible}), 500))") == int(
            portfolio.responsibilities["text"].str.contains("reverse engineer").sum()
        )
        page.js("document.querySelector('#clear').click()")
        # A link from an operand opens the finding it was read from.
        key = page.js("document.querySelector('.operands a').getAttribute('href').slice(1)")
        page.js(f"location.hash = '{key}'")
        assert page.js(
            f"new Promise(done => setTimeout(() => done(document.getElementById('{key}').checkVisibility()), 300))"
        )
        # The picture opens and has pixels.
        size = page.js(
            f"(() => {{ const d = document.querySelector('#{key} .picture'); d.open = true; const b = d.querySelector('use').getBoundingClientRect(); return [b.width, b.height]; }})()"
        )
        assert min(size) > 40
        asked = {e["request"]["url"].split(":")[0] for e in page.of("Network.requestWillBeSent")}
        assert asked <= {"file", "data"}
        assert not page.of("Log.entryAdded")
        assert not page.of("Runtime.exceptionThrown")


# ---------------------------------------------------------------- words and numbers


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"amount": 50000, "currency": "EUR"}, ["EUR 50,000"]),
        ({"amount": 50000}, ["50,000 (currency unknown)"]),
        ({"percent": 1.5, "per": "month", "grace_days": 10}, ["1.5 % per month", "grace 10 days"]),
        ({"percent": 5, "per": "once"}, ["5 % once"]),
        ({"amount": 95, "currency": "AUD", "per": "month"}, ["AUD 95 per month"]),
        ({"fee_months": 12, "legal_maximum": True}, ["fees of 12 months", "legal maximum"]),
        (
            {"comparator": "lesser", "alternatives": [{"fee_multiple": 2}, {"amount": 10, "currency": "GBP"}]},
            ["the lesser of 2 × fees and GBP 10"],
        ),
        (
            {"availability_percent": 99.95, "covers": ["data breach", "<b>"]},
            ["availability 99.95 %", "covers: data breach | <b>"],
        ),
        ({"notice_days": None}, []),
    ],
)
def test_chips(values: dict, expected: list[str]) -> None:
    assert text.chips(text.as_mapping(values)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": 1, "b": None}, {"a": 1}),
        ('{"a": 1}', {"a": 1}),
        ([("a", 1)], {"a": 1}),
        (None, {}),
        (float("nan"), {}),
        ("", {}),
    ],
)
def test_values_in_any_form(value: object, expected: dict) -> None:
    assert text.as_mapping(value) == expected


@pytest.mark.parametrize(
    "value",
    [[[2, 1, 2, 3, 4]], "[[2, 1, 2, 3, 4]]", np.array([np.array([2.0, 1, 2, 3, 4])], dtype=object), ((2, 1, 2, 3, 4),)],
)
def test_boxes_in_any_form(value: object) -> None:
    assert text.boxes(value) == [(2, 1.0, 2.0, 3.0, 4.0)]


@pytest.mark.parametrize(
    ("value", "currency", "expected"),
    [
        (None, "EUR", "–"),
        (float("nan"), "EUR", "–"),
        (pd.NA, None, "–"),
        (0, "EUR", "EUR 0"),
        (12.5, "USD", "USD 12.50"),
        (1234567.8, "USD", "USD 1,234,568"),
        (7, None, "7 (currency unknown)"),
    ],
)
def test_money_is_never_zero_or_dollars_by_default(value: object, currency: str | None, expected: str) -> None:
    assert text.money(value, currency) == expected


@given(st.text(), st.lists(st.text(max_size=8), max_size=4))
def test_marked_text_is_escaped_and_whole(words: str, vague: list[str]) -> None:
    shown = Tags(str(text.marked(words, vague)).replace("\r", "\n"))
    assert {t for t, _ in shown.tags} <= {"mark"}
    assert "".join(shown.words) == text.visible(words).replace("\r", "\n")
    assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x00") & set("".join(shown.words))


@given(st.integers(0, 500), st.integers(1, 500))
def test_shades_keep_the_order(count: int, top: int) -> None:
    assert (shade(count, top) == 0) == (count == 0)
    assert shade(count, top) <= shade(count + 1, top) <= 5

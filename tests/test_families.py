"""Families: which papers belong together, what replaces what, and one exposure for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from drawn import agreement

from risklib import Portfolio, analyze
from risklib.families import Column, Family, link
from risklib.families.overrides import Override, Said, settle
from risklib.families.papers import Mention, Paper, Quote, Ranking, describe
from risklib.families.precedence import order_of
from risklib.records import BOTH, CUSTOMER, Provision

DATA = Path(__file__).resolve().parents[1] / "data"
QUOTE = Quote("x", "c0001", 0, 10, "the words", 1, ())


def paper(
    id: str, title: str, kind: str, dated: date | None = None, rules: tuple[str, ...] = (), **more: object
) -> Paper:
    names = ("alder freight", "quill metrics")
    rankings = tuple(Ranking(order, QUOTE) for r in rules if (order := order_of(r)))
    head = "alder freight and quill metrics agree as follows"
    given: dict[str, object] = {"numbers": frozenset(), "dates": frozenset({dated} if dated else ()), "head": head}
    return Paper(id, f"{id}.pdf", title, kind, dated, names, rankings=rankings, **(given | more))  # type: ignore[arg-type]


def mention(title: str, dated: date | None = None, numbers: tuple[str, ...] = (), relation: str = "under") -> Mention:
    return Mention(relation, title, dated, frozenset(numbers), QUOTE)


MASTER = paper("m", "Master Services Agreement", "agreement", date(2024, 1, 15), numbers=frozenset({"QM-204"}))
OTHER = paper("o", "Hosting Agreement", "agreement", date(2024, 1, 15))

# ---------------------------------------------------------------- what belongs together


@pytest.mark.parametrize(
    ("named", "parent"),
    [
        (mention("Master Services Agreement", date(2024, 1, 15)), "m"),
        (mention("MASTER SERVICES AGREEMENT"), "m"),
        (mention("Services Agreement", numbers=("QM-204",)), "m"),
        (mention("Agreement", date(2024, 1, 15), numbers=("QM-204",)), "m"),
        (mention("Hosting Agreement", date(2024, 1, 15)), "o"),
        (mention("Master Services Agreement", date(2019, 6, 1)), None),  # another one of that name
        (mention("Licence Agreement", date(2024, 1, 15)), None),
        (mention("Agreement"), None),
    ],
)
def test_a_paper_finds_the_agreement_that_it_names(named: Mention, parent: str | None) -> None:
    order = paper("f", "Order Form", "order", date(2025, 1, 1), mentions=(named,))
    families, _ = link([OTHER, order, MASTER])
    (family,) = (f for f in families if order in [m.paper for m in f.members])
    assert family.head.contract_id == (parent or "f")


def test_no_family_without_a_common_party() -> None:
    stranger = paper("f", "Order Form", "order", mentions=(mention("Master Services Agreement", date(2024, 1, 15)),))
    foreign = Paper(
        "z", "z.pdf", MASTER.title, "agreement", MASTER.dated, ("beech bank",), frozenset(), MASTER.dates, "beech"
    )
    assert len(link([stranger, foreign])[0]) == 2


def test_two_that_fit_alike_are_not_guessed() -> None:
    twin = paper("n", "Master Services Agreement", "agreement", date(2024, 1, 15))
    order = paper("f", "Order Form", "order", mentions=(mention("Master Services Agreement"),))
    families, notes = link([MASTER, twin, order])
    assert len(families) == 3
    assert "m.pdf, n.pdf" in notes[0]
    families, notes = link([MASTER, twin, order], {"f": Column(parent="n.pdf")})
    assert (len(families), notes) == (2, ())


def test_columns_of_the_facts() -> None:
    order, lost = paper("f", "Order Form", "order"), paper("g", "Order Form", "order")
    columns = {"m": Column("quill"), "f": Column("Quill"), "g": Column(parent="nowhere.pdf")}
    families, notes = link([order, MASTER, lost], columns)
    assert sorted(len(f.members) for f in families) == [1, 2]
    assert "nowhere.pdf" in notes[0]


@pytest.mark.parametrize(("as_of", "head"), [(date(2026, 1, 1), "n"), (date(2024, 6, 1), "m"), (None, "n")])
def test_versions(as_of: date | None, head: str) -> None:
    newer = paper("n", "Master Services Agreement", "agreement", date(2025, 1, 15))
    columns = {"m": Column("quill"), "n": Column("quill")}
    families, _ = link([MASTER, newer], columns, as_of)
    assert [f.head.contract_id for f in families] == [head]
    assert [m.relation for m in families[0].members] == ["head", "version"]
    assert len(families[0].terms) == 1


def test_circles_end() -> None:
    a = paper("a", "Order Form", "order")
    b = paper("b", "Statement of Work", "sow")
    families, notes = link([a, b], {"a": Column(parent="b.pdf"), "b": Column(parent="a.pdf")})
    assert [len(f.members) for f in families] == [2]
    assert "name each other" in notes[0]


# ---------------------------------------------------------------- what holds

RULE = "If the Order Form and this Agreement conflict, the Order Form prevails, save that clause 9 stands unless it says so expressly."


def said(id: str, values: Mapping[str, object], number: str = "5", kind: str = "late_payment", text: str = "") -> Said:
    party = BOTH if kind == "liability_cap" else CUSTOMER
    return Said(id, Provision("c0001", 0, 10, kind, party, 0.9, "model", values), number, text)


def settled(
    rules: tuple[str, ...], old: list[Said], new: list[Said], kind: str = "order"
) -> tuple[tuple[Said, ...], tuple[Override, ...]]:
    master = paper("m", MASTER.title, "agreement", MASTER.dated, rules)
    below = paper("f", "Order Form", kind, date(2025, 1, 1))
    (family,), _ = link([master, below], {"f": Column(parent="m.pdf")})
    return settle(family, {"m": old, "f": new})


CAP = {"effect": "limit", "fee_months": 12}


@pytest.mark.parametrize(
    ("rules", "old", "new", "kind", "status", "left"),
    [
        ((RULE,), {"percent": 4, "per": "year"}, {"percent": 6, "per": "year"}, "order", "replaced", [{"percent": 6, "per": "year"}]),
        ((), {"percent": 4}, {"percent": 6}, "order", "contested", [{"percent": 4}]),
        ((), {"percent": 4}, {"percent": 6}, "amendment", "replaced", [{"percent": 6}]),
        (("If papers conflict, this Agreement prevails over any Order Form.",), {"percent": 4}, {"percent": 6}, "order", "kept", [{"percent": 4}]),
        ((RULE,), {"percent": 4}, {"percent": 4}, "order", None, [{"percent": 4}]),
        ((RULE,), {"reference": "Order Form"}, {"percent": 6}, "order", "filled", [{"reference": "Order Form"}, {"percent": 6}]),
        # each number keeps its own place: the notice is the order form's, the term the agreement's
        ((RULE,), {"term_months": 12, "notice_days": 60}, {"notice_days": 90}, "order", "replaced", [{"term_months": 12}, {"notice_days": 90}]),
        # a sum takes the place of months of fees: both are the limit
        ((RULE,), CAP, {"effect": "limit", "amount": 5, "currency": "EUR"}, "order", "replaced", [{"effect": "limit", "amount": 5, "currency": "EUR"}]),
        ((RULE,), {"amount": 5, "currency": "EUR"}, {"amount": 5, "currency": "USD"}, "order", "replaced", [{"amount": 5, "currency": "USD"}]),
    ],
)  # fmt: skip
def test_terms_that_hold(
    rules: tuple[str, ...],
    old: dict[str, object],
    new: dict[str, object],
    kind: str,
    status: str | None,
    left: list[object],
) -> None:
    terms, found = settled(rules, [said("m", old)], [said("f", new)], kind)
    assert [o.status for o in found] == ([status] if status else [])
    assert [dict(t.provision.values) for t in terms] == left


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("The total liability of each party is 5 euros.", "kept"),
        ("Notwithstanding clause 9.3, the total liability of each party is 5 euros.", "replaced"),
        ("As clause 5 says, the total liability of each party is 5 euros.", "kept"),
    ],
)
def test_a_spared_clause_yields_only_to_express_words(text: str, status: str) -> None:
    new = said("f", {"effect": "limit", "amount": 5}, "3", "liability_cap", text)
    _, found = settled((RULE,), [said("m", CAP, "9.3", "liability_cap")], [new])
    assert [o.status for o in found] == [status]


def test_another_kind_or_party_is_no_rival() -> None:
    terms, found = settled((RULE,), [said("m", {"percent": 4})], [said("f", {"percent": 6}, kind="price_increase")])
    assert (len(terms), found) == (2, ())


# ---------------------------------------------------------------- from the PDFs


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Portfolio:
    """The sample master agreement with its order form and its amendment, and both versions of another agreement."""
    names = ("harbour_msa", "harbour_order_2026", "harbour_amendment_1", "aurora_voice_2024", "aurora_voice_2026")
    files = [DATA / "agreements" / f"{n}.pdf" for n in names]
    return analyze(files, facts=DATA / "portfolio.csv", as_of="2026-11-01", trials=200, workers=2)


def test_the_sample_family(harbour: Portfolio) -> None:
    families = harbour.families.set_index("file")
    assert list(families.loc[families["family"] == "harbour", "relation"]) == ["head", "under", "amends"]
    assert families.loc["harbour_order_2026.pdf", "linked_by"] == "reference"
    assert "HA-2024-117" in families.loc["harbour_order_2026.pdf", "text"]
    assert families.loc["aurora_voice_2024.pdf", "relation"] == "version"


@pytest.mark.parametrize(
    ("status", "provision", "holds", "yields"),
    [
        ("replaced", "late_payment", ("harbour_order_2026.pdf", "2.2", {"percent": 6, "per": "year", "above": "base rate"}), ("harbour_msa.pdf", "5.4", {"percent": 4, "per": "year", "above": "base rate"})),
        ("replaced", "minimum_commitment", ("harbour_order_2026.pdf", "2.4", {"amount": 240000, "currency": "GBP"}), ("harbour_msa.pdf", "", {"amount": 180000, "currency": "GBP"})),
        ("replaced", "auto_renewal", ("harbour_amendment_1.pdf", "1.1", {"term_months": 24, "notice_days": 120}), ("harbour_msa.pdf", "11.1", {"term_months": 12, "notice_days": 90})),
    ],
)  # fmt: skip
def test_the_planted_overrides(
    harbour: Portfolio, status: str, provision: str, holds: tuple[object, ...], yields: tuple[object, ...]
) -> None:
    o = harbour.overrides
    (row,) = o[(o["provision"] == provision) & (o["status"] == status)].to_dict("records")
    assert (row["holds_file"], row["holds_clause"], row["holds_values"]) == holds
    assert (row["yields_file"], row["yields_clause"], row["yields_values"]) == yields
    assert row["holds_page"] == 1
    assert row["basis"]


def test_the_order_forms_limit_does_not_touch_clause_9(harbour: Portfolio) -> None:
    """The agreement spares clause 9 unless the order form says so expressly; the amendment replaces it by name."""
    o = harbour.overrides
    kept = o[(o["status"] == "kept") & (o["yields_file"] == "harbour_order_2026.pdf")]
    assert {v["amount"] for v in kept["yields_values"]} == {250000}
    assert set(kept["contract_id"]) == {harbour.contract_id("harbour_msa")}  # the clause that decides stands there
    (cap,) = o[
        (o["status"] == "replaced") & (o["holds_file"] == "harbour_amendment_1.pdf") & (o["yields_clause"] == "9.3")
    ]["holds_values"]
    assert cap["amount"] == 750000
    assert "5.7" in set(o.loc[o["status"] == "clause deleted", "yields_clause"])


def test_a_family_is_counted_once(harbour: Portfolio) -> None:
    of = {
        f: harbour.contract_id(f)
        for f in ("harbour_msa", "harbour_order", "harbour_amendment", "voice_2024", "voice_2026")
    }
    exposures = harbour.exposures.groupby("contract_id").size().to_dict()
    assert exposures == {of["harbour_msa"]: 15, of["voice_2024"]: 15, of["voice_2026"]: 15}
    counted = harbour.totals[harbour.totals["level"] == "contract"]["name"]
    assert set(counted) == {of["harbour_msa"], of["voice_2026"]}
    old = harbour.exposures[harbour.exposures["contract_id"] == of["voice_2024"]]
    assert set(old["counted_with"]) == {of["voice_2026"]}
    vendor = harbour.totals[(harbour.totals["level"] == "vendor")].set_index("name")
    whole = harbour.totals[harbour.totals["level"] == "contract"].set_index("name")
    assert vendor.loc["Aurora Voice Networks, LLC", "expected"] == whole.loc[of["voice_2026"], "expected"]


def test_the_price_rests_on_the_terms_that_hold(harbour: Portfolio) -> None:
    operands = harbour.operands[
        (harbour.operands["component"] == "late_payment") & (harbour.operands["origin"] == "provision")
    ]
    (rate,) = operands[operands["contract_id"] == harbour.contract_id("harbour_msa")].to_dict("records")
    assert float(rate["value"]) == 6
    assert rate["paper"] == harbour.contract_id("harbour_order")
    assert rate["page"] == 1
    assert "clause 2.2 of harbour_order_2026.pdf" in harbour.explain("harbour_msa", "late_payment")
    assert "harbour_order_2026.pdf" in harbour.show(rate).caption  # the picture is of the paper that says it


def test_documents_that_nobody_gave(harbour: Portfolio) -> None:
    unread = harbour.unread.set_index("name")
    assert unread.loc["Harbour Model Risk Policy", "binds_customer"]
    assert unread.loc["Harbour Model Risk Policy", "page"] == 1
    assert "https://trust.harbour-analytics.example/model-risk" in unread.index
    assert not unread.index.str.contains("Master Subscription|Order Form").any()  # they are here
    assert any("Harbour Model Risk Policy" in note for note in harbour.meta["notes"])


def test_tables_survive_saving(harbour: Portfolio, tmp_path: Path) -> None:
    for format in ("parquet", "csv"):
        again = Portfolio.load(harbour.save(tmp_path / format, format=format))
        for table in ("families", "overrides", "unread"):
            assert list(again.tables[table].columns) == list(harbour.tables[table].columns)
            assert len(again.tables[table]) == len(harbour.tables[table])
        assert list(again.overrides["holds_values"]) == list(harbour.overrides["holds_values"])


def test_an_order_form_alone_names_its_agreement_as_unread(tmp_path: Path) -> None:
    opening = (
        "This Order Form is made on 4 May 2026 between Alder Freight Ltd (“Customer”) and Quill Metrics Inc. (“Provider”) "
        "and is governed by the Cloud Services Agreement dated 1 March 2025."
    )
    agreement(tmp_path / "form.pdf", ("1. Fees", "1.1 Customer shall pay each invoice within ten (10) days."),
              title="Order Form", opening=opening)  # fmt: skip
    portfolio = analyze(tmp_path, as_of="2026-11-01", trials=100, workers=1)
    (row,) = portfolio.unread.to_dict("records")
    assert (row["name"], row["kind"]) == ("Cloud Services Agreement", "agreement")
    assert portfolio.meta["outcome"] == "ok"


def test_an_amendments_own_date_is_not_the_one_it_names() -> None:
    from risklib.clauses import read_agreement
    from risklib.pdf import read

    found = describe(read_agreement(read(DATA / "agreements" / "harbour_amendment_1.pdf")))
    assert (found.kind, found.dated) == ("amendment", date(2026, 6, 1))
    assert [(c.number, c.how) for c in found.changes] == [("11.1", "replaced"), ("9.3", "replaced"), ("5.7", "deleted")]


def test_family_of_one() -> None:
    (family,), notes = link([MASTER])
    assert isinstance(family, Family)
    assert settle(family, {"m": [said("m", {"percent": 4})]})[1] == ()
    assert notes == ()

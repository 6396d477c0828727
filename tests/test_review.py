"""Review: decisions are kept apart, survive reruns, follow their words into other versions, or are queued with a reason."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pandas as pd
import pytest
from drawn import CLAUSES, agreement
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from risklib.clauses.anchors import Anchor
from risklib.cli import app
from risklib.errors import BadData
from risklib.labels import fingerprint, read_labels
from risklib.pipeline import analyze
from risklib.portfolio import Portfolio
from risklib.repricing import repriced, reviewed
from risklib.review import Decision, append, check, in_force, read_decisions
from risklib.review.tables import agreement_of
from risklib.review.text import lines_of
from risklib.trial import try_phrases
from risklib.whatif import what_if

ANCHOR = Anchor("Customer shall pay.", "", "", 1, "1.1", 0, 19)


def tables(folder: Path, clauses: tuple[str, ...] = CLAUSES, file: str = "alder.pdf") -> Portfolio:
    """An analysis saved as a person saves it, and loaded again; a second call is a rerun."""
    folder.mkdir(exist_ok=True)
    pdf = agreement(folder / file, clauses)
    out = folder / "tables"
    analyze(pdf, trials=100, workers=1, as_of="2026-11-01").save(out)
    return Portfolio.load(out)


@pytest.fixture(scope="module")
def analysed(tmp_path_factory: pytest.TempPathFactory) -> Portfolio:
    return tables(tmp_path_factory.mktemp("review"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "review.jsonl"


def decision(verdict: str = "accept", by: str = "Ann", **more: object) -> Decision:
    base = {"table": "responsibilities", "label": "payment_billing.taxes", "party": "customer"}
    return Decision(verdict, **{**base, "by": by, "file": "a.pdf", "contract_id": "x", "anchor": ANCHOR, **more})


def row_of(portfolio: Portfolio, table: str, words: str) -> pd.Series:
    frame = getattr(portfolio, table)
    return frame[frame["text"].str.contains(words, regex=False)].iloc[0]


def of(portfolio: Portfolio, table: str, contract: str, **cells: str) -> list[dict]:
    """The rows of one contract that have these values; missing cells are None, so that rows can be compared."""
    frame = portfolio.tables[table].astype(object)
    rows = frame.where(frame.notna(), None).to_dict("records")
    wanted = {"contract_id": portfolio.contract_id(contract), **cells}
    return [r for r in rows if all(r[k] == v for k, v in wanted.items())]


# ---------------------------------------------------------------- the file


def test_lines_are_added_never_changed_and_for_the_owner_alone(file: Path) -> None:
    first, second = decision(note="a"), decision(note="b\n\u2028 with breaks")
    append(file, first)
    before = file.read_bytes()
    append(file, second)
    assert file.read_bytes().startswith(before)
    assert read_decisions(file) == (first, second)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_line_torn_by_a_crash_costs_no_other(file: Path) -> None:
    append(file, decision())
    with file.open("a") as f:
        f.write('{"verdict": "acc')
    append(file, decision(by="Ben"))
    with pytest.raises(BadData, match=r"review\.jsonl:2: .*mend or delete this line"):
        read_decisions(file)
    lines = file.read_text().splitlines()
    file.write_text("\n".join([lines[0], lines[2]]) + "\n")
    assert [d.by for d in read_decisions(file)] == ["Ann", "Ben"]


@given(note=st.text(), quote=st.text(min_size=1), percent=st.floats(0, 100))
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, note: str, quote: str, percent: float
) -> None:
    path = tmp_path_factory.mktemp("r") / "review.jsonl"
    clean = quote.encode("utf-8", "ignore").decode()
    said = decision("correct", table="provisions", note=note.encode("utf-8", "ignore").decode(),
                    to={"values": {"percent": percent}}, anchor=Anchor(clean, "", "", 1, "", 0, 1))  # fmt: skip
    append(path, said)
    assert read_decisions(path) == (said,)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"verdict": "maybe"}, "no verdict; it is accept, correct, reject, add, drop"),
        ({"by": " "}, "say who decides"),
        ({"party": "vendor"}, "customer, provider, both"),
        ({"verdict": "correct"}, "nothing is corrected"),
        ({"to": {"page": 3}}, "page cannot be corrected"),
        ({"to": {"values": {}}}, "values cannot be corrected"),
        ({"to": {"modality": "wish"}}, "obligation or prohibition"),
        ({"table": "clauses"}, "holds no findings"),
        ({"table": "provisions", "to": {"values": "1.5%"}}, "must be a mapping"),
    ],
)
def test_faults_are_named_before_anything_is_written(file: Path, wrong: dict, says: str) -> None:
    with pytest.raises(BadData, match=says):
        append(file, decision(**wrong))
    assert not file.exists()


def test_the_last_word_counts_and_disagreement_is_told() -> None:
    ann, again, ben = decision(), decision("reject"), decision("accept", by="Ben")
    assert [s.decision for s in in_force([ann, again])] == [again]
    assert in_force([ann, again])[0].against is None  # she changed her mind
    assert in_force([again, ben])[0] == (ben, again)
    settled = decision("accept", by="Cleo", replaces=ben.id)
    assert in_force([ben, settled])[0].against is None
    assert in_force([ann, decision("drop", replaces=ann.id)]) == ()


# ---------------------------------------------------------------- over tables


def test_the_text_is_rebuilt_at_the_offsets_of_the_reading(analysed: Portfolio) -> None:
    (id,) = analysed.contracts["contract_id"]
    text = agreement_of(analysed.tables, id).document.text
    for table in ("responsibilities", "provisions"):
        for x in analysed.tables[table].to_dict("records"):
            assert text[x["start"] : x["end"]] == x["text"]
    for c in analysed.clauses.to_dict("records"):
        assert c["text"].removeprefix(c["heading"]).strip() in text


def test_each_verdict_does_what_it_says(analysed: Portfolio, file: Path) -> None:
    mine = analysed.review(by="Ann", file=file)
    tax, secret, late = (
        row_of(analysed, "responsibilities", "taxes on the fees"),
        row_of(analysed, "responsibilities", "passwords secret"),
        row_of(analysed, "provisions", "1.5%"),
    )
    mine.accept(tax, "as in the order form")
    mine.reject(secret)
    mine.correct(late, values={"percent": 1.0, "per": "month"})
    mine.add("alder", "This Agreement is governed by the laws of Ireland.", "data_management.backup", "customer")
    seen = analysed.reviewed(file)
    duties, terms = seen.responsibilities, seen.provisions
    (accepted,) = duties[duties["review"] == "accepted"].to_dict("records")
    assert (accepted["text"], accepted["reviewed_by"]) == (tax["text"], "Ann")
    same = (duties["responsibility"] == secret["responsibility"]) & (duties["start"] == secret["start"])
    assert not same.any()
    assert terms[terms["review"] == "corrected"]["values"].tolist() == [{"percent": 1.0, "per": "month"}]
    (added,) = duties[duties["review"] == "added"].to_dict("records")
    assert (added["category"], added["page"], added["method"]) == ("data_management", 1, "review")
    assert added["bbox"]
    assert dict(duties.dtypes[list(analysed.responsibilities)]) == dict(analysed.responsibilities.dtypes)
    assert "Amounts are those of the analysis before" in seen.meta["notes"][-1]
    assert mine.open.empty


def test_a_decision_can_be_decided_again_and_dropped(analysed: Portfolio, file: Path) -> None:
    mine = analysed.review(by="Ann", file=file)
    late = row_of(analysed, "provisions", "1.5%")
    mine.correct(late, party="both")
    shown = analysed.reviewed(file).provisions.query("review == 'corrected'").iloc[0]
    last = mine.correct(shown, values={"percent": 2.0})
    both = analysed.reviewed(file).provisions.query("review == 'corrected'").iloc[0]
    assert (both["party"], both["values"]) == ("both", {"percent": 2.0})
    mine.drop(last.id)
    pd.testing.assert_frame_equal(analysed.reviewed(file).provisions[list(analysed.provisions)], analysed.provisions)
    with pytest.raises(BadData, match="holds no decision"):
        mine.drop("0" * 12)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda r, p: r.correct(p.responsibilities.iloc[0], responsibility="payment_billing.taxs"), "taxes"),
        (lambda r, p: r.add("alder", "words that nobody wrote", "data_management.backup", "customer"), "not in this"),
        (lambda r, p: r.add("alder", "Customer", "data_management.backup", "customer"), "several places"),
        (lambda r, p: r.accept(p.contracts.iloc[0]), "is no finding"),
        (lambda r, p: p.review(by="", file=r.path).accept(p.responsibilities.iloc[0]), "say who decides"),
    ],
)
def test_what_cannot_be_is_refused(analysed: Portfolio, file: Path, call: object, says: str) -> None:
    with pytest.raises(BadData, match=says):
        call(analysed.review(by="Ann", file=file), analysed)  # type: ignore[operator]
    assert not file.exists()


def test_a_portfolio_without_a_folder_asks_for_one(analysed: Portfolio) -> None:
    unsaved = Portfolio(analysed.contracts)
    with pytest.raises(BadData, match="give file="):
        unsaved.review(by="Ann")


# ---------------------------------------------------------------- reruns and versions


def test_every_decision_survives_a_rerun(tmp_path: Path) -> None:
    first = tables(tmp_path)
    mine = first.review(by="Ann")
    rows = [first.tables[t].iloc[k] for t in ("responsibilities", "provisions") for k in range(len(first.tables[t]))]
    for k, row in enumerate(rows):
        (mine.accept, mine.reject)[k % 2](row, note=str(k))
    before = (tmp_path / "tables" / "review.jsonl").read_bytes()
    again = tables(tmp_path)
    assert (tmp_path / "tables" / "review.jsonl").read_bytes() == before
    found = again.review().decisions
    assert len(found) == len(rows)
    assert set(found["state"]) == {"holds"}
    kept = [again.reviewed().tables[t]["review"].eq("accepted").sum() for t in ("responsibilities", "provisions")]
    assert sum(kept) == (len(rows) + 1) // 2


def test_a_finding_that_the_analysis_lost_stays_where_it_was_accepted(analysed: Portfolio, file: Path) -> None:
    tax = row_of(analysed, "responsibilities", "taxes on the fees")
    analysed.review(by="Ann", file=file).accept(tax)
    blind = Portfolio.of_rows({n: f.to_dict("records") for n, f in analysed.tables.items()}, analysed.meta)
    blind = Portfolio(**{**blind.tables, "responsibilities": blind.responsibilities.iloc[:0]}, meta=blind.meta)
    (kept,) = blind.reviewed(file).responsibilities.to_dict("records")
    assert (kept["text"], kept["review"], kept["method"]) == (tax["text"], "accepted", "review")
    assert (kept["clause_id"], kept["page"]) == (tax["clause_id"], tax["page"])


def test_a_new_version_moves_decisions_and_queues_what_changed(tmp_path: Path) -> None:
    old = tables(tmp_path)
    mine = old.review(by="Ann")
    for words in ("taxes on the fees", "passwords secret", "thirty (30) days", "reverse engineer"):
        mine.accept(row_of(old, "responsibilities", words), note=words)
    clauses = ["1. Deliveries", "1.1 Provider shall deliver the Service on weekdays."]
    for c in CLAUSES:
        changed = c.replace("thirty (30) days", "ten (10) days")
        if "reverse engineer" not in c:
            clauses.append(changed)
    new = tables(tmp_path, tuple(clauses))
    states = new.review().decisions.set_index("note")
    assert states.loc["taxes on the fees", "state"] == states.loc["passwords secret", "state"] == "holds"
    assert states.loc["reverse engineer", "why"] == "its words are no longer there"
    assert "ten" in states.loc["thirty (30) days", "why"]
    assert set(new.review().open["note"]) == {"reverse engineer", "thirty (30) days"}
    assert len(new.reviewed().responsibilities.query("review == 'accepted'")) == 2
    reworded = new.review().open.set_index("note").loc["thirty (30) days"]
    assert "ten (10) days" in reworded["text"]
    new.review(by="Ann").confirm(reworded["decision"], "the new period is fine")
    assert set(new.review().open["note"]) == {"reverse engineer"}
    assert len(new.reviewed().responsibilities.query("review == 'accepted'")) == 3


def test_another_file_name_must_be_named(tmp_path: Path) -> None:
    old = tables(tmp_path / "a")
    old.review(by="Ann", file=tmp_path / "r.jsonl").accept(row_of(old, "responsibilities", "taxes on the fees"))
    new = tables(tmp_path / "b", (*CLAUSES, "5. Notices"), file="alder_2.pdf")
    (lost,) = new.review(file=tmp_path / "r.jsonl").open.to_dict("records")
    assert lost["why"].startswith("alder.pdf is not in this portfolio")
    assert new.review(file=tmp_path / "r.jsonl", versions={"alder.pdf": "alder_2.pdf"}).open.empty


def test_those_who_disagree_are_shown(analysed: Portfolio, file: Path) -> None:
    row = row_of(analysed, "responsibilities", "taxes on the fees")
    analysed.review(by="Ann", file=file).reject(row, "the provider pays")
    analysed.review(by="Ben", file=file).accept(row)
    (one,) = analysed.review(file=file).open.to_dict("records")
    assert (one["state"], one["why"]) == ("contested", "Ann said reject: the provider pays")


# ---------------------------------------------------------------- money


def test_without_corrections_every_amount_stays(samples: Portfolio) -> None:
    again = repriced(samples, samples)
    for table in ("exposures", "operands", "totals", "curve"):
        pd.testing.assert_frame_equal(getattr(again, table), getattr(samples, table))


@pytest.mark.parametrize(
    ("provision", "party", "values", "component"),
    [
        ("late_payment", "customer", {"percent": 30, "per": "year"}, "late_payment"),
        ("liability_cap", "provider", None, "unrecovered_loss"),  # rejected
    ],
)
def test_a_correction_costs_what_the_other_term_would(
    samples: Portfolio, file: Path, provision: str, party: str, values: dict | None, component: str
) -> None:
    mine = samples.review(by="Ann", file=file)
    for row in of(samples, "provisions", "fjord", provision=provision):
        if row["party"] in (party, "both"):
            mine.reject(row) if values is None else mine.correct(row, values=values)
    seen = reviewed(samples, file)
    what = what_if(samples, "fjord", provision, party, remove=values is None, **values or {})
    (wanted,) = what.loc[what["component"] == component, "likely_after"]
    (moved,) = of(seen, "exposures", "fjord", component=component)
    assert moved["likely"] == pytest.approx(wanted)
    assert of(seen, "exposures", "harbour_msa") == of(samples, "exposures", "harbour_msa")
    assert not seen.totals.equals(samples.totals)
    assert seen.meta["notes"][-1] == "Priced anew with the corrected terms: fjord_analytics.pdf."
    assert all(o["page"] > 0 for o in of(seen, "operands", "fjord", origin="provision"))


def test_in_a_family_the_paper_that_prevails_is_the_one_to_correct(samples: Portfolio, file: Path) -> None:
    mine = samples.review(by="Ann", file=file)
    (before,) = of(samples, "exposures", "harbour_msa", component="late_payment")
    for name in ("harbour_msa", "harbour_order_2026"):  # the order form's rate holds
        row = of(samples, "provisions", name, provision="late_payment")[0]
        mine.correct(row, values={**row["values"], "percent": 60})
        (after,) = of(reviewed(samples, file), "exposures", "harbour_msa", component="late_payment")
        assert (after["likely"] > 2 * before["likely"]) == (name == "harbour_order_2026")


# ---------------------------------------------------------------- out


def test_export_teaches_only_what_was_decided_whole(analysed: Portfolio, file: Path, tmp_path: Path) -> None:
    mine = analysed.review(by="Ann", file=file)
    tax, late = row_of(analysed, "responsibilities", "taxes on the fees"), row_of(analysed, "provisions", "1.5%")
    for table in ("responsibilities", "provisions"):
        frame = analysed.tables[table]
        for _, row in frame[frame["text"] == tax["text"]].iterrows():
            mine.accept(row)
        for _, row in frame[frame["text"] == late["text"]].iterrows():
            mine.reject(row)
    out = tmp_path / "labels.csv"
    assert mine.export(out) == 2
    ((contract, sentences),) = read_labels(out).items()
    assert analysed.contracts["contract_id"].iloc[0].startswith(contract)
    assert sentences[fingerprint(late["text"])] == ()
    assert ("customer", "+", tax["responsibility"]) in sentences[fingerprint(tax["text"])]
    assert "taxes" not in out.read_text().replace("payment_billing.taxes", "")
    assert mine.export(tmp_path / "examples.yaml") == 2
    assert tax["text"][:40] in (tmp_path / "examples.yaml").read_text()
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_lines_of_a_place_are_those_that_hold_it() -> None:
    clause = {"contract_id": "x", "clause_id": "c1", "start": 0, "end": 300, "page": 1}
    clause["bbox"] = [[1, 50, y, 550, y + 10] for y in (100, 112, 124)]
    assert [b[2] for b in lines_of([clause], 110, 190)] == [112]
    assert [b[2] for b in lines_of([clause], 0, 300)] == [100, 112, 124]
    assert lines_of([clause], 300, 310) == []


def test_the_command_lists_what_is_open(tmp_path: Path) -> None:
    portfolio = tables(tmp_path)
    row = row_of(portfolio, "responsibilities", "taxes on the fees")
    portfolio.review(by="Ann").reject(row)
    portfolio.review(by="Ben").accept(row, note="\x1b[31mred")
    shown = CliRunner().invoke(app, ["review", str(tmp_path / "tables")])
    assert shown.exit_code == 0
    assert "contested: alder.pdf 1.3, page 1: accept" in shown.output
    assert "1 decisions, 1 open" in shown.output
    found = json.loads(CliRunner().invoke(app, ["review", str(tmp_path / "tables"), "--json"]).output)
    assert (found["decisions"], len(found["open"]), found["exported"]) == (1, 1, None)
    told = CliRunner().invoke(app, ["review", str(tmp_path / "tables"), "--out", str(tmp_path / "decided")])
    assert "the tables with these decisions" in told.output
    assert set(Portfolio.load(tmp_path / "decided").responsibilities["review"].dropna()) == set()  # they disagree
    with pytest.raises(BadData, match=r"'procent' is no value of a provision; did you mean percent"):
        portfolio.review(by="Ann").correct(row_of(portfolio, "provisions", "interest"), values={"procent": 9})
    with pytest.raises(BadData, match="give one row"):
        portfolio.review(by="Ann").accept("1.3")
    wrong = CliRunner().invoke(app, ["review", str(tmp_path / "tables"), "--version", "x"])
    assert isinstance(wrong.exception, BadData)
    assert "write OLD=NEW" in str(wrong.exception)


def test_check_takes_what_is_right() -> None:
    check(decision("correct", to={"party": "provider", "modality": "prohibition"}))


def test_a_phrase_is_tried_without_changing_the_playbook(tmp_path: Path) -> None:
    clauses = (*CLAUSES, "5. Badges", "5.1 Customer shall hand the green badge to the porter each evening.")
    pdf = agreement(tmp_path / "a.pdf", clauses)
    found = try_phrases(pdf, "user_management.offboarding", ["hand ... badge"], workers=1, as_of="2026-11-01")
    (new,) = found.query("change == 'new'").to_dict("records")
    assert (new["label"], new["party"]) == ("user_management.offboarding", "customer")
    assert "green badge" in new["text"]
    with pytest.raises(BadData, match="has no entry"):
        try_phrases(pdf, "user_management.nothing", ["hand"], workers=1)

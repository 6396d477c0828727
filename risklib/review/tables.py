"""Decisions laid over a portfolio's tables: ``portfolio.review(by="Ann")`` makes them, ``.reviewed()`` applies them.

The tables that an analysis wrote are never changed; the decisions stand in ``review.jsonl`` beside them, and a rerun
writes only its own tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pandas as pd

from risklib import review as r
from risklib.clauses.anchors import anchor
from risklib.errors import BadData
from risklib.inputs.tables import did_you_mean
from risklib.playbook import load_playbook
from risklib.records import Agreement, Document
from risklib.review import Decision, Place
from risklib.review import export as review_export
from risklib.review.text import lines_of, rebuilt

MARKS = ("review", "reviewed_by", "review_note", "decision")  # columns that `reviewed` adds
QUEUE = ("state", "why", "verdict", "label", "party", "file", "clause", "page", "text", "by", "at", "note", "decision")
OLD_AMOUNTS = "Amounts are those of the analysis before that; risklib.repricing.reviewed prices them anew."
_DONE = {r.ACCEPT: "accepted", r.CORRECT: "corrected", r.REJECT: "rejected", r.ADD: "added"}
Row = dict[str, Any]


class Tables(Protocol):
    """What a portfolio must give to be reviewed."""

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]: ...
    @property
    def folder(self) -> Path | None: ...
    @property
    def meta(self) -> Mapping[str, Any]: ...
    def contract_id(self, name: str) -> str: ...


P = TypeVar("P", bound=Tables)


@dataclass(frozen=True)
class Placed:
    """A decision and where it stands in this portfolio, or may stand where it is open; ``at`` None: nowhere."""

    decision: Decision
    state: str  # holds, open (not applied), contested (applied; somebody else decided otherwise before)
    why: str | None
    contract_id: str | None
    at: Place | None


def review(self: P, by: str = "", file: str | Path | None = None, versions: Mapping[str, str] | None = None) -> Review:
    """A review of this portfolio, in the name of ``by``: accept, reject, correct, add, drop; what is open.

    ``file``: where decisions stand; ``review.jsonl`` beside the tables of a portfolio that was loaded. ``versions``:
    old file → new file, where a new version has another name. Raises BadData where no file is given and none is known.
    """
    if file is None and self.folder is None:
        raise BadData("review", None, "says not where decisions are kept; give file=, or load the tables from a folder")
    path = Path(file) if file is not None else Path(str(self.folder)) / r.FILE
    return Review(self, path, by, versions or {})


def reviewed(self: P, file: str | Path | None = None, versions: Mapping[str, str] | None = None) -> P:
    """The portfolio with every decision applied that is placed beyond doubt; columns ``MARKS`` say which.

    What could not be placed is in ``portfolio.review().open``. Amounts stay those of the analysis, and a note says so;
    ``risklib.repricing.reviewed`` prices anew what was corrected. Arguments as for ``review``.
    """
    return review(self, "", file, versions).applied()


class Review:
    """The decisions on one portfolio. Each is written at once, as a line of ``path``; none is ever changed."""

    def __init__(self, portfolio: Any, path: Path, by: str, versions: Mapping[str, str]) -> None:
        self.portfolio, self.path, self.by = portfolio, path, by
        self.versions = {old: portfolio.contract_id(new) for old, new in versions.items()}
        self._agreements: dict[str, Agreement] = {}

    # ------------------------------------------------------------ decide

    def accept(self, row: Mapping[str, Any] | pd.Series, note: str = "") -> Decision:
        """The finding is right: it stays, even where a later analysis no longer finds it."""
        return self._keep(r.ACCEPT, row, {}, note)

    def reject(self, row: Mapping[str, Any] | pd.Series, note: str = "") -> Decision:
        """The finding is wrong: it goes, and stays away."""
        return self._keep(r.REJECT, row, {}, note)

    def correct(self, row: Mapping[str, Any] | pd.Series, note: str = "", **to: Any) -> Decision:
        """Some columns of the finding are wrong: ``correct(row, party="provider")``, ``correct(row, values={…})``.

        ``values`` is the whole of them: what it does not name is gone.
        """
        self._known(_table(row), to.get(r.LABEL[_table(row)]))
        self._known_values(to.get("values") or {})
        return self._keep(r.CORRECT, row, to, note)

    def add(self, contract: str, words: str, label: str, party: str, note: str = "", **more: Any) -> Decision:
        """A finding that was missed: its ``words`` as the agreement has them, the id of responsibility or provision.

        Raises BadData where the words are not there, or stand in several places.
        """
        id = self.portfolio.contract_id(contract)
        table = "responsibilities" if "." in label else "provisions"
        self._known(table, label)
        agreement = self._agreement(id)
        start, end = _words(agreement.document, words)
        d = Decision(
            r.ADD, table, label, party, self.by, agreement.document.file, id, anchor(agreement, start, end), more,
            note=note,
        )  # fmt: skip
        return self._write(d)

    def drop(self, decision: str, note: str = "") -> Decision:
        """Puts an earlier decision aside, by its id: the finding is again as the analysis says."""
        old = next((d for d in self.made if d.id == decision), None)
        if old is None:
            raise BadData(str(self.path), None, f"holds no decision {decision!r}; `decisions` lists them")
        return self._write(replace(_anew(old), verdict=r.DROP, by=self.by, note=note, replaces=old.id))

    def confirm(self, decision: str, note: str = "") -> Decision:
        """An open decision holds for the reworded sentence that ``open`` shows: it is kept anew, with those words."""
        p = next((p for p in self.placed() if p.decision.id == decision), None)
        if p is None or p.at is None or p.contract_id is None:
            raise BadData(str(self.path), None, f"no place is known for the decision {decision!r}; `open` lists them")
        agreement = self._agreement(p.contract_id)
        moved = replace(_anew(p.decision), contract_id=p.contract_id, file=agreement.document.file)
        at = anchor(agreement, p.at.start, p.at.end)
        return self._write(replace(moved, anchor=at, by=self.by, note=note, replaces=decision))

    # ------------------------------------------------------------ what there is

    @property
    def made(self) -> tuple[Decision, ...]:
        """Every line of the file."""
        return r.read_decisions(self.path)

    @property
    def decisions(self) -> pd.DataFrame:
        """The decisions in force, each with its state: ``QUEUE``."""
        return pd.DataFrame([self._shown(p) for p in self.placed()], columns=list(QUEUE))

    @property
    def open(self) -> pd.DataFrame:
        """What a person must look at: decisions whose words are gone or doubtful, and people who disagree."""
        found = self.decisions
        return found[found["state"] != r.HOLDS].reset_index(drop=True)

    def placed(self) -> list[Placed]:
        return [self._place(s) for s in r.in_force(self.made)]

    def applied(self, *, rejected: bool = False) -> Any:
        """The portfolio with the decisions in it; ``rejected``: wrong findings stay, marked, for those who undo."""
        placed = [p for p in self.placed() if p.state == r.HOLDS]  # where people disagree the analysis stands
        frames = {t: self._overlaid(t, [p for p in placed if p.decision.table == t], rejected) for t in r.LABEL}
        meta = dict(self.portfolio.meta)
        if placed:
            meta["notes"] = [*meta.get("notes", ()), f"{len(placed)} findings were decided by people.", OLD_AMOUNTS]
        return replace(self.portfolio, **frames, meta=meta)

    def export(self, path: str | Path) -> int:
        """Writes what the decisions teach, and gives back how many sentences: a name that ends in .csv takes labels by
        fingerprint, without the sentences (``risklib.labels``); .yaml takes examples as the playbook has them.

        Only sentences all of whose findings somebody decided: the rest would teach what the model already says.
        """
        path, whole = Path(path), self.applied(rejected=True).tables
        rows = [{**x, "table": t} for t in r.LABEL for x in whole[t].to_dict("records")]
        text, count = review_export.labels_of(rows) if path.suffix == ".csv" else review_export.examples_of(rows)
        path.parent.mkdir(parents=True, exist_ok=True)
        r.write_private(path, text)
        return count

    # ------------------------------------------------------------ inside

    def _keep(self, verdict: str, row: Mapping[str, Any] | pd.Series, to: Mapping[str, Any], note: str) -> Decision:
        _table(row)
        earlier = _given(row.get("decision"))
        old = next((d for d in self.made if d.id == earlier), None) if earlier else None
        if old is not None:
            return self._write(_again(old, verdict, to, self.by, note))
        table, id = _table(row), str(row["contract_id"])
        was = {c: _plain(row.get(c)) for c in r.CORRECTABLE[table] if _given(row.get(c)) is not None}
        agreement = self._agreement(id)
        at = anchor(agreement, int(row["start"]), int(row["end"]))
        label, party = str(row[r.LABEL[table]]), str(row["party"])
        file = agreement.document.file
        return self._write(Decision(verdict, table, label, party, self.by, file, id, at, dict(to), was, note))

    def _write(self, d: Decision) -> Decision:
        r.append(self.path, d)
        return d

    def _known(self, table: str, label: Any) -> None:
        kind = r.LABEL[table]
        known = {str(x) for x in self.portfolio.tables[table][kind]} | {
            e.id for e in load_playbook().entries.values() if ("." in e.id) == (table == "responsibilities")
        }
        if label is not None and label not in known:
            raise BadData("review", None, f"{label!r} is no {kind}{did_you_mean(str(label), sorted(known))}")

    def _known_values(self, values: Mapping[str, Any]) -> None:
        found = self.portfolio.tables["provisions"]["values"]
        known = {k for v in found for k in v or ()} | {
            rule.key for rules in load_playbook().value_rules.values() for rule in rules
        }
        for key in set(values) - known:
            raise BadData("review", None, f"{key!r} is no value of a provision{did_you_mean(key, sorted(known))}")

    def _agreement(self, id: str) -> Agreement:
        if id not in self._agreements:
            self._agreements[id] = agreement_of(self.portfolio.tables, id)
        return self._agreements[id]

    def _where(self, d: Decision) -> str | None:
        c = self.portfolio.tables["contracts"]
        if d.contract_id in set(c["contract_id"]):
            return d.contract_id
        if d.file in self.versions:
            return self.versions[d.file]
        same = c.loc[c["file"] == d.file, "contract_id"]
        return str(same.iloc[0]) if len(same) == 1 else None

    def _place(self, standing: r.Standing) -> Placed:
        d, against = standing
        id = self._where(d)
        if id is None:
            why = f"{d.file} is not in this portfolio; where a new version has another name: --version OLD=NEW"
            return Placed(d, r.OPEN, why, None, None)
        at = r.place(d, self._agreement(id).document)
        if at is None:
            return Placed(d, r.OPEN, "its words are no longer there", id, None)
        if at.why:
            return Placed(d, r.OPEN, at.why, id, at)
        if against:
            return Placed(d, r.CONTESTED, f"{against.by} said {against.verdict}: {against.note or 'no note'}", id, at)
        return Placed(d, r.HOLDS, None, id, at)

    def _shown(self, p: Placed) -> Row:
        d = p.decision
        file = self._agreement(p.contract_id).document.file if p.contract_id else d.file
        page, text = d.anchor.page, d.anchor.quote
        if p.contract_id and p.at:
            document = self._agreement(p.contract_id).document
            page, text = document.page_of(p.at.start), document.quote(p.at.start, p.at.end)
        cells = (p.state, p.why, d.verdict, d.label, d.party, file, d.anchor.number, page, text)
        return dict(zip(QUEUE, (*cells, d.by, d.at, d.note, d.id), strict=True))

    def _overlaid(self, table: str, placed: Sequence[Placed], rejected: bool) -> pd.DataFrame:
        frame = self.portfolio.tables[table]
        rows: list[Row] = [{**x, **dict.fromkeys(MARKS)} for x in frame.to_dict("records")]
        mine: dict[str, list[Row]] = {}
        for row in rows:
            mine.setdefault(row["contract_id"], []).append(row)
        for p in placed:
            assert p.contract_id is not None
            _apply(p, mine.setdefault(p.contract_id, []), self._new(p))
        if not rejected:
            mine = {id: [x for x in found if x["review"] != "rejected"] for id, found in mine.items()}
        out = pd.DataFrame([x for found in mine.values() for x in found], columns=[*frame.columns, *MARKS])
        return out.astype({c: t for c, t in frame.dtypes.items() if len(out)})

    def _new(self, p: Placed) -> Row:
        """The row of a finding that the analysis does not have: columns of people, place of the words."""
        d, at = p.decision, p.at
        assert p.contract_id is not None
        assert at is not None
        agreement = self._agreement(p.contract_id)
        label = str({**d.was, **d.to}.get(r.LABEL[d.table], d.label))
        clause = max((c for c in agreement.clauses if c.start <= at.start), key=lambda c: c.start, default=None)
        boxes = lines_of(_of(self.portfolio.tables["clauses"], p.contract_id), at.start, at.end)
        row: Row = dict.fromkeys(self.portfolio.tables[d.table].columns)
        row |= {r.LABEL[d.table]: label, "party": d.party, **d.was, **d.to}
        row |= {"contract_id": p.contract_id, "clause_id": clause.clause_id if clause else None, "method": "review"}
        row |= {"text": agreement.document.quote(at.start, at.end), "start": at.start, "end": at.end, "confidence": 1.0}
        row |= {
            "page": boxes[0][0] if boxes else agreement.document.page_of(at.start),
            "bbox": [list(b) for b in boxes],
        }
        if d.table == "responsibilities":
            row |= {"category": label.split(".")[0], "modality": row["modality"] or "obligation"}
        return row


def _apply(p: Placed, rows: list[Row], new: Row) -> None:
    """Changes ``rows``, those of the decision's contract, as the decision says."""
    d, at = p.decision, p.at
    assert at is not None
    label = r.LABEL[d.table]
    mark = dict(zip(MARKS, (_DONE[d.verdict], d.by, d.note, d.id), strict=True))
    found = r.found_at(rows, label, d.label, d.party, at)
    if d.verdict == r.REJECT:
        if found is not None:
            rows[found] |= mark
        return
    if d.verdict == r.CORRECT:
        same = r.found_at(rows, label, new[label], new["party"], at)
        if found is not None and same is not None and same != found:  # the right one is there beside the wrong one
            rows[found] |= {**mark, "review": "rejected"}
        found = same if same is not None else found
    if found is None:
        rows.append({**new, **mark})
        return
    rows[found] |= {**d.to, **mark}
    if "category" in new:
        rows[found]["category"] = new["category"]


def _again(old: Decision, verdict: str, to: Mapping[str, Any], by: str, note: str) -> Decision:
    """A decision on a finding that was decided before: about the same finding, and the earlier one put aside."""
    new = replace(_anew(old), verdict=verdict, by=by, note=note, replaces=old.id)
    if old.verdict == r.ADD:
        if verdict == r.REJECT:
            return replace(new, verdict=r.DROP)
        label = str(to.get(r.LABEL[old.table], old.label))
        rest = {k: v for k, v in {**old.to, **to}.items() if k not in (r.LABEL[old.table], "party")}
        return replace(new, verdict=r.ADD, label=label, party=str(to.get("party", old.party)), to=rest)
    if verdict == r.CORRECT:
        return replace(new, to={**old.to, **to})
    kept = verdict == r.ACCEPT and old.verdict == r.CORRECT  # accepted as corrected
    return replace(new, verdict=r.CORRECT, to=old.to) if kept else replace(new, to={})


def _anew(old: Decision) -> Decision:
    """The same with an id and a time of its own."""
    fresh = Decision(old.verdict, old.table, old.label, old.party, old.by, old.file, old.contract_id, old.anchor)
    return replace(fresh, to=old.to, was=old.was)


def _table(row: Mapping[str, Any] | pd.Series) -> str:
    one = isinstance(row, Mapping | pd.Series)
    table = next((t for t, column in r.LABEL.items() if column in row), None) if one else None
    if table is None or "start" not in row:
        where = "portfolio.responsibilities or portfolio.provisions"
        raise BadData("review", None, f"is no finding; give one row of {where}, for example .iloc[0]")
    return table


def _words(document: Document, words: str) -> tuple[int, int]:
    """Where ``words`` stand in the text, blanks aside. Raises BadData."""
    wanted = " ".join(words.split())
    text = document.text
    at = text.find(wanted) if wanted else -1
    if at < 0 or text.find(wanted, at + 1) >= 0:
        why = "are not in this agreement" if at < 0 else "stand in several places"
        raise BadData(document.file, None, f"the words {wanted[:60]!r} {why}; give the whole sentence as it is printed")
    return at, at + len(wanted)


def agreement_of(tables: Mapping[str, pd.DataFrame], id: str) -> Agreement:
    """Text and clauses of an agreement as the tables hold them (``review_text.rebuilt``)."""
    (file,) = tables["contracts"].loc[tables["contracts"]["contract_id"] == id, "file"]
    return rebuilt(id, str(file), _of(tables["clauses"], id), [x for t in r.LABEL for x in _of(tables[t], id)])


def _of(frame: pd.DataFrame, id: str) -> list[Row]:
    mine = frame[frame["contract_id"] == id]
    return [{str(k): v for k, v in x.items()} for x in mine.sort_values("start", kind="stable").to_dict("records")]


def _given(x: Any) -> Any:
    return None if x is None or x is pd.NA or (isinstance(x, float) and x != x) else x


def _plain(x: Any) -> Any:
    """What JSON can hold, of what pandas gives."""
    return x.item() if hasattr(x, "item") else x

"""The aligned tables of an analysis: pandas starts here.

``Portfolio.build`` is the one gate from records to frames; names and meanings of the columns are a promise
(README, "Tables").
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from risklib import compare as comparison
from risklib.columns import COLUMNS
from risklib.due.duties import COLUMNS as REGISTER
from risklib.due.duties import duties
from risklib.errors import BadData
from risklib.evidence import Shown, draw, in_folder
from risklib.exposure import explain
from risklib.families.overrides import cite
from risklib.records import Assumption, Deal, Exposure, Operand
from risklib.review import tables as review_tables
from risklib.rows import Row, assumption_row, deal_row, in_numbers
from risklib.search import lookup
from risklib.store import Store, private

_NESTED = {"bbox", "term_bbox", "values", "marks", "vague", "doubts", "copies", "keys", "holds_values", "yields_values"}
_WHOLE = (
    "page", "term_page", "holds_page", "yields_page", "mentions", "start", "end", "pages", "words", "ocr_pages",
    "level",
)  # fmt: skip
_REAL = (
    "clarity", "clear_share", "confidence", "low", "likely", "high", "expected", "p95", "median", "es95",
    "share_of_es95", "probability", "loss", "annual_fees", "term_months", "renewal_months",
)  # fmt: skip
_NUMBERS = {*_WHOLE, *_REAL, "scored", "unscored", "illustrative"}
# what a spreadsheet would run as a formula; the apostrophes before it are ours, or look as if they were
_FORMULA = re.compile(r"'*[=+@\t\r-]")


def _empty(name: str) -> Callable[[], pd.DataFrame]:
    return lambda: pd.DataFrame(columns=list(COLUMNS[name]))


@dataclass(frozen=True)
class Portfolio:
    """The tables of one analysis. Money columns are floats for arithmetic in pandas; the currency stands beside each.

    ``meta``: ``outcome`` ("ok", "partial", "failed"), ``as_of``, ``seed``, ``trials``, ``illustrative`` (shipped
    default assumptions were used), ``versions``, ``playbook``, and ``notes`` (what a reader must know).
    """

    contracts: pd.DataFrame
    clauses: pd.DataFrame = field(default_factory=_empty("clauses"))
    responsibilities: pd.DataFrame = field(default_factory=_empty("responsibilities"))
    provisions: pd.DataFrame = field(default_factory=_empty("provisions"))
    exposures: pd.DataFrame = field(default_factory=_empty("exposures"))
    operands: pd.DataFrame = field(default_factory=_empty("operands"))
    families: pd.DataFrame = field(default_factory=_empty("families"))
    overrides: pd.DataFrame = field(default_factory=_empty("overrides"))
    terms: pd.DataFrame = field(default_factory=_empty("terms"))
    unread: pd.DataFrame = field(default_factory=_empty("unread"))
    totals: pd.DataFrame = field(default_factory=_empty("totals"))
    curve: pd.DataFrame = field(default_factory=_empty("curve"))
    deals: pd.DataFrame = field(default_factory=_empty("deals"))
    assumptions: pd.DataFrame = field(default_factory=_empty("assumptions"))
    meta: Mapping[str, Any] = field(default_factory=dict)
    sources: Mapping[str, Path] = field(default_factory=dict, compare=False)  # contract_id → its PDF; never saved
    folder: Path | None = field(default=None, compare=False)  # that the tables were loaded from; never saved
    store: Path | None = field(default=None, compare=False)  # that keeps the run; never saved
    search, similar = lookup.search, lookup.similar
    compare, versions, changes = comparison.compare, comparison.versions, comparison.changes
    deviations, gaps, negotiation = comparison.deviations, comparison.gaps, comparison.negotiation
    market, matrix, symmetry = comparison.market, comparison.matrix, comparison.symmetry
    review, reviewed = review_tables.review, review_tables.reviewed

    # ------------------------------------------------------------ in

    @classmethod
    def build(
        cls,
        rows: Mapping[str, Sequence[Row]],
        *,
        totals: Sequence[Mapping[str, Any]] = (),
        curve: Sequence[Mapping[str, Any]] = (),
        deals: Sequence[Deal] = (),
        assumptions: Sequence[Assumption] = (),
        meta: Mapping[str, Any] | None = None,
    ) -> Portfolio:
        """Frames from the rows of all files (``rows.rows_of``), of ``totals`` and ``curve``, and the inputs used."""
        found: dict[str, list[Row]] = {name: list(rows.get(name, ())) for name in COLUMNS}
        found["totals"], found["curve"] = list(map(dict, totals)), list(map(dict, curve))
        found["deals"], found["assumptions"] = list(map(deal_row, deals)), list(map(assumption_row, assumptions))
        return cls.of_rows(found, meta or {})

    @classmethod
    def of_rows(cls, rows: Mapping[str, Sequence[Row]], meta: Mapping[str, Any]) -> Portfolio:
        """Frames from the rows of every table; the tables that ``rows`` does not name are empty."""
        frames: dict[str, Any] = {name: _frame(name, list(rows.get(name, ()))) for name in COLUMNS}
        return cls(**frames, meta=dict(meta))

    @classmethod
    def from_store(cls, store: str | Path, run: int | None = None, *, on: date | str | None = None) -> Portfolio:
        """What a run of ``analyze(..., store=FILE)`` said: the last one, number ``run``, or the last one finished on or
        before the day ``on`` (UTC). Raises BadData where there is no such store or run."""
        with Store(store) as opened:
            return replace(cls.of_rows(*opened.whole(opened.run(run, on).run)), store=opened.path)

    @classmethod
    def load(cls, folder: str | Path) -> Portfolio:
        """Reads what ``save`` wrote. Raises BadData naming the missing table and what to do."""
        folder = Path(folder)
        frames: dict[str, Any] = {}
        for name in COLUMNS:
            parquet, csv = folder / f"{name}.parquet", folder / f"{name}.csv"
            if parquet.exists():
                frames[name] = _unpacked(pd.read_parquet(parquet))
            elif csv.exists():
                frames[name] = _read_csv(csv)
            elif name == "contracts":
                raise BadData(
                    str(folder),
                    None,
                    "holds no contracts.parquet or contracts.csv; give a folder that `risklib analyze --out` wrote",
                )
        meta = folder / "meta.json"
        return cls(**frames, meta=json.loads(meta.read_text(encoding="utf-8")) if meta.exists() else {}, folder=folder)

    # ------------------------------------------------------------ out

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        return {name: getattr(self, name) for name in COLUMNS}

    def save(self, folder: str | Path, *, format: str = "parquet") -> Path:
        """Writes every table as ``folder/<table>.parquet`` (or ``.csv``) and ``meta.json``; each file appears whole."""
        if format not in ("parquet", "csv"):
            raise BadData("--format", None, f"{format!r} is not a format; parquet or csv")
        folder = Path(folder)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, frame in self.tables.items():
            packed = _packed(frame)
            draft = folder / f".{name}.part"
            private(draft)
            if format == "parquet":
                packed.to_parquet(draft, index=False)
            else:
                _inert(packed).to_csv(draft, index=False)
            draft.replace(folder / f"{name}.{format}")
            (folder / f"{name}.{'csv' if format == 'parquet' else 'parquet'}").unlink(missing_ok=True)
        private(draft := folder / ".meta.part")
        draft.write_text(json.dumps(self.meta, indent=1, sort_keys=True, default=str) + "\n", encoding="utf-8")
        draft.replace(folder / "meta.json")
        return folder

    # ------------------------------------------------------------ questions

    def contract_id(self, name: str) -> str:
        """The id of the one contract whose file name holds, or whose id begins with, ``name``. Raises BadData."""
        c = self.contracts
        files = c["file"].astype(str).str.lower()
        wanted = name.lower()
        for hit in (files == wanted, c["contract_id"].str.startswith(wanted), files.str.contains(wanted, regex=False)):
            if hit.sum() == 1:
                return str(c.loc[hit, "contract_id"].iloc[0])
        choices = ", ".join(sorted(c["file"])[:12])
        raise BadData(
            name,
            None,
            f"names no single contract of this portfolio; its files are {choices}{' …' if len(c) > 12 else ''}",
        )

    def explain(self, contract: str, component: str) -> str:
        """The arithmetic of one exposure, as a person would write it, with the words each number stands in."""
        id = self.contract_id(contract)
        row = self.exposures[(self.exposures["contract_id"] == id) & (self.exposures["component"] == component)]
        if row.empty:
            known = ", ".join(self.exposures["component"].unique())
            raise BadData(
                component, None, f"is no component of this contract's exposure; known: {known or 'none were priced'}"
            )
        used = self.operands[(self.operands["contract_id"] == id) & (self.operands["component"] == component)]
        mine = self.clauses[self.clauses["contract_id"] == id]
        numbers = {c: n or h for c, n, h in zip(mine["clause_id"], mine["number"], mine["heading"])}
        numbers |= self._cited(used)
        return (in_numbers(explain(_exposure_of(row.iloc[0], used)), numbers) or "") + self._words(id, used, numbers)

    def _words(self, contract_id: str, used: pd.DataFrame, numbers: Mapping[str, str]) -> str:
        """The sentences that the terms of an exposure were read from, each with its clause and page."""
        lines = []
        for o in used[used["origin"] == "provision"].drop_duplicates(["clause_id", "start", "end"]).itertuples():
            paper = _given(o.paper) or contract_id
            found = self.provisions[(self.provisions["contract_id"] == paper) & (self.provisions["start"] == o.start)]
            if not found.empty:
                text = " ".join(str(found.iloc[0]["text"]).split())
                lines.append(f"    clause {numbers.get(str(o.clause_id), o.clause_id)}, page {o.page}: “{text}”")
        return "\n  in the words of the agreement\n" + "\n".join(lines) if lines else ""

    def _cited(self, used: pd.DataFrame) -> dict[str, str]:
        """Clauses of other papers of the family, as the operands of an exposure cite them."""
        others = used.dropna(subset=["paper"])[["paper", "clause_id"]].itertuples(index=False)
        files = dict(zip(self.contracts["contract_id"], self.contracts["file"], strict=True))
        return {cite(p, c): f"{self._named(p, c)} of {files[p]}" for p, c in others}

    def register(self) -> pd.DataFrame:
        """The duty register: one row for each sentence that binds a party, the next due first.

        Columns: ``duties.COLUMNS``. Dates are ISO text; ``recurrence`` is a rule as in RFC 5545; ``no_date_because``
        says why there is no date. ``cost_likely`` and ``cost_expected`` are those of the contract's component for a
        year: rows with the same component share them, they do not add up. ``owner``, ``status``, ``own_due`` and
        ``note`` are for people; ``risklib register --keep`` carries them over a rerun.
        """
        rows = {name: _plain_rows(table) for name, table in self.tables.items()}
        found = duties(rows, date.fromisoformat(self.meta["as_of"]))
        return _typed(pd.DataFrame(found, columns=list(REGISTER)))

    def clauses_under(self, contract_id: str, number: str) -> pd.DataFrame:
        """The clauses whose number (or, where none has it, heading) is ``number``, and those below. Raises BadData."""
        mine = self.clauses[self.clauses["contract_id"] == contract_id]
        found = mine[[_under(n, number) for n in mine["number"]]]
        if found.empty:
            found = mine[[str(h or "").strip().lower() == number.strip().lower() for h in mine["heading"]]]
        if found.empty:
            known = ", ".join(n or h for n, h in zip(mine["number"], mine["heading"], strict=True) if n or h)[:200]
            raise BadData(number, None, f"no clause of this number; there are {known or 'no numbered clauses'}")
        return found

    def show(
        self,
        contract: str | Mapping[str, Any] | pd.Series,
        clause: str | None = None,
        *,
        pdfs: str | Path | None = None,
        password: str | None = None,
    ) -> Shown:
        """Pictures of a clause (with all below it), or of a row of any table that has a ``bbox``, its words marked.

        ``portfolio.show("msa.pdf", "9.2")`` or ``portfolio.show(portfolio.provisions.iloc[0])``. ``pdfs``: the folder
        that holds the PDFs, needed only for a portfolio that was loaded. Jupyter draws the result; its
        ``save(path)`` writes a PNG. Raises BadData where clause, place or PDF is missing or the PDF has changed.
        """
        if isinstance(contract, str):
            id = self.contract_id(contract)
            if clause is None:
                raise BadData(contract, None, 'say which clause to show: show(file, "9.2"), or give a row of a table')
            rows: Sequence[Mapping[Any, Any]] = self.clauses_under(id, str(clause)).to_dict("records")
        elif isinstance(contract, pd.DataFrame) or "bbox" not in contract or "contract_id" not in contract:
            raise BadData("show", None, "takes a file and a clause, or one row of a table with a bbox: frame.iloc[0]")
        else:
            id, rows = str(_given(contract.get("paper")) or contract["contract_id"]), [dict(contract)]
        (file,) = self.contracts.loc[self.contracts["contract_id"] == id, "file"]
        path = in_folder(Path(pdfs))(file, id) if pdfs is not None else self.sources.get(id)
        boxes = [tuple(b) for row in rows for b in (row["bbox"] if isinstance(row["bbox"], list) else ())]
        text = " ".join(str(row["text"]) for row in rows if row.get("text"))
        caption = f"{file}, {self._named(id, str(rows[0].get('clause_id')))}"
        return draw(path or file, boxes, caption=caption, text=text, contract_id=id, password=password)

    def _named(self, contract_id: str, clause_id: str) -> str:
        c = self.clauses[(self.clauses["contract_id"] == contract_id) & (self.clauses["clause_id"] == clause_id)]
        return " ".join([*c["number"].astype(str), *c["heading"].astype(str)]).strip() or "without number"

    def __repr__(self) -> str:
        c = self.contracts
        counts = ", ".join(f"{n} {s}" for s, n in c["status"].value_counts().sort_index().items()) or "empty"
        return (
            f"Portfolio of {len(c)} agreements ({counts}): {len(self.responsibilities)} responsibilities, "
            f"{len(self.provisions)} provisions, {int((self.exposures['status'] == 'scored').sum())} exposures scored, "
            f"{int((self.exposures['status'] == 'unscored').sum())} unscored"
        )

    def _repr_html_(self) -> str:
        shown = self.contracts[["file", "title", "customer", "provider", "pages", "status", "reason"]]
        found = {t: getattr(self, t).groupby("contract_id").size() for t in ("responsibilities", "provisions")}
        shown = shown.assign(
            **{t: self.contracts["contract_id"].map(n).fillna(0).astype(int) for t, n in found.items()}
        )
        return f"<p>{repr(self).split(':')[0]}</p>{shown.to_html(escape=True, index=False, na_rep='')}"


def _under(number: Any, wanted: str) -> bool:
    have, want = str(number or "").strip(".").lower(), wanted.strip(".").lower()
    return have == want or (have.startswith(want) and not have[len(want) : len(want) + 1].isalnum())


def _plain_rows(frame: pd.DataFrame) -> list[Row]:
    """Rows with None for what is missing and whole numbers as int."""

    def cell(column: str, x: Any) -> Any:
        return int(x) if column in _WHOLE and not isinstance(x, str) and _given(x) is not None else _given(x)

    return [{str(k): cell(str(k), v) for k, v in r.items()} for r in frame.to_dict("records")]


def _given(x: Any) -> Any:
    return None if x is None or x is pd.NA or (isinstance(x, float) and x != x) else x


def _exposure_of(row: pd.Series, used: pd.DataFrame) -> Exposure:
    """The record again, from its rows."""

    def money(x: Any) -> Decimal | None:
        return None if _given(x) is None else Decimal(str(round(x, 4))).quantize(Decimal("0.01"))

    operands = tuple(
        Operand(
            o["name"],
            _decimal(_given(o["value"])),
            o["unit"] or "",
            o["origin"],
            clause_id=cite(o["paper"], o["clause_id"]) if _given(o.get("paper")) else _given(o["clause_id"]),
            source=_given(o["source"]),
        )
        for o in used.to_dict("records")
    )
    amounts = {k: money(row[k]) for k in ("low", "likely", "high", "expected", "p95")}
    return Exposure(
        row["component"],
        row["status"],
        _given(row["reason"]),
        _given(row["currency"]),
        **amounts,
        per=row["per"],
        formula=_given(row["formula"]) or "",
        operands=operands,
    )


def _decimal(text: Any) -> Any:
    try:
        return Decimal(text)
    except (ArithmeticError, TypeError, ValueError):
        return text


def _frame(name: str, rows: list[Row]) -> pd.DataFrame:
    extra = [k for row in rows for k in row if k not in COLUMNS[name]]
    columns = [*COLUMNS[name], *dict.fromkeys(extra)]
    return _typed(pd.DataFrame([[row.get(c) for c in columns] for row in rows], columns=columns))


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    for column in _WHOLE:
        if column in frame and not frame[column].map(lambda x: isinstance(x, str)).any():
            frame[column] = frame[column].astype("Int64")
    for column in _REAL:
        if column in frame:
            frame[column] = frame[column].astype("float64")  # also where every row is unknown
    return frame


def _read_csv(path: Path) -> pd.DataFrame:
    """What ``save`` wrote as CSV: text as text ("4.10" is no number), apostrophes before formulas taken off again."""
    columns = pd.read_csv(path, nrows=0).columns
    text = {c: str for table in COLUMNS.values() for c in table if c in columns and c not in _NUMBERS}
    frame = pd.read_csv(path, dtype=text, keep_default_na=False, na_values=[""])
    for column in text:
        empty = "" if column in ("number", "heading") else None
        frame[column] = [_as_it_was(v) if isinstance(v, str) else empty for v in frame[column]]
    return _typed(_unpacked(frame))


def _as_it_was(text: str) -> str:
    return text[1:] if text[:1] == "'" and _FORMULA.match(text) else text


def _packed(frame: pd.DataFrame) -> pd.DataFrame:
    """Nested columns as JSON text, which Parquet, CSV and SQL all hold alike."""
    out = frame.copy()
    for column in _NESTED & set(out.columns):
        out[column] = [
            None if v is None or v is pd.NA else json.dumps(v, ensure_ascii=False, default=str) for v in out[column]
        ]
    for column in out.columns:
        if out[column].dtype == object:
            out[column] = [v.isoformat() if isinstance(v, date) else v for v in out[column]]
    return out


def _unpacked(frame: pd.DataFrame) -> pd.DataFrame:
    for column in _NESTED & set(frame.columns):
        frame[column] = pd.Series(
            [json.loads(v) if isinstance(v, str) and v else None for v in frame[column]], dtype=object
        )
    return frame


def _inert(frame: pd.DataFrame) -> pd.DataFrame:
    """Text that a spreadsheet would run as a formula gets a leading apostrophe: it came from a contract."""
    out = frame.copy()
    for column in out.columns:
        if not pd.api.types.is_numeric_dtype(out[column]):
            out[column] = [f"'{v}" if isinstance(v, str) and _FORMULA.match(v) else v for v in out[column]]
    return out

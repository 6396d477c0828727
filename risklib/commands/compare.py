"""`risklib compare`: agreements beside each other, the playbook and the market, or two drafts of one, as text or a
file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from risklib.errors import BadData

if TYPE_CHECKING:  # pandas and the reader load in a second; --help should not wait for them
    import pandas as pd

    from risklib.compare import Comparison, Versions
    from risklib.compare.exports import Sheet
    from risklib.portfolio import Portfolio

_FEW = 24  # rows on a terminal; files have all


def compare(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="PDFs or folders; with --tables: files of the portfolio (none: all).", metavar="A B…"),
    ] = None,
    tables: Annotated[Path | None, typer.Option(help="Folder that `risklib analyze --out` wrote.")] = None,
    facts: Annotated[Path | None, typer.Option(help="CSV of deal facts, where PDFs are given.")] = None,
    rates: Annotated[Path | None, typer.Option(help="CSV of exchange rates.")] = None,
    playbook: Annotated[Path | None, typer.Option(help="Playbook folder; default: the shipped one.")] = None,
    deal: Annotated[str | None, typer.Option(help="The agreement whose facts all are priced with.")] = None,
    drafts: Annotated[bool, typer.Option("--drafts", help="A and B are two drafts of one agreement.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write .xlsx, .html or .csv.")] = None,
    pdfs: Annotated[Path | None, typer.Option(help="Folder of the PDFs, for links from --out.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")] = False,
) -> None:
    """Compare agreements: side by side, with the playbook and the market; or two drafts of one."""
    if not names and tables is None:
        raise BadData("compare", None, "name the PDFs or folders to compare, or give --tables FOLDER")
    found = compared(names or [], tables=tables, facts=facts, rates=rates, playbook=playbook, deal=deal, drafts=drafts)
    if out is not None:
        from risklib.compare.exports import write

        path = write(found.sheets, out, title=found.title, lines=found.lines, pdfs=pdfs)
        Console(stderr=True, soft_wrap=True).print(f"{path}: written", markup=False, highlight=False)
    if as_json:
        print(found.as_json())
    elif out is None:
        Console(highlight=False).print(found.text)


@dataclass(frozen=True)
class Compared:
    """What the command has to show: frames by name, sentences above them, the sheets of a file."""

    title: str
    lines: tuple[str, ...]
    frames: Mapping[str, pd.DataFrame]
    sheets: tuple[Sheet, ...]
    text: RenderableType

    def as_json(self) -> str:
        """Everything, with null for what is unknown."""
        frames = {
            k: json.loads(f.drop(columns=[c for c in f if str(c).startswith("_")]).to_json(orient="records"))
            for k, f in self.frames.items()
        }
        return json.dumps({"title": self.title, "summary": self.lines, **frames}, ensure_ascii=False)


def compared(
    names: Sequence[str], *, tables: Path | None = None, facts: Path | None = None, rates: Path | None = None,
    playbook: Path | None = None, deal: str | None = None, drafts: bool = False,
) -> Compared:  # fmt: skip
    """Compares agreements of saved tables, or PDFs and folders that are analysed now; ``drafts``: two versions of
    one."""
    from risklib.compare import compare as beside
    from risklib.compare import deviations, market, matrix, negotiation, symmetry, versions
    from risklib.compare.reading import rates_of
    from risklib.playbook import load_playbook

    portfolio, chosen = _portfolio(names, tables, facts, rates, playbook)
    rules, money = load_playbook(playbook), rates_of(rates)
    if drafts:
        if chosen is None or len(chosen) != 2:
            raise BadData("--drafts", None, "compares exactly two files: the earlier one, then the later one")
        return _drafts(versions(portfolio, chosen[0], chosen[1], rates=money, playbook=rules))
    side = beside(portfolio, chosen, deal=deal, rates=money, playbook=rules)
    frames = {
        "terms": side.terms, "cells": side.cells, "burden": side.burden, "money": side.money,
        "deviations": deviations(portfolio, chosen, playbook=rules),
        "negotiation": negotiation(portfolio, chosen, rates=money, playbook=rules),
        "symmetry": symmetry(portfolio, chosen, playbook=rules), "matrix": matrix(portfolio, chosen, playbook=rules),
        "market": market(portfolio, chosen, rates=money, playbook=rules),
    }  # fmt: skip
    return Compared(
        f"{len(side.names)} agreements compared",
        (*side.verdict, *side.notes),
        frames,
        _sheets(side, frames),
        _text(side, frames),
    )


def _portfolio(
    names: Sequence[str], tables: Path | None, facts: Path | None, rates: Path | None, playbook: Path | None
) -> tuple[Portfolio, list[str] | None]:
    from risklib.pipeline import analyze
    from risklib.portfolio import Portfolio

    if tables is not None:
        return Portfolio.load(tables), list(names) or None
    found = analyze(list(names), facts=facts, rates=rates, playbook=playbook, trials=1_000)
    files = [Path(n).name for n in names if not Path(n).is_dir()]
    return found, files if len(files) == len(names) else None


# ---------------------------------------------------------------- files


def _sheets(c: Comparison, frames: Mapping[str, pd.DataFrame]) -> tuple[Sheet, ...]:
    from risklib.compare.exports import Sheet

    vendors = frozenset(c.names)
    marks = {f"{r.term}|{r.vendor}": str(r.standing) for r in c.cells.itertuples() if r.standing in ("best", "worst")}
    behind = {f"{r['term']}|{r['vendor']}": r for r in c.cells.to_dict("records")}
    return (
        Sheet("Side by side", c.terms, "Differences first. Money: what lies between the best and the worst term. "
        "Behind each cell: its sentence, and with --pdfs its page.", currency=c.currency, marks=marks, behind=behind),
        Sheet("Money", c.money, "Expected cost a year in the same deal, by component.", vendors, c.currency),
        Sheet("Burden", c.burden, "Responsibilities of the customer: how many, and how heavy."),
        Sheet("Deviations", frames["deviations"],
        "Against the playbook, gravest first; for what is missing, what was looked for."),
        Sheet("Negotiation", frames["negotiation"],
        "The changes worth most in each agreement. Single savings do not add up."),
        Sheet("Symmetry", frames["symmetry"], "The same right, both ways."),
        Sheet("Who carries what", frames["matrix"]),
        Sheet("Market", frames["market"],
        "Grade A: a template; B: a statistic at second hand; C: an opinion. n: agreements behind the figure."),
        Sheet("Evidence", frames["cells"], "Every cell of the first sheet with its sentence and page."),
    )  # fmt: skip


def _drafts(v: Versions) -> Compared:
    from risklib.compare.exports import Sheet

    frames = {"changes": v.changes, "clauses": v.clauses, "money": v.money}
    changes = v.changes.assign(file=v.after)
    sheets = (
        Sheet("Changes", changes, "What changed in the terms, dearest first; each priced alone.", currency=v.currency),
        Sheet("Every sentence", v.clauses, "Aligned sentence by sentence."),
        Sheet("Money", v.money, "Expected cost a year before and after.", frozenset({"before", "after", "change"}),
        v.currency),
    )  # fmt: skip
    rows = [
        [r["kind"], r["number"], _short(r["before"]), _short(r["after"]), _money(r["exposure_change"])]
        for r in v.changes.head(_FEW).to_dict("records")
    ]
    columns = ["kind", "clause", v.before, v.after, f"{v.currency or 'money'} a year"]
    return Compared(
        f"{v.before} → {v.after}",
        (v.summary,),
        frames,
        sheets,
        Group(Text(v.summary), _table("What changed", columns, rows)),
    )


# ---------------------------------------------------------------- the terminal


def _text(c: Comparison, frames: Mapping[str, pd.DataFrame]) -> RenderableType:
    parts: list[RenderableType] = [Text(_plain(v)) for v in c.verdict]
    shown = c.terms[c.terms["differs"]].head(_FEW).to_dict("records")
    rows = [[r["term"], *(r[n] for n in c.names), r["better"], _money(r["money"])] for r in shown]
    parts.append(
        _table(
            "Where the terms differ",
            ["term", *c.names, "best for the customer", f"{c.currency or 'money'} a year"],
            rows,
        )
    )
    heavy = c.burden.head(9).to_dict("records")
    rows = [[r["title"], *(f"{r[f'{n}: count']} ({r[f'{n}: weight']:,.0f})" for n in c.names)] for r in heavy]
    parts.append(_table("Responsibilities of the customer: count (weight)", ["category", *c.names], rows))
    rows = [
        [r["component"].replace("_", " "), *(_money(r[n]) or "unknown" for n in c.names)]
        for r in c.money.to_dict("records")
    ]
    parts.append(_table(f"Expected cost a year, {c.currency or 'no currency'}", ["component", *c.names], rows))
    grave = (
        frames["deviations"][frames["deviations"]["severity"].isin(["critical", "high"])].head(_FEW).to_dict("records")
    )
    rows = [[r["vendor"], r["severity"], r["title"], r["standing"], r["found"], r["number"] or ""] for r in grave]
    parts.append(
        _table("Against the playbook", ["vendor", "severity", "position", "standing", "found", "clause"], rows)
    )
    return Group(*parts, *(Text(f"note: {_plain(n)}", style="dim") for n in c.notes))


def _table(title: str, columns: Iterable[Any], rows: Iterable[Sequence[Any]]) -> Table:
    out = Table(title=title, title_justify="left", header_style="bold")
    for c in columns:
        out.add_column(_plain(c), overflow="fold")
    for row in rows:
        out.add_row(*(Text(_plain("" if x is None or x != x else x)) for x in row))
    return out


def _money(x: Any) -> str:
    return "" if x is None or x != x else f"{x:,.0f}"


def _short(x: Any, most: int = 160) -> str:
    text = "" if x is None or x != x else str(x)
    return text if len(text) <= most else f"{text[:most].rsplit(' ', 1)[0]} …"


def _plain(text: object) -> str:
    return "".join(c if c.isprintable() else " " for c in str(text))

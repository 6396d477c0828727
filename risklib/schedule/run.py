"""One scheduled run: analyse, compare with the last report, judge, write, publish; every way it can end is told."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from risklib.due.ics import ics
from risklib.due.key_dates import KeyDate
from risklib.errors import BadData, RisklibError
from risklib.evidence import in_folder
from risklib.pipeline import analyze
from risklib.playbook import load_playbook
from risklib.portfolio import Portfolio
from risklib.report import write_report
from risklib.schedule import files, publish, tables
from risklib.schedule.brief import Brief, vendors_of
from risklib.schedule.changes import Changes, Rows, changes
from risklib.schedule.thresholds import UNKNOWN, Limit, Verdict, judge, load_limits
from risklib.store.versions import FINDINGS, PRICES, READ, STRUCTURE, code

OK, PARTIAL, FAILED = "ok", "partial", "failed"
PDF_PART = {"max_findings": 150, "max_lines": 300}  # a PDF is read from its first page on; the HTML has more
# reasons of a file that may go well the second time: a machine under load, a worker that was killed
MAY_PASS = re.compile(r"took longer than|worker that read it died|needed more than|cannot be opened")
NO_RATE = re.compile(r"give both in the rates CSV")


@dataclass(frozen=True)
class Wanted:
    """What a run is asked for. ``analysis``: the options of ``analyze`` (facts, rates, as_of, seed, …)."""

    paths: Sequence[Path]  # PDFs and folders of PDFs; or the one folder of tables that ``Portfolio.save`` wrote
    out: Path
    since: str = "last"  # "last", "none", or the folder of an earlier report
    thresholds: Path | None = None
    pdf: bool = True
    keep: int = publish.KEEP
    analysis: Mapping[str, Any] = field(default_factory=dict)
    pdfs: Path | None = None  # with tables: where the PDFs are, for pictures


@dataclass(frozen=True)
class Result:
    """How a run ended. ``said``: one line for a scheduler's e-mail or chat. It holds no words of a contract."""

    outcome: str
    crossed: int
    said: str
    folder: Path
    left_out: tuple[str, ...]


def run(wanted: Wanted) -> Result:
    """Writes and publishes a report in ``wanted.out``. Raises what went wrong (BadData, Busy, RisklibError, OSError);
    the old report then stays, and log and ``index.html`` say so."""
    out = wanted.out
    with publish.alone(out):
        if (before := publish.killed(out)) is not None:
            publish.log(out, {"event": "killed", "at": publish.now(), "started": before.get("at")})
        publish.log(out, {"event": "started", "at": publish.now(), "files": len(wanted.paths)})
        began = f"A run began at {publish.now()} and has not ended; if that is long ago, it was killed."
        publish.status(out, "running", began, publish.latest(out))
        try:
            result = _run(wanted)
            entry = {"event": "ended", "outcome": result.outcome, "at": publish.now(), "said": result.said}
            publish.log(out, entry | {"report": result.folder.name, "left_out": list(result.left_out)})
            publish.status(out, result.outcome, result.said, result.folder)
        except BaseException as e:
            _tell_failure(out, e)
            raise
    return result


def _tell_failure(out: Path, e: BaseException) -> None:
    """A full disk may keep even this from being written: then the page still says "running", never "ok"."""
    said = f"{type(e).__name__}: {e}"
    if not isinstance(e, (RisklibError, OSError)):  # its text may hold anything
        said = type(e).__name__
    with suppress(OSError):
        publish.log(out, {"event": "ended", "outcome": FAILED, "at": publish.now(), "said": said[:500]})
    with suppress(OSError):
        publish.status(out, FAILED, f"The run failed, the old report stays. {said[:500]}", publish.latest(out))


def _run(wanted: Wanted) -> Result:
    limits = load_limits(wanted.thresholds) if wanted.thresholds else ()
    folder = publish.latest(wanted.out) if wanted.since == "last" else Path(wanted.since)
    before = tables.earlier(folder) if folder is not None and wanted.since != "none" else None
    with publish.draft(wanted.out) as draft:
        portfolio = _tables(wanted, draft / "tables")
        rows = tables.rows_of(portfolio)
        brief = _brief(portfolio, rows, limits, before)
        brief = _written(wanted, draft, portfolio, rows, brief)
        target = publish.publish(wanted.out, draft, wanted.keep)
    return Result(brief.outcome, len(brief.crossed), _said(portfolio, brief, target), target, brief.left_out)


def _tables(wanted: Wanted, folder: Path) -> Portfolio:
    """The portfolio as the tables in ``folder`` hold it: of a new analysis, or copied from where one left them. What an
    analysis holds in memory is let go of."""
    given = [p for p in wanted.paths if tables.is_tables(p)]
    sources: Mapping[str, Path] = {}
    if given:
        if len(wanted.paths) > 1:
            raise BadData("--portfolio", None, f"{given[0]} is a folder of tables; give it alone, or PDFs only")
        folder.mkdir()
        for path in [*given[0].glob("*.parquet"), given[0] / "meta.json"]:
            shutil.copyfile(path, folder / path.name)
        if wanted.pdfs is not None:
            locate = in_folder(wanted.pdfs)
            files = pd.read_parquet(folder / "contracts.parquet", columns=["file", "contract_id"])
            found = ((c, locate(f, c)) for f, c in files.itertuples(index=False))
            sources = {c: path for c, path in found if path is not None}
    else:
        portfolio = _analysed(wanted)
        sources = portfolio.sources
        portfolio.save(folder)
    portfolio = tables.load(folder)
    if portfolio.meta.get("outcome") == FAILED:
        raise RisklibError(f"no file could be read: {_reasons(portfolio)}")
    meta = dict(portfolio.meta)
    versions = ", ".join(f"{k} {v}" for k, v in sorted((meta.get("versions") or {}).items()))
    meta.setdefault("made_by", {"analysis by": versions, "playbook": meta.get("playbook")})
    return replace(portfolio, meta=meta, sources=sources)


def _analysed(wanted: Wanted) -> Portfolio:
    """The portfolio. Files that failed before are tried anew, and once more where the reason may pass."""
    options = {"store": wanted.out / "store.sqlite", **wanted.analysis, "retry": True}
    portfolio = analyze(list(wanted.paths), **options)
    lost = portfolio.contracts[portfolio.contracts["status"] == "failed"]
    if any(MAY_PASS.search(str(reason)) for reason in lost["reason"]):
        portfolio = analyze(list(wanted.paths), **options)
    made_by = {f"code of {stage}": code(stage) for stage in (READ, STRUCTURE, FINDINGS, PRICES)}
    made_by["playbook"] = portfolio.meta["playbook"]
    return replace(portfolio, meta={**portfolio.meta, "made_by": made_by})


def _brief(portfolio: Portfolio, rows: Rows, limits: Sequence[Limit], before: Portfolio | None) -> Brief:
    as_of = date.fromisoformat(portfolio.meta["as_of"])
    dates = tables.dates(portfolio, as_of)
    verdicts = tuple(judge(limits, rows, dates, as_of))
    since: Changes | None = None
    if before is not None:

        def dates_before(ids: Sequence[str]) -> list[KeyDate]:
            return tables.dates_of(before.folder, ids, as_of) if before.folder else []

        since = changes(tables.rows_of(before), rows, before.meta, portfolio.meta, dates, dates_before)
    left = _left_out(rows, verdicts)
    outcome = PARTIAL if left else str(portfolio.meta["outcome"])
    return Brief(as_of, outcome, left, verdicts, tuple(dates), since, vendors_of(rows, dates, as_of))


def _left_out(rows: Rows, verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    """What this report should say and cannot, in words: each makes it partial."""
    blind = sum(bool(NO_RATE.search(str(e["reason"]))) for e in rows["exposures"])
    left = [f"{blind} components have no figure because an exchange rate is missing"] if blind else []
    return (*left, *(f"the limit {v.key} could not be judged: {v.found}" for v in verdicts if v.state == UNKNOWN))


def _written(wanted: Wanted, folder: Path, portfolio: Portfolio, rows: Rows, brief: Brief) -> Brief:
    """All files in the draft folder. What had to be left out is on the page, so the page is written last."""
    (folder / "contracts.ics").write_text(ics(brief.dates, brief.as_of), encoding="utf-8", newline="")
    left = files.workbook(folder / "report.xlsx", brief, rows)
    brief = replace(brief, left_out=(*brief.left_out, *left))
    if wanted.pdf:
        page = _page(folder / "print.html", portfolio, brief, {}, PDF_PART)
        why = files.pdf(page, folder / "report.pdf", brief.as_of)
        page.unlink()
        if why is not None:
            brief = replace(brief, outcome=PARTIAL, left_out=(*brief.left_out, why))
    _page(folder / "report.html", portfolio, brief, portfolio.sources, {})
    lost = [c for c in rows["contracts"] if c["status"] != "ok"]
    meta = _meta(portfolio, brief)
    files.plain_json(folder / "report.json", brief, meta, rows["totals"], lost)
    text = json.dumps(meta, indent=1, sort_keys=True, default=str) + "\n"
    (folder / "tables" / "meta.json").write_text(text, encoding="utf-8")
    return brief


def _meta(portfolio: Portfolio, brief: Brief) -> dict[str, Any]:
    return {**portfolio.meta, "outcome": brief.outcome, "left_out": list(brief.left_out)}


def _page(path: Path, portfolio: Portfolio, brief: Brief, sources: Mapping[str, Path], part: Mapping[str, Any]) -> Path:
    """The HTML; with pictures of the places where ``sources`` says where the PDFs are."""
    playbook = load_playbook()
    titles = {e.id: e.title for e in playbook.entries.values()} | {c.id: c.title for c in playbook.categories.values()}
    told = replace(portfolio, meta={k: v for k, v in _meta(portfolio, brief).items() if k != "left_out"})
    options = dict(part)
    if sources:
        options["finder"] = lambda file, contract_id: sources.get(contract_id)
    return write_report(told, path, titles=titles, brief=brief, **options)


def _reasons(portfolio: Portfolio) -> str:
    found = portfolio.contracts[["file", "reason"]].itertuples(index=False)
    return "; ".join(f"{file}: {reason}" for file, reason in list(found)[:3])


def _said(portfolio: Portfolio, brief: Brief, target: Path) -> str:
    """One line; file names, counts and totals, no words of a contract."""
    lost = int((portfolio.contracts["status"] != "ok").sum())
    t = portfolio.totals
    whole = t[t["level"] == "portfolio"].sort_values("currency")
    figures = [f"{r.currency} {r.expected:,.0f} expected, {r.p95:,.0f} p95" for r in whole.head(4).itertuples()]
    more = f" and {len(whole) - 4} more currencies" if len(whole) > 4 else ""
    parts = [
        f"risklib report {brief.outcome}, as of {brief.as_of}: {len(portfolio.contracts)} agreements",
        f"{lost} not read whole",
        f"{len(brief.crossed)} of {len(brief.verdicts)} thresholds crossed, {len(brief.unknown)} unknown",
        f"{len(brief.decisions)} decisions within 90 days",
        f"{'; '.join(figures) or 'no total'}{more}",
        *brief.left_out,
        str(target),
    ]
    return " | ".join(parts)

"""`risklib report`: one HTML of tables that are there, or a scheduled one with all that goes with it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from risklib.errors import BadData, RisklibError

OK, FAILED, USAGE, PARTIAL, THRESHOLD = 0, 1, 2, 3, 4  # as risklib.cli has them
note = Console(stderr=True, highlight=False, soft_wrap=True)
say = Console(highlight=False, soft_wrap=True)


def report(
    tables: Annotated[Path | None, typer.Argument(help="Folder that `risklib analyze --out` wrote.")] = None,
    out: Annotated[Path, typer.Option(help="The HTML file; with --portfolio the folder of reports.")] = Path(
        "report.html"
    ),
    pdfs: Annotated[Path | None, typer.Option(help="Folder of the PDFs, for pictures of the evidence.")] = None,
    portfolio: Annotated[
        list[Path] | None,
        typer.Option(
            help="A scheduled report into --out, of PDFs or folders of PDFs (again for each), or of a folder of tables."
        ),
    ] = None,
    since: Annotated[str, typer.Option(help="Compare with: last, none, or the folder of an earlier report.")] = "last",
    thresholds: Annotated[Path | None, typer.Option(help="TOML file of limits; crossing one is exit code 4.")] = None,
    facts: Annotated[Path | None, typer.Option(help="CSV of deal facts.")] = None,
    assumptions: Annotated[Path | None, typer.Option(help="CSV of assumptions.")] = None,
    rates: Annotated[Path | None, typer.Option(help="CSV of exchange rates.")] = None,
    playbook: Annotated[Path | None, typer.Option(help="Playbook folder; default: the shipped one.")] = None,
    as_of: Annotated[str | None, typer.Option(help="Date of the report, 2026-01-31; default: today.")] = None,
    currency: Annotated[str | None, typer.Option(help="Convert totals into this currency (needs --rates).")] = None,
    password: Annotated[str | None, typer.Option(help="Password of protected PDFs.", envvar="RISKLIB_PASSWORD")] = None,
    workers: Annotated[int, typer.Option(min=0, help="Worker processes; 0 is one a core.")] = 0,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds a file may take.")] = 300.0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the simulation.")] = 0,
    trials: Annotated[int, typer.Option(min=100, help="Simulated years.")] = 10_000,
    store: Annotated[Path | None, typer.Option(help="Store of results; default: store.sqlite in --out.")] = None,
    keep: Annotated[int, typer.Option(min=1, help="Reports to keep.")] = 12,
    without_pdf: Annotated[bool, typer.Option("--without-pdf", help="No PDF is wanted.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")] = False,
) -> None:
    """Write the portfolio report: one HTML file of tables, or (--portfolio) HTML, PDF, XLSX, JSON and calendar."""
    if (tables is None) == (not portfolio):
        raise BadData("risklib report", None, "give either a folder of tables, or --portfolio FOLDER")
    if tables is not None:
        raise typer.Exit(_of_tables(tables, out, pdfs, as_json))
    assert portfolio is not None
    from risklib.schedule import Wanted

    analysis: dict[str, Any] = {
        "facts": facts, "assumptions": assumptions, "rates": rates, "playbook": playbook, "as_of": as_of,
        "currency": currency,
    }  # fmt: skip
    given = [f"--{k.replace('_', '-')}" for k, v in analysis.items() if v is not None]
    if given and any((p / "contracts.parquet").is_file() for p in portfolio):
        raise BadData(given[0], None, "belongs to `risklib analyze`; the tables given are its result")
    analysis |= {"password": password, "workers": workers, "timeout": timeout, "seed": seed, "trials": trials}
    analysis |= {"store": store} if store is not None else {}
    wanted = Wanted(tuple(portfolio), out, since, thresholds, not without_pdf, keep, analysis, pdfs)
    raise typer.Exit(_scheduled(wanted, as_json))


def _scheduled(wanted: Any, as_json: bool) -> int:
    """Runs, prints one line and gives the exit code: 1 failed, 2 bad input, 4 crossed, 3 partial, 0 ok."""
    from risklib.schedule import run

    try:
        done = run(wanted)
    except (RisklibError, OSError, sqlite3.Error) as e:
        said = f"risklib report failed: {plain(e)}; the old report stays"
        _print({"outcome": "failed", "said": said, "report": None}, said, as_json)
        return USAGE if isinstance(e, BadData) else FAILED
    told = {"outcome": done.outcome, "said": done.said, "report": str(done.folder), "crossed": done.crossed}
    _print(told | {"left_out": list(done.left_out)}, plain(done.said), as_json)
    return THRESHOLD if done.crossed else PARTIAL if done.outcome != "ok" else OK


def _print(data: dict[str, Any], said: str, as_json: bool) -> None:
    if as_json:
        print(json.dumps(data))
    else:
        say.print(said, markup=False)


def _of_tables(tables: Path, out: Path, pdfs: Path | None, as_json: bool) -> int:
    from risklib.playbook import load_playbook
    from risklib.portfolio import Portfolio
    from risklib.records import file_name
    from risklib.report import write_report

    portfolio = Portfolio.load(tables)
    playbook = load_playbook()
    titles = {e.id: e.title for e in playbook.entries.values()} | {c.id: c.title for c in playbook.categories.values()}
    path = write_report(portfolio, out, pdf_folder=pdfs, titles=titles)
    if pdfs is not None:
        there = {file_name(p) for p in pdfs.rglob("*")}
        missing = [f for f in portfolio.contracts["file"] if f not in there]
        if missing:
            note.print(
                f"note: {len(missing)} PDFs are not in {pdfs}, so no pictures: {plain(', '.join(missing[:5]))}",
                markup=False,
            )
    outcome = portfolio.meta.get("outcome", "ok")
    if as_json:
        print(json.dumps({"report": str(path), "outcome": outcome, "bytes": path.stat().st_size}))
    else:
        say.print(
            f"{path} ({path.stat().st_size / 1e6:.1f} MB): {len(portfolio.contracts)} agreements, outcome {outcome}",
            markup=False,
        )
    return {"failed": FAILED, "partial": PARTIAL}.get(outcome, OK)


def plain(text: object) -> str:
    """Text from a file without control characters: it must not drive the terminal."""
    return "".join(c if c.isprintable() else " " for c in str(text))

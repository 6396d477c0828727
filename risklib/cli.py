"""The command line: text and exit codes over the same functions that Python users call. It computes nothing of its own.

Exit codes: 0 all analysed, 1 failed, 2 bad usage, 3 partial (something could not be read), 4 a threshold was crossed.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from risklib.commands import compare, register, report, review, search, store
from risklib.errors import BadData, RisklibError

if TYPE_CHECKING:  # pandas and the reader load in a second; --help should not wait for them
    from risklib.portfolio import Portfolio

OK, FAILED, USAGE, PARTIAL, THRESHOLD = 0, 1, 2, 3, 4
app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    help="Contract risk from agreement PDFs: who must do what, what it costs to fail, and the sentence it stands "
    "in.\n\n"
    "Nothing leaves this machine. Decision support, not legal advice.\n\n"
    "Exit codes: 0 all analysed · 1 failed · 2 bad usage · 3 partial (something could not be read) · 4 a "
    "threshold was crossed.",
)
app.add_typer(store.app, name="store")
app.command()(store.forget)
app.command()(register.register)
app.command()(report.report)
app.command()(search.search)
app.command()(compare.compare)
app.command()(review.review)
note = Console(stderr=True, highlight=False, soft_wrap=True)
say = Console(highlight=False, soft_wrap=True)


class Format(StrEnum):
    parquet = "parquet"
    csv = "csv"


Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]


@app.command()
def analyze(
    paths: Annotated[
        list[str],
        typer.Argument(help="PDF files, folders that are searched for PDFs, or s3://… addresses.", metavar="FOLDER…"),
    ],
    out: Annotated[Path, typer.Option(help="Folder for the tables.")],
    facts: Annotated[
        Path | None, typer.Option(help="CSV of deal facts: file, vendor, annual_fees, currency, …")
    ] = None,
    assumptions: Annotated[
        Path | None, typer.Option(help="CSV of assumptions; default: the shipped, illustrative ones.")
    ] = None,
    rates: Annotated[Path | None, typer.Option(help="CSV of exchange rates.")] = None,
    playbook: Annotated[Path | None, typer.Option(help="Playbook folder; default: the shipped one.")] = None,
    as_of: Annotated[str | None, typer.Option(help="Date of the analysis, 2026-01-31; default: today.")] = None,
    currency: Annotated[str | None, typer.Option(help="Convert totals into this currency (needs --rates).")] = None,
    password: Annotated[str | None, typer.Option(help="Password of protected PDFs.", envvar="RISKLIB_PASSWORD")] = None,
    ocr: Annotated[bool, typer.Option(help="Read image-only pages by OCR.")] = True,
    workers: Annotated[int, typer.Option(min=0, help="Worker processes; 0 is one a core.")] = 0,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds a file may take.")] = 300.0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the simulation.")] = 0,
    trials: Annotated[int, typer.Option(min=100, help="Simulated years.")] = 10_000,
    format: Annotated[Format, typer.Option(help="Of the tables.")] = Format.parquet,
    store: Annotated[
        Path | None, typer.Option(help="A file that keeps all that was read and found: nothing is done twice.")
    ] = None,
    retry: Annotated[bool, typer.Option(help="With --store: try files anew that failed before.")] = False,
    scheduler: Annotated[
        str | None, typer.Option(help="tcp://… of a dask.distributed scheduler; its workers must see the files.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Analyse a folder of agreement PDFs into a portfolio of tables."""
    from risklib.pipeline import analyze as run

    with _progress(quiet=as_json) as progress, _stoppable(store):
        portfolio = run(
            paths,
            facts=facts,
            assumptions=assumptions,
            rates=rates,
            playbook=playbook,
            as_of=as_of,
            currency=currency,
            password=password,
            ocr=ocr,
            workers=workers,
            timeout=timeout,
            seed=seed,
            trials=trials,
            progress=progress,
            store=store,
            retry=retry,
            scheduler=scheduler,
        )
    portfolio.save(out, format=format.value)
    _summary(portfolio, out, as_json)
    raise typer.Exit({"ok": OK, "failed": FAILED, "partial": PARTIAL}[portfolio.meta["outcome"]])


@app.command()
def check(
    playbook: Annotated[Path | None, typer.Option(help="Playbook folder; default: the shipped one.")] = None,
    facts: Annotated[Path | None, typer.Option(help="CSV of deal facts.")] = None,
    assumptions: Annotated[Path | None, typer.Option(help="CSV of assumptions.")] = None,
    rates: Annotated[Path | None, typer.Option(help="CSV of exchange rates.")] = None,
    as_json: Json = False,
) -> None:
    """Check a playbook and CSVs: faults with file and line (the first of each file); warnings for thin entries, and for
    assumptions and rates that nobody reviewed for long."""
    from risklib.inputs import load_assumptions, load_deals, load_rates, overdue
    from risklib.playbook import check_playbook, load_playbook

    faults: list[str] = []
    warnings: list[str] = []
    for load, path in ((load_deals, facts), (load_assumptions, assumptions), (load_rates, rates)):
        try:
            if path is not None:
                warnings += overdue(load(path), date.today())
        except BadData as e:
            faults.append(str(e))
    try:
        for f in check_playbook(load_playbook(playbook)):
            (faults if f.level == "error" else warnings).append(str(f))
    except BadData as e:
        faults.append(str(e))
    if as_json:
        print(json.dumps({"faults": faults, "warnings": warnings}))
    else:
        for line in (*faults, *warnings):
            say.print(plain(line), markup=False)
        counted = f", {len(warnings)} warnings" if warnings else ""
        say.print(f"{len(faults) or 'nothing'} to mend{counted}", markup=False)
    raise typer.Exit(FAILED if faults else OK)


@app.command()
def show(
    contract: Annotated[str, typer.Argument(help="A PDF, or (with --tables) a file name of the portfolio.")],
    clause: Annotated[
        str | None, typer.Argument(help="Clause number: 7.2, or 7 with all below it; default: all.")
    ] = None,
    tables: Annotated[Path | None, typer.Option(help="Folder that `risklib analyze --out` wrote.")] = None,
    password: Annotated[
        str | None, typer.Option(help="Password of a protected PDF.", envvar="RISKLIB_PASSWORD")
    ] = None,
    png: Annotated[Path | None, typer.Option(help="Write a picture of the clause, its words marked.")] = None,
    pdfs: Annotated[Path | None, typer.Option(help="Folder of the PDFs, for --png with --tables.")] = None,
    as_json: Json = False,
) -> None:
    """Show a contract, or one clause of it, with its findings."""
    from risklib.commands.terminal import clause_views, text_of
    from risklib.pipeline import analyze as run
    from risklib.portfolio import Portfolio

    portfolio = Portfolio.load(tables) if tables else run([contract], password=password, trials=100)
    id = portfolio.contract_id(contract if tables else Path(contract).name)
    views = clause_views(portfolio, id, clause)
    if png is not None:
        shown = portfolio.show(id, clause, pdfs=pdfs, password=password)
        note.print(f"{shown.save(png)}: {plain(shown.caption)}, page {', '.join(map(str, shown.pages))}", markup=False)
    if as_json:
        print(json.dumps(views, default=str, ensure_ascii=False))
    else:
        say.print(text_of(portfolio, id, views))
    failed = (portfolio.contracts.set_index("contract_id").loc[id, "status"]) == "failed"
    raise typer.Exit(FAILED if failed else OK)


@app.command()
def explain(
    target: Annotated[str, typer.Argument(help="A sentence in quotes, or a PDF; with --tables a file of these.")],
    clause: Annotated[
        str | None,
        typer.Argument(help="With a PDF a clause number: 7.2. With --tables a component: late_payment; default: all."),
    ] = None,
    tables: Annotated[
        Path | None, typer.Option(help="Folder that `risklib analyze --out` wrote: explain money, not labels.")
    ] = None,
    lead_in: Annotated[str, typer.Option(help="The lead-in that the sentence hangs from.")] = "",
    heading: Annotated[str, typer.Option(help="The heading that it stands under.")] = "",
    customer: Annotated[str, typer.Option(help="How the agreement calls the customer.")] = "",
    provider: Annotated[str, typer.Option(help="How the agreement calls the provider.")] = "",
    playbook: Annotated[Path | None, typer.Option(help="Playbook folder; default: the shipped one.")] = None,
    password: Annotated[
        str | None, typer.Option(help="Password of a protected PDF.", envvar="RISKLIB_PASSWORD")
    ] = None,
    as_json: Json = False,
) -> None:
    """Explain a sentence's labels: the words, phrases, grammar and weights behind each, and what nearly held. With
    --tables, explain an amount: its arithmetic, and where each number comes from."""
    from risklib.commands.explain import explained, explained_text, money_explained

    if tables is not None:
        told = money_explained(tables, target, clause)
        said = json.dumps(told, ensure_ascii=False) if as_json else "\n\n".join(told.values())
        return print("\n".join(plain(line) for line in said.split("\n")))
    views = explained(target, clause, lead_in, heading, customer, provider, playbook, password)
    if as_json:
        print(json.dumps(views, default=str, ensure_ascii=False))
    else:
        say.print(explained_text(views))


# ---------------------------------------------------------------- helpers


@contextmanager
def _stoppable(store: Path | None) -> Iterator[None]:
    """Ctrl-C is no fault: one line and exit code 130."""
    try:
        yield
    except KeyboardInterrupt:
        kept = f"what was done is in {store}; the same command goes on from there" if store else "nothing was kept"
        note.print(f"risklib: stopped; {kept}", markup=False)
        raise typer.Exit(130) from None


class _progress:
    """A bar on a terminal, nothing in a pipe; gives the callback that `analyze` calls."""

    def __init__(self, quiet: bool) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self.bar: Any = None
        if not quiet and note.is_terminal:
            columns = (
                TextColumn("reading"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.description}"),
            )
            self.bar = Progress(*columns, console=note, transient=True)
        self.task: Any = None

    def __enter__(self) -> Any:
        if self.bar is None:
            return None
        self.bar.start()
        self.task = self.bar.add_task("", total=None)
        return lambda name, done, total: self.bar.update(
            self.task, completed=done, total=total, description=plain(name)[:40]
        )

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.stop()


def plain(text: object) -> str:
    """Text from a file or a contract without control characters: it must not drive the terminal."""
    return "".join(c if c.isprintable() else " " for c in str(text))


def _summary(portfolio: Portfolio, out: Path, as_json: bool) -> None:
    bad = portfolio.contracts[portfolio.contracts["status"] != "ok"]
    lost = [
        {"file": plain(r.file), "status": plain(r.status), "reason": plain(r.reason or "")} for r in bad.itertuples()
    ]
    if as_json:
        counts = {name: len(frame) for name, frame in portfolio.tables.items()}
        print(
            json.dumps(
                {
                    "outcome": portfolio.meta["outcome"],
                    "out": str(out),
                    "rows": counts,
                    "not_ok": lost,
                    "notes": portfolio.meta["notes"],
                }
            )
        )
        return
    for file, status, reason in (x.values() for x in lost):
        note.print(f"{file}: {status}: {reason}", markup=False)
    for remark in portfolio.meta["notes"]:
        note.print(f"note: {plain(remark)}", markup=False)
    say.print(f"{portfolio!r}\n{out}: tables written; outcome {portfolio.meta['outcome']}", markup=False)


def main() -> None:
    """Entry point: every expected error is one line on standard error."""
    os.umask(0o077)  # what is written is for its owner alone
    try:
        app(standalone_mode=True)
    except BadData as e:
        note.print(f"risklib: {plain(e)}", markup=False)
        sys.exit(USAGE)
    except RisklibError as e:
        note.print(f"risklib: {plain(e)}", markup=False)
        sys.exit(FAILED)
    except OSError as e:
        note.print(f"risklib: {plain(e.filename or '')}: {plain(e.strerror or e)}", markup=False)
        sys.exit(FAILED)


if __name__ == "__main__":
    main()

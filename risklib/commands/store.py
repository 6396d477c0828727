"""`risklib store …` and `risklib forget`: what a store holds, what a run said, and a contract taken out again."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from risklib.errors import BadData

app = typer.Typer(no_args_is_help=True, help="What a store (`risklib analyze --store FILE`) holds.")
say = Console(highlight=False, soft_wrap=True)
File = Annotated[Path, typer.Argument(help="The store.", metavar="FILE")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]


@app.command()
def check(store: File, as_json: Json = False) -> None:
    """Check the store: SQLite's integrity check, every result against its hash, the full-text index. Exit 1: faults."""
    from risklib.store import Store

    with Store(store) as opened:
        faults, runs = opened.check(), opened.runs()
    open_ = [r.run for r in runs if r.finished is None]
    if as_json:
        print(json.dumps({"faults": faults, "runs": len(runs), "unfinished": open_}))
    else:
        for fault in faults:
            _say(fault)
        unfinished = f", {len(open_)} of them not finished" if open_ else ""
        _say(f"{store}: {'damaged' if faults else 'whole'}; {len(runs)} runs{unfinished}")
    raise typer.Exit(1 if faults else 0)


@app.command()
def runs(store: File, as_json: Json = False) -> None:
    """List the runs: number, when finished, as of which day, how many files."""
    from risklib.store import Store

    with Store(store) as opened:
        found = opened.runs()
    if as_json:
        print(json.dumps([asdict(r) for r in found]))
        return
    for r in found:
        _say(f"{r.run}  {r.finished or 'not finished'}  as of {r.as_of}  {r.files} files")


@app.command()
def tables(
    store: File,
    out: Annotated[Path, typer.Option(help="Folder for the tables.")],
    run: Annotated[int | None, typer.Option(help="Number of the run; default: the last.")] = None,
    on: Annotated[str | None, typer.Option(help="What did it say on this day (UTC)? 2026-03-01")] = None,
) -> None:
    """Write the tables of an earlier run."""
    from risklib.portfolio import Portfolio

    portfolio = Portfolio.from_store(store, run, on=on)
    portfolio.save(out)
    _say(f"{portfolio!r}\n{out}: tables written")


@app.command()
def search(
    store: File,
    words: Annotated[str, typer.Argument(help="Words that a clause must hold, all of them.")],
    most: Annotated[int, typer.Option(min=1, help="How many clauses.")] = 20,
    as_json: Json = False,
) -> None:
    """Find clauses by their words in everything the store holds."""
    from risklib.store import Store

    with Store(store) as opened:
        found, files = opened.search(words, most), opened.names()
    if as_json:
        print(json.dumps([{"file": files.get(h.contract_id), **asdict(h)} for h in found], ensure_ascii=False))
        return
    for h in found:
        _say(f"{files.get(h.contract_id, h.contract_id[:12])}, page {h.page}: {h.heading}\n    {h.excerpt}")


def forget(
    contract: Annotated[str, typer.Argument(help="File name, or the first characters of the contract_id.")],
    store: Annotated[Path, typer.Option(help="The store.")],
    review: Annotated[
        list[Path] | None, typer.Option(help="A review.jsonl whose decisions on the contract go too; may be repeated.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Remove a contract's every trace from a store: results, runs, words, vectors, and the bytes left behind."""
    from risklib.store.forgetting import forget as remove

    missing = [str(r) for r in review or () if not r.is_file()]
    if missing:
        raise BadData("--review", None, f"{', '.join(missing)}: no such file; give a file that a review wrote")
    removed = remove(store, contract, review or ())
    if as_json:
        print(json.dumps(removed))
    else:
        said = ", ".join(f"{n} {what}" for what, n in removed.items())
        _say(f"{store}: removed {said}; bytes overwritten")
        _say(
            "Not the store's, yours to delete: the PDF, tables (--out), reports, registers, comparisons, exports of "
            "reviews, and decisions in a review.jsonl that was not given as --review"
        )


def _say(text: str) -> None:
    """Nothing from a file or a contract may drive the terminal."""
    say.print("".join(c if c.isprintable() or c == "\n" else " " for c in text), markup=False)

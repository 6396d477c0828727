"""`risklib review`: what people decided, what of it is open, and what it teaches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from risklib.errors import BadData


def review(
    tables: Annotated[Path, typer.Argument(help="Folder that `risklib analyze --out` wrote.", metavar="DIR")],
    file: Annotated[Path | None, typer.Option(help="Where decisions stand; default: DIR/review.jsonl.")] = None,
    version: Annotated[
        list[str] | None, typer.Option(help="OLD=NEW, where a new version has another file name.", metavar="OLD=NEW")
    ] = None,
    export: Annotated[
        Path | None, typer.Option(help="Write training examples: .csv labels by fingerprint, .yaml playbook examples.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the tables with the decisions in them, and amounts to match, here.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")] = False,
) -> None:
    """List the decisions on findings that a person must look at: moved, gone, or contested."""
    from risklib.portfolio import Portfolio
    from risklib.repricing import repriced

    pairs = [v.partition("=")[::2] for v in version or ()]
    if bad := [old for old, new in pairs if not old or not new]:
        raise BadData("--version", None, f"{bad[0]!r} names no new version; write OLD=NEW: --version msa.pdf=msa_2.pdf")
    if out is not None and out.resolve() == tables.resolve():
        raise BadData("--out", None, "would overwrite what the analysis wrote; name another folder")
    portfolio = Portfolio.load(tables)
    found = portfolio.review(file=file, versions=dict(pairs))
    decisions = found.decisions
    still = decisions[decisions["state"] != "holds"].to_dict("records")
    taught = found.export(export) if export else None
    if out is not None:
        repriced(found.applied(), portfolio).save(out)
    if as_json:
        counts = {"decisions": len(decisions), "open": still, "exported": taught}
        print(json.dumps(counts, ensure_ascii=False, default=str))
        return
    for d in still:
        what = f"{d['file']} {d['clause'] or ''}, page {d['page']}: {d['verdict']} {d['label']} ({d['by']}, {d['at']})"
        typer.echo(_plain(f"{d['state']}: {what}"))
        typer.echo(_plain(f"      {d['why']}"))
        typer.echo(_plain(f"      {str(d['text'])[:200]}"))
    if out is not None:
        typer.echo(f"{out}: the tables with these decisions")
    if export:
        typer.echo(f"{export}: {taught} sentences")
    typer.echo(f"{len(decisions)} decisions, {len(still)} open ({found.path})")


def _plain(text: str) -> str:
    """A contract's text must not drive the terminal."""
    return "".join(c if c.isprintable() else " " for c in text)

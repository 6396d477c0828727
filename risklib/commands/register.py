"""`risklib register`: the duty register as a file that people fill and reruns keep."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

say = Console(highlight=False, soft_wrap=True)
note = Console(stderr=True, highlight=False, soft_wrap=True)


class Party(StrEnum):
    customer = "customer"
    provider = "provider"
    all = "all"


def register(
    tables: Annotated[Path, typer.Argument(help="Folder that `risklib analyze --out` wrote.", metavar="DIR")],
    out: Annotated[Path, typer.Option(help="The CSV to write.")],
    keep: Annotated[Path | None, typer.Option(help="The CSV that people filled; may be the same as --out.")] = None,
    party: Annotated[Party, typer.Option(help="Whose duties.")] = Party.customer,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")] = False,
) -> None:
    """Write the duty register: who must do what, by when, what it costs not to; owner and status are for people."""
    from risklib.commands.register_file import register as build
    from risklib.commands.register_file import write_register
    from risklib.errors import BadData
    from risklib.portfolio import Portfolio

    if out.exists() and keep is None:
        raise BadData(
            str(out), None, f"is there already; give --keep {out} to keep what people wrote, or another --out"
        )
    frame = build(Portfolio.load(tables), keep, None if party is Party.all else party.value)
    write_register(frame, out)
    conflicts = frame[frame["conflict"].notna()]
    counts = {"rows": len(frame), "dated": int(frame["due"].notna().sum()), "conflicts": len(conflicts)}
    if as_json:
        print(json.dumps({"out": str(out), **counts, "states": frame["state"].value_counts().to_dict()}))
        return
    for r in conflicts.to_dict("records"):
        where = f"{r['file']} {r['clause'] or ''}".strip()
        note.print(_plain(f"{r['state'] or 'same'}: {where}: {r['conflict']}"), markup=False)
    say.print(
        f"{out}: {counts['rows']} duties, {counts['dated']} with a date, {counts['conflicts']} to look at", markup=False
    )


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)

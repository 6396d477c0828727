"""``risklib search``: clauses of an analysed portfolio by words and meaning, or like a given clause."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from risklib.errors import BadData

_SHOWN = 400  # characters of a clause in the terminal; --json gives all


def search(
    tables: Annotated[
        Path, typer.Argument(help="Folder that `risklib analyze --out` wrote, or the store.", metavar="DIR|STORE")
    ],
    query: Annotated[str, typer.Argument(help="What the clause should say, in your own words.")] = "",
    like: Annotated[
        tuple[str, str] | None, typer.Option(help="Instead of words, a file and a clause number: --like msa.pdf 9.2")
    ] = None,
    vendor: Annotated[str | None, typer.Option(help="Part of the vendor's, provider's or file's name.")] = None,
    party: Annotated[str | None, typer.Option(help="customer, provider or both: of a finding in the clause.")] = None,
    category: Annotated[str | None, typer.Option(help="Only clauses with a responsibility of this category.")] = None,
    provision: Annotated[str | None, typer.Option(help="Only clauses with this provision.")] = None,
    k: Annotated[int, typer.Option("-k", min=1, help="How many clauses.")] = 10,
    model: Annotated[str | None, typer.Option(help="Another sentence-transformers model: folder or name.")] = None,
    precision: Annotated[str, typer.Option(help="int8 (fast) or float32.")] = "int8",
    words_only: Annotated[bool, typer.Option(help="Without an encoder: by words and findings alone.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list instead of text.")] = False,
) -> None:
    """Search the clauses of a portfolio by words and meaning together."""
    from risklib.portfolio import Portfolio

    if bool(query) == bool(like):
        raise BadData("search", None, "give either words to search for, or --like FILE CLAUSE")
    portfolio = Portfolio.from_store(tables) if tables.is_file() else Portfolio.load(tables)
    only: dict[str, Any] = {"vendor": vendor, "party": party, "category": category, "provision": provision}
    how: dict[str, Any] = {"model": model, "precision": precision, "semantic": not words_only}
    if like:
        found = portfolio.similar(like[0], like[1], k=k, **only, **how)
    else:
        found = portfolio.search(query, k=k, **only, **how)
    hits = found.to_dict("records")
    if as_json:
        print(json.dumps(hits, ensure_ascii=False))
        return
    for h in hits:
        typer.echo(f"{h['score']:.2f}  {_plain(h['contract'])} {_plain(h['clause'] or h['heading'])}, page {h['page']}")
        text = _plain(" ".join(h["text"].split()))
        typer.echo(f"      {text if len(text) <= _SHOWN else text[:_SHOWN].rsplit(' ', 1)[0] + ' …'}")
        typer.echo(f"      {_plain(h['why'])}")
    if not hits:
        typer.echo("no clause passes the filters", err=True)


def _plain(text: str) -> str:
    """A contract's text must not drive the terminal."""
    return "".join(c if c.isprintable() else " " for c in text)

"""A contract as text in a terminal: its clauses with what was found in them."""

from __future__ import annotations

from typing import Any

import pandas as pd
from rich.console import Group
from rich.text import Text

from risklib.portfolio import Portfolio


def clause_views(portfolio: Portfolio, contract_id: str, number: str | None) -> list[dict[str, Any]]:
    """The clauses whose number is ``number`` or below it (None: all), each with its findings. Raises BadData."""
    clauses = portfolio.clauses[portfolio.clauses["contract_id"] == contract_id]
    wanted = clauses if number is None else portfolio.clauses_under(contract_id, number)
    views = []
    for c in _records(wanted):
        duties = _in(portfolio.responsibilities, contract_id, c["clause_id"])
        terms = _in(portfolio.provisions, contract_id, c["clause_id"])
        views.append(
            {
                "number": c["number"] or "",
                "heading": c["heading"] or "",
                "page": int(c["page"]),
                "text": c["text"],
                "responsibilities": [
                    {k: d[k] for k in ("responsibility", "party", "modality", "deadline", "text", "confidence", "page")}
                    for d in duties
                ],
                "provisions": [
                    {k: t[k] for k in ("provision", "party", "values", "text", "confidence", "page")} for t in terms
                ],
            }
        )
    return views


def _in(frame: pd.DataFrame, contract_id: str, clause_id: str) -> list[dict[str, Any]]:
    return _records(frame[(frame["contract_id"] == contract_id) & (frame["clause_id"] == clause_id)])


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows with None for what is missing, however pandas holds it."""

    def given(x: Any) -> Any:
        return None if x is pd.NA or (isinstance(x, float) and x != x) else x

    return [{str(k): given(v) for k, v in row.items()} for row in frame.to_dict("records")]


def text_of(portfolio: Portfolio, contract_id: str, views: list[dict[str, Any]]) -> Group:
    """The views as text with colours where the terminal has them; contract text cannot drive the terminal."""
    (row,) = _records(portfolio.contracts[portfolio.contracts["contract_id"] == contract_id])
    parts: list[Text] = [Text(_plain(f"{row['file']}: {row['title'] or 'no title'}"), style="bold")]
    parts.append(
        Text(
            _plain(
                f"customer {row['customer'] or 'unknown'} · provider {row['provider'] or 'unknown'} · {row['status']}"
            )
        )
    )
    if row["reason"]:
        parts.append(Text(_plain(row["reason"]), style="yellow"))
    for v in views:
        parts.append(Text(_plain(f"\n{v['number']} {v['heading']} (page {v['page']})".strip()), style="bold cyan"))
        parts.append(Text(_plain(" ".join(v["text"].split()))))
        for d in v["responsibilities"]:
            when = f" · {d['deadline']}" if d["deadline"] else ""
            parts.append(
                Text(
                    _plain(f"  → {d['party']} {d['modality']}: {d['responsibility']}{when} ({d['confidence']:.2f})"),
                    style="green",
                )
            )
            parts.append(_quote(d["text"]))
        for t in v["provisions"]:
            values = ", ".join(f"{k} {x}" for k, x in (t["values"] or {}).items())
            parts.append(
                Text(_plain(f"  § {t['party']}: {t['provision']} {values} ({t['confidence']:.2f})"), style="magenta")
            )
            parts.append(_quote(t["text"]))
    return Group(*parts)


def _quote(sentence: str, most: int = 110) -> Text:
    cut = sentence if len(sentence) <= most else sentence[:most].rsplit(" ", 1)[0] + " …"
    return Text(_plain(f"      “{cut}”"), style="dim")


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)

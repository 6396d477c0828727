"""One self-contained HTML file for a portfolio: draws offline, prints, and lets no contract text act.

Only the report's own script runs, allowed by its hash in a content security policy that also forbids every connection;
everything else is escaped text, inline SVG and pictures as data URIs.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from risklib.findings.measured import Measured, load_measured
from risklib.report import lines, money, text
from risklib.report.crops import Locate, Pictures, cut_pictures, in_folder
from risklib.report.findings import (
    BOTH,
    CUSTOMER,
    Contract,
    Finding,
    Titles,
    contracts_of,
    findings_of,
    first,
    grouped,
    index_of,
)
from risklib.report.heat import heat_map_of

__all__ = ["write_report"]

PICTURES = 14_000_000  # characters of data URIs in one report
POLICY = (  # nothing may be fetched, framed or sent; only the report's own style and script, by their hashes
    "default-src 'none'; img-src data:; style-src '{style}'; script-src '{script}'; base-uri 'none'; form-action 'none'"
)
FINDINGS, LINES, AGREEMENTS = 10_000, 3_000, 1_000  # listed in one report; the rest stay in the tables


@dataclass(frozen=True)
class _Parts:
    """What the template draws, computed once."""

    contracts: Mapping[str, Contract]
    index: pd.DataFrame  # a light row for each finding
    shown: Sequence[Finding]
    pictures: Pictures
    lines: lines.Lines
    titles: Titles
    categories: Sequence[str]
    measured: Sequence[tuple[str, Measured]]  # (title, how well it is found) of every kind found here


def write_report(
    portfolio: Any,
    out: str | Path,
    *,
    pdf_folder: str | Path | None = None,
    finder: Locate | None = None,
    as_of: date | str | None = None,
    titles: Mapping[str, str] | None = None,
    picture_budget: int = PICTURES,
    max_findings: int = FINDINGS,
    max_lines: int = LINES,
    brief: Any = None,
) -> Path:
    """Writes the report and returns its path: ``out`` itself if it ends in ``.html``, else ``out/report.html``.

    ``portfolio`` has the frames of tables.md as attributes, and ``deals``, ``assumptions``, ``totals``, ``curve`` and
    ``meta``. ``titles`` maps ids (categories, responsibilities, provisions, components) to what people call them; an id
    it does not hold is shown as words. Pictures come from the PDFs that ``finder(file, contract_id)`` locates, or from
    ``pdf_folder``; without either there are none. ``picture_budget`` bounds them in bytes of HTML; ``max_findings`` and
    ``max_lines`` (of the exposure) bound what is listed, foremost first, and the page says how many more there are. The
    file appears whole or not at all, and the same portfolio gives the same bytes. ``brief`` (``schedule.Brief``): what
    a scheduled report adds to the first page, and a page for each vendor.
    """
    path = Path(out)
    path = path if path.suffix.lower() in (".html", ".htm") else path / "report.html"
    locate = finder or (in_folder(Path(pdf_folder)) if pdf_folder else None)
    parts = _parts(portfolio, locate, titles or {}, picture_budget, (max_findings, max_lines))
    html = _render(portfolio, parts, str(as_of or portfolio.meta.get("as_of") or "")[:10], brief)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    draft.write_text(html, encoding="utf-8", newline="\n")
    os.replace(draft, path)
    return path


def _parts(
    portfolio: Any, locate: Locate | None, titles: Mapping[str, str], budget: int, most: tuple[int, int]
) -> _Parts:
    def name(i: str) -> str:
        return text.visible(titles.get(i) or text.humanise(i))

    contracts = contracts_of(portfolio.contracts, portfolio.deals)
    measured = load_measured()
    index = index_of(portfolio, contracts, lines.priced(portfolio.operands))
    ranked = first(index, most[0]).index
    shown = findings_of(portfolio, contracts, index.loc[sorted(ranked)], name, measured)
    if locate is None:
        pictures = Pictures((), {}, (), 0, 0)
    else:
        by_key = {f.key: f for f in shown}
        pictures = cut_pictures([by_key[f"f{k + 1}"].wanted for k in ranked], locate, budget=budget)
    priced = lines.lines_of(portfolio, contracts, shown, name, most[1])
    held = Counter(i.split(".")[0] for i in titles if "." in i)
    # A category of a single id is a catch-all: it becomes a row of the map only where it occurs.
    categories = [c for c, n in held.items() if n > 1]
    found = set(index["label"])
    kinds = [(name(i), m) for i, m in measured.items() if i in found]
    return _Parts(contracts, index, shown, pictures, priced, name, categories, kinds)


def _render(portfolio: Any, parts: _Parts, as_of: str, brief: Any = None) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("risklib.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=text.number, percent=text.percent, visible=text.visible, title=parts.titles)
    style, script = (_asset(environment, n) for n in ("report.css", "report.js"))
    return environment.get_template("report.html").render(
        style=Markup(style),  # noqa: S704  both are the package's own files
        script=Markup(script),  # noqa: S704
        policy=POLICY.format(style=_hash(style), script=_hash(script)),
        as_of=text.visible(as_of),
        brief=brief,
        **_overview(portfolio, parts),
        **_exposure(portfolio, parts),
        **_listing(parts),
    )


def _overview(portfolio: Any, parts: _Parts) -> dict[str, Any]:
    contracts = list(parts.contracts.values())
    return {
        "meta": portfolio.meta,
        "illustrative": bool(portfolio.meta.get("illustrative")),
        "notes": _notes(portfolio.meta),
        "status": _status(contracts, portfolio.meta),
        "contracts": contracts,
        "agreements": AGREEMENTS,
        "troubled": [c for c in contracts if c.status != "ok" or c.reason],
        "counts": _counts(contracts, parts.index),
        "by_contract": _by_contract(parts.index, contracts),
        "assumptions": [] if portfolio.assumptions is None else portfolio.assumptions.to_dict("records"),
    }


def _exposure(portfolio: Any, parts: _Parts) -> dict[str, Any]:
    totals = portfolio.totals
    # Totals converted into one currency have no component by vendor table: the lines behind them are in several.
    converted = bool(portfolio.meta.get("currency"))
    matrices = {} if converted else money.matrices_of(portfolio.exposures, parts.contracts, parts.titles)
    return {
        "converted": converted,
        "totals": money.totals_of(totals, "portfolio", {}),
        "vendor_totals": money.totals_of(totals, "vendor", {}),
        "contract_totals": money.contract_totals(totals, list(parts.contracts.values())),
        "blocks": money.blocks_of(totals, portfolio.curve, matrices, parts.titles),
        "lines": parts.lines,
        "lines_by_contract": lines.by_contract(parts.lines.listed),
        "listed": {x.key for x in parts.lines.listed},
    }


def _listing(parts: _Parts) -> dict[str, Any]:
    listed = {f.contract.key for f in parts.shown}
    silent = [c for c in list(parts.contracts.values())[:AGREEMENTS] if c.key not in listed]
    return {
        "heat": heat_map_of(parts.index, parts.contracts, parts.categories, parts.titles),
        "groups": grouped(parts.shown),
        "measured": parts.measured,
        "silent": silent,
        "choices": _choices(parts.shown),
        "shown": len(parts.shown),
        "hidden": len(parts.index) - len(parts.shown),
        "pictures": parts.pictures,
        "windows": parts.pictures.windows,
        "consequences": {
            (f.contract.contract_id, f.clause_id): f for f in reversed(parts.shown) if f.kind == "provision"
        },
    }


def _status(contracts: Sequence[Contract], meta: Mapping[str, Any]) -> str:
    """The worse of what the run and the files say: "failed" when none was analysed, "partial" when not all were."""
    states = {c.status for c in contracts}
    of_files = "ok" if states == {"ok"} else "partial" if states - {"failed"} else "failed"
    return max(of_files, str(meta.get("outcome", "ok")), key=("ok", "partial", "failed").index)


def _notes(meta: Mapping[str, Any]) -> list[str]:
    """What the run wants its reader to know; that assumptions are illustrative is said once, by the report itself."""
    return [n for n in meta.get("notes") or () if not (meta.get("illustrative") and "illustrative" in n)]


def _counts(contracts: Sequence[Contract], index: pd.DataFrame) -> dict[str, int]:
    states = Counter(c.status for c in contracts)
    duties = index[index["kind"] == "responsibility"]
    customer = duties[duties["party"].isin([CUSTOMER, BOTH])]
    return {
        "files": len(contracts),
        "ok": states["ok"],
        "partial": states["partial"],
        "failed": states["failed"],
        "vendors": len({c.vendor for c in contracts if c.status != "failed"}),
        "scanned": sum(c.ocr_pages for c in contracts),
        "duties": len(duties),
        "customer": len(customer),
        "unclear": int(customer["unclear"].sum()),
        "deadlines": int(customer["deadline"].sum()),
        "provisions": len(index) - len(duties),
    }


def _by_contract(index: pd.DataFrame, contracts: Sequence[Contract]) -> dict[str, dict[str, int]]:
    """Contract key → how many duties of the customer, terms, and findings of any kind it holds."""
    terms = index["kind"] == "provision"
    duties = ~terms & index["party"].isin([CUSTOMER, BOTH])
    whole, of_terms, of_duties = (Counter(part["contract"]) for part in (index, index[terms], index[duties]))
    return {
        c.key: {"duties": of_duties[k], "provisions": of_terms[k], "all": whole[k]} for k, c in enumerate(contracts)
    }


def _choices(findings: Sequence[Finding]) -> dict[str, list[tuple[str, str]]]:
    """What the filter offers: the groups of each kind that occur, by title."""
    out: dict[str, list[tuple[str, str]]] = {}
    for kind in ("provision", "responsibility"):
        out[kind] = sorted({(f.group, f.group_title) for f in findings if f.kind == kind}, key=lambda g: g[1])
    return out


def _asset(environment: jinja2.Environment, name: str) -> str:
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0].replace("\r\n", "\n")


def _hash(source: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(source.encode("utf-8")).digest()).decode("ascii")

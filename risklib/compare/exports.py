"""A comparison as files that people pass on: an Excel workbook, one HTML sheet, CSV. Text is always text, never a
formula."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter
from jinja2 import Environment

from risklib.errors import BadData

FORMATS = (".xlsx", ".html", ".csv")
_FORMULA = re.compile(r"'*[=+@\t\r-]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_HIDDEN = {"contract_id", "paper", "clause_id", "start", "end", "bbox", "contract_id_before", "contract_id_after", "id"}
_WIDE = {
    "text",
    "why",
    "wording",
    "fallback_wording",
    "looked_for",
    "says",
    "before",
    "after",
    "terms_before",
    "terms_after",
    "because",
}
_MONEY = {"money", "saves", "fallback_saves", "exposure_change"}
_PAGES = {"page", "page_after"}
_MOST = 32_000  # characters of a cell of Excel, less a little


@dataclass(frozen=True)
class Sheet:
    """One table of a file. ``money``: further columns that hold amounts; ``marks``: "id|column" of a cell → best or
    worst; ``behind``: the same → the evidence row behind the cell."""

    name: str
    frame: pd.DataFrame
    note: str = ""
    money: frozenset[str] = frozenset()
    currency: str | None = None
    marks: Mapping[str, str] = field(default_factory=dict)
    behind: Mapping[str, Mapping[Any, Any]] = field(default_factory=dict)


def write(
    sheets: Sequence[Sheet], path: str | Path, *, title: str, lines: Sequence[str] = (), pdfs: Path | None = None
) -> Path:
    """Writes ``sheets`` as ``path`` says: .xlsx (a sheet each), .html (one page), .csv (a file each, its name behind
    the path's). ``lines``: sentences at the top. ``pdfs``: folder of the agreements, to which the pages link. Raises
    BadData."""
    path = Path(path)
    if path.suffix.lower() not in FORMATS:
        raise BadData(str(path), None, f"{path.suffix or 'no ending'} is no format; allowed: {', '.join(FORMATS)}")
    path.parent.mkdir(parents=True, exist_ok=True)
    kept, links = [s for s in sheets if len(s.frame)], _Links(path, pdfs)
    if path.suffix.lower() == ".xlsx":
        _workbook(kept, path, title, lines, links)
    elif path.suffix.lower() == ".html":
        path.write_text(_html(kept, title, lines, links), encoding="utf-8")
    else:
        for s in kept:
            target = path.with_name(f"{path.stem}_{_slug(s.name)}.csv")
            _shown(s.frame, nested=True).map(_inert).to_csv(target, index=False)
    return path


# ---------------------------------------------------------------- what is shown of a table


def _shown(frame: pd.DataFrame, nested: bool = False) -> pd.DataFrame:
    """Without ids and boxes; one line of text in a cell."""
    drop = [c for c in frame.columns if c.startswith("_") or (not nested and c in _HIDDEN)]
    kept = frame.drop(columns=drop)
    cells = {c: [_cell_of(v) for v in kept[c]] for c in kept.columns}
    return pd.DataFrame({c: pd.Series(v, dtype=object) for c, v in cells.items()})


def _cell_of(v: Any) -> Any:
    """None for what is missing, one line for a list."""
    if isinstance(v, (list, tuple)):
        return ", ".join(map(str, v))
    return None if v is None or v is pd.NA or v != v else v


def _plain(v: Any) -> str:
    return _CONTROL.sub(" ", str(v))[:_MOST]


def _inert(v: Any) -> Any:
    """Text from a contract that a spreadsheet would run gets an apostrophe before it."""
    return f"'{v}" if isinstance(v, str) and _FORMULA.match(v) else v


def _slug(name: str) -> str:
    return re.sub(r"\W+", "_", name.lower()).strip("_")


def _title(column: str) -> str:
    return column.replace("_", " ") if column.islower() else column


@dataclass(frozen=True)
class _Links:
    """From a file that is written to the pages of the agreements; no ``pdfs``, no links."""

    out: Path
    pdfs: Path | None

    @cached_property
    def _found(self) -> Mapping[str, str]:
        every = sorted(self.pdfs.rglob("*"), reverse=True) if self.pdfs else ()
        return {p.name: self._way(p.resolve()) for p in every if p.is_file()}

    def _way(self, pdf: Path) -> str:
        """Relative, so that the links live as long as the file and the PDFs move together."""
        try:
            return Path(os.path.relpath(pdf, self.out.parent.resolve())).as_posix()
        except ValueError:  # another drive
            return pdf.as_posix()

    def page(self, row: Mapping[Any, Any]) -> str | None:
        """The page that a row stands on; None where file or page is unknown."""
        page = row.get("page") or row.get("page_after")
        way = self._found.get(str(row.get("file")))
        return None if way is None or page is None or page != page else f"{way}#page={int(page)}"


def _quote(row: Mapping[Any, Any]) -> str:
    """The words behind a cell, with clause and page."""
    if not isinstance(row.get("text"), str):
        return ""
    where = ", ".join(str(x) for x in (row.get("number"), f"page {row['page']}" if row.get("page") else "") if x)
    return _plain(f"{where}: {row['text']}")


# ---------------------------------------------------------------- Excel


def _workbook(sheets: Sequence[Sheet], path: Path, title: str, lines: Sequence[str], links: _Links) -> None:
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": True,
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": title, "comments": "Decision support, not legal advice."})
        styles = _styles(book)
        first = book.add_worksheet("Summary")
        first.set_column(0, 0, 110, styles["text"])
        first.write_string(0, 0, _plain(title), styles["title"])
        for k, line in enumerate((*lines, "", "Decision support, not legal advice."), 2):
            first.write_string(k, 0, _plain(line), styles["text"])
        for k, s in enumerate(sheets, len(lines) + 5):
            first.write_url(
                k, 0, f"internal:'{_tab(s.name)}'!A1", styles["link"], _plain(f"{s.name}: {len(s.frame)} rows")
            )
        for s in sheets:
            _fill(book.add_worksheet(_tab(s.name)), s, styles, links)


def _tab(name: str) -> str:
    return re.sub(r"[\[\]:*?/\\']", " ", name)[:31]


def _styles(book: Any) -> dict[str, Any]:
    text = {"text_wrap": True, "valign": "top", "font_size": 10}
    fills = {
        "best": "#dcefe3",
        "worst": "#fbe3df",
        "critical": "#f5b7ad",
        "high": "#fbe3df",
        "medium": "#fdf2d0",
        "low": "#eef2f5",
    }
    styles = {
        "text": book.add_format(text),
        "money": book.add_format({**text, "num_format": "#,##0;[Red]-#,##0"}),
        "number": book.add_format({**text, "num_format": "#,##0.##"}),
        "head": book.add_format(
            {"bold": True, "bg_color": "#22384d", "font_color": "white", "text_wrap": True, "valign": "top"}
        ),
        "title": book.add_format({"bold": True, "font_size": 16}),
        "link": book.add_format({"font_color": "#1f5fa8", "underline": 1, "valign": "top"}),
    }
    return styles | {k: book.add_format({**text, "bg_color": v}) for k, v in fills.items()}


def _fill(sheet: Any, s: Sheet, styles: Mapping[str, Any], links: _Links) -> None:
    shown = _shown(s.frame)
    columns = list(shown.columns)
    rows = list(zip(s.frame.to_dict("records"), shown.to_dict("records"), strict=True))
    sheet.hide_gridlines(2)
    for c, name in enumerate(columns):
        unit = f" ({s.currency} a year)" if s.currency and (name in _MONEY or name in s.money) else ""
        sheet.write_string(0, c, _plain(_title(name) + unit), styles["head"])
        longest = max([len(_title(name)), *(len(str(r[name] or "")) for _, r in rows)])
        sheet.set_column(c, c, 60 if name in _WIDE else max(8, min(longest + 2, 34)))
    for n, (whole, row) in enumerate(rows, 1):
        for c, name in enumerate(columns):
            behind = s.behind.get(f"{whole.get('id')}|{name}")
            link = links.page(behind or (whole if name in _PAGES else {}))
            _cell(sheet, (n, c), name, row[name], s, styles, link, whole)
            if behind and (words := _quote(behind)):
                sheet.write_comment(n, c, words[:1000], {"x_scale": 3, "y_scale": 1.5})
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, len(rows), len(columns) - 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _cell(
    sheet: Any, at: tuple[int, int], name: str, v: Any, s: Sheet, styles: Mapping[Any, Any], link: str | None,
    row: Mapping[Any, Any],
) -> None:  # fmt: skip
    number = isinstance(v, int | float) and not isinstance(v, bool)
    text = "" if v is None else ("yes" if v else "no") if isinstance(v, bool) else str(int(v)) if link and number else v
    style = styles.get(_mark(s, name, v, row), styles["link" if link else "text"])
    if v is None:
        sheet.write_blank(*at, None, styles["text"])
    elif link:
        sheet.write_url(*at, f"external:{link}", style, _plain(text))
    elif number:
        sheet.write_number(*at, float(v), styles["money" if name in _MONEY or name in s.money else "number"])
    else:
        sheet.write_string(*at, _plain(text), style)


def _mark(s: Sheet, name: str, v: Any, row: Mapping[Any, Any]) -> str:
    if name == "severity":
        return str(v)
    return s.marks.get(f"{row.get('id')}|{name}", "") if s.marks else ""


# ---------------------------------------------------------------- HTML

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{ title }}</title><style>
body{font:15px/1.45 system-ui,sans-serif;color:#1d2b38;margin:2rem auto;max-width:1500px;padding:0 1.2rem}
h1{font-size:1.7rem;margin:0 0 .6rem}
h2{font-size:1.15rem;margin:2rem 0 .2rem}
p{margin:.25rem 0;max-width:75rem}
.dim{color:#5b6b79}
.scroll{overflow-x:auto;border:1px solid #d5dde4;border-radius:6px;margin:.5rem 0}
table{border-collapse:collapse;width:100%;font-size:13px}
th{position:sticky;top:0;background:#22384d;color:#fff;text-align:left;font-weight:600}
th,td{padding:.35rem .6rem;vertical-align:top;border-bottom:1px solid #e6ecf0}
td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td.w{min-width:22rem}
.best{background:#dcefe3}
.worst,.high{background:#fbe3df}
.critical{background:#f5b7ad}
.medium{background:#fdf2d0}
.low{background:#eef2f5}
a{color:#1f5fa8}
td[title]{cursor:help}
@media print{.scroll{overflow:visible;border:0}
th{position:static}
h2{break-after:avoid}
tr{break-inside:avoid}
}
</style><h1>{{ title }}</h1>{% for l in lines %}<p>{{ l }}</p>{% endfor %}
{% for s in sheets %}<h2>{{ s.name }}</h2>{% if s.note %}<p class="dim">{{ s.note }}</p>{% endif %}
<div class="scroll"><table><thead><tr>
{% for c in s.columns %}<th scope="col">{{ c }}</th>{% endfor %}</tr></thead><tbody>
{% for row in s.rows %}<tr>{% for cell in row %}
<td class="{{ cell.css }}"{% if cell.title %} title="{{ cell.title }}"{% endif %}>
{%- if cell.link %}<a href="{{ cell.link[0]|urlencode }}#{{ cell.link[1] }}">{{ cell.text }}</a>
{%- else %}{{ cell.text }}{% endif -%}
</td>{% endfor %}</tr>
{% endfor %}</tbody></table></div>{% endfor %}<p class="dim">Decision support, not legal advice.</p></html>
"""


def _html(sheets: Sequence[Sheet], title: str, lines: Sequence[str], links: _Links) -> str:
    views = []
    for s in sheets:
        shown = _shown(s.frame)
        rows = zip(s.frame.to_dict("records"), shown.to_dict("records"), strict=True)
        views.append(
            {
                "name": s.name, "note": s.note, "columns": [_head(c, s) for c in shown.columns],
                "rows": [[_view(s, c, shown_row[c], whole, links) for c in shown.columns] for whole, shown_row in rows],
            }
        )  # fmt: skip
    page = Environment(autoescape=True).from_string(_PAGE)
    return page.render(title=title, lines=lines, sheets=views)


def _head(column: str, s: Sheet) -> str:
    unit = f" ({s.currency} a year)" if s.currency and (column in _MONEY or column in s.money) else ""
    return _title(column) + unit


def _view(s: Sheet, name: str, v: Any, row: Mapping[Any, Any], links: _Links) -> dict[str, Any]:
    number = isinstance(v, (int, float)) and not isinstance(v, bool)
    if v is None or isinstance(v, bool):
        text = "" if v is None else "yes" if v else "no"
    else:
        text = f"{v:,.0f}" if number and (name in _MONEY or name in s.money) else _number(v)
    css = " ".join(x for x in ("n" if number else "", "w" if name in _WIDE else "", _mark(s, name, v, row)) if x)
    behind = s.behind.get(f"{row.get('id')}|{name}", {})
    link = links.page(behind or (row if name in _PAGES else {}))
    return {"text": text, "css": css, "link": link.rsplit("#", 1) if link else None, "title": _quote(behind)}


def _number(v: Any) -> str:
    return f"{v:,.2f}".rstrip("0").rstrip(".") if isinstance(v, float) else _plain(v)

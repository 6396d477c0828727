"""Reading a CSV strictly: cells by the parser of their column, every fault with its line, column and what is
allowed."""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from babel.core import get_global

from risklib.errors import BadData

_PLAIN = re.compile(r"\d+(\.\d+)?|\d{1,3}(,\d{3})+(\.\d+)?")


@cache
def currencies() -> frozenset[str]:
    """ISO 4217 codes in use or once in use, from babel's CLDR data."""
    return frozenset(get_global("all_currencies"))


@cache
def money_unit(unit: str) -> str | None:
    """``EUR`` for the units "EUR" and "EUR a record"; None for units that are no money."""
    head = unit.split(" ", 1)[0]
    return head if head in currencies() else None


# ---------------------------------------------------------------- cells


def plain_number(text: str) -> Decimal:
    if not _PLAIN.fullmatch(text):
        raise ValueError("write a plain number that is not negative, such as 120000 or 120000.50")
    if re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", text):
        raise ValueError(f"{text} may mean {text.replace('.', '')} or {text.rstrip('0')}; write one of them")
    return Decimal(text.replace(",", ""))


def positive(text: str) -> Decimal:
    value = plain_number(text)
    if value <= 0:
        raise ValueError("write a number above 0")
    return value


def whole(text: str) -> Decimal:
    value = plain_number(text)
    if value != value.to_integral_value():
        raise ValueError("write a whole number")
    return value


def months_ahead(text: str) -> Decimal:
    words = {"yes": Decimal(12), "no": Decimal(0)}
    return words[text.casefold()] if text.casefold() in words else plain_number(text)


def calendar_date(text: str) -> date:
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return date.fromisoformat(text)
    except ValueError:
        pass  # 2026-02-30: the message below fits it too
    raise ValueError("write a date of the calendar as YYYY-MM-DD")


def currency_code(text: str) -> str:
    if text not in currencies():
        raise ValueError(f"write an ISO 4217 code such as EUR{did_you_mean(text.upper(), currencies())}")
    return text


def yes_no(text: str) -> bool:
    if text.casefold() not in ("yes", "no"):
        raise ValueError("write yes or no")
    return text.casefold() == "yes"


def did_you_mean(word: str, names: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(names), n=1)
    return f"; did you mean {near[0]}?" if near else ""


Parser = Callable[[str], Any]


# ---------------------------------------------------------------- rows


Row = tuple[int, dict[str, Any]]
Fault = tuple[int | None, str]


def raise_if(faults: Sequence[Fault], file: str) -> None:
    if not faults:
        return
    ordered = sorted(faults, key=lambda f: f[0] or 0)
    line, text = ordered[0]
    more = len(ordered) - 1
    error = BadData(file, line, text + (f" (and {more} more fault{'s' * (more > 1)} in this file)" if more else ""))
    error.faults = tuple(ordered)  # type: ignore[attr-defined]
    raise error


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BadData(str(path), None, f"cannot be read ({error.strerror}); give the path of a CSV file") from error
    except UnicodeDecodeError as error:
        raise BadData(str(path), None, f"not UTF-8 (byte {error.start}); save it as 'CSV UTF-8'") from error


def _header(cells: Sequence[str], columns: Mapping[str, Parser], needed: Sequence[str]) -> list[Fault]:
    faults: list[Fault] = []
    for name in cells:
        if name not in columns:
            allowed = did_you_mean(name, columns) or f"; allowed are {', '.join(columns)}"
            faults.append((1, f"unknown column {name!r}{allowed}"))
        elif list(cells).count(name) > 1:
            faults.append((1, f"column {name} stands twice; keep one"))
    faults.extend(
        (1, f"column {name} is missing; the first line names the columns") for name in needed if name not in cells
    )
    return list(dict.fromkeys(faults))


def read_table(path: Path, columns: Mapping[str, Parser], needed: Sequence[str]) -> tuple[list[Row], list[Fault]]:
    """The rows, parsed (None where a cell is empty), with their line; and the faults of the cells."""
    text = _text(path)
    first = text.split("\n", 1)[0]
    separator = ";" if ";" in first and "," not in first else ","
    records = _records(path, text, separator)
    header = [cell.strip() for cell in records[0][1]] if records else []
    raise_if(_header(header, columns, needed), str(path))
    rows: list[Row] = []
    faults: list[Fault] = []
    for at, cells in records[1:]:
        if len(cells) > len(header):
            faults.append(
                (at, f"{len(cells)} cells but {len(header)} columns; put quotes around a cell with a separator")
            )
            continue
        row, wrong = _cells(dict(zip(header, cells, strict=False)), columns, needed)
        rows.append((at, row))
        faults.extend((at, f"column {name}: {what}") for name, what in wrong)
    return rows, faults


def _records(path: Path, text: str, separator: str) -> list[tuple[int, list[str]]]:
    """Header and rows that are not blank, each with the line on which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    records: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for cells in reader:
            if line == 1 or any(cell.strip() for cell in cells):
                records.append((line, cells))
            line = reader.line_num + 1
    except csv.Error as error:
        raise BadData(str(path), line, f"no readable CSV ({error}); save it anew from a spreadsheet") from error
    return records


def _cells(
    cells: Mapping[str, str], columns: Mapping[str, Parser], needed: Sequence[str]
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    row: dict[str, Any] = dict.fromkeys(columns)
    wrong: list[tuple[str, str]] = []
    for name, cell in cells.items():
        text = cell.strip()
        if text:
            try:
                row[name] = columns[name](text)
            except ValueError as error:
                wrong.append((name, f"found {text!r}; {error}"))
    wrong.extend((name, "is empty; it must be filled in") for name in needed if not (cells.get(name) or "").strip())
    return row, wrong


def given_twice(rows: Iterable[tuple[int, Any]], what: str) -> list[Fault]:
    seen: dict[Any, int] = {}
    faults: list[Fault] = []
    for line, key in rows:
        if key in seen:
            faults.append((line, f"{what} {key!r} stands in line {seen[key]} already; keep one row"))
        else:
            seen[key] = line
    return faults

"""Limits that a risk owner sets in a TOML file, and whether a portfolio crosses them. Unknown is never "within"."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from risklib.due.key_dates import NOTICE, KeyDate, upcoming
from risklib.errors import BadData
from risklib.inputs.tables import currency_code, did_you_mean
from risklib.playbook import load_playbook
from risklib.rows import Row

WITHIN, CROSSED, UNKNOWN = "within", "crossed", "unknown"
FIGURES = {"expected": "expected loss", "p95": "95th percentile", "es95": "average of the worst 5 %"}
SHARES = {"unreadable_share": "share of files that could not be read whole", "unscored_share": "share without a figure"}
TERMS = "terms"  # [terms] uncapped_liability = 0: at most so many that bind the customer and name no amount
ALLOWED = (
    "[expected], [p95] or [es95] with CURRENCY = amount; [terms] with a provision of the playbook = how many; "
    "notice_within_days = days; unreadable_share and unscored_share = 0 to 1"
)


@dataclass(frozen=True, slots=True)
class Limit:
    """One line of the file. ``key``: "p95.EUR", "terms.uncapped_liability", "notice_within_days", …"""

    key: str
    value: float
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a limit gave: within, crossed, or unknown (why: ``found``)."""

    key: str
    state: str
    limit: str
    found: str
    where: tuple[str, ...] = ()  # what crossed it: files, clauses, days


def load_limits(path: str | Path) -> tuple[Limit, ...]:
    """The limits of a TOML file. Raises BadData with its line for what is no TOML, no limit or no number."""
    path = Path(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
        data = tomllib.loads(text)
    except OSError as e:
        raise BadData(str(path), None, f"cannot be read ({e.strerror}); give a TOML file of thresholds") from e
    except UnicodeDecodeError as e:
        raise BadData(str(path), None, "is not UTF-8; save it as UTF-8") from e
    except tomllib.TOMLDecodeError as e:
        at = re.search(r"line (\d+)", str(e))
        last = int(at[1]) if at else len(text.splitlines())  # "at end of document"
        raise BadData(str(path), last, f"is no TOML ({e}); write lines as p95.EUR = 1_000_000") from e
    lines = dict(_lines(text))
    found = []
    for key, value in _flat(data):
        line = lines.get(key) or lines.get(key.split(".")[0])
        if (fault := _fault(key, value)) is not None:
            raise BadData(str(path), line, fault)
        found.append(Limit(key, float(value), str(path), line or 1))
    if not found:
        raise BadData(str(path), None, f"sets no threshold; allowed: {ALLOWED}")
    return tuple(found)


def _flat(data: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in data.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.") if value else [(f"{above}{key}", value)]
        else:
            yield f"{above}{key}", value


def _lines(text: str) -> Iterator[tuple[str, int]]:
    table = ""
    for n, line in enumerate(text.splitlines(), 1):
        if m := re.match(r"\s*\[+\s*([\w.\"'-]+)\s*\]", line):
            table = m[1].strip("\"'") + "."
            yield table[:-1], n
        elif m := re.match(r"\s*([\w.\"'-]+)\s*=", line):
            yield table + m[1].replace('"', "").replace("'", ""), n


def _fault(key: str, value: Any) -> str | None:
    """What is wrong with a line, and what is allowed."""
    head, _, rest = key.partition(".")
    if head in FIGURES:
        try:
            currency_code(rest)
        except ValueError as e:
            return f"found {key!r}; {e}: {head}.EUR = 1_000_000"
    elif head == TERMS:
        kinds = sorted(e.id for e in load_playbook().entries.values() if "." not in e.id)
        if rest not in kinds:
            return f"found {rest!r}; write a provision of the playbook{did_you_mean(rest, kinds)}"
    elif key not in (*SHARES, "notice_within_days"):
        near = did_you_mean(key, [*FIGURES, *SHARES, TERMS, "notice_within_days"])
        return f"unknown {key!r}{near}; allowed: {ALLOWED}"
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e15:
        return f"{key} is {value!r}; write a number that is not negative"
    if key in SHARES and value > 1:
        return f"{key} is {value!r}; write a share from 0 to 1: 0.01 is 1 %"
    if (head == TERMS or key == "notice_within_days") and value != int(value):
        return f"{key} is {value!r}; write a whole number"
    return None


# ---------------------------------------------------------------- against a portfolio


def judge(
    limits: Sequence[Limit], rows: Mapping[str, Sequence[Row]], dates: Sequence[KeyDate], as_of: date
) -> list[Verdict]:
    """A verdict for each limit, in the file's order."""
    out = []
    for limit in limits:
        head, _, rest = limit.key.partition(".")
        if head in FIGURES:
            out.append(_figure(limit, head, rest, rows))
        elif head == TERMS:
            out.append(_terms(limit, rest, rows))
        elif limit.key in SHARES:
            out.append(_share(limit, rows))
        else:
            out.append(_notices(limit, dates, as_of, _unread(rows)))
    return out


def _unread(rows: Mapping[str, Sequence[Row]]) -> tuple[str, ...]:
    """Files not read whole: what they hold could cross any limit, so none is kept "within" beside them."""
    return tuple(c["file"] for c in rows["contracts"] if c["status"] != "ok")


def _figure(limit: Limit, figure: str, currency: str, rows: Mapping[str, Sequence[Row]]) -> Verdict:
    told = f"{FIGURES[figure]} of the portfolio at most {currency} {limit.value:,.0f}"
    mine = [t for t in rows["totals"] if t["level"] == "portfolio" and t["currency"] == currency]
    if not mine or mine[0].get(figure) is None:
        return Verdict(limit.key, UNKNOWN, told, f"there is no total in {currency}")
    value, left = float(mine[0][figure]), int(mine[0].get("unscored") or 0)
    rest = f"; {left} components without a figure are not in it" if left else ""
    unread = _unread(rows)
    if unread and value <= limit.value:
        said = f"{currency} {value:,.0f}, but {len(unread)} files were not read whole{rest}"
        return Verdict(limit.key, UNKNOWN, told, said, unread)
    return Verdict(limit.key, CROSSED if value > limit.value else WITHIN, told, f"{currency} {value:,.0f}{rest}")


def _terms(limit: Limit, provision: str, rows: Mapping[str, Sequence[Row]]) -> Verdict:
    files = {c["contract_id"]: c["file"] for c in rows["contracts"]}
    found = [
        p
        for p in rows["provisions"]
        if p["provision"] == provision and p["party"] in ("customer", "both") and not (p["values"] or {}).get("amount")
    ]
    where = tuple(dict.fromkeys(f"{files[p['contract_id']]}, page {p['page']}" for p in found))
    title = provision.replace("_", " ")
    told = f"at most {limit.value:.0f} terms “{title}” that bind the customer and name no amount"
    lost = _unread(rows)
    if len(found) > limit.value:
        return Verdict(limit.key, CROSSED, told, f"{len(found)} found", where)
    if lost:
        return Verdict(limit.key, UNKNOWN, told, f"{len(found)} found, but {len(lost)} files were not read whole")
    return Verdict(limit.key, WITHIN, told, f"{len(found)} found", where)


def _share(limit: Limit, rows: Mapping[str, Sequence[Row]]) -> Verdict:
    table, bad = ("contracts", "ok") if limit.key == "unreadable_share" else ("exposures", "scored")
    of = rows[table]
    told = f"{SHARES[limit.key]} at most {limit.value:.1%}"
    if not of:
        return Verdict(limit.key, UNKNOWN, told, f"there are no {table}")
    lost = [r for r in of if r["status"] != bad]
    state = CROSSED if len(lost) > limit.value * len(of) else WITHIN
    where = tuple(r["file"] for r in lost) if table == "contracts" else ()
    return Verdict(limit.key, state, told, f"{len(lost)} of {len(of)}, {len(lost) / len(of):.1%}", where)


def _notices(limit: Limit, dates: Sequence[KeyDate], as_of: date, unread: tuple[str, ...]) -> Verdict:
    days = int(limit.value)
    soon = upcoming([k for k in dates if k.kind == NOTICE], as_of, days)
    told = f"no last day for a notice within {days} days"
    if soon:
        return Verdict(limit.key, CROSSED, told, f"{len(soon)} found", tuple(f"{k.file}, {k.day}" for k in soon))
    blind = [k for k in dates if k.kind == NOTICE and k.day is None]
    if blind:
        return Verdict(limit.key, UNKNOWN, told, f"{len(blind)} have no date", tuple(k.file for k in blind))
    if unread:
        return Verdict(limit.key, UNKNOWN, told, f"none, but {len(unread)} files were not read whole", unread)
    return Verdict(limit.key, WITHIN, told, "none")

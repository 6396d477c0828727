"""The responsibility map: how many duties of each category an agreement, or a vendor, puts on the customer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from risklib.report import text as t
from risklib.report.findings import BOTH, CUSTOMER, Contract, Titles

SHADES = 6  # classes of shading, 0 is empty
CONTRACTS, COLUMNS = 20, 24  # up to so many contracts are columns of their own; no more columns than this


@dataclass(frozen=True, slots=True)
class Cell:
    count: int
    shade: int
    group: str
    column: str  # contract key, or vendor


@dataclass(frozen=True, slots=True)
class HeatMap:
    by: str  # "contract" or "vendor"
    columns: tuple[tuple[str, str], ...]  # (filter value, label)
    rows: tuple[tuple[str, tuple[Cell, ...], int], ...]  # title, cells, sum
    legend: tuple[tuple[int, str], ...]  # shade, "1 to 3"
    hidden: int  # columns that do not fit


def heat_map_of(
    index: pd.DataFrame, contracts: Mapping[str, Contract], categories: Sequence[str], titles: Titles
) -> HeatMap:
    """Categories × contracts, or × vendors in a large portfolio; every one of ``categories`` is a row.

    ``index``: a row for each finding (``findings.index_of``)."""
    readable = [c for c in contracts.values() if c.status != "failed"]
    by = "contract" if len(readable) <= CONTRACTS else "vendor"

    def column(contract: Contract) -> str:
        return contract.key if by == "contract" else contract.vendor

    label = {column(c): c.label if by == "contract" else c.vendor for c in readable}
    duties = index[(index["kind"] == "responsibility") & index["party"].isin([CUSTOMER, BOTH])]
    named = [column(c) for c in contracts.values()]
    columns = [named[k] for k in duties["contract"]]
    counts, weight = Counter(zip(duties["group"], columns, strict=True)), Counter(columns)
    shown = list(label) if len(label) <= COLUMNS else sorted(label, key=lambda c: -weight[c])[:COLUMNS]
    sums = Counter(duties["group"])
    top = max(counts.values(), default=1)
    rows = [
        (titles(g), tuple(Cell(counts[g, c], shade(counts[g, c], top), g, c) for c in shown), sums[g])
        for g in dict.fromkeys([*categories, *duties["group"]])
    ]
    return HeatMap(by, tuple((c, label[c]) for c in shown), tuple(rows), _legend(top), len(label) - len(shown))


def shade(value: Any, top: float, power: float = 0.5) -> int:
    """0 for nothing, else 1..SHADES-1 by the share of the largest; its square root keeps small counts apart."""
    if not t.known(value) or float(value) <= 0:
        return 0
    return min(SHADES - 1, 1 + int((float(value) / top) ** power * (SHADES - 1)))


def _legend(top: int) -> tuple[tuple[int, str], ...]:
    spans: dict[int, list[int]] = {}
    for n in range(1, top + 1):
        spans.setdefault(shade(n, top), []).append(n)
    return tuple((s, str(v[0]) if len(v) == 1 else f"{v[0]} to {v[-1]}") for s, v in spans.items())

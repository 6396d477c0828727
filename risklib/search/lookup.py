"""``Portfolio.search`` and ``Portfolio.similar``: clauses found by words and meaning, as frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from risklib.search import COLUMNS, Finder
from risklib.store.vectors import vectors_beside


class Tables(Protocol):
    """What a portfolio must give to be searched."""

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]: ...
    @property
    def folder(self) -> Path | None: ...
    @property
    def store(self) -> Path | None: ...
    def contract_id(self, name: str) -> str: ...
    def clauses_under(self, contract_id: str, number: str) -> pd.DataFrame: ...


def search(
    self: Tables,
    query: str,
    *,
    vendor: str | None = None,
    party: str | None = None,
    category: str | None = None,
    provision: str | None = None,
    k: int = 20,
    model: str | Path | None = None,
    precision: str = "int8",
    semantic: bool = True,
) -> pd.DataFrame:
    """The ``k`` clauses that answer ``query`` best: ``portfolio.search("supplier may suspend for late payment")``.

    Columns: ``score`` (0..1, to compare within one search), ``contract`` (file), ``clause`` (number), ``heading``,
    ``page``, ``text`` (the clause, or the part of a long one that answers), ``why`` (the words, the likeness of meaning
    and the findings that speak for it), ``contract_id``, ``clause_id``.

    ``vendor`` (part of a vendor's, provider's or file's name), ``party`` (customer, provider, both: of a finding in the
    clause), ``category`` (or a responsibility id) and ``provision`` narrow. ``model``: another sentence-transformers
    model, by folder or by name in the local cache; ``precision``: int8 or float32. ``semantic=False``: by words and
    findings alone, needs no encoder.
    The first search embeds every clause, which takes minutes for a large portfolio, and keeps the vectors beside
    the store or loaded tables; then only clauses that are new.
    Raises BadData for an unknown filter value or model, naming what there is.
    """
    hits = _finder(self).search(
        query,
        vendor=vendor,
        party=party,
        category=category,
        provision=provision,
        k=k,
        model=model,
        precision=precision,
        semantic=semantic,
    )
    return pd.DataFrame(hits, columns=list(COLUMNS))


def similar(
    self: Tables,
    contract: str,
    clause: str,
    *,
    vendor: str | None = None,
    party: str | None = None,
    category: str | None = None,
    provision: str | None = None,
    k: int = 20,
    model: str | Path | None = None,
    precision: str = "int8",
    semantic: bool = True,
) -> pd.DataFrame:
    """The ``k`` clauses most like one clause with all below it: ``portfolio.similar("msa.pdf", "9.2")``.

    Columns and options as for ``search``. Raises BadData where there is no such contract or clause.
    """
    id = self.contract_id(contract)
    ids: Sequence[str] = [str(c) for c in self.clauses_under(id, clause)["clause_id"]]
    hits = _finder(self).similar(
        id,
        ids,
        vendor=vendor,
        party=party,
        category=category,
        provision=provision,
        k=k,
        model=model,
        precision=precision,
        semantic=semantic,
    )
    return pd.DataFrame(hits, columns=list(COLUMNS))


def _finder(portfolio: Tables) -> Finder:
    """One a portfolio, kept with it: its tables do not change."""
    kept: dict[str, Any] = vars(portfolio)
    if "_finder" not in kept:
        frames, store = portfolio.tables, portfolio.store
        files = dict(zip(frames["contracts"]["contract_id"], frames["contracts"]["file"], strict=True))
        folder = vectors_beside(store) if store else portfolio.folder
        kept["_finder"] = Finder(lambda name: _rows(frames[name]), files, folder, store is not None, {})
    found: Finder = kept["_finder"]
    return found


def _rows(frame: pd.DataFrame) -> list[Mapping[str, Any]]:
    """Rows with None for what is missing, however pandas holds it."""
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(k): v for k, v in row.items()} for row in plain.to_dict("records")]

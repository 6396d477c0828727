"""Search over the frames of a portfolio: the functions behind ``Portfolio.search`` and ``Portfolio.similar``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from risklib.errors import BadData
from risklib.playbook import load_playbook
from risklib.search.encoders import load_encoder
from risklib.search.filters import allowed
from risklib.search.index import Hit, Search
from risklib.search.passages import Row

COLUMNS = ("score", "contract", "clause", "heading", "page", "text", "why", "contract_id", "clause_id")
Rows = Callable[[str], list[Row]]  # table name → its rows


@dataclass(frozen=True, eq=False)
class Finder:
    """Searches one set of tables. Indexes are made when first needed and kept in ``memo``."""

    rows: Rows
    files: Mapping[str, str]  # contract_id → file
    folder: Path | None  # where vectors are kept: that of the saved tables, or the one beside the store
    shared: bool  # contracts of other runs have theirs there too
    memo: MutableMapping[tuple[str, str, bool], Search]

    def search(
        self,
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
    ) -> list[dict[str, Any]]:
        """The ``k`` clauses that answer ``query`` best, best first: rows of ``COLUMNS``.

        ``vendor`` (part of a vendor's, provider's or file's name), ``party``, ``category`` (or responsibility id) and
        ``provision`` narrow. ``model``: another sentence-transformers model, a folder or a name in the local cache;
        ``precision``: int8 or float32.
        ``semantic`` False: by words and findings alone, without an encoder. Raises BadData naming what is known.
        """
        index = self._index(model, precision, semantic)
        keep = self._allowed(index, vendor, party, category, provision)
        return self._shown(index.search(query, keep, _count(k)))

    def similar(
        self,
        contract_id: str,
        clause_ids: Sequence[str],
        *,
        vendor: str | None = None,
        party: str | None = None,
        category: str | None = None,
        provision: str | None = None,
        k: int = 20,
        model: str | Path | None = None,
        precision: str = "int8",
        semantic: bool = True,
    ) -> list[dict[str, Any]]:
        """The ``k`` clauses most like the given ones of a contract; options as for ``search``."""
        index = self._index(model, precision, semantic)
        wanted = set(clause_ids)
        mine = [i for i, p in enumerate(index.passages) if p.contract_id == contract_id and p.clause_id in wanted]
        if not mine:
            raise BadData(", ".join(clause_ids), None, "has no text of its own to compare; name a clause below it")
        keep = self._allowed(index, vendor, party, category, provision)
        return self._shown(index.similar(mine, keep, _count(k)))

    def _index(self, model: str | Path | None, precision: str, semantic: bool) -> Search:
        key = (str(model or ""), precision, semantic)
        if key not in self.memo:
            encoder = load_encoder(model, precision=precision) if semantic else None
            clauses, duties, terms = (self.rows(t) for t in ("clauses", "responsibilities", "provisions"))
            self.memo[key] = Search.over(
                clauses, duties, terms, load_playbook(), encoder, self.folder, others=self.shared
            )
        return self.memo[key]

    def _allowed(
        self, index: Search, vendor: str | None, party: str | None, category: str | None, provision: str | None
    ) -> list[bool] | None:
        return allowed(
            index.passages,
            index.playbook,
            lambda: self.rows("contracts"),
            lambda: self.rows("deals"),
            vendor=vendor,
            party=party,
            category=category,
            provision=provision,
        )

    def _shown(self, hits: Sequence[Hit]) -> list[dict[str, Any]]:
        return [
            {
                "score": h.score,
                "contract": self.files.get(h.passage.contract_id, h.passage.contract_id),
                "clause": h.passage.number,
                "heading": h.passage.heading,
                "page": h.passage.page,
                "text": h.passage.text,
                "why": h.why,
                "contract_id": h.passage.contract_id,
                "clause_id": h.passage.clause_id,
            }
            for h in hits
        ]


def _count(k: int) -> int:
    if k < 1:
        raise BadData(f"k {k}", None, "is no number of clauses to show; give 1 or more")
    return k

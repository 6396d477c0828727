"""An agreement with its order forms and amendments: what its papers say together, from the tables of a portfolio."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from risklib.families.overrides import cite
from risklib.records import BOTH

Rows = Mapping[str, Sequence[Mapping[str, Any]]]  # table → rows, of one paper
_CAP = {"amount", "fee_months", "fee_multiple"}  # of a limit, any of them takes the place of the others
_WITH = {"percent": {"per"}, "amount": {"currency"}}  # what says nothing without the number


@dataclass(frozen=True)
class Papers:
    """``below``: agreement → its order forms and amendments. ``counted``: paper → the agreement that it is counted
    with (replaced versions, too). ``files``: contract_id → file."""

    below: Mapping[str, tuple[str, ...]]
    counted: Mapping[str, str]
    overrides: Sequence[Mapping[str, Any]]
    files: Mapping[str, str]

    @classmethod
    def of(cls, contracts: pd.DataFrame, families: pd.DataFrame, overrides: pd.DataFrame) -> Papers:
        files = dict(zip(contracts["contract_id"], contracts["file"].map(str), strict=True))
        counted: dict[str, str] = {}
        below: dict[str, list[str]] = {}
        for m in families.to_dict("records"):
            head = m["counted_with"]
            if isinstance(head, str) and m["contract_id"] in files and head in files:
                counted[m["contract_id"]] = head
                if m["relation"] != "version":
                    below.setdefault(head, []).append(m["contract_id"])
        rows = [{str(k): v for k, v in o.items()} for o in overrides.to_dict("records")]
        return cls({k: tuple(v) for k, v in below.items()}, counted, rows, files)

    def chosen(self, ids: Iterable[str], named: bool) -> list[str]:
        """Without the papers of an agreement that is among them; where none was named, without all papers."""
        every = list(dict.fromkeys(ids))
        return [i for i in every if i not in self.counted or (named and not self._with_its_head(i, every))]

    def _with_its_head(self, paper: str, every: Sequence[str]) -> bool:
        head = self.counted[paper]
        return head in every and paper in self.below.get(head, ())

    def together(self, head: str, rows: Mapping[str, Rows]) -> dict[str, list[Mapping[str, Any]]]:
        """The rows of ``head`` and its papers by table, without what one of them replaced or deleted. Clauses of
        other papers are cited as ``cite`` does and numbered with their file."""
        papers = (head, *self.below.get(head, ()))
        cut = {
            (o["yields_contract_id"], o["yields_clause_id"])
            for o in self.overrides
            if str(o["status"]).startswith("clause ")
        }
        out: dict[str, list[Mapping[str, Any]]] = {}
        for id in papers:
            for table, found in rows.get(id, {}).items():
                kept = (r for r in found if (id, r["clause_id"]) not in cut)
                out.setdefault(table, []).extend(r if id == head else self._cited(r) for r in kept)
        own = [p for p in out.get("provisions", ()) if p["contract_id"] == head]
        out["provisions"] = [x for p in out.get("provisions", ()) if (x := self._left(p, head, own)) is not None]
        return out

    def _cited(self, row: Mapping[str, Any]) -> dict[str, Any]:
        id = row["contract_id"]
        told: dict[str, Any] = {**row, "clause_id": cite(id, str(row["clause_id"]))}
        if "number" in row:
            told["number"] = f"{row['number'] or row['heading'] or 'a clause'} of {self.files[id]}"
        return told

    def _left(self, p: Mapping[str, Any], head: str, own: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
        """What holds of a term once its family's overrides are applied; None where nothing does."""
        mine = [o for o in self.overrides if _is(o, "yields", p)]
        if any(o["status"] == "deleted" for o in mine):
            return None
        if any(o["status"] in ("kept", "contested") for o in mine):
            return p if any(_is(o, "holds", p) for o in self.overrides if o["status"] == "replaced") else None
        values = p["values"] if isinstance(p["values"], Mapping) else {}
        if p["contract_id"] != head and not _numbers(values) and any(_kin(p, q) for q in own):
            return None  # an order form that only names a term of the agreement adds nothing to it
        gone = {k for o in mine if o["status"] == "replaced" for k in o["keys"]}
        if not gone:
            return p
        if gone & _CAP and values.get("effect") == "limit":
            return None
        gone |= {w for k in gone for w in _WITH.get(k, ())}
        left = {k: v for k, v in values.items() if k not in gone}
        return {**p, "values": left} if _numbers(left) else None


def _is(o: Mapping[str, Any], side: str, p: Mapping[str, Any]) -> bool:
    id, clause = o[f"{side}_contract_id"], o[f"{side}_clause_id"]
    place = p["clause_id"] in (clause, cite(str(id), str(clause)))
    same = (o["provision"], o[f"{side}_text"]) == (p["provision"], p["text"])
    return id == p["contract_id"] and place and same


def _kin(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    return a["provision"] == b["provision"] and (a["party"] == b["party"] or BOTH in (a["party"], b["party"]))


def _numbers(values: Mapping[str, Any]) -> bool:
    return any(isinstance(v, int | float) and not isinstance(v, bool) for v in values.values())

"""Takes a contract out of a store: results, runs, words, and the bytes that SQLite would leave behind."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from risklib.errors import BadData, RisklibError
from risklib.store.codec import pack, unpack
from risklib.store.database import Store
from risklib.store.vectors import drop, vectors_beside

_LEAST = 6  # characters of a contract_id that name it


def forget(path: str | Path, contract: str, reviews: Sequence[str | Path] = ()) -> dict[str, int]:
    """Removes every trace of a contract (its file name, or the first 6 or more characters of its contract_id).

    ``reviews``: files of people's decisions, whose lines on it go too. Gives counts of what was removed. The totals of
    earlier runs stay sums in which it was counted; its own rows, its row of facts, and notes that name it go. Raises
    BadData where the name fits none or several, and RisklibError, with nothing removed, while another process has the
    store open.
    """
    with Store(path, write=True) as store:
        _alone(store)
        try:
            id, names = _meant(store, contract)
            vectors = drop(vectors_beside(store.path), id)  # first: it is found by the contract's name
            with store.writing():
                removed = {"runs": _from_runs(store, id, names), "results": _results(store, id), "vectors": vectors}
        finally:  # also where it is gone already: an earlier command may have been killed before it came to this
            _scrub(store)
    removed["decisions"] = sum(_decisions(Path(review), id, names) for review in reviews)
    return removed


def _decisions(review: Path, id: str, names: set[str]) -> int:
    """Rewrites a file of decisions without the lines on the contract, and without the file names it had."""
    try:
        lines = review.read_text(encoding="utf-8").splitlines(keepends=True)
        left = [line for line in lines if id not in line and not _names_one(line, names)]
        if len(left) < len(lines):
            draft = review.with_name(f".{review.name}.part")
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as f:
                f.writelines(left)
            draft.replace(review)
    except (OSError, UnicodeDecodeError) as e:
        why = getattr(e, "strerror", None) or "it is not UTF-8"
        raise BadData(
            str(review), None, f"cannot be cleaned ({why}); the store is clean, this file is as it was"
        ) from e
    return len(lines) - len(left)


def _names_one(line: str, names: set[str]) -> bool:
    try:
        found = json.loads(line)
    except ValueError:
        return False
    return isinstance(found, dict) and found.get("file") in names


def _alone(store: Store) -> None:
    """The log beside the file goes away; SQLite allows that to the only process that has the store open."""
    store.db.execute("PRAGMA busy_timeout = 5000")
    try:
        (mode,) = store.db.execute("PRAGMA journal_mode = DELETE").fetchone()
    except sqlite3.OperationalError:
        mode = ""
    if mode != "delete":
        raise RisklibError(f"{store.path}: another process has the store open; close it and give the command again")


def _meant(store: Store, contract: str) -> tuple[str, set[str]]:
    known: dict[str, set[str]] = {id: set() for (id,) in store.db.execute("SELECT DISTINCT contract_id FROM blobs")}
    for id, file in store.db.execute("SELECT DISTINCT contract_id, file FROM run_files"):
        known.setdefault(id, set()).add(file)
    fits = [
        id
        for id, files in known.items()
        if contract in files or (len(contract) >= _LEAST and id.startswith(contract.lower()))
    ]
    if len(fits) != 1:
        some = ", ".join(sorted({f for files in known.values() for f in files})[:12]) or "nothing"
        what = f"fits {len(fits)} contracts; give the first characters of the contract_id" if fits else "is not in here"
        raise BadData(str(store.path), None, f"{contract!r} {what}; the store holds {some}")
    return fits[0], known[fits[0]]


def _results(store: Store, id: str) -> int:
    store.unindex(id)
    store.db.execute("DELETE FROM kept WHERE contract_id = ?", (id,))
    return store.db.execute("DELETE FROM blobs WHERE contract_id = ?", (id,)).rowcount


def _from_runs(store: Store, id: str, names: set[str]) -> int:
    runs = [r for (r,) in store.db.execute("SELECT run FROM run_files WHERE contract_id = ?", (id,)).fetchall()]
    store.db.execute("DELETE FROM run_files WHERE contract_id = ?", (id,))
    for run, data in store.db.execute("SELECT run, whole FROM runs WHERE whole IS NOT NULL").fetchall():
        whole = without(unpack(data), id, names)
        store.db.execute("UPDATE runs SET whole = ?, digest = NULL WHERE run = ?", (pack(whole), run))
    return len(set(runs))


def without(whole: Any, id: str, names: set[str]) -> Any:
    """A run's common rows and meta without those that speak of the contract, and without a vendor that only it had."""
    tables: Mapping[str, list[dict[str, Any]]] = whole["tables"]
    mine = [r for r in tables.get("contracts", ()) if r["contract_id"] == id]
    names = names | {copy for r in mine for copy in r.get("copies") or ()}
    gone = {n.casefold() for n in names}

    def is_its(row: Mapping[str, Any]) -> bool:
        file = str(row.get("file") or "").replace("\\", "/").rpartition("/")[2].casefold()
        return file in gone or any(id in str(v) or (isinstance(v, str) and v in names) for v in row.values())

    left = {t: [r for r in rows if not is_its(r)] for t, rows in tables.items()}
    vendors = {r.get("vendor") for r in tables.get("deals", ())} - {r.get("vendor") for r in left.get("deals", ())}
    left["totals"] = [r for r in left.get("totals", ()) if r["level"] != "vendor" or r["name"] not in vendors]
    said = [str(v) for r in mine for k in ("title", "customer", "provider") if (v := r.get(k))] + [*names]
    notes = [n for n in whole["meta"].get("notes", ()) if not any(words in n for words in said)]
    return {"tables": left, "meta": {**whole["meta"], "notes": notes}}


def _scrub(store: Store) -> None:
    """Rewrites the file: deleted rows leave no bytes in it."""
    try:
        store.db.execute("INSERT INTO passages (passages) VALUES ('rebuild')")  # FTS5 keeps words of deleted rows
        store.db.execute("VACUUM")
        store.db.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as e:
        raise RisklibError(
            f"{store.path}: another process took hold of the store before its free space was overwritten; close it and "
            "give the command again"
        ) from e

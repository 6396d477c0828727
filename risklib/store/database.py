"""The store: what each stage gave for each contract, by content and version, and what each run said."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Self

from risklib.errors import BadData
from risklib.rows import Row
from risklib.store.codec import Damaged, pack, unpack
from risklib.store.schema import connect
from risklib.store.versions import Version

BY_FILE = ("clauses", "responsibilities", "provisions")  # tables whose rows stand with the findings of each file
BY_PRICE = ("exposures", "operands")  # … and with its prices
ROWS = "rows"
Whole = tuple[dict[str, list[Row]], dict[str, Any]]  # the rows of every table, and ``meta``
_HASH = 16  # bytes of the SHA-256 of a blob


@dataclass(frozen=True, slots=True)
class Run:
    """One analysis. ``finished`` is None while it goes on, and where it was killed. Times are UTC, ISO 8601."""

    run: int
    started: str
    finished: str | None
    as_of: str
    digest: str | None
    versions: Mapping[str, Any]
    files: int


@dataclass(frozen=True, slots=True)
class Kept:
    """Where in the store the results of a file stand: row numbers of its findings and of its prices."""

    contract_id: str
    file: str
    findings: int | None
    prices: int | None


@dataclass(frozen=True, slots=True)
class Hit:
    """A clause that full-text search found."""

    contract_id: str
    clause_id: str
    page: int
    heading: str
    excerpt: str


class Store:
    """One SQLite file. Any number of processes may read while others write; each write is whole or not there.

    A context manager. ``write`` False opens what is there and changes nothing. Raises BadData for a file that is no
    store, and Damaged where its bytes are not what was written.
    """

    def __init__(self, path: str | Path, *, write: bool = False) -> None:
        self.path = Path(path)
        self.db = connect(self.path, write=write)
        self._known: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.db.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """All of what is written inside, or nothing of it."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    # ------------------------------------------------------------ results by content

    def find(self, contract_id: str, version: Version, input: str = "") -> int | None:
        """The row number of a stage's result, None where it was never made so."""
        row = self.db.execute(
            "SELECT blob FROM kept WHERE contract_id = ? AND version = ? AND input = ?",
            (contract_id, version.id, input),
        ).fetchone()
        return row[0] if row else None

    def blob(self, number: int) -> bytes:
        row = self.db.execute("SELECT data FROM blobs WHERE blob = ?", (number,)).fetchone()
        if row is None:
            raise Damaged(f"no result number {number}")
        return bytes(row[0])

    def keep(self, contract_id: str, version: Version, data: bytes, input: str = "") -> int:
        """Keeps a stage's result and gives its row number. Use inside ``writing``."""
        self._made_by(version)
        key = hashlib.sha256(data).digest()[:_HASH]
        self.db.execute(
            "INSERT INTO blobs (contract_id, hash, data) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (contract_id, key, data),
        )
        (number,) = self.db.execute(
            "SELECT blob FROM blobs WHERE contract_id = ? AND hash = ?", (contract_id, key)
        ).fetchone()
        self.db.execute(
            "INSERT INTO kept (contract_id, version, input, blob, made_at) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET blob = excluded.blob, made_at = excluded.made_at",
            (contract_id, version.id, input, number, _now()),
        )
        return int(number)

    def _made_by(self, version: Version) -> None:
        self.db.execute(
            "INSERT INTO versions VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (version.id, version.stage, json.dumps(dict(version.made_by), sort_keys=True, default=str), _now()),
        )

    def made_by(self, contract_id: str) -> list[dict[str, Any]]:
        """For each result of a contract: its stage, when it was made, and the versions that made it."""
        found = self.db.execute(
            "SELECT stage, made_at, made_by FROM kept JOIN versions USING (version) WHERE contract_id = ? "
            "ORDER BY made_at, stage",
            (contract_id,),
        )
        return [{"stage": stage, "made_at": at, **json.loads(by)} for stage, at, by in found]

    # ------------------------------------------------------------ words

    def index(self, contract_id: str, clauses: Sequence[Row]) -> None:
        """The contract's clauses for full-text search, in place of those indexed before. Use inside ``writing``."""
        self.unindex(contract_id)
        for c in clauses:
            at = self.db.execute(
                "INSERT INTO passages (heading, text) VALUES (?, ?)", (c.get("heading") or "", c["text"])
            ).lastrowid
            self.db.execute(
                "INSERT INTO clauses VALUES (?, ?, ?, ?)", (at, contract_id, c["clause_id"], c.get("page") or 1)
            )

    def unindex(self, contract_id: str) -> None:
        mine = self.db.execute("SELECT passage FROM clauses WHERE contract_id = ?", (contract_id,)).fetchall()
        self.db.executemany("DELETE FROM passages WHERE rowid = ?", mine)
        self.db.execute("DELETE FROM clauses WHERE contract_id = ?", (contract_id,))

    def search(self, words: str, most: int = 20) -> list[Hit]:
        """The clauses that hold all of the words (English stems, any case), best first."""
        terms = re.findall(r"\w+", words)
        if not terms:
            return []
        found = self.db.execute(
            "SELECT contract_id, clause_id, page, heading, snippet(passages, 1, '', '', '…', 24) FROM passages "
            "JOIN clauses ON passage = passages.rowid WHERE passages MATCH ? ORDER BY bm25(passages, 2.0, 1.0) LIMIT ?",
            (" ".join(f'"{t}"' for t in terms), most),
        )
        return [Hit(*row) for row in found]

    # ------------------------------------------------------------ runs

    def begin(self, as_of: date, versions: Mapping[str, Any]) -> int:
        """A run that is not finished yet; gives its number."""
        with self.writing():
            at = self.db.execute(
                "INSERT INTO runs (started, as_of, versions) VALUES (?, ?, ?)",
                (_now(), as_of.isoformat(), json.dumps(dict(versions), sort_keys=True)),
            ).lastrowid
        return int(at or 0)

    def finish(self, run: int, files: Sequence[Kept], whole: Any, digest: str) -> None:
        """The run's files and what holds for it as a whole (plain data): all at once."""
        with self.writing():
            self.db.executemany(
                "INSERT INTO run_files VALUES (?, ?, ?, ?, ?, ?)",
                ((run, i, f.contract_id, f.file, f.findings, f.prices) for i, f in enumerate(files)),
            )
            self.db.execute(
                "UPDATE runs SET finished = ?, whole = ?, digest = ? WHERE run = ?", (_now(), pack(whole), digest, run)
            )

    def runs(self) -> list[Run]:
        """Every run, the oldest first."""
        found = self.db.execute(
            "SELECT run, started, finished, as_of, digest, versions, "
            "(SELECT count(*) FROM run_files f WHERE f.run = r.run) FROM runs r ORDER BY run"
        )
        return [Run(a, b, c, d, e, json.loads(v), n) for a, b, c, d, e, v, n in found]

    def run(self, number: int | None = None, on: date | str | None = None) -> Run:
        """The finished run of that number, or the last one that was finished on or before a day (UTC), or the last."""
        try:
            on = date.fromisoformat(on) if isinstance(on, str) else on
        except ValueError:
            raise BadData("on", None, f"{on!r} is no date; write it as 2026-01-31") from None
        done = [r for r in self.runs() if r.finished]
        if number is not None:
            fit = [r for r in done if r.run == number]
        else:
            fit = [r for r in done if on is None or (r.finished or "")[:10] <= on.isoformat()]
        if not fit:
            asked = (
                f"run {number}" if number is not None else f"finished run on or before {on}" if on else "finished run"
            )
            known = ", ".join(f"{r.run} ({(r.finished or '')[:10]})" for r in done[-8:]) or "none"
            raise BadData(str(self.path), None, f"holds no {asked}; finished runs: {known}")
        return fit[-1]

    def names(self) -> dict[str, str]:
        """contract_id → the name that its file had in the last run."""
        found = self.db.execute("SELECT contract_id, file FROM run_files ORDER BY run")
        return dict(found.fetchall())

    def files_of(self, run: int) -> list[Kept]:
        found = self.db.execute(
            "SELECT contract_id, file, findings, prices FROM run_files WHERE run = ? ORDER BY position", (run,)
        )
        return [Kept(*row) for row in found]

    def whole_of(self, run: int) -> Any:
        (data,) = self.db.execute("SELECT whole FROM runs WHERE run = ?", (run,)).fetchone()
        return unpack(data)

    def whole(self, run: int) -> Whole:
        """The rows of every table as a run gave them, and its ``meta``."""
        kept = self.whole_of(run)
        rows: dict[str, list[Row]] = {t: [] for t in (*BY_FILE, *BY_PRICE)} | kept["tables"]
        for file in self.files_of(run):
            found = unpack(self.blob(file.findings))[ROWS] if file.findings is not None else {}
            priced = unpack(self.blob(file.prices)) if file.prices is not None else {}
            for table, from_file in [*((t, found) for t in BY_FILE), *((t, priced) for t in BY_PRICE)]:
                rows[table] += from_file.get(table, ())
        return rows, kept["meta"]

    # ------------------------------------------------------------ faults

    def check(self) -> list[str]:
        """What is wrong with the file, in words; nothing where all is well."""
        try:
            return list(self._faults())
        except sqlite3.DatabaseError as e:
            return [f"cannot be read through: {e}"]

    def _faults(self) -> Iterator[str]:
        yield from (row[0] for row in self.db.execute("PRAGMA integrity_check") if row[0] != "ok")
        for table, *_ in self.db.execute("PRAGMA foreign_key_check"):
            yield f"a row of {table} points to nothing"
        for number, contract_id, key, data in self.db.execute("SELECT blob, contract_id, hash, data FROM blobs"):
            if hashlib.sha256(data).digest()[:_HASH] != key:
                yield f"result {number} of contract {contract_id[:12]} has changed since it was written"
        (lost,) = self.db.execute(
            "SELECT count(*) FROM clauses WHERE passage NOT IN (SELECT rowid FROM passages)"
        ).fetchone()
        if lost:
            yield f"{lost} clauses are missing from the full-text index"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

"""The store's file: how it is opened, its tables, and the numbered steps that bring an older one up to date."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from risklib.errors import BadData

APPLICATION = 0x7269736B  # "risk", in the file's header
WAIT_S = 120.0  # for another process that writes
# what a step did is never edited afterwards; a change is a further step
STEPS = (
    """
    CREATE TABLE versions (           -- what made a result: code, playbook, model, settings
        version TEXT PRIMARY KEY, stage TEXT NOT NULL, made_by TEXT NOT NULL, first_used TEXT NOT NULL
    );
    CREATE TABLE blobs (              -- results themselves; equal ones of a contract stand here once
        blob INTEGER PRIMARY KEY, contract_id TEXT NOT NULL, hash BLOB NOT NULL, data BLOB NOT NULL,
        UNIQUE (contract_id, hash)
    );
    CREATE TABLE kept (               -- the result of one stage for one contract
        contract_id TEXT NOT NULL, version TEXT NOT NULL REFERENCES versions, input TEXT NOT NULL,
        blob INTEGER NOT NULL REFERENCES blobs, made_at TEXT NOT NULL,
        PRIMARY KEY (contract_id, version, input)
    ) WITHOUT ROWID;
    CREATE INDEX kept_blob ON kept (blob);
    CREATE TABLE runs (               -- one analysis; finished is NULL while it goes on, and where it was killed
        run INTEGER PRIMARY KEY AUTOINCREMENT, started TEXT NOT NULL, finished TEXT, as_of TEXT NOT NULL,
        digest TEXT, versions TEXT NOT NULL, whole BLOB
    );
    CREATE TABLE run_files (          -- its files, in order; no results where a file could not be read
        run INTEGER NOT NULL REFERENCES runs, position INTEGER NOT NULL, contract_id TEXT NOT NULL, file TEXT NOT NULL,
        findings INTEGER REFERENCES blobs, prices INTEGER REFERENCES blobs,
        PRIMARY KEY (run, position)
    ) WITHOUT ROWID;
    CREATE INDEX run_files_contract ON run_files (contract_id);
    CREATE TABLE clauses (            -- of the newest findings of each contract; rowid is that of its passage
        passage INTEGER PRIMARY KEY, contract_id TEXT NOT NULL, clause_id TEXT NOT NULL, page INTEGER NOT NULL
    );
    CREATE INDEX clauses_contract ON clauses (contract_id);
    CREATE VIRTUAL TABLE passages USING fts5 (heading, text, tokenize = 'porter unicode61');
    """,
)


def connect(path: Path, *, write: bool) -> sqlite3.Connection:
    """An open store, its tables up to date. ``write`` creates it (0600) where there is none. Raises BadData."""
    if write:
        _create(path)
    elif not path.is_file():
        raise BadData(str(path), None, "no such store; `risklib analyze FOLDER --store FILE` makes one")
    db = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode={'rw' if write else 'ro'}", uri=True, timeout=WAIT_S, isolation_level=None
    )
    try:
        _set_up(db, path, write)
    except sqlite3.DatabaseError as e:
        db.close()
        raise BadData(str(path), None, f"cannot be used as a store ({e}); give a file that --store made") from e
    except BaseException:
        db.close()
        raise
    return db


def private(path: Path) -> None:
    """Makes the file, where there is none, and lets only its owner read it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.fchmod(handle, 0o600)
    os.close(handle)


def _create(path: Path) -> None:
    """SQLite gives the same rights to the files that it puts beside it."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        private(path)
    except OSError as e:
        raise BadData(
            str(path), None, f"cannot be written: {e.strerror or e}; choose another place for the store"
        ) from e


def _set_up(db: sqlite3.Connection, path: Path, write: bool) -> None:
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application != APPLICATION and tables:
        raise BadData(str(path), None, "is a database, but no store of risklib; give another file")
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA trusted_schema = OFF")
    if write:
        db.execute("PRAGMA journal_mode = WAL")  # readers go on while somebody writes
        db.execute("PRAGMA synchronous = NORMAL")  # a killed process loses nothing, a power cut the last moments
        db.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten
        _migrate(db)
    (step,) = db.execute("PRAGMA user_version").fetchone()
    if step != len(STEPS):
        todo = "install a newer risklib" if step > len(STEPS) else "run `risklib analyze --store` on it once"
        raise BadData(str(path), None, f"is a store of format {step}, this risklib reads {len(STEPS)}; {todo}")


def _migrate(db: sqlite3.Connection) -> None:
    """The steps that are missing, all or none; two processes that start together do them once."""
    if db.execute("PRAGMA user_version").fetchone()[0] >= len(STEPS):
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        (step,) = db.execute("PRAGMA user_version").fetchone()
        for script in STEPS[step:]:
            for statement in _statements(script):
                db.execute(statement)
        if step < len(STEPS):
            db.execute(f"PRAGMA application_id = {APPLICATION}")
            db.execute(f"PRAGMA user_version = {len(STEPS)}")
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


def _statements(script: str) -> list[str]:
    """``executescript`` would commit on its own. Comments go first: one may hold a semicolon."""
    bare = "\n".join(line.split("--")[0] for line in script.splitlines())
    return [s for s in bare.split(";") if s.strip()]

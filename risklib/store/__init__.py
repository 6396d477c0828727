"""The store: one SQLite file that remembers what was read and found, so that nothing is done twice and nothing is lost.

``codec`` turns records to bytes and back, ``versions`` says what made a result, ``database`` keeps both and the runs,
``forgetting`` takes every trace of a contract out again. No pandas here: ``Portfolio.from_store`` makes the tables.
"""

from __future__ import annotations

from risklib.store.codec import (
    Damaged,
    decode,
    encode,
    pack,
    pack_document,
    pack_structure,
    unpack,
    unpack_document,
    unpack_structure,
)
from risklib.store.database import BY_FILE, BY_PRICE, ROWS, Hit, Kept, Run, Store, Whole
from risklib.store.schema import private
from risklib.store.versions import FAILURE, FINDINGS, PRICES, READ, RUN, STRUCTURE, Version, digest, library, version_of

__all__ = [
    "BY_FILE", "BY_PRICE", "FAILURE", "FINDINGS", "PRICES", "READ", "ROWS", "RUN", "STRUCTURE", "Damaged", "Hit",
    "Kept", "Run", "Store", "Version", "Whole", "decode", "digest", "encode", "library", "pack", "pack_document",
    "pack_structure", "private", "unpack", "unpack_document", "unpack_structure", "version_of",
]  # fmt: skip

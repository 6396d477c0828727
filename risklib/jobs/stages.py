"""One file, in a worker: bytes → document → agreement → findings → prices, as table rows.

Each stage's result can be handed in where a store has it (``Task.kept``) and is handed out as bytes to be kept
(``Result.made``). Nothing here knows folders, stores or other files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from risklib.clauses import read_agreement
from risklib.errors import UnreadableDocument
from risklib.exposure import Basis, Contract, price
from risklib.families.kin import File
from risklib.families.papers import Paper, describe
from risklib.findings import Model, find, load_model
from risklib.inputs import Assumptions, Rates, deal_for
from risklib.pdf import read
from risklib.playbook import Playbook, load_playbook
from risklib.records import Agreement, Analysis, Deal, Exposure, Provision, Responsibility, file_name
from risklib.rows import Row, price_rows, rows_of
from risklib.store import (
    FINDINGS,
    PRICES,
    READ,
    ROWS,
    STRUCTURE,
    decode,
    encode,
    pack,
    pack_document,
    pack_structure,
    unpack,
    unpack_document,
    unpack_structure,
)


@dataclass(frozen=True)
class Job:
    """What holds for every file of one analysis; sent once to each worker."""

    playbook_folder: str | None = None
    model_path: str | None = None
    password: str | None = None
    ocr: bool = True
    deals: tuple[Deal, ...] = ()
    assumptions: Assumptions | None = None
    rates: Rates | None = None
    as_of: date = field(default_factory=date.today)
    seed: int = 0
    trials: int = 10_000

    @property
    def basis(self) -> Basis:
        given = self.assumptions or Assumptions(())
        return Basis(given, self.rates, as_of=self.as_of, seed=self.seed, trials=self.trials)


@dataclass(frozen=True)
class Task:
    """A file to work on. ``kept``: results of earlier stages, as they were made; ``keep``: give back the new ones.

    ``contract_id`` is that of the bytes that ``kept`` was made of. ``data``: the bytes, where ``path`` is an address.
    """

    path: str
    contract_id: str
    kept: Mapping[str, bytes] = field(default_factory=dict)
    keep: bool = False
    data: bytes | None = None


@dataclass(frozen=True)
class Found:
    """What the findings stage gave, as a store keeps it. ``rows``: of the tables that need no prices."""

    status: str
    reason: str | None
    responsibilities: tuple[Responsibility, ...]
    provisions: tuple[Provision, ...]
    paper: Paper
    rows: Mapping[str, Any]


@dataclass(frozen=True)
class Done:
    """What one file gave, the bytes to be kept of each stage, and why nothing could be read, where that is so."""

    file: File
    made: Mapping[str, bytes] = field(default_factory=dict)
    unreadable: str | None = None


_WORKER: dict[str, Any] = {}  # set once by prepare in each worker process


def prepare(job: Job) -> None:
    playbook = load_playbook(job.playbook_folder)
    _WORKER.update(job=job, playbook=playbook, model=load_model(job.model_path))


def run_file(task: Task) -> Done:
    """Everything of one file, in a process that ``prepare`` has set up."""
    job: Job = _WORKER["job"]
    made: dict[str, bytes] = {}
    try:
        agreement = _agreement(task, job, made)
    except UnreadableDocument as e:
        return failed(task.path, e.reason, task.contract_id)
    found = _findings(task, agreement, made)
    document = agreement.document
    id, deal = document.contract_id, deal_for(job.deals, document.file)
    rows = renamed(found.rows, document.file)
    if job.assumptions is not None:
        half_read = found.reason if found.status == "partial" else None
        exposures = priced(job, id, found.provisions, deal, half_read)
        analysis = Analysis(document.file, id, found.status, found.reason, agreement)
        prices = price_rows(analysis, exposures)
        if task.keep:
            made[PRICES] = pack(prices)
        rows |= prices
    return Done(File(id, rows, found.provisions, deal, replace(found.paper, file=document.file)), made)


def _agreement(task: Task, job: Job, made: dict[str, bytes]) -> Agreement:
    name = file_name(task.path)
    if READ in task.kept:
        document = unpack_document(task.kept[READ], task.contract_id, name)
    else:
        document = read(task.path if task.data is None else task.data, file=name, password=job.password, ocr=job.ocr)
        if task.keep:
            made[READ] = pack_document(document)
    if STRUCTURE in task.kept:
        return unpack_structure(task.kept[STRUCTURE], document)
    agreement = read_agreement(document)
    if task.keep:
        made[STRUCTURE] = pack_structure(agreement)
    return agreement


def _findings(task: Task, agreement: Agreement, made: dict[str, bytes]) -> Found:
    if FINDINGS in task.kept:
        return unpack_found(task.kept[FINDINGS])
    a = understand(agreement, _WORKER["playbook"], _WORKER["model"])
    paper = describe(agreement, a.responsibilities)
    found = Found(a.status, a.reason, a.responsibilities, a.provisions, paper, rows_of(a))
    if task.keep:
        made[FINDINGS] = pack({ROWS: found.rows, "found": encode(replace(found, rows={}))})
    return found


def unpack_found(blob: bytes) -> Found:
    """What the findings stage gave, from the bytes that it was kept as."""
    data = unpack(blob)
    found: Found = decode(Found, data["found"])
    return replace(found, rows=data[ROWS])


def renamed(rows: Mapping[str, list[Row]], file: str) -> dict[str, list[Row]]:
    """Rows that were kept for the same bytes, which may have had another name."""
    return {**rows, "contracts": [{**row, "file": file} for row in rows["contracts"]]}


def failed(path: Path | str, reason: str, contract_id: str | None = None) -> Done:
    """What there is of a file that gave nothing."""
    analysis = Analysis(file_name(path), contract_id or _fingerprint(Path(path)), "failed", reason)
    return Done(File(analysis.contract_id, rows_of(analysis), (), None), unreadable=reason)


def priced(
    job: Job, contract_id: str, provisions: Sequence[Provision], deal: Deal | None, half_read: str | None
) -> tuple[Exposure, ...]:
    """The exposures of one contract. ``half_read``: why some of it could not be read, None where all could."""
    return price(Contract(contract_id, provisions, deal, half_read=half_read), job.basis)


def analyze_file(
    path: str | Path,
    playbook: Playbook | None = None,
    model: Model | None = None,
    *,
    password: str | None = None,
    ocr: bool = True,
) -> Analysis:
    """One PDF read and understood, as records. A file that cannot be read has status "failed" and the reason.

    ``playbook`` and ``model`` default to the shipped ones; pass them when reading many files.
    """
    name, playbook, model = file_name(path), playbook or load_playbook(), model or load_model()
    try:
        document = read(path, file=name, password=password, ocr=ocr)
    except UnreadableDocument as e:
        return Analysis(name, _fingerprint(Path(path)), "failed", e.reason)
    return understand(read_agreement(document), playbook, model)


def understand(agreement: Agreement, playbook: Playbook, model: Model) -> Analysis:
    """The findings of an agreement, and whether all of it could be read."""
    document = agreement.document
    responsibilities, provisions = find(agreement, playbook, model)
    reasons = list(document.problems)
    if not document.words:
        reasons = reasons or ["there is no text on its pages, and no picture of any"]
    elif not responsibilities and not provisions:
        reasons.append("no responsibility and no provision was found in it: is it an agreement, and in English?")
    status = "partial" if document.problems or not document.words else "ok"
    reason = "; ".join(reasons) or None
    return Analysis(document.file, document.contract_id, status, reason, agreement, responsibilities, provisions)


def _fingerprint(path: Path) -> str:
    try:
        with path.open("rb") as f:
            return hashlib.file_digest(f, "sha256").hexdigest()
    except OSError:
        return hashlib.sha256(str(path).encode("utf-8", "surrogateescape")).hexdigest()

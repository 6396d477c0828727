"""What a job takes from the store and leaves in it: results of files that did not change, and each new one at once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from risklib.families.kin import File
from risklib.inputs import deal_for
from risklib.jobs.engines import Failure, Limits
from risklib.jobs.stages import Done, Job, Task, failed, renamed, unpack_found
from risklib.jobs.storage import Place
from risklib.pdf.ocr import engine
from risklib.playbook import default_folder, load_playbook
from risklib.records import file_name
from risklib.rows import Row
from risklib.store import (
    BY_FILE,
    BY_PRICE,
    FAILURE,
    FINDINGS,
    PRICES,
    READ,
    RUN,
    STRUCTURE,
    Kept,
    Store,
    Version,
    Whole,
    digest,
    encode,
    pack,
    unpack,
    version_of,
)

# a file's name, its contract_id, where its findings and prices stand, or why there are none
Said = tuple[str, str, tuple[int, int] | None, str | None]


@dataclass(frozen=True)
class Versions:
    """What makes each stage's results in one job."""

    of: Mapping[str, Version]

    @classmethod
    def of_job(cls, job: Job, limits: Limits) -> Versions:
        model = Path(job.model_path) if job.model_path else default_folder() / "model.npz"
        read = version_of(READ, ocr=(engine() or "none") if job.ocr else "off")
        structure = version_of(STRUCTURE, read)
        rules = load_playbook(job.playbook_folder).version
        weights = hashlib.sha256(model.read_bytes()).hexdigest()
        findings = version_of(FINDINGS, structure, playbook=rules, model=weights[:16])
        inputs = digest(encode(job.assumptions), encode(job.rates))
        settings = {"as_of": job.as_of.isoformat(), "seed": job.seed, "trials": job.trials}
        prices = version_of(PRICES, findings, inputs=inputs, **settings)
        failure = version_of(FAILURE, read, seconds=limits.seconds, memory=limits.memory)
        return cls({v.stage: v for v in (read, structure, findings, prices, failure)})


class Memory:
    """The store as one job sees it. Everything is written by the process that leads the job, a file at a time."""

    def __init__(self, store: Store, job: Job, limits: Limits, *, retry: bool = False) -> None:
        self.store, self.job = store, job
        self.versions = Versions.of_job(job, limits).of
        self.retry = retry or job.password is not None  # what failed may open with a password
        self.run = store.begin(job.as_of, {stage: v.id for stage, v in self.versions.items()})
        self._whole: dict[str, tuple[int, int]] = {}  # contract_id → its kept findings and prices

    def plan(self, path: Place, contract_id: str) -> Done | Task:
        """The result of a file where all of it is kept; else what is left to do, with what is kept."""
        deal = deal_for(self.job.deals, file_name(path))
        findings = self._find(contract_id, FINDINGS)
        prices = self._find(contract_id, PRICES, _input(deal))
        if findings is not None and prices is not None:
            self._whole[contract_id] = (findings, prices)
            found = unpack_found(self.store.blob(findings))
            rows = renamed(found.rows, file_name(path)) | unpack(self.store.blob(prices))
            paper = replace(found.paper, file=file_name(path))
            return Done(File(contract_id, rows, found.provisions, deal, paper))
        failure = None if self.retry else self._find(contract_id, FAILURE)
        if failure is not None:
            return failed(path, unpack(self.store.blob(failure)), contract_id)
        at = {stage: self._find(contract_id, stage) for stage in (READ, STRUCTURE, FINDINGS)}
        kept = {stage: self.store.blob(number) for stage, number in at.items() if number is not None}
        return Task(str(path), contract_id, kept, keep=True)

    def remember(self, contract_id: str, outcome: Done | Failure) -> None:
        """Keeps what a file gave, or why it gave nothing: whole, or not at all."""
        reason = outcome.reason if isinstance(outcome, Failure) else outcome.unreadable
        with self.store.writing():
            if isinstance(outcome, Failure) or reason is not None:
                self.store.keep(contract_id, self.versions[FAILURE], pack(reason))
                return
            file, made = outcome.file, outcome.made
            for stage, data in made.items():
                self.store.keep(
                    file.contract_id, self.versions[stage], data, _input(file.deal) if stage == PRICES else ""
                )
            if FINDINGS in made:
                self.store.index(file.contract_id, file.rows["clauses"])
        findings = self._find(file.contract_id, FINDINGS)
        prices = self._find(file.contract_id, PRICES, _input(file.deal))
        if findings is not None and prices is not None:
            self._whole[file.contract_id] = (findings, prices)

    def _find(self, contract_id: str, stage: str, input: str = "") -> int | None:
        return self.store.find(contract_id, self.versions[stage], input)

    # ------------------------------------------------------------ the run as a whole

    def unchanged(
        self, chosen: Iterable[tuple[Place, str]], lost: Iterable[tuple[Place, str]], *settings: Any
    ) -> Whole | None:
        """What the last run said, kept as this run, where this one must say the same; no result is unpacked first."""
        said: list[Said] = [(file_name(p), failed(p, reason).file.contract_id, None, reason) for p, reason in lost]
        for path, id in chosen:
            findings = self._find(id, FINDINGS)
            prices = self._find(id, PRICES, _input(deal_for(self.job.deals, file_name(path))))
            if findings is not None and prices is not None:
                said.append((file_name(path), id, (findings, prices), None))
            elif self.retry or (failure := self._find(id, FAILURE)) is None:
                return None
            else:
                said.append((file_name(path), id, None, unpack(self.store.blob(failure))))
        return self._as_last(self._digest(said, *settings))

    def _as_last(self, key: str) -> Whole | None:
        done = [r for r in self.store.runs() if r.finished]
        if not done or done[-1].digest != key:
            return None
        last = done[-1].run
        self.store.finish(self.run, self.store.files_of(last), self.store.whole_of(last), key)
        return self.store.whole(last)

    def whole(self, results: Sequence[Done], make: Callable[[], Whole], *settings: Any) -> Whole:
        """What ``make`` gives, kept as this run; taken from the last run where that must have said the same."""
        said = [
            (d.file.rows["contracts"][0]["file"], d.file.contract_id, self._whole.get(d.file.contract_id), d.unreadable)
            for d in results
        ]
        key = self._digest(said, *settings)
        if (same := self._as_last(key)) is not None:  # another job did it meanwhile
            return same
        rows, meta = make()
        common = {t: found for t, found in rows.items() if t not in (*BY_FILE, *BY_PRICE)}
        files = list(self._files(results, rows))
        self.store.finish(self.run, files, {"tables": common, "meta": meta}, key)
        return rows, meta

    def _digest(self, said: Sequence[Said], *settings: Any) -> str:
        """Equal for two runs that must say the same: same files with the same results, same inputs."""
        return digest(said, sorted(v.id for v in self.versions.values()), encode(self.job.deals), *settings)

    def _files(self, results: Sequence[Done], rows: Mapping[str, list[Row]]) -> Iterator[Kept]:
        """Where each file's rows are kept. Prices that other files changed (a family's) are kept as this run's own."""
        final = {t: _by_contract(rows[t]) for t in BY_PRICE}
        own = Version(RUN, {"run": self.run, "after": self.versions[PRICES].id})
        for d in results:
            id = d.file.contract_id
            findings, prices = self._whole.get(id, (None, None))
            mine = {t: final[t].get(id, []) for t in BY_PRICE}
            if _given(mine) != (_given(unpack(self.store.blob(prices))) if prices is not None else _given({})):
                with self.store.writing():
                    prices = self.store.keep(id, own, pack(mine))
            yield Kept(id, d.file.rows["contracts"][0]["file"], findings, prices)


def _given(tables: Mapping[str, list[Row]]) -> list[list[Row]]:
    """The rows without what is unknown: a column that is None says as much as one that is absent."""
    return [[{k: v for k, v in row.items() if v is not None} for row in tables.get(t, ())] for t in BY_PRICE]


def _input(deal: Any) -> str:
    return digest(encode(deal)) if deal is not None else ""


def _by_contract(rows: Iterable[Row]) -> dict[str, list[Row]]:
    out: dict[str, list[Row]] = {}
    for row in rows:
        out.setdefault(row["contract_id"], []).append(row)
    return out

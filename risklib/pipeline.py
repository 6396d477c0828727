"""The one orchestrator: files → rows in workers → exposure → portfolio. Only here and in the faces are there files."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from operator import itemgetter
from pathlib import Path
from typing import Any

from risklib import engines
from risklib.clauses import read_agreement
from risklib.errors import BadData, UnreadableDocument
from risklib.exposure import Basis, Contract, Totals, aggregate, price
from risklib.exposure.totals import NO_VENDOR
from risklib.findings import Model, find, load_model
from risklib.inputs import Assumptions, Rates, deal_for, load_assumptions, load_deals, load_rates, rows_without_file
from risklib.pdf import read
from risklib.playbook import Playbook, load_playbook
from risklib.portfolio import Portfolio
from risklib.records import Analysis, Deal, Exposure, Provision
from risklib.rows import Row, rows_of

Progress = Callable[[str, int, int], None]  # file just done, how many done, how many in all
_HEAD = 1024


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


@dataclass(frozen=True)
class Result:
    """What one file gave: its table rows, and what the totals need of it."""

    contract_id: str
    rows: Mapping[str, list[Row]]
    provisions: tuple[Provision, ...]
    deal: Deal | None


def analyze(
    paths: str | Path | Iterable[str | Path],
    *,
    facts: str | Path | None = None,
    assumptions: str | Path | None = None,
    rates: str | Path | None = None,
    playbook: str | Path | None = None,
    as_of: date | str | None = None,
    currency: str | None = None,
    seed: int = 0,
    trials: int = 10_000,
    password: str | None = None,
    ocr: bool = True,
    workers: int = 0,
    timeout: float = 120.0,
    progress: Progress | None = None,
) -> Portfolio:
    """Reads agreement PDFs and gives back what they ask of the customer and what failing costs.

    ``paths`` are PDF files or folders (searched recursively). ``facts``, ``assumptions`` and ``rates`` are CSVs
    (README, "Your own contracts"); without ``assumptions`` the shipped, illustrative ones are used. ``as_of`` is a date
    or ISO text, today by default. ``currency`` converts the totals with ``rates``; otherwise they are per
    currency. ``seed`` and ``trials`` fix the simulation. ``workers`` 0 is one a core; ``timeout`` is seconds a file.

    A file that cannot be read becomes a row of ``contracts`` with ``status`` and ``reason``; the rest goes on and
    ``meta["outcome"]`` says ``partial``. Raises BadData for a broken CSV, playbook or argument, and when there is no
    PDF. Nothing leaves the machine: no network connection is opened.
    """
    job, notes = _job(facts, assumptions, rates, playbook, as_of, seed, trials, password, ocr)
    _check_currency(currency, job.rates)
    files = list(find_files(paths))
    chosen, copies, lost = _distinct(files)
    limits = engines.Limits(seconds=timeout, workers=workers)
    results: list[Result] = [_failed(path, reason) for path, reason in lost]
    done = engines.run(_analyze_file, [str(p) for p in chosen], limits=limits, prepare=_prepare, arguments=(job,))
    for i, (path, result) in enumerate(zip(chosen, done, strict=True), 1):
        results.append(_failed(path, result.reason) if isinstance(result, engines.Failure) else result)
        if progress:
            progress(path.name, i, len(chosen))
    portfolio = _portfolio(results, copies, job, files, notes, currency)
    read_from = zip(results[len(lost) :], chosen, strict=True)
    return replace(portfolio, sources={r.contract_id: path.resolve() for r, path in read_from})


def find_files(paths: str | Path | Iterable[str | Path]) -> Iterator[Path]:
    """The PDFs that ``paths`` name, folders searched recursively, in order of name; each path once."""
    given = [paths] if isinstance(paths, (str, Path)) else list(paths)
    seen: set[Path] = set()
    for p in map(Path, given):
        if not p.exists():
            raise BadData(str(p), None, "no such file or folder; give PDF files or folders that hold some")
        inside = sorted(q for q in p.rglob("*") if q.suffix.lower() == ".pdf" and q.is_file()) if p.is_dir() else [p]
        for q in inside:
            if q.resolve() not in seen:
                seen.add(q.resolve())
                yield q
    if not seen:
        raise BadData(
            ", ".join(map(str, given)) or "paths", None, "no PDF in here; give PDF files or folders that hold some"
        )


# ---------------------------------------------------------------- one file, in a worker

_WORKER: dict[str, Any] = {}  # set once by _prepare in each worker process


def _prepare(job: Job) -> None:
    playbook = load_playbook(job.playbook_folder)
    _WORKER.update(job=job, playbook=playbook, model=load_model(job.model_path))


def _analyze_file(path: str) -> Result:
    job: Job = _WORKER["job"]
    analysis = analyze_file(path, _WORKER["playbook"], _WORKER["model"], password=job.password, ocr=job.ocr)
    deal = deal_for(job.deals, analysis.file)
    exposures: tuple[Exposure, ...] = ()
    if analysis.agreement is not None and job.assumptions is not None:
        found = price(Contract(analysis.contract_id, analysis.provisions, deal), _basis(job))
        exposures = tuple(_as_far_as_read(e, analysis) for e in found)
    return Result(analysis.contract_id, rows_of(analysis, exposures), analysis.provisions, deal)


def _basis(job: Job) -> Basis:
    given = job.assumptions or Assumptions(())
    return Basis(given, job.rates, as_of=job.as_of, seed=job.seed, trials=job.trials)


def _as_far_as_read(e: Exposure, analysis: Analysis) -> Exposure:
    """Unknown is never zero: where pages could not be read, a clause that was not found may stand on them."""
    words = analysis.agreement.document.words if analysis.agreement else ()
    if e.status != "scored" or analysis.status != "partial" or (words and e.operands):
        return e
    reason = f"the agreement could not be read whole ({analysis.reason}), so a clause may be missing"
    return Exposure(e.component, "unscored", reason, e.currency)


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
    name, playbook, model = Path(path).name, playbook or load_playbook(), model or load_model()
    try:
        document = read(path, file=name, password=password, ocr=ocr)
    except UnreadableDocument as e:
        return Analysis(name, _fingerprint(Path(path)), "failed", e.reason)
    agreement = read_agreement(document)
    responsibilities, provisions = find(agreement, playbook, model)
    reasons = list(document.problems)
    if not document.words:
        reasons = reasons or ["there is no text on its pages, and no picture of any"]
    elif not responsibilities and not provisions:
        reasons.append("no responsibility and no provision was found in it: is it an agreement, and in English?")
    status = "partial" if document.problems or not document.words else "ok"
    return Analysis(
        name, document.contract_id, status, "; ".join(reasons) or None, agreement, responsibilities, provisions
    )


def _fingerprint(path: Path) -> str:
    try:
        with path.open("rb") as f:
            return hashlib.file_digest(f, "sha256").hexdigest()
    except OSError:
        return hashlib.sha256(str(path).encode()).hexdigest()


# ---------------------------------------------------------------- the whole


def _job(
    facts: Any,
    assumptions: Any,
    rates: Any,
    playbook: Any,
    as_of: date | str | None,
    seed: int,
    trials: int,
    password: str | None,
    ocr: bool,
) -> tuple[Job, list[str]]:
    try:
        day = as_of if isinstance(as_of, date) else date.fromisoformat(as_of) if as_of else date.today()
    except ValueError:
        raise BadData("--as-of", None, f"{as_of!r} is no date; write it as 2026-01-31") from None
    if trials < 100 or seed < 0:
        raise BadData("trials and seed", None, "trials must be at least 100 and seed at least 0")
    rules = load_playbook(playbook)  # faults of it and of the model are raised here, before any worker starts
    rules.value_rules, rules.consequences, load_model()
    assumed = load_assumptions(assumptions)
    notes = []
    if any(r.illustrative for r in assumed.rows):
        notes.append(
            "The money rests on illustrative assumptions shipped with risklib; replace them by your own "
            "(--assumptions)."
        )
    overdue = assumed.overdue(day)
    if overdue:
        notes.append(
            f"{len(overdue)} assumptions were last reviewed more than a year before {day}: "
            f"{_few([r.id for r in overdue])}."
        )
    folder = str(playbook) if playbook else None
    deals = load_deals(facts) if facts else ()
    job = Job(
        folder, None, password, ocr, tuple(deals), assumed, load_rates(rates) if rates else None, day, seed, trials
    )
    return job, notes


def _distinct(files: Sequence[Path]) -> tuple[list[Path], dict[str, list[str]], list[tuple[Path, str]]]:
    """Files with the same bytes are analysed once: first of each, names of others by contract_id, unreadable ones."""
    first: dict[str, Path] = {}
    copies: dict[str, list[str]] = {}
    lost: list[tuple[Path, str]] = []
    for p in files:
        try:
            with p.open("rb") as f:
                key = hashlib.file_digest(f, "sha256").hexdigest()
        except OSError as e:
            lost.append((p, f"cannot be opened: {e.strerror or e}; check its permissions"))
            continue
        if key in first:
            copies.setdefault(key, []).append(p.name)
        else:
            first[key] = p
    return list(first.values()), copies, lost


def _failed(path: Path, reason: str) -> Result:
    analysis = Analysis(path.name, _fingerprint(path), "failed", reason)
    return Result(analysis.contract_id, rows_of(analysis), (), None)


def _portfolio(
    results: Sequence[Result],
    copies: Mapping[str, Sequence[str]],
    job: Job,
    files: Sequence[Path],
    notes: list[str],
    currency: str | None,
) -> Portfolio:
    rows: dict[str, list[Row]] = {}
    for r in results:
        for table, found in r.rows.items():
            rows.setdefault(table, []).extend(found)
    for row in rows["contracts"]:
        row["copies"] = list(copies.get(row["contract_id"], ()))
    assumptions = job.assumptions or Assumptions(())
    priced = [r for r in results if any(e["status"] == "scored" for e in r.rows["exposures"])]  # others: in no total
    contracts = [Contract(r.contract_id, r.provisions, r.deal) for r in priced]
    totals = aggregate(contracts, _basis(job), currency=currency)
    ended = [r.deal.file for r in priced if r.deal and _ended(r.deal, job.as_of)]
    if ended:
        notes.append(
            f"By the facts CSV the term of {len(ended)} agreements ended before {job.as_of}; they are priced as if "
            f"renewed: {_few(ended)}."
        )
    orphans = rows_without_file(job.deals, [p.name for p in files])
    if orphans:
        notes.append(f"{len(orphans)} rows of the facts CSV fit no file: {_few(orphans)}.")
    again = [f for names in copies.values() for f in names]
    if again:
        notes.append(
            f"{len(again)} files hold the same bytes as another and were read once (column copies): {_few(again)}."
        )
    with_findings = {row["contract_id"] for t in ("responsibilities", "provisions") for row in rows[t]}
    unknown = [
        row["file"] for row in rows["contracts"] if row["contract_id"] in with_findings and not row.get("customer")
    ]
    if unknown:
        notes.append(
            f"In {len(unknown)} agreements the text does not tell which party is the customer; responsibilities may be "
            f"missed there: {_few(unknown)}."
        )
    statuses = [row["status"] for row in rows["contracts"]]
    meta = {
        "outcome": "failed" if all(s == "failed" for s in statuses) else "ok" if set(statuses) == {"ok"} else "partial",
        "as_of": job.as_of.isoformat(),
        "seed": job.seed,
        "trials": job.trials,
        "currency": currency,
        "illustrative": any(r.illustrative for r in assumptions.rows),
        "overdue": [r.id for r in assumptions.overdue(job.as_of)],
        "versions": versions(),
        "playbook": load_playbook(job.playbook_folder).version,
        "notes": notes,
    }
    return Portfolio.build(
        rows,
        totals=_totals(totals, rows["exposures"], results),
        curve=_curve(totals),
        deals=job.deals,
        assumptions=assumptions.rows,
        meta=meta,
    )


def _ended(deal: Deal, as_of: date) -> bool:
    if deal.start is None or deal.term_months is None:
        return False
    months = deal.start.year * 12 + deal.start.month - 1 + int(deal.term_months)
    return (months // 12, months % 12 + 1, deal.start.day) <= (as_of.year, as_of.month, as_of.day)


def _check_currency(currency: str | None, rates: Rates | None) -> None:
    if currency and (rates is None or rates.rate(rates.base, currency) is None):
        have = f"it has {', '.join(sorted(rates.units))}" if rates else "give --rates CSV"
        raise BadData("--currency", None, f"totals in {currency} need its exchange rate; {have}")


def _few(names: Sequence[str], most: int = 5) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _totals(totals: Sequence[Totals], exposures: Sequence[Row], results: Sequence[Result]) -> list[Row]:
    """A row for the portfolio, each vendor, contract and component, per currency, with the exposures it rests on."""
    vendors = {c.contract_id: (c.deal.vendor if c.deal else None) or NO_VENDOR for c in results}
    name_of: dict[str, Callable[[Row], str]] = {
        "portfolio": lambda e: "",
        "vendor": lambda e: vendors[e["contract_id"]],
        "contract": itemgetter("contract_id"),
        "component": itemgetter("component"),
    }
    out = []
    for t in totals:
        left = {(e["contract_id"], e["component"]) for e in exposures if e["status"] == "unscored"}
        mine = [e for e in exposures if e["contract_id"] in t.by_contract or e["currency"] == t.currency]
        levels = (
            ("portfolio", {"": t.whole}, {"": t.whole.shortfall}),
            ("vendor", t.by_vendor, t.share_of_vendor),
            ("contract", t.by_contract, t.share_of_contract),
            ("component", t.by_component, t.share_of_component),
        )
        for level, figures, shares in levels:
            for name, s in figures.items():
                held = [(e["contract_id"], e["component"]) for e in mine if name_of[level](e) == name]
                row = {"level": level, "name": name, "currency": t.currency, "expected": s.expected, "median": s.median}
                row |= {"p95": s.p95, "es95": s.shortfall, "share_of_es95": float(shares[name])}
                unscored = sum(key in left for key in held)
                out.append(row | {"scored": len(held) - unscored, "unscored": unscored})
    return out


def _curve(totals: Sequence[Totals]) -> list[Row]:
    return [{"currency": t.currency, "probability": p, "loss": loss} for t in totals for p, loss in t.whole.curve]


def versions() -> dict[str, str]:
    """Of Python and of what shapes a result."""
    out = {"python": platform.python_version()}
    for name in ("risklib", "pypdfium2", "pdfplumber", "numpy", "scipy", "pandas"):
        try:
            out[name] = version(name)
        except PackageNotFoundError:
            out[name] = "not installed as a package"
    return out

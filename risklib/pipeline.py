"""The one orchestrator: files → rows in workers → exposure → portfolio. Only here and in the faces are there files."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from operator import itemgetter
from pathlib import Path
from typing import Any

from risklib.errors import BadData
from risklib.exposure import Contract, Totals, aggregate
from risklib.exposure.totals import NO_VENDOR
from risklib.families.kin import File, Together, together
from risklib.findings import load_model
from risklib.inputs import Assumptions, Rates, load_assumptions, load_deals, load_rates, rows_without_file
from risklib.jobs import engines
from risklib.jobs.memory import Memory
from risklib.jobs.stages import Done, Job, Task, analyze_file, failed, prepare, priced, run_file
from risklib.jobs.storage import Place, below, contract_id, fetched, place
from risklib.playbook import load_playbook
from risklib.portfolio import Portfolio
from risklib.records import Deal, Exposure, Provision, file_name
from risklib.rows import Row, assumption_row, deal_row, plain, rates_row, term_row
from risklib.store import Store

Progress = Callable[[str, int, int], None]  # file just done, how many done, how many in all

__all__ = ["Job", "Progress", "analyze", "analyze_file", "find_files", "versions"]


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
    store: str | Path | None = None,
    retry: bool = False,
    scheduler: str | None = None,
) -> Portfolio:
    """Reads agreement PDFs and gives back what they ask of the customer and what failing costs.

    ``paths`` are PDF files or folders (searched recursively), or addresses that fsspec knows (``s3://…``, extra
    ``cluster``). ``facts``, ``assumptions`` and ``rates`` are CSVs
    (README, "Your own contracts"); without ``assumptions`` the shipped, illustrative ones are used. ``as_of`` is a date
    or ISO text, today by default. ``currency`` converts the totals with ``rates``; otherwise they are per
    currency. ``seed`` and ``trials`` fix the simulation. ``workers`` 0 is one a core; ``timeout`` is seconds a file.

    A file that cannot be read becomes a row of ``contracts`` with ``status`` and ``reason``; the rest goes on and
    ``meta["outcome"]`` says ``partial``. Raises BadData for a broken CSV, playbook or argument, and when there is no
    PDF. ``store`` is a file that keeps what was read and found: what did not change is not done again, a job that was
    stopped goes on where it was, and ``Portfolio.from_store`` gives every run again; ``retry`` tries files anew that
    failed before. ``scheduler`` (``tcp://…`` of dask.distributed, extra ``cluster``) runs the same job on its workers,
    which must see the files under the same paths. Without it nothing leaves the machine: no network connection is
    opened.
    """
    job, notes = _job(facts, assumptions, rates, playbook, as_of, seed, trials, password, ocr)
    _check_currency(currency, job.rates)
    files = list(find_files(paths))
    chosen, copies, lost = _distinct(files)
    limits = engines.Limits(seconds=timeout, workers=workers)
    with ExitStack() as stack:
        memory = Memory(stack.enter_context(Store(store, write=True)), job, limits, retry=retry) if store else None
        whole = memory.unchanged(chosen, lost, copies, currency) if memory else None
        if whole is None:
            results = [failed(path, reason) for path, reason in lost]
            results += _all_done(chosen, job, limits, memory, progress, scheduler)
            make = partial(_whole, [d.file for d in results], copies, job, files, notes, currency)
            whole = memory.whole(results, make, copies, currency) if memory else make()
    sources = {key: path.resolve() for path, key in chosen if isinstance(path, Path)}
    return replace(Portfolio.of_rows(*whole), sources=sources, store=Path(store) if store else None)


def _all_done(
    chosen: Sequence[tuple[Place, str]],
    job: Job,
    limits: engines.Limits,
    memory: Memory | None,
    progress: Progress | None,
    scheduler: str | None,
) -> list[Done]:
    """The results of all files, in their order; what memory has is not done again, what is new goes into it at once."""
    results: dict[int, Done] = {}
    working: list[int] = []  # the files that workers were given, by their position in ``chosen``

    def have(i: int, done: Done) -> None:
        results[i] = done
        if progress:
            progress(file_name(chosen[i][0]), len(results), len(chosen))

    def todo() -> Iterator[Task]:
        for i, (path, key) in enumerate(chosen):
            planned = memory.plan(path, key) if memory else Task(str(path), key)
            if isinstance(planned, Done):
                have(i, planned)
            else:
                working.append(i)
                yield planned

    run = _engine(scheduler)
    for k, outcome in run(run_file, todo(), limits=limits, prepare=prepare, arguments=(job,), fetch=fetched):
        path, key = chosen[working[k]]
        if memory:
            memory.remember(key, outcome)
        failure = isinstance(outcome, engines.Failure)
        have(working[k], failed(path, outcome.reason, key) if failure else replace(outcome, made={}))
    return [results[i] for i in range(len(chosen))]


def _engine(scheduler: str | None) -> Callable[..., Iterator[tuple[int, Any]]]:
    """Worker processes here, or those of a cluster; the extra is loaded only where it is asked for."""
    if scheduler is None:
        return engines.run
    try:
        from risklib.jobs import cluster
    except ImportError as e:
        raise BadData("--scheduler", None, f"needs the extra: pip install 'risklib[cluster]' ({e})") from e
    return partial(cluster.run, scheduler=scheduler)


def find_files(paths: str | Path | Iterable[str | Path]) -> Iterator[Place]:
    """The PDFs that ``paths`` name, folders searched recursively, in order of name; each path or address once."""
    given = [paths] if isinstance(paths, (str, Path)) else list(paths)
    seen: set[Place] = set()
    for p in map(place, given):
        if isinstance(p, str):
            fresh = [url for url in below(p) if url not in seen]
            seen.update(fresh)
            yield from fresh
            continue
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
    exchange = load_rates(rates) if rates else None
    if exchange and exchange.overdue(day):
        notes.append(f"The exchange rates are of {exchange.on}, more than a quarter before {day}; give newer ones.")
    deals = load_deals(facts) if facts else ()
    job = Job(folder, None, password, ocr, tuple(deals), assumed, exchange, day, seed, trials)
    return job, notes


def _distinct(
    files: Sequence[Place],
) -> tuple[list[tuple[Place, str]], dict[str, list[str]], list[tuple[Place, str]]]:
    """Files with the same bytes are analysed once: first of each with its contract_id, names of others by contract_id,
    unreadable ones with the reason."""
    first: dict[str, Place] = {}
    copies: dict[str, list[str]] = {}
    lost: list[tuple[Place, str]] = []
    for p in files:
        try:
            key = contract_id(p)
        except OSError as e:
            lost.append((p, f"cannot be opened: {e.strerror or e}; check its permissions"))
            continue
        if key in first:
            copies.setdefault(key, []).append(file_name(p))
        else:
            first[key] = p
    return [(p, key) for key, p in first.items()], copies, lost


def _whole(
    results: Sequence[File],
    copies: Mapping[str, Sequence[str]],
    job: Job,
    files: Sequence[Place],
    notes: list[str],
    currency: str | None,
) -> tuple[dict[str, list[Row]], dict[str, Any]]:
    """The rows of every table, and ``meta``."""
    kin = _kin(results, job)
    rows: dict[str, list[Row]] = {table: list(found) for table, found in kin.rows.items()}
    for r in results:
        for table, found in r.rows.items():
            rows.setdefault(table, []).extend(found)
    for row in rows["contracts"]:
        row["copies"] = list(copies.get(row["contract_id"], ()))
    assumptions = job.assumptions or Assumptions(())
    priced = [r for r in results if any(e["status"] == "scored" for e in r.rows["exposures"])]  # others: in no total
    held = {r.contract_id: kin.priced.get(r.contract_id, (r.provisions, r.deal)) for r in results}
    contracts = [Contract(r.contract_id, *held[r.contract_id], kin.counted_with.get(r.contract_id)) for r in priced]
    totals = aggregate(contracts, job.basis, currency=currency)
    notes += _left_out(results, priced, totals, currency)
    ended = [r.deal.file for r in priced if r.deal and _ended(r.deal, job.as_of)]
    if ended:
        notes.append(
            f"By the facts CSV the term of {len(ended)} agreements ended before {job.as_of}; they are priced as if "
            f"renewed: {_few(ended)}."
        )
    notes += kin.notes
    orphans = rows_without_file(job.deals, [file_name(p) for p in files])
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
        "rates": rates_row(job.rates) if job.rates else None,
        "versions": versions(),
        "playbook": load_playbook(job.playbook_folder).version,
        "notes": notes,
    }
    rows["totals"] = _totals(totals, rows["exposures"], {id: deal for id, (_, deal) in held.items()})
    rows["curve"] = _curve(totals)
    rows["deals"] = [deal_row(d) for d in job.deals]
    rows["assumptions"] = [assumption_row(a) for a in assumptions.rows]
    rows["terms"] = [term_row(head, p) for head, (terms, _) in kin.priced.items() for p in terms]
    for row in rows["families"]:  # the head's: what its order forms ask for in all
        _, deal = kin.priced.get(row["contract_id"], ((), None))
        row |= {"annual_fees": plain(deal.annual_fees), "currency": deal.currency} if deal else {}
    return rows, meta


def _kin(results: Sequence[File], job: Job) -> Together:
    def anew(
        contract_id: str, provisions: Sequence[Provision], deal: Deal | None, half_read: str | None
    ) -> tuple[Exposure, ...]:
        return priced(job, contract_id, provisions, deal, half_read)

    return together(results, anew if job.assumptions is not None else None, job.as_of)


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


def _totals(totals: Sequence[Totals], exposures: Sequence[Row], deals: Mapping[str, Deal | None]) -> list[Row]:
    """A row for the portfolio, each vendor, contract and component, per currency, with the exposures it rests on."""
    vendors = {id: (deal.vendor if deal else None) or NO_VENDOR for id, deal in deals.items()}
    exposures = [e for e in exposures if not e["counted_with"]]
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


def _left_out(
    results: Sequence[File], priced: Sequence[File], totals: Sequence[Totals], currency: str | None
) -> list[str]:
    """Whole contracts that no total holds, with the reason, in one note each."""
    name_of = {r.contract_id: r.rows["contracts"][0]["file"] for r in results}
    inside = {r.contract_id for r in priced}
    whole = [name_of[r.contract_id] for r in results if r.contract_id not in inside and r.rows["exposures"]]
    unrated = sorted({name_of[x.contract_id] for t in totals for x in t.left_out if x.reason.startswith("no rate")})
    notes = []
    if whole:
        notes.append(
            f"{len(whole)} agreements are in no total, because none of their components could be priced (see the "
            f"reasons in `exposures`): {_few(whole)}."
        )
    if unrated:
        notes.append(
            f"{len(unrated)} agreements are not in the totals in {currency}, because the rates CSV lacks their "
            f"currency: {_few(unrated)}."
        )
    return notes


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

"""A rule of the playbook tried on agreements before it is kept: what it would find that is not found, and lose."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from risklib.errors import BadData
from risklib.pipeline import analyze
from risklib.playbook import load_playbook
from risklib.portfolio import Portfolio
from risklib.review import LABEL

COLUMNS = ("change", "table", "label", "party", "file", "page", "text")
_KEYS = ["contract_id", "start", "end", "party", "label"]


def try_phrases(
    paths: str | Path | Iterable[str | Path],
    label: str,
    phrases: Iterable[str],
    *,
    playbook: str | Path | None = None,
    **options: Any,
) -> pd.DataFrame:
    """What the agreements of ``paths`` would say differently with ``phrases`` added to the entry ``label``.

    A row for each finding that would come ("new") or go ("gone"): ``COLUMNS``. ``options`` are those of ``analyze``;
    with ``store`` the PDFs are read once. The playbook itself is not changed. Raises BadData for an unknown label or a
    phrase that cannot be read.
    """
    rules = load_playbook(playbook)
    with tempfile.TemporaryDirectory() as folder:
        changed = Path(folder) / "playbook"
        shutil.copytree(rules.folder, changed)
        _insert(changed, label, list(phrases))
        before = analyze(paths, playbook=playbook, trials=100, **options)
        after = analyze(paths, playbook=changed, trials=100, **options)
    return difference(before, after)


def difference(before: Portfolio, after: Portfolio) -> pd.DataFrame:
    """The findings that only one of two analyses of the same files has."""
    both = [_findings(p) for p in (before, after)]
    one = both[0].merge(both[1][_KEYS], on=_KEYS, how="left", indicator=True).query("_merge == 'left_only'")
    two = both[1].merge(both[0][_KEYS], on=_KEYS, how="left", indicator=True).query("_merge == 'left_only'")
    rows = pd.concat([two.assign(change="new"), one.assign(change="gone")])
    return rows.sort_values(["file", "page", "start"], kind="stable")[list(COLUMNS)].reset_index(drop=True)


def _findings(portfolio: Portfolio) -> pd.DataFrame:
    files = portfolio.contracts.set_index("contract_id")["file"]
    parts = [f.assign(label=f[LABEL[t]], table=t) for t in LABEL if len(f := portfolio.tables[t])]
    columns = [*_KEYS, "table", "page", "text"]
    found = pd.concat([p[columns] for p in parts]) if parts else pd.DataFrame(columns=columns)
    return found.assign(file=found["contract_id"].map(files))


def _insert(folder: Path, label: str, phrases: list[str]) -> None:
    category, _, id = label.rpartition(".")
    path = folder / ("responsibilities.yaml" if category else "provisions.yaml")
    whole = yaml.safe_load(path.read_text(encoding="utf-8"))
    for entry in _entries(whole, category):
        if entry["id"] == id:
            entry["phrases"] = [*entry.get("phrases", ()), *phrases]
            path.write_text(yaml.safe_dump(whole, allow_unicode=True, sort_keys=False, width=200), encoding="utf-8")
            return
    raise BadData(
        path.name,
        None,
        f"has no entry {label!r}; its ids are those of the tables, category.id or the id of a provision",
    )


def _entries(whole: list[dict[str, Any]], category: str) -> Iterator[dict[str, Any]]:
    if not category:
        yield from whole
    for c in whole:
        if c["id"] == category:
            yield from c.get("responsibilities", ())

"""Files on storage that fsspec knows (extra ``cluster``): s3://…, gs://…, file://…. Their bytes touch no disk here.

Fetching is done by the process that leads a job, on a cluster by the worker that hands the file to its processes: the
processes that parse have no network.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from risklib.errors import BadData, UnreadableDocument
from risklib.jobs.stages import Task
from risklib.records import file_name
from risklib.store import READ

Place = Path | str  # a URL is a str


def place(given: str | Path) -> Place:
    return str(given) if isinstance(given, str) and "://" in given else Path(given)


def below(url: str) -> Iterable[str]:
    """The URLs of the PDFs at or below ``url``, in order of name. Raises BadData where nothing can be listed."""
    try:
        system, root = _core().url_to_fs(url)
        found = system.find(root)
    except Exception as e:  # each kind of storage has its own
        raise BadData(url, None, f"cannot be listed ({_told(e)}); check the address and what opens it") from e
    if not found:
        raise BadData(url, None, "no such file or folder; give PDF files or folders that hold some")
    return sorted(str(system.unstrip_protocol(p)) for p in found if str(p).lower().endswith(".pdf"))


def contract_id(where: Place) -> str:
    """SHA-256 of the bytes. Raises OSError with the reason in words."""
    if isinstance(where, str):
        try:
            return hashlib.sha256(_bytes(where)).hexdigest()
        except UnreadableDocument as e:
            raise OSError(0, e.reason) from e
    with where.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def fetched(task: Task) -> Task:
    """The task with the bytes of a file that lies elsewhere, unless they were read before."""
    if "://" not in task.path or READ in task.kept:
        return task
    return replace(task, data=_bytes(task.path))


def _bytes(url: str) -> bytes:
    try:
        with _core().open(url, "rb") as f:
            return bytes(f.read())
    except BadData:
        raise
    except Exception as e:
        raise UnreadableDocument(file_name(url), f"cannot be fetched: {_told(e)}") from e


def _told(e: Exception) -> str:
    return (e.strerror if isinstance(e, OSError) and e.strerror else "") or type(e).__name__


def _core() -> Any:
    try:
        from fsspec import core
    except ImportError as e:
        raise BadData("paths", None, f"an address needs the extra: pip install 'risklib[cluster]' ({e})") from e
    return core

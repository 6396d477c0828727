"""What people decided, as training examples: labels by fingerprint, or examples in the playbook's own form."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from risklib.labels import PREFIX, fingerprint
from risklib.records import PROHIBITION
from risklib.review import LABEL

Row = Mapping[str, Any]


def labels_of(rows: Sequence[Row]) -> tuple[str, int]:
    """CSV as ``risklib.labels`` reads it, and how many sentences; none of their words stands in it.

    ``rows``: findings with ``table`` and ``review`` (accepted, corrected, added, rejected; None: nobody looked).
    """
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(["contract", "sentence", "labels"])
    count = 0
    for (contract, *_), found in _decided(rows):
        labels = sorted({_label(x) for x in found if x["review"] != "rejected"})
        lines.writerow([contract[:PREFIX], fingerprint(str(found[0]["text"])), " ".join(labels)])
        count += 1
    return out.getvalue(), count


def examples_of(rows: Sequence[Row]) -> tuple[str, int]:
    """YAML with the examples of each id, ``match`` and ``not``, to be pasted into the playbook; how many sentences."""
    entries: dict[str, dict[str, dict[str, list[str]]]] = {}
    count = 0
    for _, found in _decided(rows):
        count += 1
        right = {x[LABEL[x["table"]]] for x in found if x["review"] != "rejected"}
        for x in found:
            label = str(x[LABEL[x["table"]]])
            side = "not" if x["review"] == "rejected" else "match"
            if side == "not" and label in right:  # wrong for one party and right for the other: no counter-example
                continue
            texts = entries.setdefault(x["table"], {}).setdefault(label, {"match": [], "not": []})
            if (text := str(x["text"])) not in texts[side]:
                texts[side].append(text)
    whole = {
        table: [
            {"id": id.split(".")[-1], "examples": {k: v for k, v in found.items() if v}} for id, found in of.items()
        ]
        for table, of in entries.items()
    }
    return yaml.safe_dump(whole, allow_unicode=True, sort_keys=False, width=110), count


def _decided(rows: Sequence[Row]) -> Iterator[tuple[tuple[str, int, int], list[Row]]]:
    """The sentences all of whose findings people decided."""
    sentences: dict[tuple[str, int, int], list[Row]] = {}
    for x in rows:
        sentences.setdefault((str(x["contract_id"]), int(x["start"]), int(x["end"])), []).append(x)
    for key, found in sentences.items():
        if all(isinstance(x["review"], str) for x in found):
            yield key, found


def _label(x: Row) -> str:
    if x["table"] == "provisions":
        return f"{x['party']}!{x['provision']}"
    return f"{x['party']}{'-' if x['modality'] == PROHIBITION else '+'}{x['responsibility']}"

#!/usr/bin/env python3
"""Sample agreements from their sources: ``python data/make_samples.py [--check] [NAME...]``.

Reads ``data/agreements/src/NAME.md`` (the format is described in data/agreements/README.md), writes
``data/agreements/NAME.pdf`` and its known answers ``data/agreements/answers/NAME.json``. The same source and the same
reportlab give the same bytes. ``--check`` writes nothing: it tests the sources' annotations and prints which ids of the
playbook stand less than twice, or in one agreement only. NAME without ending; none means all.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shlex
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parent))
from sample_layout import render

HERE = Path(__file__).resolve().parent
SOURCES, PDFS, ANSWERS, PLAYBOOK = (
    HERE / "agreements/src", HERE / "agreements", HERE / "agreements/answers", HERE / "playbook",
)  # fmt: skip
PARTIES, MODALITIES = {"customer", "provider", "both"}, {"obligation", "prohibition"}
NUMBERS = {
    "amount", "percent", "fee_months", "fee_multiple", "notice_days", "cure_days", "grace_days", "term_months",
    "threshold_percent", "duration_days", "duration_months", "availability_percent", "times_per_year",
}  # fmt: skip
CHOICES: dict[str, set[Any]] = {
    "per": {"month", "year", "once"},
    "effect": {"limit", "exclusion"},
    "comparator": {"greater", "lesser"},
    "fee_basis": {"paid", "payable", "first_year", "affected_service"},
    "cap_period": {"term", "year", "claim"},
    "pierces": {"cap", "exclusion", "both"},
    "legal_maximum": {True, False},
}
FREE = {"currency", "jurisdiction", "alternatives", "covers", "reference", "above"}

NOTE = re.compile(r"\s*\[\[(.*?)\]\]")
END = re.compile(r"[.!?]['\"”’)]*\s+(?=[A-Z“\"‘(\[])")
NO_END = re.compile(r"(?:^|[\s(])(?:Inc|Ltd|Co|Corp|Nos?|Art|Sec|St|Mr|Ms|Dr|vs|e\.g|i\.e|[ap]\.m|[A-Z]|U\.S|etc)\.$")
LABEL_ONLY = re.compile(r"^\W*(?:\d+(?:\.\d+)*|[A-Za-z]|[ivxlIVXL]+|(?:ARTICLE|Section|Article) \S+)\.$")
ITEM = re.compile(r"^( *)(\([a-zA-Z]{1,2}\)|\([ivx]+\)|\(\d{1,2}\)|[-•])\s+")


class SourceError(ValueError):
    """A fault in a source: ``file:line``, what was found, what is allowed."""


@dataclass
class Unit:
    """A sentence, list item, heading or table row with its labels; ``page`` is known once the PDF is drawn."""

    text: str
    line: int
    resp: list[dict[str, Any]] = field(default_factory=list)
    prov: list[dict[str, Any]] = field(default_factory=list)
    page: int = 0


@dataclass
class Block:
    """One thing to draw. ``text`` (or each row's cells) holds ``\\x01N\\x02`` behind the first word of unit N."""

    kind: str  # title, h2, h3, para, item, centre, table, pagebreak, signatures, toc, space
    text: str = ""
    level: int = 0
    bullet: str = ""
    rows: list[list[str]] = field(default_factory=list)


@dataclass
class Source:
    path: Path
    meta: dict[str, Any]
    blocks: list[Block]
    units: list[Unit]


# ---------------------------------------------------------------- reading a source


def scalar(word: str) -> Any:
    """``30`` → 30, ``1.5`` → 1.5, ``true`` → True, JSON lists stay lists, else the words."""
    try:
        return json.loads(word)
    except ValueError:
        return word


def read_note(note: str, where: str) -> tuple[str, dict[str, Any]]:
    """``p late_payment customer percent=1.5`` → ("prov", {...}); raises SourceError naming what is allowed."""
    try:
        kind, *words = shlex.split(note)
        pairs = [w for w in words if re.match(r"[a-z_]+=", w)]
        given = dict(w.split("=", 1) for w in pairs)
        plain = [w for w in words if w not in pairs]
        if kind == "r":
            party, modality, name = plain
            extra = {"deadline": given.pop("deadline")} if "deadline" in given else {}
            if modality not in MODALITIES or party not in PARTIES or given:
                raise ValueError("unknown party, modality or key")
            return "resp", {"id": name, "party": party, "mod": modality, **extra}
        name, party = plain
        if kind != "p" or party not in PARTIES:
            raise ValueError("unknown kind or party")
        values = {k: scalar(v) for k, v in given.items()}
        return "prov", {"id": name, "party": party, **({"values": values} if values else {})}
    except ValueError as error:
        raise SourceError(
            f'{where}: [[{note}]]: {error}; allowed: [[r PARTY obligation|prohibition ID deadline="…"]], '
            f"[[p ID PARTY key=value …]] with PARTY one of {sorted(PARTIES)}"
        ) from None


def sentences(text: str) -> list[str]:
    """The sentences of a passage without annotations; a label or an abbreviation ends none. Joined they give it."""
    out, start = [], 0
    for m in END.finditer(text):
        piece = text[start : m.end()]
        if not (NO_END.search(piece.rstrip()) or LABEL_ONLY.match(piece.strip().replace("*", ""))):
            out.append(piece)
            start = m.end()
    return [*out, text[start:]] if text[start:].strip() else out


def plain(text: str) -> str:
    return " ".join(re.sub(r"\*+", "", text).split())


def add_units(raw: str, line: int, where: str, units: list[Unit], prefix: str = "", whole: bool = False) -> str:
    """Append the units of ``raw`` (annotations included); gives the text to draw, a mark behind each first word."""
    drawn, at, first = "", 0, True
    pieces = [(m.start(), m.end(), m.group(1)) for m in NOTE.finditer(raw)] + [(len(raw), len(raw), "")]
    for start, end, note in pieces:
        passage = raw[at:start]
        for s in ([passage] if whole else sentences(passage)) if passage.strip() else []:
            units.append(Unit(plain((prefix + " " if first and prefix else "") + s), line))
            word = re.match(r"\s*\S+", s).end()  # type: ignore[union-attr]
            drawn += (
                f"{s[:word]}\x01{len(units) - 1}\x02{s[word:]}"  # before it, the mark would stick to the line above
            )
            first = False
        if note.strip():
            if first:
                raise SourceError(f"{where}: [[{note}]] stands before any sentence; put it behind the one it labels")
            kind, label = read_note(note, where)
            getattr(units[-1], kind).append(label)
        at = end
    return " ".join(drawn.split())


def table_block(lines: list[tuple[int, str]], path: Path, units: list[Unit]) -> Block:
    """A pipe table; each row is one unit, annotations anywhere in it are the row's."""
    rows = []
    for number, line in lines:
        if re.fullmatch(r"[|\s:-]+", line):
            continue
        notes = " ".join(f"[[{n}]]" for n in NOTE.findall(line))
        cells = [c.strip() for c in NOTE.sub("", line).strip().strip("|").split("|")]
        add_units(" ".join(cells) + notes, number, f"{path.name}:{number}", units, whole=True)
        rows.append([f"\x01{len(units) - 1}\x02{cells[0]}", *cells[1:]])
    return Block("table", rows=rows)


def text_block(lines: list[tuple[int, str]], path: Path, units: list[Unit]) -> Block:
    """A paragraph, list item, heading or centred line."""
    number, head = lines[0]
    where = f"{path.name}:{number}"
    item = ITEM.match(head)
    body = " ".join([head.strip(), *(t.strip() for _, t in lines[1:])])
    for mark, kind in (("### ", "h3"), ("## ", "h2"), ("# ", "title"), ("^ ", "centre")):
        if head.startswith(mark):
            return Block(kind, add_units(body[len(mark) :], number, where, units, whole=True))
    if item:
        bullet = item.group(2)
        text = add_units(body[len(bullet) :].strip(), number, where, units, prefix=bullet)
        return Block("item", text, level=max(1, len(item.group(1)) // 2), bullet=bullet)
    return Block("para", add_units(body, number, where, units))


def chunks(lines: list[tuple[int, str]]) -> list[list[tuple[int, str]]]:
    """Lines that belong together: a table, a paragraph, a list item with its continuation lines."""
    out: list[list[tuple[int, str]]] = []
    fresh = True
    for number, line in lines:
        alone = line.startswith(("#", "<<", "^ "))
        table = line.lstrip().startswith("|")
        if not line.strip():
            fresh = True
            continue
        new = fresh or alone or ITEM.match(line) or table != out[-1][-1][1].lstrip().startswith("|")
        out.append([(number, line)]) if new else out[-1].append((number, line))
        fresh = alone
    return out


def read_source(path: Path) -> Source:
    """One source file as blocks to draw and units with labels; raises SourceError with file and line."""
    text = path.read_text(encoding="utf-8")
    parts = re.match(r"---\n(.*?)\n---\n(.*)", text, re.S)
    if not parts:
        raise SourceError(f"{path.name}:1: no front matter; begin with --- lines as data/agreements/README.md shows")
    meta, first = yaml.safe_load(parts.group(1)), parts.group(1).count("\n") + 4
    blocks: list[Block] = []
    units: list[Unit] = []
    for chunk in chunks(list(enumerate(parts.group(2).split("\n"), first))):
        line = chunk[0][1].strip()
        if line.startswith("<<"):
            blocks.append(Block(line.strip("<> ").split()[0]))
        elif line.startswith("|"):
            blocks.append(table_block(chunk, path, units))
        else:
            blocks.append(text_block(chunk, path, units))
    return Source(path, meta, blocks, units)


# ---------------------------------------------------------------- checking


def known_ids() -> tuple[set[str], set[str]]:
    """Responsibility ids ("category.name") and provision ids of data/playbook."""
    categories = yaml.safe_load((PLAYBOOK / "responsibilities.yaml").read_text(encoding="utf-8"))
    provisions = yaml.safe_load((PLAYBOOK / "provisions.yaml").read_text(encoding="utf-8"))
    names = {(c["id"], r["id"].split(".")[-1]) for c in categories for r in c["responsibilities"]}
    return {f"{c}.{r}" for c, r in names}, {p["id"] for p in provisions}


def value_faults(values: dict[str, Any]) -> list[str]:
    allowed = sorted(NUMBERS | set(CHOICES) | FREE)
    faults = [f"unknown value {k!r}; allowed: {', '.join(allowed)}" for k in values if k not in allowed]
    faults += [f"{k}={v!r} is no number" for k, v in values.items() if k in NUMBERS and type(v) not in (int, float)]
    faults += [f"{k}={v!r}; allowed: {CHOICES[k]}" for k, v in values.items() if k in CHOICES and v not in CHOICES[k]]
    if "amount" in values and not re.fullmatch(r"[A-Z]{3}", str(values.get("currency"))):
        faults.append("amount without a currency")
    for other in values.get("alternatives", []):
        faults += value_faults(other)
    return faults


def faults_of(source: Source, resp_ids: set[str], prov_ids: set[str]) -> list[str]:
    """What is wrong with the annotations of a source, each with file and line."""
    out = []
    for u in source.units:
        where = f"{source.path.name}:{u.line}"
        for label in u.resp:
            if label["id"] not in resp_ids:
                out.append(f"{where}: unknown responsibility {label['id']}")
            if "deadline" in label and label["deadline"].lower() not in u.text.lower():
                out.append(f"{where}: deadline {label['deadline']!r} is not in: {u.text[:90]}")
        for label in u.prov:
            if label["id"] not in prov_ids:
                out.append(f"{where}: unknown provision {label['id']}")
            out += [f"{where}: {label['id']}: {fault}" for fault in value_faults(label.get("values", {}))]
    return out


def coverage(sources: list[Source], ids: set[str]) -> dict[str, tuple[int, int]]:
    """id → (how often it stands, in how many agreements)."""
    count: Counter[str] = Counter()
    where: defaultdict[str, set[str]] = defaultdict(set)
    for s in sources:
        for u in s.units:
            for label in u.resp + u.prov:
                count[label["id"]] += 1
                where[label["id"]].add(s.path.stem)
    return {i: (count[i], len(where[i])) for i in ids}


def check(sources: list[Source]) -> int:
    """Print faults, unlabelled sentences that read like duties, and thin coverage; the number of faults."""
    resp_ids, prov_ids = known_ids()
    faults = [f for s in sources for f in faults_of(s, resp_ids, prov_ids)]
    modal = re.compile(r"\b(shall|must|will|agrees? to|may not|responsible)\b", re.I)
    for s in sources:
        bare = [u for u in s.units if modal.search(u.text) and not u.resp and not u.prov]
        words, resp, prov = (
            sum(map(len, n)) for n in zip(*[(u.text.split(), u.resp, u.prov) for u in s.units], strict=True)
        )
        print(f"{s.path.name}: {words} words, {len(s.units)} units, {resp} responsibilities, {prov} provisions")
        for u in bare:
            print(f"  {s.path.name}:{u.line}: a modal verb, no label: {u.text[:110]}")
    ids = (resp_ids | prov_ids) - {"other.other"}
    thin = {i: c for i, c in coverage(sources, ids).items() if min(c) < 2}
    print(*faults, sep="\n")
    print(f"{len(faults)} faults; thin (times, agreements):", ", ".join(f"{i} {c}" for i, c in sorted(thin.items())))
    return len(faults)


# ---------------------------------------------------------------- writing


def answers(source: Source, sha256: str) -> dict[str, Any]:
    """The known answers in the form of the evaluation's labels; empty lists are left out."""
    units = [
        {"page": u.page, "text": u.text, **({"resp": u.resp} if u.resp else {}), **({"prov": u.prov} if u.prov else {})}
        for u in source.units
    ]
    roles = {side: [a.lower() for a in source.meta[side]["aliases"]] for side in ("customer", "provider")}
    return {"file": source.meta["file"], "sha256": sha256, "roles": roles, "units": units}


def make(source: Source, pdfs: Path = PDFS, folder: Path = ANSWERS) -> Path:
    """Draw the PDF, learn each unit's page from the drawing, write the answers; gives the PDF's path."""
    data, pages = render(source.blocks, source.meta)
    for number, page in pages.items():
        source.units[number].page = page
    target = pdfs / source.meta["file"]
    folder.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    known = json.dumps(answers(source, hashlib.sha256(data).hexdigest()), ensure_ascii=False, indent=1)
    (folder / f"{source.path.stem}.json").write_text(known + "\n", encoding="utf-8")
    return target


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--check", action="store_true", help="write nothing, print faults and missing ids")
    options = parser.parse_args(argv)
    every = {p.stem: p for p in sorted(SOURCES.glob("*.md"))}
    unknown = [n for n in options.names if n not in every]
    if unknown:
        parser.error(f"no source {', '.join(unknown)}; there are: {', '.join(every)}")
    try:
        sources = [read_source(every[n]) for n in options.names or every]
    except SourceError as error:
        print(error, file=sys.stderr)
        return 1
    if options.check:
        return 1 if check(sources) else 0
    ids = known_ids()
    for source in sources:
        for fault in faults_of(source, *ids):
            print(fault, file=sys.stderr)
        path = make(source)
        print(f"{path.name}: {path.stat().st_size // 1024} KiB, {max(u.page for u in source.units)} pages")
    return 0


if __name__ == "__main__":
    sys.exit(main())

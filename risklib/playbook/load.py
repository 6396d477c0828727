"""A playbook folder → ``Playbook``. Any fault raises ``BadData`` with file and line, what is allowed and what to do."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from risklib.errors import BadData
from risklib.playbook.nodes import Item, known, read_yaml
from risklib.playbook.phrases import STRONG, WEAK, Macro, Phrase, compile_phrase
from risklib.playbook.positions import read_positions
from risklib.playbook.records import (
    PROVISION,
    RESPONSIBILITY,
    Baseline,
    Category,
    Entry,
    Example,
    MissingMark,
    Playbook,
    RoleWord,
    VagueWord,
)
from risklib.records import BOTH, CUSTOMER, OBLIGATION, PROHIBITION, PROVIDER

FILES = (
    "responsibilities.yaml",
    "provisions.yaml",
    "words.yaml",
    "roles.yaml",
    "vague.yaml",
    "positions.yaml",
    "baseline.csv",
    "ids.txt",
    "values.yaml",
    "consequences.yaml",
)
PARTIES = (CUSTOMER, PROVIDER, BOTH)
MODALITIES = (OBLIGATION, PROHIBITION)
MARKS = ("who", "what", "when", "how_well")  # that a vague word can cost
MISSING_MARKS = (*MARKS, "what_if_not", "reviewed_when")
_ENTRY_KEYS = ("id", "title", "definition", "party", "modality", "headings", "phrases", "examples")
_MATCH_KEYS = ("text", "party", "modality", "lead_in", "also", "values", "deadline", "roles")
_NOT_KEYS = (*_MATCH_KEYS, "is")
_BASELINE_COLUMNS = ["term", "figure", "value", "unit", "grade", "source", "date"]


def default_folder() -> Path:
    """The playbook that ships with risklib: inside the installed package, or in the checkout."""
    package = Path(__file__).resolve().parents[1]
    packaged = package / "_data" / "playbook"
    return packaged if packaged.is_dir() else package.parent / "data" / "playbook"


def load_playbook(folder: Path | str | None = None) -> Playbook:
    """Read and check a playbook folder (default: the shipped one). Raises ``BadData`` on the first fault."""
    folder = Path(folder) if folder is not None else default_folder()
    if not folder.is_dir():
        raise BadData(str(folder), None, f"no such playbook folder; it holds {', '.join(FILES)}")
    _check_text(folder)
    macros = _macros(read_yaml(folder / "words.yaml"))
    categories, responsibilities = _responsibilities(read_yaml(folder / "responsibilities.yaml"), macros)
    provisions = [_entry(i, PROVISION, "", macros) for i in read_yaml(folder / "provisions.yaml").items()]
    entries = _unique([*responsibilities, *provisions])
    _check_ids(entries)
    vague = read_yaml(folder / "vague.yaml").items()
    return Playbook(
        version=_version(folder),
        folder=folder,
        categories={c.id: c for c in categories},
        entries=entries,
        roles=tuple(_role(i) for i in read_yaml(folder / "roles.yaml").items()),
        vague=tuple(_vague(i, macros) for i in vague if "missing" not in i.pairs()),
        positions=read_positions(read_yaml(folder / "positions.yaml"), [e.id for e in provisions]),
        baseline=_baseline(folder / "baseline.csv"),
        macros=macros,
        required_ids=tuple((folder / "ids.txt").read_text(encoding="utf-8").split()),
        missing=tuple(_missing_mark(i, [c.id for c in categories]) for i in vague if "missing" in i.pairs()),
    )


def _check_text(folder: Path) -> None:
    for path in (folder / name for name in FILES if (folder / name).is_file()):
        data = path.read_bytes()
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as e:
            line = data.count(b"\n", 0, e.start) + 1
            raise BadData(path.name, line, f"byte 0x{data[e.start]:02x} is no UTF-8; save the file as UTF-8") from None


def _version(folder: Path) -> str:
    digest = hashlib.sha256()
    for name in FILES:
        digest.update(name.encode() + b"\0")
        try:
            digest.update((folder / name).read_bytes())
        except OSError as e:
            raise BadData(str(folder / name), None, "is missing; a playbook folder needs this file") from e
    return digest.hexdigest()[:16]


# ---------------------------------------------------------------- entries


def _macros(root: Item) -> dict[str, Macro]:
    out: dict[str, Macro] = {}
    for name, item in root.pairs().items():
        fields = item.mapping(Macro._fields, required=("any",))
        macro = Macro(**{key: value.texts() for key, value in fields.items()})
        try:
            compile_phrase(f"<{name}> word", {name: macro})
        except ValueError as e:
            raise item.fail(f"macro <{name}>: {e}") from None
        out[name] = macro
    return out


def _responsibilities(root: Item, macros: Mapping[str, Macro]) -> tuple[list[Category], list[Entry]]:
    categories: list[Category] = []
    entries: list[Entry] = []
    keys = ("id", "title", "definition", "responsibilities")
    for item in root.items():
        fields = item.mapping(keys, required=keys)
        name, title, definition = (fields[k].text() for k in keys[:3])
        category = Category(name, title, definition, item.file, item.line)
        if category.id in {c.id for c in categories}:
            raise item.fail(f"the category '{category.id}' stands here twice; merge the two")
        categories.append(category)
        entries += [_entry(i, RESPONSIBILITY, category.id, macros) for i in fields["responsibilities"].items()]
    return categories, entries


def _entry(item: Item, kind: str, category: str, macros: Mapping[str, Macro]) -> Entry:
    fields = item.mapping(_ENTRY_KEYS, required=("id", "title", "definition", "phrases", "examples"))
    name = fields["id"].text()
    entry_id = f"{category}.{name}" if category else name
    party = fields["party"].choice(PARTIES, "party") if "party" in fields else CUSTOMER
    modality = fields["modality"].choice(MODALITIES, "modality") if "modality" in fields else OBLIGATION
    examples = fields["examples"].mapping(("match", "not"), required=("match",))
    usual = Example("", (entry_id,), party, modality, file=item.file)
    return Entry(
        id=entry_id,
        kind=kind,
        category=category or entry_id,
        title=fields["title"].text(),
        definition=fields["definition"].text(),
        headings=fields["headings"].texts() if "headings" in fields else (),
        phrases=tuple(_phrase(i, macros) for i in fields["phrases"].items()),
        examples=tuple(_example(i, usual, _MATCH_KEYS) for i in examples["match"].items()),
        counterexamples=tuple(
            _example(i, replace(usual, ids=()), _NOT_KEYS)
            for i in (examples["not"].items() if "not" in examples else ())
        ),
        file=item.file,
        line=item.line,
        party=party,
        modality=modality,
    )


def _phrase(item: Item, macros: Mapping[str, Macro]) -> Phrase:
    strength, text = STRONG, item
    if item.is_mapping:
        fields = item.mapping(("phrase", "strength"), required=("phrase",))
        text = fields["phrase"]
        strength = fields["strength"].choice((STRONG, WEAK), "strength") if "strength" in fields else STRONG
    try:
        compile_phrase(text.text(), macros)
    except ValueError as e:
        raise text.fail(f"phrase '{text.text()}': {e}") from None
    return Phrase(text.text(), strength, item.line)


def _example(item: Item, usual: Example, allowed: tuple[str, ...]) -> Example:
    """``usual`` carries the entry's defaults; ``also`` and ``is`` are checked once all entries are known."""
    if not item.is_mapping:
        return replace(usual, text=item.text(), line=item.line)
    f = item.mapping(allowed, required=("text",))
    ids = usual.ids + sum((f[k].texts() for k in ("also", "is") if k in f), ())
    values = f["values"].plain() if "values" in f else {}
    if not isinstance(values, dict):
        raise f["values"].fail("values must be a mapping such as {notice_days: 30}")
    return replace(
        usual,
        text=f["text"].text(),
        ids=tuple(dict.fromkeys(ids)),
        party=f["party"].choice(PARTIES, "party") if "party" in f else usual.party,
        modality=f["modality"].choice(MODALITIES, "modality") if "modality" in f else usual.modality,
        lead_in=f["lead_in"].text() if "lead_in" in f else "",
        deadline=f["deadline"].text() if "deadline" in f else None,
        values=values,
        roles=_roles(f["roles"]) if "roles" in f else usual.roles,
        line=item.line,
    )


def _roles(item: Item) -> dict[str, tuple[str, ...]]:
    fields = item.mapping((CUSTOMER, PROVIDER), required=(CUSTOMER, PROVIDER))
    return {role: tuple(alias.lower() for alias in names.texts()) for role, names in fields.items()}


def _unique(entries: list[Entry]) -> dict[str, Entry]:
    out: dict[str, Entry] = {}
    for e in entries:
        if e.id in out:
            first = out[e.id]
            where = f"{first.file}:{first.line}"
            raise BadData(e.file, e.line, f"the id '{e.id}' is already taken at {where}; merge the two")
        out[e.id] = e
    return out


def _check_ids(entries: Mapping[str, Entry]) -> None:
    for e in entries.values():
        for x in (*e.examples, *e.counterexamples):
            for name in x.ids:
                known(name, entries, "id", x.file, x.line)
        for x in e.counterexamples:
            if e.id in x.ids:
                raise BadData(x.file, x.line, f"a 'not' example of '{e.id}' says that it is one; move it to 'match'")


# ---------------------------------------------------------------- the smaller files


def _role(item: Item) -> RoleWord:
    f = item.mapping(("word", "role", "weight"), required=("word", "role", "weight"))
    weight = f["weight"].number()
    if not -1 <= weight <= 1:
        raise f["weight"].fail(f"weight {weight} is out of range; allowed: -1 (provider) to 1 (customer)")
    role = f["role"].choice((CUSTOMER, PROVIDER, "depends"), "role")
    return RoleWord(f["word"].text().lower(), role, weight, item.file, item.line)


def _vague(item: Item, macros: Mapping[str, Macro]) -> VagueWord:
    keys = ("word", "mark", "ask", "propose")
    f = item.mapping(keys, required=keys)
    word = f["word"].text()
    mark = f["mark"].choice(MARKS, "mark")
    return VagueWord(word, mark, f["ask"].text(), f["propose"].text(), _phrase(f["word"], macros), item.file, item.line)


def _missing_mark(item: Item, categories: list[str]) -> MissingMark:
    f = item.mapping(("missing", "category", "ask", "propose"), required=("missing", "ask", "propose"))
    mark = f["missing"].choice(MISSING_MARKS, "mark")
    category = f["category"].choice(categories, "category") if "category" in f else ""
    return MissingMark(mark, category, f["ask"].text(), f["propose"].text(), item.file, item.line)


def _baseline(path: Path) -> tuple[Baseline, ...]:
    with path.open(encoding="utf-8", newline="") as handle:
        rows = csv.DictReader(handle)
        if rows.fieldnames != _BASELINE_COLUMNS:
            raise BadData(path.name, 1, f"columns are {rows.fieldnames}; allowed: {','.join(_BASELINE_COLUMNS)}")
        return tuple(_baseline_row(row, path.name, rows.line_num) for row in rows)


def _baseline_row(row: Mapping[str, str | None], file: str, line: int) -> Baseline:
    cells = {k: (v or "").strip() for k, v in row.items() if isinstance(k, str)}
    if None in row or None in row.values():
        raise BadData(file, line, f"a row has {len(_BASELINE_COLUMNS)} cells; put a cell that holds a comma in quotes")
    known(cells["grade"], ("A", "B", "C"), "grade", file, line)
    try:
        value = float(cells["value"]) if cells["value"] else None
    except ValueError:
        raise BadData(file, line, f"value '{cells['value']}' is no number; leave it empty or give digits") from None
    return Baseline(**{**cells, "value": value, "file": file, "line": line})  # type: ignore[arg-type]

"""Pairs of drafts: a sample agreement and the same with one edit, seeded. An edit changes a term, or only its wording."""

from __future__ import annotations

import hashlib
import random
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "data"))
import make_samples as ms

from risklib.clauses import read_agreement
from risklib.findings import find, load_model
from risklib.inputs import load_assumptions
from risklib.playbook import load_playbook
from risklib.portfolio import Portfolio
from risklib.records import Analysis, Deal, Document, Line
from risklib.rows import rows_of

WIDTH = 95
SCANS = {"atlas_support_scan"}


class Edit(NamedTuple):
    kind: str  # "term" or "wording"
    how: str
    before: str  # the sentence
    after: str


# ---------------------------------------------------------------- edits of a sentence; None where it does not fit

_NUMERAL = re.compile(r"\((\d+)\)")
_IN_WORDS = re.compile(r"\b(?:[a-z]+(?:-[a-z]+)?) \((\d+)\)")
WORDS = {
    3: "three",
    5: "five",
    7: "seven",
    9: "nine",
    14: "fourteen",
    20: "twenty",
    25: "twenty-five",
    40: "forty",
    75: "seventy-five",
}


def other_number(s: str, rng: random.Random) -> str | None:
    m = rng.choice(list(_IN_WORDS.finditer(s)) or [None])
    if m is None:
        return None
    n = rng.choice([k for k in WORDS if k != int(m[1])])
    return f"{s[: m.start()]}{WORDS[n]} ({n}){s[m.end() :]}"


def other_percent(s: str, rng: random.Random) -> str | None:
    m = re.search(r"(?:[a-z]+(?:[ -][a-z]+)* )?(?:per ?cent )?\(?(\d+(?:\.\d+)?)%\)?", s)
    return f"{s[: m.start()]} {float(m[1]) + rng.choice([1, 2, 5]):g}%{s[m.end() :]}".replace("  ", " ") if m else None


def other_unit(s: str, rng: random.Random) -> str | None:
    out = re.sub(r"(\(\d+\)) days\b", r"\1 months", s, count=1)
    return out if out != s else None


def duty_to_right(s: str, rng: random.Random) -> str | None:
    out = re.sub(r"\b(shall|must)\b(?! not)", "may", s, count=1)
    return out if out != s and " may " not in s and " not " not in s else None


def forbidden(s: str, rng: random.Random) -> str | None:
    out = re.sub(r"\b(shall|may)\b(?! not)", r"\1 not", s, count=1)
    return out if out != s and " not " not in s and not re.search(r"\b[Nn](o|either|one)\b", s) else None


def swapped_parties(s: str, rng: random.Random) -> str | None:
    m = re.match(r"(?:The )?(Customer|Client|Licensee|Subscriber|Developer|Reseller)\b(?=.* (?:shall|may|must) )", s)
    return f"Each party{s[m.end() :]}" if m else None


def greater_lesser(s: str, rng: random.Random) -> str | None:
    for a, b in (
        ("greater", "lesser"),
        ("lesser", "greater"),
        ("at least", "at most"),
        ("no more than", "no less than"),
    ):
        if f" {a} " in s:
            return s.replace(f" {a} ", f" {b} ", 1)
    return None


def item_dropped(s: str, rng: random.Random) -> str | None:
    m = re.search(
        r", (?!and|or|which|who|that|unless|provided|on|for|in|at|by|to|from|with)([a-z]+(?: [a-z]+){0,3})(?=,? (?:and|or) )",
        s,
    )
    return s[: m.start()] + s[m.end() :] if m and "hundred" not in m[0] and "calendar" not in m[0] else None


def exception_added(s: str, rng: random.Random) -> str | None:
    return (
        f"{s[:-1]}, unless the delay is caused by a subcontractor."
        if s.endswith(".") and " shall " in s and "unless" not in s
        else None
    )


def exception_dropped(s: str, rng: random.Random) -> str | None:
    m = re.search(r",? (?:unless|except|provided that) [^.;]{12,}(?=\.$)", s)
    return s[: m.start()] + s[m.end() :] if m else None


def sentence_dropped(s: str, rng: random.Random) -> str | None:
    return "" if re.search(r"\b(shall|may)\b", s) and len(s.split()) > 8 else None


def sentence_added(s: str, rng: random.Random) -> str | None:
    new = rng.choice(
        [
            "Customer shall pay a reinstatement fee of EUR 2,500 before access is restored.",
            "Provider may raise the fees by nine percent (9%) on twenty (20) days' notice.",
            "Provider may suspend the service without notice if any invoice is overdue.",
            "Customer shall indemnify Provider against every claim of a third party that arises from its use of the service.",
        ]
    )
    return f"{s} {new}" if s.endswith(".") and len(s.split()) > 8 else None


SWAPS = [
    (r"\bshall\b(?! not)", "will"), (r"\bprior to\b", "before"), (r"\bbefore\b", "prior to"), (r"\bpursuant to\b", "under"),
    (r"\bin accordance with\b", "according to"), (r"\bpromptly\b", "without delay"), (r"\bincluding\b", "including without limitation"),
    (r"\bat least\b", "not less than"), (r"\bno more than\b", "not more than"), (r"\bnotify\b", "inform"), (r"\binform\b", "notify"),
    (r"\bterminate\b", "end"), (r"\bafter\b", "following"), (r"\bexcept\b", "save"), (r"\bper year\b", "per annum"), (r"\bif\b", "in the event that"),
    (r"\bkeep\b", "maintain"), (r"\buse\b", "make use of"), (r"\bonly\b", "solely"), (r"\bensure\b", "make sure"), (r"\bmust\b(?! not)", "is obliged to"),
]  # fmt: skip


def synonym(s: str, rng: random.Random) -> str | None:
    fit = [(a, b) for a, b in SWAPS if re.search(a, s)]
    a, b = rng.choice(fit or [("", "")])
    return re.sub(a, b, s, count=1) if a else None


def two_synonyms(s: str, rng: random.Random) -> str | None:
    fit = [(a, b) for a, b in SWAPS if re.search(a, s)]
    if len(fit) < 2:
        return None
    first, second = rng.sample(fit, 2)
    return re.sub(second[0], second[1], re.sub(*first, s, count=1), count=1)


def numeral_alone(s: str, rng: random.Random) -> str | None:
    return _IN_WORDS.sub(r"\1", s) if _IN_WORDS.search(s) and "hundred" not in s and "thousand" not in s else None


def capitals(s: str, rng: random.Random) -> str | None:
    return s.upper() if len(s.split()) > 8 else None


def lead_in_moved(s: str, rng: random.Random) -> str | None:
    m = re.fullmatch(r"(If [^,.]{10,90}), ([A-Z]?[^.]*)\.", s)
    return f"{m[2][0].upper()}{m[2][1:]} {m[1][0].lower()}{m[1][1:]}." if m else None


def fillers(s: str, rng: random.Random) -> str | None:
    out = re.sub(r"\bthe (?=[a-z])", "the said ", s, count=1)
    return out if out != s else None


def renumbered(s: str, rng: random.Random) -> str | None:
    out = re.sub(r"\b(Section|clause|Clause|Article) (\d+)", lambda m: f"{m[1]} {int(m[2]) + 1}", s)
    return out if out != s else None


def split_in_two(s: str, rng: random.Random) -> str | None:
    m = re.search(r", and shall ", s)
    subject = re.match(r"(?:The )?[A-Z][a-z]+(?= shall )", s)
    return f"{s[: m.start()]}. {subject[0]} shall {s[m.end() :]}" if m and subject and not s.endswith(":") else None


TERM: list[Callable] = [other_number, other_percent, other_unit, duty_to_right, forbidden, swapped_parties, greater_lesser, item_dropped, exception_added, exception_dropped, sentence_dropped, sentence_added]  # fmt: skip
WORDING: list[Callable] = [
    synonym,
    two_synonyms,
    numeral_alone,
    capitals,
    lead_in_moved,
    fillers,
    renumbered,
    split_in_two,
]


# ---------------------------------------------------------------- drafts


def paragraphs(name: str) -> list[tuple[str, str]]:
    """(kind, text) of a sample's blocks, without labels."""
    source = ms.read_source(ms.SOURCES / f"{name}.md")
    out = []
    for b in source.blocks:
        text = re.sub("\x01\\d+\x02", "", b.text).replace("*", "")
        if b.kind in ("title", "h2", "h3", "para", "item", "centre") and text.strip():
            out.append((b.kind, f"{b.bullet} {text}".strip()))
    return out


def edited(name: str, kind: str, seed: int) -> tuple[list[tuple[str, str]], list[tuple[str, str]], Edit] | None:
    """The draft, the draft with one edit, and the edit; None if no sentence fits."""
    rng = random.Random(f"{name}|{kind}|{seed}")
    blocks = paragraphs(name)
    places = [
        (i, s) for i, (k, text) in enumerate(blocks) if k == "para" for s in ms.sentences(text) if len(s.split()) > 6
    ]
    hows = TERM if kind == "term" else WORDING
    how = hows[seed % len(hows)]
    rng.shuffle(places)
    for i, raw in places:
        s = raw.strip()
        body = re.sub(r"^\d[\d.]*\s+", "", s)
        new = how(body, rng)
        if new is None or new == body:
            continue
        after = list(blocks)
        after[i] = (blocks[i][0], " ".join(blocks[i][1].replace(body, new, 1).split()))
        return blocks, after, Edit(kind, how.__name__, body, new)
    return None


def document(blocks: list[tuple[str, str]], file: str) -> Document:
    """Text and lines as a reader would give them, without boxes."""
    lines: list[Line] = []
    text = ""
    for kind, passage in blocks:
        bold = kind in ("title", "h2", "h3")
        for k, line in enumerate(_wrapped(passage)):
            start = len(text)
            text += line + "\n"
            lines.append(
                Line(
                    start,
                    len(text) - 1,
                    1,
                    50.0,
                    len(lines) * 12.0,
                    500.0,
                    len(lines) * 12.0 + 10,
                    12.0 if bold else 10.0,
                    bold,
                    k == 0,
                )
            )
    return Document(hashlib.sha256(f"{file}{text}".encode()).hexdigest(), file, text, (), (), tuple(lines))


def _wrapped(text: str) -> Iterator[str]:
    line = ""
    for word in text.split():
        if line and len(line) + len(word) >= WIDTH:
            yield line
            line = ""
        line = f"{line} {word}".strip()
    yield line


DEAL = {
    "invoices_per_year": 12,
    "records_held": 20_000,
    "downtime_value_per_day": 4000,
    "paid_in_advance": 12,
    "switching_cost": 90_000,
    "overage_units": 100,
    "committed_spend": 90_000,
    "expected_spend": 80_000,
    "users": 60,
}


def portfolio(drafts: dict[str, list[tuple[str, str]]]) -> Portfolio:
    """Drafts found in and turned to tables as an analysis does, without PDF and prices."""
    playbook, model = load_playbook(), load_model()
    rows: dict[str, list] = {}
    for file, blocks in drafts.items():
        agreement = read_agreement(document(blocks, file))
        duties, terms = find(agreement, playbook, model)
        found = rows_of(Analysis(file, agreement.document.contract_id, "ok", None, agreement, duties, terms))
        for table, got in found.items():
            rows.setdefault(table, []).extend(got)
    deals = [Deal(f, vendor=f, annual_fees=120_000, currency="EUR", term_months=36, extra=DEAL) for f in drafts]
    return Portfolio.build(
        rows, deals=deals, assumptions=load_assumptions(None).rows, meta={"as_of": "2026-11-01", "seed": 0}
    )


def pairs(seeds: int, names: list[str] | None = None) -> Iterator[tuple[Portfolio, Edit, str]]:
    """For each sample: ``seeds`` term edits and as many of wording. The unedited draft of a sample is read once."""
    chosen = names or sorted(p.stem for p in ms.SOURCES.glob("*.md") if p.stem not in SCANS)
    for k, name in enumerate(chosen):
        made = [
            e for kind in ("term", "wording") for n in range(seeds) if (e := edited(name, kind, k * seeds + n + 500))
        ]
        drafts = {"first.pdf": made[0][0]} | {f"draft{i}.pdf": after for i, (_, after, _) in enumerate(made)}
        whole = portfolio(drafts)
        for i, (_, _, edit) in enumerate(made):
            yield whole, edit, f"draft{i}.pdf"

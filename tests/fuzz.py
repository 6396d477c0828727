"""`make fuzz`: feeds the reader, the loaders and the value parsers damaged input for a bounded time; says what broke.

Not a test: it runs as long as it is told (--seconds, two minutes by default). A fault is anything but a result or one of
our own errors, or an input that takes longer than --each seconds. The input that made it is kept in --keep; it belongs
into tests/fixtures/fuzz, where a test reads it for ever after. Same --seed, same inputs.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
import traceback
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from drawn import CLAUSES, NAMES, agreement

from risklib import load_playbook
from risklib.clauses import read_agreement
from risklib.errors import RisklibError
from risklib.findings import find, load_model
from risklib.inputs import load_assumptions, load_deals, load_rates
from risklib.pdf import read
from risklib.playbook import Playbook
from risklib.records import Document, Line, Page, Word
from risklib.store import codec

HERE = Path(__file__).resolve().parent
DATA = HERE.parent / "data"
TOKENS = [b"obj", b"endobj", b"stream", b"endstream", b"<<", b">>", b"[", b"]", b"/Length", b"/Kids", b"/Count", b"/Parent",
          b"/Filter", b"/FlateDecode", b"1 0 R", b"3 0 R", b"9999999999", b"-1", b"0", b"xref", b"trailer", b"BT", b"ET", b"Tf",
          b"Td", b"Tj", b"TJ", b"(", b")", b"1e309", b"\x00", b"\xff\xfe", b"/Encrypt", b"/JavaScript", b"/MediaBox"]  # fmt: skip
WORDS = ["Customer", "shall", "pay", "within", "thirty (30) days", "$", "USD", "1,000,000", "1.5%", "per", "month", "(a)", "(ii)",
         "12.", "1.1.1.1.1", "SECTION", "Exhibit", "“", "”", "means", "not", "exceed", "greater of", "lesser of", "0", "-", "%",
         "99.9", "nine hundred ninety-nine trillion", "twelve (13)", "½", "٣", "²", "€", "\u00a0", "\u200b", "…", "§", "I", ".", ";", ":",
         "times", "fees", "or", "and", "the highest", "permitted by law", "31 February 2020", "2020-13-45"]  # fmt: skip


class Late(Exception):
    pass


def damaged(data: bytes, chance: random.Random) -> bytes:
    """A PDF with some of its bytes changed, moved, cut or doubled; its streams opened first, so that they are hit too."""
    out = bytearray(opened(data) if chance.random() < 0.6 else data)
    for _ in range(chance.choice((1, 2, 4, 16, 64))):
        at, other = chance.randrange(len(out)), chance.randrange(len(out))
        size = chance.choice((1, 4, 32, 400))
        match chance.randrange(6):
            case 0:
                out[at] = chance.randrange(256)
            case 1:
                del out[at : at + size]
            case 2:
                out[at:at] = out[other : other + size]
            case 3:
                out[at : at + 1] = b" " + chance.choice(TOKENS) + b" "
            case 4:
                out[at : at + size] = bytes(chance.randrange(256) for _ in range(size))
            case _:
                digits = [i for i in range(at, min(at + 2000, len(out))) if 48 <= out[i] <= 57]
                if digits:
                    out[digits[0]] = 48 + chance.randrange(10)
        if len(out) < 2:
            return bytes(out) + b"%PDF"
    return bytes(out)


def opened(data: bytes) -> bytes:
    """Deflated streams as plain ones, where they can be."""
    parts, at = [], 0
    while (start := data.find(b"stream\n", at)) >= 0 and (end := data.find(b"endstream", start)) >= 0:
        parts.append(data[at : start + 7])
        try:
            parts.append(zlib.decompress(data[start + 7 : end]))
        except zlib.error:
            parts.append(data[start + 7 : end])
        at = end
    return b"".join([*parts, data[at:]]).replace(b"/ASCII85Decode", b"").replace(b"/FlateDecode", b"")


def spoken(chance: random.Random) -> str:
    """Lines that look like clauses and are none."""
    lines = [
        " ".join(chance.choice(WORDS) for _ in range(chance.randrange(1, 30))) for _ in range(chance.randrange(1, 40))
    ]
    lines[0:0] = [NAMES] * chance.randrange(2)
    lines += chance.sample(CLAUSES, chance.randrange(4))
    chance.shuffle(lines)
    return "\n".join(lines)


def document(text: str) -> Document:
    words, lines, at = [], [], 0
    for k, line in enumerate(text.split("\n")):
        top, start = 12.0 * k, at
        for j, word in enumerate(line.split()):
            words.append(Word(word, 1, 10.0 * j, top, 10.0 * j + 9, top + 10, at, at + len(word)))
            at += len(word) + 1
        if at > start:
            lines.append(Line(start, at - 1, 1, 0, top, 500, top + 10, 10, False, True))
    whole = "\n".join(" ".join(line.split()) for line in text.split("\n") if line.split())
    return Document("0" * 64, "fuzz.pdf", whole, (Page(1, 600, 800, "text", 1.0),), tuple(words), tuple(lines))


def targets(folder: Path) -> dict[str, Callable[[random.Random], tuple[bytes, Callable[[], object]]]]:
    """Each gives an input, as bytes to keep, and what to do with it."""
    playbook, model = load_playbook(), load_model()
    agreement(folder / "drawn.pdf")
    pdfs = [p.read_bytes() for p in [folder / "drawn.pdf", *sorted((HERE / "fixtures").rglob("*.pdf"))]]
    tables = {
        load_deals: DATA / "portfolio.csv",
        load_rates: DATA / "rates.csv",
        load_assumptions: playbook.folder / "assumptions.csv",
    }
    kept = codec.pack_document(read(folder / "drawn.pdf"))

    def pdf(chance: random.Random) -> tuple[bytes, Callable[[], object]]:
        data = damaged(chance.choice(pdfs), chance)
        return data, lambda: understood(read(data, ocr=False), playbook)

    def text(chance: random.Random) -> tuple[bytes, Callable[[], object]]:
        said = spoken(chance)
        return said.encode(), lambda: find(read_agreement(document(said)), playbook, model)

    def table(chance: random.Random) -> tuple[bytes, Callable[[], object]]:
        load, source = chance.choice(list(tables.items()))
        data = damaged(source.read_bytes(), chance)
        (folder / "table.csv").write_bytes(data)
        return data, lambda: load(folder / "table.csv")

    def book(chance: random.Random) -> tuple[bytes, Callable[[], object]]:
        name = chance.choice(
            ["roles.yaml", "words.yaml", "consequences.yaml", "values.yaml", "positions.yaml", "baseline.csv"]
        )
        (folder / "book").mkdir(exist_ok=True)
        for source in playbook.folder.iterdir():
            if source.suffix in (".yaml", ".csv", ".txt"):
                (folder / "book" / source.name).write_bytes(source.read_bytes())
        data = damaged((playbook.folder / name).read_bytes(), chance)
        (folder / "book" / name).write_bytes(data)
        return name.encode() + b"\n" + data, lambda: load_playbook(folder / "book").value_rules

    def blob(chance: random.Random) -> tuple[bytes, Callable[[], object]]:
        plain = damaged(zlib.decompress(kept), chance)
        return plain, lambda: codec.unpack_document(zlib.compress(plain), "0" * 64, "fuzz.pdf")

    return {"pdf": pdf, "text": text, "table": table, "playbook": book, "blob": blob}


def understood(found: Document, playbook: Playbook) -> object:
    return find(read_agreement(found), playbook, load_model())


def fault_of(do: Callable[[], object], each: float) -> str | None:
    def late(*_: object) -> None:
        raise Late

    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, each)
    try:
        do()
    except RisklibError:
        return None
    except Late:
        return f"took longer than {each:.0f} s"
    except Exception as e:
        ours = [f for f in traceback.extract_tb(e.__traceback__) if "/risklib/" in f.filename]
        place = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "outside risklib"
        return f"{type(e).__name__} at {place}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--each", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=["pdf", "text", "table", "playbook", "blob"])
    parser.add_argument("--keep", type=Path, default=Path("out/fuzz"))
    args = parser.parse_args()
    tried: Counter[str] = Counter()
    faults: dict[str, Path] = {}
    with tempfile.TemporaryDirectory() as scratch:
        made, end, k = targets(Path(scratch)), time.monotonic() + args.seconds, 0
        while time.monotonic() < end:
            kind = args.only or list(made)[k % len(made)]
            data, do = made[kind](random.Random(f"{args.seed} {k}"))
            tried[kind] += 1
            fault = fault_of(do, args.each)
            k += 1
            if fault is not None and fault not in faults:
                args.keep.mkdir(parents=True, exist_ok=True)
                faults[fault] = args.keep / f"{kind}_{args.seed}_{k - 1}"
                faults[fault].write_bytes(data)
                print(f"{kind}: {fault}: {faults[fault]}", flush=True)
    print(f"{sum(tried.values())} inputs in {args.seconds:.0f} s {dict(tried)}: {len(faults)} faults")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()

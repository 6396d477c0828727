"""`risklib explain`: a sentence, or the sentences of a clause, with every label and what spoke for it, as text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Group
from rich.text import Text

from risklib.clauses import read_agreement
from risklib.errors import BadData
from risklib.findings import load_model
from risklib.findings.why import Because, Explanation, one_sentence, why
from risklib.pdf import read
from risklib.playbook import load_playbook
from risklib.portfolio import Portfolio


def explained(
    target: str,
    number: str | None,
    lead_in: str,
    heading: str,
    customer: str,
    provider: str,
    playbook_folder: Path | None,
    password: str | None,
) -> list[dict[str, Any]]:
    """Explanations as plain dicts: of the sentence ``target``, or of clause ``number`` of the PDF ``target``."""
    playbook, model = load_playbook(playbook_folder), load_model()
    path = Path(target)
    if len(target) > 255 or path.suffix.lower() != ".pdf":
        agreement = one_sentence(target, lead_in, heading, customer, provider)
        wanted = [len(agreement.sentences) - 1]
    else:
        if number is None:
            raise BadData(target, None, "name the clause to explain, such as `risklib explain msa.pdf 7.2`")
        agreement = read_agreement(read(path, password=password))
        numbers = {c.clause_id: c.number for c in agreement.clauses}
        wanted = [i for i, s in enumerate(agreement.sentences) if _is_under(numbers.get(s.clause_id, ""), number)]
        if not wanted:
            raise BadData(target, None, f"no clause {number}; `risklib show {target}` lists its clauses")
    return [_explanation_view(e) for e in why(agreement, playbook, model, wanted)]


def money_explained(tables: Path, contract: str, component: str | None) -> dict[str, str]:
    """By component, the arithmetic of a contract's exposure in saved tables; of all where none is named."""
    portfolio = Portfolio.load(tables)
    id = portfolio.contract_id(contract)
    mine = portfolio.exposures.loc[portfolio.exposures["contract_id"] == id, "component"]
    if mine.empty:
        raise BadData(contract, None, "was not priced; a paper of a family is priced with its head")
    return {c: portfolio.explain(id, c) for c in ([component] if component else mine)}


def _explanation_view(e: Explanation) -> dict[str, Any]:
    def because(b: Because) -> dict[str, Any]:
        return {
            "label": b.label,
            "probability": b.probability,
            "threshold": b.threshold,
            "phrases": list(b.phrases),
            "weights": [list(w) for w in b.weights],
        }

    return {
        "sentence": e.sentence.text,
        "reads_as": e.reads_as,
        "headings": list(e.headings),
        "grammar": list(e.grammar),
        "responsibilities": [
            {k: getattr(r, k) for k in ("responsibility", "party", "modality", "deadline", "confidence", "method")}
            for r in e.responsibilities
        ],
        "provisions": [
            {k: getattr(p, k) for k in ("provision", "party", "confidence", "method")} | {"values": dict(p.values)}
            for p in e.provisions
        ],
        "because": [because(b) for b in e.because],
        "nearest": [because(b) for b in e.nearest],
        "remark": e.remark,
    }


def explained_text(views: list[dict[str, Any]]) -> Group:
    """The explanations as text; weights are what a word adds to (or takes from) the log-odds of its label."""
    parts: list[Text] = []
    for v in views:
        parts.append(Text(_plain(v["sentence"]), style="bold"))
        parts.append(Text(_plain(f"  read as: {v['reads_as']}"), style="dim"))
        grammar = ", ".join(v["grammar"]) or "no party with a modal verb"
        parts.append(
            Text(_plain(f"  headings: {' > '.join(v['headings']) or 'none'} · grammar: {grammar}"), style="dim")
        )
        for r in v["responsibilities"]:
            when = f" · {r['deadline']}" if r["deadline"] else ""
            line = (
                f"  → {r['party']} {r['modality']}: {r['responsibility']}{when} ({r['confidence']:.2f}, {r['method']})"
            )
            parts.append(Text(_plain(line), style="green"))
        for p in v["provisions"]:
            values = ", ".join(f"{k} {x}" for k, x in p["values"].items())
            line = f"  § {p['party']}: {p['provision']} {values} ({p['confidence']:.2f}, {p['method']})"
            parts.append(Text(_plain(line), style="magenta"))
        if v["remark"] or not (v["responsibilities"] or v["provisions"]):
            parts.append(Text(_plain(f"  {v['remark'] or 'no label holds'}"), style="yellow"))
        parts += [_because_line("because", b) for b in v["because"]]
        parts += [_because_line("nearly ", b) for b in v["nearest"]]
    return Group(*parts)


def _because_line(how: str, b: dict[str, Any]) -> Text:
    words = ", ".join(f"{w} {x:+.1f}" for w, x in b["weights"][:6])
    phrases = f"phrases {', '.join(b['phrases'])}; " if b["phrases"] else ""
    text = f"  {how} {b['label']}: {b['probability']:.2f} (holds from {b['threshold']:.2f}): {phrases}{words}"
    return Text(_plain(text))


def _is_under(number: str, wanted: str) -> bool:
    have, want = number.strip(".").lower(), wanted.strip(".").lower()
    return have == want or (have.startswith(want) and not have[len(want) : len(want) + 1].isalnum())


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)

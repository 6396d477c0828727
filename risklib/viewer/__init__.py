"""The evidence viewer for notebooks: findings beside their page, the words marked, and what people decide about them.

``Viewer(portfolio, "msa.pdf", pdfs="contracts/", by="Ann")`` needs the extra ``notebooks``. It draws offline.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anywidget
import pandas as pd
import traitlets

from risklib.errors import BadData
from risklib.evidence import in_folder, open_pdf
from risklib.playbook import load_playbook
from risklib.portfolio import Portfolio
from risklib.review import ACCEPT, CORRECT, FILE, LABEL, REJECT

DPI = 100
_HERE = Path(__file__).parent
_CITES = re.compile(
    r"\b(?:sections?|clauses?|articles?|exhibit|schedule|annex)\s+([A-Z]?\d*(?:\.\d+)*(?:\([a-z]+\))*)", re.I
)
_MOST = 6  # places to jump to from one finding
_NO_PAGE: dict[str, Any] = {"number": 0, "pages": 0, "uri": "", "marks": [], "title": ""}


class Viewer(anywidget.AnyWidget):
    """One agreement, finding by finding, in the order of the text.

    ``pdfs``: the folder of the PDFs, for a portfolio that was loaded. ``by``: who decides; without a name the viewer
    only shows. ``file``: where decisions are kept (see ``portfolio.review``). Raises BadData where the agreement or its
    PDF is missing or has changed.
    """

    _esm = (_HERE / "viewer.js").read_text(encoding="utf-8")
    _css = (_HERE / "viewer.css").read_text(encoding="utf-8")
    findings: Any = traitlets.List().tag(sync=True)
    at = traitlets.Int(0).tag(sync=True)
    page = traitlets.Dict().tag(sync=True)
    labels = traitlets.Dict().tag(sync=True)  # table → ids that a correction may take
    by = traitlets.Unicode("").tag(sync=True)
    message = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        portfolio: Portfolio,
        contract: str,
        *,
        pdfs: str | Path | None = None,
        by: str = "",
        file: str | Path | None = None,
        password: str | None = None,
    ) -> None:
        self.portfolio, self.contract = portfolio, portfolio.contract_id(contract)
        (name,) = portfolio.contracts.loc[portfolio.contracts["contract_id"] == self.contract, "file"]
        path = in_folder(Path(pdfs))(str(name), self.contract) if pdfs is not None else None
        self._pdf = open_pdf(path or portfolio.sources.get(self.contract) or Path(str(name)), self.contract, password)
        kept = file if file is not None else None if portfolio.folder else Path(FILE)
        self.review = portfolio.review(by, kept)
        self._clauses = _rows(portfolio.clauses, self.contract)
        self._boxes: list[list[float]] = []
        self._title = ""
        entries = load_playbook().entries.values()
        self._titles = {e.id: e.title for e in entries}
        super().__init__(
            by=by, labels={t: sorted(e.id for e in entries if ("." in e.id) == (t in _DUTIES)) for t in LABEL}
        )
        self._refresh()
        self.observe(lambda change: self._show(change["new"]), "at")
        self.on_msg(lambda _, content, __: self.told(content))
        self._show(0)

    # ------------------------------------------------------------ what the page asks for

    def told(self, content: Mapping[str, Any]) -> None:
        """What a button asks: jump, page, accept, reject, correct, undo or add. A fault becomes ``message``."""
        self.message = ""
        try:
            what = str(content.get("do"))
            if what == "jump":
                c = next(c for c in self._clauses if c["clause_id"] == content["clause"])
                self._open(c["bbox"], f"{c['number'] or ''} {c['heading'] or ''}".strip(), int(c["page"]))
            elif what == "page":
                self._draw(int(content["number"]))
            else:
                self._decide(what, content)
        except BadData as e:
            self.message = str(e)

    def _decide(self, what: str, content: Mapping[str, Any]) -> None:
        self.review.by = str(content.get("by") or "")
        note = str(content.get("note") or "")
        if what == "add":
            words, label, party = (str(content.get(k) or "") for k in ("words", "label", "party"))
            self.review.add(self.contract, words, label, party, note)
        else:
            row = self._found[self.at]
            if what == "undo":
                self.review.drop(str(row["decision"]), note)
            elif what == CORRECT:
                self.review.correct(row, note, **dict(content["to"]))
            elif what in (ACCEPT, REJECT):
                {ACCEPT: self.review.accept, REJECT: self.review.reject}[what](row, note)
        self._refresh()
        self.message = f"saved in {self.review.path.name}"

    # ------------------------------------------------------------ what it shows

    def _refresh(self) -> None:
        """The findings anew, with what people decided; wrong ones stay, marked, so that they can be undone."""
        tables = self.review.applied(rejected=True).tables
        rows = [{**x, "table": t} for t in LABEL for x in _rows(tables[t], self.contract)]
        self._found = sorted(rows, key=lambda x: (x["start"], x["table"]))
        named = {c["clause_id"]: f"{c['number'] or ''} {c['heading'] or ''}".strip() for c in self._clauses}
        self.findings = [self._shown(x, named) for x in self._found]

    def _shown(self, x: Mapping[str, Any], named: Mapping[str, str]) -> dict[str, Any]:
        label = str(x[LABEL[x["table"]]])
        values = x.get("values")
        return {
            "table": x["table"],
            "label": label,
            "title": self._titles.get(label, label.replace("_", " ")),
            "party": x["party"],
            "text": x["text"],
            "clause": named.get(x["clause_id"], ""),
            "page": int(x["page"]),
            "values": {k: str(v) for k, v in values.items()} if isinstance(values, Mapping) else {},
            "deadline": x.get("deadline") if isinstance(x.get("deadline"), str) else "",
            "review": x["review"] if isinstance(x["review"], str) else "",
            "by": x["reviewed_by"] if isinstance(x["reviewed_by"], str) else "",
            "note": x["review_note"] if isinstance(x["review_note"], str) else "",
            "jumps": self._jumps(x, named),
        }

    def _jumps(self, x: Mapping[str, Any], named: Mapping[str, str]) -> list[dict[str, str]]:
        """The clauses to go on to: the consequence, and those that the words name."""
        out: dict[str, str] = {}
        if isinstance(x.get("consequence"), str) and x["consequence"] in named:
            out[x["consequence"]] = f"consequence: {named[x['consequence']]}"
        numbers = {str(c["number"]).casefold(): c["clause_id"] for c in self._clauses if c["number"]}
        for cited in _CITES.findall(str(x["text"])):
            if (id := numbers.get(cited.casefold())) and id != x["clause_id"]:
                out.setdefault(id, named[id])
        return [{"clause": id, "name": name} for id, name in list(out.items())[:_MOST]]

    def _show(self, k: int) -> None:
        if 0 <= k < len(self._found):
            x = self._found[k]
            self._open(x["bbox"], str(x["text"])[:80], int(x["page"]))
        elif not self._found:
            self._open([], "", 1)

    def _open(self, boxes: Any, title: str, page: int) -> None:
        self._boxes, self._title = boxes if isinstance(boxes, list) else [], title
        self._draw(int(self._boxes[0][0]) if self._boxes else page)

    def _draw(self, number: int) -> None:
        if not 1 <= number <= len(self._pdf):
            self.page = _NO_PAGE
            return
        sheet = self._pdf[number - 1]
        width, height = sheet.get_size()
        picture = sheet.render(scale=DPI / 72, grayscale=True).to_pil().convert("L")
        out = io.BytesIO()
        picture.save(out, "WEBP", quality=70, method=2)
        marks = [[100 * x0 / width, 100 * y0 / height, 100 * (x1 - x0) / width, 100 * (y1 - y0) / height]
                 for n, x0, y0, x1, y1 in self._boxes if int(n) == number]  # fmt: skip
        uri = "data:image/webp;base64," + base64.b64encode(out.getvalue()).decode("ascii")
        pages = len(self._pdf)
        self.page = {"number": number, "pages": pages, "uri": uri, "marks": marks, "title": self._title}


_DUTIES = ("responsibilities",)


def _rows(frame: pd.DataFrame, id: str) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in x.items()} for x in frame[frame["contract_id"] == id].to_dict("records")]

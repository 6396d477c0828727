"""A synthetic portfolio, with PDFs that say the same, for the tests of charts and report. Sentences are the project's own."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

HOSTILE = "The </style></script><script>document.title='owned'</script><img src=x onerror=alert(1)> =cmd|'/C calc'!A0 \u202egnp.exe\u202c {{ 7*7 }} shall be paid."
VENDORS = [
    "Lumen Ledger",
    "Stratus Forge",
    "Kestrel Software",
    "Harbour Data",
    "Quill & Compass",
    "Brightwater Telephony",
]
STYLES = ["Cloud Services Agreement", "Platform Terms", "Software Licence", "Support and Maintenance Agreement"]
DUTIES = [
    ("payment_billing", "timely_payment", "obligation", "Customer shall pay each undisputed invoice within thirty (30) days after it is received.", "within thirty (30) days", [], 0.9),
    ("account_access", "credentials", "obligation", "Customer will keep all user names and passwords secret and will change them promptly after any suspected misuse.", "promptly", ["promptly"], 0.45),
    ("account_access", "authorized_users", "obligation", "Customer answers for everything that its Authorised Users do while they are logged in to the Service.", None, [], 0.6),
    ("data_security", "security_measures", "obligation", "Customer shall take reasonable and appropriate measures to protect the systems that connect to the Service.", None, ["reasonable", "appropriate"], 0.3),
    ("data_security", "breach_notification", "obligation", "Customer shall tell the provider within 24 hours of learning that an account was used without permission.", "within 24 hours", [], 0.85),
    ("license_compliance", "use_restrictions", "prohibition", "Customer shall not copy, resell or reverse engineer any part of the Software, nor let others do so.", None, [], 0.7),
    ("license_compliance", "acceptable_use", "prohibition", "Customer may not use the Service to send messages that recipients did not ask for.", None, [], 0.65),
    ("data_management", "backup", "obligation", "Customer is to make backups of Customer Data from time to time and to test that they can be restored.", "from time to time", ["from time to time"], 0.35),
    ("support_cooperation", "cooperation", "obligation", "Customer shall give the access, information and decisions that the implementation team asks for without undue delay.", "without undue delay", ["without undue delay"], 0.4),
    ("legal_compliance", "assignment", "prohibition", "Neither party may transfer this Agreement without the written consent of the other.", None, [], 0.75),
]  # fmt: skip
TERMS = [
    ("late_payment", "customer", "Overdue sums bear interest of 1.5% per month after a grace period of ten days.", {"percent": 1.5, "per": "month", "grace_days": 10}),
    ("liability_cap", "provider", "The provider's total liability is limited to the greater of the fees of the last twelve months and EUR 50,000.", {"comparator": "greater", "alternatives": [{"fee_months": 12}, {"amount": 50000, "currency": "EUR"}]}),
    ("auto_renewal", "both", "This Agreement renews for twelve months unless either party gives ninety (90) days' notice.", {"notice_days": 90, "term_months": 12}),
    ("suspension", "provider", "The provider may suspend access after seven days' notice if an invoice stays unpaid.", {"notice_days": 7}),
    ("uncapped_liability", "customer", "Nothing limits the customer's liability for breach of the licence restrictions.", {"pierces": "cap", "covers": ["licence breach"]}),
]  # fmt: skip
COMPONENTS = ["late_payment", "auto_renewal", "suspension", "unrecovered_loss", "price_increase", "audit"]


def sample(folder: Path | None = None, *, contracts: int = 8, repeat: int = 4, hostile: bool = True) -> SimpleNamespace:
    """A portfolio of ``contracts`` files (the last one failed, the one before in part); PDFs in ``folder`` if given."""
    frames: dict[str, list[dict]] = {
        n: [] for n in ("contracts", "clauses", "responsibilities", "provisions", "exposures", "operands", "deals")
    }
    rng = np.random.default_rng(7)
    for k in range(contracts):
        vendor, title = VENDORS[k % len(VENDORS)], STYLES[k % len(STYLES)]
        file = f"{vendor.split()[0].lower()}_{k:02d}.pdf"
        failed = k == contracts - 1
        sentences = [(d[3], "r", d) for d in DUTIES] + [(s, "p", (i, p, s, v)) for i, p, s, v in TERMS]
        sentences = [] if failed else [sentences[(j * 7 + k) % len(sentences)] for j in range(len(sentences) * repeat)]
        if hostile and k == 0:
            sentences.insert(
                2, (HOSTILE, "p", ("liquidated_damages", "customer", HOSTILE, {"amount": 1000, "currency": "<b>"}))
            )
        places, data = _pdf(title, [s[0] for s in sentences])
        cid = hashlib.sha256(data).hexdigest()
        if folder is not None and not failed:
            (folder / file).write_bytes(data)
        frames["contracts"].append({
            "contract_id": cid, "file": file, "title": title, "customer": "Northgate Foods plc", "provider": vendor + " Inc.",
            "effective_date": "2025-01-01", "pages": places[-1][0][0] if places else 0, "words": 14 * len(sentences), "ocr_pages": 2 if k == 2 else 0,
            "status": "failed" if failed else "partial" if k == contracts - 2 else "ok",
            "reason": "the file is encrypted; give its password or a copy without one" if failed else "page 4 could not be read" if k == contracts - 2 else None,
        })  # fmt: skip
        if not failed:
            fees = float(rng.integers(20, 900)) * 1000
            currency = "EUR" if k % 3 else "USD"
            frames["deals"].append(
                {
                    "file": file,
                    "vendor": vendor,
                    "annual_fees": fees,
                    "currency": currency,
                    "start": "2025-01-01",
                    "term_months": 36,
                }
            )
            _findings(frames, cid, sentences, places)
            _exposures(frames, cid, file, fees, currency, rng)
    out = SimpleNamespace(**{n: pd.DataFrame(rows) for n, rows in frames.items()})
    out.totals, out.curve = _totals(out, rng)
    out.assumptions = pd.DataFrame([
        {"id": f"{c}.frequency", "component": c, "parameter": "events a year", "low": 0.05, "likely": 0.2, "high": 1, "unit": "events/year", "source": "illustrative default", "reviewed_on": None, "illustrative": True}
        for c in COMPONENTS
    ])  # fmt: skip
    out.meta = {
        "as_of": "2025-11-21",
        "seed": 20250101,
        "trials": 20000,
        "versions": {"risklib": "0.1.0", "python": "3.11"},
        "playbook": "a1b2c3",
        "illustrative": True,
    }
    return out


def _pdf(title: str, sentences: list[str]) -> tuple[list[list[tuple[int, float, float, float, float]]], bytes]:
    """Draws the sentences as numbered clauses; returns their boxes (page, x0, top, x1, bottom) and the bytes."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=True)
    canvas.setFont("Times-Roman", 11)
    canvas.drawString(72, A4[1] - 60, title)
    page, y, places = 1, 90.0, []
    for number, sentence in enumerate(sentences, 1):
        lines, line = [], f"{number}."
        for word in sentence.encode("ascii", "replace").decode().split():
            if stringWidth(f"{line} {word}", "Times-Roman", 11) > 440:
                lines.append(line)
                line = word
            else:
                line = f"{line} {word}"
        boxes = []
        for text in [*lines, line]:
            if y > A4[1] - 80:
                canvas.showPage()
                canvas.setFont("Times-Roman", 11)
                page, y = page + 1, 72.0
            canvas.drawString(72, A4[1] - y - 9, text)
            boxes.append((page, 72.0, y, 72 + stringWidth(text, "Times-Roman", 11), y + 12))
            y += 14
        y += 8
        places.append(boxes)
    canvas.save()
    return places, out.getvalue()


def _findings(frames: dict, cid: str, sentences: list, places: list) -> None:
    at = 0
    for n, ((text, kind, row), boxes) in enumerate(zip(sentences, places, strict=True), 1):
        clause = {
            "contract_id": cid,
            "clause_id": f"c{n:04d}",
            "start": at,
            "end": at + len(text),
            "page": boxes[0][0],
            "bbox": [list(b) for b in boxes],
        }
        frames["clauses"].append(
            {
                **clause,
                "parent_id": None,
                "number": str(n),
                "heading": "Payment" if n % 3 else "",
                "level": 1,
                "text": text,
            }
        )
        found = {**clause, "text": text, "confidence": 0.55 + 0.05 * (n % 9)}
        if kind == "r":
            category, name, modality, _, deadline, vague, clarity = row
            frames["responsibilities"].append({
                **found, "responsibility": f"{category}.{name}", "category": category, "party": "both" if name == "assignment" else "customer" if n % 5 else "provider",
                "modality": modality, "action": None, "deadline": deadline, "clarity": clarity, "vague": vague, "consequence": "c0003" if n % 4 == 0 else None, "method": "model",
            })  # fmt: skip
        else:
            frames["provisions"].append({**found, "provision": row[0], "party": row[1], "values": row[3]})
        at += len(text) + 1


def _exposures(frames: dict, cid: str, file: str, fees: float, currency: str, rng: np.random.Generator) -> None:
    terms = {r["provision"]: r for r in frames["provisions"] if r["contract_id"] == cid}
    for k, component in enumerate(COMPONENTS):
        scored = (k + len(frames["deals"])) % 5 != 0
        expected = round(fees * float(rng.uniform(0.002, 0.2)), 2)
        money = (
            {
                "low": expected * 0.3,
                "likely": expected * 0.8,
                "high": expected * 4,
                "expected": expected,
                "p95": expected * 3.7,
            }
            if scored
            else dict.fromkeys(["low", "likely", "high", "expected", "p95"])
        )
        frames["exposures"].append({
            "contract_id": cid, "component": component, **money, "currency": currency if scored else None, "per": "year",
            "formula": f"F {fees:,.0f} × share late 0.1 × days 30/365 × rate 18 %" if scored else "", "status": "scored" if scored else "unscored",
            "reason": None if scored else "the facts give no number of records held", "counted_with": None,
        })  # fmt: skip
        base = {
            "contract_id": cid,
            "component": component,
            "clause_id": None,
            "page": None,
            "start": None,
            "end": None,
            "bbox": None,
            "source": None,
        }
        frames["operands"].append(
            {
                **base,
                "name": "annual_fees",
                "value": fees,
                "unit": f"{currency}/year",
                "origin": "fact",
                "source": f"{file}, portfolio.csv:{k + 2}",
            }
        )
        term = terms.get(component)
        if term:
            place = {c: term[c] for c in ("clause_id", "page", "start", "end", "bbox")}
            frames["operands"].append(
                {**base, **place, "name": "rate", "value": 1.5, "unit": "% per month", "origin": "provision"}
            )
        frames["operands"].append(
            {
                **base,
                "name": "share_late",
                "value": 0.1,
                "unit": "share",
                "origin": "assumption",
                "source": f"{component}.frequency, assumptions.csv:{k + 2}",
            }
        )


def _totals(out: SimpleNamespace, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows, curves = [], []
    vendors = dict(zip(out.deals["file"], out.deals["vendor"], strict=True))
    files = dict(zip(out.contracts["contract_id"], out.contracts["file"], strict=True))
    e = out.exposures.assign(
        vendor=out.exposures["contract_id"].map(lambda c: vendors[files[c]]), everything="portfolio"
    )
    currencies = dict(zip(out.deals["file"], out.deals["currency"], strict=True))
    e["home"] = e["contract_id"].map(lambda c: currencies[files[c]])
    for level, column in (
        ("portfolio", "everything"),
        ("vendor", "vendor"),
        ("contract", "contract_id"),
        ("component", "component"),
    ):
        for (currency, name), part in e.groupby(["home", column]):
            scored = part[part["status"] == "scored"]
            mean = scored["expected"].sum() if len(scored) else None
            rows.append({
                "level": level, "name": name, "currency": currency, "expected": mean, "p95": mean and mean * 2.6, "es95": mean and mean * 3.4,
                "scored": len(scored), "unscored": len(part) - len(scored),
            })  # fmt: skip
            if level == "portfolio":
                draws = np.sort(rng.gamma(1.2, mean / 1.2, 400))
                curves.append(
                    pd.DataFrame({"currency": currency, "loss": draws, "probability": 1 - np.arange(400) / 400})
                )
    return pd.DataFrame(rows), pd.concat(curves, ignore_index=True)

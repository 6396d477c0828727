"""The days that a contract asks a decision of: renewals, ends, last days for notices, windows to end it, reviews.

Conventions, told in ``basis`` wherever they matter: dates are days of the calendar, without hours and time zones. A
term of 12 months from 1 May ends on 30 April. Notice of N days or months "before the end" is counted back from the
term's last day; a month before the 31st is the last day of a shorter month; where the words say months, months are
counted, not 30 days each. Business days are Monday to Friday, holidays are not known; a last day on a weekend is not
moved, the basis names the Friday before. A chain of renewals is counted from its first day, so that a 31st stays one.
Nothing is guessed: what cannot be dated has ``day`` None and a ``reason``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

from risklib.due import Dates
from risklib.due.calendar import Span, span_in
from risklib.due.duties import Tables, agreement_dates, duties
from risklib.rows import Row

RENEWAL, END, NOTICE, WINDOW, REVIEW = "renewal", "end", "notice deadline", "termination window", "review"
RENEWS, LEAVES = "auto_renewal", "termination_for_convenience"  # whose values say how a term goes on, and how it ends
REVIEW_DAYS = 365  # an assumption is looked at once a year
_ROUGH = {"day": 1.0, "business day": 1.4, "week": 7.0, "month": 30.0, "year": 365.0}  # as `values` turn words to days
_BEFORE = re.compile(r"\b(?:not|no) (?:more|earlier) than\b", re.I)
REVIEWS = re.compile(r"\breview", re.I)  # action or text of a duty that gives a date for a review
NO_END = "the end of the term is not known: give start and term_months in the facts CSV"


@dataclass(frozen=True, slots=True)
class KeyDate:
    """One such day. ``opens``: the first day of a window whose last is ``day``, where the words name one."""

    kind: str
    what: str
    day: date | None
    opens: date | None
    basis: str
    reason: str | None  # why there is no day
    contract_id: str | None = None  # None: of the portfolio (a review of assumptions)
    file: str = ""
    vendor: str | None = None
    owner: str | None = None
    clause_id: str | None = None
    clause: str | None = None
    page: int | None = None
    text: str = ""

    @property
    def decides(self) -> bool:
        """A decision is asked of us; the others happen by themselves."""
        return self.kind in (NOTICE, WINDOW, REVIEW)

    @property
    def uid(self) -> str:
        """The same for the same fact in every report, so that a calendar replaces it instead of adding another."""
        key = (self.contract_id or "portfolio", self.kind, self.clause_id or self.what, str(self.day))
        return sha256("|".join(key).encode()).hexdigest()[:32]


def key_dates(rows: Mapping[str, Sequence[Row]], as_of: date) -> list[KeyDate]:
    """The dates of a portfolio's tables (rows with None for what is unknown), in order; those without a day last."""
    tables = Tables(rows, as_of)
    known = agreement_dates(tables)
    kin = {m["contract_id"]: m for m in rows["families"]}
    yielded = {(o["yields_contract_id"], o["yields_clause_id"]) for o in rows["overrides"] if o["yields_clause_id"]}
    terms: dict[str, list[Row]] = {}
    for p in rows["provisions"]:
        member = kin.get(p["contract_id"], {})
        head = member.get("counted_with") or p["contract_id"]
        replaced = head != p["contract_id"] and member.get("kind") == "agreement"  # a later agreement took its place
        if not replaced and (p["contract_id"], p["clause_id"]) not in yielded and p["provision"] in (RENEWS, LEAVES):
            terms.setdefault(head, []).append(p)
    deals = {str(d["file"]).casefold(): d for d in rows["deals"]}
    out: list[KeyDate] = []
    for c in rows["contracts"]:
        if c["status"] != "failed" and not kin.get(c["contract_id"], {}).get("counted_with"):
            deal = deals.get(c["file"].casefold(), {})
            out += _of_contract(c, deal, known[c["contract_id"]], terms.get(c["contract_id"], ()), tables)
    out += _reviews(rows, as_of)
    out += _assumptions(rows["assumptions"], as_of)
    unique = {(k.contract_id, k.kind, k.day, k.opens, k.what): k for k in reversed(out)}
    return in_order(unique.values())


def in_order(found: Iterable[KeyDate]) -> list[KeyDate]:
    """By day; those without one last."""
    return sorted(found, key=lambda k: (k.day is None, k.day or date.max, k.file, k.kind, k.what, k.clause_id or ""))


def upcoming(found: Iterable[KeyDate], as_of: date, days: int = 90) -> list[KeyDate]:
    """Those whose day falls on ``as_of`` or within so many days after it."""
    last = as_of + timedelta(days)
    return [k for k in found if k.day is not None and as_of <= k.day <= last]


# ---------------------------------------------------------------- one contract


def _of_contract(contract: Row, deal: Row, dates: Dates, terms: Sequence[Row], tables: Tables) -> list[KeyDate]:
    about = {"contract_id": contract["contract_id"], "file": contract["file"]}
    about |= {"vendor": deal.get("vendor") or contract.get("provider"), "owner": deal.get("owner")}
    renewals = [p for p in terms if p["provision"] == RENEWS]
    leaves = [p for p in terms if p["provision"] == LEAVES and p["party"] in ("customer", "both")]
    found = [_turn(dates, renewals, about)]
    notices = [(p, s) for p in renewals if p["party"] != "provider" and (s := notice_span(p)) is not None]
    for p, s in notices:
        found.append(_notice(NOTICE, "last day for notice of non-renewal", dates, p, s, about, tables))
    if renewals and not notices:
        why = "the clause on renewal says no notice period"
        found.append(_at(KeyDate(NOTICE, "notice of non-renewal", None, None, "", why, **about), renewals[0], tables))
    for p in leaves:
        if (span := notice_span(p)) is not None:
            what = f"last day on which {span} notice ends it with the running term"
            found.append(_notice(WINDOW, what, dates, p, span, about, tables))
    return found


def _turn(dates: Dates, renewals: Sequence[Row], about: Mapping[str, Any]) -> KeyDate:
    """What happens when the running term is over."""
    end = dates.current_end
    if end is None:
        kind, what = (RENEWAL, "renews") if dates.renews or renewals else (END, "the term ends")
        return KeyDate(kind, what, None, None, "", NO_END, **about)
    if dates.renews and end >= dates.as_of:
        basis = f"the day after the last day of the running term ({end})"
        return KeyDate(RENEWAL, f"renews for {dates.renews} months", end + timedelta(1), None, basis, None, **about)
    known = " and does not renew by itself" if dates.renews == 0 else ""
    doubt = "; the clause on renewal does not say for how long" if renewals and dates.renews is None else ""
    return KeyDate(END, f"the term ends{known}", end, None, f"the last day of the term{doubt}", None, **about)


def _notice(
    kind: str, what: str, dates: Dates, term: Row, span: Span, about: Mapping[str, Any], tables: Tables
) -> KeyDate:
    end = dates.current_end
    if end is None:
        return _at(KeyDate(kind, what, None, None, f"{span} before the end of the term", NO_END, **about), term, tables)
    day = span.on(end, -1)
    basis = f"{span} before the end of the running term ({end})"
    if span.unit == "business day":
        basis += "; business days are Monday to Friday, holidays not counted out"
    if day.weekday() > 4:
        friday = day - timedelta(day.weekday() - 4)
        basis += f"; a {day:%A}, not moved: the last business day before is Friday {friday}"
    opening = opening_span(term["text"] or "")
    opens = opening.on(end, -1) if opening else None
    if opens and opens > day:
        opens = None
    return _at(KeyDate(kind, what, day, opens, basis, None, **about), term, tables)


def notice_span(term: Row) -> Span | None:
    """The notice period in the unit that its words name; in days where the words do not tell."""
    days = (term["values"] or {}).get("notice_days")
    if not days:
        return None
    for span in _spans(term["text"] or ""):
        rough = span.n * _ROUGH.get(span.unit, 0)
        if abs(rough - days) < 1 or (span.unit == "business day" and span.n == days):
            return span
        if span.unit == "month" and abs(span.n * 30.42 - days) < 2:  # 12 months taken for a year
            return span
    return Span(int(days), "day")


def opening_span(text: str) -> Span | None:
    """How long before the end a window opens: "not more than 120 days …"; None where the words name no first day."""
    m = _BEFORE.search(text)
    found = span_in(text[m.end() : m.end() + 40]) if m else None
    return found[0] if found else None


def _spans(text: str) -> Iterator[Span]:
    at = 0
    while (found := span_in(text[at:])) is not None:
        yield found[0]
        at += found[2]


def _at(k: KeyDate, term: Row, tables: Tables) -> KeyDate:
    clause = tables.by_clause.get((term["contract_id"], term["clause_id"]), {})
    label = clause.get("number") or clause.get("heading") or ""
    if term["contract_id"] != k.contract_id:
        label = f"{label} of {tables.files.get(term['contract_id'], '')}"
    where = {"clause_id": term["clause_id"], "clause": label or None, "page": term["page"], "text": term["text"] or ""}
    return KeyDate(**{f: getattr(k, f) for f in KeyDate.__slots__} | where)


# ---------------------------------------------------------------- reviews


def _reviews(rows: Mapping[str, Sequence[Row]], as_of: date) -> Iterator[KeyDate]:
    """Reviews that the agreements ask for: of the register's duties those that speak of one and have a day to come.
    What comes back every day or week is routine, no date of a calendar."""
    gone = {m["contract_id"] for m in rows["families"] if m["counted_with"] and m["kind"] == "agreement"}
    said = [r for r in rows["responsibilities"] if REVIEWS.search(f"{r['action'] or ''} {r['text'] or ''}")]
    ids = {r["contract_id"] for r in said}
    ids |= {str(m["counted_with"]) for m in rows["families"] if m["contract_id"] in ids}
    mine = {t: [r for r in rows[t] if r["contract_id"] in ids] for t in ("contracts", "clauses", "provisions")}
    for d in duties({**rows, **mine, "responsibilities": said, "exposures": (), "operands": ()}, as_of):
        if d["kind"] == "decision" or d["superseded"] or d["obligor"] == "provider" or not d["due"]:
            continue
        if d["contract_id"] in gone or str(d["recurrence"] or "").startswith(("FREQ=DAILY", "FREQ=WEEKLY")):
            continue
        if d["due"] < as_of.isoformat():
            continue
        what = " ".join(str(d["action"] or d["text"] or d["deadline"]).split())[:120]
        about = {k: d[k] for k in ("contract_id", "file", "vendor", "clause_id", "clause", "page")}
        text = {"owner": d["contract_owner"], "text": d["text"] or ""}
        yield KeyDate(REVIEW, what, date.fromisoformat(d["due"]), None, d["basis"] or "", None, **about, **text)


def _assumptions(assumptions: Iterable[Row], as_of: date) -> Iterator[KeyDate]:
    """One review for all assumptions that come due on the same day; overdue ones are due now."""
    due: dict[date | None, list[str]] = {}
    for a in assumptions:
        seen = a.get("reviewed_on")
        day = date.fromisoformat(str(seen)[:10]) + timedelta(REVIEW_DAYS) if seen else None
        due.setdefault(None if day is None else max(day, as_of), []).append(a["id"])
    for day, ids in due.items():
        named = ", ".join(ids[:3]) + (f" and {len(ids) - 3} more" if len(ids) > 3 else "")
        what = f"review of {len(ids)} assumption{'s' * (len(ids) != 1)}: {named}"
        if day is None:
            yield KeyDate(REVIEW, what, None, None, "", "never reviewed: give reviewed_on in the assumptions CSV")
        else:
            yield KeyDate(REVIEW, what, day, None, f"{REVIEW_DAYS} days after the last review, or overdue", None)

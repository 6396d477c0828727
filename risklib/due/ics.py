"""Key dates as an iCalendar file (RFC 5545): whole days, so that no time zone and no clock change can move one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta

from risklib.due.key_dates import KeyDate

WARN_DAYS = {"notice deadline": 30, "termination window": 14}  # days before at which the calendar reminds
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def ics(found: Iterable[KeyDate], as_of: date, name: str = "Contract dates") -> str:
    """The calendar; dates without a day are left out. The same dates give the same text: its stamp is ``as_of``."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//risklib//contract dates//EN", "CALSCALE:GREGORIAN"]
    lines += ["METHOD:PUBLISH", f"X-WR-CALNAME:{_text(name)}"]
    seen: set[str] = set()
    for k in found:
        if k.day is not None and k.uid not in seen:
            seen.add(k.uid)
            lines += _event(k, k.day, as_of)
    return "".join(f"{_folded(line)}\r\n" for line in (*lines, "END:VCALENDAR"))


def _event(k: KeyDate, day: date, as_of: date) -> list[str]:
    whose = k.vendor or k.file or "Portfolio"
    place = ", ".join(str(x) for x in (k.file, k.clause and f"clause {k.clause}", k.page and f"page {k.page}") if x)
    told = [place, k.basis, f"The window opens on {k.opens}." if k.opens else "", k.text and f"“{k.text[:600]}”"]
    told += [f"Owner: {k.owner}" if k.owner else "", "Decision support, not legal advice."]
    out = ["BEGIN:VEVENT", f"UID:{k.uid}@risklib", f"DTSTAMP:{as_of:%Y%m%d}T000000Z"]
    out += [f"DTSTART;VALUE=DATE:{day:%Y%m%d}", f"DTEND;VALUE=DATE:{day + timedelta(1):%Y%m%d}"]
    out += [f"SUMMARY:{_text(f'{whose}: {k.what}')}", f"CATEGORIES:{_text(k.kind)}", "TRANSP:TRANSPARENT"]
    out.append(f"DESCRIPTION:{_text(chr(10).join(t for t in told if t))}")
    if k.kind in WARN_DAYS:
        out += ["BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{_text(k.what)}", f"TRIGGER:-P{WARN_DAYS[k.kind]}D"]
        out.append("END:VALARM")
    return [*out, "END:VEVENT"]


def _text(value: str) -> str:
    """Escaped as RFC 5545 asks: no text of a contract can begin a line or a property of its own."""
    plain = _CONTROL.sub(" ", value.replace("\r\n", "\n").replace("\r", "\n"))
    return plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> str:
    """At most 75 bytes a line, never within a character."""
    out, size = [], 0
    for c in line:
        width = len(c.encode("utf-8"))
        if size + width > 75:
            out.append("\r\n ")
            size = 1
        out.append(c)
        size += width
    return "".join(out)

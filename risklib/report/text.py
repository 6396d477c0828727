"""Numbers, money and contract text as a reader should see them. Everything returned as Markup is already escaped."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
from markupsafe import Markup, escape

DASH = "–"
# Characters that reorder or hide text, control characters and lone surrogates: shown by name, never obeyed.
_UNSAFE = re.compile("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def known(value: Any) -> bool:
    """False for None, NaN and NaT: the several ways in which a frame says "unknown"."""
    return value is not None and not (pd.api.types.is_scalar(value) and pd.isna(value))


def visible(value: Any) -> str:
    """The text with characters that would reorder, hide or break it shown by their code point: ⟨U+202E⟩."""
    return _UNSAFE.sub(lambda m: f"⟨U+{ord(m.group()):04X}⟩", str(value)) if known(value) else ""


def number(value: Any) -> str:
    """A count or figure with thousands separators; up to four decimals where it has any; a dash when unknown."""
    if not known(value):
        return DASH
    if isinstance(value, str):
        return visible(value)
    figure = float(value)
    if figure == int(figure):
        return f"{int(figure):,}"
    return f"{figure:,.4f}".rstrip("0").rstrip(".") if abs(figure) >= 0.001 else f"{figure:.2g}"


def figure(value: Any) -> str:
    """Like ``number``, for a value that a frame may hold as text."""
    try:
        return number(float(value))
    except (TypeError, ValueError):
        return number(value)


def amount(value: Any) -> str:
    """Money without its currency, for columns whose heading names it: whole units from 1,000 up, else two decimals."""
    if not known(value):
        return DASH
    figure = float(value)
    return f"{figure:,.0f}" if abs(figure) >= 1000 or figure == int(figure) else f"{figure:,.2f}"


def money(value: Any, currency: Any) -> str:
    """ "EUR 12,300"; a dash when the amount is unknown, "(currency unknown)" when only its currency is."""
    if not known(value):
        return DASH
    return f"{visible(currency)} {amount(value)}" if known(currency) else f"{amount(value)} (currency unknown)"


def percent(value: Any) -> str:
    return f"{float(value) * 100:.0f} %" if known(value) else DASH


def humanise(name: str) -> str:
    """An id as words, for where the playbook gives no title: "late_payment" → "Late payment"."""
    words = str(name).rsplit(".", 1)[-1].replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def pairs(value: Any) -> list[tuple[str, Any]]:
    """A mapping column in any of its forms (mapping, JSON text, list of pairs, null)."""
    if isinstance(value, str):
        value = json.loads(value) if value.strip() else {}
    if not isinstance(value, Mapping):
        value = dict(value) if known(value) and isinstance(value, Iterable) else {}
    return [(str(k), v) for k, v in value.items()]


def as_mapping(value: Any) -> dict[str, Any]:
    """The ``values`` column without its unknown entries."""
    return {k: v for k, v in pairs(value) if known(v)}


def as_list(value: Any) -> list[Any]:
    """A list column in any of its forms (list, tuple, array, JSON text, null)."""
    if isinstance(value, str):
        value = json.loads(value) if value.strip() else []
    return list(value) if known(value) and isinstance(value, Iterable) else []


def boxes(value: Any) -> list[tuple[int, float, float, float, float]]:
    """The ``bbox`` column as tuples (page, x0, top, x1, bottom)."""
    return [(int(b[0]), float(b[1]), float(b[2]), float(b[3]), float(b[4])) for b in as_list(value)]


def chips(values: Mapping[str, Any]) -> list[str]:
    """A provision's values as short phrases: "EUR 50,000", "1.5 % per month", "notice 30 days"."""
    rest = dict(values)
    out: list[str] = []
    per = visible(rest.pop("per", None))
    often = f" {per}" if per == "once" else f" per {per}" if per else ""
    if "amount" in rest:
        out.append(money(rest.pop("amount"), rest.pop("currency", None)) + ("" if "percent" in rest else often))
    if "percent" in rest:
        out.append(f"{number(rest.pop('percent'))} %{often}")
    if "alternatives" in rest:
        options = [" + ".join(chips(as_mapping(v))) for v in as_list(rest.pop("alternatives"))]
        which = rest.pop("comparator", None)
        out.append((f"the {visible(which)} of " if known(which) else "") + " and ".join(options))
    if "fee_months" in rest:
        out.append(f"fees of {number(rest.pop('fee_months'))} months")
    if "fee_multiple" in rest:
        out.append(f"{number(rest.pop('fee_multiple'))} × fees")
    return [c for c in [*out, *(_chip(key, value) for key, value in rest.items())] if c]


def _chip(key: str, value: Any) -> str:
    name, _, unit = key.rpartition("_")
    if isinstance(value, bool):
        return humanise(key).lower() if value else f"not {humanise(key).lower()}"
    if isinstance(value, Mapping):
        return f"{humanise(key).lower()}: " + ", ".join(chips(as_mapping(value)))
    if isinstance(value, str):
        return f"{humanise(key).lower()}: {visible(value)}"
    if isinstance(value, Iterable):
        parts = [" + ".join(chips(as_mapping(v))) if isinstance(v, Mapping) else visible(v) for v in value]
        return f"{humanise(key).lower()}: " + " | ".join(parts)
    if unit in ("days", "months", "percent") and name:
        return f"{name.replace('_', ' ')} {number(value)} {'%' if unit == 'percent' else unit}"
    return f"{humanise(key).lower()} {number(value)}"


def marked(text: str, words: Iterable[str]) -> Markup:
    """``text`` escaped, with every occurrence of ``words`` (whole words, any case) in ``<mark class="vague">``."""
    shown = visible(text)
    wanted = sorted({visible(w).strip() for w in words if known(w) and str(w).strip()}, key=len, reverse=True)
    if not wanted:
        return escape(shown)
    pattern = re.compile(r"(?<!\w)(?:" + "|".join(re.escape(w) for w in wanted) + r")(?!\w)", re.IGNORECASE)
    out, at = Markup(""), 0
    for m in pattern.finditer(shown):
        out += escape(shown[at : m.start()]) + Markup(
            '<mark class="vague" title="leaves the duty open">{}</mark>'
        ).format(m.group())
        at = m.end()
    return out + escape(shown[at:])

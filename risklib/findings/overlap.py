"""How much of one text stands in another: word trigrams, as the scorer and the review anchors count them."""

from __future__ import annotations

import re


def words(text: str) -> list[str]:
    found = (w.strip(".") for w in re.findall(r"[a-z0-9$%.]+", text.lower().replace("’", "'")))
    return [w for w in found if w]


def trigrams(text: str) -> set[tuple[str, ...]]:
    """Three words in a row; all of them where there are fewer."""
    w = words(text)
    return {tuple(w[i : i + 3]) for i in range(len(w) - 2)} or {tuple(w)}

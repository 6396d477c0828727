"""Page ends that a filing carried from an older print into its own pages."""

from __future__ import annotations

import pytest

from risklib.pdf.reprints import Place, page_ends


def laid_out(ends: list[str]) -> list[Place]:
    """Thirty lines of prose, then the lines of ``ends`` (``{}``: a count), seven times, on pages of 43 lines."""
    texts: list[str] = []
    for n in range(1, 9):
        letters = [chr(97 + k % 26) + chr(96 + n) for k in range(30)]
        texts += [f"the pilot of the ship {x} brings her to the berth {x} that the port" for x in letters]
        texts += [end.format(n) for end in ends] if n < 8 else []
    return [Place(t, k // 43 + 1, k % 43 / 43, len(t) > 60) for k, t in enumerate(texts)]


@pytest.mark.parametrize(
    ("ends", "kinds"),
    [
        (["{}"], {"page_number"}),
        (["- {} -"], {"page_number"}),
        (["Page {} of 7", "HARBOUR PILOTAGE TERMS"], {"page_number", "header"}),
        (["Pilotage", "-" * 40], {"header"}),
        (["Schedule {}"], set()),  # headings that count are no page ends
        (["By: ______", "Name:"], set()),
        (["{}. the dues of the port are paid by the master"], set()),
    ],
)
def test_what_stands_between_the_lines_of_a_sentence(ends: list[str], kinds: set[str]) -> None:
    lines = laid_out(ends)
    found = page_ends(lines)
    assert set(found.values()) == kinds
    assert {lines[k].text for k in found} == ({e.format(n) for e in ends for n in range(1, 8)} if kinds else set())


def test_numbers_of_clauses_alone_on_their_lines_are_kept() -> None:
    closed = ("The pilot brings the ship to its berth.", "The master pays the dues of the port.")
    texts: list[str] = []
    for n, length in enumerate((14, 40, 13, 70, 22, 15, 90), 1):
        texts += [str(n), *(closed[k % 2] for k in range(length))]
    assert page_ends([Place(t, k // 43 + 1, k % 43 / 43, False) for k, t in enumerate(texts)]) == {}

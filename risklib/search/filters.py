"""Which passages a search may find: by vendor, and by what was found in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches

from risklib.errors import BadData
from risklib.playbook import Playbook
from risklib.records import BOTH, CUSTOMER, PROVIDER
from risklib.search.passages import Finding, Passage, Row

Test = Callable[[Finding], bool]
Rows = Callable[[], Iterable[Row]]


def allowed(
    found: Sequence[Passage],
    playbook: Playbook,
    contracts: Rows,
    deals: Rows,
    *,
    vendor: str | None = None,
    party: str | None = None,
    category: str | None = None,
    provision: str | None = None,
) -> list[bool] | None:
    """One mark a passage; None where no filter is given. Each filter narrows; ``party`` must be that of the finding
    that the others ask for.

    ``vendor``: part of the vendor's, the provider's or the file's name; ``party``: customer, provider or both;
    ``category``: a category or a responsibility id; ``provision``: a provision id. Raises BadData naming what is known.
    """
    if vendor is party is category is provision is None:
        return None
    here = {f.id for p in found for f in p.findings} | {f.category for p in found for f in p.findings} - {""}
    tests: list[Test] = []
    if category is not None:
        known = {*playbook.categories, *(e.id for e in playbook.responsibilities)}
        id = _known("category", category, known, here - {e.id for e in playbook.provisions})
        tests.append(lambda f: id in (f.category, f.id))
    if provision is not None:
        named = _known("provision", provision, {e.id for e in playbook.provisions}, here)
        tests.append(lambda f: f.id == named)
    side = None if party is None else _known("party", party, {CUSTOMER, PROVIDER, BOTH}, set())
    fits: Test = lambda f: side is None or f.party in (side, BOTH)  # noqa: E731
    if side is not None and not tests:
        tests.append(lambda f: True)
    of_vendor = None if vendor is None else _contracts_of(vendor, contracts(), deals())
    return [
        (of_vendor is None or p.contract_id in of_vendor)
        and all(any(test(f) and fits(f) for f in p.findings) for test in tests)
        for p in found
    ]


def _known(what: str, given: str, known: set[str], here: set[str]) -> str:
    id = given.strip().lower()
    if id in known | here:
        return id
    near = get_close_matches(id, known, n=3, cutoff=0.5)
    there = f"near it: {', '.join(near)}" if near else f"there are {', '.join(sorted(known))}"
    raise BadData(f"{what} {given!r}", None, f"is not known; {there}")


def _contracts_of(vendor: str, contracts: Iterable[Row], deals: Iterable[Row]) -> set[str]:
    wanted = vendor.strip().casefold()
    paid = {str(d["file"]): str(d["vendor"]) for d in deals if isinstance(d.get("vendor"), str)}
    out, names = set(), set()
    for c in contracts:
        known = [x for x in (paid.get(str(c["file"])), c.get("provider"), c["file"]) if isinstance(x, str)]
        names.add(known[0])
        if any(wanted in x.casefold() for x in known):
            out.add(str(c["contract_id"]))
    if not out:
        shown = ", ".join(sorted(names)[:12])
        raise BadData(f"vendor {vendor!r}", None, f"is in no vendor's, provider's or file's name; there are {shown}")
    return out

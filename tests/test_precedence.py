"""Which paper prevails: a table of sentences, written for this test in the manner of real agreements."""

from __future__ import annotations

import pytest

from risklib.families.precedence import Order, kind_of, order_of


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Master Services Agreement", "agreement"),
        ("Order Form No. 4", "order"),
        ("Second Amendment to the Hosting Agreement", "amendment"),
        ("Amendment No. 2", "amendment"),
        ("Data Processing Addendum", "addendum"),
        ("Data Processing Agreement", "addendum"),
        ("Statement of Work 7 under the Framework Agreement", "sow"),
        ("Acceptable Use Policy", "policy"),
        ("Service Level Agreement", "policy"),
        ("Terms of Service", "agreement"),
        ("Hosting in three cities", None),
    ],
)
def test_kinds_of_papers(title: str, kind: str | None) -> None:
    assert kind_of(title) == kind


@pytest.mark.parametrize(
    ("sentence", "order"),
    [
        ("If the Order Form and these Terms conflict, the Order Form prevails.", Order(("order", "agreement"))),
        ("Where an Order Form contradicts this Agreement, this Agreement shall control.", Order(("agreement", "order"))),
        (
            "Should the Order Form and clause 4 disagree, the Order Form prevails, save that no Order Form varies clause 9 "
            "unless it says so expressly.",
            Order(("order",), ("9",), True),
        ),
        (
            "In a conflict between this Agreement and a Statement of Work, this Agreement governs unless the Statement of "
            "Work expressly overrides it.",
            Order(("agreement", "sow"), express=True),
        ),
        (
            "Any inconsistency is resolved in the following order of precedence: (a) the Order Form; (b) the Data "
            "Processing Addendum; (c) this Agreement.",
            Order(("order", "addendum", "agreement"), listed=True),
        ),
        (
            "If this Amendment and the Agreement or an Order Form conflict, this Amendment prevails.",
            Order(("amendment", "agreement", "order")),
        ),
        ("The terms of any purchase order shall not prevail over this Agreement.", Order(("agreement", "purchase_order"))),
        (
            "Terms of an Order that differ from this Agreement prevail only where the Order says so.",
            Order(("agreement", "order"), express=True),
        ),
        (
            "The main body of this Agreement (clauses 1 to 20) will control in case of conflict, except that the Policies "
            "control for what they regulate.",
            Order(("agreement",)),
        ),
        (
            "If the Service Level Agreement is inconsistent with the Documentation, it is settled by the parties.",
            None,
        ),
        ("This Agreement is governed by the law of Norway.", None),
        ("Customer controls access to its account.", None),
        ("The parties shall avoid conflicts of interest in every Order.", None),
    ],
)  # fmt: skip
def test_orders_of_precedence(sentence: str, order: Order | None) -> None:
    assert order_of(sentence) == order


def test_a_list_below_its_lead_in() -> None:
    items = ("(a) the Order Form;", "(b) the Security Policy; and", "(c) this Agreement.")
    found = order_of("If the papers conflict, they rank in the following order of precedence:", items)
    assert found == Order(("order", "policy", "agreement"), listed=True)


@pytest.mark.parametrize(
    ("order", "one", "other", "wins"),
    [
        (Order(("order", "agreement")), "order", "agreement", True),
        (Order(("order", "agreement")), "agreement", "order", False),
        (Order(("amendment", "agreement", "order")), "order", "agreement", None),
        (Order(("amendment", "agreement", "order"), listed=True), "order", "agreement", False),
        (Order(("agreement",)), "order", "agreement", False),
        (Order(("order", "agreement")), "order", "order", None),
    ],
)
def test_who_wins(order: Order, one: str, other: str, wins: bool | None) -> None:
    assert order.between(one, other) is wins

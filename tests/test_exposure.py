"""The arithmetic of every component against figures computed by hand, and what happens when an operand lacks."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from exposure_help import AS_OF, CHANCE, EVENTS, RATES, TIMES, assumptions, deal, one, p
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from risklib.exposure import COMPONENTS, Basis, Contract, explain, is_illustrative, price
from risklib.inputs import load_assumptions

CAP12 = p("liability_cap", "provider", fee_months=12)
MUTUAL = p("liability_cap", "both", fee_months=12)

NO_CLAIMS = {f"customer_liability__frequency_{k}": 0 for k in ("ip", "data", "other")}

# component, provisions, facts, figures → likely a year (F = 120,000; the sum beside each row is the hand computation)
BY_HAND = [
    # 12,000 overdue x 30/365 x 1.5 % x 12
    ("late_payment", [p("late_payment", percent=1.5, per="month")], {}, {}, "177.53"),
    # 12,000 x 30/365 x 10 %
    ("late_payment", [p("late_payment", percent=10, per="year")], {}, {}, "98.63"),
    # 30 days late, 30 of grace: nothing
    ("late_payment", [p("late_payment", percent=10, per="year", grace_days=30)], {}, {}, "0.00"),
    # counted from the end of the grace: 12,000 x 20/365 x 10 %
    ("late_payment", [p("late_payment", percent=10, per="year", grace_days=10, interest_from="grace_end")], {}, {}, "65.75"),
    # counted from the due date once 10 days are over
    ("late_payment", [p("late_payment", percent=10, per="year", grace_days=10)], {}, {}, "98.63"),
    # 12,000 x 5 %
    ("late_payment", [p("late_payment", percent=5, per="once")], {}, {}, "600.00"),
    # 98.63 + 12 x 10 % x 40
    ("late_payment", [p("late_payment", percent=10, per="year"), p("late_payment", amount=40, currency="EUR")], {}, {}, "146.63"),
    # 4 invoices x 10 % x 50 USD / 1.25 + collection 12,000 x 2 %
    ("late_payment", [p("late_payment", amount=50, currency="USD", covers=["collection"])], {"invoices_per_year": 4}, {}, "256.00"),
    # 120,000 x 5 % x 1.2
    ("overage", [p("overage", percent=20)], {}, {}, "7200.00"),
    ("overage", [p("overage", percent=120)], {}, {}, "7200.00"),  # "at 120 % of the unit price"
    ("overage", [p("overage")], {}, {}, "6000.00"),
    # 120 user-months x 30
    ("overage", [p("overage", amount=30, currency="EUR", per="month")], {"overage_units": 120}, {}, "3600.00"),
    # 10 % x 10,000 a month x 26 months x 50 %
    ("early_termination", [p("early_termination_fee", percent=50)], {}, {}, "13000.00"),
    ("early_termination", [p("early_termination_fee")], {}, {}, "26000.00"),
    # 10 % x 3 months
    ("early_termination", [p("early_termination_fee", fee_months=3)], {}, {}, "3000.00"),
    ("early_termination", [p("early_termination_fee", amount=7500, currency="EUR")], {}, {}, "750.00"),
    # only 6 months are paid ahead: 10 % x 60,000
    ("early_termination", [p("early_termination_fee", basis="prepaid")], {"paid_in_advance": 6}, {}, "6000.00"),
    # beside a commitment: 10 % x (260,000 - 100,000 x 10 %)
    ("early_termination", [p("early_termination_fee"), p("minimum_commitment", amount=100_000, currency="EUR", per="year")], {}, {}, "25000.00"),
    # the first term is over
    ("early_termination", [p("early_termination_fee")], {"start": date(2020, 1, 1)}, {}, "0.00"),
    # 20 % x 120,000 x 24/12 x 50 %
    ("auto_renewal", [p("auto_renewal", "both", term_months=24, notice_days=30)], {}, {}, "24000.00"),
    ("auto_renewal", [p("auto_renewal", "both")], {"renewal_months": 6}, {}, "6000.00"),
    # 6 % assumed, 4 % at most
    ("price_increase", [p("price_increase", percent=4)], {}, {}, "4800.00"),
    ("price_increase", [p("price_increase", percent=9)], {}, {}, "7200.00"),
    ("price_increase", [p("price_increase", percent=9, comparator="greater")], {}, {}, "10800.00"),
    ("price_increase", [p("price_increase")], {}, {}, "7200.00"),
    # 90,000 - 75,000
    ("minimum_commitment", [p("minimum_commitment")], {"committed_spend": 90_000, "expected_spend": 75_000}, {}, "15000.00"),
    ("minimum_commitment", [], {"committed_spend": 90_000, "expected_spend": 95_000}, {}, "0.00"),
    # 300,000 USD / 1.25 over 36 months: 80,000 a year x 10 %
    ("minimum_commitment", [p("minimum_commitment", amount=300_000, currency="USD", term_months=36)], {}, {}, "8000.00"),
    # 80 % of the fees committed, 10 % of it not used
    ("minimum_commitment", [p("minimum_commitment", percent=80, per="year")], {}, {}, "9600.00"),
    # 2 x 5,000
    ("liquidated_damages", [p("liquidated_damages", amount=5000, currency="EUR")], {}, {}, "10000.00"),
    # 2 x 120,000 x 1 % a month x 73/365 x 12
    ("liquidated_damages", [p("liquidated_damages", percent=1, per="month")], {}, {}, "5760.00"),
    # 50 % x (12,000 + 6,000), then without the cost
    ("audit", [p("audit_right", "provider", threshold_percent=5)], {}, {}, "9000.00"),
    ("audit", [p("audit_right", "provider", threshold_percent=10)], {}, {}, "6000.00"),
    ("audit", [p("audit_right", "both")], {}, {}, "6000.00"),
    # 40 % x 3 days x 1,200, halved by 30 days' notice, halved again by 30 days' cure
    ("suspension", [p("suspension", "provider")], {}, {}, "1440.00"),
    ("suspension", [p("suspension", "provider", notice_days=30)], {}, {}, "720.00"),
    ("suspension", [p("suspension", "both", notice_days=30, cure_days=30)], {"downtime_value_per_day": 5000}, {}, "1500.00"),
    # 20 % / 2 x (60,000 + 10 x 1,200)
    ("termination_for_breach", [p("termination_for_cause", "both", cure_days=30)], {}, {}, "7200.00"),
    # 20 % x (40,000 + 12,000 + 260,000)
    ("termination_for_breach", [p("termination_for_cause", "provider"), p("early_termination_fee")], {"switching_cost": 40_000}, {}, "62400.00"),
    # 2 x 12,000
    ("remediation", [p("remedial_action", "provider")], {}, {}, "24000.00"),
    # 10 % x (50,000 + 1,000 x 2)
    ("regulatory", [], {"records_held": 1000}, {}, "5200.00"),
    # the provider covers fines, up to 12,000, of which two outages take 2,400 and a breach (half the years) the rest:
    # 10 % x (52,000 - 0.5 x 9,600); without outages and breaches 10 % x (52,000 - 12,000)
    ("regulatory", [p("indemnification", "provider", covers=["regulatory fines"]), p("liability_cap", "provider", amount=12_000, currency="EUR")], {"records_held": 1000}, {"unrecovered_loss__breach": 3, "unrecovered_loss__record": 180}, "4720.00"),
    ("regulatory", [p("indemnification", "provider", covers=["regulatory fines"]), p("liability_cap", "provider", amount=12_000, currency="EUR")], {"records_held": 1000}, {"unrecovered_loss__frequency_outage": 0, "unrecovered_loss__frequency_breach": 0}, "4000.00"),
    # beside a commitment of which 10 % are not used: 20 % x (60,000 + 12,000 + 260,000 - 10,000)
    ("termination_for_breach", [p("termination_for_cause", "provider"), p("early_termination_fee"), p("minimum_commitment", amount=100_000, currency="EUR", per="year")], {}, {}, "64400.00"),
    # no cap: 240,000 x (0.5 + 0.25 + 0.5)
    ("customer_liability", [], {}, {}, "300000.00"),
    # each below 1: chances 0.5, 0.25, 0.5 of 240,000, cut at 120,000 a year whatever happens: 120,000 x (1 - 0.5 x 0.75 x 0.5)
    ("customer_liability", [MUTUAL], {}, {}, "97500.00"),
    # for each claim: 120,000 x 1.25
    ("customer_liability", [p("liability_cap", "customer", fee_months=12, cap_period="claim")], {}, {}, "150000.00"),
    # 100,000 for each claim and 150,000 a year: one or two kinds 100,000 or 150,000, all three 150,000:
    # none 0.1875, one 0.4375, more 0.375 of the years
    ("customer_liability", [p("liability_cap", "customer", amount=100_000, currency="EUR", cap_period="claim", alternatives=[{"amount": 150_000, "currency": "EUR"}])], {}, {}, "100000.00"),
    # only direct damage: 144,000 x 1.25
    ("customer_liability", [p("consequential_waiver", "both")], {}, {}, "180000.00"),
    # intellectual property carved out: 240,000 x 0.5 + 120,000 x (1 - 0.75 x 0.5)
    ("customer_liability", [MUTUAL, p("uncapped_liability", "customer", covers=["IP infringement"])], {}, {}, "195000.00"),
    # 0.5 x 120,000 of 180,000, in the years without another claim, which would use up the one cap: 0.5 x 0.75 x 0.5 of them
    ("indemnity_given", [p("indemnification", covers=["ip"]), MUTUAL], {}, {}, "11250.00"),
    # without such claims 0.5 x 120,000; with a cap for each claim the same; and without the cap where indemnities are carved out
    ("indemnity_given", [p("indemnification", covers=["ip"]), MUTUAL], {}, NO_CLAIMS, "60000.00"),
    ("indemnity_given", [p("indemnification"), p("liability_cap", "customer", fee_months=12, cap_period="claim")], {}, {}, "60000.00"),
    ("indemnity_given", [p("indemnification"), MUTUAL, p("uncapped_liability", "both", covers="indemnification")], {}, {}, "90000.00"),
    # all is recovered where nothing limits it
    ("unrecovered_loss", [], {}, {}, "0.00"),
    # outages 2 x 1,200 x 40 % indirect + breach 0.5 x 360,000 x 40 %
    ("unrecovered_loss", [p("consequential_waiver", "provider")], {}, {}, "72960.00"),
    # no outages; breach 0.5 x (360,000 - 120,000)
    ("unrecovered_loss", [CAP12], {}, {"unrecovered_loss__frequency_outage": 0}, "120000.00"),
    # super-cap of twice the fees: 0.5 x (360,000 - 240,000)
    ("unrecovered_loss", [CAP12, p("super_cap", "provider", fee_multiple=2, covers=["data breach"])], {}, {"unrecovered_loss__frequency_outage": 0}, "60000.00"),
    # first the exclusion (216,000 are left to claim), then the cap: 0.5 x (360,000 - 120,000)
    ("unrecovered_loss", [CAP12, p("consequential_waiver", "both")], {}, {"unrecovered_loss__frequency_outage": 0}, "120000.00"),
    # the carve-out opens the cap, not the exclusion: 0.5 x (360,000 - 216,000)
    ("unrecovered_loss", [CAP12, p("consequential_waiver", "both"), p("uncapped_liability", "provider", covers=["confidentiality"])], {}, {"unrecovered_loss__frequency_outage": 0}, "72000.00"),
    ("unrecovered_loss", [CAP12, p("consequential_waiver", "both"), p("uncapped_liability", "provider", covers=["confidentiality"], pierces="both")], {}, {"unrecovered_loss__frequency_outage": 0}, "0.00"),
    # outages: a credit of 5 % of a month's fees (500) in place of damages: 2 x (1,200 - 500)
    ("unrecovered_loss", [p("exclusive_remedy", "provider", percent=5, availability_percent=99.9)], {}, {"unrecovered_loss__frequency_breach": 0}, "1400.00"),
    # 2,000 records x 10, greater of 6 months and 15,000: nothing lost; lesser of: 0.5 x (20,000 - 15,000)
    ("unrecovered_loss", [p("liability_cap", "provider", comparator="greater", alternatives=[{"fee_months": 6}, {"amount": 15_000, "currency": "EUR"}])], {"records_held": 2000}, {"unrecovered_loss__frequency_outage": 0}, "0.00"),
    ("unrecovered_loss", [p("liability_cap", "provider", comparator="lesser", fee_months=6, amount=15_000, currency="EUR")], {"records_held": 2000}, {"unrecovered_loss__frequency_outage": 0}, "2500.00"),
    # twice the fees of 9 months are one size: 0.5 x (360,000 - 180,000)
    ("unrecovered_loss", [p("liability_cap", "provider", fee_multiple=2, fee_months=9)], {}, {"unrecovered_loss__frequency_outage": 0}, "90000.00"),
    # fees of the affected service only, half of all: 0.5 x (360,000 - 60,000)
    ("unrecovered_loss", [p("liability_cap", "provider", fee_months=12, fee_basis="affected_service")], {}, {"unrecovered_loss__frequency_outage": 0}, "150000.00"),
    # an exclusion of indirect damage, written as a limit of liability, is a waiver: 0.5 x 360,000 x 40 %
    ("unrecovered_loss", [p("liability_cap", "both", effect="exclusion", covers=["indirect damages"])], {}, {"unrecovered_loss__frequency_outage": 0}, "72000.00"),
    # an exclusion for data breaches: nothing is recovered
    ("unrecovered_loss", [p("liability_cap", "provider", effect="exclusion", covers=["security breach"])], {}, {"unrecovered_loss__frequency_outage": 0}, "180000.00"),
    # both in one year share one cap of 12,000. Outages (2 x 10,000) for certain: 20,000 - 12,000;
    # with a breach (half the years) 380,000 - 12,000
    ("unrecovered_loss", [p("liability_cap", "provider", amount=12_000, currency="EUR")], {"downtime_value_per_day": 10_000}, {}, "188000.00"),
]  # fmt: skip


@pytest.mark.parametrize(("component", "provisions", "facts", "figures", "expected"), BY_HAND)
def test_scenario_by_hand(component, provisions, facts, figures, expected):
    e = one(
        price(Contract("id", provisions, deal(**facts)), Basis(assumptions(**figures), RATES, as_of=AS_OF, trials=20)),
        component,
    )
    assert (e.status, e.reason if e.status != "scored" else None) == ("scored", None)
    assert (e.low, e.likely, e.high) == (Decimal(expected),) * 3
    assert e.formula == "nothing" or f"{Decimal(expected):,} EUR" in e.formula


@pytest.mark.parametrize(("component", "provisions", "facts", "figures", "expected"), BY_HAND)
def test_simulation_of_fixed_figures_is_the_arithmetic(component, provisions, facts, figures, expected):
    fixed = assumptions({EVENTS: TIMES, CHANCE: TIMES}, **figures)
    for e in price(Contract("id", provisions, deal(**facts)), Basis(fixed, RATES, as_of=AS_OF, trials=20)):
        assert e.status == "unscored" or e.likely == e.expected == e.p95


UNSCORED = [
    ("late_payment", [p("late_payment", percent=2)], {}, "a month or a year?"),
    ("late_payment", [p("late_payment", legal_maximum=True)], {}, "what the law allows at most"),
    ("late_payment", [p("late_payment", amount=50)], {}, "without a currency"),
    ("late_payment", [p("late_payment", percent=1, per="month")], {"annual_fees": None}, "give annual_fees for a.pdf in the facts CSV (facts.csv:2)"),
    ("overage", [p("overage", amount=5, currency="EUR", per="month")], {}, "give overage_units for a.pdf"),
    ("overage", [p("overage", amount=5, currency="CHF", per="month")], {"overage_units": 5}, "is in CHF, the contract in EUR"),
    ("early_termination", [p("early_termination_fee")], {"start": None}, "give start for a.pdf"),
    ("early_termination", [p("early_termination_fee")], {"term_months": None}, "give term_months for a.pdf"),
    ("auto_renewal", [p("auto_renewal", "both", notice_days=90)], {}, "give renewal_months for a.pdf"),
    ("minimum_commitment", [p("minimum_commitment")], {}, "give committed_spend for a.pdf"),
    ("liquidated_damages", [p("liquidated_damages")], {}, "gives no sum and no rate"),
    ("regulatory", [], {}, "give records_held for a.pdf"),
    ("customer_liability", [p("liability_cap", "both", reference="Exhibit B")], {}, "look it up in Exhibit B"),
    ("unrecovered_loss", [p("liability_cap", "provider", fee_months=12, amount=9, currency="EUR")], {}, "ask whether the greater or the lesser"),
    ("unrecovered_loss", [p("liability_cap", "provider", fee_months=12, comparator="greater")], {}, "only one has a number"),
    ("unrecovered_loss", [p("liability_cap", "provider", fee_months="twelve")], {}, "which is no number"),
    ("price_increase", [], {"currency": None}, "give currency for a.pdf"),
]  # fmt: skip


@pytest.mark.parametrize(("component", "provisions", "facts", "question"), UNSCORED)
def test_unknown_is_unscored_with_the_question(component, provisions, facts, question):
    e = one(
        price(Contract("id", provisions, deal(**facts)), Basis(assumptions(), RATES, as_of=AS_OF, trials=20)), component
    )
    assert e.status == "unscored"
    assert question in (e.reason or "")
    assert (e.low, e.likely, e.high, e.expected, e.p95) == (None,) * 5


def test_without_facts_everything_is_unscored_and_says_what_to_give():
    rows = price(Contract("id", [CAP12], None), Basis(assumptions(), as_of=AS_OF, trials=20))
    assert [e.component for e in rows] == list(COMPONENTS)
    assert {e.status for e in rows} == {"unscored"}
    assert all("in the facts CSV" in (e.reason or "") and e.currency is None for e in rows)


def test_no_clause_is_a_scored_zero_that_says_so():
    rows = price(Contract("id", [], deal(records_held=10)), Basis(assumptions(), as_of=AS_OF, trials=20))
    zeros = {e.component for e in rows if e.likely == 0}
    assert zeros == set(COMPONENTS) - {"regulatory", "customer_liability"}
    assert all("found" in (e.reason or "") for e in rows if e.component in zeros)
    assert "no cap of the customer's liability found" in (one(rows, "customer_liability").reason or "")


def test_several_clauses_the_most_certain_with_a_number_is_used_and_shown():
    provisions = [
        p("late_payment", confidence=0.7, clause="c0003", percent=2, per="month"),
        p("late_payment", confidence=0.8, clause="c0007", percent=1, per="month"),
        p("late_payment", confidence=0.99, clause="c0009"),
        p("late_payment", "provider", confidence=0.99, clause="c0010", percent=9, per="month"),
    ]
    e = one(price(Contract("id", provisions, deal()), Basis(assumptions(), as_of=AS_OF, trials=20)), "late_payment")
    rate = next(o for o in e.operands if o.name == "rate a month")
    assert (rate.clause_id, rate.value, rate.unit, rate.start, rate.end) == ("c0007", 1, "%", 10, 20)
    assert e.reason == "rate: clause c0007 is used, not clause c0003"


def test_every_operand_names_its_origin():
    provisions = [
        p("late_payment", amount=5, currency="USD"),
        p("liability_cap", "both", fee_months=12, fee_basis="paid"),
        p("audit_right", "provider"),
    ]
    for e in price(
        Contract("id", provisions, deal(records_held=10)), Basis(load_assumptions(), RATES, as_of=AS_OF, trials=20)
    ):
        for o in e.operands:
            assert o.origin in ("provision", "fact", "assumption", "rate")
            assert (o.clause_id is not None) == (o.origin == "provision")
            assert (o.source is not None) == (o.origin != "provision")
        assert len(set(e.operands)) == len(e.operands)
        if e.operands:
            assert is_illustrative(e)


def test_explain_reads_as_arithmetic():
    e = one(
        price(Contract("id", [p("overage", percent=20)], deal()), Basis(assumptions(), as_of=AS_OF, trials=20)),
        "overage",
    )
    assert explain(e).split("\n") == [
        "overage: 7,200.00 EUR a year is likely (low 7,200.00 EUR, high 7,200.00 EUR)",
        "  simulated: 7,200.00 EUR expected on average; nineteen years of twenty stay within 7,200.00 EUR",
        "  the likely case:",
        "    a year = annual fees × use over the limit × (1 + premium) = 120,000.00 × 5 % × (1 + 20 %) = 7,200.00 EUR",
        "  where",
        "    annual fees: 120,000 EUR (fact annual_fees, facts.csv:2)",
        "    use over the limit: 5 % (assumption overage.overuse, a.csv:6)",
        "    premium: 20 % (clause c0001)",
    ]
    missing = one(price(Contract("id", [], deal()), Basis(assumptions(), as_of=AS_OF, trials=20)), "regulatory")
    assert (
        explain(missing)
        == "regulatory: not scored\n  records held not known: give records_held for a.pdf in the facts CSV (facts.csv:2)"
    )


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["month", "year", "greater", "both", "EUR", "exclusion", "claim", "ip"]),
    st.lists(st.dictionaries(st.sampled_from(["amount", "fee_months"]), st.integers(-1, 99)), max_size=2),
)
KEYS = (
    "amount",
    "currency",
    "percent",
    "per",
    "fee_months",
    "fee_multiple",
    "notice_days",
    "cure_days",
    "grace_days",
    "term_months",
    "threshold_percent",
    "effect",
    "comparator",
    "alternatives",
    "fee_basis",
    "cap_period",
    "covers",
    "pierces",
    "basis",
    "compounding",
    "reference",
    "interest_from",
)
IDS = ("liability_cap", "super_cap", "uncapped_liability", "consequential_waiver", "indemnification", "liquidated_damages", "late_payment", "overage", "early_termination_fee", "minimum_commitment", "price_increase", "auto_renewal", "suspension", "termination_for_cause", "audit_right", "remedial_action", "exclusive_remedy")  # fmt: skip
PROVISIONS = st.builds(
    lambda id, party, values: p(id, party, **values),
    st.sampled_from(IDS),
    st.sampled_from(["customer", "provider", "both"]),
    st.dictionaries(st.sampled_from(KEYS), JUNK, max_size=6),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PROVISIONS, max_size=6))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_whatever_was_extracted_every_component_gets_its_row(provisions):
    rows = price(Contract("id", provisions, deal(records_held=10)), Basis(assumptions(), RATES, as_of=AS_OF, trials=10))
    assert [e.component for e in rows] == list(COMPONENTS)
    for e in rows:
        amounts = (e.low, e.likely, e.high, e.expected, e.p95)
        assert (
            all(a is None for a in amounts)
            if e.status == "unscored"
            else all(a is not None and a >= 0 and a.is_finite() for a in amounts)
        )
        assert e.status == "scored" or e.reason
        assert explain(e)


@pytest.mark.parametrize(
    ("covers", "claims"),
    [
        (["data_breach"], {"data_breach"}), ("breach of confidentiality", {"confidentiality"}), (["Gross negligence", "willful misconduct"], {"fault"}),
        ("ip", {"ip"}), ("tipping", set()), (["indemnification obligations"], {"indemnity"}), ("all claims", {"all"}), (None, set()),
        ("personal injury or death", {"injury"}), ("wilful default", {"fault"}),
    ],
)  # fmt: skip
def test_claims_are_read_from_words(covers, claims):
    from risklib.exposure.filters import claims_of

    assert claims_of(covers) == claims

"""The simulated years: closed forms, monotony in the terms, streams that do not touch each other, shocks that keep margins."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from math import exp, factorial

import numpy as np
import pytest
from exposure_help import AS_OF, CHANCE, EVENTS, RATES, assumptions, deal, one, p
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from risklib.exposure import (
    Basis,
    Change,
    Contract,
    aggregate,
    annual_losses,
    changed,
    is_overdue,
    price,
    sensitivity,
    summary,
    what_if,
)
from risklib.exposure.arithmetic import Quantity
from risklib.exposure.results import in_cents, worst_years
from risklib.exposure.simulate import CELLS, drawn
from risklib.inputs import load_assumptions
from risklib.records import Operand

QUICK = settings(max_examples=25, deadline=None)
OPERAND = Operand("x", None, "", "assumption", source="x")
CAP = p("liability_cap", "both", fee_months=12)
BASE = (CAP, p("consequential_waiver", "both"), p("indemnification", covers=["ip"]))


def years(provisions, component="unrecovered_loss", trials=2000, contract="id", seed=0, facts=None, **figures):
    found = annual_losses(
        Contract(contract, provisions, deal(**(facts or {}))),
        Basis(assumptions(**figures), RATES, as_of=AS_OF, seed=seed, trials=trials),
    )
    return found[component]


def within(array, expected, errors=4.0):
    error = array.std(ddof=1) / len(array) ** 0.5
    assert abs(array.mean() - expected) <= errors * error + 1e-9, (array.mean(), expected, error)


# ---------------------------------------------------------------- closed forms


@pytest.mark.parametrize(("often", "claim", "cap"), [(0.3, 2.0, 12), (1.5, 1.0, 18), (4.0, 0.5, 24), (60.0, 0.1, 60)])
def test_mean_of_poisson_claims_under_a_yearly_cap(often, claim, cap):
    """E[min(N s, cap)] with constant s: the sum over n of P(N = n) min(n s, cap)."""
    figures = {f"customer_liability__frequency_{k}": v for k, v in (("ip", 0), ("data", 0), ("other", often))}
    array = years(
        [p("liability_cap", "customer", fee_months=cap)],
        "customer_liability",
        20_000,
        customer_liability__severity=claim,
        **figures,
    )
    n = np.arange(300)
    limit = 10_000.0 * cap
    within(array, float(stats.poisson.pmf(n, often) @ np.minimum(n * claim * 120_000, limit)))


def test_small_poisson_counts_have_the_right_chances():
    array = years([], "customer_liability", 50_000, customer_liability__severity=1,
                  customer_liability__frequency_ip=0.7, customer_liability__frequency_data=0, customer_liability__frequency_other=0)  # fmt: skip
    counts = np.bincount(np.rint(array / 120_000).astype(int), minlength=6)[:6] / len(array)
    expected = [exp(-0.7) * 0.7**k / factorial(k) for k in range(6)]
    assert np.abs(counts - expected).max() < 4 * (0.25 / len(array)) ** 0.5


def test_mean_of_a_product_of_perts_and_of_an_uncertain_chance():
    days, share = (5, 20, 60), (0.05, 0.1, 0.3)
    array = years([p("late_payment", percent=12, per="year")], "late_payment", 20_000,
                  late_payment__days_late=days, late_payment__share_late=share)  # fmt: skip
    mean = [(a + 4 * b + c) / 6 for a, b, c in (days, share)]
    within(array, 120_000 * mean[1] * mean[0] / 365 * 0.12)
    array = years(
        [p("suspension", "provider")],
        "suspension",
        20_000,
        suspension__chance=(0.05, 0.1, 0.4),
        suspension__days=(1, 3, 9),
    )
    within(array, (0.05 + 0.4 + 0.4) / 6 * (1 + 12 + 9) / 6 * 1200)


def test_means_agree_in_99_of_100_seeded_runs():
    """40 seeds of two components: at most one mean may lie outside four standard errors."""
    outside = 0
    for seed in range(40):
        array = years(
            [p("remedial_action", "provider")],
            "remediation",
            4000,
            seed=seed,
            remediation__frequency=(0.1, 0.3, 0.8),
            remediation__cost=(0.1, 0.2, 0.6),
        )
        expected = (0.1 + 1.2 + 0.8) / 6 * (0.1 + 0.8 + 0.6) / 6 * 120_000
        outside += abs(array.mean() - expected) > 4 * array.std(ddof=1) / 4000**0.5
    assert outside <= 1


@pytest.mark.parametrize("at", [(0, 0, 1), (0, 0.05, 1), (0, 0.5, 1), (2, 3, 7), (0, 1, 1)])
def test_quantile_tables_are_close_to_the_exact_pert(at):
    q = Quantity("x", tuple(Decimal(str(x)) for x in at), "", OPERAND)
    u = (np.arange(CELLS) + 0.5) / CELLS
    low, likely, high = at
    exact = low + (high - low) * stats.beta.ppf(
        u, 1 + 4 * (likely - low) / (high - low), 1 + 4 * (high - likely) / (high - low)
    )
    found = drawn(q, np.arange(CELLS))
    assert (np.diff(found) >= 0).all()
    assert found.mean() == pytest.approx((low + 4 * likely + high) / 6, rel=1e-12)
    off = np.sort(abs(found - exact)) / (high - low)
    assert off[-4] < 5e-4
    assert off[-1] < 6e-3  # the outermost slice stands for the whole end


# ---------------------------------------------------------------- terms


covers = st.sets(
    st.sampled_from(["data breach", "confidentiality", "ip", "indemnity", "all", "gross negligence", "payment"]),
    min_size=1,
).map(sorted)
figures = st.fixed_dictionaries({
    "unrecovered_loss__breach": st.sampled_from([(0.1, 1, 9), (2, 2, 2)]), "customer_liability__severity": st.sampled_from([(0.1, 1, 9), 3]),
    "customer_liability__frequency_other": st.sampled_from([(0.1, 0.5, 2), 1]), "unrecovered_loss__indirect": st.sampled_from([(0.1, 0.2, 0.9), 0.4]),
})  # fmt: skip


@QUICK
@given(st.sampled_from([3, 6, 12, 24]), st.integers(0, 36), st.sampled_from(["term", "claim"]), figures)
def test_a_higher_cap_of_the_provider_never_raises_the_unrecovered_loss(months, more, period, given):
    low, high = (
        years([*BASE[1:], p("liability_cap", "provider", fee_months=m, cap_period=period)], trials=400, **given)
        for m in (months, months + more)
    )
    assert (high <= low + 1e-9).all()


@QUICK
@given(covers, st.sampled_from(["cap", "exclusion", "both"]), st.booleans(), figures)
def test_carve_outs_only_ever_open(covers, pierces, super_cap, given):
    terms = [*BASE, *([p("super_cap", "both", fee_multiple=2, covers=["data breach"])] if super_cap else [])]
    for side, component, sign in (
        ("provider", "unrecovered_loss", -1),
        ("customer", "customer_liability", 1),
        ("customer", "indemnity_given", 1),
    ):
        carved = [*terms, p("uncapped_liability", side, covers=covers, pierces=pierces)]
        before, after = (years(t, component, 400, **given) for t in (terms, carved))
        if component == "indemnity_given":  # it gets what the other claims leave of the one cap: only their sum counts
            before, after = (
                x + years(t, "customer_liability", 400, **given) for x, t in ((before, terms), (after, carved))
            )
        assert ((after - before) * sign >= -1e-9).all()


@QUICK
@given(st.integers(0, 60), st.integers(0, 60), st.sampled_from([0, 0.3, 1]))
def test_more_notice_takes_suspensions_away_and_leaves_the_others(days, more, rho):
    figures = {"suspension__days": (1, 2, 9), "suspension__chance": (0.1, 0.2, 0.6), "dependence__payment_crunch": rho}
    short, long = (
        years([p("suspension", "provider", notice_days=d)], "suspension", 500, **figures) for d in (days, days + more)
    )
    assert ((long == short) | (long == 0)).all()


@QUICK
@given(figures, st.sampled_from([None, CAP]))
def test_scenarios_do_not_fall_from_low_to_high(given, cap):
    """Where two components share a cap, one may fall as the other rises: then their sum does not."""
    terms = [*BASE[1:], *([cap] if cap else [])]
    rows = price(
        Contract("id", terms, deal(records_held=10)), Basis(assumptions(**given), RATES, as_of=AS_OF, trials=10)
    )
    shared = [e for e in rows if e.component in ("customer_liability", "indemnity_given")]
    for e in (e for e in rows if e not in shared):
        assert e.low <= e.likely <= e.high
    assert sum(e.low for e in shared) <= sum(e.likely for e in shared) <= sum(e.high for e in shared)


# ---------------------------------------------------------------- streams


def test_one_seed_gives_the_same_bytes_and_another_seed_others():
    loose = {"suspension__days": (1, 2, 9)}
    same = [years([p("suspension", "provider")], "suspension", seed=s, **loose).tobytes() for s in (1, 1, 2)]
    assert same[0] == same[1] != same[2]


def test_contracts_and_components_draw_from_streams_of_their_own():
    a, b = (
        years([], "customer_liability", 20_000, contract=c, customer_liability__severity=(0.1, 1, 5))
        for c in ("a", "b")
    )
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.03
    both = annual_losses(
        Contract("a", [p("remedial_action", "provider")], deal()),
        Basis(assumptions(remediation__cost=(0.1, 0.2, 0.9)), as_of=AS_OF, trials=20_000),
    )
    assert abs(np.corrcoef(both["remediation"], both["customer_liability"])[0, 1]) < 0.03


def test_a_provision_of_one_component_changes_no_other_components_draws():
    before, after = (
        annual_losses(Contract("a", t, deal()), Basis(assumptions(), as_of=AS_OF, trials=500))
        for t in (BASE, (*BASE, p("overage", percent=5)))
    )
    assert all((before[c] == after[c]).all() for c in before if c != "overage")


# ---------------------------------------------------------------- portfolio


def contracts(n, **facts):
    return [Contract(f"k{i:02}", BASE, deal(vendor=f"V{i % 3}", **facts)) for i in range(n)]


LOOSE = {
    "customer_liability__severity": (0.1, 1, 5),
    "unrecovered_loss__days_down": (0.1, 1, 9),
    "unrecovered_loss__frequency_outage": (0.2, 0.5, 2),
}


def test_totals_are_the_sum_of_parts_and_the_tail_is_shared_out():
    given = assumptions(**LOOSE)
    cs = contracts(7)
    (t,) = aggregate(cs, Basis(given, as_of=AS_OF, trials=1000))
    by_hand = sum(
        a
        for c in cs
        for a in annual_losses(
            Contract(c.contract_id, c.provisions, c.deal), Basis(given, as_of=AS_OF, trials=1000)
        ).values()
    )
    assert t.whole.expected == pytest.approx(by_hand.mean(), abs=1e-6)
    assert t.whole.shortfall == pytest.approx(by_hand[worst_years(by_hand)].mean(), abs=1e-6)
    for figures in (t.by_vendor, t.by_component, t.by_contract):
        assert sum(s.expected for s in figures.values()) == pytest.approx(t.whole.expected, abs=1e-6)
    for shares in (t.share_of_contract, t.share_of_vendor, t.share_of_component):
        assert sum(shares.values()) == Decimal(str(round(t.whole.shortfall, 2)))
    assert [x.component for x in t.left_out] == ["regulatory"] * 7
    assert t.whole.median <= t.whole.p95 <= t.whole.p99
    assert t.whole.shortfall >= t.whole.p95
    assert all(a[1] <= b[1] for a, b in pairwise(t.whole.curve))


def test_workers_and_order_do_not_change_a_byte_nor_other_contracts():
    given, cs = assumptions(**LOOSE), contracts(70)
    with ThreadPoolExecutor(3) as pool:
        runs = [
            aggregate(c, Basis(given, as_of=AS_OF, trials=200), mapping=m) for c, m in ((cs, map), (cs[::-1], pool.map))
        ]
    assert runs[0] == runs[1]
    (more,) = aggregate([*cs, Contract("a-new-one", BASE, deal())], Basis(given, as_of=AS_OF, trials=200))
    assert all(more.by_contract[c] == s for c, s in runs[0][0].by_contract.items())


def test_what_belongs_to_another_contract_is_counted_with_it_and_named():
    given, cs = assumptions(**LOOSE), contracts(4)
    parts = [Contract("order", BASE, deal(), parent="k00"), Contract("stray", BASE, deal(), parent="not here")]
    (t,) = aggregate([*cs, *parts], Basis(given, as_of=AS_OF, trials=100))
    assert set(t.by_contract) == {"k00", "k01", "k02", "k03", "stray"}
    assert [x.reason for x in t.left_out if x.component is None] == ["counted with k00, to which it belongs"]
    totals = [sensitivity(c, Basis(given, as_of=AS_OF), currency="EUR")[0] for c in ([*cs, *parts], [*cs, parts[1]])]
    assert totals[0] == totals[1]


def test_totals_name_illustrative_and_overdue_assumptions():
    """All of FIGURES were reviewed on AS_OF; a year and a day later they are overdue. Only what is used is named."""
    (now,), (later,) = (
        aggregate(contracts(1), Basis(assumptions(), as_of=day, trials=20)) for day in (AS_OF, AS_OF + timedelta(366))
    )
    assert now.overdue == now.illustrative == ()
    assert "customer_liability.severity" in later.overdue
    assert "overage.overuse" not in later.overdue
    (shipped,) = aggregate(contracts(1), Basis(load_assumptions(), as_of=AS_OF, trials=20))
    assert "customer_liability.severity" in shipped.illustrative


def test_overdue_rates_are_flagged_where_they_are_used():
    dollars = p("liquidated_damages", amount=5, currency="USD")
    e = one(
        price(Contract("id", [dollars], deal()), Basis(assumptions(), RATES, as_of=RATES.on + timedelta(366))),
        "liquidated_damages",
    )
    assert is_overdue(e)
    e = one(price(Contract("id", [dollars], deal()), Basis(assumptions(), RATES, as_of=RATES.on)), "liquidated_damages")
    assert not is_overdue(e)


@QUICK
@given(figures, st.sampled_from([3, 12, 36]), st.sampled_from(["year", "term"]))
def test_one_cap_serves_all_claims_of_a_year(given, months, period):
    """Claims for breach and indemnities together never pass the one cap, nor what they are without it."""
    cap = p("liability_cap", "customer", fee_months=months, cap_period=period)
    limited, free = (
        sum(years(t, c, 400, **given) for c in ("customer_liability", "indemnity_given"))
        for t in ((cap, p("indemnification")), (p("indemnification"),))
    )
    assert np.allclose(limited, np.minimum(free, months * 10_000))


def test_currencies_stay_apart_or_are_converted():
    given = assumptions(regulatory__fine=1000)
    cs = [
        Contract("e", (), deal(records_held=0)),
        Contract("u", (), deal(records_held=0, currency="USD")),
        Contract("x", (), deal(currency=None)),
        Contract("c", (), deal(currency="CHF")),
    ]
    apart = aggregate(cs, Basis(given, RATES, as_of=AS_OF, trials=50))
    assert [t.currency for t in apart] == ["CHF", "EUR", "USD"]
    (t,) = aggregate(cs, Basis(given, RATES, as_of=AS_OF, trials=50), currency="EUR")
    assert t.by_contract["u"].expected == pytest.approx(apart[2].whole.expected / 1.25)
    assert {(x.contract_id, x.component) for x in t.left_out} == {("x", None), ("c", None)}


@pytest.mark.parametrize("rho", [0.3, 1.0])
def test_a_shared_shock_keeps_every_contract_and_fattens_the_tail(rho):
    figures = {"unrecovered_loss__frequency_outage": (0.2, 0.5, 2), "unrecovered_loss__frequency_breach": 0}
    terms = (p("consequential_waiver", "both"),)
    alone, shared = (
        [years(terms, contract=f"c{i}", trials=4000, dependence__cloud_outage=r, **figures) for i in range(20)]
        for r in (0, rho)
    )
    assert stats.ks_2samp(alone[0], shared[0]).pvalue > 1e-4
    within(np.concatenate(shared), np.concatenate(alone).mean(), 40 if rho == 1 else 8)
    assert summary(sum(shared)).shortfall > summary(sum(alone)).shortfall * 1.05


def test_without_dependence_the_tail_is_thinner_and_the_mean_the_same():
    given = assumptions(**LOOSE, dependence__cloud_outage=0.9, unrecovered_loss__frequency_breach=0)
    cs = [Contract(f"k{i:02}", (p("consequential_waiver", "both"),), deal()) for i in range(20)]
    with_shock, without = (
        aggregate(cs, Basis(a, as_of=AS_OF, trials=3000))[0].by_component["unrecovered_loss"]
        for a in (given, given.independent())
    )
    assert with_shock.shortfall > 1.1 * without.shortfall
    assert abs(with_shock.expected - without.expected) < 6 * with_shock.standard_error


@pytest.mark.parametrize("component", ["late_payment", "suspension"])
def test_a_payment_crunch_is_common_to_all_contracts(component):
    terms = (p("late_payment", percent=10, per="year"), p("suspension", "provider"))
    figures = {"late_payment__days_late": (1, 10, 60), "dependence__payment_crunch": 0.6}
    a, b = (years(terms, component, 20_000, contract=c, **figures) for c in "ab")
    assert np.corrcoef(a, b)[0, 1] > 0.2
    within(a, (1 + 40 + 60) / 6 * 12_000 / 365 * 0.1 if component == "late_payment" else 1440)


# ---------------------------------------------------------------- what if, sensitivity


def test_what_if_a_cap_changes_only_what_it_touches():
    c = Contract("id", BASE, deal())
    moved = what_if(
        c,
        [Change("liability_cap", "provider", {"fee_months": 24})],
        Basis(assumptions(), RATES, as_of=AS_OF, trials=200),
    )
    assert [d.component for d in moved] == ["unrecovered_loss"]
    # breach: 360,000, of which 216,000 direct, 120,000 or all 216,000 of it recovered: 0.5 x 96,000 less; both in one year: 2 x 720 more
    assert moved[0].likely == Decimal("-48720.00")
    none = what_if(c, [], Basis(assumptions(), RATES, as_of=AS_OF, trials=50))
    assert none == ()


def test_change_adds_replaces_and_takes_out():
    both = [CAP]
    new = changed(both, Change("liability_cap", "provider", {"amount": 5, "currency": "EUR"}))
    assert [(x.party, dict(x.values)) for x in new] == [
        ("customer", {"fee_months": 12}),
        ("provider", {"amount": 5, "currency": "EUR"}),
    ]
    assert [x.party for x in changed(both, Change("liability_cap", "customer", None))] == ["provider"]
    assert [x.clause_id for x in changed([], Change("suspension", "provider", {"notice_days": 30}))] == ["(proposed)"]


def test_sensitivity_is_widest_first_and_reproduces_the_ends():
    given = assumptions(overage__overuse=(0, 0.05, 0.1), customer_liability__severity=(1, 2, 3))
    cs = [Contract("id", (p("overage"),), deal())]
    base, swings = sensitivity(cs, Basis(given, as_of=AS_OF), currency="EUR")
    assert base == 6000 + 300_000
    assert [(s.assumption, s.low, s.high) for s in swings] == [
        ("customer_liability.severity", 156_000, 456_000), ("overage.overuse", 300_000, 312_000),
    ]  # fmt: skip


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=9))
def test_parts_in_cents_add_up(parts):
    array = np.array(parts)
    assert sum(in_cents(array, float(array.sum()))) == round(float(array.sum()) * 100)


def test_a_summary_by_hand():
    s = summary(np.arange(1.0, 101.0))
    assert (s.expected, s.median, s.p95, s.p99, s.shortfall) == (50.5, 50, 95, 99, 98)
    assert {(0.5, 50.0), (0.2, 80.0), (0.1, 90.0)} <= set(s.curve)


def test_the_laws_of_counts_come_from_units():
    rare = assumptions({EVENTS: CHANCE}, remediation__frequency=1, remediation__cost=1)
    e = one(
        price(Contract("id", [p("remedial_action", "provider")], deal()), Basis(rare, as_of=AS_OF, trials=100)),
        "remediation",
    )
    assert e.expected == e.p95 == 120_000

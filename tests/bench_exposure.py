"""How long the simulation takes: ``python tests/bench_exposure.py [contracts] [workers]``. Prints one line of figures.

Every contract has a clause for each component, so all fifteen are drawn; 10,000 trials; shipped assumptions.
"""

from __future__ import annotations

import resource
import sys
import time
from multiprocessing import get_context

from exposure_help import AS_OF, RATES, deal, p

from risklib.exposure import Contract, aggregate
from risklib.inputs import load_assumptions

CLAUSES = (
    p("late_payment", percent=1.5, per="month", grace_days=10), p("overage", percent=20), p("early_termination_fee", percent=50),
    p("auto_renewal", "both", term_months=12, notice_days=90), p("price_increase", percent=7),
    p("minimum_commitment", amount=100_000, currency="USD", per="year"), p("liquidated_damages", amount=5000, currency="EUR"),
    p("audit_right", "provider", threshold_percent=5), p("suspension", "provider", notice_days=10),
    p("termination_for_cause", "both", cure_days=30), p("remedial_action", "provider"), p("indemnification", covers=["ip"]),
    p("liability_cap", "both", fee_months=12), p("consequential_waiver", "both"),
    p("super_cap", "provider", covers=["data_breach"], fee_multiple=3), p("exclusive_remedy", "provider", percent=10, availability_percent=99.9),
)  # fmt: skip


def main(contracts: int = 1000, workers: int = 2) -> None:
    rows = [Contract(f"c{i:05}", CLAUSES, deal(vendor=f"V{i % 50}", records_held=1000)) for i in range(contracts)]
    given = load_assumptions()
    began = time.perf_counter()
    with get_context("fork").Pool(workers) as pool:
        (totals,) = aggregate(rows, given, RATES, as_of=AS_OF, mapping=pool.imap)
    took = time.perf_counter() - began
    memory = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 2**20
    cpu = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        f"{contracts} contracts x 15 components x 10,000 trials: {took:.1f} s on {workers} workers "
        f"({(cpu.ru_utime + cpu.ru_stime) / contracts * 1e3:.1f} ms of processor time each), peak {memory:.2f} GiB, "
        f"expected {totals.whole.expected:,.2f} {totals.currency}"
    )


if __name__ == "__main__":
    main(*(int(x) for x in sys.argv[1:]))

"""The tables of docs/scale.md that need costs and the load of the reconciliation."""

import re

from docgen.cost import dollars_of_1000_orders
from docgen.reconciliation_load import LIMIT_MINUTES, run_calls
from docgen.scale import month_table, nightly_limit
from lambdas.domain.vocabulary import ReconciliationScope


def test_a_month_of_one_order_a_second_has_30_days() -> None:
    row = month_table().splitlines()[2]

    assert row.startswith(f"| 1 | 2,592,000 | ${2_592 * dollars_of_1000_orders():,.0f} |")


def test_the_nightly_limit_is_the_last_rate_that_is_done_in_time() -> None:
    (rate,) = map(int, re.findall(r"up to (\d+) orders", " ".join(nightly_limit().split())))

    minutes = [run_calls(each, ReconciliationScope.FULL).minutes for each in (rate, rate + 1)]

    assert minutes[0] <= LIMIT_MINUTES < minutes[1]

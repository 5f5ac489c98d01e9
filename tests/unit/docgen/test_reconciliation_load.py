"""The reconciliation's load; tests/unit/lambdas/recovery/test_load.py compares it with real calls."""

import pytest

from docgen.reconciliation_load import (
    Calls,
    load_table,
    payment_calls,
    reads_of_an_order,
    run_calls,
    stock_calls,
)
from lambdas.domain.vocabulary import ReconciliationScope
from lambdas.shared.store.order_item import SHARDS

RECENT, FULL = ReconciliationScope.RECENT, ReconciliationScope.FULL


def test_the_table_has_a_row_for_each_rate_and_scope() -> None:
    rows = [row.split(" | ")[:2] for row in load_table().splitlines()[2:]]

    assert rows == [
        [f"| {rate}", f"`{scope}`"] for rate in ("0.1", "1", "10", "100") for scope in (RECENT, FULL)
    ]


def test_calls_follow_one_another() -> None:
    assert Calls(lists=60, queries=600, batches=240).minutes == pytest.approx(0.4 + 0.2 + 0.2)


@pytest.mark.parametrize(
    ("rate", "slices", "queries"), [(0.1, 2, 2), (1, 11, 11), (10, 12, 12), (60, 17, 17), (100, 10, 20)]
)
def test_a_slice_ends_with_a_whole_second(rate: float, slices: int, queries: int) -> None:
    seconds = 1000 / rate if rate >= 1 else 1000

    assert payment_calls(rate, seconds) == Calls(slices, len(SHARDS) + queries, slices)


def test_every_day_of_the_stock_is_counted_and_the_last_one_again() -> None:
    assert stock_calls([0, 250, 100]) == Calls(queries=1 + 3 + 1 + 1 + 3, batches=3 + 1 + 1 + 2)


def test_a_run_in_time_lets_the_next_one_start() -> None:
    """At 10 orders a second, a frequent run ends before the next one is due."""
    assert run_calls(10, RECENT).minutes < 15 < run_calls(100, RECENT).minutes


def test_an_order_is_read_by_six_frequent_and_three_nightly_runs() -> None:
    assert reads_of_an_order() == 0.5 * (6 + 2 * 3)

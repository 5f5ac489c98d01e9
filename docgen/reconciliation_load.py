"""The reconciliation's load at several rates of orders: a table in docs/cost.md.

The calls follow from how the parts page; a test compares them with those that the parts make. The durations
of the calls are assumptions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil, floor
from typing import Final

from lambdas.domain.vocabulary import ReconciliationScope
from lambdas.recovery.reconcile_payments.logic import PAGE
from lambdas.shared.store.listings import BATCH
from lambdas.shared.store.order_item import SHARDS
from stacks.settings import STAGES
from statemachines.definition import read_definition

RATES: Final = (0.1, 1, 10, 100)
"""Orders a second, day and night."""

_SCHEDULED: Final = (ReconciliationScope.RECENT, ReconciliationScope.FULL)

_DAY: Final = timedelta(days=1)
_NIGHT: Final = timedelta(hours=3)
"""Time at which the nightly run starts, UTC."""

_STRIPE_SECONDS: Final = 0.4
_QUERY_SECONDS: Final = 0.02
_BATCH_SECONDS: Final = 0.05
"""Durations (assumed) of a list of 100 payments, of a query, and of a read of 100 orders."""

_PROD: Final = STAGES["prod"]
_STALE_AFTER: Final = timedelta(seconds=_PROD.stale_after_seconds)
LIMIT_MINUTES: Final = read_definition("reconciliation")["TimeoutSeconds"] / 60


@dataclass(frozen=True)
class Calls:
    """Calls that follow one another.

    Attributes:
        lists: Lists of up to 100 payments at Stripe.
        queries: Queries of an index, and scans of the products.
        batches: Reads of up to 100 orders or products.
    """

    lists: int = 0
    queries: int = 0
    batches: int = 0

    def __add__(self, other: "Calls") -> "Calls":
        return Calls(self.lists + other.lists, self.queries + other.queries, self.batches + other.batches)

    @property
    def minutes(self) -> float:
        """Duration of all calls."""
        of_dynamodb = self.queries * _QUERY_SECONDS + self.batches * _BATCH_SECONDS
        return (self.lists * _STRIPE_SECONDS + of_dynamodb) / 60


def payment_calls(rate: float, seconds: float) -> Calls:
    """Calls of `PaymentReconciliation` for orders that have one payment each, and agree with it.

    A slice of time ends with a whole second, and with the day. A slice has the orders of a page without those
    of the page's last second; if a page is shorter than a second, the slice has the orders of one second.
    No authorization expires soon: each shard of those is asked once.
    """
    in_slice = rate * max(1, floor((PAGE - 1) / rate))
    slices = ceil(rate * seconds / in_slice) + int(seconds // _DAY.total_seconds())
    return Calls(
        lists=slices * ceil(in_slice / PAGE),
        queries=len(SHARDS) + slices * (int(rate // PAGE) + 1),
        batches=slices * ceil(in_slice / BATCH),
    )


def stock_calls(orders_of_days: Sequence[float]) -> Calls:
    """Calls of `StockReconciliation` for up to 500 products, some of which are sold during the comparison.

    Such a product differs from the orders of the last day, which are counted once more.
    """
    pages = [ceil(orders / BATCH) for orders in (*orders_of_days, orders_of_days[-1])]
    return Calls(
        queries=sum(max(1, each) for each in pages) + len(orders_of_days),
        batches=sum(pages) + 2,  # the products are read before and after
    )


def run_calls(rate: float, scope: ReconciliationScope) -> Calls:
    """Calls of a run while no order is idle."""
    calls = Calls(queries=len(SHARDS)) + payment_calls(rate, _compared(scope).total_seconds())
    if scope is ReconciliationScope.FULL:
        days = [_DAY] * scope.window.days + [_NIGHT]
        calls += stock_calls([rate * day.total_seconds() for day in days])
    return calls


def reads_of_an_order() -> float:
    """Read units for one order in all runs; a read that can be outdated costs half a unit for 4 KB."""
    interval = timedelta(minutes=_PROD.reconciliation_minutes)
    recent = _compared(ReconciliationScope.RECENT) / interval
    nights = ReconciliationScope.FULL.window / _DAY
    return 0.5 * (recent + 2 * nights)  # at night for its payment and for its stock


def load_table() -> str:
    """Make a Markdown table: for each rate and scope, the orders, calls and minutes of a run."""
    return "\n".join(
        [
            "| orders a second | scope | orders | calls to Stripe | calls to DynamoDB | minutes |",
            "|---|---|---|---|---|---|",
            *(_row(rate, scope) for rate in RATES for scope in _SCHEDULED),
        ]
    )


def _compared(scope: ReconciliationScope) -> timedelta:
    """Between the oldest and the youngest order that a run compares with its payment."""
    return scope.window - _STALE_AFTER


def _row(rate: float, scope: ReconciliationScope) -> str:
    calls = run_calls(rate, scope)
    orders = rate * _compared(scope).total_seconds()
    minutes = f"{calls.minutes:,.0f}" if calls.minutes >= 1 else f"{calls.minutes:.1f}"
    if calls.minutes > LIMIT_MINUTES:
        minutes += f", but stopped after {LIMIT_MINUTES:.0f}"
    dynamodb = calls.queries + calls.batches
    return f"| {rate:g} | `{scope}` | {orders:,.0f} | {calls.lists:,} | {dynamodb:,} | {minutes} |"

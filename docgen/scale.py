"""The tables of docs/scale.md that need the costs and the load of the reconciliation."""

from typing import Final

from docgen.cost import dollars_of_1000_orders
from docgen.reconciliation_load import LIMIT_MINUTES, run_calls
from lambdas.domain.vocabulary import ReconciliationScope
from proof.scale.limits import RATES

_MONTH_SECONDS: Final = 30 * 24 * 60 * 60

_ORDER_DOLLARS: Final = 50
_STRIPE_DOLLARS: Final = 0.029 * _ORDER_DOLLARS + 0.30
"""Stripe's fee for a domestic card in the US (https://stripe.com/pricing, November 2026)."""


def month_table() -> str:
    """Make a Markdown table: for each rate, the orders of a month, and what AWS and Stripe cost."""
    return "\n".join(
        [
            f"| Orders a second | Orders a month | AWS | Stripe, for orders of ${_ORDER_DOLLARS} |",
            "|---:|---:|---:|---:|",
            *(_row(rate) for rate in RATES),
        ]
    )


def nightly_limit() -> str:
    """Say at how many orders a second, day and night, the nightly reconciliation is still done in time."""
    rate = 1
    while run_calls(rate + 1, ReconciliationScope.FULL).minutes <= LIMIT_MINUTES:
        rate += 1
    return (
        "The nightly reconciliation compares three days of orders. It is done in time, which is"
        f" {LIMIT_MINUTES / 60:.0f} hours, up to {rate} orders a\nsecond, day and night"
        " ([its load](cost.md#the-load-of-the-reconciliation))."
    )


def _row(rate: int) -> str:
    orders = rate * _MONTH_SECONDS
    aws = orders / 1_000 * dollars_of_1000_orders()
    return f"| {rate:,} | {orders:,} | ${aws:,.0f} | ${orders * _STRIPE_DOLLARS:,.0f} |"

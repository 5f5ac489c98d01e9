"""Orders that are not at rest for longer than they should be."""

from datetime import timedelta
from typing import Final

from lambdas.domain import clock
from lambdas.domain.order import Order, OrderStatus
from lambdas.domain.vocabulary import FindingKind
from lambdas.shared.reconciliation import (
    Cursor,
    Finding,
    Rerun,
    Run,
    run_again,
)
from lambdas.shared.saga_executions import SagaRunner
from lambdas.shared.store.listings import OrderListing
from lambdas.shared.store.order_item import SHARDS
from lambdas.shared.store.orders import OrderTable

_PAGE: Final = 25
"""A page of which every order is run again takes some seconds."""


def reconcile_orders(
    run: Run, stale_after: timedelta, listing: OrderListing, orders: OrderTable, executions: SagaRunner
) -> Cursor | None:
    """Run the saga once more for every order that has been idle for too long; flag those that it can't help.

    Walks the sparse index of orders that are not at rest, one shard after the other.

    Args:
        run: Where the run stands; its cursor has the shard, and where in it the next page begins.
        stale_after: How long an order may be idle.
        listing: The index.
        orders: The orders.
        executions: The saga.

    Returns:
        Where to go on; None when all is done.

    Raises:
        StoreUnavailable: DynamoDB is not there; the call can be made again.
        SagaUnavailable: The same, for Step Functions.
    """
    before = clock.text(run.started_at - stale_after)
    cursor = run.cursor or {"shard": SHARDS[0], "start": None}
    while True:
        page = listing.unsettled(cursor["shard"], before=before, start=cursor["start"], limit=_PAGE)
        listed = listing.read((each.order_id for each in page.orders), consistent=True)
        for order in listed.values():
            _reconcile(order, before, run, orders, executions)
        if page.next_key is not None:
            cursor = {"shard": cursor["shard"], "start": page.next_key}
        elif cursor["shard"] == SHARDS[-1]:
            return None
        else:
            cursor = {"shard": SHARDS[SHARDS.index(cursor["shard"]) + 1], "start": None}
        if not run.has_time():
            return cursor


def _reconcile(order: Order, before: str, run: Run, orders: OrderTable, executions: SagaRunner) -> None:
    if order.is_at_rest:  # meanwhile: the index is a moment behind
        return
    counts = run.report.counts
    counts["orders_not_at_rest"] += 1
    if order.status is OrderStatus.NEEDS_ATTENTION:
        counts["orders_waiting_for_a_human"] += 1
    elif order.updated_at >= before:
        counts["orders_on_their_way"] += 1
    else:
        rerun = run_again(order, executions)
        counts[f"orders_rerun_{rerun}"] += 1
        if rerun is Rerun.NO_HELP:
            _flag(order, run, orders)


def _flag(order: Order, run: Run, orders: OrderTable) -> None:
    flagged = orders.flag(order.order_id, "one more execution changed nothing")
    if flagged.status is OrderStatus.NEEDS_ATTENTION:
        kind = FindingKind.STUCK_ORDER
    elif flagged.version == order.version:  # it has ended, and only the mail does not get through
        orders.record_notification(flagged, "CustomerNotNotified")
        kind = FindingKind.CUSTOMER_NOT_NOTIFIED
    else:  # it changed in this moment
        return
    run.report.add(
        Finding(
            kind,
            {"order_id": order.order_id},
            {"status": order.status, "version": order.version, "updated_at": order.updated_at},
        )
    )

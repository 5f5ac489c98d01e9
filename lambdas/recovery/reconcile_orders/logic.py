"""Finds orders that have been idle for too long, and runs them again or flags them."""

from datetime import datetime, timedelta
from typing import Final

from lambdas.domain import clock
from lambdas.domain.order import OUTAGE_LIMIT, PAUSE_AFTER_OUTAGE, Order, OrderStatus
from lambdas.domain.vocabulary import FindingKind
from lambdas.shared.log import about, logger
from lambdas.shared.reconciliation import Cursor, Finding, Rerun, Run, run_again
from lambdas.shared.saga_executions import SagaRunner
from lambdas.shared.store.listings import OrderListing
from lambdas.shared.store.order_item import SHARDS
from lambdas.shared.store.orders import OrderTable

_PAGE: Final = 25
"""Orders on a page: running all of them again takes a few seconds."""


def reconcile_orders(
    run: Run, stale_after: timedelta, listing: OrderListing, orders: OrderTable, executions: SagaRunner
) -> Cursor | None:
    """Run the saga again for every order that has been idle for too long; flag those that it does not help.

    An order that needs attention waits for an operator. If the cause may pass, it is run again after an hour,
    for a day at most. So is an order whose due refund of lines could not be made; then an operator is called.

    Walks the sparse index of orders that are not at rest, shard by shard.

    Returns:
        The cursor for the next call, with the shard and the start of the next page; None at the end.

    Raises:
        StoreUnavailable: DynamoDB does not answer; the call can be repeated.
        SagaUnavailable: Step Functions does not answer; the call can be repeated.
    """
    before = clock.text(run.started_at - stale_after)
    cursor = run.cursor or {"shard": SHARDS[0], "start": None}
    while True:
        page = listing.unsettled(cursor["shard"], before=before, start=cursor["start"], limit=_PAGE)
        listed = listing.read((each.order_id for each in page.orders), consistent=True)
        for order in listed.values():
            with about(order):
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
    if order.is_at_rest:  # the index lags behind the table
        return
    counts = run.report.counts
    counts["orders_not_at_rest"] += 1
    open_for = run.started_at - datetime.fromisoformat(order.open_since)
    run.report.oldest_open = max(run.report.oldest_open, open_for)
    if order.status is OrderStatus.NEEDS_ATTENTION:
        if _may_have_passed(order, run):
            orders.request_retry(order.order_id, by="reconciliation")
            logger.info("retry requested", extra={"by": "reconciliation"})
            counts["orders_retried"] += 1
        else:
            counts["orders_waiting_for_a_human"] += 1
    elif order.idle_since >= before or _is_paused(order, run):
        counts["orders_on_their_way"] += 1
    elif order.refund_delayed_at is not None and open_for > OUTAGE_LIMIT:
        counts["orders_waiting_for_a_human"] += 1
        _report(FindingKind.STUCK_ORDER, order, run)
    else:
        rerun = run_again(order, executions)
        counts[f"orders_rerun_{rerun}"] += 1
        if rerun is Rerun.NO_HELP:
            _flag(order, run, orders)


def _may_have_passed(order: Order, run: Run) -> bool:
    """Whether the cause for which an order needs attention may have passed by itself."""
    first_flagged_at = order.first_flagged_at or ""
    return (
        order.attention_may_pass
        and order.updated_at < clock.text(run.started_at - PAUSE_AFTER_OUTAGE)
        and first_flagged_at > clock.text(run.started_at - OUTAGE_LIMIT)
    )


def _is_paused(order: Order, run: Run) -> bool:
    """Whether the due refund of lines could not be made a short time ago."""
    delayed_at = order.refund_delayed_at
    return delayed_at is not None and delayed_at > clock.text(run.started_at - PAUSE_AFTER_OUTAGE)


def _flag(order: Order, run: Run, orders: OrderTable) -> None:
    flagged = orders.flag(order.order_id, "one more execution changed nothing")
    if flagged.status is OrderStatus.NEEDS_ATTENTION or flagged.refund_due is not None:
        kind = FindingKind.STUCK_ORDER
    elif flagged.version == order.version:  # the order has ended, and only its customer was not notified
        orders.record_notification(flagged, "CustomerNotNotified")
        kind = FindingKind.CUSTOMER_NOT_NOTIFIED
    else:  # the order has just changed
        return
    _report(kind, order, run)


def _report(kind: FindingKind, order: Order, run: Run) -> None:
    run.report.add(
        Finding(
            kind,
            {"order_id": order.order_id},
            {"status": order.status, "version": order.version, "updated_at": order.updated_at},
            order.request_id,
            order.open_since,
        )
    )

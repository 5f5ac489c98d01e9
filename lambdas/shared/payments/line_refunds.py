"""Compares the refunds of lines that an order records with the refunds that Stripe lists."""

from collections.abc import Sequence
from dataclasses import replace

from lambdas.domain.line_refund import LineRefund, LineRefundStatus
from lambdas.domain.order import Order
from lambdas.domain.payment import Refund
from lambdas.shared.store.orders import OrderTable


def status_at_stripe(refund: LineRefund, listed: Sequence[Refund]) -> LineRefundStatus | None:
    """The status of a refund of lines as Stripe lists it; None if Stripe has none."""
    tries = [each for each in listed if each.attempt == refund.refund_id]
    if not tries:
        return None
    good = [each for each in tries if each.counts]
    if not good:
        return LineRefundStatus.FAILED
    is_pending = any(each.status == "pending" for each in good)
    return LineRefundStatus.REFUND_PENDING if is_pending else LineRefundStatus.REFUNDED


def follow_line_refunds(order: Order, listed: Sequence[Refund], orders: OrderTable) -> Order | None:
    """Record refunds of lines that have arrived, that a bank has returned, or that succeeded after all.

    The undo of an order looks after all of its refunds, and an execution after the one that is requested. The
    arrival of a pending one is recorded nevertheless.

    Returns:
        The order as it is now; None if it has changed since it was read.
    """
    for refund in order.refunds:
        if not (refund.is_made or refund.status is LineRefundStatus.FAILED):
            continue
        status = status_at_stripe(refund, listed)
        if status in {None, refund.status}:
            continue
        changed = replace(refund, status=status or refund.status)
        if refund.is_made and changed.is_made:
            event = f"LineRefundArrived: {refund.refund_id}"
            written = orders.record_line_refund_arrived(order, changed, event)
        elif order.has_passed_the_pivot:
            event = "LineRefundMade" if changed.is_made else "LineRefundReturned"
            written = orders.reopen_line_refund(order, changed, event)
        else:
            continue
        if written is None:
            return None
        order = written
    return order

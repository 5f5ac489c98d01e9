"""Hands an order to an operator, or records that a refund of its lines could not be made."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lambdas.domain.errors import StoreUnavailable
from lambdas.domain.failure import may_pass, reason_for_operator
from lambdas.domain.line_refund import LineRefund, LineRefundStatus
from lambdas.domain.order import Order
from lambdas.shared.store.orders import OrderTable


def flag_for_operator(
    order_id: str, error_output: Mapping[str, Any], refund_id: str | None, orders: OrderTable
) -> Order:
    """Flag an order whose undo failed for good, or whose payment can't be captured.

    Any other order that is confirmed stays so.

    A refund of lines whose outcome is unknown stays due, and the reconciliation runs the order again. If the
    payment provider refuses it, it has failed, and the operator decides what to do instead.

    Args:
        order_id: The order.
        error_output: Step Functions' error output.
        refund_id: The refund of lines that failed; None if an undo failed. Another one that is due by now has
            its own execution.
        orders: Where orders are stored.

    Raises:
        StoreUnavailable: The order has changed in the meantime: try again.
    """
    reason, passes = reason_for_operator(error_output), may_pass(error_output)
    order = orders.flag(order_id, reason, may_pass=passes)
    due = order.refund_if_due(refund_id)
    if due is None or not order.has_passed_the_pivot:
        return order
    written = (
        orders.delay_line_refund(order, reason)
        if passes
        else orders.record_line_refund(order, _given_up(due), f"LineRefundFailed: {reason}", is_over=True)
    )
    if written is None:
        raise StoreUnavailable("the order has just changed")
    return written


def _given_up(due: LineRefund) -> LineRefund:
    """A refund that is made stays so, even if its units can't be put back into stock."""
    return due if due.is_made else replace(due, status=LineRefundStatus.FAILED)

"""Makes the refund of lines that an operator has asked for."""

from dataclasses import replace

from lambdas.domain.errors import PaymentInFlux, RefundRefused, StoreUnavailable
from lambdas.domain.line_refund import LineRefund, LineRefundStatus
from lambdas.domain.order import Order
from lambdas.shared.payments.gateway import PaymentGateway
from lambdas.shared.payments.line_refunds import status_at_stripe
from lambdas.shared.store.orders import OrderTable


def refund_lines(order_id: str, refund_id: str | None, orders: OrderTable, gateway: PaymentGateway) -> Order:
    """Make a refund of lines, once, and record it; if it is not due any more, do nothing.

    Stripe's list decides whether it was made before. Its id is in the idempotency key, so two executions make
    one refund. If somebody asks to cancel the order, the undo takes care of the payment.

    Raises:
        PaymentInFlux: The payment has changed in the meantime: try again.
        PaymentProviderUnavailable: The outcome is unknown.
        StoreUnavailable: The order has changed in the meantime: try again.
        RefundRefused: The payment provider refuses the refund, or it failed.
    """
    order = orders.get(order_id)
    due = order.refund_if_due(refund_id)
    if due is None or not order.may_go_forward:
        return order
    if due.status is LineRefundStatus.FAILED:
        raise RefundRefused("the customer's bank returned a refund of lines")
    if due.status is LineRefundStatus.REQUESTED:
        due = replace(due, status=_refunded(order, due, gateway))
        event = f"LinesRefunded: {due.refund_id}"
    elif due.awaits_units:
        return order
    else:
        event = f"LineRefundClosed: {due.refund_id}"
    written = orders.record_line_refund(order, due, event, is_over=not due.awaits_units)
    if written is None:
        raise StoreUnavailable("the order has just changed")
    return written


def _refunded(order: Order, due: LineRefund, gateway: PaymentGateway) -> LineRefundStatus:
    """Make a refund unless Stripe lists it; returns its status."""
    intent = gateway.retrieve_intent(str(order.payment.intent_id))  # a confirmed order has an intent
    listed = gateway.list_refunds(intent.intent_id)
    if status_at_stripe(due, listed) is None:
        if intent.amount_held < due.amount:
            raise RefundRefused(f"Stripe holds only {intent.amount_held}")
        gateway.refund_lines(order, intent, due)
        # A refund can fail at once, and the webhook about that comes before the record says that it was made.
        listed = gateway.list_refunds(intent.intent_id)
    match status_at_stripe(due, listed):
        case None:
            raise PaymentInFlux("Stripe does not list the refund yet")
        case LineRefundStatus.FAILED:
            raise RefundRefused("the refund failed, or waits for the customer")
        case status:
            return status

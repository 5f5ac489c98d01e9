"""The undo of `charge_payment`: it retrieves the payment and undoes what it finds."""

from collections.abc import Mapping, Sequence
from typing import Any

from lambdas.domain.errors import PaymentInFlux, RefundRefused
from lambdas.domain.order import Order, PaymentStatus
from lambdas.domain.payment import PaymentIntent, Refund
from lambdas.shared.payments.gateway import PaymentGateway
from lambdas.shared.store.orders import OrderTable


def refund_payment(
    order_id: str,
    error_output: Mapping[str, Any],
    attempt: str,
    orders: OrderTable,
    gateway: PaymentGateway,
) -> Order:
    """Make sure that we owe the customer nothing, now or later.

    Raises:
        OrderAlreadyConfirmed: The order has passed the pivot and keeps its payment.
        PaymentInFlux: The payment is not decided yet, or has changed in the meantime: try again.
        PaymentProviderUnavailable: The outcome is unknown.
        RefundRefused: The payment provider refuses the refund, or the refund failed.
    """
    order = orders.begin_undo(order_id, error_output)
    if order.payment.intent_id is None:
        # The id is recorded before money can move, and never after an undo has begun: no money has moved.
        return order
    if order.is_settled_outside:
        return order
    intent = gateway.retrieve_intent(order.payment.intent_id)
    if intent.status == "processing":
        raise PaymentInFlux("the payment is processing")
    if intent.status == "succeeded":
        return _refund(order, intent, attempt, orders, gateway)
    if intent.status != "canceled":
        gateway.cancel_intent(intent.intent_id)
    return orders.record_money_back(order_id, PaymentStatus.CANCELED, "PaymentCanceled")


def _refund(
    order: Order, intent: PaymentIntent, attempt: str, orders: OrderTable, gateway: PaymentGateway
) -> Order:
    """Refund what is still held, and record whether all refunds have arrived."""
    refunds = []
    if intent.amount_held:
        order = orders.record_refund_attempt(order.order_id, attempt)
        if order.is_settled_outside:
            return order
        refunds = [gateway.refund(order, intent, attempt)]
    if intent.amount_refunded:  # a part was refunded before, and may not have arrived
        refunds = gateway.list_refunds(intent.intent_id)
    if not _are_pending(refunds, intent):
        return orders.record_money_back(order.order_id, PaymentStatus.REFUNDED, "PaymentRefunded")
    order = orders.record_money_back(order.order_id, PaymentStatus.REFUND_PENDING, "PaymentRefundPending")
    # A webhook that came before this entry changed nothing. So the refunds are read once more after it.
    if not _are_pending(gateway.list_refunds(intent.intent_id), intent):
        raise PaymentInFlux("a pending refund has just arrived")
    return order


def _are_pending(refunds: Sequence[Refund], intent: PaymentIntent) -> bool:
    """Whether a refund waits, mostly for available balance (https://docs.stripe.com/refunds).

    Raises:
        RefundRefused: The refunds do not give back all of the payment.
    """
    good = [refund for refund in refunds if refund.counts]
    if sum(refund.amount for refund in good) < intent.amount_received:
        bad = [f"refund {refund.refund_id} is {refund.status}" for refund in refunds if refund not in good]
        raise RefundRefused(", ".join(bad))
    return any(refund.status == "pending" for refund in good)

"""The undo of `charge_payment`: it retrieves the payment and undoes what it finds."""

from collections.abc import Mapping
from typing import Any

from lambdas.domain.errors import PaymentInFlux
from lambdas.domain.order import Order, PaymentStatus
from lambdas.shared.payments.gateway import PaymentGateway
from lambdas.shared.store.orders import OrderTable


def refund_payment(
    order_id: str,
    error_output: Mapping[str, Any],
    attempt: str,
    orders: OrderTable,
    gateway: PaymentGateway,
) -> Order:
    """Make sure that we hold none of the customer's money, now or later.

    Raises:
        OrderAlreadyConfirmed: The order has passed the pivot and keeps its payment.
        PaymentInFlux: The payment is not decided yet, or has changed in the meantime: try again.
        PaymentProviderUnavailable: The outcome is unknown.
        RefundRefused: The payment provider refuses the refund, or leaves it open.
    """
    order = orders.begin_undo(order_id, error_output)
    if order.payment.intent_id is None:
        # The id is recorded before money can move, and never after an undo has begun: no money has moved.
        return order
    intent = gateway.retrieve_intent(order.payment.intent_id)
    if intent.status == "processing":
        raise PaymentInFlux("the payment is processing")
    if intent.status == "succeeded":
        gateway.refund(order_id, intent, attempt)
        return orders.record_money_back(order_id, PaymentStatus.REFUNDED, "PaymentRefunded")
    if intent.status != "canceled":
        gateway.cancel_intent(intent.intent_id)
    return orders.record_money_back(order_id, PaymentStatus.CANCELED, "PaymentCanceled")

"""The undo of `charge_payment`: it asks Stripe what happened, and undoes what it finds."""

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
    """Leave none of the customer's money with us, now or later.

    Raises:
        OrderAlreadyConfirmed: The order is beyond the pivot; it keeps its payment.
        PaymentInFlux: Stripe has not decided yet, or decided something else meanwhile: ask again.
        PaymentProviderUnavailable: The outcome is unknown.
        RefundRefused: Stripe will not give the money back, or leaves it open.
    """
    order = orders.begin_undo(order_id, error_output)
    if order.payment.intent_id is None:
        # The id is written before money can move, and never after an undo began: there is none.
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

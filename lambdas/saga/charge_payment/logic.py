"""Charges an order. A retry after any failure goes on from the payment's current state."""

from lambdas.domain.errors import PaymentActionRequired, PaymentDeclined
from lambdas.domain.order import Order, PaymentStatus
from lambdas.domain.payment import PaymentIntent
from lambdas.shared.payments.gateway import PaymentGateway
from lambdas.shared.store.orders import OrderTable


def charge_payment(order_id: str, orders: OrderTable, gateway: PaymentGateway) -> Order:
    """Charge the order once.

    Intent before effect: the PaymentIntent is created without moving money, its id is recorded, and only then
    is it confirmed. So an undo can always find the payment.

    Raises:
        OrderCancelled: Somebody asked to cancel the order.
        UndoAlreadyBegun: An earlier execution decided to undo the order.
        PaymentDeclined: The bank declined.
        PaymentActionRequired: The customer has to approve the payment, or the bank has not decided yet.
        PaymentProviderUnavailable: The outcome is unknown.
    """
    order = orders.get(order_id)
    if order.payment.status is PaymentStatus.SUCCEEDED:
        return order
    order.ensure_may_go_forward()
    intent = _intent_of(order, orders, gateway)
    if intent.status == "requires_confirmation":
        intent = _confirmed(order_id, intent, orders, gateway)
    if intent.is_paid:
        return orders.record_payment(order_id, PaymentStatus.SUCCEEDED, "PaymentSucceeded")
    if intent.status in {"requires_action", "processing"}:
        orders.record_action_required(order_id, intent)
        raise PaymentActionRequired(f"the payment is {intent.status}")
    raise PaymentDeclined(intent.decline or "The payment was declined.")


def _intent_of(order: Order, orders: OrderTable, gateway: PaymentGateway) -> PaymentIntent:
    if order.payment.intent_id is not None:
        return gateway.retrieve_intent(order.payment.intent_id)
    intent = gateway.create_intent(order)
    order = orders.record_intent(order.order_id, intent.intent_id, PaymentStatus.REQUIRES_CONFIRMATION)
    if order.payment.intent_id != intent.intent_id:  # another attempt has recorded another intent
        return gateway.retrieve_intent(str(order.payment.intent_id))
    return intent


def _confirmed(
    order_id: str, intent: PaymentIntent, orders: OrderTable, gateway: PaymentGateway
) -> PaymentIntent:
    try:
        return gateway.confirm_intent(order_id, intent.intent_id)
    except PaymentDeclined:
        orders.record_payment(order_id, PaymentStatus.REQUIRES_PAYMENT_METHOD, "PaymentDeclined")
        raise

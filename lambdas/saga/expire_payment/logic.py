"""Ends the wait for a payment at its deadline: it is paid, still processing, or cancelled."""

from lambdas.domain.errors import PaymentActionRequired, PaymentDeclined, PaymentExpired
from lambdas.domain.order import PAID_OR_HELD, Order
from lambdas.shared.payments.gateway import PaymentGateway
from lambdas.shared.store.orders import OrderTable


def expire_payment(order_id: str, orders: OrderTable, gateway: PaymentGateway) -> Order:
    """Retrieve the payment once more, and cancel it only if the customer has not approved it.

    A webhook can be late or lost, so a deadline says nothing about the payment. If the customer approves it
    just before it is cancelled, the provider refuses the cancellation, and the next attempt finds it paid.

    Returns:
        The order, whose payment has succeeded or is authorized.

    Raises:
        OrderCancelled: Somebody asked to cancel the order.
        UndoAlreadyBegun: An earlier execution decided to undo the order.
        PaymentActionRequired: The bank has not decided yet: the saga waits again.
        PaymentDeclined: The customer refused, or the bank declined.
        PaymentExpired: The payment was not approved; it is cancelled, so it can never be charged.
        PaymentInFlux: The payment has changed in the meantime: try again.
        PaymentProviderUnavailable: The outcome is unknown.
    """
    order = orders.get(order_id)
    if order.payment.status in PAID_OR_HELD:
        return order
    order.ensure_may_go_forward()
    intent = gateway.retrieve_intent(str(order.payment.intent_id))  # a payment that is awaited has an intent
    if intent.is_paid_or_held:
        return orders.record_paid_or_held(order_id, intent)
    if intent.status == "processing":
        orders.record_processing(order_id)
        raise PaymentActionRequired("the payment is processing")
    if intent.status == "succeeded":
        raise PaymentDeclined("The payment was refunded.")
    if intent.status == "requires_payment_method":
        raise PaymentDeclined(intent.decline or "The payment was not approved.")
    if intent.status != "canceled":
        gateway.cancel_intent(intent.intent_id)
    raise PaymentExpired("The payment was not approved in time.")

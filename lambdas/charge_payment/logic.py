"""Charges an order, so that every retry at any point goes on from what Stripe says."""

from lambdas.shared.errors import PaymentDeclined, PaymentInFlux
from lambdas.shared.order import Order, PaymentStatus
from lambdas.shared.order_table import OrderTable
from lambdas.shared.payment_gateway import PaymentGateway, PaymentIntent


def charge_payment(order_id: str, orders: OrderTable, gateway: PaymentGateway) -> Order:
    """Take the order's money, once.

    Intent before effect: the PaymentIntent is created without moving money, its id is written to the
    order record, and only then is it confirmed. Whoever has to undo this can always find it.

    Raises:
        OrderCancelled: Somebody asked to cancel the order.
        UndoAlreadyBegun: An earlier execution decided to undo the order.
        PaymentDeclined: The bank says no, or wants the customer to act.
        PaymentInFlux: Stripe has not decided yet.
        StripeUnavailable: The outcome is unknown.
    """
    order = orders.get(order_id)
    if order.payment.status is PaymentStatus.SUCCEEDED:
        return order
    order.ensure_may_go_forward()
    intent = _intent_of(order, orders, gateway)
    if intent.status == "requires_confirmation":
        intent = _confirmed(order_id, intent, orders, gateway)
    if intent.status == "succeeded":
        return orders.record_payment(order_id, PaymentStatus.SUCCEEDED, "PaymentSucceeded")
    if intent.status == "processing":
        raise PaymentInFlux("the payment is processing")
    if intent.status == "requires_action":
        raise PaymentDeclined("The bank asks for an approval that this shop cannot take yet.")
    raise PaymentDeclined("The payment was declined.")


def _intent_of(order: Order, orders: OrderTable, gateway: PaymentGateway) -> PaymentIntent:
    if order.payment.intent_id is not None:
        return gateway.retrieve_intent(order.payment.intent_id)
    intent = gateway.create_intent(order)
    orders.record_intent(order.order_id, intent.intent_id, PaymentStatus.REQUIRES_CONFIRMATION)
    return intent


def _confirmed(
    order_id: str, intent: PaymentIntent, orders: OrderTable, gateway: PaymentGateway
) -> PaymentIntent:
    try:
        return gateway.confirm_intent(order_id, intent.intent_id)
    except PaymentDeclined:
        orders.record_payment(order_id, PaymentStatus.REQUIRES_PAYMENT_METHOD, "PaymentDeclined")
        raise

"""Charges an order. A retry after any failure goes on from the payment's current state."""

from lambdas.domain.errors import (
    OrderRejected,
    PaymentActionRequired,
    PaymentDeclined,
    PaymentExpired,
    TransientFailure,
)
from lambdas.domain.order import PAID_OR_HELD, Order, PaymentStatus
from lambdas.domain.payment import PaymentIntent
from lambdas.saga.charge_payment.charge_queue import ChargeQueue
from lambdas.shared.log import logger
from lambdas.shared.payments.gateway import PaymentGateway
from lambdas.shared.store.orders import OrderTable


def charge_payment(order_id: str, orders: OrderTable, gateway: PaymentGateway, queue: ChargeQueue) -> Order:
    """Charge the order once, when its turn has come, or only authorize its payment (`Order.capture`).

    Intent before effect: the PaymentIntent is created without moving money, its id is recorded, and only then
    is it confirmed. So an undo can always find the payment.

    Raises:
        OrderCancelled: Somebody asked to cancel the order.
        UndoAlreadyBegun: An earlier execution decided to undo the order.
        ChargeScheduled: Other orders are charged first.
        OutOfStock: Others have bought the last units while the order waited for its turn.
        PaymentDeclined: The bank declined.
        PaymentExpired: An earlier execution cancelled the payment at its deadline.
        PaymentActionRequired: The customer has to approve the payment, or the bank has not decided yet.
        PaymentProviderUnavailable: The outcome is unknown.
    """
    order = orders.get(order_id)
    if order.payment.status in PAID_OR_HELD:
        return order
    order.ensure_may_go_forward()
    if order.payment.intent_id is None:
        order = queue.await_turn(order, orders)
    intent = _intent_of(order, orders, gateway)
    if intent.status == "requires_confirmation":
        intent = _confirmed(order, intent, orders, gateway)
    if intent.is_paid_or_held:
        return orders.record_paid_or_held(order_id, intent)
    if intent.status == "requires_action":
        orders.record_action_required(order_id, intent)
        raise PaymentActionRequired("the payment needs the customer's approval")
    if intent.status == "processing":
        orders.record_processing(order_id)
        raise PaymentActionRequired("the payment is processing")
    if intent.status == "canceled" and order.task_token is not None:  # it was awaited, whatever came after
        raise PaymentExpired("The payment was not approved in time.")
    raise PaymentDeclined(intent.decline or "The payment was declined.")


def _intent_of(order: Order, orders: OrderTable, gateway: PaymentGateway) -> PaymentIntent:
    if order.payment.intent_id is not None:
        return gateway.retrieve_intent(order.payment.intent_id)
    intent = gateway.create_intent(order)
    try:
        order = orders.record_intent(order.order_id, intent.intent_id, PaymentStatus.REQUIRES_CONFIRMATION)
    except OrderRejected:
        _cancel_spare(intent, gateway)
        raise
    if order.payment.intent_id != intent.intent_id:  # another attempt has recorded another intent
        _cancel_spare(intent, gateway)
        return gateway.retrieve_intent(str(order.payment.intent_id))
    return intent


def _cancel_spare(intent: PaymentIntent, gateway: PaymentGateway) -> None:
    """Cancel an intent that the order does not go on with, so that nobody can pay it.

    It holds no money. If it cannot be cancelled now, the reconciliation of payments does that later.
    """
    try:
        gateway.cancel_intent(intent.intent_id)
    except TransientFailure as failure:
        extra = {"intent_id": intent.intent_id, "error": type(failure).__name__}
        logger.warning("a spare intent is not cancelled yet", extra=extra)


def _confirmed(
    order: Order, intent: PaymentIntent, orders: OrderTable, gateway: PaymentGateway
) -> PaymentIntent:
    try:
        return gateway.confirm_intent(order, intent.intent_id)
    except PaymentDeclined:
        orders.record_payment(order.order_id, PaymentStatus.REQUIRES_PAYMENT_METHOD, "PaymentDeclined")
        raise

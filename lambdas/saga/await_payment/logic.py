"""Lets the saga wait until the customer, or their bank, has decided on the payment."""

from dataclasses import replace

from lambdas.domain.order import Order
from lambdas.shared.payments.gateway import PaymentGateway
from lambdas.shared.payments.settlement import Callback, settle_payment
from lambdas.shared.store.orders import OrderTable


def await_payment(
    order_id: str, task_token: str, orders: OrderTable, gateway: PaymentGateway, callback: Callback
) -> Order:
    """Write down how the waiting execution is woken, and then ask Stripe once.

    A webhook that came before the token was written found nobody to wake. So Stripe is asked after the
    token is there: whatever was decided before is seen here, whatever is decided later has a webhook.

    Raises:
        OrderCancelled: Somebody asked to cancel the order.
        UndoAlreadyBegun: An earlier execution decided to undo the order.
        PaymentProviderUnavailable: The outcome is unknown.
    """
    order = orders.record_waiting(order_id, task_token)
    if order.payment.intent_id is not None:
        # An order that another execution has confirmed keeps its token: this execution must be woken, too.
        waiting = replace(order, task_token=task_token)
        settle_payment(waiting, gateway.retrieve_intent(order.payment.intent_id), orders, callback)
    return order

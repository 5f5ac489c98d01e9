"""Makes the saga wait until the customer or their bank has decided the payment."""

from dataclasses import replace

from lambdas.domain.order import Order
from lambdas.shared.payments.gateway import PaymentGateway
from lambdas.shared.payments.settlement import Callback, settle_payment
from lambdas.shared.store.orders import OrderTable


def await_payment(
    order_id: str, task_token: str, orders: OrderTable, gateway: PaymentGateway, callback: Callback
) -> Order:
    """Record the task token that resumes the waiting execution, then retrieve the payment once.

    A webhook that arrived before the token was recorded found no execution to resume. The payment is
    therefore retrieved after the token is recorded: an earlier decision is found here, and a later one has a
    webhook.

    Raises:
        OrderCancelled: Somebody asked to cancel the order.
        UndoAlreadyBegun: An earlier execution decided to undo the order.
        PaymentProviderUnavailable: The outcome is unknown.
    """
    order = orders.record_waiting(order_id, task_token)
    if order.payment.intent_id is not None:
        # If another execution has confirmed the order, this token is not recorded, but it must be resumed.
        waiting = replace(order, task_token=task_token)
        settle_payment(waiting, gateway.retrieve_intent(order.payment.intent_id), orders, callback)
    return order

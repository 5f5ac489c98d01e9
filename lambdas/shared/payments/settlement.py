"""Resumes the execution that waits for a payment, for the webhook and for the step AwaitPayment."""

from typing import Protocol

from lambdas.domain.errors import OrderRejected, OrderSagaError, PaymentDeclined, PaymentExpired
from lambdas.domain.order import Order
from lambdas.domain.payment import PaymentIntent
from lambdas.shared.store.orders import OrderTable


class Callback(Protocol):
    """The port to an execution that waits with a task token. `TaskCallback` implements it.

    A token that was used, or whose execution has gone on, has no effect.
    """

    def succeed(self, task_token: str) -> None:
        """Let the saga go forward."""

    def fail(self, task_token: str, error: OrderSagaError) -> None:
        """Let the saga undo the order; it catches the class name of the error."""


def settle_payment(order: Order, intent: PaymentIntent, orders: OrderTable, callback: Callback) -> bool:
    """Resume the order's execution if it waits and the payment is decided.

    The payment is recorded before the execution goes on, so the execution finds it. The intent must be as the
    provider has it now, never as a webhook reports it. A payment that the customer has approved, and that
    their bank has not decided yet, is recorded, too.

    Returns:
        Whether the execution was resumed.

    Raises:
        OrderCancelled: Somebody asked to cancel; the undo takes care of the payment.
        UndoAlreadyBegun: The deadline came first; the undo takes care of the payment.
        PaymentDeclined: The money has already been refunded.
    """
    if order.task_token is None or intent.status == "requires_action":
        return False
    if intent.status == "processing":
        orders.record_processing(order.order_id)
        return False
    if intent.is_paid_or_held:
        try:
            orders.record_paid_or_held(order.order_id, intent)
        except OrderRejected as rejection:
            callback.fail(order.task_token, rejection)  # otherwise it would wait until its deadline
            raise
        callback.succeed(order.task_token)
    elif intent.status == "canceled":  # by another execution that waited for it, at its deadline
        callback.fail(order.task_token, PaymentExpired("The payment was not approved in time."))
    else:
        callback.fail(order.task_token, PaymentDeclined(intent.decline or "The payment was not approved."))
    return True

"""Tells a waiting saga what became of its payment; the webhook does it, and `AwaitPayment` itself."""

from typing import Protocol

from lambdas.domain.errors import OrderRejected, OrderSagaError, PaymentDeclined
from lambdas.domain.order import Order, PaymentStatus
from lambdas.domain.payment import PaymentIntent
from lambdas.shared.store.orders import OrderTable


class Callback(Protocol):
    """Whatever wakes an execution that waits with a task token.

    A token that is used up, or whose execution has moved on, is nobody's any more: nothing happens.
    """

    def succeed(self, task_token: str) -> None:
        """The saga may go on."""

    def fail(self, task_token: str, error: OrderSagaError) -> None:
        """The saga must turn back; the error's class is the name that it catches."""


def settle_payment(order: Order, intent: PaymentIntent, orders: OrderTable, callback: Callback) -> bool:
    """Wake the order's execution, if it waits and Stripe has decided.

    The payment is on the order record before the saga goes on, so a saga that goes on finds it there.

    Args:
        order: As it is now.
        intent: As Stripe has it now: never what a webhook says that it was.
        orders: Where the payment is written down.
        callback: Wakes the execution.

    Returns:
        Whether the execution was told.

    Raises:
        OrderCancelled: Somebody asked to cancel; the undo takes care of the payment.
        UndoAlreadyBegun: The deadline was first; the undo takes care of the payment.
        PaymentDeclined: Somebody has given the money back already.
    """
    if order.task_token is None or intent.status in {"requires_action", "processing"}:
        return False
    if intent.is_paid:
        try:
            orders.record_payment(order.order_id, PaymentStatus.SUCCEEDED, "PaymentSucceeded")
        except OrderRejected as rejection:
            callback.fail(order.task_token, rejection)  # it need not wait for its deadline to turn back
            raise
        callback.succeed(order.task_token)
    else:
        callback.fail(order.task_token, PaymentDeclined(intent.decline or "The payment was not approved."))
    return True

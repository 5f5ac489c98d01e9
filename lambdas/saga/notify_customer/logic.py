"""Tells a customer how their order ended."""

from collections.abc import Callable
from typing import Final, Protocol

from lambdas.domain.errors import MailRejected, NothingToTell
from lambdas.domain.order import Order, OrderStatus
from lambdas.shared.store.orders import OrderTable


class Mailer(Protocol):
    """Whatever delivers a message."""

    def send(self, to: str, subject: str, text: str) -> None:
        """Send one plain text message."""


_SUBJECTS: Final = {
    OrderStatus.CONFIRMED: "Your order is confirmed",
    OrderStatus.FAILED: "Your order could not be completed",
    OrderStatus.CANCELLED: "Your order is cancelled",
}


class Once(Protocol):
    """Whatever runs an action once for a key, also when two executions come here at the same time."""

    def __call__(self, key: str, action: Callable[[], None]) -> None:
        """Run the action, unless it has come through before under the same key."""


def notify_customer(order_id: str, orders: OrderTable, mailer: Mailer, once: Once) -> Order:
    """Send the message that fits the order's end, and write down that it was sent.

    Until then the order is not at rest: whatever breaks here, the reconciler finds the order and comes here
    again. If it breaks between the two, the key in `once` still knows that the message was sent.

    Raises:
        NothingToTell: The order has not ended.
        MailUnavailable: The message was not taken just now.
        MailRejected: The message will never be taken; the order is at rest all the same.
    """
    order = orders.get(order_id)
    if order.is_at_rest:
        return order
    try:
        once(f"{order_id}-{order.status}", lambda: _send(order, mailer))
    except MailRejected:
        orders.record_notification(order, "CustomerNotNotified")
        raise
    return orders.record_notification(order, "CustomerNotified")


def _send(order: Order, mailer: Mailer) -> None:
    subject = _SUBJECTS.get(order.status)
    if subject is None:
        raise NothingToTell(f"order {order.order_id} is {order.status}")
    mailer.send(order.email, subject, _text(order))


def _text(order: Order) -> str:
    if order.failure is not None:
        end = f"{order.failure.message} Anything that was charged has been given back."
    else:
        end = f"You paid {order.price}."
    return f"Order {order.order_id}\n\n{end}\n"

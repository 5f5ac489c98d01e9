"""Tells a customer how their order ended."""

from typing import Final, Protocol

from lambdas.shared.errors import NothingToTell
from lambdas.shared.order import Order, OrderStatus


class Mailer(Protocol):
    """Whatever delivers a message."""

    def send(self, to: str, subject: str, text: str) -> None:
        """Send one plain text message."""


_SUBJECTS: Final = {
    OrderStatus.CONFIRMED: "Your order is confirmed",
    OrderStatus.FAILED: "Your order could not be completed",
    OrderStatus.CANCELLED: "Your order is cancelled",
}


def notify_customer(order: Order, mailer: Mailer) -> None:
    """Send the message that fits the order's end.

    Raises:
        NothingToTell: The order has not ended.
        MailUnavailable: The message was not taken just now.
        MailRejected: The message will never be taken.
    """
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

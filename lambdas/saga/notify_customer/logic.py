"""Notifies a customer of how their order ended."""

from collections.abc import Callable
from typing import Final, Protocol

from lambdas.domain.errors import MailRejected, NothingToTell
from lambdas.domain.order import Order, OrderStatus, PaymentStatus
from lambdas.shared.store.orders import OrderTable


class Mailer(Protocol):
    """The port to the mail service. `SesMailer` implements it."""

    def send(self, to: str, subject: str, text: str, *, order_id: str) -> None:
        """Send a plain text message about an order.

        Raises:
            MailUnavailable: The message was not accepted this time.
            MailRejected: The message will never be accepted.
        """


_SUBJECTS: Final = {
    OrderStatus.CONFIRMED: "Your order is confirmed",
    OrderStatus.FAILED: "Your order could not be completed",
    OrderStatus.CANCELLED: "Your order is cancelled",
}


_GIVEN_BACK: Final = {
    PaymentStatus.NOT_STARTED: "You were not charged.",
    PaymentStatus.CANCELED: "You were not charged.",
    PaymentStatus.REFUNDED: "Your payment has been refunded.",
    PaymentStatus.REFUND_PENDING: "Your refund is on its way. It can take several days.",
    PaymentStatus.SETTLED_OUTSIDE: (
        "Your payment could not be refunded to your card. We have settled it with you in another way."
    ),
}
"""What the customer of a closed order gets back, by the status of the payment (`MONEY_IS_BACK`)."""


Once = Callable[[str, Callable[[], None]], None]
"""Runs an action unless it has succeeded before with the same key; see `run_once`."""


def notify_customer(order_id: str, orders: OrderTable, mailer: Mailer, once: Once) -> Order:
    """Send the message for the order's end, then record that it was sent.

    Until it is recorded, the order is not at rest, so after any failure the reconciler runs the saga again.
    If the failure came after the message was sent, the key in `once` prevents a second message.

    Raises:
        NothingToTell: The order has not ended.
        MailUnavailable: The message was not accepted this time.
        MailRejected: The message will never be accepted; the order is at rest nevertheless.
    """
    order = orders.get(order_id)
    if order.is_at_rest:
        return order
    try:
        once(_key(order), lambda: _send(order, mailer))
    except MailRejected:
        orders.record_notification(order, "CustomerNotNotified")
        raise
    return orders.record_notification(order, "CustomerNotified")


def _key(order: Order) -> str:
    """Each end has one message. A settlement has its own: the order may have been closed before."""
    return f"{order.order_id}-{order.status}{'-settled' if order.is_settled_outside else ''}"


def _send(order: Order, mailer: Mailer) -> None:
    subject = _SUBJECTS.get(order.status)
    if subject is None:
        raise NothingToTell(f"order {order.order_id} is {order.status}")
    if order.is_erased:
        raise MailRejected("the customer is erased")
    mailer.send(order.email, subject, _text(order), order_id=order.order_id)


def _text(order: Order) -> str:
    if order.failure is not None:
        end = f"{order.failure.message} {_GIVEN_BACK[order.payment.status]}"
    else:
        end = f"You paid {order.price}."
    return f"Order {order.order_id}\n\n{end}\n"

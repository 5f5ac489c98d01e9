"""Notifies a customer of how their order ended."""

from collections.abc import Callable
from typing import Final

from lambdas.domain.errors import MailRejected, NothingToTell
from lambdas.domain.order import Order, OrderStatus
from lambdas.shared.mail.mailer import Mailer
from lambdas.shared.mail.order_closed import order_cancelled, order_failed
from lambdas.shared.mail.order_confirmed import order_confirmed
from lambdas.shared.store.orders import OrderTable

_LETTERS: Final = {
    OrderStatus.CONFIRMED: order_confirmed,
    OrderStatus.FAILED: order_failed,
    OrderStatus.CANCELLED: order_cancelled,
}

Once = Callable[[str, Callable[[], None]], None]
"""Runs an action unless it has succeeded before with the same key; see `run_once`."""


def notify_customer(order_id: str, orders: OrderTable, mailer: Mailer, once: Once) -> Order:
    """Send the mail about the order's end, then record that it was sent.

    Until it is recorded, the order is not at rest, so after any failure the reconciler runs the saga again.
    If the failure came after the mail was sent, the key in `once` prevents a second mail.

    Raises:
        NothingToTell: The order has not ended.
        MailUnavailable: The mail was not accepted this time.
        MailRejected: The mail will never be accepted; the order is at rest nevertheless.
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
    """Each end has one mail. A settlement has its own: the order may have been closed before."""
    return f"{order.order_id}-{order.status}{'-settled' if order.is_settled_outside else ''}"


def _send(order: Order, mailer: Mailer) -> None:
    letter_about = _LETTERS.get(order.status)
    if letter_about is None:
        raise NothingToTell(f"order {order.order_id} is {order.status}")
    if order.is_erased:
        raise MailRejected("the customer is erased")
    mailer.send(order.email, letter_about(order))

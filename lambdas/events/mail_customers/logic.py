"""Mails a customer about an event that is not the end of their order."""

from lambdas.domain import clock
from lambdas.domain.errors import MailRejected
from lambdas.domain.order import Order
from lambdas.domain.order_events import OrderEventDetail
from lambdas.domain.vocabulary import EventType
from lambdas.shared.log import logger
from lambdas.shared.mail.approval_needed import approval_needed
from lambdas.shared.mail.letter import Letter
from lambdas.shared.mail.lines_refunded import lines_refunded
from lambdas.shared.mail.mailer import Mailer
from lambdas.shared.mail.money_words import rest_of
from lambdas.shared.mail.order_shipped import order_shipped
from lambdas.shared.mail.payment_refunded import payment_refunded
from lambdas.shared.mail.refund_returned import refund_returned
from lambdas.shared.store.orders import OrderTable


def mail_customer(
    event: EventType, detail: OrderEventDetail, orders: OrderTable, mailer: Mailer, *, deadline_seconds: int
) -> None:
    """Send the mail of an event, unless the customer is erased or the order has gone on.

    The address and the link are in the order only, so that no event and no queue has them. A mail that SES
    will never accept is not tried again: `mailer` has counted and logged it.

    Args:
        event: The type of the event.
        detail: The event.
        orders: The orders.
        mailer: Sends the mail.
        deadline_seconds: How long the saga waits for the approval of a payment.

    Raises:
        OrderNotFound: There is no such order.
        StoreUnavailable: The order could not be read this time.
        MailUnavailable: The mail was not accepted this time.
    """
    order = orders.get(detail["order_id"])
    letter = _letter(event, detail, order, deadline_seconds)
    if letter is None or order.is_erased:
        logger.info("no mail is due", extra={"event": event, "status": order.status})
        return
    try:
        mailer.send(order.email, letter)
    except MailRejected as rejection:
        logger.warning("a mail is given up", extra={"event": event, "reason": str(rejection)})


def _letter(event: EventType, detail: OrderEventDetail, order: Order, deadline_seconds: int) -> Letter | None:
    match event:
        case EventType.PAYMENT_APPROVAL_NEEDED:
            return _approval(order, deadline_seconds)
        case EventType.PAYMENT_REFUNDED_OUTSIDE:
            amount = _refund(detail, order)
            return payment_refunded(order, amount) if amount > 0 else None
        case EventType.PAYMENT_REFUND_SENT:
            return payment_refunded(order, rest_of(order))
        case EventType.ORDER_FULFILLED:
            return _shipped(detail, order)
        case EventType.ORDER_LINES_REFUNDED:
            return lines_refunded(order, detail["refund"])
        case EventType.ORDER_LINE_REFUND_RETURNED:
            return refund_returned(order, detail["refund"])
        case _:
            raise ValueError(f"{event} has no mail")


def _approval(order: Order, deadline_seconds: int) -> Letter | None:
    """None if the customer has decided in the meantime, or the deadline has passed."""
    if not order.waits_for_customer:
        return None
    waits_since = max(entry.at for entry in order.timeline if entry.event == "PaymentAwaited")
    deadline = clock.later(waits_since, deadline_seconds)
    return approval_needed(order, deadline) if clock.now() < deadline else None


def _shipped(detail: OrderEventDetail, order: Order) -> Letter | None:
    """None if the goods are on their way back, or if all of them were refunded before."""
    items = detail.get("items_kept", detail["items"])
    if order.fulfilment is None or order.cancel_requested_by is not None or not items:
        return None
    return order_shipped(order, order.fulfilment, items)


def _refund(detail: OrderEventDetail, order: Order) -> int:
    """What the refund of an event adds to those before it, in minor units; negative if one of them failed.

    An event has the sum of all refunds, and so has each entry of the timeline.
    """
    total = detail["payment"]["refunded_outside"]
    totals = [
        int(entry.about)
        for entry in order.timeline
        if entry.name == EventType.PAYMENT_REFUNDED_OUTSIDE and entry.at <= detail["occurred_at"]
    ]
    before = totals[: len(totals) - 1 - totals[::-1].index(total)]
    return total - (before[-1] if before else 0)

"""The mail about a payment that the customer has to approve (3-D Secure)."""

from datetime import datetime

from lambdas.domain.order import Order
from lambdas.shared.mail.letter import Letter, Link, goods_of, total_of


def approval_needed(order: Order, deadline: str) -> Letter:
    """How to approve the payment, and until when.

    Args:
        order: The order, which waits for its customer.
        deadline: When it stops waiting; UTC, ISO 8601.
    """
    link = _link(order)
    how = "Open the link below" if link else "Return to the shop, where you placed the order,"
    return Letter(
        order.order_id,
        "Please approve your payment",
        (
            f"Your bank asks you to approve the payment of {total_of(order)} for your order.",
            f"{how} and approve it by {_moment(deadline)}.",
        ),
        (
            "If the payment is not approved by then, we cancel the order, and you are not charged.",
            "If you have approved it in the meantime, you have nothing else to do.",
        ),
        goods_of(order),
        total_of(order),
        link,
    )


def _link(order: Order) -> Link | None:
    """The bank's page. An order without a return URL has none: the shop's page must show the bank's window.

    See https://docs.stripe.com/api/payment_intents/object#payment_intent_object-next_action.
    """
    action = order.payment.next_action or {}
    redirect = action.get("redirect_to_url")
    return Link("Approve the payment", redirect["url"]) if redirect else None


def _moment(time: str) -> str:
    """`12:15 UTC on 1 March 2026`. Seconds are dropped, so the moment named is never too late."""
    moment = datetime.fromisoformat(time)
    return f"{moment:%H:%M} UTC on {moment.day} {moment:%B %Y}"

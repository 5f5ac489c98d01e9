"""What an order's state means for who looks at it."""

from enum import StrEnum

from cli.shapes import Order


class Status(StrEnum):
    """Where an order stands."""

    PENDING = "PENDING"
    AWAITING_PAYMENT = "AWAITING_PAYMENT"
    CONFIRMED = "CONFIRMED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    NEEDS_ATTENTION = "NEEDS_ATTENTION"


def is_at_rest(order: Order) -> bool:
    """Whether nothing happens to the order any more by itself.

    A confirmed order that somebody asked to cancel is on its way again.
    """
    if order["status"] == Status.CONFIRMED:
        return not _is_being_cancelled(order)
    return order["status"] in {Status.FAILED, Status.CANCELLED, Status.NEEDS_ATTENTION}


def advice(order: Order, *, has_stand_in: bool) -> str | None:
    """Say what has to be done so that the order goes on; None where it goes on by itself, or has ended.

    Args:
        order: The order.
        has_stand_in: Whether a stand-in plays the bank, so that `orders approve` can play the customer.
    """
    if order["status"] == Status.NEEDS_ATTENTION:
        return (
            "The saga gave up. An operator finds and mends the reason, and runs it once more:\n"
            f"  orders retry {order['order_id']} --as operator"
        )
    if order["status"] != Status.AWAITING_PAYMENT or _is_being_cancelled(order):
        return None
    action = order["payment"].get("next_action")
    if action is None:
        return "The payment waits for the customer or their bank. Only the customer can approve it."
    if has_stand_in:
        return (
            "The bank asks you to approve the payment (3-D Secure). In another terminal:\n"
            f"  orders approve {order['order_id']}"
        )
    link = action.get("redirect_to_url", {}).get("url")
    if link:
        return f"The bank asks you to approve the payment (3-D Secure): {link}"
    return "The bank asks you to approve the payment (3-D Secure): do so on the shop's page, with Stripe.js."


def _is_being_cancelled(order: Order) -> bool:
    return any(entry["event"].startswith("CancellationRequested") for entry in order["timeline"])

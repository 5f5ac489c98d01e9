"""What the status of an order means for its user."""

from enum import StrEnum

from cli.shapes import OrderJson


class Status(StrEnum):
    """Status of an order."""

    PENDING = "PENDING"
    AWAITING_PAYMENT = "AWAITING_PAYMENT"
    CONFIRMED = "CONFIRMED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    NEEDS_ATTENTION = "NEEDS_ATTENTION"


def is_at_rest(order: OrderJson) -> bool:
    """Check whether the order will not change by itself.

    A confirmed order is not while it is being cancelled, its payment is captured, or a part of it refunded.
    """
    if order["status"] == Status.CONFIRMED:
        is_at_work = _is_being_refunded(order) or is_being_captured(order)
        return not (_is_being_cancelled(order) or is_at_work)
    return order["status"] in {Status.FAILED, Status.CANCELLED, Status.NEEDS_ATTENTION}


def advice(order: OrderJson, *, has_stand_in: bool) -> str | None:
    """Describe what the user must do for the order to continue; None if there is nothing to do.

    Args:
        order: The order.
        has_stand_in: Whether the shop has a Stripe stand-in, so that `orders approve` works.
    """
    if order["status"] == Status.NEEDS_ATTENTION:
        return _advice_for_operators(order)
    if order["status"] != Status.AWAITING_PAYMENT or _is_being_cancelled(order):
        return None
    action = order["payment"].get("next_action")
    if action is None:
        return "The payment awaits the customer's approval or the bank. Only the customer can approve it."
    if has_stand_in:
        return (
            "The bank requires your approval of the payment (3-D Secure). In another terminal, run:\n"
            f"  orders approve {order['order_id']}"
        )
    link = action.get("redirect_to_url", {}).get("url")
    if link:
        return f"The bank requires your approval of the payment (3-D Secure): {link}"
    return "The bank requires your approval of the payment (3-D Secure): approve it on the shop's page."


def _advice_for_operators(order: OrderJson) -> str:
    order_id = order["order_id"]
    if is_being_captured(order) and not _is_being_cancelled(order):
        otherwise = (
            f"If the payment can't be captured, the operator runs:\n  orders cancel {order_id} --as operator"
        )
    else:
        otherwise = (
            "If Stripe can't refund the payment, the operator settles with the customer and then runs:\n"
            f"  orders settle {order_id} --reason TEXT --as operator"
        )
    return (
        "The order needs an operator, who resolves the problem and then runs:\n"
        f"  orders retry {order_id} --as operator\n{otherwise}"
    )


def is_being_captured(order: OrderJson) -> bool:
    """Check whether the payment is captured before the goods may leave."""
    asked = any(entry["event"] == "FulfilmentRequested" for entry in order["timeline"])
    return asked and "fulfilment" not in order


def _is_being_refunded(order: OrderJson) -> bool:
    return any(refund["status"] == "requested" for refund in order.get("refunds", ()))


def _is_being_cancelled(order: OrderJson) -> bool:
    return any(entry["event"].startswith("CancellationRequested") for entry in order["timeline"])

"""What happens to the money of an order that is closed, in plain words."""

from typing import Final

from lambdas.domain.money import Money
from lambdas.domain.order import Order, PaymentStatus
from lambdas.shared.mail.letter import total_of
from lambdas.shared.mail.price_format import price_text

ARRIVES_IN: Final = "It can take your bank 5 to 10 business days to show it on your statement."
"""Source: https://docs.stripe.com/refunds (November 2026)."""

_NOT_CHARGED: Final = "You were not charged."


def rest_of(order: Order) -> int:
    """Minor units of the price without what was refunded before the undo, which had mails of its own.

    The whole price if all of it was: then no refund of the undo is left to tell.
    """
    return order.price.amount - order.amount_refunded or order.price.amount


def money_words(order: Order) -> str:
    """What the customer of a closed order gets back, by the status of the payment (`MONEY_IS_BACK`)."""
    match order.payment.status:
        case PaymentStatus.REFUNDED:
            total = f"{total_of(order)} in all" if order.amount_refunded else total_of(order)
            return f"We have refunded {total} to your card. {ARRIVES_IN}"
        case PaymentStatus.REFUND_PENDING:
            rest = _rest_text(order)
            return f"Your refund of {rest} is on its way. We will write again when it has been sent."
        case PaymentStatus.SETTLED_OUTSIDE:
            return (
                f"We could not refund {_rest_text(order)} to your card, so we have settled it with you in "
                "another way."
            )
        case PaymentStatus.CANCELED if order.payment.capture_before is not None:
            return f"{_NOT_CHARGED} Your bank releases the amount that it has reserved."
        case PaymentStatus.NOT_STARTED | PaymentStatus.CANCELED:
            return _NOT_CHARGED
        case status:
            raise ValueError(f"order {order.order_id} is closed, but its payment is {status}")


def _rest_text(order: Order) -> str:
    return price_text(Money(rest_of(order), order.currency))

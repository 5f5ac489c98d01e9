"""What happens to the money of an order that is closed, in plain words."""

from typing import Final

from lambdas.domain.order import Order, PaymentStatus
from lambdas.shared.mail.letter import total_of

ARRIVES_IN: Final = "It can take your bank 5 to 10 business days to show it on your statement."
"""Source: https://docs.stripe.com/refunds (November 2026)."""

_NOT_CHARGED: Final = "You were not charged."


def money_words(order: Order) -> str:
    """What the customer of a closed order gets back, by the status of the payment (`MONEY_IS_BACK`)."""
    match order.payment.status:
        case PaymentStatus.REFUNDED:
            return f"We have refunded {total_of(order)} to your card. {ARRIVES_IN}"
        case PaymentStatus.REFUND_PENDING:
            return (
                f"Your refund of {total_of(order)} is on its way. We will write again when it has been sent."
            )
        case PaymentStatus.SETTLED_OUTSIDE:
            return (
                f"We could not refund {total_of(order)} to your card, so we have settled it with you in "
                "another way."
            )
        case PaymentStatus.NOT_STARTED | PaymentStatus.CANCELED:
            return _NOT_CHARGED
        case status:
            raise ValueError(f"order {order.order_id} is closed, but its payment is {status}")

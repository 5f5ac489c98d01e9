"""The mail about an order that is confirmed."""

from lambdas.domain.order import Order
from lambdas.shared.mail.letter import Letter, goods_of, total_of


def order_confirmed(order: Order) -> Letter:
    """What the customer paid, for what, and what happens next."""
    return Letter(
        order.order_id,
        "Your order is confirmed",
        (f"Thank you for your order. You paid {total_of(order)}.",),
        (
            "We are preparing your order. You have nothing else to do.",
            "If you contact us about this order, please state the number below.",
        ),
        goods_of(order),
        total_of(order),
    )

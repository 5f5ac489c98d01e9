"""The mail about an order that is confirmed."""

from lambdas.domain.order import Order
from lambdas.shared.mail.letter import Letter, goods_of, total_of


def order_confirmed(order: Order) -> Letter:
    """What the customer paid, for what, and what happens next. Goods can be sent before the mail."""
    next_step = "We are preparing your order." if order.fulfilment is None else "We have sent your order."
    return Letter(
        order.order_id,
        "Your order is confirmed",
        (f"Thank you for your order. You paid {total_of(order)}.",),
        (
            f"{next_step} You have nothing else to do.",
            "If you contact us about this order, please state the number below.",
        ),
        goods_of(order),
        total_of(order),
    )

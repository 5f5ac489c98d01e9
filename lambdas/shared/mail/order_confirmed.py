"""The mail about an order that is confirmed."""

from lambdas.domain.order import Order, PaymentStatus
from lambdas.shared.mail.letter import Letter, goods_of, total_of


def order_confirmed(order: Order) -> Letter:
    """What the customer pays, for what, and what happens next. Goods can be sent before the mail."""
    is_held = order.payment.status is PaymentStatus.REQUIRES_CAPTURE
    paid = (
        f"Your bank reserves {total_of(order)}. You pay when we send your order."
        if is_held
        else f"You paid {total_of(order)}."
    )
    next_step = "We are preparing your order." if order.fulfilment is None else "We have sent your order."
    return Letter(
        order.order_id,
        "Your order is confirmed",
        (f"Thank you for your order. {paid}",),
        (
            f"{next_step} You have nothing else to do.",
            "If you contact us about this order, please state the number below.",
        ),
        goods_of(order),
        total_of(order),
    )

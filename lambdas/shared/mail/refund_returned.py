"""The mail about a refund of lines that the customer's bank has returned."""

from lambdas.domain.money import Money
from lambdas.domain.order import Order
from lambdas.domain.order_events import LineRefundDetail
from lambdas.shared.mail.letter import Letter, goods_of, only, total_of
from lambdas.shared.mail.price_format import price_text


def refund_returned(order: Order, refund: LineRefundDetail) -> Letter:
    """What the bank returned, and that the shop will find another way."""
    amount = price_text(Money(refund["amount"], order.currency))
    return Letter(
        order.order_id,
        "Your bank has returned your refund",
        (
            f"Your bank did not accept your refund of {amount}, of the {total_of(order)} that you paid.",
            "It has returned the money to us.",
        ),
        (
            "We will contact you to agree on another way. You have nothing else to do.",
            "If you contact us about the refund, please state the number below.",
        ),
        goods_of(only(order, refund["items"])),
        amount if refund["items"] else None,
    )

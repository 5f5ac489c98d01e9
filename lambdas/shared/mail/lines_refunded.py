"""The mail about a refund of some lines of an order that stays confirmed."""

from lambdas.domain.money import Money
from lambdas.domain.order import Order
from lambdas.domain.order_events import LineRefundDetail
from lambdas.shared.mail.letter import Letter, goods_of, only, total_of
from lambdas.shared.mail.money_words import ARRIVES_IN
from lambdas.shared.mail.price_format import price_text


def lines_refunded(order: Order, refund: LineRefundDetail) -> Letter:
    """What was refunded, how much, and when the customer sees it."""
    amount = price_text(Money(refund["amount"], order.currency))
    return Letter(
        order.order_id,
        "Your refund is on its way",
        (f"Your refund of {amount}, of the {total_of(order)} that you paid, is on its way. {ARRIVES_IN}",),
        ("If you have questions about the refund, contact us and state the number below.",),
        goods_of(only(order, refund["items"])),
        amount if refund["items"] else None,
    )

"""The mail about a refund that the saga's own mails could not tell: it came later, or from outside."""

from lambdas.domain.money import Money
from lambdas.domain.order import Order
from lambdas.shared.mail.letter import Letter, total_of
from lambdas.shared.mail.money_words import ARRIVES_IN
from lambdas.shared.mail.price_format import price_text


def payment_refunded(order: Order, amount: int) -> Letter:
    """How much was refunded, and when the customer sees it.

    Args:
        order: The order.
        amount: Minor units of this refund.
    """
    refund = price_text(Money(amount, order.currency))
    part = f", of the {total_of(order)} that you paid for your order" if amount != order.amount else ""
    return Letter(
        order.order_id,
        "Your refund has been sent",
        (f"We have refunded {refund} to your card{part}. {ARRIVES_IN}",),
        ("If you have questions about the refund, contact us and state the number below.",),
    )

"""The mails about an order that ended without being fulfilled: it failed, was cancelled, or was returned."""

from lambdas.domain.failure import INTERNAL_ERROR
from lambdas.domain.order import Order
from lambdas.domain.vocabulary import FailureCode
from lambdas.shared.mail.failure_words import advice_for, reason_in_words
from lambdas.shared.mail.letter import Letter, goods_of, total_of
from lambdas.shared.mail.money_words import money_words


def order_failed(order: Order) -> Letter:
    """Why the order could not be completed, what happens to the money, and what the customer can do."""
    return _closed(order, "Your order could not be completed")


def order_cancelled(order: Order) -> Letter:
    """Who cancelled the order, or that its goods have come back, and what happens to the money."""
    is_returned = order.failure is not None and order.failure.code == FailureCode.RETURNED
    return _closed(order, "Your return is complete" if is_returned else "Your order is cancelled")


def _closed(order: Order, subject: str) -> Letter:
    failure = order.failure or INTERNAL_ERROR
    return Letter(
        order.order_id,
        subject,
        (reason_in_words(failure), money_words(order)),
        (advice_for(failure),),
        goods_of(order),
        total_of(order),
    )

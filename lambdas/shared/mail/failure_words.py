"""Why an order is not fulfilled, in plain words, and what the customer can do."""

from dataclasses import dataclass
from typing import Final

from lambdas.domain.order import Failure
from lambdas.domain.vocabulary import FailureCode


@dataclass(frozen=True, slots=True)
class _Words:
    """What a failure code means to the customer.

    Attributes:
        reason: What happened.
        advice: What the customer can do.
        has_details: Whether the message of the failure says more, such as the product that is sold out.
    """

    reason: str
    advice: str
    has_details: bool = False


_WORDS: Final = {
    FailureCode.UNKNOWN_SKU: _Words(
        "We no longer sell one of the products that you ordered.",
        "Please order again without this product.",
        has_details=True,
    ),
    FailureCode.CURRENCY_MISMATCH: _Words(
        "One of the products that you ordered is sold in another currency.",
        "Please order this product separately, in its own currency.",
        has_details=True,
    ),
    FailureCode.OUT_OF_STOCK: _Words(
        "One of the products that you ordered is sold out.",
        "Please order fewer units or the other products, or try again later.",
        has_details=True,
    ),
    FailureCode.PAYMENT_DECLINED: _Words(
        "Your payment did not go through.",
        "Please check the details of your card or use another one, and order again. Only your bank can tell "
        "you more about the reason.",
        has_details=True,
    ),
    FailureCode.AMOUNT_NOT_CHARGEABLE: _Words(
        "The total of your order cannot be paid by card.",
        "Please change the number of units, and order again.",
        has_details=True,
    ),
    FailureCode.PRICE_CHANGED: _Words(
        "A price changed while you were ordering.",
        "Please look at the new price, and order again if you agree with it.",
        has_details=True,
    ),
    FailureCode.TOO_MANY_ORDERS: _Words(
        "You have placed more orders within an hour than we accept.",
        "Please wait for an hour, and order again.",
        has_details=True,
    ),
    FailureCode.PAYMENT_EXPIRED: _Words(
        "Your payment has expired.",
        "Please order again, and approve the payment if your bank asks you to.",
        has_details=True,
    ),
    FailureCode.CANCELLED_BY_CUSTOMER: _Words(
        "We cancelled the order because you asked us to.",
        "If this was a mistake, please order again.",
    ),
    FailureCode.CANCELLED_BY_OPERATOR: _Words(
        "We had to cancel your order.",
        "If you have questions, please contact us and state the number below.",
    ),
    FailureCode.RETURNED: _Words(
        "The products that you sent back have arrived.",
        "If something is not right, please contact us and state the number below.",
    ),
    FailureCode.INTERNAL_ERROR: _Words(
        "Something went wrong on our side. Your card and your bank are not the reason.",
        "Please order again. If it happens again, contact us and state the number below.",
    ),
}

_UNKNOWN: Final = _WORDS[FailureCode.INTERNAL_ERROR]
"""For a code of a later version, which an earlier version can meet while a deployment is rolled back."""


def reason_in_words(failure: Failure) -> str:
    """What happened, in one or two sentences."""
    words = _words_of(failure)
    return f"{words.reason} {failure.message}" if words.has_details else words.reason


def advice_for(failure: Failure) -> str:
    """What the customer can do."""
    return _words_of(failure).advice


def _words_of(failure: Failure) -> _Words:
    try:
        return _WORDS[FailureCode(failure.code)]
    except ValueError:
        return _UNKNOWN

"""The sentence that a customer reads when Stripe reports a declined payment.

Stripe's advice (https://docs.stripe.com/declines/codes): tell customers what they can correct, but report a
lost or stolen card as a general decline.
"""

from typing import Final

NOT_ACCEPTED: Final = "The payment was not accepted. Please order again with a new payment method."
"""For a payment that Stripe refuses before any bank is asked."""

_GENERIC: Final = "The card was declined."

_MESSAGES: Final = {
    "authentication_required": "The bank asks for an approval of the payment.",
    "card_velocity_exceeded": "The card's limit is reached.",
    "currency_not_supported": "The card does not support this currency.",
    "expired_card": "The card has expired.",
    "incorrect_cvc": "The card's security code is not right.",
    "incorrect_number": "The card's number is not right.",
    "incorrect_zip": "The card's postal code is not right.",
    "insufficient_funds": "The card has insufficient funds.",
    "invalid_cvc": "The card's security code is not right.",
    "invalid_expiry_month": "The card's expiry date is not right.",
    "invalid_expiry_year": "The card's expiry date is not right.",
    "invalid_number": "The card's number is not right.",
    "payment_intent_authentication_failure": "The payment was not approved.",
    "processing_error": "The bank could not process the payment.",
    "withdrawal_count_limit_exceeded": "The card's limit is reached.",
}


def decline_message(code: str | None, decline_code: str | None) -> str:
    """Why a payment was declined, in a sentence for the customer.

    Args:
        code: Stripe's error code, such as `card_declined` or `expired_card`.
        decline_code: The bank's own, more specific code, such as `insufficient_funds`.
    """
    return _MESSAGES.get(decline_code or "") or _MESSAGES.get(code or "") or _GENERIC

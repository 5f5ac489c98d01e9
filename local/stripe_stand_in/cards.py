"""Stripe's test payment methods (https://docs.stripe.com/testing), their declines and the fate of refunds."""

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Decline:
    """Why a bank declines a charge: fields of Stripe's error (https://docs.stripe.com/declines/codes)."""

    code: str
    decline_code: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Card:
    """A test card.

    Attributes:
        number: Stripe's number of the card.
        decline: Why its charges are declined; None if they succeed.
        asks: Whether its bank asks for 3-D Secure before a charge.
        refunds: Whether a refund is `pending` and succeeds some time later, or succeeds and fails some time
            later; None if it succeeds at once.
    """

    number: str
    decline: Decline | None = None
    asks: bool = False
    refunds: Literal["succeed_later", "fail_later"] | None = None

    @property
    def brand(self) -> str:
        """The card's brand, in Stripe's words."""
        return "mastercard" if self.number.startswith("5") else "visa"


GENERIC_DECLINE: Final = Decline("card_declined", "generic_decline", "Your card was declined.")
_INSUFFICIENT_FUNDS: Final = Decline(
    "card_declined", "insufficient_funds", "Your card has insufficient funds."
)
_LOST_CARD: Final = Decline("card_declined", "lost_card", "Your card was declined.")
_STOLEN_CARD: Final = Decline("card_declined", "stolen_card", "Your card was declined.")
_EXPIRED_CARD: Final = Decline("expired_card", None, "Your card has expired.")
_INCORRECT_CVC: Final = Decline("incorrect_cvc", None, "Your card's security code is incorrect.")
_PROCESSING_ERROR: Final = Decline(
    "processing_error", None, "An error occurred while processing your card. Try again in a little bit."
)

_DECLINED: Final = {
    "chargeDeclined": Card("4000000000000002", GENERIC_DECLINE),
    "chargeDeclinedInsufficientFunds": Card("4000000000009995", _INSUFFICIENT_FUNDS),
    "chargeDeclinedLostCard": Card("4000000000009987", _LOST_CARD),
    "chargeDeclinedStolenCard": Card("4000000000009979", _STOLEN_CARD),
    "chargeDeclinedExpiredCard": Card("4000000000000069", _EXPIRED_CARD),
    "chargeDeclinedIncorrectCvc": Card("4000000000000127", _INCORRECT_CVC),
    "chargeDeclinedProcessingError": Card("4000000000000119", _PROCESSING_ERROR),
    "chargeCustomerFail": Card("4000000000000341", GENERIC_DECLINE),
}

CARDS: Final = {
    "pm_card_visa": Card("4242424242424242"),
    "pm_card_mastercard": Card("5555555555554444"),
    "pm_card_pendingRefund": Card("4000000000007726", refunds="succeed_later"),
    "pm_card_refundFail": Card("4000000000005126", refunds="fail_later"),
    # Stripe documents some of these with the brand and some without it. Both work for all.
    **{f"pm_card_{name}": card for name, card in _DECLINED.items()},
    **{f"pm_card_visa_{name}": card for name, card in _DECLINED.items()},
    "pm_card_authenticationRequired": Card("4000002760003184", asks=True),
    "pm_card_authenticationRequiredOnSetup": Card("4000002500003155", asks=True),
    "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds": Card(
        "4000008260003178", _INSUFFICIENT_FUNDS, asks=True
    ),
    "pm_card_threeDSecure2Required": Card("4000000000003220", asks=True),
    "pm_card_threeDSecureRequiredChargeDeclined": Card("4000008400001629", GENERIC_DECLINE, asks=True),
}
"""The test payment methods that the stand-in knows, by Stripe's names."""

"""Payments and refunds as the payment provider has them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class PaymentIntent:
    """A payment as the provider has it at this moment.

    Attributes:
        intent_id: `pi_...`.
        status: Stripe's word for it
            (https://docs.stripe.com/payments/paymentintents/lifecycle).
        currency: ISO 4217 code, lower case.
        created: When it was made: seconds since 1970.
        amount_refunded: Minor units that went back to the customer already.
        amount_received: Minor units that we got.
        order_id: The order that it pays, if it is one of ours.
        next_action: What the customer has to do, in Stripe's words.
        client_secret: What the customer's browser needs for it.
        decline: Why the last attempt was declined, in words for the customer.
        disputed: Whether the customer's bank disputes the charge.
    """

    intent_id: str
    status: str
    currency: str = ""
    created: int = 0
    amount_received: int = 0
    amount_refunded: int = 0
    order_id: str | None = None
    next_action: Mapping[str, Any] | None = None
    client_secret: str | None = None
    decline: str | None = None
    disputed: bool = False

    @property
    def is_paid(self) -> bool:
        """Whether we got the money, and nobody gave any of it back."""
        return self.status == "succeeded" and not self.amount_refunded

    @property
    def amount_held(self) -> int:
        """Minor units of the customer's money that we still have."""
        return self.amount_received - self.amount_refunded


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund as the provider has it at this moment.

    Attributes:
        amount: Minor units.
        is_ours: Whether the saga made it; else somebody did in the provider's dashboard.
        has_failed: Whether the money stays with us after all.
    """

    amount: int
    is_ours: bool
    has_failed: bool

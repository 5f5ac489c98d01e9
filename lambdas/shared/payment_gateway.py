"""What the saga needs of a payment provider, in its own words. `stripe_gateway` is the real one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from lambdas.shared.order import Order


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


class PaymentGateway(Protocol):
    """A payment provider.

    Every call that moves money bears an idempotency key made of the order's id: however often it is
    sent, it happens once.

    Raises:
        StripeUnavailable: From every method, when the outcome is unknown and a retry may work.
        PaymentInFlux: From every method, when the intent is not in the state that the call needs.
    """

    livemode: bool
    """Whether it moves real money."""

    def create_intent(self, order: Order) -> PaymentIntent:
        """Create the order's PaymentIntent, without moving money.

        Raises:
            PaymentDeclined: The payment method cannot be used.
        """

    def confirm_intent(self, order_id: str, intent_id: str) -> PaymentIntent:
        """Charge the payment method.

        Raises:
            PaymentDeclined: The bank says no.
        """

    def retrieve_intent(self, intent_id: str) -> PaymentIntent:
        """Ask how the payment stands.

        Raises:
            PaymentUnknown: There is no such payment.
        """

    def list_intents(self, created_from: int, created_to: int) -> Iterator[PaymentIntent]:
        """Ask for all payments that were made in a time, the newest first, a page when it is needed.

        Args:
            created_from: The first second, since 1970.
            created_to: The second after the last one.
        """

    def list_refunds(self, intent_id: str) -> list[Refund]:
        """Ask what was given back of a payment."""

    def cancel_intent(self, intent_id: str) -> PaymentIntent:
        """Make sure that the intent can never be charged."""

    def refund(self, order_id: str, intent: PaymentIntent, attempt: str) -> None:
        """Give back all that is held of the payment; what was given back before must have arrived.

        Args:
            order_id: The order.
            intent: As it was retrieved just now.
            attempt: Part of the idempotency key. Stripe replays a stored failure for a day, so another
                attempt needs another key. That none refunds twice is not the key's doing: every attempt
                asks for all that is held, and Stripe refuses to give back more than that.

        Raises:
            RefundRefused: The provider will not do it, or leaves it open.
        """

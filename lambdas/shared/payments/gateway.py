"""What the saga needs of a payment provider, in its own words. `stripe_gateway` is the real one."""

from collections.abc import Iterator
from typing import Protocol

from lambdas.domain.order import Order
from lambdas.domain.payment import PaymentIntent, Refund


class PaymentGateway(Protocol):
    """A payment provider.

    Every call that moves money bears an idempotency key made of the order's id: however often it is
    sent, it happens once.

    Raises:
        PaymentProviderUnavailable: From every method, when the outcome is unknown and a retry may work.
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

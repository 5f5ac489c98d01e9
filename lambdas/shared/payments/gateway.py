"""The port to the payment provider. `StripeGateway` implements it."""

from collections.abc import Iterator
from typing import Protocol

from lambdas.domain.line_refund import LineRefund
from lambdas.domain.order import Order
from lambdas.domain.payment import Dispute, PaymentIntent, Refund


class PaymentGateway(Protocol):
    """A payment provider. Its payments are called intents, after Stripe's PaymentIntents.

    Every call that moves money takes effect once, however often it is sent: it has an idempotency key made
    from the order's id, or a second one finds a state in which nothing is left to do.

    Raises:
        PaymentProviderUnavailable: From every method, if the outcome is unknown and a retry may succeed.
        PaymentInFlux: From every method, if the intent is not in the state that the call needs.
    """

    livemode: bool
    """Whether the gateway moves real money."""
    service: str
    """Name of this service in one stage, such as `orders-prod`. All its payments and refunds carry it, so
    that other users of the same account can be told apart."""

    def create_intent(self, order: Order) -> PaymentIntent:
        """Create the order's intent, without moving money.

        Raises:
            PaymentDeclined: The payment method cannot be used.
            AmountNotChargeable: The amount is outside the provider's limits.
        """

    def confirm_intent(self, order: Order, intent_id: str) -> PaymentIntent:
        """Charge the payment method, or only have its bank reserve the money (`Order.capture`).

        Raises:
            PaymentDeclined: The bank declined, or the payment method cannot be used.
        """

    def retrieve_intent(self, intent_id: str) -> PaymentIntent:
        """Read the payment as it is now.

        Raises:
            PaymentUnknown: The provider has no such payment.
        """

    def list_intents(self, created_from: int, created_to: int) -> Iterator[PaymentIntent]:
        """List the payments that were created in a period, the newest first; pages are read when needed.

        Args:
            created_from: First second of the period, since 1970.
            created_to: First second after the period.
        """

    def list_refunds(self, intent_id: str) -> list[Refund]:
        """List all refunds of a payment, the newest first.

        Raises:
            PaymentUnknown: The provider has no such payment.
        """

    def list_disputes(self, intent_id: str) -> list[Dispute]:
        """List all disputes of a payment, the newest first."""

    def cancel_intent(self, intent_id: str) -> PaymentIntent:
        """Cancel an intent, so that it can never be charged."""

    def capture_intent(self, intent_id: str) -> PaymentIntent:
        """Take all of the money that the bank reserves.

        Raises:
            CaptureRefused: The provider or the bank refuses.
        """

    def refund(self, order: Order, intent: PaymentIntent, attempt: str) -> Refund:
        """Refund everything that is still held of a payment.

        The intent must have just been retrieved. The attempt is a part of the idempotency key: the provider
        replays a stored failure for a day, so every attempt needs its own key. Two attempts cannot refund
        twice: each asks for everything that is held, and the provider refuses to refund more than that.

        Raises:
            RefundRefused: The provider refuses.
        """

    def refund_lines(self, order: Order, intent: PaymentIntent, refund: LineRefund) -> Refund:
        """Make a refund of lines, once.

        All tries share one idempotency key, until the provider replays a stored failure under it. The
        intent and its refunds must have just been retrieved, because the provider forgets a key after a day.

        Raises:
            RefundRefused: The provider refuses.
        """

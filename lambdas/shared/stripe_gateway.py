"""The payment gateway that is Stripe."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Final

import stripe
from aws_lambda_powertools.utilities import parameters

from lambdas.shared.errors import PaymentDeclined, PaymentInFlux, RefundRefused, StripeUnavailable
from lambdas.shared.order import Order
from lambdas.shared.payment_gateway import PaymentIntent
from lambdas.shared.settings import Settings

_REQUEST_TIMEOUT_SECONDS: Final = 6
"""A charge makes two calls, three at most: 3 x 6 s fit into the function's timeout."""

_SECRET_MAX_AGE_SECONDS: Final = 300
"""How long an environment goes on with a secret key that was rotated away."""


class StripeGateway:
    """Talks to Stripe through its SDK; see `PaymentGateway` for what the methods do.

    The SDK's own retries are off: the state machine retries, and says so in the execution's history.
    """

    def __init__(self, client: stripe.StripeClient) -> None:
        self._intents = client.v1.payment_intents
        self._refunds = client.v1.refunds

    @classmethod
    def from_settings(cls, settings: Settings) -> "StripeGateway":
        """The account whose secret key lies in the secret that the environment names.

        Raises:
            StripeUnavailable: The secret cannot be read.
        """
        try:
            secret_key = parameters.get_secret(settings.stripe_secret_id, max_age=_SECRET_MAX_AGE_SECONDS)
        except parameters.GetParameterError as error:
            raise StripeUnavailable(f"the secret cannot be read: {error}") from error
        return cls(_client(str(secret_key), settings.stripe_api_base))

    def create_intent(self, order: Order) -> PaymentIntent:  # noqa: D102 - see PaymentGateway
        with _stripe_errors():
            intent = self._intents.create(
                {
                    "amount": order.price.amount,
                    "currency": order.currency,
                    "payment_method": order.payment_method,
                    "allowed_payment_method_types": ["card"],
                    "capture_method": "automatic",
                    "metadata": {"order_id": order.order_id},
                },
                {"idempotency_key": f"{order.order_id}-charge"},
            )
        return _view(intent)

    def confirm_intent(self, order_id: str, intent_id: str) -> PaymentIntent:  # noqa: D102 - see PaymentGateway
        with _stripe_errors():
            intent = self._intents.confirm(intent_id, {}, {"idempotency_key": f"{order_id}-confirm"})
        return _view(intent)

    def retrieve_intent(self, intent_id: str) -> PaymentIntent:  # noqa: D102 - see PaymentGateway
        with _stripe_errors():
            intent = self._intents.retrieve(intent_id, {"expand": ["latest_charge"]})
        return _view(intent)

    def cancel_intent(self, order_id: str, intent_id: str) -> PaymentIntent:  # noqa: D102 - see PaymentGateway
        with _stripe_errors():
            intent = self._intents.cancel(intent_id, {}, {"idempotency_key": f"{order_id}-cancel"})
        return _view(intent)

    def refund(self, order_id: str, intent: PaymentIntent) -> None:  # noqa: D102 - see PaymentGateway
        try:
            with _stripe_errors():
                refund = self._refunds.create(
                    {
                        "payment_intent": intent.intent_id,
                        "amount": intent.amount_held,
                        "metadata": {"order_id": order_id},
                    },
                    {"idempotency_key": f"{order_id}-refund"},
                )
        except (PaymentDeclined, stripe.InvalidRequestError, stripe.IdempotencyError) as error:
            raise RefundRefused(str(error)) from error
        if refund.status != "succeeded":
            raise RefundRefused(f"refund {refund.id} is {refund.status}")


@lru_cache(maxsize=1)
def _client(secret_key: str, api_base: str | None) -> stripe.StripeClient:
    """One client, and so one warm connection, for an environment and a key."""
    return stripe.StripeClient(
        secret_key,
        base_addresses={"api": api_base} if api_base else {},
        http_client=stripe.RequestsClient(timeout=_REQUEST_TIMEOUT_SECONDS),
        max_network_retries=0,
    )


def _view(intent: stripe.PaymentIntent) -> PaymentIntent:
    charge = intent.latest_charge
    return PaymentIntent(
        intent_id=intent.id,
        status=intent.status,
        amount_received=intent.amount_received,
        amount_refunded=charge.amount_refunded if isinstance(charge, stripe.Charge) else 0,
    )


@contextmanager
def _stripe_errors() -> Iterator[None]:
    """Say in our own words what Stripe's errors mean (https://docs.stripe.com/error-handling)."""
    try:
        yield
    except stripe.CardError as error:
        raise PaymentDeclined(error.user_message or "The payment was declined.") from error
    except (stripe.APIConnectionError, stripe.RateLimitError, stripe.APIError) as error:
        raise StripeUnavailable(f"{type(error).__name__}: HTTP {error.http_status}") from error
    except stripe.InvalidRequestError as error:
        if error.code in {"payment_intent_unexpected_state", "charge_already_refunded"}:
            raise PaymentInFlux(f"Stripe answers {error.code}") from error
        if error.param == "payment_method":
            raise PaymentDeclined("The payment method is not valid.") from error
        raise

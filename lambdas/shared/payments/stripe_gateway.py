"""The payment gateway to Stripe."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final, TypeVar

import stripe
from typing_extensions import override

from lambdas.domain.errors import (
    AmountNotChargeable,
    CaptureRefused,
    PaymentDeclined,
    PaymentInFlux,
    PaymentProviderUnavailable,
    PaymentUnknown,
    RefundRefused,
)
from lambdas.domain.line_refund import LineRefund
from lambdas.domain.order import Order
from lambdas.domain.payment import Charge, Dispute, PaymentIntent, Refund
from lambdas.domain.vocabulary import Capture
from lambdas.shared.log import logger
from lambdas.shared.payments.declines import NOT_ACCEPTED, decline_message
from lambdas.shared.payments.gateway import PaymentGateway
from lambdas.shared.payments.stripe_calls import LoggedHttpClient
from lambdas.shared.secrets import forget_secrets, read_secret
from lambdas.shared.settings import Settings

API_VERSION: Final = "2026-10-28.endive"
"""The version that this code was tested with. Without it, an upgrade of the SDK would change the version."""

_PAGE: Final = 100
"""Maximum length of a list that Stripe returns."""

_CONNECT_TIMEOUT_SECONDS: Final = 2
_READ_TIMEOUT_SECONDS: Final = 5
"""`refund_payment` makes at most four calls: 4 x (2 + 5) s are less than its function's timeout of 29 s."""
_CONFIRMATION_TIMEOUT_SECONDS: Final = 20
"""Stripe answers a confirmation when the customer's bank has answered, and a bank can take 15 s.

`charge_payment` waits for its turn for at most 2 s, and confirms once beside at most three other calls:
2 + 2 + 20 + 3 x (2 + 5) s are less than its 48 s.
"""

_CHANGED: Final = frozenset(
    {
        "payment_intent_unexpected_state",
        *("charge_already_refunded", "charge_already_captured"),
        *("charge_expired_for_capture", "capture_charge_authorization_expired"),
    }
)
"""Codes of errors about a payment that is in another state than it was (https://docs.stripe.com/error-codes).
"""

_MOST_KEYS: Final = 6
"""Limit on the idempotency keys of a call: as many as `ChargePayment` has tries, each of which can fail.

Stripe replays a stored failure at once, so all of them fit into one try.
"""

_Response = TypeVar("_Response")


class StripeGateway(PaymentGateway):
    """Calls Stripe through its SDK.

    The SDK's own retries are off. The state machine retries, so every retry is in the execution's history.
    """

    def __init__(
        self, client: stripe.StripeClient, patient: stripe.StripeClient, *, livemode: bool, service: str
    ) -> None:
        """Use two clients of one account; the patient one waits for the customer's bank."""
        self.livemode = livemode
        self.service = service
        self._intents = client.v1.payment_intents
        self._confirmations = patient.v1.payment_intents
        self._refunds = client.v1.refunds
        self._disputes = client.v1.disputes

    @classmethod
    def from_settings(cls, settings: Settings) -> "StripeGateway":
        """The account whose key is in the secret that the environment names.

        Raises:
            PaymentProviderUnavailable: The secret cannot be read.
        """
        secret_key = read_secret(settings.stripe_secret_id, unavailable=PaymentProviderUnavailable)
        return cls(
            *_clients(secret_key, settings.stripe_api_base),
            livemode="_live_" in secret_key,
            service=settings.payment_service,
        )

    @override
    def create_intent(self, order: Order) -> PaymentIntent:
        params: stripe.params.PaymentIntentCreateParams = {
            "amount": order.price.amount,
            "currency": order.currency,
            "payment_method": order.payment_method,
            "allowed_payment_method_types": ["card"],
            "capture_method": "manual" if _is_captured_later(order) else "automatic",
            "metadata": {"order_id": order.order_id, "service": self.service},
        }
        with _payment_errors():
            return _payment_intent(
                _with_idempotency_key(
                    f"{order.order_id}-charge", lambda options: self._intents.create(params, options)
                )
            )

    @override
    def confirm_intent(self, order: Order, intent_id: str) -> PaymentIntent:
        # Who carries out the customer's next action: their bank, which then sends them to the order's URL, or
        # else Stripe's client library (https://docs.stripe.com/api/payment_intents/confirm).
        params: stripe.params.PaymentIntentConfirmParams = (
            {"return_url": order.return_url} if order.return_url else {"use_stripe_sdk": True}
        )
        if _is_captured_later(order):
            params["expand"] = ["latest_charge"]  # it has the end of the authorization
        with _payment_errors():
            return _payment_intent(
                _with_idempotency_key(
                    f"{order.order_id}-confirm",
                    lambda options: self._confirmations.confirm(intent_id, params, options),
                )
            )

    @override
    def retrieve_intent(self, intent_id: str) -> PaymentIntent:
        with _stripe_errors():
            intent = self._intents.retrieve(intent_id, {"expand": ["latest_charge"]})
        return _payment_intent(intent)

    @override
    def cancel_intent(self, intent_id: str) -> PaymentIntent:
        # No idempotency key: cancelling is idempotent. With a key, Stripe would replay a stored "not in this
        # state" for a day, even after the intent has reached a state that can be cancelled.
        with _stripe_errors():
            intent = self._intents.cancel(intent_id)
        return _payment_intent(intent)

    @override
    def capture_intent(self, intent_id: str) -> PaymentIntent:
        # No idempotency key, as for a cancellation: what is captured can't be captured again, and with a key
        # Stripe would replay a bank's refusal for a day.
        with _capture_errors():
            intent = self._intents.capture(intent_id, {"expand": ["latest_charge"]})
        return _payment_intent(intent)

    @override
    def refund(self, order: Order, intent: PaymentIntent, attempt: str) -> Refund:
        params = self._refund_params(order, intent, attempt, intent.amount_held)
        with _refund_errors():
            return _refund(
                self._refunds.create(params, {"idempotency_key": f"{order.order_id}-refund-{attempt}"})
            )

    @override
    def refund_lines(self, order: Order, intent: PaymentIntent, refund: LineRefund) -> Refund:
        params = self._refund_params(order, intent, refund.refund_id, refund.amount)
        with _refund_errors():
            return _refund(
                _with_idempotency_key(
                    f"{order.order_id}-refund-{refund.refund_id}",
                    lambda options: self._refunds.create(params, options),
                    # Never after a mismatch: the first key may belong to a call that is still under way.
                    has_spent_its_key=_replays_a_failure,
                )
            )

    def _refund_params(
        self, order: Order, intent: PaymentIntent, attempt: str, amount: int
    ) -> stripe.params.RefundCreateParams:
        return {
            "payment_intent": intent.intent_id,
            "amount": amount,
            "metadata": {"order_id": order.order_id, "service": self.service, "attempt": attempt},
        }

    @override
    def list_intents(self, created_from: int, created_to: int) -> Iterator[PaymentIntent]:
        params: stripe.params.PaymentIntentListParams = {
            "created": {"gte": created_from, "lt": created_to},
            "limit": _PAGE,
            "expand": ["data.latest_charge"],
        }
        with _stripe_errors():
            for intent in self._intents.list(params).auto_paging_iter():
                yield _payment_intent(intent)

    @override
    def list_refunds(self, intent_id: str) -> list[Refund]:
        with _stripe_errors():
            refunds = self._refunds.list({"payment_intent": intent_id, "limit": _PAGE})
            return [_refund(each) for each in refunds.auto_paging_iter()]

    @override
    def list_disputes(self, intent_id: str) -> list[Dispute]:
        with _stripe_errors():
            disputes = self._disputes.list({"payment_intent": intent_id, "limit": _PAGE})
            return [Dispute(each.id, each.status) for each in disputes.auto_paging_iter()]


@lru_cache(maxsize=1)
def _clients(secret_key: str, api_base: str | None) -> tuple[stripe.StripeClient, stripe.StripeClient]:
    """The clients for a key and an address: one that soon gives up, and one that waits for a confirmation.

    They are made once, so that their connections stay open.
    """

    def client(read_timeout_seconds: int) -> stripe.StripeClient:
        return stripe.StripeClient(
            secret_key,
            base_addresses={"api": api_base} if api_base else {},
            http_client=LoggedHttpClient(
                stripe.RequestsClient(timeout=(_CONNECT_TIMEOUT_SECONDS, read_timeout_seconds))
            ),
            max_network_retries=0,
            stripe_version=API_VERSION,
        )

    return client(_READ_TIMEOUT_SECONDS), client(_CONFIRMATION_TIMEOUT_SECONDS)


def _is_captured_later(order: Order) -> bool:
    return order.capture is Capture.AT_FULFILMENT


def _has_spent_its_key(error: stripe.APIError | stripe.IdempotencyError) -> bool:
    """Whether Stripe replays a stored failure, or the key belongs to a call with other parameters."""
    return isinstance(error, stripe.IdempotencyError) or _replays_a_failure(error)


def _replays_a_failure(error: stripe.APIError | stripe.IdempotencyError) -> bool:
    """Whether Stripe replays a stored failure: the call of the key is over, and had no effect."""
    failed = (error.http_status or 0) >= HTTPStatus.INTERNAL_SERVER_ERROR
    return failed and (error.headers or {}).get("Idempotent-Replayed") == "true"


def _with_idempotency_key(
    key: str,
    call: Callable[[stripe.RequestOptions], _Response],
    *,
    has_spent_its_key: Callable[[stripe.APIError | stripe.IdempotencyError], bool] = _has_spent_its_key,
) -> _Response:
    """Make a call with the first idempotency key under which a retry can succeed.

    Stripe stores a response 500 like any other and replays it for at least a day, and it rejects other
    parameters under a key for as long (https://docs.stripe.com/api/idempotent_requests). So a retry with the
    same key cannot get past a stored failure, or past a deployment that has changed the parameters. The next
    key is taken only then: so a call whose reply was lost is found under its key, and the call that failed is
    over. An intent that remains under an earlier key was never confirmed, and is cancelled as a spare one.

    Args:
        key: The first key; the next ones are `{key}-2`, `{key}-3`, and so on.
        call: Makes the call with the options that it is given.
        has_spent_its_key: Whether an error is final for its key.
    """
    for number in range(1, _MOST_KEYS):
        try:
            return call({"idempotency_key": key if number == 1 else f"{key}-{number}"})
        except (stripe.APIError, stripe.IdempotencyError) as error:
            if not has_spent_its_key(error):
                raise
            extra = {"error": type(error).__name__, "stripe_request_id": error.request_id}
            logger.warning("Stripe needs the next idempotency key", extra=extra)
    return call({"idempotency_key": f"{key}-{_MOST_KEYS}"})


def _payment_intent(intent: stripe.PaymentIntent) -> PaymentIntent:
    fields = intent.to_dict()
    charge = fields.get("latest_charge")
    if not isinstance(charge, dict):  # only an id, unless it was expanded
        charge = {}
    error = fields.get("last_payment_error")
    metadata = fields.get("metadata") or {}
    received = fields["amount_received"]
    return PaymentIntent(
        intent_id=fields["id"],
        status=fields["status"],
        currency=fields["currency"],
        created=fields["created"],
        amount_received=received,
        amount_refunded=_amount_refunded(charge, received),
        amount_capturable=fields.get("amount_capturable") or 0,
        capture_before=_capture_before(charge),
        order_id=metadata.get("order_id"),
        service=metadata.get("service"),
        next_action=fields.get("next_action"),
        client_secret=fields.get("client_secret"),
        decline=decline_message(error.get("code"), error.get("decline_code")) if error else None,
        disputed=charge.get("disputed", False),
        charge=Charge(charge["id"], charge["amount"], charge["status"], charge["created"])
        if charge
        else None,
    )


def _amount_refunded(charge: Mapping[str, Any], received: int) -> int:
    """What was refunded of the money that was received.

    An authorization that is released, or the rest of one that is captured in part, is a refund of the charge
    as well (https://docs.stripe.com/api/payment_intents/cancel): nobody received that money.
    """
    released = charge.get("amount", received) - received
    return max(charge.get("amount_refunded", 0) - released, 0) if received else 0


def _capture_before(charge: Mapping[str, Any]) -> int | None:
    """When the authorization of a charge expires (https://docs.stripe.com/payments/place-a-hold)."""
    details = charge.get("payment_method_details") or {}
    seconds: int | None = (details.get("card") or {}).get("capture_before")
    return seconds


def _refund(refund: stripe.Refund) -> Refund:
    fields = refund.to_dict()
    return Refund(
        refund_id=fields["id"],
        amount=fields["amount"],
        status=fields["status"],
        attempt=(fields.get("metadata") or {}).get("attempt"),
        created=fields["created"],
    )


@contextmanager
def _payment_errors() -> Iterator[None]:
    """Translate Stripe's errors about the creation or confirmation of a payment.

    Whatever else Stripe refuses there is a decline. Some refusals have neither a code nor a parameter: a
    payment method that has paid before, or an amount above the account's limit.
    """
    try:
        with _stripe_errors():
            yield
    except stripe.InvalidRequestError as error:
        logger.warning("Stripe refuses the payment", extra=_loggable(error))
        raise PaymentDeclined(NOT_ACCEPTED) from error


@contextmanager
def _capture_errors() -> Iterator[None]:
    """Translate Stripe's errors about the capture of a payment."""
    try:
        with _stripe_errors():
            yield
    except (PaymentDeclined, AmountNotChargeable, stripe.InvalidRequestError) as error:
        details = _loggable(error if isinstance(error, stripe.InvalidRequestError) else error.__cause__)
        logger.warning("Stripe refuses the capture", extra=details)
        raise CaptureRefused(f"Stripe returned {details['code'] or details['type']}") from error


@contextmanager
def _refund_errors() -> Iterator[None]:
    """Translate Stripe's errors about the creation of a refund."""
    try:
        with _stripe_errors():
            yield
    except (AmountNotChargeable, stripe.IdempotencyError) as error:
        # Lambda can run one try twice: the key of the second run then has another amount.
        raise PaymentInFlux("Stripe holds less than it did") from error
    except (PaymentDeclined, stripe.InvalidRequestError) as error:
        details = _loggable(error.__cause__ if isinstance(error, PaymentDeclined) else error)
        if details["code"] is None and details["param"] == "amount":
            # "Refund amount is greater than unrefunded amount on charge" has no code.
            raise PaymentInFlux("Stripe holds less than it did") from error
        logger.warning("Stripe refuses the refund", extra=details)
        # Only Stripe's code or type: customers can read this message in the order's timeline.
        raise RefundRefused(f"Stripe returned {details['code'] or details['type']}") from error


def _loggable(error: BaseException | None) -> dict[str, str | None]:
    """What identifies an error of Stripe's, without its message, which can name the payment method."""
    body = getattr(error, "error", None)
    return {
        "type": getattr(body, "type", None),
        "code": getattr(error, "code", None),
        "param": getattr(error, "param", None),
        "stripe_request_id": getattr(error, "request_id", None),
    }


@contextmanager
def _stripe_errors() -> Iterator[None]:
    """Translate Stripe's errors (https://docs.stripe.com/error-handling) into the errors of the port."""
    try:
        yield
    except stripe.CardError as error:
        details = error.error
        raise PaymentDeclined(
            decline_message(error.code, details.decline_code if details else None)
        ) from error
    except stripe.AuthenticationError as error:
        forget_secrets()
        raise PaymentProviderUnavailable("Stripe rejected the secret key") from error
    except (stripe.APIConnectionError, stripe.RateLimitError, stripe.APIError) as error:
        raise PaymentProviderUnavailable(f"{type(error).__name__}: HTTP {error.http_status}") from error
    except stripe.InvalidRequestError as error:
        if error.code in _CHANGED:
            raise PaymentInFlux(f"Stripe returned {error.code}") from error
        if error.code in {"amount_too_small", "amount_too_large"}:
            raise AmountNotChargeable("The payment provider does not charge this amount.") from error
        if error.code == "resource_missing" and error.param in {"intent", "payment_intent"}:
            raise PaymentUnknown("Stripe has no such payment") from error
        if error.param == "payment_method":
            raise PaymentDeclined("The payment method is not valid.") from error
        raise

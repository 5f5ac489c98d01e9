"""What Stripe sends, and the proof that it was Stripe."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import stripe

from lambdas.shared.rest.http_api import FieldError, Problem, invalid_request

TOLERANCE_SECONDS: Final = 300
"""How old a signature may be: Stripe's own libraries' limit against replayed requests."""


_NO_EVENT: Final = invalid_request(FieldError("body", "must be an event of Stripe's"))


@dataclass(frozen=True, slots=True)
class StripeEvent:
    """What we take from an event: which payment to ask Stripe about. Whatever else it says may be old.

    Attributes:
        event_id: `evt_...`, the same every time the event is delivered.
        kind: Stripe's type, like `payment_intent.succeeded`.
        livemode: Whether it is about real money.
        intent_id: The PaymentIntent that it is about; None if it is about something else.
    """

    event_id: str
    kind: str
    livemode: bool
    intent_id: str | None

    @property
    def is_about_refunds(self) -> bool:
        """Whether money went back, or did not."""
        return self.kind.startswith(("charge.refund", "refund."))


def signing_secrets(secret: str) -> list[str]:
    """Read the secret's text: one `whsec_...`, or two while Stripe rolls it, between blanks or commas."""
    return re.findall(r"[^\s,]+", secret)


def read_event(payload: str, signature: str, secrets: Sequence[str]) -> StripeEvent:
    """Check the signature over the raw body, and read it.

    Raises:
        Problem: No secret fits the signature, it is too old, or the body is no event.
    """
    if not any(_is_signed(payload, signature, secret) for secret in secrets):
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            "bad-signature",
            "The signature is not valid",
            "This endpoint takes Stripe's webhooks only.",
            (FieldError("Stripe-Signature", "does not fit the body, or is too old"),),
        )
    try:
        body = json.loads(payload)
        event = StripeEvent(body["id"], body["type"], body["livemode"], _intent_id(body["data"]["object"]))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise _NO_EVENT from error
    if [type(event.event_id), type(event.kind), type(event.livemode)] != [str, str, bool]:
        raise _NO_EVENT
    return event


def _is_signed(payload: str, signature: str, secret: str) -> bool:
    try:
        stripe.WebhookSignature.verify_header(payload, signature, secret, TOLERANCE_SECONDS)
    except (stripe.SignatureVerificationError, TypeError):  # the latter of a signature that is not ASCII
        return False
    return True


def _intent_id(subject: Mapping[str, Any]) -> str | None:
    """A PaymentIntent itself, or what names one: a charge, a refund, a dispute."""
    intent = subject.get("id") if subject.get("object") == "payment_intent" else subject.get("payment_intent")
    return intent if isinstance(intent, str) else None

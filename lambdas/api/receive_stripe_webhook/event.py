"""Verifies and reads the events that Stripe sends."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import stripe

from lambdas.domain.vocabulary import ProblemKind
from lambdas.shared.rest.problem import FieldError, Problem, invalid_request

_TOLERANCE_SECONDS: Final = 300
"""Largest age of a signature, against replayed requests: the default of Stripe's own libraries."""


@dataclass(frozen=True, slots=True)
class StripeEvent:
    """The part of an event that does not become outdated: which payment it is about.

    Attributes:
        event_id: `evt_...`, the same each time the event is delivered.
        kind: Stripe's type, like `payment_intent.succeeded`.
        livemode: Whether real money is involved.
        created: Seconds since 1970.
        intent_id: The PaymentIntent; None if the event is not about a payment.
        order_id: The order that the object's metadata names. Refunds in Stripe's dashboard and disputes name
            none.
    """

    event_id: str
    kind: str
    livemode: bool
    created: int
    intent_id: str | None
    order_id: str | None = None

    @property
    def is_about_payments(self) -> bool:
        """Whether it is about a payment, or its charges, refunds and disputes."""
        return self.kind.startswith(("payment_intent.", "charge.", "refund."))

    @property
    def decides_nothing(self) -> bool:
        """Whether the payment still waits for its confirmation or its customer."""
        return self.kind in {"payment_intent.created", "payment_intent.requires_action"}

    @property
    def ends_an_authorization(self) -> bool:
        """Whether an authorized payment is captured or released, if the event is about one."""
        return self.kind in {"payment_intent.succeeded", "payment_intent.canceled"}

    @property
    def is_about_refunds(self) -> bool:
        """Whether a refund was made or has changed."""
        return self.kind.startswith(("charge.refund", "refund."))

    @property
    def is_about_disputes(self) -> bool:
        """Whether a dispute began, ended or moved money."""
        return self.kind.startswith("charge.dispute.")


def signing_secrets(secret: str) -> list[str]:
    """Split the secret's text: one `whsec_...`, or two while the secret is rolled, by blanks or commas."""
    return re.findall(r"[^\s,]+", secret)


def read_event(payload: str, signature: str, secrets: Sequence[str]) -> StripeEvent:
    """Verify the signature of the raw body, and read the body.

    Raises:
        Problem: The signature fits none of the secrets or is too old, or the body is not an event (400).
    """
    if not any(_is_signed(payload, signature, secret) for secret in secrets):
        raise Problem(
            ProblemKind.BAD_SIGNATURE,
            "Only Stripe can call this endpoint.",
            (FieldError("Stripe-Signature", "does not fit the body, or is too old"),),
        )
    no_event = invalid_request(FieldError("body", "must be a Stripe event"))
    try:
        body = json.loads(payload)
        # JSON can escape half a character, which no text in UTF-8 can hold, and no key of a table.
        json.dumps(body, ensure_ascii=False).encode()
        subject = body["data"]["object"]
        event = StripeEvent(
            *(body["id"], body["type"], body["livemode"], body["created"]),
            _intent_id(subject),
            _order_id(subject),
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise no_event from error
    if [type(event.event_id), type(event.kind), type(event.livemode), type(event.created)] != [
        *(str, str, bool, int)
    ]:
        raise no_event
    return event


def _is_signed(payload: str, signature: str, secret: str) -> bool:
    try:
        stripe.WebhookSignature.verify_header(payload, signature, secret, _TOLERANCE_SECONDS)
    except (stripe.SignatureVerificationError, TypeError):  # TypeError: the signature is not ASCII
        return False
    return True


def _intent_id(subject: Mapping[str, Any]) -> str | None:
    """The id of a PaymentIntent, or of the one that a charge, a refund or a dispute names."""
    intent = subject.get("id") if subject.get("object") == "payment_intent" else subject.get("payment_intent")
    return intent if isinstance(intent, str) else None


def _order_id(subject: Mapping[str, Any]) -> str | None:
    """The order in the metadata of a PaymentIntent, or of its charge, to which Stripe copies it."""
    order_id = (subject.get("metadata") or {}).get("order_id")
    return order_id if isinstance(order_id, str) else None

"""Requests as Stripe sends them to the webhook endpoint."""

import json
from typing import Any, Final

import stripe

from tests.unit.lambdas.builders import ORDER_ID
from tests.unit.lambdas.invocations import api_event

SIGNING_SECRET: Final = "whsec_of_the_endpoint"  # noqa: S105 - for tests


CREATED: Final = 1_772_366_390
"""Seconds since 1970: ten seconds before the clock of the tests starts."""


def an_event(event_id: str = "evt_1", kind: str = "payment_intent.succeeded", intent_id: str = "pi_1") -> str:
    subject = {"id": intent_id, "object": "payment_intent", "metadata": {"order_id": ORDER_ID}}
    event = {
        "id": event_id,
        "type": kind,
        "livemode": False,
        "created": CREATED,
        "data": {"object": subject},
    }
    return json.dumps(event, indent=2)  # as Stripe sends it; serialising it again would change the body


def webhook_request(payload: str, secret: str = SIGNING_SECRET) -> dict[str, Any]:
    signature = stripe.WebhookSignature.generate_signature_header(payload, secret)
    headers = {"Stripe-Signature": signature}
    return api_event("POST", "/webhooks/stripe", payload, headers=headers, customer=None)

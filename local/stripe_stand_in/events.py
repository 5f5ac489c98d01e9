"""Events: what Stripe tells about the things that happen (https://docs.stripe.com/api/events)."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from secrets import token_hex
from typing import Any, Final

from local.stripe_stand_in.exchange import ApiRequest

API_VERSION: Final = "2026-10-28.endive"
"""The version of the SDK that the shop uses, which its webhook endpoint is registered with."""

EVENTS_OF_STATUS: Final[Mapping[str, tuple[str, ...]]] = {
    "requires_action": ("payment_intent.requires_action",),
    "processing": ("payment_intent.processing",),
    "succeeded": ("charge.succeeded", "payment_intent.succeeded"),
    "requires_payment_method": ("charge.failed", "payment_intent.payment_failed"),
    "canceled": ("payment_intent.canceled",),
}
"""What is told when a PaymentIntent comes into a status, in this order."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, told as it was at that moment.

    Attributes:
        event_id: `evt_...`.
        type: `payment_intent.succeeded` and the like.
        intent_id: The PaymentIntent that it is about.
        order_id: The order in that intent's metadata.
        body: The JSON that is delivered; its bytes are what is signed.
    """

    event_id: str
    type: str
    intent_id: str
    order_id: str | None
    body: bytes


def new_event(
    event_type: str, about: Mapping[str, Any], intent: Mapping[str, Any], cause: ApiRequest | None
) -> Event:
    """Tell that something happens now.

    Args:
        event_type: See `Event.type`.
        about: The object that the event shows, as Stripe shows it.
        intent: The PaymentIntent that it belongs to.
        cause: The request that made it happen; None when no request did.
    """
    event_id = f"evt_{token_hex(12)}"
    body = {
        "id": event_id,
        "object": "event",
        "api_version": API_VERSION,
        "created": int(time.time()),
        "data": {"object": about},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {
            "id": cause.request_id if cause else None,
            "idempotency_key": cause.idempotency_key if cause else None,
        },
        "type": event_type,
    }
    return Event(
        event_id=event_id,
        type=event_type,
        intent_id=intent["id"],
        order_id=intent["metadata"].get("order_id"),
        body=json.dumps(body).encode(),
    )

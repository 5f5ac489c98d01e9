"""Events, with which Stripe reports changes (https://docs.stripe.com/api/events)."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from secrets import token_hex
from typing import Any, Final

from local.stripe_stand_in.exchange import ApiRequest

API_VERSION: Final = "2026-10-28.endive"
"""The API version of the SDK that the shop uses; its webhook endpoint is registered with it."""

EVENTS_OF_STATUS: Final[Mapping[str, tuple[str, ...]]] = {
    "requires_action": ("payment_intent.requires_action",),
    "processing": ("payment_intent.processing",),
    "succeeded": ("charge.succeeded", "payment_intent.succeeded"),
    "requires_payment_method": ("charge.failed", "payment_intent.payment_failed"),
    "canceled": ("payment_intent.canceled",),
}
"""The types of the events when a PaymentIntent changes to a status, in this order."""


@dataclass(frozen=True, slots=True)
class Event:
    """A change, and the object as it was right after it.

    Attributes:
        event_id: `evt_...`.
        type: `payment_intent.succeeded` and the like.
        intent_id: The PaymentIntent that it is about.
        order_id: The order in that intent's metadata.
        body: The JSON that is delivered. These bytes are signed.
    """

    event_id: str
    type: str
    intent_id: str
    order_id: str | None
    body: bytes


def new_event(
    event_type: str, about: Mapping[str, Any], intent: Mapping[str, Any], cause: ApiRequest | None
) -> Event:
    """The event of a change that happens now.

    Args:
        event_type: See `Event.type`.
        about: The changed object as Stripe returns it.
        intent: The PaymentIntent that the object belongs to.
        cause: The request that made the change; None if no request did.
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

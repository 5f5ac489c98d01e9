"""Events, with which Stripe reports changes (https://docs.stripe.com/api/events)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from local.stripe_stand_in.exchange import ApiRequest

API_VERSION: Final = "2026-10-28.endive"
"""The API version of the SDK that the shop uses; its webhook endpoint is registered with it."""

EVENTS_OF_STATUS: Final[Mapping[str, tuple[str, ...]]] = {
    "requires_action": ("payment_intent.requires_action",),
    "processing": ("payment_intent.processing",),
    "requires_capture": ("charge.succeeded", "payment_intent.amount_capturable_updated"),
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
        content: The event as Stripe returns it.
    """

    event_id: str
    type: str
    intent_id: str
    order_id: str | None
    content: Mapping[str, Any]

    @property
    def body(self) -> bytes:
        """The JSON that is delivered. These bytes are signed."""
        return json.dumps(self.content).encode()


def new_event(  # noqa: PLR0913 - the facts of a change
    event_type: str,
    about: Mapping[str, Any],
    intent: Mapping[str, Any],
    cause: ApiRequest | None,
    *,
    event_id: str,
    created: int,
) -> Event:
    """The event of a change.

    Args:
        event_type: See `Event.type`.
        about: The changed object as Stripe returns it.
        intent: The PaymentIntent that the object belongs to.
        cause: The request that made the change; None if no request did.
        event_id: See `Event.event_id`.
        created: When it happened, in Unix seconds.
    """
    content = {
        "id": event_id,
        "object": "event",
        "api_version": API_VERSION,
        "created": created,
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
        content=content,
    )

"""The webhook endpoint, and the signature that Stripe sends with events (https://docs.stripe.com/webhooks)."""

import hashlib
import hmac
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, Field


class WebhookEndpoint(BaseModel):
    """An endpoint that events are delivered to.

    Attributes:
        url: The URL that events are posted to.
        secrets: `whsec_...`; both secrets while the endpoint changes from one to another.
        events: The event types that it receives; None for all.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    url: str = Field(pattern="^https?://")
    secrets: list[str] = Field(min_length=1)
    events: list[str] | None = None

    def wants(self, event_type: str) -> bool:
        """Whether it receives events of this type."""
        return self.events is None or event_type in self.events


def signature(body: bytes, secrets: Iterable[str], at: int) -> str:
    """The `Stripe-Signature` header: a time, and with each secret a signature of the time and the body.

    Args:
        body: The body that is delivered.
        secrets: The endpoint's secrets.
        at: Now, in Unix seconds.
    """
    signed = b"%d.%b" % (at, body)
    signatures = (hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets)
    return ",".join([f"t={at}", *(f"v1={each}" for each in signatures)])

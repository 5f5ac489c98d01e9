"""The webhook endpoint, and the signature by which it knows Stripe (https://docs.stripe.com/webhooks)."""

import hashlib
import hmac
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, Field


class WebhookEndpoint(BaseModel):
    """Where events go.

    Attributes:
        url: Takes them as POST.
        secrets: `whsec_...`; two while one is rotated into the other.
        events: The types that it wants; None for all.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    url: str = Field(pattern="^https?://")
    secrets: list[str] = Field(min_length=1)
    events: list[str] | None = None

    def wants(self, event_type: str) -> bool:
        """Whether events of a type go here."""
        return self.events is None or event_type in self.events


def signature(body: bytes, secrets: Iterable[str], at: int) -> str:
    """The `Stripe-Signature` header: a time, and a signature of it and the body by each secret.

    Args:
        body: What is delivered.
        secrets: The endpoint's secrets.
        at: Now, in Unix seconds.
    """
    signed = b"%d.%b" % (at, body)
    signatures = (hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets)
    return ",".join([f"t={at}", *(f"v1={each}" for each in signatures)])

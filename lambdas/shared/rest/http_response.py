"""A response, and the headers that every response of the functions has."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lambdas.domain.vocabulary import SECURITY_HEADERS
from lambdas.shared.settings import Settings

_EXPOSED_HEADERS: Final = "ETag, Idempotent-Replayed, Location, Retry-After"
"""Headers that a script in a browser may read, besides the few that it can always read."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response of the REST API.

    Attributes:
        status: HTTP status code.
        body: JSON object; None for a response without a body.
        headers: Headers of this response only.
        content_type: Media type of the body.
    """

    status: int
    body: Mapping[str, Any] | None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"

    def for_api_gateway(self, origin: str | None) -> dict[str, Any]:
        """The response as API Gateway expects it from a function.

        Args:
            origin: The request's `Origin`: the site whose script sent it, None outside of a browser.
        """
        return {
            "statusCode": self.status,
            "headers": {
                "Content-Type": self.content_type,
                **SECURITY_HEADERS,
                **_cors_headers(origin),
                **self.headers,
            },
            "body": "" if self.body is None else json.dumps(self.body),
            "isBase64Encoded": False,
        }


def _cors_headers(origin: str | None) -> dict[str, str]:
    """Headers that let scripts of the allowed origins read the response."""
    allowed_origins = Settings().allowed_origins
    if not allowed_origins:
        return {}
    headers = {"Vary": "Origin"}  # for every origin: a cache must not serve one origin's response to another
    if origin in allowed_origins:
        headers |= {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Expose-Headers": _EXPOSED_HEADERS,
        }
    return headers

"""How each service says that it was asked too much."""

import json
from typing import Final

from aiohttp import web

_AWS_CODES: Final = {
    "dynamodb": "ProvisionedThroughputExceededException",
    "ses": "TooManyRequestsException",
}
_STRIPE: Final = {
    "error": {
        "type": "invalid_request_error",
        "code": "rate_limit",
        "message": "Request rate limit exceeded.",
    }
}


def throttled(service: str) -> web.Response:
    """The answer of a service that throttles; both of AWS's ways to name an error in JSON are in it."""
    if service == "stripe":
        return web.json_response(_STRIPE, status=429)
    code = _AWS_CODES.get(service, "ThrottlingException")
    return web.Response(
        status=429 if service == "ses" else 400,
        body=json.dumps({"__type": code, "message": "Rate exceeded"}),
        headers={"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": code},
    )

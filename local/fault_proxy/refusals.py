"""Answers of services that refuse a call: throttled, unavailable, or a message that SES never takes."""

import json
from http import HTTPStatus
from typing import Final

from aiohttp import web

AWS_THROTTLING: Final = {
    "dynamodb": "ProvisionedThroughputExceededException",
    "ses": "TooManyRequestsException",
}


REJECTED_DOMAIN: Final = "rejected.test"
"""SES rejects mail to this domain. The emulator rejects no message for its content or address."""


def throttled(service: str) -> web.Response:
    """The answer of a service that is called too often (https://docs.stripe.com/rate-limits)."""
    if service == "stripe":
        return _stripe_error(
            HTTPStatus.TOO_MANY_REQUESTS,
            type="invalid_request_error",
            code="rate_limit",
            message="Request rate limit exceeded.",
        )
    status = HTTPStatus.TOO_MANY_REQUESTS if service == "ses" else HTTPStatus.BAD_REQUEST
    return _aws_error(status, AWS_THROTTLING.get(service, "ThrottlingException"), "Rate exceeded")


def unavailable(service: str) -> web.Response:
    """The answer of a service that is down."""
    status, message = HTTPStatus.SERVICE_UNAVAILABLE, "Service temporarily unavailable."
    if service == "stripe":
        return _stripe_error(status, type="api_error", message=message)
    return _aws_error(status, "ServiceUnavailable", message)


def rejected_mail() -> web.Response:
    """The answer of SES to a message that it will never take."""
    return _aws_error(HTTPStatus.BAD_REQUEST, "MessageRejected", "The message contains invalid content.")


def _stripe_error(status: HTTPStatus, **error: str) -> web.Response:
    return web.json_response({"error": error}, status=status)


def _aws_error(status: HTTPStatus, code: str, message: str) -> web.Response:
    """An error of AWS. Some of its JSON protocols name the error in the body, others in a header."""
    return web.Response(
        status=status,
        body=json.dumps({"__type": code, "message": message}),
        headers={"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": code},
    )

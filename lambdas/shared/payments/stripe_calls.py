"""Logs each call to Stripe: what was called, what Stripe returned, and how long it took."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit

import stripe

from lambdas.shared.log import logger

_ACTIONS: Final = {("POST", 1): "create", ("POST", 2): "update", ("GET", 1): "list", ("GET", 2): "retrieve"}
"""What a call does, by its method and the number of parts of its path: the resource, and an id."""


class LoggedHttpClient(stripe.HTTPClient):
    """Sends the SDK's requests with another client, and logs a line for each.

    A line has neither parameters nor the body of the response, which can hold a payment method or a client
    secret. It has Stripe's request id, by which Stripe's dashboard and support find the call.
    """

    name = "requests"

    def __init__(self, client: stripe.HTTPClient) -> None:
        super().__init__()
        self._client = client

    def request(  # type: ignore[override] # the SDK passes only these four
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: str | None = None
    ) -> tuple[Any, int, Mapping[str, str]]:
        """Send a request, as the SDK asks for it."""
        started = monotonic()
        facts: dict[str, str | int | bool | None] = {"operation": operation_of(method, urlsplit(url).path)}
        try:
            answer: tuple[Any, int, Mapping[str, str]] = self._client.request(method, url, headers, post_data)
        except stripe.APIConnectionError as error:
            _log(facts | {"error": type(error).__name__}, started)
            raise
        content, status, returned = answer
        facts |= {
            "http_status": status,
            "stripe_request_id": returned.get("Request-Id"),
            "replayed": returned.get("Idempotent-Replayed") == "true",
        }
        if status >= HTTPStatus.BAD_REQUEST:
            facts["error"] = _error_of(content)
        _log(facts, started)
        return answer


def operation_of(method: str, path: str) -> str:
    """Name a call: `create PaymentIntent`, `list Refunds`, `confirm PaymentIntent`."""
    _version, resource, *rest = path.strip("/").split("/")
    verb = method.upper()
    action = rest[1] if len(rest) > 1 else _ACTIONS.get((verb, 1 + len(rest)), verb)
    plural = "".join(word.title() for word in resource.split("_"))
    return f"{action} {plural if action == 'list' else plural.removesuffix('s')}"


def _error_of(content: str | bytes) -> str | None:
    """Stripe's code of an error, or else its type: never its message, which can name the payment method."""
    try:
        error = json.loads(content)["error"]
        code: str | None = error.get("decline_code") or error.get("code") or error.get("type")
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
    return code


def _log(facts: Mapping[str, str | int | bool | None], started: float) -> None:
    """Log a call; a warning unless Stripe did what it was asked, or the bank declined."""
    expected = facts.get("http_status") == HTTPStatus.PAYMENT_REQUIRED or "error" not in facts
    level = logger.info if expected else logger.warning
    level("Stripe called", extra={**facts, "milliseconds": round((monotonic() - started) * 1000)})

"""What goes in and out: a request to the Stripe API and the answer to it."""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Any, Final, Self
from urllib.parse import parse_qsl

from aiohttp import web

FAIL_HEADER: Final = "Stand-In-Fail"
"""Has a request fail `before` or `after` its execution, with an error that is stored under its key."""

_INTENT_PATH: Final = re.compile(r"/v1/payment_intents/(?P<id>[^/]+)")


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One request to the Stripe API.

    Attributes:
        method: `GET`, `POST` or `DELETE`.
        path: From `/v1/` on, without the query.
        params: Query and form fields as they are written on the wire: `("metadata[order_id]", "o-1")`.
        api_key: The secret key, or None when there is none that Stripe would accept.
        idempotency_key: The header's value, if any.
        request_id: `req_...`, the name that the stand-in gives it.
        fail: `before` or `after` where the request is to fail; see `FAIL_HEADER`.
    """

    method: str
    path: str
    params: tuple[tuple[str, str], ...] = ()
    api_key: str | None = None
    idempotency_key: str | None = None
    request_id: str | None = None
    fail: str | None = None

    @classmethod
    async def read(cls, http: web.Request) -> Self:
        """The request that came in over HTTP."""
        query = parse_qsl(http.query_string, keep_blank_values=True)
        form = parse_qsl(await http.text(), keep_blank_values=True)
        return cls(
            method=http.method,
            path=http.rel_url.raw_path,
            params=(*query, *form),
            api_key=_secret_key(http.headers.get("Authorization", "")),
            idempotency_key=http.headers.get("Idempotency-Key"),
            fail=http.headers.get(FAIL_HEADER),
        )

    def param(self, name: str) -> str | None:
        """The value of one field, or None."""
        return next((value for key, value in self.params if key == name), None)

    @property
    def expand(self) -> list[str]:
        """The paths that the caller wants expanded, `latest_charge` and the like."""
        return [value for key, value in self.params if key.startswith("expand[")]

    @property
    def intent_id(self) -> str | None:
        """The PaymentIntent that the request is about, if it exists already."""
        in_path = _INTENT_PATH.match(self.path)
        return in_path["id"] if in_path else self.param("payment_intent")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API answers.

    Attributes:
        status: The HTTP status.
        body: The JSON object.
        executed: Whether the endpoint began its work. Only then Stripe keeps the answer under the
            request's idempotency key.
        replayed: Whether this is an answer kept from an earlier request.
    """

    status: int
    body: dict[str, Any]
    executed: bool = True
    replayed: bool = False


class RefusedError(Exception):
    """The API will not do what a request asks for; `answer` says why."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body["error"]["message"])
        self.answer = answer


def error(status: int, message: str, *, executed: bool = True, **fields: object) -> Answer:
    """An error in Stripe's shape.

    Args:
        status: The HTTP status.
        message: Stripe's words, where we know them.
        executed: See `Answer`.
        **fields: More fields of the error: `code`, `param`, a `type` other than the usual one.
    """
    body = {"error": {"type": "invalid_request_error", "message": message, **fields}}
    return Answer(status, body, executed)


def missing(status: int, kind: str, object_id: str, param: str) -> RefusedError:
    """There is no such object; `param` names it in the request."""
    return RefusedError(error(status, f"No such {kind}: '{object_id}'", code="resource_missing", param=param))


def _secret_key(authorization: str) -> str | None:
    scheme, _, credentials = authorization.partition(" ")
    if scheme == "Basic":  # what `curl -u sk_test_...:` sends
        try:
            credentials = base64.b64decode(credentials).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return None
    return credentials if credentials.startswith(("sk_", "rk_")) else None

"""What every endpoint of the REST API has in common: requests, answers, and problem documents (RFC 9457).

API Gateway does the routing: each function answers one call, so there is no router in here, and nothing that
is slow to import. Requests that have more than a path are read by `http_parsing.py`.
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from http import HTTPStatus
from typing import Any, Final

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.domain.errors import TransientFailure
from lambdas.shared.log import logger
from lambdas.shared.settings import Settings

MAX_BODY_BYTES: Final = 64 * 1024
"""The largest order, 99 lines of the longest SKUs, is a seventh of it."""

PROBLEM_TYPE: Final = "urn:problem-type:order-saga:"
"""What every problem's `type` begins with."""

_SECURITY_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Strict-Transport-Security": "max-age=63072000",
    "X-Content-Type-Options": "nosniff",
}
"""On every answer; those that API Gateway gives by itself have the same (`stacks/constructs/rest_api.py`)."""

_EXPOSED_HEADERS: Final = "ETag, Idempotent-Replayed, Location, Retry-After"
"""What a script in a browser may read, besides what it always may."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request, as API Gateway's REST API hands it over.

    Attributes:
        request_id: API Gateway's, also in its access log.
        path: The values of the path's parameters.
        query: The values of each query parameter.
        headers: By name in small letters.
        claims: What the token says of who signed in; empty if nobody did.
        context: Lambda's, of this call.
        raw_body: As it came; see `text`.
        is_base64: Whether that is Base64.
    """

    request_id: str
    path: Mapping[str, str]
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    claims: Mapping[str, Any]
    context: LambdaContext
    raw_body: str = ""
    is_base64: bool = False

    @classmethod
    def of(cls, event: Mapping[str, Any], context: LambdaContext) -> "HttpRequest":
        """Read an event of API Gateway's (payload format 1.0); what is not there is null in it."""
        of_request = event["requestContext"]
        return cls(
            request_id=of_request["requestId"],
            path=event["pathParameters"] or {},
            query=event["multiValueQueryStringParameters"] or {},
            headers={name.lower(): value for name, value in (event["headers"] or {}).items()},
            claims=(of_request.get("authorizer") or {}).get("claims") or {},
            context=context,
            raw_body=event["body"] or "",
            is_base64=event["isBase64Encoded"],
        )

    @property
    def text(self) -> str:
        """The body.

        Raises:
            Problem: It is no text in UTF-8, or too large.
        """
        try:
            text = base64.b64decode(self.raw_body).decode() if self.is_base64 else self.raw_body
            size = len(text.encode())
        except ValueError as error:  # broken Base64, or no UTF-8
            raise invalid_request(FieldError("body", "must be text in UTF-8")) from error
        if size > MAX_BODY_BYTES:
            raise Problem(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                "body-too-large",
                "The body is too large",
                f"A body has at most {MAX_BODY_BYTES} bytes.",
            )
        return text

    @property
    def unknown_parameters(self) -> list["FieldError"]:
        """The query parameters, of a call that takes none: who sends one expects it to do something."""
        return [FieldError(name, "there is no such parameter") for name in self.query]

    def refuse_parameters(self) -> None:
        """Take no query parameters.

        Raises:
            Problem: There are some.
        """
        if wrong := self.unknown_parameters:
            raise invalid_request(*wrong)


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An answer.

    Attributes:
        status: The HTTP status.
        body: JSON; None for an answer without a body.
        headers: Besides those that every answer has.
        content_type: The body's.
    """

    status: HTTPStatus
    body: Mapping[str, Any] | None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"

    def as_lambda_answer(self, request: HttpRequest) -> dict[str, Any]:
        """The answer, as API Gateway takes it from a function."""
        return {
            "statusCode": self.status,
            "headers": {
                "Content-Type": self.content_type,
                **_SECURITY_HEADERS,
                **_browser_headers(request.headers.get("origin")),
                **self.headers,
            },
            "body": "" if self.body is None else json.dumps(self.body),
            "isBase64Encoded": False,
        }


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one part of a request.

    Attributes:
        field: Where: `items.0.quantity`, or the name of a header or a parameter.
        message: What is wrong with it.
    """

    field: str
    message: str


@dataclass(eq=False)
class Problem(Exception):  # RFC 9457's word
    """An answer that is not what the caller hoped for.

    Attributes:
        status: The HTTP status.
        kind: The last part of the problem's stable `type`.
        title: The same for every problem of the kind.
        detail: What it is this time.
        errors: Which parts of the request are wrong.
    """

    status: HTTPStatus
    kind: str
    title: str
    detail: str
    errors: tuple[FieldError, ...] = field(default=())

    def as_response(self, request_id: str) -> HttpResponse:
        """The problem as the HTTP answer to a request."""
        body: dict[str, Any] = {
            "type": f"{PROBLEM_TYPE}{self.kind}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": request_id,
        }
        if self.errors:
            body["errors"] = [{"field": each.field, "message": each.message} for each in self.errors]
        headers = {
            HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": "1"},
            HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": "Bearer"},
        }.get(self.status, {})
        return HttpResponse(self.status, body, headers, "application/problem+json")


def invalid_request(*errors: FieldError) -> Problem:
    """The request cannot be understood; `errors` name the fields."""
    first, *others = errors
    detail = f"{first.field}: {first.message}" + (f" (and {len(others)} more)" if others else "")
    return Problem(HTTPStatus.BAD_REQUEST, "invalid-request", "The request is not valid", detail, errors)


def not_found(what: str) -> Problem:
    """There is no such thing, or it is somebody else's."""
    return Problem(HTTPStatus.NOT_FOUND, "not-found", "Not found", f"There is no {what}.")


Endpoint = Callable[[HttpRequest], HttpResponse]
Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]


def endpoint(answer: Endpoint) -> Handler:
    """Make a Lambda handler of what answers a call.

    Every error is a problem document, and nobody ever sees a stack trace.
    """

    @logger.inject_lambda_context(clear_state=True)
    @wraps(answer)
    def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        request = HttpRequest.of(event, context)
        try:
            response = answer(request)
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets an answer
            response = _problem_of(error).as_response(request.request_id)
        return response.as_lambda_answer(request)

    return handler


def _problem_of(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, TransientFailure):
        logger.warning("a request failed for the time being", extra={"error": str(error)})
        return Problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "unavailable",
            "Not available",
            "Try again; an order that is sent with the same Idempotency-Key is placed once.",
        )
    logger.exception("a request failed")
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal-error", "Internal error", "It is logged.")


def _browser_headers(origin: str | None) -> dict[str, str]:
    """What lets scripts of allowed origins read an answer."""
    allowed_origins = Settings().allowed_origins
    if not allowed_origins:
        return {}
    headers = {"Vary": "Origin"}  # also when nobody asked from there: caches must tell them apart
    if origin in allowed_origins:
        headers |= {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Expose-Headers": _EXPOSED_HEADERS,
        }
    return headers

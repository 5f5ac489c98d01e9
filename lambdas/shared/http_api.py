"""What every endpoint of the REST API has in common: routing, and errors as problem documents (RFC 9457)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, TypeVar

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, ConfigDict, ValidationError

from lambdas.shared.errors import TransientFailure
from lambdas.shared.log import logger
from lambdas.shared.settings import Settings

MAX_BODY_BYTES: Final = 64 * 1024
"""The largest order, 99 lines of the longest SKUs, is a seventh of it."""

_PROBLEM_TYPE: Final = "urn:problem-type:order-saga:"

_SECURITY_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Strict-Transport-Security": "max-age=63072000",
    "X-Content-Type-Options": "nosniff",
}
"""On every answer; those that API Gateway gives by itself have the same (`stacks/constructs/rest_api.py`)."""

_EXPOSED_HEADERS: Final = "ETag, Idempotent-Replayed, Location, Retry-After"
"""What a script in a browser may read, besides what it always may."""


class RequestModel(BaseModel):
    """A request body: no conversions, no unknown fields."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


_Model = TypeVar("_Model", bound=RequestModel)


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one part of a request.

    Attributes:
        field: Where: `items.0.quantity`, or a header's name.
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

    def as_response(self, request_id: str) -> Response[str]:
        """The problem as the HTTP answer to a request."""
        body: dict[str, Any] = {
            "type": f"{_PROBLEM_TYPE}{self.kind}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": request_id,
        }
        if self.errors:
            body["errors"] = [{"field": each.field, "message": each.message} for each in self.errors]
        headers: dict[str, str | list[str]] = {}
        if self.status is HTTPStatus.SERVICE_UNAVAILABLE:
            headers["Retry-After"] = "1"
        if self.status is HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = "Bearer"
        return Response(self.status, "application/problem+json", json.dumps(body), headers)


def invalid_request(*errors: FieldError) -> Problem:
    """The request cannot be understood; `errors` name the fields."""
    first, *others = errors
    detail = f"{first.field}: {first.message}" + (f" (and {len(others)} more)" if others else "")
    return Problem(HTTPStatus.BAD_REQUEST, "invalid-request", "The request is not valid", detail, errors)


def not_found(what: str) -> Problem:
    """There is no such thing, or it is somebody else's."""
    return Problem(HTTPStatus.NOT_FOUND, "not-found", "Not found", f"There is no {what}.")


def json_response(
    status: HTTPStatus, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Response[str]:
    """An answer with a JSON body."""
    return Response(status, "application/json", json.dumps(body), dict(headers or {}))


def body_of(event: APIGatewayProxyEvent) -> str:
    """A request's body.

    Raises:
        Problem: It is no text in UTF-8, or too large.
    """
    try:
        body = event.decoded_body or ""
        size = len(body.encode())
    except ValueError as error:  # broken Base64, or no UTF-8
        raise invalid_request(FieldError("body", "must be text in UTF-8")) from error
    if size > MAX_BODY_BYTES:
        raise Problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "body-too-large",
            "The body is too large",
            f"A body has at most {MAX_BODY_BYTES} bytes.",
        )
    return body


def parse_body(model: type[_Model], event: APIGatewayProxyEvent) -> _Model:
    """Read a request's body as JSON.

    Raises:
        Problem: It is too large, no JSON, or not of the model's shape; every wrong field is named.
    """
    try:
        return model.model_validate_json(body_of(event))
    except ValidationError as error:
        raise invalid_request(
            *(
                FieldError(".".join(str(part) for part in each["loc"]) or "body", each["msg"])
                for each in error.errors(include_url=False, include_input=False)
            )
        ) from error


class RestResolver(APIGatewayRestResolver):
    """A resolver whose every answer has the headers that protect it."""

    def resolve(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Answer a request of API Gateway."""
        answer = super().resolve(event, context)
        headers = answer["multiValueHeaders"]
        headers |= {name: [value] for name, value in _SECURITY_HEADERS.items()}
        if allowed_origins := Settings().allowed_origins:
            headers["Vary"] = ["Origin"]  # also when nobody asked from there: caches must tell them apart
            origin = self.current_event.headers.get("Origin")
            if origin in allowed_origins:
                headers["Access-Control-Allow-Origin"] = [origin]
                headers["Access-Control-Expose-Headers"] = [_EXPOSED_HEADERS]
        return answer


def build_api() -> RestResolver:
    """A resolver whose every answer is JSON, its errors included; nobody ever sees a stack trace."""
    api = RestResolver()

    def answer_with(problem: Problem) -> Response[str]:
        return problem.as_response(api.current_event.request_context.request_id)

    def on_unavailable(error: TransientFailure) -> Response[str]:
        logger.warning("a request failed for the time being", extra={"error": str(error)})
        return answer_with(
            Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "unavailable",
                "Not available",
                "Try again; an order that is sent with the same Idempotency-Key is placed once.",
            )
        )

    def on_bug(_error: Exception) -> Response[str]:
        logger.exception("a request failed")
        return answer_with(
            Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal-error", "Internal error", "It is logged.")
        )

    def on_no_route(_error: Exception) -> Response[str]:
        return answer_with(not_found("such endpoint"))

    api.exception_handler(Problem)(answer_with)
    api.exception_handler(TransientFailure)(on_unavailable)
    api.exception_handler(Exception)(on_bug)
    api.not_found(on_no_route)
    return api

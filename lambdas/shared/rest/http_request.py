"""A request as API Gateway's REST API passes it to a function. `parsing.py` checks it against a model."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.domain.vocabulary import BODY_TOO_LARGE_DETAIL, MAX_BODY_BYTES, ProblemKind
from lambdas.shared.rest.problem import FieldError, Problem, invalid_request


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request to the REST API.

    Attributes:
        request_id: API Gateway's own id of the request; its access log has it too, and the response has it in
            `x-amz-apigw-id`. Clients can choose the other one, `requestId`, by the header `x-amzn-RequestId`
            (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html).
        path: Values of the path parameters.
        query: Values of each query parameter.
        headers: Values by lower-case name.
        claims: Claims of the caller's token; empty without a sign-in.
        raw_body: Body as received; read `text`.
        is_base64: Whether `raw_body` is Base64.
    """

    request_id: str
    path: Mapping[str, str]
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    claims: Mapping[str, Any]
    raw_body: str = ""
    is_base64: bool = False

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> "HttpRequest":
        """Read an event in API Gateway's payload format 1.0, in which absent parts are null."""
        context = event["requestContext"]
        return cls(
            request_id=context["extendedRequestId"],
            path=event["pathParameters"] or {},
            query=event["multiValueQueryStringParameters"] or {},
            headers={name.lower(): value for name, value in (event["headers"] or {}).items()},
            claims=(context.get("authorizer") or {}).get("claims") or {},
            raw_body=event["body"] or "",
            is_base64=event["isBase64Encoded"],
        )

    @property
    def text(self) -> str:
        """The body.

        Raises:
            Problem: It is not text in UTF-8 (400), or too large (413).
        """
        try:
            text = base64.b64decode(self.raw_body).decode() if self.is_base64 else self.raw_body
            size = len(text.encode())
        except ValueError as error:  # broken Base64, or no UTF-8
            raise invalid_request(FieldError("body", "must be text in UTF-8")) from error
        if size > MAX_BODY_BYTES:
            raise Problem(ProblemKind.BODY_TOO_LARGE, BODY_TOO_LARGE_DETAIL)
        return text

    @property
    def unknown_parameters(self) -> list[FieldError]:
        """An error for each query parameter of a call that takes none.

        Parameters are not ignored, because a caller that sends one expects it to do something.
        """
        return [FieldError(name, "there is no such parameter") for name in self.query]

    def reject_parameters(self) -> None:
        """Reject query parameters.

        Raises:
            Problem: The request has some (400).
        """
        if errors := self.unknown_parameters:
            raise invalid_request(*errors)

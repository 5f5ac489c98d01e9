"""Problem documents (RFC 9457): the error responses of the REST API."""

from dataclasses import dataclass
from typing import Any, Final

from lambdas.domain.vocabulary import ProblemKind
from lambdas.shared.rest.http_response import HttpResponse

_HEADERS: Final = {
    ProblemKind.UNAUTHORIZED: {"WWW-Authenticate": "Bearer"},
    ProblemKind.UNAVAILABLE: {"Retry-After": "1"},  # seconds
}


@dataclass(frozen=True, slots=True)
class FieldError:
    """An error in one part of a request.

    Attributes:
        field: `items.0.quantity`, or the name of a header or a parameter.
        message: What is wrong with it.
    """

    field: str
    message: str


@dataclass(eq=False)
class Problem(Exception):  # RFC 9457's word
    """A request that cannot be fulfilled; raise it anywhere below an endpoint.

    Attributes:
        kind: Gives the `type`, the status and the title.
        detail: What is wrong this time, for the person who reads the response.
        errors: The wrong parts of the request.
    """

    kind: ProblemKind
    detail: str
    errors: tuple[FieldError, ...] = ()

    def as_response(self, request_id: str) -> HttpResponse:
        """The problem document that answers the request of this id."""
        body: dict[str, Any] = {
            "type": self.kind.type,
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            "instance": request_id,
        }
        if self.errors:
            body["errors"] = [{"field": each.field, "message": each.message} for each in self.errors]
        return HttpResponse(self.kind.status, body, _HEADERS.get(self.kind, {}), "application/problem+json")


def invalid_request(*errors: FieldError) -> Problem:
    """The problem of a request with errors in at least one field; the detail repeats the first."""
    first, *others = errors
    detail = f"{first.field}: {first.message}" + (f" (and {len(others)} more)" if others else "")
    return Problem(ProblemKind.INVALID_REQUEST, detail, errors)


def not_found(what: str) -> Problem:
    """The problem of a thing that does not exist, or that the caller may not see: `not_found("order")`."""
    return Problem(ProblemKind.NOT_FOUND, f"There is no such {what}.")

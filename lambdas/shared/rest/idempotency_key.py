"""The header `Idempotency-Key`, by which a repeated request is known.

The IETF draft has it quoted, as a structured field's string; many clients send it bare. Both are taken, and
mean the same key (https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/).
"""

from http import HTTPStatus
from typing import Annotated

from pydantic import AfterValidator, Field

from lambdas.shared.rest.http_api import FieldError, Problem
from lambdas.shared.rest.parsing import RequestModel

IdempotencyKey = Annotated[
    str,
    Field(pattern=r'^("[!#-~]{1,255}"|[!#-~]{1,255})$'),
    AfterValidator(lambda key: key.strip('"')),
]
"""1 to 255 printable ASCII characters, no blanks and no quotes."""


class IdempotentHeaders(RequestModel):
    """The headers of a call that must not be done twice."""

    idempotency_key: Annotated[
        IdempotencyKey,
        Field(
            alias="Idempotency-Key",
            description="Yours, new for each request that is not a repetition: a UUID will do.",
        ),
    ]


def reused_idempotency_key() -> Problem:
    """The key came before, with another request."""
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "idempotency-key-reused",
        "The idempotency key was used for a different request",
        "Send a new Idempotency-Key with a new request.",
        (FieldError("Idempotency-Key", "was used with another request"),),
    )

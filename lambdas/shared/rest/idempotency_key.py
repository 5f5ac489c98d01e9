"""The header `Idempotency-Key`, which tells a repeated request from a new one.

The IETF draft defines the value as a quoted string; many clients send it without quotes. Both forms are
accepted and mean the same key (https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/).
"""

from typing import Annotated

from pydantic import AfterValidator, Field

from lambdas.domain.vocabulary import ProblemKind
from lambdas.shared.rest.parsing import RequestModel, has_form
from lambdas.shared.rest.problem import FieldError, Problem

IdempotencyKey = Annotated[
    str,
    Field(pattern=r'^("[!#-~]{1,255}"|[!#-~]{1,255})$'),
    has_form("must have 1 to 255 printable ASCII characters without blanks and quotes"),
    AfterValidator(lambda key: key.strip('"')),
]
"""1 to 255 printable ASCII characters without blanks and quotes."""


class IdempotentHeaders(RequestModel):
    """The headers of a call that must not take effect twice."""

    idempotency_key: Annotated[
        IdempotencyKey,
        Field(
            alias="Idempotency-Key",
            description="A key that you choose, such as a UUID. Send the same key to repeat a request.",
        ),
    ]


def reused_idempotency_key() -> Problem:
    """The problem of a key that was used before, with a different request."""
    return Problem(
        ProblemKind.IDEMPOTENCY_KEY_REUSED,
        "Send a new Idempotency-Key with a new request.",
        (FieldError("Idempotency-Key", "was used with a different request"),),
    )

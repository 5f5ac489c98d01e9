"""The order in a line of a file: the body of `POST /orders`, its customer, and its idempotency key."""

from typing import Annotated

from pydantic import Field, Json

from lambdas.domain.vocabulary import MAX_BODY_BYTES, ProblemKind
from lambdas.events.import_orders.lines import Line
from lambdas.shared.rest.idempotency_key import IdempotencyKey
from lambdas.shared.rest.parsing import RequestModel, check, has_form
from lambdas.shared.rest.problem import FieldError, Problem, invalid_request
from lambdas.shared.submission.request import SubmitOrder


class ImportedOrder(SubmitOrder):
    """A line of a file."""

    customer_id: Annotated[
        str,
        Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"),
        has_form("must be the id of a customer (`sub`), a UUID in lower case"),
    ]
    idempotency_key: IdempotencyKey

    @property
    def order(self) -> SubmitOrder:
        """The body of `POST /orders` that says the same, so that both have the same fingerprint."""
        return SubmitOrder.model_construct(**{name: getattr(self, name) for name in SubmitOrder.model_fields})


class _ImportedLine(RequestModel):
    body: Json[ImportedOrder]


def read_line(line: Line) -> ImportedOrder:
    """Read a line into its model.

    Raises:
        Problem: The line is too long (413), or is not such an order (400, which names all errors).
    """
    if line.text is None:
        raise Problem(ProblemKind.BODY_TOO_LARGE, f"A line has at most {MAX_BODY_BYTES} bytes.")
    try:
        text = line.text.decode()
    except UnicodeDecodeError as error:
        raise invalid_request(FieldError("body", "must be text in UTF-8")) from error
    return check(_ImportedLine, {"body": text}).body

"""What an operator sends when goods arrive."""

from typing import Annotated, Final

from pydantic import Field, Json

from lambdas.shared.rest.fields import WHOLE_NUMBER, ProductPath
from lambdas.shared.rest.idempotency_key import IdempotentHeaders
from lambdas.shared.rest.parsing import RequestModel

MAX_DELIVERY: Final = 1_000_000
"""Units that arrive at once; more is a slip of the finger."""


class Delivery(RequestModel):
    """The body of `POST /inventory/{sku}/restock`: how many units are added to what is there."""

    quantity: Annotated[int, Field(ge=1, le=MAX_DELIVERY), WHOLE_NUMBER]


class RestockRequest(RequestModel):
    """`POST /inventory/{sku}/restock`."""

    path: ProductPath
    headers: IdempotentHeaders
    body: Json[Delivery]

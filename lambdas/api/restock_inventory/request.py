"""The request of `POST /inventory/{sku}/restock`."""

from typing import Annotated, Final

from pydantic import Field, Json

from lambdas.shared.rest.fields import WHOLE_NUMBER, ProductPath
from lambdas.shared.rest.idempotency_key import IdempotentHeaders
from lambdas.shared.rest.parsing import RequestModel

MAX_QUANTITY: Final = 1_000_000
"""Units that can be added at once; a larger number is probably a typing error."""


class Restock(RequestModel):
    """Units to add to the stock of a product."""

    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY), WHOLE_NUMBER]


class RestockRequest(RequestModel):
    """`POST /inventory/{sku}/restock`."""

    path: ProductPath
    headers: IdempotentHeaders
    body: Json[Restock]

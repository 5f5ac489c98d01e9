"""What an operator sends to put a product into the catalogue."""

from typing import Annotated, Final

from pydantic import Field, Json

from lambdas.domain.money import MAX_AMOUNT
from lambdas.shared.rest.fields import WHOLE_NUMBER, Currency, ProductPath
from lambdas.shared.rest.parsing import RequestModel

MAX_AVAILABLE: Final = 1_000_000_000
"""Units of one product; more is a slip of the finger."""


class PutProduct(RequestModel):
    """The body of `PUT /inventory/{sku}`: the product as it shall be from now on."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    unit_price: Annotated[int, Field(ge=1, le=MAX_AMOUNT), WHOLE_NUMBER]
    currency: Currency
    available: Annotated[int, Field(ge=0, le=MAX_AVAILABLE), WHOLE_NUMBER]


class Precondition(RequestModel):
    """What must hold for a product to be written: it is still the one that was read, or it is new."""

    if_match: Annotated[
        str | None,
        Field(
            alias="If-Match",
            pattern=r'^"[!#-~]{1,64}"$',
            description="The `ETag` of the product that this one replaces.",
        ),
    ] = None
    if_none_match: Annotated[
        str | None,
        Field(alias="If-None-Match", pattern=r"^\*$", description="`*`: there is no such product yet."),
    ] = None


class PutProductRequest(RequestModel):
    """`PUT /inventory/{sku}`."""

    path: ProductPath
    headers: Precondition
    body: Json[PutProduct]

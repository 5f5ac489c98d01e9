"""The request of `PUT /inventory/{sku}`."""

from typing import Annotated, Final

from pydantic import Field, Json

from lambdas.shared.rest.fields import WHOLE_NUMBER, Currency, ProductName, ProductPath, UnitPrice
from lambdas.shared.rest.parsing import RequestModel, has_form

MAX_AVAILABLE: Final = 1_000_000_000
"""Units of one product; a larger number is probably a typing error."""


class PutProduct(RequestModel):
    """All fields of the product."""

    name: ProductName
    unit_price: UnitPrice
    currency: Currency
    available: Annotated[int, Field(ge=0, le=MAX_AVAILABLE), WHOLE_NUMBER]
    active: Annotated[bool, Field(description="Whether customers see the product and can order it.")] = True


class Precondition(RequestModel):
    """Condition of the write: the product has the version that the caller read, or it does not exist."""

    if_match: Annotated[
        str | None,
        Field(
            alias="If-Match",
            pattern=r'^"[!#-~]{1,64}"$',
            description="`ETag` of the version to replace.",
        ),
        has_form("must be the ETag of the version to replace, with its quotes"),
    ] = None
    if_none_match: Annotated[
        str | None,
        Field(alias="If-None-Match", pattern=r"^\*$", description="`*` to create a product."),
        has_form("must be *"),
    ] = None


class PutProductRequest(RequestModel):
    """`PUT /inventory/{sku}`."""

    path: ProductPath
    headers: Precondition
    body: Json[PutProduct]

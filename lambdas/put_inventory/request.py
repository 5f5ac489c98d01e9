"""What an operator sends to put a product into the catalogue."""

from typing import Annotated

from pydantic import Field

from lambdas.shared.fields import Currency
from lambdas.shared.http_api import RequestModel


class PutProduct(RequestModel):
    """The body of `PUT /inventory/{sku}`: the product as it shall be from now on."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    unit_price: Annotated[int, Field(ge=1, le=99_999_999)]  # Stripe takes at most eight digits
    currency: Currency
    available: Annotated[int, Field(ge=0, le=1_000_000_000)]

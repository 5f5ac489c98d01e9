"""The request of `PATCH /inventory/{sku}`."""

from pydantic import Json

from lambdas.shared.rest.fields import ProductName, ProductPath, UnitPrice
from lambdas.shared.rest.parsing import RequestModel


class PatchProduct(RequestModel):
    """The fields to change. The others, and those that are null, keep their values."""

    name: ProductName | None = None
    unit_price: UnitPrice | None = None
    active: bool | None = None


class PatchProductRequest(RequestModel):
    """`PATCH /inventory/{sku}`."""

    path: ProductPath
    body: Json[PatchProduct]

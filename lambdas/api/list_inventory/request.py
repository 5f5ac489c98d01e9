"""The request of `GET /inventory`."""

from typing import Annotated

from pydantic import Field

from lambdas.shared.rest.fields import MAX_LIMIT, Limit, Sku
from lambdas.shared.rest.parsing import RequestModel


class ListProductsQuery(RequestModel):
    """The query parameters of `GET /inventory`."""

    limit: Limit = MAX_LIMIT
    # Not signed like a cursor of orders: every SKU is a position that each caller may ask for.
    cursor: Annotated[Sku | None, Field(description="The `cursor` of the previous page.")] = None


class ListProductsRequest(RequestModel):
    """`GET /inventory`."""

    query: ListProductsQuery

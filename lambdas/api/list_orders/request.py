"""The request of `GET /orders`."""

from typing import Annotated, Final

from pydantic import Field

from lambdas.domain.order import OrderStatus
from lambdas.shared.rest.fields import Limit, ShortText
from lambdas.shared.rest.parsing import RequestModel

DEFAULT_LIMIT: Final = 20


class ListOrdersQuery(RequestModel):
    """The query parameters of `GET /orders`."""

    status: Annotated[
        OrderStatus | None, Field(strict=False, description="Only orders with this status.")
    ] = None
    reference: Annotated[
        ShortText | None, Field(description="Only orders with this reference of their customer.")
    ] = None
    limit: Limit = DEFAULT_LIMIT
    cursor: Annotated[
        str | None,
        Field(min_length=1, max_length=256, description="The `cursor` of the previous page."),
    ] = None


class ListOrdersRequest(RequestModel):
    """`GET /orders`."""

    query: ListOrdersQuery

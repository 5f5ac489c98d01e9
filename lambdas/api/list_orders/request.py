"""The request of `GET /orders`."""

import re
from typing import Annotated, Final

from pydantic import BeforeValidator, Field

from lambdas.domain.order import OrderStatus
from lambdas.shared.rest.parsing import RequestModel

DEFAULT_LIMIT: Final = 20
MAX_LIMIT: Final = 100


def _integer_if_digits(text: object) -> object:
    return int(text) if isinstance(text, str) and re.fullmatch("-?[0-9]{1,9}", text) else text


class ListOrdersQuery(RequestModel):
    """The query parameters of `GET /orders`."""

    status: Annotated[
        OrderStatus | None, Field(strict=False, description="Only orders with this status.")
    ] = None
    limit: Annotated[
        int,
        Field(ge=1, le=MAX_LIMIT, description="Maximum number of orders on the page."),
        BeforeValidator(_integer_if_digits),
    ] = DEFAULT_LIMIT
    cursor: Annotated[
        str | None,
        Field(min_length=1, max_length=256, description="The `cursor` of the previous page."),
    ] = None


class ListOrdersRequest(RequestModel):
    """`GET /orders`."""

    query: ListOrdersQuery

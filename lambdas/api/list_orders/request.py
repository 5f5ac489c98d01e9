"""What a caller sends to list orders."""

import re
from typing import Annotated, Final

from pydantic import BeforeValidator, Field

from lambdas.domain.order import OrderStatus
from lambdas.shared.rest.parsing import RequestModel

DEFAULT_LIMIT: Final = 20
MAX_LIMIT: Final = 100


def _number(text: object) -> object:
    """A parameter that is written as a whole number, as that number; anything else as it is."""
    return int(text) if isinstance(text, str) and re.fullmatch("-?[0-9]{1,9}", text) else text


class ListOrdersQuery(RequestModel):
    """The query of `GET /orders`."""

    status: Annotated[
        OrderStatus | None, Field(strict=False, description="Only orders that stand there.")
    ] = None
    limit: Annotated[
        int,
        Field(ge=1, le=MAX_LIMIT, description="How many orders a page has at most."),
        BeforeValidator(_number),
    ] = DEFAULT_LIMIT
    cursor: Annotated[
        str | None,
        Field(min_length=1, max_length=256, description="Where to go on: as it came with the page before."),
    ] = None


class ListOrdersRequest(RequestModel):
    """`GET /orders`."""

    query: ListOrdersQuery

"""What a customer sends to place an order."""

from typing import Annotated, Final

from pydantic import AfterValidator, Field, Json

from lambdas.shared.rest.fields import WHOLE_NUMBER, Currency, Sku
from lambdas.shared.rest.idempotency_key import IdempotentHeaders
from lambdas.shared.rest.parsing import RequestModel

MAX_LINES: Final = 99
"""A DynamoDB transaction takes 100 items: 99 lines and the order."""

MAX_QUANTITY: Final = 1_000
"""Units of one SKU in one order; more is a slip of the finger."""

_EMAIL: Final = r"^[^@\s<>,;\x00-\x1f]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"
"""One address and nothing else; whether it exists, only sending shows."""


class Item(RequestModel):
    """So many units of one SKU."""

    sku: Sku
    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY), WHOLE_NUMBER]


def _each_sku_once(items: list[Item]) -> list[Item]:
    skus = [item.sku for item in items]
    twice = sorted({sku for sku in skus if skus.count(sku) > 1})
    if twice:
        raise ValueError(f"each SKU may stand in one line only: {', '.join(twice)}")
    return items


class SubmitOrder(RequestModel):
    """The body of `POST /orders`. There is no price in it: the catalogue knows the prices."""

    currency: Currency
    items: Annotated[list[Item], Field(min_length=1, max_length=MAX_LINES), AfterValidator(_each_sku_once)]
    payment_method: Annotated[str, Field(pattern=r"^pm_[A-Za-z0-9_]{1,252}$")]
    email: Annotated[str, Field(max_length=254, pattern=_EMAIL)]


class SubmitOrderRequest(RequestModel):
    """`POST /orders`."""

    headers: IdempotentHeaders
    body: Json[SubmitOrder]

"""What a customer sends to place an order."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from lambdas.shared.fields import Currency, Sku
from lambdas.shared.http_api import FieldError, RequestModel, invalid_request

MAX_LINES: Final = 99
"""A DynamoDB transaction takes 100 items: 99 lines and the order."""

MAX_QUANTITY: Final = 1_000
"""Units of one SKU in one order; more is a slip of the finger."""

_EMAIL: Final = r"^[^@\s<>,;\x00-\x1f]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"
"""One address and nothing else; whether it exists, only sending shows."""

_IDEMPOTENCY_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")


class Item(RequestModel):
    """So many units of one SKU."""

    sku: Sku
    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY)]


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


def parse_idempotency_key(header: str | None) -> str:
    """Read the header `Idempotency-Key`.

    The IETF draft has it quoted, as a structured field's string; many clients send it bare. Both are
    taken, and mean the same key (https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/).

    Raises:
        Problem: The header is missing, or not 1 to 255 printable ASCII characters without blanks.
    """
    key = (header or "").strip()
    if len(key) > 1 and key.startswith('"') and key.endswith('"'):
        key = key[1:-1]
    if not _IDEMPOTENCY_KEY.fullmatch(key):
        raise invalid_request(
            FieldError(
                "Idempotency-Key", "this header is needed: 1 to 255 printable ASCII characters, no blanks"
            )
        )
    return key

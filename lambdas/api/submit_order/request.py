"""The request of `POST /orders`."""

from typing import Annotated, Final

from pydantic import AfterValidator, Field, Json

from lambdas.domain.money import MAX_AMOUNT
from lambdas.shared.rest.fields import WHOLE_NUMBER, Currency, Sku
from lambdas.shared.rest.idempotency_key import IdempotentHeaders
from lambdas.shared.rest.parsing import RequestModel, has_form

MAX_LINES: Final = 99
"""A DynamoDB transaction has at most 100 items: 99 lines and the order."""

MAX_QUANTITY: Final = 1_000
"""Units of one SKU in one order; a larger number is probably a typing error."""

_EMAIL: Final = r"^[^@\s<>,;\x00-\x1f]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"
"""Exactly one address. Whether it exists is only known once mail is sent to it."""


_RETURN_URL: Final = (
    r"^(https://[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*|http://(localhost|127\.0\.0\.1))(:[0-9]{1,5})?([/?#][!-~]*)?$"
)
"""An https URL without user and password, or http on the caller's own machine."""


class SubmitOrderItem(RequestModel):
    """A line of an order: units of one SKU."""

    sku: Sku
    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY), WHOLE_NUMBER]


def _each_sku_once(items: list[SubmitOrderItem]) -> list[SubmitOrderItem]:
    skus = [item.sku for item in items]
    repeated = sorted({sku for sku in skus if skus.count(sku) > 1})
    if repeated:
        raise ValueError(f"each SKU can be in one item only: {', '.join(repeated)}")
    return items


class SubmitOrder(RequestModel):
    """A new order. The catalogue sets its prices."""

    currency: Currency
    items: Annotated[
        list[SubmitOrderItem], Field(min_length=1, max_length=MAX_LINES), AfterValidator(_each_sku_once)
    ]
    payment_method: Annotated[
        str,
        Field(
            pattern=r"^pm_[A-Za-z0-9_]{1,252}$",
            description="A Stripe PaymentMethod that no other order has used: it serves one order.",
        ),
        has_form("must be the id of a Stripe PaymentMethod, like 'pm_card_visa'"),
    ]
    email: Annotated[
        str | None,
        Field(
            max_length=254,
            pattern=_EMAIL,
            description="Optional. If present, it must be the e-mail address of the signed-in user.",
        ),
        has_form("must be one e-mail address"),
    ] = None
    expected_amount: Annotated[
        int | None,
        Field(
            ge=1,
            le=MAX_AMOUNT,
            description=(
                "What you expect the whole order to cost, in minor units. If it costs anything else, it fails"
                " with `price_changed`, and nothing is charged."
            ),
        ),
        WHOLE_NUMBER,
    ] = None
    return_url: Annotated[
        str | None,
        Field(
            max_length=2048,
            pattern=_RETURN_URL,
            description=(
                "URL to which the bank redirects the customer after 3-D Secure: https, or http on localhost."
                " Without it, Stripe.js handles 3-D Secure on your page."
            ),
        ),
        has_form("must be a URL with https, or http on localhost, and without a user or password"),
    ] = None


class SubmitOrderRequest(RequestModel):
    """`POST /orders`."""

    headers: IdempotentHeaders
    body: Json[SubmitOrder]

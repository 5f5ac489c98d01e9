"""A new order as its sender writes it: the body of `POST /orders`, and most of a line of an import."""

from typing import Annotated, Final, TypeVar

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from lambdas.domain.money import MAX_AMOUNT
from lambdas.shared.rest.fields import WHOLE_NUMBER, Currency, ShortText, Sku
from lambdas.shared.rest.parsing import RequestModel, has_form

MAX_LINES: Final = 99
"""A DynamoDB transaction has at most 100 items: 99 lines and the order."""

MAX_QUANTITY: Final = 1_000
"""Units of one SKU in one order; a larger number is probably a typing error."""

_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_EMAIL: Final = rf"^{_ATOM}(\.{_ATOM})*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"
_MAX_LOCAL_PART: Final = 64
_EMAIL_FORM: Final = "must be one e-mail address in ASCII, with at most 64 characters before the @"


def _with_short_local_part(address: str) -> str:
    if len(address.partition("@")[0]) > _MAX_LOCAL_PART:
        raise ValueError(_EMAIL_FORM)
    return address


EmailAddress = Annotated[
    str,
    Field(max_length=254, pattern=_EMAIL),
    has_form(_EMAIL_FORM),
    AfterValidator(_with_short_local_part),
]
"""Exactly one address that Amazon SES takes. Whether it exists is only known once mail is sent to it.

SES accepts only ASCII before the @ (https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Destination.html,
November 2026). Dots and lengths are those of RFC 5321, section 4.5.3.1.1, and RFC 5322, section 3.2.3.
"""

_EMAIL_ADDRESS: Final = TypeAdapter[str](EmailAddress)


def is_email_address(text: str) -> bool:
    """Whether mail can be sent to an address; see `EmailAddress`."""
    try:
        _EMAIL_ADDRESS.validate_python(text)
    except ValidationError:
        return False
    return True


_RETURN_URL: Final = (
    r"^(https://[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*|http://(localhost|127\.0\.0\.1))(:[0-9]{1,5})?([/?#][!-~]*)?$"
)
"""An https URL without user and password, or http on the caller's own machine."""


class SubmitOrderItem(RequestModel):
    """A line of an order: units of one SKU."""

    sku: Sku
    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY), WHOLE_NUMBER]


_Item = TypeVar("_Item", bound=SubmitOrderItem)


def each_sku_once(items: list[_Item]) -> list[_Item]:
    """Reject items of which two have the same SKU."""
    skus = [item.sku for item in items]
    repeated = sorted({sku for sku in skus if skus.count(sku) > 1})
    if repeated:
        raise ValueError(f"each SKU can be in one item only: {', '.join(repeated)}")
    return items


class SubmitOrder(RequestModel):
    """A new order. The catalogue sets its prices."""

    currency: Currency
    items: Annotated[
        list[SubmitOrderItem], Field(min_length=1, max_length=MAX_LINES), AfterValidator(each_sku_once)
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
        EmailAddress | None,
        Field(description="Optional. If present, it must be the e-mail address of the signed-in user."),
    ] = None
    reference: Annotated[
        ShortText | None,
        Field(description="Your own id of the order. The shop returns it, and you can list orders by it."),
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

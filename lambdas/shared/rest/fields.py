"""Field types that several requests use."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter, ValidationError
from typing_extensions import TypeAliasType

from lambdas.domain.money import CURRENCIES, MAX_AMOUNT
from lambdas.shared.rest.parsing import RequestModel, has_form

Sku = TypeAliasType(
    "Sku",
    Annotated[
        str,
        Field(pattern=r"^[A-Z0-9][A-Z0-9-]{0,63}$"),
        has_form("must have 1 to 64 capital letters, digits and dashes, like 'RED-CHAIR'"),
    ],
)
"""1 to 64 capital letters, digits and dashes: `CRUNCHY-ARMCHAIR`."""

_SKU: Final = TypeAdapter[str](Sku)


def is_sku(text: str) -> bool:
    """Whether the text has the form of a SKU."""
    try:
        _SKU.validate_python(text)
    except ValidationError:
        return False
    return True


def _known_currency(code: str) -> str:
    if code not in CURRENCIES:
        raise ValueError(
            "must be the lower-case ISO 4217 code of a currency that the shop accepts, like 'usd'"
        )
    return code


Currency = TypeAliasType(
    "Currency",
    Annotated[str, AfterValidator(_known_currency), Field(json_schema_extra={"enum": [*sorted(CURRENCIES)]})],
)
"""ISO 4217 code, lower case."""


def _integer_if_whole(number: object) -> object:
    return int(number) if isinstance(number, float) and number.is_integer() else number


WHOLE_NUMBER: Final = BeforeValidator(_integer_if_whole)
"""Lets an `int` accept `2.0`: in JSON 2 and 2.0 are the same, and some languages write the latter."""


_STEERING: Final = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069"
"""Control characters, line breaks and characters that change the direction of text, for a pattern."""

ProductName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=200,
        pattern=rf"^[^{_STEERING}]*$",
        description="No control characters, line breaks or characters that change the direction of text.",
    ),
    has_form("must be 1 to 200 characters, none of them a control character"),
]
"""Name of a product. Customers read it in terminals and browsers, so it can't steer either."""

ShortText = Annotated[
    str,
    Field(min_length=1, max_length=64, pattern=rf"^[^\s{_STEERING}][^{_STEERING}]*$"),
    has_form("must have no control characters, and not begin with a blank"),
]
"""A name or number that somebody else has given, in at most 64 characters."""

UnitPrice = Annotated[int, Field(ge=1, le=MAX_AMOUNT), WHOLE_NUMBER]
"""Price of one unit, in minor units."""

Reason = Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S"), has_form("must not be blank")]
"""An operator's own words."""

MAX_LIMIT: Final = 100


def _integer_if_digits(text: object) -> object:
    return int(text) if isinstance(text, str) and re.fullmatch("-?[0-9]{1,9}", text) else text


Limit = Annotated[
    int,
    Field(ge=1, le=MAX_LIMIT, description="Maximum number of entries on the page."),
    BeforeValidator(_integer_if_digits),
]
"""Query parameter: how many entries a page of a listing has at most."""


class ProductPath(RequestModel):
    """The parameter in the path to one product."""

    sku: Sku

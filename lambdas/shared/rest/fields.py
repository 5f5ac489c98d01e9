"""The field types that more than one request uses."""

from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter, ValidationError
from typing_extensions import TypeAliasType

from lambdas.domain.money import CURRENCIES
from lambdas.shared.rest.parsing import RequestModel

Sku = TypeAliasType("Sku", Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9-]{0,63}$")])
"""1 to 64 capital letters, digits and dashes: `CRUNCHY-ARMCHAIR`."""

_SKU: Final = TypeAdapter[str](Sku)


def is_sku(text: str) -> bool:
    """Whether the text could be a SKU at all."""
    try:
        _SKU.validate_python(text)
    except ValidationError:
        return False
    return True


def _known_currency(code: str) -> str:
    if code not in CURRENCIES:
        raise ValueError("must be an ISO 4217 code in lower case that the shop takes, like 'usd'")
    return code


Currency = TypeAliasType(
    "Currency",
    Annotated[str, AfterValidator(_known_currency), Field(json_schema_extra={"enum": [*sorted(CURRENCIES)]})],
)
"""ISO 4217, lower case."""


def _written_as_integer(number: object) -> object:
    return int(number) if isinstance(number, float) and number.is_integer() else number


WHOLE_NUMBER: Final = BeforeValidator(_written_as_integer)
"""Makes an `int` take `2.0` for 2, as JSON does: it knows numbers only, and some languages write them so."""


class ProductPath(RequestModel):
    """The parameter of a path to one product."""

    sku: Sku

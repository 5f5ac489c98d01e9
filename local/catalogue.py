"""Sample stock."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypedDict


class Product(TypedDict):
    """What the shop sells, as the API takes and shows it.

    Attributes:
        name: For people.
        unit_price: Minor units of the currency.
        currency: ISO 4217 code, lower case.
        available: Units that can be sold.
    """

    name: str
    unit_price: int
    currency: str
    available: int


SAMPLE_STOCK: Final[Mapping[str, Product]] = MappingProxyType(
    {
        "CRUNCHY-ARMCHAIR": Product(
            name="Crunchy armchair", unit_price=24_900, currency="usd", available=1_000
        ),
        "RED-CHAIR": Product(name="Red chair", unit_price=7_950, currency="usd", available=1_000),
        "TASTELESS-LAMP": Product(name="Tasteless lamp", unit_price=3_490, currency="usd", available=1_000),
        "LAST-TABLE": Product(name="The last table", unit_price=119_000, currency="usd", available=1),
        "SOLD-OUT-SOFA": Product(name="Sold-out sofa", unit_price=89_900, currency="usd", available=0),
        "PENNY-NAIL": Product(name="Penny nail", unit_price=1, currency="usd", available=1_000),
        "BERLIN-BENCH": Product(name="Berlin bench", unit_price=15_900, currency="eur", available=1_000),
    }
)
"""Products by SKU: plenty of most; one single, one sold out, one for a cent, one in another currency."""

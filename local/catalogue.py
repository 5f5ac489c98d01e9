"""Sample stock."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cli.shapes import ProductFieldsJson


def _product(
    name: str, unit_price: int, *, currency: str = "usd", available: int = 1_000
) -> ProductFieldsJson:
    return {"name": name, "unit_price": unit_price, "currency": currency, "available": available}


SAMPLE_STOCK: Final[Mapping[str, ProductFieldsJson]] = MappingProxyType(
    {
        "CRUNCHY-ARMCHAIR": _product("Crunchy armchair", 24_900),
        "RED-CHAIR": _product("Red chair", 7_950),
        "TASTELESS-LAMP": _product("Tasteless lamp", 3_490),
        "LAST-TABLE": _product("The last table", 119_000, available=1),
        "SOLD-OUT-SOFA": _product("Sold-out sofa", 89_900, available=0),
        "PENNY-NAIL": _product("Penny nail", 1),
        "BERLIN-BENCH": _product("Berlin bench", 15_900, currency="eur"),
    }
)
"""Products by SKU, with prices in minor units."""

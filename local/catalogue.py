"""Sample stock."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cli.shapes import ProductFieldsJson

SAMPLE_STOCK: Final[Mapping[str, ProductFieldsJson]] = MappingProxyType(
    {
        "CRUNCHY-ARMCHAIR": ProductFieldsJson(
            name="Crunchy armchair", unit_price=24_900, currency="usd", available=1_000
        ),
        "RED-CHAIR": ProductFieldsJson(name="Red chair", unit_price=7_950, currency="usd", available=1_000),
        "TASTELESS-LAMP": ProductFieldsJson(
            name="Tasteless lamp", unit_price=3_490, currency="usd", available=1_000
        ),
        "LAST-TABLE": ProductFieldsJson(
            name="The last table", unit_price=119_000, currency="usd", available=1
        ),
        "SOLD-OUT-SOFA": ProductFieldsJson(
            name="Sold-out sofa", unit_price=89_900, currency="usd", available=0
        ),
        "PENNY-NAIL": ProductFieldsJson(name="Penny nail", unit_price=1, currency="usd", available=1_000),
        "BERLIN-BENCH": ProductFieldsJson(
            name="Berlin bench", unit_price=15_900, currency="eur", available=1_000
        ),
    }
)
"""Products by SKU. Most have 1,000 units; one has a single unit, one is sold out, one costs a cent,
and one is priced in euros."""

"""What the shop sells."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Product:
    """What the shop sells under one SKU.

    Attributes:
        sku: The catalogue's key.
        name: For people.
        unit_price: Minor units of `currency`.
        currency: ISO 4217 code, lower case.
        available: Units that nobody has taken.
        version: Grows by one with every write, an order that takes units included; 1 when it is new.
    """

    sku: str
    name: str
    unit_price: int
    currency: str
    available: int
    version: int = 1

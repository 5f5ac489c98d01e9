"""The product: what the shop sells."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Product:
    """A product of the catalogue.

    Attributes:
        sku: Its key in the catalogue.
        name: What customers read.
        unit_price: Minor units of `currency`.
        currency: ISO 4217 code, lower case.
        available: Units that no order holds.
        active: Whether customers see the product and can order it.
        version: 1 for a new product; each write adds 1, also when an order takes units.
    """

    sku: str
    name: str
    unit_price: int
    currency: str
    available: int
    active: bool = True
    version: int = 1

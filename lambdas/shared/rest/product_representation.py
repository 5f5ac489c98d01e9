"""A product as the API shows it."""

from typing import Any

from lambdas.domain.product import Product


def represent_product(product: Product) -> dict[str, Any]:
    """What an answer's body says of a product; its version is no part of it."""
    return {
        "sku": product.sku,
        "name": product.name,
        "unit_price": product.unit_price,
        "currency": product.currency,
        "available": product.available,
    }

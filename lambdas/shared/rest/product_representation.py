"""A product as the REST API shows it."""

from typing import Any

from lambdas.domain.product import Product


def represent_product(product: Product) -> dict[str, Any]:
    """The product as a JSON object; its version is in the `ETag` only."""
    return {
        "sku": product.sku,
        "name": product.name,
        "unit_price": product.unit_price,
        "currency": product.currency,
        "available": product.available,
        "active": product.active,
    }

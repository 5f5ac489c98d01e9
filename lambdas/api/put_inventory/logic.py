"""Writes a product, unless it has changed since the caller read it."""

from lambdas.api.put_inventory.request import PutProductRequest
from lambdas.domain.product import Product
from lambdas.domain.vocabulary import ProblemKind
from lambdas.shared.rest.entity_tag import version_of
from lambdas.shared.rest.problem import FieldError, Problem
from lambdas.shared.store.inventory import InventoryTable


def put_inventory(request: PutProductRequest, inventory: InventoryTable) -> Product:
    """Create a product or replace it, its stock included.

    The write replaces the version that the caller read. If the product has changed since, even by a sale, the
    write is refused. To only add units, restock.

    Raises:
        Problem: The request does not name the version that it replaces (428), or the product has another
            version (412).
    """
    if_match = request.headers.if_match
    if (if_match is None) == (request.headers.if_none_match is None):
        raise Problem(
            ProblemKind.PRECONDITION_REQUIRED,
            'Send the ETag from GET as If-Match, or "If-None-Match: *" for a new product.',
            (FieldError("If-Match", "either this header or If-None-Match is required, not both"),),
        )
    product = inventory.put(
        Product(request.path.sku, **request.body.model_dump()),
        expected_version=None if if_match is None else version_of(if_match),
    )
    if product is None:
        raise Problem(
            ProblemKind.PRECONDITION_FAILED,
            "The product exists already."
            if if_match is None
            else "The product has changed, by another edit or by a sale. Read it again.",
        )
    return product

"""Writes a product, unless somebody else was faster."""

from http import HTTPStatus

from lambdas.api.put_inventory.request import PutProductRequest
from lambdas.domain.product import Product
from lambdas.shared.rest.entity_tag import version_of
from lambdas.shared.rest.http_api import FieldError, Problem
from lambdas.shared.store.inventory import InventoryTable


def put_inventory(request: PutProductRequest, inventory: InventoryTable) -> Product:
    """Write a product as it shall be from now on, its stock included.

    What is written was thought out before what was read: so it must still be there. Units that an order took
    meanwhile are no exception; who only wants to add units restocks.

    Raises:
        Problem: The request does not say what it replaces (428), or that is not there any more (412).
    """
    if_match = request.headers.if_match
    if (if_match is None) == (request.headers.if_none_match is None):
        raise Problem(
            HTTPStatus.PRECONDITION_REQUIRED,
            "precondition-required",
            "A condition is needed",
            'Send the ETag that GET gave you as If-Match, or "If-None-Match: *" with a new product.',
            (FieldError("If-Match", "either this header or If-None-Match is needed, not both"),),
        )
    product = inventory.put(
        Product(request.path.sku, **request.body.model_dump()),
        expected_version=None if if_match is None else version_of(if_match),
    )
    if product is None:
        raise Problem(
            HTTPStatus.PRECONDITION_FAILED,
            "precondition-failed",
            "The product is not what it was",
            "There is such a product already."
            if if_match is None
            else "Somebody changed it, or an order took units of it: read it again.",
        )
    return product

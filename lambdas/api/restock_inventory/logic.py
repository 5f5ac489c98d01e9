"""Adds delivered units to the stock, once."""

import json
import uuid
from typing import Final

from lambdas.api.restock_inventory.deliveries import Deliveries, DeliveryDiffers
from lambdas.api.restock_inventory.request import RestockRequest
from lambdas.domain.product import Product
from lambdas.shared.rest.caller import Caller
from lambdas.shared.rest.idempotency_key import reused_idempotency_key
from lambdas.shared.rest.problem import not_found

_NAMESPACE: Final = uuid.UUID("5a0f7a53-6c0b-5c4e-9a55-0f0b6f5f1f0e")


def restock_inventory(request: RestockRequest, caller: Caller, deliveries: Deliveries) -> Product:
    """Add units to a product, once per operator and idempotency key.

    Returns:
        The product as it is now.

    Raises:
        Problem: There is no such product (404), or the key was used for a different restock (422).
    """
    delivery_id = uuid.uuid5(_NAMESPACE, json.dumps([caller.customer_id, request.headers.idempotency_key]))
    try:
        product = deliveries.add(str(delivery_id), request.path.sku, request.body.quantity)
    except DeliveryDiffers as error:
        raise reused_idempotency_key() from error
    if product is None:
        raise not_found("product")
    return product

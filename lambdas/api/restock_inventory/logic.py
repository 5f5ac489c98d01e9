"""Adds delivered units to the stock, once."""

import json
import uuid
from typing import Final

from lambdas.api.restock_inventory.request import RestockRequest
from lambdas.domain.product import Product
from lambdas.shared.rest.caller import Caller
from lambdas.shared.rest.idempotency_key import reused_idempotency_key
from lambdas.shared.rest.problem import not_found
from lambdas.shared.store.inventory import InventoryTable, RestockedOtherwise

_NAMESPACE: Final = uuid.UUID("5a0f7a53-6c0b-5c4e-9a55-0f0b6f5f1f0e")


def restock_inventory(request: RestockRequest, caller: Caller, inventory: InventoryTable) -> Product:
    """Add units to a product, once per operator and idempotency key.

    DynamoDB itself remembers the key, for ten minutes: long enough for a client that tries again because it
    got no response.

    Returns:
        The product as it is now.

    Raises:
        Problem: There is no such product (404), or the key was used for a different restock (422).
    """
    token = uuid.uuid5(_NAMESPACE, json.dumps([caller.customer_id, request.headers.idempotency_key]))
    try:
        product = inventory.restock(request.path.sku, request.body.quantity, token=str(token))
    except RestockedOtherwise as error:
        raise reused_idempotency_key() from error
    if product is None:
        raise not_found("product")
    return product

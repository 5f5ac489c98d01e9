"""Reads the order that a request is about, if the caller may see it."""

import re
from typing import Final

from lambdas.domain.order import Order
from lambdas.shared.rest.caller import Caller
from lambdas.shared.rest.problem import not_found
from lambdas.shared.store.orders import OrderTable

_ORDER_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def order_for(caller: Caller, order_id: str, orders: OrderTable) -> Order:
    """Read an order for its customer or an operator; one read.

    Raises:
        Problem: The order does not exist or belongs to another customer (404 in both cases, so that a caller
            cannot find out which).
    """
    order_id = order_id.lower()  # RFC 9562, section 4: capitals in a UUID make no difference
    order = orders.find(order_id) if _ORDER_ID.fullmatch(order_id) else None
    if order is None or not (caller.is_operator or order.customer_id == caller.customer_id):
        raise not_found("order")
    return order

"""Reads the order that a request is about, if the caller may see it."""

import re
from typing import Final

from lambdas.domain.order import Order
from lambdas.shared.log import logger
from lambdas.shared.rest.caller import Caller
from lambdas.shared.rest.problem import not_found
from lambdas.shared.store.orders import OrderTable

_ORDER_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def order_for(caller: Caller, order_id: str, orders: OrderTable) -> Order:
    """Read an order for its customer or an operator; one read. The lines of the call name it from here on.

    Raises:
        Problem: The order does not exist or belongs to another customer (404 in both cases, so that a caller
            cannot find out which).
    """
    order_id = order_id.lower()  # RFC 9562, section 4: capitals in a UUID make no difference
    if not _ORDER_ID.fullmatch(order_id):
        raise not_found("order")
    logger.append_keys(order_id=order_id)
    order = orders.find(order_id)
    if order is None or not (caller.is_operator or order.customer_id == caller.customer_id):
        raise not_found("order")
    return order

"""Accepts an order: one conditional write decides between a new order, a replay and a reused key."""

import hashlib
import json
import uuid
from dataclasses import dataclass
from typing import Final

from lambdas.api.submit_order.request import SubmitOrder
from lambdas.domain import clock
from lambdas.domain.order import Order, OrderLine, TimelineEntry
from lambdas.shared.rest.idempotency_key import reused_idempotency_key
from lambdas.shared.store.orders import OrderTable

_NAMESPACE: Final = uuid.UUID("b1c64f0e-4e0c-5b7a-8a3f-5d1c2f9a7e42")


@dataclass(frozen=True, slots=True)
class Submission:
    """What became of a request.

    Attributes:
        order: The order as it was accepted; a replay shows the same.
        replayed: Whether the order was there already.
    """

    order: Order
    replayed: bool


def submit_order(
    customer_id: str, idempotency_key: str, request: SubmitOrder, orders: OrderTable
) -> Submission:
    """Write the order, once for a customer and an idempotency key.

    The order's saga starts from the table's stream: there is no second write that could get lost.

    Raises:
        Problem: The key was used for a different order.
    """
    order = _order_of(customer_id, idempotency_key, request)
    existing = orders.create(order)
    if existing is None:
        return Submission(order, replayed=False)
    if existing.request_hash != order.request_hash:
        raise reused_idempotency_key()
    return Submission(existing.as_submitted(), replayed=True)


def _order_of(customer_id: str, idempotency_key: str, request: SubmitOrder) -> Order:
    at = clock.now()
    return Order(
        # JSON keeps the two apart: ("a", "b c") and ("a b", "c") must not meet.
        order_id=str(uuid.uuid5(_NAMESPACE, json.dumps([customer_id, idempotency_key]))),
        customer_id=customer_id,
        request_hash=hashlib.sha256(json.dumps(request.model_dump(), sort_keys=True).encode()).hexdigest(),
        currency=request.currency,
        lines=tuple(OrderLine(item.sku, item.quantity) for item in request.items),
        payment_method=request.payment_method,
        email=request.email,
        created_at=at,
        updated_at=at,
        timeline=(TimelineEntry(at, "OrderReceived"),),
    )

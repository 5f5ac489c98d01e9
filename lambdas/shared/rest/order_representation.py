"""An order as the REST API shows it."""

from dataclasses import asdict
from typing import Any

from lambdas.domain.order import Order
from lambdas.shared.rest.caller import Caller


def represent(order: Order, caller: Caller) -> dict[str, Any]:
    """The order as a JSON object.

    `amount` and `unit_price` are null until the order is priced. While the payment waits for the customer,
    `payment` has `next_action` and `client_secret`, which Stripe's client library needs; only the customer
    gets them. Only operators get `settlement`.
    """
    body: dict[str, Any] = {
        "order_id": order.order_id,
        "status": order.status,
        "currency": order.currency,
        "items": [
            {"sku": line.sku, "quantity": line.quantity, "unit_price": line.unit_price}
            for line in order.lines
        ],
        "amount": order.amount,
        "payment": {"status": order.payment.status, "intent_id": order.payment.intent_id},
        "timeline": [{"at": entry.at, "event": entry.event} for entry in order.timeline],
        "created_at": order.created_at,
        "updated_at": order.updated_at,
    }
    if order.waits_for_customer and order.customer_id == caller.customer_id:
        body["payment"]["next_action"] = order.payment.next_action
        body["payment"]["client_secret"] = order.payment.client_secret
    if order.settlement is not None and caller.is_operator:
        body["settlement"] = asdict(order.settlement)
    if order.failure is not None:
        body["failure"] = {"code": order.failure.code, "message": order.failure.message}
    return body

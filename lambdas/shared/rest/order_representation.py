"""An order as the REST API shows it."""

from dataclasses import asdict
from typing import Any, Final

from lambdas.domain.line_refund import LineRefund
from lambdas.domain.order import Fulfilment, Order, PaymentStatus, TimelineEntry
from lambdas.shared.rest.caller import Caller

_DETAILS_FOR_CUSTOMERS: Final = ("CancellationRequested: ", "PaymentRefundedOutside: ", "UndoBegan: ")
"""Events whose detail, behind the colon, customers may read. Others can name internal errors."""


def represent(order: Order, caller: Caller, *, with_address: bool = False) -> dict[str, Any]:
    """The order as a JSON object.

    `amount` and `unit_price` are null until the order is priced. Only operators get `customer_id`,
    `settlement`, who fulfilled the order, who refunded lines and why, the details of all events, the
    execution or request that wrote each entry and, if the call shows it, the customer's address.
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
        "payment": _payment(order, caller),
        "timeline": [_entry(entry, caller) for entry in order.timeline],
        "created_at": order.created_at,
        "updated_at": order.updated_at,
    }
    if order.reference is not None:
        body["reference"] = order.reference
    if order.expected_amount is not None:
        body["expected_amount"] = order.expected_amount
    if order.refunds:
        body["refunds"] = [_refund(refund, caller) for refund in order.refunds]
    if caller.is_operator:
        body["customer_id"] = order.customer_id
        if with_address and not order.is_erased:
            body["email"] = order.email
        if order.settlement is not None:
            body["settlement"] = asdict(order.settlement)
    if order.fulfilment is not None:
        body["fulfilment"] = _fulfilment(order.fulfilment, caller)
    if order.failure is not None:
        body["failure"] = {"code": order.failure.code, "message": order.failure.message}
    return body


def _payment(order: Order, caller: Caller) -> dict[str, Any]:
    """The payment. While it waits for the customer, only they get what Stripe's client library needs."""
    payment: dict[str, Any] = {"status": order.payment.status, "intent_id": order.payment.intent_id}
    if order.waits_for_customer and order.customer_id == caller.customer_id:
        payment["next_action"] = order.payment.next_action
        payment["client_secret"] = order.payment.client_secret
    if order.payment.status is PaymentStatus.REQUIRES_CAPTURE:
        payment["capture_before"] = order.payment.capture_before
    return payment


def _fulfilment(fulfilment: Fulfilment, caller: Caller) -> dict[str, str]:
    by = fulfilment.by if caller.is_operator else None
    return {name: value for name, value in {**asdict(fulfilment), "by": by}.items() if value is not None}


def _refund(refund: LineRefund, caller: Caller) -> dict[str, Any]:
    """A refund of lines; only operators get who asked for it, and why."""
    body: dict[str, Any] = {
        "refund_id": refund.refund_id,
        "status": refund.status,
        "items": [{"sku": sku, "quantity": units} for sku, units in sorted(refund.items.items())],
        "amount": refund.amount,
        "restock": refund.restock,
        "requested_at": refund.requested_at,
    }
    if refund.restocked_at is not None:
        body["restocked_at"] = refund.restocked_at
    if caller.is_operator:
        body |= {"reason": refund.reason, "requested_by": refund.requested_by}
    return body


def _entry(entry: TimelineEntry, caller: Caller) -> dict[str, str]:
    if caller.is_operator:
        return {name: value for name, value in asdict(entry).items() if value is not None}
    has_detail = entry.event.startswith(_DETAILS_FOR_CUSTOMERS)
    return {"at": entry.at, "event": entry.event if has_detail else entry.event.partition(": ")[0]}

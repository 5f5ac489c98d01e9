"""Accepts a refund of lines; one conditional write tells a new refund, a replay and a reused key apart."""

import json
import uuid
from dataclasses import dataclass
from typing import Final

from lambdas.api.request_refund.request import RequestRefund
from lambdas.domain import clock
from lambdas.domain.errors import StoreUnavailable
from lambdas.domain.line_refund import LineRefund
from lambdas.domain.money import CURRENCIES, Money
from lambdas.domain.order import Order, OrderStatus, PaymentStatus
from lambdas.domain.vocabulary import ProblemKind
from lambdas.shared.rest.caller import Caller
from lambdas.shared.rest.idempotency_key import reused_idempotency_key
from lambdas.shared.rest.problem import Problem
from lambdas.shared.store.orders import OrderTable

_NAMESPACE: Final = uuid.UUID("6a0f4c2b-93d5-5e0c-8f57-2f4f0f4b9d31")

MOST_REFUNDS: Final = 25
"""Refunds of one order: its record keeps all of them, and DynamoDB allows 400 KB. One takes up to 10 KB."""

_MOST_READS: Final = 5
"""Times that an order is read if it changes before each write; then the caller sends the request again."""


@dataclass(frozen=True, slots=True)
class AcceptedRefund:
    """A request that was accepted.

    Attributes:
        order: The order as it is now.
        replayed: Whether the refund had been requested before.
    """

    order: Order
    replayed: bool


def request_refund(
    order: Order, idempotency_key: str, request: RequestRefund, caller: Caller, orders: OrderTable
) -> AcceptedRefund:
    """Record a refund of lines, once per order and idempotency key.

    The write replaces the version that the checks have read, so no two requests refund the same unit. The
    table's stream starts the execution that makes the refund.

    Raises:
        Problem: The request has both units and an amount, or neither (400), the key was used for another
            refund (422), or the refund is not possible (409).
        StoreUnavailable: DynamoDB does not answer, or the order keeps changing.
    """
    request.ensure_one_kind()
    for _ in range(_MOST_READS):
        refund = _refund_of(order, idempotency_key, request, caller)
        known = next((each for each in order.refunds if each.refund_id == refund.refund_id), None)
        if known is not None:
            if _substance(known) != _substance(refund):
                raise reused_idempotency_key()
            return AcceptedRefund(order, replayed=True)
        why_not = _why_not(order, refund)
        if why_not is not None:
            raise Problem(ProblemKind.REFUND_NOT_POSSIBLE, why_not)
        written = orders.request_line_refund(order, refund)
        if written is not None:
            return AcceptedRefund(written, replayed=False)
        order = orders.get(order.order_id)
    raise StoreUnavailable(f"order {order.order_id} keeps changing")


def _refund_of(order: Order, idempotency_key: str, request: RequestRefund, caller: Caller) -> LineRefund:
    prices = {line.sku: line.unit_price or 0 for line in order.lines}
    items = {item.sku: item.quantity for item in request.items or ()}
    price = sum(units * prices.get(sku, 0) for sku, units in items.items())
    return LineRefund(
        # JSON, for the same reason as in `submit_order`.
        refund_id=str(uuid.uuid5(_NAMESPACE, json.dumps([order.order_id, idempotency_key]))),
        items=items,
        amount=price if request.amount is None else request.amount,
        restock=request.restock,
        reason=request.reason,
        requested_by=caller.customer_id,
        requested_at=clock.now(),
    )


def _substance(refund: LineRefund) -> tuple[object, ...]:
    """What makes two requests the same."""
    return dict(refund.items), refund.amount, refund.restock, refund.reason


def _why_not(order: Order, refund: LineRefund) -> str | None:
    """Why a refund is not possible, in a sentence for the operator; None if it is."""
    return (
        _why_not_now(order)
        or _why_not_the_payment(order)
        or _why_not_these(order, refund)
        or _why_not_the_amount(order, refund)
    )


def _why_not_now(order: Order) -> str | None:
    if order.status is not OrderStatus.CONFIRMED:
        return f"The order is {order.status}. Only a confirmed order has something to refund."
    if order.cancel_requested_by is not None:
        return "The order is being cancelled, and everything is refunded."
    if order.refund_due is not None:
        return "Another refund of the order is being made. Try again when it is done."
    if len(order.refunds) >= MOST_REFUNDS:
        return f"An order can have at most {MOST_REFUNDS} refunds."
    return None


def _why_not_the_payment(order: Order) -> str | None:
    if order.capture_due is not None:
        return "The payment is being captured. Try again when the order is fulfilled."
    if order.payment.status is PaymentStatus.REQUIRES_CAPTURE:
        return "The payment is not captured yet, so there is nothing to refund: fulfil or cancel the order."
    if order.payment.disputed:
        return "The customer's bank disputes the payment, so the payment provider refuses refunds."
    return None


def _why_not_these(order: Order, refund: LineRefund) -> str | None:
    for sku, units in refund.items.items():
        kept, out = order.units_kept.get(sku, 0), order.units_out.get(sku, 0)
        if units > kept:
            return f"Units of {sku} left to refund: {kept}."
        # Units of a refund that the bank returned may be back already. The units that are kept stay out.
        restockable = max(out - (kept - units), 0)
        if refund.restock and units > restockable:
            return f"Units of {sku} that can go back into stock: {restockable}."
    return None


def _why_not_the_amount(order: Order, refund: LineRefund) -> str | None:
    left = order.price.amount - order.amount_refunded
    if refund.amount > left:
        return f"Amount left to refund: {Money(left, order.currency)}."
    multiple = CURRENCIES[order.currency].multiple
    if refund.amount % multiple:
        amount, step = Money(refund.amount, order.currency), Money(multiple, order.currency)
        return f"The amount {amount} is not a multiple of {step}, as the payment provider requires."
    return None

"""Derives every event of an order again, from its record as it is now.

Each write appends one entry to the timeline and adds 1 to the version. So the timeline has what the event of
each version needs, and the event of a change has its first `event_id`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from lambdas.domain.line_refund import LineRefund, LineRefundStatus
from lambdas.domain.order import Order, OrderStatus, PaymentStatus
from lambdas.domain.payment import DisputeState
from lambdas.events.publish_order_events.order_event import OrderEvent, event_of_change

_STATUS_AFTER: Final = {
    "PaymentAwaited": OrderStatus.AWAITING_PAYMENT,
    "OrderConfirmed": OrderStatus.CONFIRMED,
    "StockReleased": OrderStatus.PENDING,
    "OrderFailed": OrderStatus.FAILED,
    "OrderCancelled": OrderStatus.CANCELLED,
    "OrderNeedsAttention": OrderStatus.NEEDS_ATTENTION,
    "RetryRequested": OrderStatus.PENDING,
    "PaymentSettledOutside": OrderStatus.PENDING,
}
_PAYMENT_AFTER: Final = {
    "PaymentIntentCreated": PaymentStatus.REQUIRES_CONFIRMATION,
    "PaymentActionRequired": PaymentStatus.REQUIRES_ACTION,
    "PaymentProcessing": PaymentStatus.PROCESSING,
    "PaymentDeclined": PaymentStatus.REQUIRES_PAYMENT_METHOD,
    "PaymentSucceeded": PaymentStatus.SUCCEEDED,
    "PaymentAuthorized": PaymentStatus.REQUIRES_CAPTURE,
    "PaymentCaptured": PaymentStatus.SUCCEEDED,
    "PaymentCanceled": PaymentStatus.CANCELED,
    "PaymentRefundPending": PaymentStatus.REFUND_PENDING,
    "PaymentRefunded": PaymentStatus.REFUNDED,
}
_DISPUTE_AFTER: Final[Mapping[str, DisputeState]] = {dispute.event: dispute for dispute in DisputeState}


def events_of_history(order: Order) -> Iterator[OrderEvent]:
    """The events of all changes of an order, the oldest first."""
    before: Order | None = None
    for after in _versions_of(order):
        event = event_of_change(before, after)
        if event is not None:
            yield event
        before = after


def _versions_of(order: Order) -> Iterator[Order]:
    """The order after each of its writes, with the values that events have."""
    (first, _received), *later = order.versions
    version = replace(order.as_submitted(), version=first)
    yield version
    for number, entry in later:
        version = replace(
            version,
            version=number,
            updated_at=entry.at,
            timeline=order.timeline[: number - first + 1],
            **_changes(entry.event, version, order),
        )
        yield version


def _changes(entry: str, before: Order, order: Order) -> dict[str, Any]:
    """What the write of an entry changed; lines, failure, settlement and fulfilment are written only once."""
    name, _, detail = entry.partition(": ")
    changes: dict[str, Any] = {"status": _STATUS_AFTER.get(name, before.status)}
    if name == "RetryRequested" and before.status is not OrderStatus.NEEDS_ATTENTION:
        changes["status"] = before.status
    if name in _PAYMENT_AFTER:
        changes["payment"] = replace(before.payment, status=_PAYMENT_AFTER[name])
    match name:
        case "OrderPriced":
            changes |= {"lines": order.lines, "amount": order.amount}
        case "UndoBegan":
            changes["failure"] = order.failure
        case "PaymentSettledOutside":
            changes["settlement"] = order.settlement
        case "OrderFulfilled":
            changes["fulfilment"] = order.fulfilment
        case "PaymentRefundedOutside":
            changes["payment"] = replace(before.payment, refunded_outside=int(detail))
        case "LinesRefunded" | "LineRefundMade" | "LineRefundReturned":
            changes["refunds"] = _refunds(detail, before, order, is_made=name != "LineRefundReturned")
        case _ if name in _DISPUTE_AFTER:
            changes["payment"] = replace(before.payment, dispute=_DISPUTE_AFTER[name])
    return changes


def _refunds(refund_id: str, before: Order, order: Order, *, is_made: bool) -> tuple[LineRefund, ...]:
    """The refunds of lines that are made, after one of them was made or returned."""
    others = tuple(each for each in before.refunds if each.refund_id != refund_id)
    own = [
        replace(each, status=LineRefundStatus.REFUNDED)
        for each in order.refunds
        if each.refund_id == refund_id
    ]
    return (*others, *own) if is_made else others

"""An example of each event, made by the code that publishes it."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from lambdas.domain.line_refund import LineRefund, LineRefundStatus
from lambdas.domain.order import (
    Failure,
    Fulfilment,
    Order,
    OrderLine,
    OrderStatus,
    Payment,
    PaymentStatus,
    Settlement,
    TimelineEntry,
)
from lambdas.domain.payment import DisputeState
from lambdas.domain.vocabulary import SERVICE, EventType, FailureCode
from lambdas.events.publish_order_events.order_event import event_of_change

_PENDING: Final = Order(
    order_id="0d3cb4b4-6a2c-5d47-9a5e-2f1c8a7b6e10",
    customer_id="9c1b7f0e-2d4a-4b8f-a6c3-5e8d7f901234",
    request_hash="",
    currency="usd",
    lines=(OrderLine("CRUNCHY-ARMCHAIR", 2, 37_900),),
    payment_method="pm_card_visa",
    email="customer@example.com",
    created_at="2026-03-01T12:00:00.000Z",
    updated_at="2026-03-01T12:00:03.120Z",
    timeline=(TimelineEntry("2026-03-01T12:00:00.000Z", "OrderReceived", request_id="KH3x8EoXoAMEVwg="),),
    amount=75_800,
    payment=Payment(PaymentStatus.SUCCEEDED, "pi_3PxYz"),
    version=4,
)
_CONFIRMED: Final = replace(_PENDING, status=OrderStatus.CONFIRMED, version=5)
_DISPUTED: Final = replace(
    _CONFIRMED, version=7, payment=replace(_CONFIRMED.payment, dispute=DisputeState.OPEN)
)
_HELD: Final = replace(
    _CONFIRMED,
    payment=Payment(PaymentStatus.REQUIRES_CAPTURE, "pi_3PxYz", capture_before="2026-03-08T12:00:01.000Z"),
)
_ACTION_REQUIRED: Final = replace(_PENDING, payment=Payment(PaymentStatus.REQUIRES_ACTION, "pi_3PxYz"))
_REFUND_PENDING: Final = replace(
    _PENDING,
    status=OrderStatus.FAILED,
    version=9,
    payment=Payment(PaymentStatus.REFUND_PENDING, "pi_3PxYz"),
    failure=Failure(FailureCode.OUT_OF_STOCK, "CRUNCHY-ARMCHAIR is out of stock."),
)
_FLAGGED: Final = replace(
    _PENDING,
    status=OrderStatus.NEEDS_ATTENTION,
    version=8,
    failure=Failure(FailureCode.OUT_OF_STOCK, "CRUNCHY-ARMCHAIR is out of stock."),
)
_REFUND: Final = LineRefund(
    refund_id="7d2b7f0a-0f43-5a39-9c55-52c7f0f6f0d4",
    items={"CRUNCHY-ARMCHAIR": 1},
    amount=37_900,
    restock=True,
    reason="A leg was broken.",
    requested_by="operator",
    requested_at="2026-03-05T10:00:00.000Z",
)
_RESTOCKED: Final = replace(
    _REFUND, status=LineRefundStatus.REFUNDED, restocked_at="2026-03-05T10:00:02.000Z"
)
_REFUNDED: Final = replace(_CONFIRMED, version=10, refunds=(_RESTOCKED,))


def _changed(order: Order, entry: str, **changes: Any) -> tuple[Order, Order]:  # noqa: ANN401 - any attribute of an order
    """An order before and after a change that appends an entry to its timeline."""
    timeline = (*order.timeline, TimelineEntry(order.updated_at, entry))
    return order, replace(order, timeline=timeline, **changes)


def _dispute(order: Order, dispute: DisputeState) -> tuple[Order, Order]:
    payment = replace(order.payment, dispute=dispute)
    return _changed(order, dispute.event, version=order.version + 1, payment=payment)


_CHANGES: Final[Mapping[EventType, tuple[Order, Order]]] = {
    EventType.ORDER_CONFIRMED: _changed(_PENDING, "OrderConfirmed", status=OrderStatus.CONFIRMED, version=5),
    EventType.ORDER_FAILED: _changed(
        _PENDING,
        "OrderFailed",
        status=OrderStatus.FAILED,
        version=7,
        failure=Failure(FailureCode.PAYMENT_DECLINED, "The card was declined."),
    ),
    EventType.ORDER_CANCELLED: _changed(
        _CONFIRMED,
        "OrderCancelled",
        status=OrderStatus.CANCELLED,
        version=9,
        failure=Failure(FailureCode.CANCELLED_BY_CUSTOMER, "The order was cancelled by the customer."),
    ),
    EventType.ORDER_NEEDS_ATTENTION: _changed(
        replace(_FLAGGED, status=OrderStatus.PENDING),
        "OrderNeedsAttention",
        status=OrderStatus.NEEDS_ATTENTION,
    ),
    EventType.PAYMENT_DISPUTED: _dispute(replace(_CONFIRMED, version=6), DisputeState.OPEN),
    EventType.PAYMENT_DISPUTE_LOST: _dispute(_DISPUTED, DisputeState.LOST),
    EventType.PAYMENT_DISPUTE_WON: _dispute(_DISPUTED, DisputeState.WON),
    EventType.PAYMENT_REFUNDED_OUTSIDE: _changed(
        _CONFIRMED,
        "PaymentRefundedOutside: 10000",
        version=7,
        payment=replace(_CONFIRMED.payment, refunded_outside=10_000),
    ),
    EventType.PAYMENT_SETTLED_OUTSIDE: _changed(
        _FLAGGED,
        "PaymentSettledOutside",
        status=OrderStatus.PENDING,
        version=9,
        settlement=Settlement("operator", "Bank transfer 2026-0042", "2026-03-01T13:00:00.000Z"),
    ),
    EventType.PAYMENT_APPROVAL_NEEDED: _changed(
        _ACTION_REQUIRED, "PaymentAwaited", status=OrderStatus.AWAITING_PAYMENT, version=5
    ),
    EventType.PAYMENT_AUTHORIZATION_EXPIRING: _changed(
        _HELD, "PaymentAuthorizationExpiring", version=7, updated_at="2026-03-07T12:00:05.000Z"
    ),
    EventType.ORDER_FULFILLED: _changed(
        _CONFIRMED,
        "OrderFulfilled",
        version=7,
        fulfilment=Fulfilment("2026-03-02T08:00:00.000Z", "operator", "DHL", "00340434161094"),
    ),
    EventType.ORDER_LINES_REFUNDED: _changed(
        _CONFIRMED,
        f"LinesRefunded: {_REFUND.refund_id}",
        version=9,
        refunds=(replace(_REFUND, status=LineRefundStatus.REFUNDED),),
    ),
    EventType.ORDER_LINE_REFUND_RETURNED: _changed(
        _REFUNDED,
        f"LineRefundReturned: {_REFUND.refund_id}",
        version=12,
        refunds=(replace(_RESTOCKED, status=LineRefundStatus.FAILED),),
    ),
    EventType.PAYMENT_REFUND_SENT: _changed(
        _REFUND_PENDING, "PaymentRefunded", version=11, payment=Payment(PaymentStatus.REFUNDED, "pi_3PxYz")
    ),
}
"""An order before and after the change that each event reports."""


def examples() -> Mapping[EventType, Mapping[str, Any]]:
    """An event of each type, as EventBridge delivers it."""
    return {event: _delivered(event, *change) for event, change in _CHANGES.items()}


def _delivered(event: EventType, before: Order, after: Order) -> Mapping[str, Any]:
    published = event_of_change(before, after)
    if published is None or published.detail_type is not event:
        raise ValueError(f"the change is no example of {event}")
    return {
        "version": "0",
        "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "detail-type": event.value,
        "source": SERVICE,
        "account": "123456789012",
        "time": "2026-03-01T12:00:04Z",
        "region": "eu-central-1",
        "resources": [],
        "detail": json.loads(json.dumps(published.detail)),
    }

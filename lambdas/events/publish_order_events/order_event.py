"""Derives the event for consumers from a change of an order's record."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypedDict

from lambdas.domain.order import Fulfilment, Order, PaymentStatus
from lambdas.domain.order_events import (
    VERSION,
    FailureDetail,
    FulfilmentDetail,
    LineRefundDetail,
    OrderEventDetail,
    PaymentDetail,
    UnitsDetail,
)
from lambdas.domain.timeline import ENTRY_KINDS
from lambdas.domain.vocabulary import EventType

_NAMESPACE: Final = uuid.UUID("3f6d9a3e-6c1b-5c53-9d2e-0b6f8f2a7c11")


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """One event for the bus.

    Attributes:
        detail_type: EventBridge's detail type.
        detail: The event's body, without the address and the payment method.
    """

    detail_type: EventType
    detail: OrderEventDetail


def event_of_change(before: Order | None, after: Order) -> OrderEvent | None:
    """Return the event of a change of an order's record; None if the change does not concern consumers.

    The same change has the same `event_id`, so that consumers can drop duplicates.
    """
    detail_type = _detail_type(before, after)
    if detail_type is None:
        return None
    detail: OrderEventDetail = {
        "version": VERSION,
        "event_id": str(uuid.uuid5(_NAMESPACE, f"{after.order_id}/{after.version}")),
        "order_id": after.order_id,
        "order_version": after.version,
        "customer_id": after.customer_id,
        "status": after.status,
        "currency": after.currency,
        "amount": after.amount,
        "items": [
            {"sku": line.sku, "quantity": line.quantity, "unit_price": line.unit_price}
            for line in after.lines
        ],
        "occurred_at": after.updated_at,
        **_optional(detail_type, after),
        **_line_refund(detail_type, after),
    }
    return OrderEvent(detail_type, detail)


class _Optional(TypedDict, total=False):
    """The fields that not every event has."""

    request_id: str
    reference: str
    expected_amount: int
    payment: PaymentDetail
    items_kept: Sequence[UnitsDetail]
    refund: LineRefundDetail
    failure: FailureDetail
    capture_before: str
    fulfilment: FulfilmentDetail


def _optional(detail_type: EventType, after: Order) -> _Optional:
    optional: _Optional = {}
    if after.request_id is not None:
        optional["request_id"] = after.request_id
    if after.reference is not None:
        optional["reference"] = after.reference
    if after.expected_amount is not None:
        optional["expected_amount"] = after.expected_amount
    if (
        after.payment.dispute
        or after.payment.refunded_outside
        or detail_type is EventType.PAYMENT_REFUNDED_OUTSIDE
    ):
        optional["payment"] = {
            "disputed": after.payment.disputed,
            "refunded_outside": after.payment.refunded_outside,
        }
    if after.failure is not None:
        optional["failure"] = {"code": after.failure.code, "message": after.failure.message}
    if detail_type is EventType.PAYMENT_AUTHORIZATION_EXPIRING and after.payment.capture_before is not None:
        optional["capture_before"] = after.payment.capture_before
    if after.fulfilment is not None:
        optional["fulfilment"] = _fulfilment(after.fulfilment)
    kept = after.units_to_hand_over
    if kept != {line.sku: line.quantity for line in after.lines}:
        optional["items_kept"] = _units(kept)
    return optional


def _fulfilment(fulfilment: Fulfilment) -> FulfilmentDetail:
    detail: FulfilmentDetail = {"at": fulfilment.at}
    if fulfilment.carrier is not None:
        detail["carrier"] = fulfilment.carrier
    if fulfilment.tracking_number is not None:
        detail["tracking_number"] = fulfilment.tracking_number
    return detail


def _line_refund(detail_type: EventType, after: Order) -> _Optional:
    """The refund of lines that the newest entry names."""
    if detail_type not in {EventType.ORDER_LINES_REFUNDED, EventType.ORDER_LINE_REFUND_RETURNED}:
        return {}
    [refund] = (each for each in after.refunds if each.refund_id == after.timeline[-1].about)
    return {
        "refund": {
            "refund_id": refund.refund_id,
            "amount": refund.amount,
            "items": _units(refund.items),
            "items_kept": _units(after.units_to_hand_over),
            "restock": refund.restock,
        }
    }


def _units(items: Mapping[str, int]) -> Sequence[UnitsDetail]:
    return [{"sku": sku, "quantity": units} for sku, units in sorted(items.items()) if units]


def _detail_type(before: Order | None, after: Order) -> EventType | None:
    """The event of the newest entry, if it is one this time; see `ENTRY_KINDS`."""
    kind = ENTRY_KINDS.get(after.timeline[-1].name)
    if before is None or kind is None:
        return None
    match kind.event:
        case EventType.PAYMENT_APPROVAL_NEEDED:
            is_event = after.waits_for_customer and before.status is not after.status
        case EventType.PAYMENT_REFUND_SENT:
            is_event = after.is_closed and before.payment.status is PaymentStatus.REFUND_PENDING
        case EventType.ORDER_NEEDS_ATTENTION:  # earlier versions of the service repeated the entry
            is_event = before.status is not after.status
        case _:
            is_event = True
    return kind.event if is_event else None

"""Derives every event of an order again, from its record as it is now.

Each write appends one entry to the timeline and adds 1 to the version. So the timeline has what the event of
each version needs, and the event of a change has its first `event_id`.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from lambdas.domain.line_refund import LineRefund
from lambdas.domain.order import Order, OrderStatus, TimelineEntry
from lambdas.domain.timeline import ENTRY_KINDS, EntryKind
from lambdas.events.publish_order_events.order_event import OrderEvent, event_of_change


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
            **_changes(entry, version, order),
        )
        yield version


def _changes(entry: TimelineEntry, before: Order, order: Order) -> dict[str, Any]:
    """What the write of an entry changed; lines, failure, settlement and fulfilment are written only once."""
    kind = ENTRY_KINDS.get(entry.name, EntryKind())
    payment = replace(
        before.payment,
        status=kind.payment or before.payment.status,
        dispute=kind.dispute or before.payment.dispute,
    )
    changes: dict[str, Any] = {"status": kind.status or before.status, "payment": payment}
    match entry.name:
        case "OrderPriced":
            changes |= {"lines": order.lines, "amount": order.amount}
        case "PaymentAuthorized":
            changes["payment"] = replace(payment, capture_before=order.payment.capture_before)
        case "RetryRequested" if before.status is OrderStatus.NEEDS_ATTENTION:
            changes["status"] = OrderStatus.PENDING
        case "UndoBegan":
            changes["failure"] = order.failure
        case "PaymentSettledOutside":
            changes["settlement"] = order.settlement
        case "OrderFulfilled":
            changes["fulfilment"] = order.fulfilment
        case "PaymentRefundedOutside":
            changes["payment"] = replace(payment, refunded_outside=int(entry.about))
        case "LinesRestocked":
            changes["refunds"] = _refunds(entry, before, order, restocked_at=entry.at)
        case _ if kind.refund is not None:
            changes["refunds"] = _refunds(entry, before, order, status=kind.refund)
    return changes


def _refunds(
    entry: TimelineEntry,
    before: Order,
    order: Order,
    **changes: Any,  # noqa: ANN401 - attributes of a refund
) -> tuple[LineRefund, ...]:
    """The refunds of lines that were made so far, after a change of the one that an entry names."""
    others = tuple(each for each in before.refunds if each.refund_id != entry.about)
    [refund] = (each for each in order.refunds if each.refund_id == entry.about)
    known = next((each for each in before.refunds if each not in others), replace(refund, restocked_at=None))
    return (*others, replace(known, **changes))

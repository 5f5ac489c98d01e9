"""What a change of an order's record adds to the metrics of the business.

All of it is in the record and its timeline, so it costs no call, and whoever made the change is counted.
"""

from collections.abc import Iterator
from typing import Final

from lambdas.domain import clock
from lambdas.domain.order import Order, PaymentStatus
from lambdas.domain.vocabulary import SLO_LIMIT, EventType, FailureCode, Metric, RefundOutcome
from lambdas.events.publish_order_events.order_event import event_of_change
from lambdas.shared.metrics import Measure

_CLOSED: Final = frozenset({EventType.ORDER_FAILED, EventType.ORDER_CANCELLED})
_DECIDED: Final = _CLOSED | {EventType.ORDER_CONFIRMED, EventType.ORDER_NEEDS_ATTENTION}
_GIVEN_BACK: Final = {
    PaymentStatus.REFUNDED: RefundOutcome.REFUNDED,
    PaymentStatus.REFUND_PENDING: RefundOutcome.PENDING,
}


def measures_of_change(before: Order, after: Order) -> Iterator[Measure]:
    """The data points of one change; none if the change does not concern the business.

    The stream delivers a change at least once. If the function ends before it has reported a batch, the batch
    is delivered and counted again.
    """
    event = event_of_change(before, after)
    if event is not None:
        yield Measure(Metric.ORDER_EVENTS, event.detail_type)
        yield from _of_event(event.detail_type, before, after)
    refund = _refund(before, after)
    if refund is not None:
        yield Measure(Metric.REFUNDS, refund)


def _of_event(event: EventType, before: Order, after: Order) -> Iterator[Measure]:
    if event is EventType.ORDER_CONFIRMED:
        yield Measure(Metric.REVENUE, after.currency, after.price.amount)
    if event in _CLOSED and after.failure is not None and not before.has_had(*_CLOSED):
        yield Measure(Metric.ORDERS_FAILED, after.failure.code)
    if event in _DECIDED and not before.has_had(*_DECIDED, "PaymentAwaited"):
        yield from _of_outcome(event, after)


def _of_outcome(event: EventType, order: Order) -> Iterator[Measure]:
    """The data points of the service level objective (`SLO_TARGET`) for an order.

    Each order counts once, at the first of these changes:

    - It is confirmed or closed. The objective is met within `SLO_LIMIT` of the acceptance, unless the order
      failed because of an error of ours.
    - It needs attention. The objective is missed. What a human does then takes as long as they need, and is
      not counted.

    An order that had to wait for the approval of its payment is not counted, because the customer and their
    bank decide how long that takes. The time of an order that had to wait for its turn to be charged begins
    with its turn, because Stripe's rate limit decides how long that takes.
    """
    begin = max(order.created_at, order.charge_slot or "")
    time = max(0, clock.epoch_milliseconds(order.updated_at) - clock.epoch_milliseconds(begin))
    is_decided = event is not EventType.ORDER_NEEDS_ATTENTION
    is_broken = order.failure is not None and order.failure.code == FailureCode.INTERNAL_ERROR
    is_met = is_decided and not is_broken and time <= SLO_LIMIT.total_seconds() * 1_000
    if is_decided:
        yield Measure(Metric.TIME_TO_OUTCOME, value=time)
    yield Measure(Metric.OUTCOMES)
    yield Measure(Metric.SLOW_OUTCOMES, value=0 if is_met else 1)


def _refund(before: Order, after: Order) -> RefundOutcome | None:
    """What became of the order's refund with this change.

    A refund is counted when its order is closed, however many executions it took.
    """
    was, now = before.payment.status, after.payment.status
    if after.is_closed and not before.is_closed:
        return _GIVEN_BACK.get(now)
    if after.is_closed and was is PaymentStatus.REFUND_PENDING and now is PaymentStatus.REFUNDED:
        return RefundOutcome.ARRIVED
    if was in _GIVEN_BACK and now is PaymentStatus.SUCCEEDED:
        return RefundOutcome.FAILED
    return None

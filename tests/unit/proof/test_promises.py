"""The check of the promises finds what breaks them."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from lambdas.domain.errors import OrderRejected
from local.saga_control import StateVisit
from proof.promises import REJECTIONS, ExecutionHistory, OrderHistory, broken_promises


def record(*events: str, **values: object) -> dict[str, object]:
    return {
        "order_id": "order",
        "status": "CONFIRMED",
        "items": [{"sku": "LAMP", "quantity": 2}],
        "version": len(events),
        "timeline": [{"at": f"2026-03-01T12:00:0{n}.000Z", "event": event} for n, event in enumerate(events)],
        **values,
    }


def executions(**statuses: str) -> dict[str, ExecutionHistory]:
    return {name.replace("_", "-"): ExecutionHistory(status, ()) for name, status in statuses.items()}


ORDER = OrderHistory(
    record=record("OrderReceived", "OrderConfirmed", "CustomerNotified"),
    events=("OrderConfirmed",),
    subjects=("Your order is confirmed",),
    executions=executions(order="SUCCEEDED"),
    pick="OPEN",
    to_pick={"LAMP": 2},
)


def refunded(units: int) -> dict[str, object]:
    refund = {"refund_id": "r", "status": "refunded", "items": {"LAMP": units}}
    entries = "OrderConfirmed", "CustomerNotified", "LineRefundRequested: r", "LinesRefunded: r"
    return record(*entries, refunds=[refund])


def returned(**changes: object) -> dict[str, object]:
    refund = {"refund_id": "r", "status": "failed", "items": {"LAMP": 1}, **changes}
    entries = ("OrderConfirmed", "CustomerNotified", "LineRefundRequested: r", "LinesRefunded: r")
    return record(*entries, "LineRefundReturned: r", "LineRefundFailed: returned", refunds=[refund])


def retried_after(*errors: str) -> OrderHistory:
    visit = StateVisit("ChargePayment", datetime(2026, 3, 1, tzinfo=UTC), retried=errors)
    return replace(ORDER, executions={"order": ExecutionHistory("SUCCEEDED", (visit,))})


def failed(error: str) -> OrderHistory:
    return replace(ORDER, executions={"order": ExecutionHistory("FAILED", (), error)})


@pytest.mark.parametrize(
    "order",
    [
        pytest.param(ORDER, id="a confirmed order"),
        pytest.param(
            replace(ORDER, record=record("OrderConfirmed", "CustomerNotNotified"), subjects=()),
            id="the mail can't be delivered",
        ),
        pytest.param(
            replace(
                ORDER,
                record=record(
                    version=2,
                    timeline=[
                        {"at": "2026-03-01T12:00:02.000Z", "event": "PaymentDisputed"},
                        {"at": "2026-03-01T12:00:01.000Z", "event": "OrderConfirmed"},
                    ],
                ),
                events=("OrderConfirmed", "PaymentDisputed"),
            ),
            id="the later of two writers took the time first",
        ),
        pytest.param(retried_after("StoreUnavailable"), id="a step was tried again"),
        pytest.param(failed("NeedsAttention"), id="an execution called a human"),
        pytest.param(
            replace(ORDER, executions=executions(order="ABORTED", order_r1="SUCCEEDED")),
            id="a stopped execution was run again",
        ),
        pytest.param(
            replace(
                ORDER,
                record=record("OrderNeedsAttention: no refund", "OrderConfirmed"),
                events=("OrderNeedsAttention", "OrderConfirmed"),
            ),
            id="an entry of the timeline has a reason",
        ),
        pytest.param(
            replace(
                ORDER,
                record=record(
                    *(
                        "PaymentActionRequired",
                        "PaymentAwaited",
                        "PaymentAwaited",
                        "OrderNeedsAttention: stuck",
                    ),
                    *("RetryRequested", "PaymentAwaited", "PaymentSucceeded", "OrderConfirmed"),
                ),
                events=(
                    *("PaymentApprovalNeeded", "OrderNeedsAttention", "PaymentApprovalNeeded"),
                    "OrderConfirmed",
                ),
            ),
            id="the customer was asked for an approval, and again after a retry",
        ),
        pytest.param(
            replace(
                ORDER,
                record=record(
                    *("PaymentActionRequired", "PaymentProcessing", "PaymentAwaited", "OrderConfirmed")
                ),
            ),
            id="the bank decided without the customer",
        ),
        pytest.param(
            replace(
                ORDER,
                record=record(
                    *("OrderConfirmed", "OrderFulfilled", "CancellationRequested: operator"),
                    "OrderCancelled",
                    status="CANCELLED",
                    failure={"code": "returned"},
                    fulfilment={},
                    cancel_requested_by="operator",
                ),
                events=("OrderConfirmed", "OrderFulfilled", "OrderCancelled"),
                subjects=("Your order is confirmed", "Your order is on its way", "Your return is complete"),
                pick="DROPPED",
            ),
            id="goods came back",
        ),
        pytest.param(
            replace(
                ORDER,
                record=returned(),
                events=("OrderConfirmed", "OrderLinesRefunded", "OrderLineRefundReturned"),
            ),
            id="a unit was refunded, and the bank returned the money",
        ),
        pytest.param(
            replace(
                ORDER,
                record=returned(restocked_at="2026-03-05T10:00:02.000Z"),
                events=("OrderConfirmed", "OrderLinesRefunded", "OrderLineRefundReturned"),
                to_pick={"LAMP": 1},
            ),
            id="a unit was refunded and restocked, and the bank returned the money",
        ),
        pytest.param(
            replace(
                ORDER,
                record=refunded(1),
                events=("OrderConfirmed", "OrderLinesRefunded"),
                to_pick={"LAMP": 1},
            ),
            id="a unit was refunded",
        ),
        pytest.param(
            replace(
                ORDER,
                record=refunded(2),
                events=("OrderConfirmed", "OrderLinesRefunded"),
                pick="DROPPED",
                to_pick={},
            ),
            id="all units were refunded",
        ),
        pytest.param(
            replace(
                ORDER,
                record=record("PaymentRefunded", "OrderFailed", "PaymentRefunded", status="FAILED"),
                events=("OrderFailed", "PaymentRefundSent"),
                subjects=("Your order could not be completed",),
                pick="DROPPED",
            ),
            id="a refund was sent after the order was closed",
        ),
    ],
)
def test_an_order_that_keeps_its_promises_has_no_breach(order: OrderHistory) -> None:
    assert broken_promises(order) == []


@pytest.mark.parametrize(
    ("order", "breach"),
    [
        (
            replace(ORDER, record=record("OrderConfirmed", status="PENDING", unsettled_shard="a")),
            "it is PENDING, not at rest",
        ),
        (
            replace(ORDER, record=record("OrderConfirmed", status="PENDING")),
            "it is not at rest, and the index of such orders lacks it",
        ),
        (
            replace(ORDER, record=record("OrderConfirmed", unsettled_shard="a")),
            "it is CONFIRMED, and still in the index of orders that are not at rest",
        ),
        (
            replace(ORDER, record=record("OrderConfirmed", cancel_requested_by="customer")),
            "it is CONFIRMED, although a cancellation was requested",
        ),
        (
            replace(ORDER, events=()),
            "the timeline announces ['OrderConfirmed'], the events are []",
        ),
        (
            replace(ORDER, events=("OrderConfirmed", "OrderConfirmed")),
            "the timeline announces ['OrderConfirmed'], the events are ['OrderConfirmed', 'OrderConfirmed']",
        ),
        (
            replace(ORDER, record=record("OrderConfirmed", version=2)),
            "2 writes left 1 entries in the timeline",
        ),
        (
            replace(ORDER, subjects=("Your order is cancelled",)),
            "the customer got no mail that it is CONFIRMED: ['Your order is cancelled']",
        ),
        (
            failed("StoreUnavailable"),
            "execution order failed with StoreUnavailable, and called no human",
        ),
        (
            replace(ORDER, record=record("UndoBegan: out_of_stock", "PaymentSucceeded")),
            "PaymentSucceeded came after UndoBegan",
        ),
        (
            replace(ORDER, record=record("CancellationRequested: customer", "OrderConfirmed")),
            "OrderConfirmed came after CancellationRequested",
        ),
        (
            replace(ORDER, record=record("OrderConfirmed", refund_due="r")),
            "it is CONFIRMED, and refund_due is r",
        ),
        (
            replace(ORDER, record=record("CancellationRequested: operator", "OrderFulfilled")),
            "OrderFulfilled came after CancellationRequested",
        ),
        (
            replace(ORDER, record=record(fulfilment={}, cancel_requested_by="customer")),
            "it is fulfilled, and its customer has cancelled it",
        ),
        (
            replace(ORDER, record=record(fulfilment={}, status="FAILED", failure={"code": "internal_error"})),
            "it is fulfilled, and FAILED internal_error",
        ),
        (
            replace(ORDER, record=record("OrderConfirmed", "OrderFulfilled", "CustomerNotified")),
            "it is CONFIRMED, and its pick is OPEN {'LAMP': 2}",
        ),
        (replace(ORDER, pick=None), "it is CONFIRMED, and its pick is None {'LAMP': 2}"),
        (
            replace(ORDER, record=refunded(1), events=("OrderConfirmed", "OrderLinesRefunded")),
            "it is CONFIRMED, and its pick is OPEN {'LAMP': 2}",
        ),
        (
            replace(
                ORDER,
                record=refunded(1),
                events=("OrderConfirmed", "OrderLinesRefunded"),
                pick="DROPPED",
                to_pick={},
            ),
            "it is CONFIRMED, and its pick is DROPPED {}",
        ),
        (
            replace(ORDER, record=returned(), to_pick={"LAMP": 1}),
            "it is CONFIRMED, and its pick is OPEN {'LAMP': 1}",
        ),
        (
            replace(ORDER, record=record("OrderConfirmed", "OrderCancelled", status="CANCELLED")),
            "it is CANCELLED, and its pick is OPEN {'LAMP': 2}",
        ),
        (
            retried_after("StoreUnavailable", "PaymentDeclined"),
            "execution order retried ChargePayment after PaymentDeclined",
        ),
        (
            replace(ORDER, executions=executions(order_r1="ABORTED")),
            "execution order-r1 is ABORTED, and it was not run again",
        ),
    ],
)
def test_a_broken_promise_is_named(order: OrderHistory, breach: str) -> None:
    assert f"order order: {breach}" in broken_promises(order)


def test_every_rejection_of_the_saga_is_one_that_no_retry_changes() -> None:
    assert {each.__name__ for each in OrderRejected.__subclasses__()} == REJECTIONS


def test_mail_that_cannot_be_read_breaks_no_promise() -> None:
    order = replace(ORDER, subjects=())

    assert broken_promises(order) != []
    assert broken_promises(order, mail_is_read=False) == []

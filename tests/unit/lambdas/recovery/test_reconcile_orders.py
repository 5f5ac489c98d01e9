from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from lambdas.domain.order import Order, OrderStatus, PaymentStatus
from lambdas.domain.vocabulary import FindingKind, Metric
from lambdas.recovery.reconcile_orders.handler import handler
from lambdas.recovery.reconcile_orders.logic import reconcile_orders
from lambdas.saga.start_saga.logic import RequestedExecution, requested_execution
from lambdas.shared.metrics import Measure
from lambdas.shared.reconciliation import Report
from lambdas.shared.store.listings import Listed, OrderListing, Page
from tests.unit.lambdas.builders import ORDER_ID, REQUEST_ID
from tests.unit.lambdas.fakes import FakeExecutions
from tests.unit.lambdas.invocations import CONTEXT
from tests.unit.lambdas.metrics import Emitted
from tests.unit.lambdas.runs import STALE_AFTER, STARTED_AT, run_through
from tests.unit.lambdas.shop import ORDERS_TABLE, Shop


@pytest.fixture
def executions() -> FakeExecutions:
    return FakeExecutions()


def reconcile(  # noqa: PLR0913 - what the tests vary
    shop: Shop,
    executions: FakeExecutions,
    *,
    listing: OrderListing | None = None,
    stale_after: timedelta = STALE_AFTER,
    started_at: datetime = STARTED_AT,
    hurried: bool = False,
) -> Report:
    found_by = listing or OrderListing(shop.client, ORDERS_TABLE)
    return run_through(
        lambda run: reconcile_orders(run, stale_after, found_by, shop.orders, executions),
        started_at=started_at,
        hurried=hurried,
    )


def reconcile_twice_in_vain(shop: Shop, executions: FakeExecutions) -> Report:
    """Reconcile twice. The execution that the first run starts ends without changing the order."""
    reconcile(shop, executions)
    executions.ended |= executions.started.keys()
    return reconcile(shop, executions)


def test_an_idle_order_is_run_again(shop: Shop, executions: FakeExecutions) -> None:
    shop.placed()

    report = reconcile(shop, executions)

    assert executions.started == {f"{ORDER_ID}-v1": ORDER_ID}
    assert report.counts == {"orders_not_at_rest": 1, "orders_rerun_started": 1}


def test_an_order_is_run_again_only_when_it_has_changed(shop: Shop, executions: FakeExecutions) -> None:
    shop.placed()
    reconcile(shop, executions)
    shop.cancel()

    reconcile(shop, executions)
    report = reconcile(shop, executions)

    assert list(executions.started) == [f"{ORDER_ID}-v1", f"{ORDER_ID}-v2"]
    assert report.counts["orders_rerun_running"] == 1


def test_an_order_that_has_just_changed_is_not_run_again(shop: Shop, executions: FakeExecutions) -> None:
    shop.placed(updated_at="2026-03-01T12:30:00.000Z")

    report = reconcile(shop, executions)

    assert not executions.started
    assert report.counts == {"orders_not_at_rest": 1, "orders_on_their_way": 1}


def a_queued_order(shop: Shop, slot: str) -> None:
    shop.priced()
    shop.orders.record_charge_slot(ORDER_ID, slot)


def test_an_order_whose_turn_to_be_charged_is_later_is_left_alone(
    shop: Shop, executions: FakeExecutions
) -> None:
    a_queued_order(shop, slot="2026-03-01T18:00:00.000Z")

    report = reconcile(shop, executions)

    assert not executions.started
    assert report.counts == {"orders_not_at_rest": 1, "orders_on_their_way": 1}


def test_an_order_that_is_idle_since_its_turn_is_run_again(shop: Shop, executions: FakeExecutions) -> None:
    a_queued_order(shop, slot="2026-03-01T12:29:00.000Z")

    assert reconcile(shop, executions).counts["orders_rerun_started"] == 1


def test_an_order_cancelled_before_its_turn_is_not_left_alone(shop: Shop, executions: FakeExecutions) -> None:
    a_queued_order(shop, slot="2026-03-01T18:00:00.000Z")
    shop.cancel()

    assert reconcile(shop, executions).counts["orders_rerun_started"] == 1


def test_an_order_that_is_charged_does_not_wait_for_its_turn(shop: Shop, executions: FakeExecutions) -> None:
    a_queued_order(shop, slot="2026-03-01T18:00:00.000Z")
    shop.orders.record_intent(ORDER_ID, "pi_1", PaymentStatus.REQUIRES_CONFIRMATION)

    assert reconcile(shop, executions).counts["orders_rerun_started"] == 1


def test_a_young_order_is_not_read(shop: Shop, executions: FakeExecutions) -> None:
    shop.placed(created_at="2026-03-01T12:30:00.000Z")

    assert reconcile(shop, executions).counts == {}


def test_orders_at_rest_are_not_counted(shop: Shop, executions: FakeExecutions) -> None:
    shop.notified(shop.closed())

    assert reconcile(shop, executions).counts == {}


def test_an_order_at_rest_that_the_index_still_lists_is_skipped(
    shop: Shop, executions: FakeExecutions
) -> None:
    class LateListing(OrderListing):
        def unsettled(self, shard: str, **_: object) -> Page:
            return Page([Listed(ORDER_ID, "2026-03-01T11:59:59.000Z")] if shard == ORDER_ID[0] else [], None)

    shop.notified(shop.confirmed())

    assert reconcile(shop, executions, listing=LateListing(shop.client, ORDERS_TABLE)).counts == {}


def test_an_order_is_flagged_if_another_execution_changes_nothing(
    shop: Shop, executions: FakeExecutions
) -> None:
    stuck = shop.placed()

    report = reconcile_twice_in_vain(shop, executions)

    assert shop.order().status is OrderStatus.NEEDS_ATTENTION
    assert shop.order().timeline[-1].event == "OrderNeedsAttention: one more execution changed nothing"
    [finding] = report.new
    assert (finding.kind, finding.ids) == (FindingKind.STUCK_ORDER, {"order_id": ORDER_ID})
    assert finding.facts == {"status": "PENDING", "version": 1, "updated_at": stuck.updated_at}
    assert finding.since == stuck.created_at


def test_a_refund_of_lines_that_no_execution_makes_is_reported_and_stays_due(
    shop: Shop, executions: FakeExecutions
) -> None:
    order = shop.refund_requested(shop.notified(shop.confirmed()))

    report = reconcile_twice_in_vain(shop, executions)

    assert [finding.kind for finding in report.new] == [FindingKind.STUCK_ORDER]
    assert shop.order() == order


def test_a_refund_of_lines_that_was_delayed_is_tried_again_after_an_hour(
    shop: Shop, executions: FakeExecutions
) -> None:
    delayed = shop.orders.delay_line_refund(shop.refund_requested(shop.notified(shop.confirmed())), "outage")
    assert delayed is not None

    early = reconcile(shop, executions)
    assert executions.started == {}
    late = reconcile(shop, executions, started_at=STARTED_AT + timedelta(hours=1))

    assert early.counts == {"orders_not_at_rest": 1, "orders_on_their_way": 1}
    assert late.counts == {"orders_not_at_rest": 1, "orders_rerun_started": 1}
    assert executions.started == {f"{ORDER_ID}-v{delayed.version}": ORDER_ID}


def test_a_refund_of_lines_that_is_delayed_for_a_day_calls_an_operator(
    shop: Shop, executions: FakeExecutions
) -> None:
    shop.orders.delay_line_refund(shop.refund_requested(shop.notified(shop.confirmed())), "outage")

    report = reconcile(shop, executions, started_at=STARTED_AT + timedelta(days=1, hours=1))

    assert report.counts["orders_waiting_for_a_human"] == 1
    assert [finding.kind for finding in report.new] == [FindingKind.STUCK_ORDER]
    assert executions.started == {}


def test_a_flagged_order_is_only_counted(shop: Shop, executions: FakeExecutions) -> None:
    shop.placed()
    reconcile_twice_in_vain(shop, executions)

    report = reconcile(shop, executions)

    assert report.counts == {"orders_not_at_rest": 1, "orders_waiting_for_a_human": 1}


def needs_attention(shop: Shop, *, may_pass: bool) -> Order:
    shop.being_undone()
    return shop.orders.flag(ORDER_ID, "PaymentProviderUnavailable", may_pass=may_pass)


def test_an_order_whose_cause_may_pass_is_run_again_after_an_hour(
    shop: Shop, executions: FakeExecutions
) -> None:
    needs_attention(shop, may_pass=True)

    early = reconcile(shop, executions)
    late = reconcile(shop, executions, started_at=STARTED_AT + timedelta(minutes=15))

    assert early.counts == {"orders_not_at_rest": 1, "orders_waiting_for_a_human": 1}
    assert late.counts == {"orders_not_at_rest": 1, "orders_retried": 1}
    order = shop.order()
    assert (order.status, order.timeline[-1].event) == (
        OrderStatus.PENDING,
        "RetryRequested: reconciliation",
    )
    asked = requested_execution(shop.stream()[-1]["dynamodb"])
    assert asked == RequestedExecution(f"{ORDER_ID}-retry-v{order.version}", ORDER_ID, REQUEST_ID)


def test_an_order_whose_cause_does_not_pass_within_a_day_is_left_to_a_human(
    shop: Shop, executions: FakeExecutions
) -> None:
    needs_attention(shop, may_pass=True)
    shop.orders.request_retry(ORDER_ID)
    order = shop.orders.flag(ORDER_ID, "PaymentProviderUnavailable", may_pass=True)

    report = reconcile(shop, executions, started_at=STARTED_AT + timedelta(days=1))

    assert report.counts == {"orders_not_at_rest": 1, "orders_waiting_for_a_human": 1}
    assert shop.order() == order


def test_an_order_that_needs_a_human_is_not_run_again(shop: Shop, executions: FakeExecutions) -> None:
    order = needs_attention(shop, may_pass=False)

    report = reconcile(shop, executions, started_at=STARTED_AT + timedelta(days=1))

    assert report.counts == {"orders_not_at_rest": 1, "orders_waiting_for_a_human": 1}
    assert shop.order() == order


def test_an_order_comes_to_rest_if_its_customer_cannot_be_notified(
    shop: Shop, executions: FakeExecutions
) -> None:
    shop.confirmed()

    report = reconcile_twice_in_vain(shop, executions)

    assert [finding.kind for finding in report.new] == [FindingKind.CUSTOMER_NOT_NOTIFIED]
    assert shop.order().status is OrderStatus.CONFIRMED
    assert shop.order().is_at_rest


def test_an_order_that_just_came_to_rest_is_not_flagged(shop: Shop) -> None:
    class LastMoment(FakeExecutions):
        def is_running(self, name: str) -> bool:
            shop.notified(shop.stock.take(shop.order()))
            return super().is_running(name)

    paid = shop.paid()
    name = f"{ORDER_ID}-v{paid.version}"

    report = reconcile(shop, LastMoment(started={name: ORDER_ID}, ended={name}))

    assert not report.new
    assert shop.order().status is OrderStatus.CONFIRMED


@pytest.mark.parametrize("hurried", [False, True], ids=["at once", "in many calls"])
def test_idle_orders_of_all_shards_are_found(
    shop: Shop, executions: FakeExecutions, *, hurried: bool
) -> None:
    orders: list[Order] = [
        shop.placed(order_id=f"{shard}1b2c3d4-0000-5000-8000-{number:012}")
        for shard, count in {"0": 1, "a": 30, "f": 2}.items()
        for number in range(count)
    ]

    report = reconcile(shop, executions, hurried=hurried)

    assert set(executions.started.values()) == {order.order_id for order in orders}
    assert report.counts["orders_rerun_started"] == len(orders)


def test_the_stage_decides_how_long_an_order_can_be_idle(shop: Shop, executions: FakeExecutions) -> None:
    placed = shop.placed()

    reconcile(shop, executions, stale_after=timedelta(hours=2))
    assert not executions.started

    reconcile(shop, executions, stale_after=timedelta())
    assert list(executions.started.values()) == [placed.order_id]


# How long the oldest order has not been at rest


def a_sale_that_was_cancelled_a_week_later(shop: Shop) -> None:
    sale = shop.confirmed(created_at="2026-02-22T12:00:00.000Z")
    shop.notified(sale)
    shop.cancel()


def a_sale_with_a_second_refund_a_week_later(shop: Shop) -> None:
    sale = shop.notified(shop.confirmed(created_at="2026-02-22T12:00:00.000Z"))
    shop.refund_requested(shop.lines_refunded(sale))


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (lambda _shop: None, 0),
        (lambda shop: shop.notified(shop.closed()), 0),
        (lambda shop: shop.placed(created_at="2026-03-01T12:00:00.000Z"), 3_600),
        (lambda shop: a_queued_order(shop, "2026-03-01T12:50:00.000Z"), 600),
        (lambda shop: a_queued_order(shop, "2026-03-01T18:00:00.000Z"), 0),
        (lambda shop: shop.needs_attention(), 3_601),
        (a_sale_that_was_cancelled_a_week_later, 3_595),
        (a_sale_with_a_second_refund_a_week_later, 3_591),
    ],
    ids=[
        *("no order", "at rest", "idle", "had its turn", "queued", "flagged", "cancelled after its rest"),
        "refunded again",
    ],
)
@pytest.mark.parametrize("hurried", [False, True], ids=["at once", "in many calls"])
def test_the_oldest_order_that_is_not_at_rest_is_measured(
    shop: Shop, executions: FakeExecutions, given: Callable[[Shop], object], seconds: int, *, hurried: bool
) -> None:
    given(shop)

    report = reconcile(shop, executions, hurried=hurried)

    assert report.oldest_open.total_seconds() == seconds


def test_the_age_of_the_oldest_order_is_emitted(shop: Shop, emitted: Emitted) -> None:
    shop.needs_attention()
    now = STARTED_AT.isoformat()
    event: dict[str, Any] = {
        "started_at": now,
        "execution": "run-1",
        "scope": "recent",
        "cursor": None,
        "report": {},
    }

    assert handler(event, CONTEXT)["cursor"] is None

    assert emitted() == [Measure(Metric.OLDEST_OPEN_ORDER, value=3_601)]

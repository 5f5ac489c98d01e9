"""What the journey of an order adds to the metrics of the business."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from lambdas.domain import clock
from lambdas.domain.errors import OutOfStock
from lambdas.domain.order import Order, PaymentStatus
from lambdas.domain.vocabulary import Metric
from lambdas.events.publish_order_events.handler import handler
from lambdas.shared.metrics import Measure
from tests.unit.lambdas.builders import ARMCHAIR, ORDER_ID, SUBMITTED_AT, TIMED_OUT, caught
from tests.unit.lambdas.fakes import FakeEventBridge, FakeStripe
from tests.unit.lambdas.invocations import CONTEXT
from tests.unit.lambdas.metrics import Emitted
from tests.unit.lambdas.shop import Shop

ACCEPTED_AT = datetime.fromisoformat(SUBMITTED_AT).astimezone(UTC)

Journey = Callable[[Shop], object]


@pytest.fixture(autouse=True)
def bus(event_bridge: FakeEventBridge) -> FakeEventBridge:
    return event_bridge


def event(name: str) -> Measure:
    return Measure(Metric.ORDER_EVENTS, name)


def failed(code: str) -> Measure:
    return Measure(Metric.ORDERS_FAILED, code)


def refund(outcome: str) -> Measure:
    return Measure(Metric.REFUNDS, outcome)


def objective(*, missed: bool) -> list[Measure]:
    return [Measure(Metric.OUTCOMES), Measure(Metric.SLOW_OUTCOMES, value=int(missed))]


def measures_of(journey: Journey, shop: Shop, emitted: Emitted) -> list[Measure]:
    """All measures of an order's journey but the time that it took."""
    journey(shop)
    handler({"Records": shop.stream()}, CONTEXT)
    return [each for each in emitted() if each.metric is not Metric.TIME_TO_OUTCOME]


def a_declined_order(shop: Shop) -> Order:
    return shop.orders.close(shop.placed().order_id, caught(OutOfStock("Nothing is left.")))


def a_broken_order(shop: Shop) -> Order:
    return shop.orders.close(shop.placed().order_id, TIMED_OUT)


def a_cancelled_order(shop: Shop) -> Order:
    shop.placed()
    shop.cancel()
    return shop.orders.close(ORDER_ID, {})


def a_cancelled_sale(shop: Shop) -> Order:
    shop.confirmed()
    return shop.close_cancelled()


def a_refund_that_arrives_later(shop: Shop) -> None:
    shop.orders.record_refund_arrived(shop.refund_pending())


def a_pending_refund_of_two_executions(shop: Shop) -> None:
    """A second execution undoes the order again, and changes nothing."""
    shop.refund_pending()
    shop.orders.record_money_back(ORDER_ID, PaymentStatus.REFUND_PENDING, "PaymentRefundPending")
    shop.orders.close(ORDER_ID, {})
    shop.notified(shop.order())


def a_refund_that_arrives_before_the_end(shop: Shop) -> None:
    shop.orders.begin_undo(shop.paid().order_id, caught(OutOfStock("Nothing is left.")))
    shop.orders.record_money_back(ORDER_ID, PaymentStatus.REFUND_PENDING, "PaymentRefundPending")
    shop.orders.record_refund_arrived(shop.order())
    shop.orders.close(ORDER_ID, {})


def a_refund_that_fails_and_is_made_again(shop: Shop) -> None:
    shop.orders.record_refund_failed(shop.refund_pending())
    shop.orders.request_retry(ORDER_ID)
    shop.orders.record_money_back(ORDER_ID, PaymentStatus.REFUNDED, "PaymentRefunded")
    shop.orders.close(ORDER_ID, {})


JOURNEYS: dict[Journey, list[Measure]] = {
    Shop.paid: [],
    Shop.confirmed: [
        event("OrderConfirmed"),
        Measure(Metric.REVENUE, "usd", 2 * ARMCHAIR.unit_price),
        *objective(missed=False),
    ],
    a_declined_order: [event("OrderFailed"), failed("out_of_stock"), *objective(missed=False)],
    a_broken_order: [event("OrderFailed"), failed("internal_error"), *objective(missed=True)],
    a_cancelled_order: [
        event("OrderCancelled"),
        failed("cancelled_by_customer"),
        *objective(missed=False),
    ],
    a_cancelled_sale: [
        event("OrderConfirmed"),
        Measure(Metric.REVENUE, "usd", 2 * ARMCHAIR.unit_price),
        *objective(missed=False),
        event("OrderCancelled"),
        failed("cancelled_by_customer"),
        refund("refunded"),
    ],
    Shop.refund_pending: [
        event("OrderFailed"),
        failed("out_of_stock"),
        *objective(missed=False),
        refund("pending"),
    ],
    Shop.needs_attention: [event("OrderNeedsAttention"), *objective(missed=True)],
    Shop.settled: [
        event("OrderNeedsAttention"),
        *objective(missed=True),
        event("PaymentSettledOutside"),
        event("OrderFailed"),
        failed("out_of_stock"),
    ],
}


@pytest.mark.parametrize(("journey", "expected"), JOURNEYS.items())
def test_a_journey_has_exactly_these_measures(
    shop: Shop, emitted: Emitted, journey: Journey, expected: list[Measure]
) -> None:
    measures = measures_of(journey, shop, emitted)

    assert sorted(measures, key=str) == sorted(expected, key=str)


# Refunds


@pytest.mark.parametrize(
    ("journey", "outcomes"),
    [
        (a_refund_that_arrives_later, ["pending", "arrived"]),
        (a_pending_refund_of_two_executions, ["pending"]),
        (a_refund_that_arrives_before_the_end, ["refunded"]),
        (a_refund_that_fails_and_is_made_again, ["pending", "failed", "refunded"]),
    ],
)
def test_each_refund_is_counted_once_at_each_turn(
    shop: Shop, emitted: Emitted, journey: Journey, outcomes: list[str]
) -> None:
    measures = measures_of(journey, shop, emitted)

    assert [each.of for each in measures if each.metric is Metric.REFUNDS] == outcomes


def test_an_order_that_is_closed_twice_has_failed_once(shop: Shop, emitted: Emitted) -> None:
    measures = measures_of(a_refund_that_fails_and_is_made_again, shop, emitted)

    assert measures.count(event("OrderFailed")) == 2
    assert measures.count(failed("out_of_stock")) == 1


# The time to the outcome, and the objective


def of_the_objective(measures: list[Measure]) -> dict[Metric, float]:
    metrics = {Metric.TIME_TO_OUTCOME, Metric.OUTCOMES, Metric.SLOW_OUTCOMES}
    return {each.metric: each.value for each in measures if each.metric in metrics}


@pytest.mark.parametrize(
    ("milliseconds", "missed"), [(1, 0), (59_999, 0), (60_000, 0), (60_001, 1), (86_400_000, 1)]
)
@pytest.mark.parametrize("end", [Shop.confirmed, a_declined_order])
def test_an_outcome_is_slow_after_a_minute(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    shop: Shop,
    emitted: Emitted,
    monkeypatch: pytest.MonkeyPatch,
    end: Journey,
    milliseconds: int,
    missed: int,
) -> None:
    decided_at = clock.text(ACCEPTED_AT + timedelta(milliseconds=milliseconds))
    monkeypatch.setattr(clock, "now", lambda: decided_at)
    end(shop)

    handler({"Records": shop.stream()}, CONTEXT)

    assert of_the_objective(emitted()) == {
        Metric.TIME_TO_OUTCOME: milliseconds,
        Metric.OUTCOMES: 1,
        Metric.SLOW_OUTCOMES: missed,
    }


def test_the_time_of_an_order_that_was_queued_begins_with_its_turn(
    shop: Shop, emitted: Emitted, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.priced()
    shop.orders.record_charge_slot(ORDER_ID, "2026-03-01T12:30:00.000Z")
    monkeypatch.setattr(clock, "now", lambda: "2026-03-01T12:30:07.000Z")
    shop.stock.take(shop.orders.record_payment(ORDER_ID, PaymentStatus.SUCCEEDED, "PaymentSucceeded"))

    handler({"Records": shop.stream()}, CONTEXT)

    assert of_the_objective(emitted())[Metric.TIME_TO_OUTCOME] == 7_000


def test_an_order_cancelled_before_its_turn_was_in_time(shop: Shop, emitted: Emitted) -> None:
    shop.priced()
    shop.orders.record_charge_slot(ORDER_ID, "2026-03-01T18:00:00.000Z")
    shop.cancel()
    shop.orders.close(ORDER_ID, {})

    handler({"Records": shop.stream()}, CONTEXT)

    assert of_the_objective(emitted()) == {
        Metric.TIME_TO_OUTCOME: 0,
        Metric.OUTCOMES: 1,
        Metric.SLOW_OUTCOMES: 0,
    }


def test_an_order_that_needs_attention_has_missed_the_objective_but_has_no_time(
    shop: Shop, emitted: Emitted
) -> None:
    shop.settled()

    handler({"Records": shop.stream()}, CONTEXT)

    assert of_the_objective(emitted()) == {Metric.OUTCOMES: 1, Metric.SLOW_OUTCOMES: 1}


def test_an_order_that_waited_for_its_customer_is_not_part_of_the_objective(
    shop: Shop, stripe: FakeStripe, emitted: Emitted
) -> None:
    shop.awaiting_payment(stripe)
    shop.orders.record_payment(ORDER_ID, PaymentStatus.SUCCEEDED, "PaymentSucceeded")
    shop.stock.take(shop.order())

    handler({"Records": shop.stream()}, CONTEXT)

    measures = emitted()
    assert event("OrderConfirmed") in measures
    assert of_the_objective(measures) == {}


# Delivery


def test_a_change_whose_event_is_refused_is_counted_when_it_is_published(
    shop: Shop, event_bridge: FakeEventBridge, emitted: Emitted
) -> None:
    shop.confirmed()
    shop.close_cancelled()
    event_bridge.trouble = {1: "InternalFailure"}
    handler({"Records": shop.stream()}, CONTEXT)

    first = emitted()
    handler({"Records": shop.stream()[-1:]}, CONTEXT)

    assert [each for each in first if each.metric is Metric.ORDER_EVENTS] == [event("OrderConfirmed")]
    assert event("OrderCancelled") in emitted()


def test_the_measures_of_one_change_with_the_same_dimensions_share_a_line(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.confirmed()

    handler({"Records": shop.stream()}, CONTEXT)

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3, "the event, the revenue, and all that has no dimension"

"""An order is charged when its turn has come, and waits for it once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import pytest

from lambdas.domain import clock
from lambdas.domain.errors import ChargeScheduled, OrderCancelled, OutOfStock
from lambdas.domain.order import Order, PaymentStatus
from lambdas.domain.vocabulary import Metric
from lambdas.saga.charge_payment import charge_queue
from lambdas.saga.charge_payment.charge_slots import ITEM_ID
from lambdas.saga.charge_payment.logic import charge_payment
from tests.unit.lambdas.builders import ARMCHAIR, ORDER_ID
from tests.unit.lambdas.conftest import NOON
from tests.unit.lambdas.fakes import FakeStripe
from tests.unit.lambdas.invocations import call_step, step_payload
from tests.unit.lambdas.metrics import Emitted
from tests.unit.lambdas.shop import IDEMPOTENCY_TABLE, Shop

FAR: Final = timedelta(minutes=5)
SOON: Final = timedelta(seconds=1, milliseconds=500)


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the function has slept, which take no time here."""
    seconds: list[float] = []
    monkeypatch.setattr(charge_queue, "sleep", seconds.append)
    return seconds


@pytest.fixture(autouse=True)
def standing_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: clock.text(NOON))


def charges_ahead(shop: Shop, wait: timedelta) -> str:
    """Let other orders have all slots of a time; returns the next slot."""
    next_at = round((NOON + wait).timestamp() * 1_000)
    shop.client.put_item(
        TableName=IDEMPOTENCY_TABLE, Item={"id": {"S": ITEM_ID}, "next_at": {"N": str(next_at + 3)}}
    )
    return clock.of_epoch_milliseconds(next_at)


def next_slot(shop: Shop) -> int:
    (item,) = shop.all_items(IDEMPOTENCY_TABLE)
    next_at: int = item["next_at"]
    return next_at


def charge(shop: Shop, stripe: FakeStripe, *, has_waited: bool = False) -> Order:
    return charge_payment(ORDER_ID, shop.orders, stripe, shop.queue(has_waited=has_waited))


def test_an_order_without_others_ahead_is_charged_at_once(
    shop: Shop, stripe: FakeStripe, slept: list[float], emitted: Emitted
) -> None:
    shop.priced()

    order = charge(shop, stripe)

    assert (order.payment.status, order.charge_slot) == (PaymentStatus.SUCCEEDED, None)
    assert (slept, emitted()) == ([], [])


def test_an_order_whose_turn_is_later_is_scheduled(
    shop: Shop, stripe: FakeStripe, slept: list[float]
) -> None:
    shop.priced()
    slot = charges_ahead(shop, FAR)

    with pytest.raises(ChargeScheduled) as scheduled:
        charge(shop, stripe)

    order = shop.order()
    assert str(scheduled.value) == order.charge_slot == slot
    assert order.timeline[-1].event == f"ChargeScheduled: {slot}"
    assert (stripe.calls, slept) == ([], [])


def test_all_executions_of_an_order_share_its_slot(shop: Shop, stripe: FakeStripe) -> None:
    shop.priced()
    slot = charges_ahead(shop, FAR)
    with pytest.raises(ChargeScheduled):
        charge(shop, stripe)
    before = next_slot(shop)

    with pytest.raises(ChargeScheduled, match=slot):
        charge(shop, stripe)

    assert next_slot(shop) == before


def test_an_order_that_has_waited_is_charged_without_another_slot(
    shop: Shop, stripe: FakeStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.priced()
    slot = charges_ahead(shop, FAR)
    with pytest.raises(ChargeScheduled):
        charge(shop, stripe)
    before = next_slot(shop)
    monkeypatch.setattr(clock, "now", lambda: slot)

    order = charge(shop, stripe, has_waited=True)

    assert order.payment.status is PaymentStatus.SUCCEEDED
    assert next_slot(shop) == before


def test_the_rest_of_a_wait_that_ended_early_is_slept(
    shop: Shop, stripe: FakeStripe, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.priced()
    slot = charges_ahead(shop, FAR)
    with pytest.raises(ChargeScheduled):
        charge(shop, stripe)
    early = datetime.fromisoformat(slot) - timedelta(milliseconds=700)
    monkeypatch.setattr(clock, "now", lambda: clock.text(early))

    charge(shop, stripe, has_waited=True)

    assert slept == [0.7]


def test_an_execution_waits_only_once(shop: Shop, stripe: FakeStripe, slept: list[float]) -> None:
    """The embedded run shortens waits, so the slot can still be far ahead."""
    shop.priced()
    charges_ahead(shop, FAR)
    with pytest.raises(ChargeScheduled):
        charge(shop, stripe)

    order = charge(shop, stripe, has_waited=True)

    assert (order.payment.status, slept) == (PaymentStatus.SUCCEEDED, [])


def test_an_order_whose_turn_is_soon_sleeps_until_then(
    shop: Shop, stripe: FakeStripe, slept: list[float]
) -> None:
    shop.priced()
    charges_ahead(shop, SOON)

    order = charge(shop, stripe)

    assert (order.payment.status, order.charge_slot) == (PaymentStatus.SUCCEEDED, None)
    assert slept == [SOON.total_seconds()]


def test_a_retry_of_a_charge_that_has_begun_needs_no_slot(shop: Shop, stripe: FakeStripe) -> None:
    shop.orders.record_intent(
        shop.priced().order_id,
        stripe.create_intent(shop.order()).intent_id,
        PaymentStatus.REQUIRES_CONFIRMATION,
    )
    charges_ahead(shop, FAR)
    before = next_slot(shop)

    assert charge(shop, stripe).payment.status is PaymentStatus.SUCCEEDED
    assert next_slot(shop) == before


def test_a_charge_that_another_attempt_has_begun_goes_on(shop: Shop, stripe: FakeStripe) -> None:
    stale = shop.priced()
    intent = stripe.create_intent(stale)
    shop.orders.record_intent(ORDER_ID, intent.intent_id, PaymentStatus.REQUIRES_CONFIRMATION)
    charges_ahead(shop, FAR)

    order = shop.queue().await_turn(stale, shop.orders)

    assert order.payment.intent_id == intent.intent_id


@pytest.mark.parametrize("has_waited", [True, False], ids=["in the state", "in the function"])
def test_an_order_sold_out_during_its_wait_is_not_charged(
    shop: Shop, stripe: FakeStripe, *, has_waited: bool
) -> None:
    shop.priced()
    charges_ahead(shop, FAR if has_waited else SOON)
    if has_waited:
        with pytest.raises(ChargeScheduled):
            charge(shop, stripe)
    shop.sell_out(ARMCHAIR)

    with pytest.raises(OutOfStock):
        charge(shop, stripe, has_waited=has_waited)

    assert stripe.calls == []


@pytest.mark.parametrize("leave", [Shop.sell_out, Shop.take_from_catalogue])
def test_an_order_that_did_not_wait_leaves_its_stock_to_the_pivot(
    shop: Shop, stripe: FakeStripe, leave: Callable[[Shop, object], None]
) -> None:
    shop.priced()
    leave(shop, ARMCHAIR)

    assert charge(shop, stripe).payment.status is PaymentStatus.SUCCEEDED


def test_a_product_that_left_the_catalogue_is_out_of_stock(shop: Shop, stripe: FakeStripe) -> None:
    shop.priced()
    charges_ahead(shop, SOON)
    shop.take_from_catalogue(ARMCHAIR)

    with pytest.raises(OutOfStock):
        charge(shop, stripe)


def test_an_order_cancelled_during_its_wait_is_not_charged(shop: Shop, stripe: FakeStripe) -> None:
    shop.priced()
    charges_ahead(shop, FAR)
    with pytest.raises(ChargeScheduled):
        charge(shop, stripe)
    shop.cancel()

    with pytest.raises(OrderCancelled):
        charge(shop, stripe, has_waited=True)

    assert stripe.calls == []


@pytest.mark.parametrize("wait", [FAR, SOON], ids=["in the state", "in the function"])
def test_each_wait_is_measured_once(
    shop: Shop, stripe: FakeStripe, emitted: Emitted, wait: timedelta
) -> None:
    shop.priced()
    charges_ahead(shop, wait)
    if wait is FAR:
        with pytest.raises(ChargeScheduled):
            call_step("charge_payment", {**step_payload(), "slot": None})
    call_step("charge_payment", {**step_payload(), "slot": "2026-03-01T12:05:00.000Z"})

    waits = [each.value for each in emitted() if each.metric is Metric.CHARGE_SLOT_WAITS]
    assert waits == [wait.total_seconds() * 1_000]
    assert stripe.charges == 1


def test_an_execution_of_an_older_definition_is_charged_without_a_wait(
    shop: Shop, stripe: FakeStripe
) -> None:
    shop.priced()
    charges_ahead(shop, FAR)

    call_step("charge_payment", step_payload())

    assert stripe.charges == 1

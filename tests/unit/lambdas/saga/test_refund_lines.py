from dataclasses import replace

import pytest

from lambdas.domain import clock
from lambdas.domain.errors import (
    PaymentInFlux,
    PaymentProviderUnavailable,
    RefundRefused,
    StoreUnavailable,
    UndoIncomplete,
)
from lambdas.domain.line_refund import LineRefundStatus
from lambdas.domain.order import Order
from lambdas.saga.charge_payment.logic import charge_payment
from lambdas.saga.flag_for_operator.logic import flag_for_operator
from lambdas.saga.refund_lines.logic import refund_lines
from lambdas.saga.refund_payment.logic import refund_payment
from lambdas.saga.release_inventory.logic import release_inventory
from lambdas.saga.restock_lines.logic import restock_lines
from lambdas.shared.store import orders as orders_module
from tests.unit.lambdas.builders import ARMCHAIR, ORDER_ID, caught
from tests.unit.lambdas.fakes import FakeStripe, no_answer
from tests.unit.lambdas.shop import Shop

PRICE = ARMCHAIR.unit_price
"""Of one unit; the order has two."""

REFUND_ID = "00000000-0000-5000-8000-000000000001"
"""Of the first refund."""

NEXT_REFUND_ID = "00000000-0000-5000-8000-000000000002"

REFUSED = caught(RefundRefused("Stripe returned closed"))


@pytest.fixture
def order(shop: Shop, stripe: FakeStripe) -> Order:
    """A confirmed order that is at rest."""
    shop.priced()
    charge_payment(ORDER_ID, shop.orders, stripe, shop.queue())
    return shop.notified(shop.confirm(shop.order()))


def make(shop: Shop, stripe: FakeStripe, refund_id: str = REFUND_ID) -> Order:
    """Run the steps after the sale."""
    refund_lines(ORDER_ID, refund_id, shop.orders, stripe)
    return restock_lines(ORDER_ID, refund_id, shop.orders, shop.stock)


def cancel(shop: Shop, stripe: FakeStripe) -> Order:
    """Cancel the order, and undo it."""
    shop.cancel()
    release_inventory(ORDER_ID, {}, shop.orders, shop.stock)
    refund_payment(ORDER_ID, {}, "cancel-0", shop.orders, stripe)
    return shop.orders.close(ORDER_ID, {})


def test_a_unit_is_refunded_and_goes_back_into_stock(shop: Shop, stripe: FakeStripe, order: Order) -> None:
    shop.refund_requested(order)

    after = make(shop, stripe)

    assert (stripe.refunds, stripe.attempts) == ([PRICE], [REFUND_ID])
    assert after.refunds[0].status is LineRefundStatus.REFUNDED
    assert after.refunds[0].restocked_at is not None
    assert (shop.available(ARMCHAIR.sku), shop.reserved(ARMCHAIR, order.day)) == (4, 1)
    assert (after.is_at_rest, after.refund_due) == (True, None)


def test_a_unit_that_is_not_restocked_stays_gone(shop: Shop, stripe: FakeStripe, order: Order) -> None:
    shop.refund_requested(order, restock=False)

    after = make(shop, stripe)

    assert (shop.available(ARMCHAIR.sku), shop.reserved(ARMCHAIR, order.day)) == (3, 2)
    assert after.is_at_rest


def test_running_the_steps_again_changes_nothing(shop: Shop, stripe: FakeStripe, order: Order) -> None:
    shop.refund_requested(order)
    after = make(shop, stripe)

    assert make(shop, stripe) == after
    assert stripe.refunds == [PRICE]


def test_a_refund_whose_reply_was_lost_is_found(shop: Shop, stripe: FakeStripe, order: Order) -> None:
    shop.refund_requested(order)
    stripe.after["refund"] = no_answer
    with pytest.raises(PaymentProviderUnavailable):
        refund_lines(ORDER_ID, REFUND_ID, shop.orders, stripe)

    after = make(shop, stripe)

    assert stripe.refunds == [PRICE]
    assert after.refunds[0].status is LineRefundStatus.REFUNDED


def test_a_pending_refund_counts_as_made(shop: Shop, stripe: FakeStripe, order: Order) -> None:
    stripe.refund_status = "pending"
    shop.refund_requested(order)

    after = make(shop, stripe)

    assert after.refunds[0].status is LineRefundStatus.REFUND_PENDING
    assert after.is_at_rest


def test_the_order_stays_in_the_index_until_its_customer_is_notified(shop: Shop, stripe: FakeStripe) -> None:
    shop.priced()
    charge_payment(ORDER_ID, shop.orders, stripe, shop.queue())
    order = shop.confirm(shop.order())
    shop.refund_requested(order)

    shop.notified(shop.order())
    after = make(shop, stripe)

    assert after.unsettled
    assert shop.notified(after).is_at_rest


def test_no_more_is_refunded_than_the_dashboard_has_left(
    shop: Shop, stripe: FakeStripe, order: Order
) -> None:
    shop.refund_requested(order)
    stripe.refund_by_hand("pi_1", PRICE + 1)

    with pytest.raises(RefundRefused, match="holds only"):
        refund_lines(ORDER_ID, REFUND_ID, shop.orders, stripe)


def test_a_refund_in_the_dashboard_in_between_is_found_by_the_next_try(
    shop: Shop, stripe: FakeStripe, order: Order
) -> None:
    shop.refund_requested(order)
    stripe.before["refund"] = lambda: stripe.refund_by_hand("pi_1", PRICE + 1)

    with pytest.raises(PaymentInFlux):
        refund_lines(ORDER_ID, REFUND_ID, shop.orders, stripe)


# Failures


def test_a_refused_refund_has_failed_and_the_order_keeps_its_money(
    shop: Shop, stripe: FakeStripe, order: Order
) -> None:
    shop.refund_requested(order)

    after = flag_for_operator(ORDER_ID, REFUSED, REFUND_ID, shop.orders)

    assert (after.status, after.refunds[0].status) == ("CONFIRMED", "failed")
    assert (after.is_at_rest, after.units_kept) == (True, {ARMCHAIR.sku: 2})
    assert after.timeline[-1].event == "LineRefundFailed: RefundRefused: Stripe returned closed"
    assert stripe.refunds == []


def test_a_refund_with_an_unknown_outcome_stays_due(shop: Shop, order: Order) -> None:
    shop.refund_requested(order)

    after = flag_for_operator(
        ORDER_ID, caught(PaymentProviderUnavailable("no answer")), REFUND_ID, shop.orders
    )

    assert (after.refund_due, after.refunds[0].status) == (REFUND_ID, "requested")
    assert after.timeline[-1].event == "LineRefundDelayed: PaymentProviderUnavailable"
    assert after.unsettled


def test_a_delay_is_recorded_once_in_an_hour(
    shop: Shop, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.refund_requested(order)
    outage = caught(PaymentProviderUnavailable("no answer"))
    first = flag_for_operator(ORDER_ID, outage, REFUND_ID, shop.orders)

    assert flag_for_operator(ORDER_ID, outage, REFUND_ID, shop.orders) == first

    hour_later = clock.later(first.updated_at, 3_601)
    monkeypatch.setattr(clock, "now", lambda: hour_later)
    again = flag_for_operator(ORDER_ID, outage, REFUND_ID, shop.orders)
    assert again.version == first.version + 1
    assert again.refund_delayed_at == hour_later


def test_only_so_many_delays_are_recorded_for_an_order(
    shop: Shop, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orders_module, "MOST_DELAYS", 1)
    outage = caught(PaymentProviderUnavailable("no answer"))
    shop.refund_requested(order)
    delayed = flag_for_operator(ORDER_ID, outage, REFUND_ID, shop.orders)
    hour_later = clock.later(delayed.updated_at, 3_601)
    monkeypatch.setattr(clock, "now", lambda: hour_later)

    assert flag_for_operator(ORDER_ID, outage, REFUND_ID, shop.orders) == delayed


def test_units_without_a_product_stay_gone(shop: Shop, stripe: FakeStripe, order: Order) -> None:
    shop.refund_requested(order)
    refund_lines(ORDER_ID, REFUND_ID, shop.orders, stripe)
    shop.take_from_catalogue(ARMCHAIR)

    with pytest.raises(UndoIncomplete) as error:
        restock_lines(ORDER_ID, REFUND_ID, shop.orders, shop.stock)
    after = flag_for_operator(ORDER_ID, caught(error.value), REFUND_ID, shop.orders)

    assert (after.is_at_rest, after.refunds[0].restocked_at) == (True, None)
    assert after.refunds[0].status is LineRefundStatus.REFUNDED


def test_a_refund_that_the_bank_returned_calls_an_operator(
    shop: Shop, stripe: FakeStripe, order: Order
) -> None:
    order = shop.lines_refunded(order)
    failed = replace(order.refunds[0], status=LineRefundStatus.FAILED)
    shop.orders.reopen_line_refund(order, failed, "LineRefundReturned")

    with pytest.raises(RefundRefused, match="returned"):
        refund_lines(ORDER_ID, REFUND_ID, shop.orders, stripe)
    after = flag_for_operator(ORDER_ID, caught(RefundRefused("returned")), REFUND_ID, shop.orders)

    assert (after.is_at_rest, after.units_kept[ARMCHAIR.sku]) == (True, 2)


# Another execution, whose refund is over


@pytest.fixture
def next_order(shop: Shop, order: Order) -> Order:
    """The first refund was refused, and the operator has asked for the next one."""
    shop.refund_requested(order)
    return shop.refund_requested(flag_for_operator(ORDER_ID, REFUSED, REFUND_ID, shop.orders))


@pytest.mark.parametrize("refund_id", [REFUND_ID, None])
@pytest.mark.parametrize("error", [REFUSED, caught(PaymentProviderUnavailable("no answer"))])
def test_a_failure_of_another_refund_is_none_of_the_due_one(
    shop: Shop, next_order: Order, error: dict[str, str], refund_id: str | None
) -> None:
    after = flag_for_operator(ORDER_ID, error, refund_id, shop.orders)

    assert after == next_order
    assert [each.status for each in after.refunds] == ["failed", "requested"]


@pytest.mark.parametrize("refund_id", [REFUND_ID, None])
def test_an_execution_for_another_refund_does_not_make_the_due_one(
    shop: Shop, stripe: FakeStripe, next_order: Order, refund_id: str | None
) -> None:
    assert refund_lines(ORDER_ID, refund_id, shop.orders, stripe) == next_order
    assert stripe.refunds == []


@pytest.mark.usefixtures("next_order")
def test_an_execution_for_another_refund_does_not_restock_the_due_one(shop: Shop, stripe: FakeStripe) -> None:
    made = refund_lines(ORDER_ID, NEXT_REFUND_ID, shop.orders, stripe)

    assert restock_lines(ORDER_ID, REFUND_ID, shop.orders, shop.stock) == made
    assert restock_lines(ORDER_ID, NEXT_REFUND_ID, shop.orders, shop.stock).is_at_rest


# Races with a cancellation


def test_a_cancellation_drops_a_refund_that_is_only_requested(
    shop: Shop, stripe: FakeStripe, order: Order
) -> None:
    shop.refund_requested(order)

    after = cancel(shop, stripe)

    assert (after.status, after.refunds[0].status, after.refund_due) == ("CANCELLED", "dropped", None)
    assert stripe.refunds == [2 * PRICE]
    assert shop.available(ARMCHAIR.sku) == 5
    assert refund_lines(ORDER_ID, REFUND_ID, shop.orders, stripe) == after


def test_a_cancelled_order_gets_back_only_what_is_still_held(
    shop: Shop, stripe: FakeStripe, order: Order
) -> None:
    shop.refund_requested(order)
    make(shop, stripe)

    after = cancel(shop, stripe)

    assert (after.status, stripe.refunds) == ("CANCELLED", [PRICE, PRICE])
    assert (shop.available(ARMCHAIR.sku), shop.reserved(ARMCHAIR, order.day)) == (5, 0)


def test_a_unit_that_is_gone_does_not_come_back_when_the_order_is_cancelled(
    shop: Shop, stripe: FakeStripe, order: Order
) -> None:
    shop.refund_requested(order, restock=False)
    make(shop, stripe)

    cancel(shop, stripe)

    assert (shop.available(ARMCHAIR.sku), shop.reserved(ARMCHAIR, order.day)) == (4, 0)


def test_a_unit_that_was_put_back_is_not_gone_when_it_is_refunded_again(
    shop: Shop, stripe: FakeStripe, order: Order
) -> None:
    order = shop.lines_refunded(order)
    failed = replace(order.refunds[0], status=LineRefundStatus.FAILED)
    shop.orders.reopen_line_refund(order, failed, "LineRefundReturned")
    order = flag_for_operator(ORDER_ID, caught(RefundRefused("returned")), REFUND_ID, shop.orders)
    shop.refund_requested(order, restock=False)
    make(shop, stripe, NEXT_REFUND_ID)

    cancel(shop, stripe)

    assert (shop.available(ARMCHAIR.sku), shop.reserved(ARMCHAIR, order.day)) == (5, 0)


def test_a_cancellation_gives_back_units_that_were_not_restocked_yet(
    shop: Shop, stripe: FakeStripe, order: Order
) -> None:
    shop.refund_requested(order)
    refund_lines(ORDER_ID, REFUND_ID, shop.orders, stripe)

    cancel(shop, stripe)

    assert (shop.available(ARMCHAIR.sku), shop.reserved(ARMCHAIR, order.day)) == (5, 0)
    assert restock_lines(ORDER_ID, REFUND_ID, shop.orders, shop.stock).status == "CANCELLED"


def test_no_refund_is_made_once_somebody_asks_to_cancel(shop: Shop, stripe: FakeStripe, order: Order) -> None:
    shop.refund_requested(order)
    shop.cancel()

    refund_lines(ORDER_ID, REFUND_ID, shop.orders, stripe)

    assert stripe.refunds == []


def test_the_undo_of_an_order_whose_refund_was_just_made_is_tried_again(
    shop: Shop, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.refund_requested(order)
    shop.cancel()
    stale = shop.order()
    made = replace(stale.refunds[0], status=LineRefundStatus.REFUNDED)
    shop.orders.record_line_refund(stale, made, f"LinesRefunded: {REFUND_ID}", is_over=False)
    orders = shop.orders
    monkeypatch.setattr(orders, "get", lambda _: stale)

    with pytest.raises(StoreUnavailable):
        orders.begin_undo(ORDER_ID, {})

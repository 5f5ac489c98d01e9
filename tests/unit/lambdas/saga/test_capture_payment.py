from typing import Literal

import pytest

from lambdas.domain.errors import (
    CaptureDue,
    CaptureRefused,
    OrderAlreadyConfirmed,
    OrderCancelled,
    PaymentInFlux,
    PaymentProviderUnavailable,
    StoreUnavailable,
)
from lambdas.domain.order import Order, OrderStatus, PaymentStatus
from lambdas.saga.capture_payment.logic import capture_payment
from lambdas.saga.flag_for_operator.logic import flag_for_operator
from lambdas.saga.refund_payment.logic import refund_payment
from lambdas.saga.release_inventory.logic import release_inventory
from lambdas.saga.validate_order.logic import validate_order
from tests.unit.lambdas.builders import ARMCHAIR, ORDER_ID, TIMED_OUT, caught
from tests.unit.lambdas.fakes import FakeStripe, no_answer
from tests.unit.lambdas.shop import EarlyReader, Shop

AMOUNT = 2 * ARMCHAIR.unit_price
REFUSED = caught(CaptureRefused("Stripe returned card_declined"))


@pytest.fixture
def order(shop: Shop, stripe: FakeStripe) -> Order:
    """A confirmed order at rest, whose goods an operator wants to hand over."""
    return ask(shop, shop.confirmed_uncaptured(stripe))


def ask(shop: Shop, order: Order) -> Order:
    return shop.orders.fulfil(order.order_id, "the-boss", "DHL", "00340434161094")


def validate(shop: Shop) -> Order:
    return validate_order(ORDER_ID, shop.orders, shop.inventory, shop.limit())


def capture(shop: Shop, stripe: FakeStripe) -> Order:
    return capture_payment(ORDER_ID, shop.orders, stripe)


def undo(shop: Shop, stripe: FakeStripe) -> Order:
    release_inventory(ORDER_ID, {}, shop.orders, shop.stock)
    refund_payment(ORDER_ID, {}, "cancel-0", shop.orders, stripe)
    return shop.orders.close(ORDER_ID, {})


def test_the_money_is_taken_and_then_the_order_is_fulfilled(
    shop: Shop, stripe: FakeStripe, order: Order
) -> None:
    with pytest.raises(CaptureDue):
        validate(shop)
    assert (order.fulfilment, order.unsettled) == (None, True)
    assert shop.uncaptured() == [ORDER_ID]

    after = capture(shop, stripe)

    assert after.fulfilment is not None
    assert (after.fulfilment.carrier, after.fulfilment.tracking_number) == ("DHL", "00340434161094")
    assert (after.status, after.payment.status) == (OrderStatus.CONFIRMED, PaymentStatus.SUCCEEDED)
    assert (after.capture_due, after.is_at_rest) == (None, True)
    assert (stripe.charges, stripe.held) == (1, AMOUNT)
    assert validate(shop) == after
    assert shop.uncaptured() == []


def test_an_order_is_not_at_rest_until_its_customer_is_notified(shop: Shop, stripe: FakeStripe) -> None:
    confirmed = shop.confirm(shop.authorized(stripe))
    ask(shop, confirmed)
    shop.notified(confirmed)

    after = capture(shop, stripe)

    assert (after.was_notified, after.is_at_rest) == (False, False)
    assert shop.notified(after).is_at_rest


# Whatever is lost, the next attempt ends with one capture


@pytest.mark.parametrize("call", ["retrieve_intent", "capture_intent"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_lost_call_is_made_good_by_the_next_attempt(
    shop: Shop, stripe: FakeStripe, order: Order, call: str, moment: str
) -> None:
    getattr(stripe, moment)[call] = no_answer
    with pytest.raises(PaymentProviderUnavailable):
        capture(shop, stripe)
    assert shop.order() == order

    assert capture(shop, stripe).fulfilment is not None

    assert (stripe.charges, stripe.held) == (1, AMOUNT)


@pytest.mark.usefixtures("order")
def test_a_second_run_calls_nothing_and_changes_nothing(shop: Shop, stripe: FakeStripe) -> None:
    once = capture(shop, stripe)
    stripe.calls.clear()

    assert capture(shop, stripe) == once
    assert stripe.calls == []


@pytest.mark.usefixtures("order")
def test_two_executions_capture_and_record_once(shop: Shop, stripe: FakeStripe) -> None:
    stripe.before["capture_intent"] = lambda: capture(shop, stripe)

    with pytest.raises(PaymentInFlux):
        capture(shop, stripe)

    assert stripe.charges == 1
    assert [each.event for each in shop.order().timeline].count("OrderFulfilled") == 1


@pytest.mark.usefixtures("order")
def test_a_capture_in_the_dashboard_fulfils_the_order(shop: Shop, stripe: FakeStripe) -> None:
    stripe.settle("pi_1")

    assert capture(shop, stripe).fulfilment is not None
    assert "capture_intent" not in stripe.calls


@pytest.mark.parametrize("by_hand", ["captured in part", "refunded in part", "refunded"])
@pytest.mark.usefixtures("order")
def test_goods_are_not_handed_over_for_less_money(shop: Shop, stripe: FakeStripe, by_hand: str) -> None:
    """Somebody has used the dashboard, and no webhook has said so yet."""
    left = 0 if by_hand == "refunded" else AMOUNT - 1_000
    stripe.settle("pi_1", left if by_hand == "captured in part" else None)
    if by_hand != "captured in part":
        stripe.refund_by_hand("pi_1", AMOUNT - left)

    with pytest.raises(CaptureRefused, match=f"^Stripe holds only {left}$"):
        capture(shop, stripe)

    assert shop.order().fulfilment is None
    shop.cancel(by="operator")
    assert undo(shop, stripe).status is OrderStatus.CANCELLED
    assert stripe.held == 0


def test_a_refund_that_is_recorded_leaves_goods_to_hand_over(
    shop: Shop, stripe: FakeStripe, order: Order
) -> None:
    """As for an order that is charged when it is placed."""
    stripe.settle("pi_1")
    stripe.refund_by_hand("pi_1", 1_000)
    shop.refunded_outside(order, 1_000)

    assert capture(shop, stripe).fulfilment is not None


# The order is cancelled, or its authorization has ended


@pytest.mark.usefixtures("order")
def test_a_cancelled_order_is_not_captured(shop: Shop, stripe: FakeStripe) -> None:
    shop.cancel(by="operator")
    cancelled = shop.order()

    assert capture(shop, stripe) == cancelled

    closed = undo(shop, stripe)
    assert closed.failure is not None
    assert (closed.status, closed.failure.code) == (OrderStatus.CANCELLED, "cancelled_by_operator")
    assert (closed.fulfilment, closed.capture_due) == (None, None)
    assert (stripe.charges, stripe.held, stripe.refunds) == (0, 0, [])


@pytest.mark.usefixtures("order")
def test_what_is_captured_while_the_order_is_cancelled_is_refunded(shop: Shop, stripe: FakeStripe) -> None:
    stripe.after["capture_intent"] = lambda: shop.cancel(by="operator")

    assert capture(shop, stripe).fulfilment is None

    assert undo(shop, stripe).payment.status is PaymentStatus.REFUNDED
    assert (stripe.held, stripe.refunds) == (0, [AMOUNT])


@pytest.mark.usefixtures("order")
def test_an_order_whose_authorization_has_ended_never_ships(shop: Shop, stripe: FakeStripe) -> None:
    stripe.cancel_intent("pi_1")

    after = capture(shop, stripe)

    assert (after.fulfilment, after.cancel_requested_by) == (None, "payment_provider")
    with pytest.raises(OrderCancelled):
        validate(shop)
    closed = undo(shop, stripe)
    assert closed.failure is not None
    assert (closed.status, closed.failure.code) == (OrderStatus.FAILED, "payment_expired")
    assert shop.available(ARMCHAIR.sku) == 5


@pytest.mark.usefixtures("order")
def test_a_customer_cannot_cancel_an_order_that_is_about_to_be_sent(shop: Shop) -> None:
    shop.cancel()

    assert shop.order().cancel_requested_by is None


# The bank refuses


@pytest.fixture
def refused(shop: Shop, stripe: FakeStripe, order: Order) -> Order:  # noqa: ARG001 - its payment is refused
    """The bank refuses the capture, and an operator is needed."""
    stripe.capture_refused = True
    with pytest.raises(CaptureRefused):
        capture(shop, stripe)
    return flag_for_operator(ORDER_ID, REFUSED, None, shop.orders)


def test_a_refused_capture_needs_an_operator(shop: Shop, refused: Order) -> None:
    assert refused.status is OrderStatus.NEEDS_ATTENTION
    assert (refused.attention_may_pass, refused.fulfilment) == (False, None)
    assert refused.timeline[-1].event == (
        "OrderNeedsAttention: CaptureRefused: Stripe returned card_declined"
    )
    assert shop.available(ARMCHAIR.sku) == 3


@pytest.mark.usefixtures("refused")
def test_a_retry_captures_again_and_confirms_the_order(shop: Shop, stripe: FakeStripe) -> None:
    shop.orders.request_retry(ORDER_ID)
    stripe.capture_refused = False
    with pytest.raises(CaptureDue):
        validate(shop)

    after = capture(shop, stripe)

    assert (after.status, after.is_at_rest) == (OrderStatus.CONFIRMED, True)
    assert after.fulfilment is not None


@pytest.mark.usefixtures("refused")
def test_an_operator_cancels_an_order_whose_capture_was_refused(shop: Shop, stripe: FakeStripe) -> None:
    shop.cancel(by="operator")

    assert undo(shop, stripe).status is OrderStatus.CANCELLED
    assert (stripe.held, shop.available(ARMCHAIR.sku)) == (0, 5)


def test_a_failed_call_may_pass(shop: Shop, order: Order) -> None:
    flagged = flag_for_operator(ORDER_ID, caught(PaymentProviderUnavailable("no answer")), None, shop.orders)

    assert (order.status, flagged.status) == (OrderStatus.CONFIRMED, OrderStatus.NEEDS_ATTENTION)
    assert flagged.attention_may_pass


@pytest.mark.usefixtures("order")
def test_a_late_failure_does_not_flag_a_fulfilled_order(shop: Shop, stripe: FakeStripe) -> None:
    fulfilled = capture(shop, stripe)

    assert flag_for_operator(ORDER_ID, REFUSED, None, shop.orders) == fulfilled


@pytest.mark.parametrize("requested_by", ["customer", "payment_provider"])
@pytest.mark.usefixtures("order")
def test_a_captured_order_is_not_cancelled_by_an_event_that_comes_late(
    shop: Shop, stripe: FakeStripe, requested_by: Literal["customer", "payment_provider"]
) -> None:
    fulfilled = capture(shop, stripe)

    assert shop.orders.request_cancellation(ORDER_ID, requested_by) == fulfilled


def test_a_capture_in_the_dashboard_does_not_touch_an_order_that_is_undone(
    shop: Shop, stripe: FakeStripe
) -> None:
    shop.confirmed_uncaptured(stripe)
    shop.cancel()
    cancelled = shop.order()

    assert shop.orders.record_captured(ORDER_ID) == cancelled


def test_an_undo_that_read_an_older_order_does_not_undo_one_that_is_to_be_captured(
    shop: Shop, stripe: FakeStripe
) -> None:
    stale = shop.authorized(stripe)
    ask(shop, shop.notified(shop.confirm(stale)))
    shop.orders.flag(ORDER_ID, "CaptureRefused")

    with pytest.raises(OrderAlreadyConfirmed):
        EarlyReader(shop, stale).begin_undo(ORDER_ID, TIMED_OUT)

    assert shop.order().failure is None


@pytest.mark.parametrize("retried", [False, True])
@pytest.mark.usefixtures("refused")
def test_no_failure_undoes_an_order_that_is_to_be_captured(shop: Shop, *, retried: bool) -> None:
    """The order was confirmed, although it has another status while it is captured."""
    if retried:
        shop.orders.request_retry(ORDER_ID)

    for error in (TIMED_OUT, caught(StoreUnavailable("GetItem"))):
        with pytest.raises(OrderAlreadyConfirmed):
            release_inventory(ORDER_ID, error, shop.orders, shop.stock)

    assert shop.available(ARMCHAIR.sku) == 3


@pytest.mark.parametrize("trouble", ["disputed", "refunded"])
def test_a_retry_captures_whatever_the_bank_or_the_dashboard_did(
    shop: Shop, stripe: FakeStripe, order: Order, trouble: str
) -> None:
    """The capture's reply was lost for good. Then the payment was disputed, or refunded in part."""
    stripe.settle("pi_1")
    flagged = flag_for_operator(ORDER_ID, caught(PaymentProviderUnavailable("no answer")), None, shop.orders)
    if trouble == "disputed":
        shop.disputed(flagged)
    else:
        stripe.refund_by_hand("pi_1", 1_000)
        shop.refunded_outside(flagged, 1_000)
    shop.orders.request_retry(order.order_id)

    with pytest.raises(CaptureDue):
        validate(shop)

    assert capture(shop, stripe).fulfilment is not None

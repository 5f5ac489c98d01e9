from collections.abc import Callable
from typing import Any

import pytest
from botocore.stub import Stubber

from lambdas.domain import clock
from lambdas.domain.errors import (
    OrderAlreadyConfirmed,
    OrderCancelled,
    OrderIsNewer,
    OrderNotFound,
    OutOfStock,
    PaymentDeclined,
    StoreUnavailable,
    UndoIncomplete,
)
from lambdas.domain.order import Order, OrderStatus, PaymentStatus
from lambdas.domain.payment import DisputeState, PaymentIntent
from lambdas.domain.vocabulary import Capture
from lambdas.shared.aws import dynamodb
from lambdas.shared.store.attributes import from_attributes
from lambdas.shared.store.order_item import SCHEMA
from lambdas.shared.store.orders import OrderTable
from tests.unit.lambdas.builders import (
    ARMCHAIR,
    LAMP,
    ORDER_ID,
    TASK_TOKEN,
    TIMED_OUT,
    an_order,
    caught,
    priced,
    two,
)
from tests.unit.lambdas.fakes import CLIENT_SECRET, NEXT_ACTION
from tests.unit.lambdas.shop import UNDOS, EarlyReader, Shop

DECLINED = caught(PaymentDeclined("Your card was declined."))
NOTHING_LEFT = caught(OutOfStock("CRUNCHY-ARMCHAIR is out of stock."))
SLOT = "2026-03-01T12:05:00.000Z"
PAID = (PaymentStatus.SUCCEEDED, "PaymentSucceeded")
REFUNDED = (PaymentStatus.REFUNDED, "PaymentRefunded")
ACTION_REQUIRED = PaymentIntent(
    "pi_1", "requires_action", next_action=NEXT_ACTION, client_secret=CLIENT_SECRET
)


# Reading and writing


def test_an_order_is_read_as_it_was_written(shop: Shop) -> None:
    order = an_order(
        *(two(ARMCHAIR), two(LAMP)),
        return_url="https://shop.example/paid",
        reference="PO 7",
        expected_amount=49_800,
        capture=Capture.AT_FULFILMENT,
    )

    assert shop.orders.create(order) is None
    assert shop.orders.get(ORDER_ID) == order


def test_an_existing_order_is_returned_and_not_changed(shop: Shop) -> None:
    first = shop.placed()

    existing = shop.orders.create(an_order(email="mallory@example.com"))

    assert existing == first
    assert shop.order() == first


def test_a_disputed_order_of_an_earlier_version_is_still_disputed(shop: Shop) -> None:
    """Until there were ends of disputes, an order recorded only whether its payment was disputed."""
    shop.client.update_item(
        TableName=shop.orders.table,
        Key={"order_id": {"S": shop.confirmed().order_id}},
        UpdateExpression="SET payment.disputed = :true",
        ExpressionAttributeValues={":true": {"BOOL": True}},
    )

    assert shop.order().payment.dispute is DisputeState.OPEN


def test_attributes_of_a_later_release_are_ignored_and_stay(shop: Shop) -> None:
    known = shop.confirmed()
    paths = ("hue", "payment.hue", "#lines[0].hue", "timeline[0].hue")
    key: Any = {"TableName": shop.orders.table, "Key": {"order_id": {"S": known.order_id}}}
    shop.client.update_item(
        **key,
        UpdateExpression=f"SET {', '.join(f'{path} = :hue' for path in paths)}",
        ExpressionAttributeValues={":hue": {"S": "red"}},
        ExpressionAttributeNames={"#lines": "items"},
    )

    assert shop.order() == known
    shop.orders.fulfil(ORDER_ID, "an operator", None, None)

    item = from_attributes(shop.client.get_item(**key)["Item"])
    parts = (item, item["payment"], item["items"][0], item["timeline"][0])
    assert [part["hue"] for part in parts] == ["red"] * len(paths)


def test_a_record_with_a_later_schema_is_left_to_the_later_release(shop: Shop) -> None:
    shop.client.update_item(
        TableName=shop.orders.table,
        Key={"order_id": {"S": shop.placed().order_id}},
        UpdateExpression="SET #schema = :next",
        ExpressionAttributeNames={"#schema": "schema"},
        ExpressionAttributeValues={":next": {"N": str(SCHEMA + 1)}},
    )

    with pytest.raises(OrderIsNewer, match=f"has the schema {SCHEMA + 1}, not {SCHEMA}"):
        shop.orders.get(ORDER_ID)


def test_an_unknown_order_is_not_found(shop: Shop) -> None:
    assert shop.orders.find("no-such-order") is None
    with pytest.raises(OrderNotFound, match="no-such-order"):
        shop.orders.get("no-such-order")


def test_a_change_of_an_unknown_order_does_not_create_one(shop: Shop) -> None:
    with pytest.raises(OrderNotFound):
        shop.orders.record_payment("no-such-order", *PAID)

    assert shop.orders.find("no-such-order") is None


# Every change has one timeline entry, in the same write


def an_intent(shop: Shop) -> Order:
    shop.priced()
    return shop.orders.record_intent(ORDER_ID, "pi_1", PaymentStatus.REQUIRES_CONFIRMATION)


CHANGES: dict[str, tuple[Callable[[Shop], Order], Callable[[Shop, Order], Order], str]] = {
    "price": (
        Shop.placed,
        lambda shop, order: shop.orders.record_prices(order, (priced(ARMCHAIR),)),
        "OrderPriced",
    ),
    "charge slot": (
        Shop.priced,
        lambda shop, _: shop.orders.record_charge_slot(ORDER_ID, SLOT),
        f"ChargeScheduled: {SLOT}",
    ),
    "intent": (
        Shop.priced,
        lambda shop, _: shop.orders.record_intent(ORDER_ID, "pi_1", PaymentStatus.REQUIRES_CONFIRMATION),
        "PaymentIntentCreated",
    ),
    "action required": (
        an_intent,
        lambda shop, _: shop.orders.record_action_required(ORDER_ID, ACTION_REQUIRED),
        "PaymentActionRequired",
    ),
    "processing": (an_intent, lambda shop, _: shop.orders.record_processing(ORDER_ID), "PaymentProcessing"),
    "dispute": (Shop.confirmed, lambda shop, _: shop.disputed(shop.order()), "PaymentDisputed"),
    "refund outside": (
        Shop.confirmed,
        lambda shop, _: shop.refunded_outside(shop.order(), 500),
        "PaymentRefundedOutside: 500",
    ),
    "payment": (Shop.priced, lambda shop, _: shop.orders.record_payment(ORDER_ID, *PAID), PAID[1]),
    "pivot": (Shop.paid, lambda shop, order: shop.confirm(order), "OrderConfirmed"),
    "undo": (
        Shop.paid,
        lambda shop, _: shop.orders.begin_undo(ORDER_ID, NOTHING_LEFT),
        "UndoBegan: out_of_stock",
    ),
    "release": (
        Shop.cancelled_after_the_pivot,
        lambda shop, order: shop.give_back(order),
        "StockReleased",
    ),
    "money back": (
        Shop.being_undone,
        lambda shop, _: shop.orders.record_money_back(ORDER_ID, *REFUNDED),
        REFUNDED[1],
    ),
    "refund attempt": (
        Shop.being_undone,
        lambda shop, _: shop.orders.record_refund_attempt(ORDER_ID, "the-undo-0"),
        "PaymentRefundRequested",
    ),
    "close": (Shop.being_undone, lambda shop, _: shop.orders.close(ORDER_ID, TIMED_OUT), "OrderFailed"),
    "flag": (
        Shop.being_undone,
        lambda shop, _: shop.orders.flag(ORDER_ID, "RefundRefused"),
        "OrderNeedsAttention: RefundRefused",
    ),
}


@pytest.mark.parametrize(("given", "change", "event"), CHANGES.values(), ids=CHANGES)
def test_a_change_adds_one_to_the_version_and_one_timeline_entry(
    shop: Shop, given: Callable[[Shop], Order], change: Callable[[Shop, Order], Order], event: str
) -> None:
    before = given(shop)

    after = change(shop, before)

    assert after == shop.order()
    assert after.version == before.version + 1
    assert after.timeline[:-1] == before.timeline
    assert after.timeline[-1].event == event
    assert after.timeline[-1].at == after.updated_at > before.updated_at


@pytest.mark.parametrize(("given", "change", "event"), CHANGES.values(), ids=CHANGES)
def test_a_repeated_change_writes_nothing(
    shop: Shop, given: Callable[[Shop], Order], change: Callable[[Shop, Order], Order], event: str
) -> None:
    before = given(shop)
    once = change(shop, before)

    twice = change(shop, before)

    assert twice == once == shop.order()
    assert [entry.event for entry in twice.timeline].count(event) == 1


# The first prices stay, and a newer token replaces an older one


def test_prices_are_fixed_once(shop: Shop) -> None:
    order = shop.placed()
    shop.orders.record_prices(order, (priced(ARMCHAIR),))

    again = shop.orders.record_prices(order, (priced(ARMCHAIR, unit_price=1),))

    assert again.amount == 2 * ARMCHAIR.unit_price
    assert again.lines == (priced(ARMCHAIR),)


def test_a_new_token_replaces_the_old_one(shop: Shop) -> None:
    an_intent(shop)
    shop.orders.record_waiting(ORDER_ID, "the first token")

    assert shop.orders.record_waiting(ORDER_ID, TASK_TOKEN).task_token == TASK_TOKEN


# Changes of a payment outside the saga


def test_refunds_in_the_dashboard_grow_and_shrink(shop: Shop) -> None:
    order = shop.confirmed()

    for amount in (500, 800, 300, 0):
        order = shop.refunded_outside(order, amount)

    assert order.payment.refunded_outside == 0
    assert [entry.event for entry in order.timeline[-4:]] == [
        f"PaymentRefundedOutside: {amount}" for amount in (500, 800, 300, 0)
    ]


@pytest.mark.parametrize(
    "record",
    [
        lambda shop, order: shop.orders.record_refund_outside(order, 500),
        lambda shop, order: shop.orders.record_dispute(order, DisputeState.LOST),
        lambda shop, order: shop.orders.record_refund_failed(order),
    ],
    ids=["refund", "dispute", "refund failed"],
)
def test_a_slow_reader_of_stripe_writes_nothing(
    shop: Shop, record: Callable[[Shop, Order], Order | None]
) -> None:
    shop.confirmed()
    stale = shop.close_cancelled()
    now = shop.disputed(stale)

    assert record(shop, stale) is None
    assert shop.order() == now


def test_a_refund_in_the_dashboard_is_recorded_during_an_undo(shop: Shop) -> None:
    shop.paid()
    undone = shop.orders.begin_undo(ORDER_ID, TIMED_OUT)

    assert shop.refunded_outside(undone, 500).payment.refunded_outside == 500


def test_an_order_refunded_before_the_pivot_is_not_confirmed(shop: Shop) -> None:
    order = shop.paid()
    refunded = shop.refunded_outside(order, 500)

    assert shop.stock.take(order).status is OrderStatus.PENDING
    with pytest.raises(PaymentDeclined, match="refunded"):
        refunded.ensure_may_go_forward()


def test_an_order_whose_only_refund_failed_is_confirmed(shop: Shop) -> None:
    order = shop.refunded_outside(shop.refunded_outside(shop.paid(), 500), 0)

    order.ensure_may_go_forward()
    assert shop.stock.take(order).status is OrderStatus.CONFIRMED


@pytest.mark.parametrize("dispute", [DisputeState.OPEN, DisputeState.LOST])
def test_an_order_disputed_before_the_pivot_is_not_confirmed(shop: Shop, dispute: DisputeState) -> None:
    order = shop.paid()
    disputed = shop.disputed(order, dispute)

    assert shop.stock.take(order).status is OrderStatus.PENDING
    with pytest.raises(PaymentDeclined, match="disputed"):
        disputed.ensure_may_go_forward()


def test_an_order_whose_dispute_was_won_is_confirmed(shop: Shop) -> None:
    order = shop.disputed(shop.disputed(shop.paid()), DisputeState.WON)

    order.ensure_may_go_forward()
    assert shop.stock.take(order).status is OrderStatus.CONFIRMED


def test_a_confirmed_order_stays_so_when_it_is_disputed(shop: Shop) -> None:
    shop.disputed(shop.confirmed()).ensure_may_go_forward()


def test_a_refund_that_has_arrived_is_recorded_once(shop: Shop) -> None:
    order = shop.orders.record_refund_arrived(shop.refund_pending())

    assert order is not None
    assert order.payment.status is PaymentStatus.REFUNDED
    assert order.timeline[-1].event == "PaymentRefunded"
    assert shop.orders.record_refund_arrived(order) == order


def refunded(shop: Shop) -> Order:
    shop.confirmed()
    return shop.close_cancelled()


@pytest.mark.parametrize("given", [refunded, Shop.refund_pending])
def test_a_closed_order_is_flagged_if_its_refund_fails_later(
    shop: Shop, given: Callable[[Shop], Order]
) -> None:
    order = shop.orders.record_refund_failed(given(shop))

    assert order is not None
    assert (order.status, order.payment.status) == (OrderStatus.NEEDS_ATTENTION, PaymentStatus.SUCCEEDED)
    assert not order.attention_may_pass
    assert shop.unsettled() == [ORDER_ID]
    assert shop.orders.record_refund_failed(order) == order


def test_an_order_that_needs_attention_already_is_not_flagged_by_another_failed_refund(shop: Shop) -> None:
    flagged = shop.orders.record_refund_failed(refunded(shop))
    assert flagged is not None
    again = shop.orders.record_money_back(ORDER_ID, PaymentStatus.REFUNDED, "PaymentRefunded")

    order = shop.orders.record_refund_failed(again)

    assert order is not None
    assert (order.status, order.payment.status) == (OrderStatus.NEEDS_ATTENTION, PaymentStatus.SUCCEEDED)
    assert order.timeline[-1].event == "PaymentRefundFailed"


def test_a_dispute_is_recorded_during_an_undo(shop: Shop) -> None:
    shop.paid()
    undone = shop.orders.begin_undo(ORDER_ID, TIMED_OUT)

    assert shop.disputed(undone).payment.disputed


# Times


def test_times_never_run_backwards(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that is repeated, or made by a slow clock, has an earlier time than the one before it."""
    before = shop.confirmed()
    monkeypatch.setattr(clock, "now", lambda: "2026-03-01T00:00:00.000Z")

    order = shop.disputed(before)

    times = [entry.at for entry in order.timeline]
    assert times == sorted(times)
    assert order.updated_at == before.updated_at == times[-1]


def test_the_first_charge_slot_of_an_order_stays(shop: Shop) -> None:
    shop.priced()
    shop.orders.record_charge_slot(ORDER_ID, SLOT)

    order = shop.orders.record_charge_slot(ORDER_ID, "2026-03-01T12:09:00.000Z")

    assert order.charge_slot == SLOT


def test_a_charge_that_has_begun_gets_no_slot(shop: Shop) -> None:
    shop.priced()
    shop.orders.record_intent(ORDER_ID, "pi_1", PaymentStatus.REQUIRES_CONFIRMATION)

    assert shop.orders.record_charge_slot(ORDER_ID, SLOT).charge_slot is None


# Nothing goes forward after an undo has begun

FORWARD = ["price", "charge slot", "intent", "action required", "payment"]


@pytest.mark.parametrize("name", FORWARD)
@pytest.mark.parametrize(("undo", "error"), UNDOS.items())
def test_a_forward_write_after_an_undo_is_refused(
    shop: Shop, name: str, undo: Callable[[Shop], object], error: type[Exception]
) -> None:
    given, change, _event = CHANGES[name]
    stale = given(shop)
    undo(shop)
    undone = shop.order()

    with pytest.raises(error):
        change(shop, stale)

    assert shop.order() == undone


def test_a_refund_is_not_recorded_before_an_undo_has_begun(shop: Shop) -> None:
    paid = shop.paid()

    assert shop.orders.record_money_back(ORDER_ID, *REFUNDED) == paid


# begin_undo


def test_an_order_confirmed_while_its_undo_begins_is_not_undone(shop: Shop) -> None:
    paid = shop.paid()
    confirmed = shop.confirm(paid)

    with pytest.raises(OrderAlreadyConfirmed):
        EarlyReader(shop, paid).begin_undo(ORDER_ID, TIMED_OUT)

    assert shop.order() == confirmed


# close


def test_a_cancelled_order_is_closed_as_cancelled(shop: Shop) -> None:
    shop.placed()
    shop.cancel()

    order = shop.orders.close(ORDER_ID, caught(OrderCancelled("The order was cancelled by the customer.")))

    assert order.status is OrderStatus.CANCELLED
    assert order.timeline[-1].event == "OrderCancelled"


@pytest.mark.parametrize("status", ["succeeded", "requires_confirmation", "requires_payment_method"])
def test_an_order_is_not_closed_while_its_payment_is_open_or_taken(shop: Shop, status: str) -> None:
    shop.priced()
    shop.orders.record_intent(ORDER_ID, "pi_1", PaymentStatus(status))

    with pytest.raises(UndoIncomplete, match=f"payment {status}, stock taken False"):
        shop.orders.close(ORDER_ID, TIMED_OUT)

    assert shop.order().status is OrderStatus.PENDING


def test_an_order_is_not_closed_while_its_stock_is_taken(shop: Shop) -> None:
    shop.cancelled_after_the_pivot()
    shop.orders.record_money_back(ORDER_ID, *REFUNDED)

    with pytest.raises(UndoIncomplete, match="payment refunded, stock taken True"):
        shop.orders.close(ORDER_ID, TIMED_OUT)


def test_a_confirmed_order_is_not_closed(shop: Shop) -> None:
    confirmed = shop.confirmed()

    with pytest.raises(OrderAlreadyConfirmed):
        shop.orders.close(ORDER_ID, TIMED_OUT)

    assert shop.order() == confirmed


# flag


def test_a_flagged_order_can_still_be_closed(shop: Shop) -> None:
    shop.being_undone()
    shop.orders.flag(ORDER_ID, "StoreUnavailable")

    assert shop.orders.close(ORDER_ID, TIMED_OUT).status is OrderStatus.FAILED


@pytest.mark.parametrize("at_rest", [Shop.confirmed, Shop.closed], ids=["confirmed", "closed"])
def test_an_order_at_rest_is_not_flagged(shop: Shop, at_rest: Callable[[Shop], Order]) -> None:
    order = at_rest(shop)

    assert shop.orders.flag(ORDER_ID, "StoreUnavailable") == order


def test_a_cancelled_order_is_flagged_while_it_is_still_confirmed(shop: Shop) -> None:
    shop.confirmed()
    shop.cancel()

    assert shop.orders.flag(ORDER_ID, "StoreUnavailable").status is OrderStatus.NEEDS_ATTENTION


# The index `unsettled` holds exactly the orders that are not at rest


def a_flagged(shop: Shop) -> Order:
    shop.being_undone()
    return shop.orders.flag(ORDER_ID, "RefundRefused")


def a_confirmed_flagged(shop: Shop) -> Order:
    shop.confirmed()
    shop.cancel()
    return shop.orders.flag(ORDER_ID, "StoreUnavailable")


@pytest.mark.parametrize(
    "given",
    [
        Shop.placed,
        Shop.priced,
        Shop.paid,
        Shop.being_undone,
        Shop.cancelled_after_the_pivot,
        a_flagged,
        a_confirmed_flagged,
    ],
)
def test_an_order_that_is_not_at_rest_is_in_the_unsettled_index(
    shop: Shop, given: Callable[[Shop], Order]
) -> None:
    given(shop)

    assert shop.unsettled() == [ORDER_ID]


@pytest.mark.parametrize("given", [Shop.confirmed, Shop.closed])
def test_an_order_at_rest_is_not_in_the_unsettled_index(shop: Shop, given: Callable[[Shop], Order]) -> None:
    shop.notified(given(shop))

    assert shop.unsettled() == []


def test_a_notification_of_another_end_leaves_an_order_unsettled(shop: Shop) -> None:
    confirmed = shop.confirmed()
    shop.close_cancelled()

    shop.notified(confirmed)

    assert shop.unsettled() == [ORDER_ID]


def test_two_executions_at_the_same_time_close_an_order_once(shop: Shop) -> None:
    # Given: one of them read the order before it was closed
    late = EarlyReader(shop, shop.being_undone())
    closed = shop.orders.close(ORDER_ID, {})

    # When
    order = late.close(ORDER_ID, {})

    # Then
    assert order == closed


# Failures of the store

CALLS: dict[str, tuple[str, Callable[[OrderTable], object]]] = {
    "create": ("put_item", lambda orders: orders.create(an_order())),
    "find": ("get_item", lambda orders: orders.find(ORDER_ID)),
    "record_payment": ("update_item", lambda orders: orders.record_payment(ORDER_ID, *PAID)),
    "flag": ("update_item", lambda orders: orders.flag(ORDER_ID, "RefundRefused")),
}


@pytest.mark.parametrize(("operation", "call"), CALLS.values(), ids=CALLS)
def test_a_throttled_call_can_be_retried(operation: str, call: Callable[[OrderTable], object]) -> None:
    with Stubber(dynamodb()) as stub:
        stub.add_client_error(operation, "ProvisionedThroughputExceededException")

        with pytest.raises(StoreUnavailable, match="ProvisionedThroughputExceededException"):
            call(OrderTable(dynamodb(), "orders"))

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from botocore.exceptions import ClientError

from lambdas.domain import clock
from lambdas.domain.line_refund import LineRefundStatus
from lambdas.domain.order import Order, PaymentStatus
from lambdas.domain.payment import DisputeState
from lambdas.domain.vocabulary import Metric
from lambdas.events.publish_order_events.event_publisher import EventRefused
from lambdas.events.publish_order_events.handler import handler
from lambdas.saga.capture_payment.logic import capture_payment
from lambdas.saga.validate_order.logic import validate_order
from lambdas.shared.metrics import Measure
from tests.unit.lambdas.builders import (
    ARMCHAIR,
    CUSTOMER,
    EMAIL,
    LAMP,
    ORDER_ID,
    REQUEST_ID,
    TASK_TOKEN,
    TIMED_OUT,
    two,
)
from tests.unit.lambdas.conftest import Log
from tests.unit.lambdas.fakes import CLIENT_SECRET, NEXT_ACTION, FakeEventBridge, FakeStripe
from tests.unit.lambdas.invocations import CONTEXT
from tests.unit.lambdas.metrics import Emitted
from tests.unit.lambdas.shop import Shop

THROTTLED = ClientError({"Error": {"Code": "ThrottlingException"}}, "PutEvents")


def publish(records: list[dict[str, Any]]) -> Mapping[str, object]:
    return handler({"Records": records}, CONTEXT)


def details(event_bridge: FakeEventBridge) -> list[dict[str, Any]]:
    return [json.loads(entry["Detail"]) for entry in event_bridge.entries]


def detail_types(event_bridge: FakeEventBridge) -> list[str]:
    return [entry["DetailType"] for entry in event_bridge.entries]


def status_changes(shop: Shop) -> list[dict[str, Any]]:
    """Two records of one order: it is confirmed, and it is cancelled and undone."""
    shop.confirmed()
    shop.close_cancelled()
    *_before, pivot, _request, _undo, _release, _refund, closing = shop.stream()
    return [pivot, closing]


def sequence_number(record: Mapping[str, Any]) -> str:
    number: str = record["dynamodb"]["SequenceNumber"]
    return number


# Which changes become events


def test_a_confirmed_order_is_published_whole(shop: Shop, event_bridge: FakeEventBridge) -> None:
    order = shop.confirmed(two(ARMCHAIR), two(LAMP))

    assert publish(shop.stream()) == {"batchItemFailures": []}

    [entry] = event_bridge.entries
    detail = json.loads(entry.pop("Detail"))
    event_id = detail.pop("event_id")
    assert entry == {"EventBusName": "orders", "Source": "orders", "DetailType": "OrderConfirmed"}
    assert detail == {
        "version": 1,
        "order_id": ORDER_ID,
        "order_version": order.version,
        "request_id": REQUEST_ID,
        "customer_id": CUSTOMER,
        "status": "CONFIRMED",
        "currency": "usd",
        "amount": 2 * ARMCHAIR.unit_price + 2 * LAMP.unit_price,
        "items": [
            {"sku": ARMCHAIR.sku, "quantity": 2, "unit_price": ARMCHAIR.unit_price},
            {"sku": LAMP.sku, "quantity": 2, "unit_price": LAMP.unit_price},
        ],
        "occurred_at": order.updated_at,
    }
    assert UUID(event_id).version == 5


def test_an_event_has_the_reference_and_the_expected_amount(
    shop: Shop, event_bridge: FakeEventBridge
) -> None:
    shop.confirmed(reference="PO 7", expected_amount=2 * ARMCHAIR.unit_price)

    publish(shop.stream())

    [detail] = details(event_bridge)
    assert (detail["reference"], detail["expected_amount"]) == ("PO 7", 2 * ARMCHAIR.unit_price)


def test_a_failed_order_is_published_with_its_reason(shop: Shop, event_bridge: FakeEventBridge) -> None:
    shop.closed()

    publish(shop.stream())

    [detail] = details(event_bridge)
    assert detail_types(event_bridge) == ["OrderFailed"]
    assert detail["failure"] == {"code": "out_of_stock", "message": "Nothing is left."}
    assert detail["amount"] is None, "it was never priced"


def test_a_fulfilled_order_is_published_with_its_delivery(shop: Shop, event_bridge: FakeEventBridge) -> None:
    fulfilment = shop.fulfilled().fulfilment

    publish(shop.stream())

    assert fulfilment is not None
    assert details(event_bridge)[-1]["fulfilment"] == {
        "at": fulfilment.at,
        "carrier": "DHL",
        "tracking_number": "00340434161094",
    }


def a_flagged_order(shop: Shop) -> Order:
    shop.being_undone()
    return shop.orders.flag(ORDER_ID, "RefundRefused")


def a_cancelled_order(shop: Shop) -> Order:
    shop.confirmed()
    return shop.close_cancelled()


def an_order_to_approve(shop: Shop) -> Order:
    return shop.awaiting_payment(FakeStripe())


def an_order_that_the_bank_decides(shop: Shop) -> Order:
    shop.action_required(FakeStripe())
    shop.orders.record_processing(ORDER_ID)
    return shop.orders.record_waiting(ORDER_ID, TASK_TOKEN)


def an_order_that_waits_again(shop: Shop) -> Order:
    an_order_to_approve(shop)
    return shop.orders.record_waiting(ORDER_ID, "another-token")


def an_order_whose_refund_was_sent_later(shop: Shop) -> Order:
    written = shop.orders.record_refund_arrived(shop.refund_pending())
    assert written is not None
    return written


def an_order_whose_refund_was_sent_before_it_was_closed(shop: Shop) -> Order:
    shop.orders.begin_undo(shop.paid().order_id, TIMED_OUT)
    shop.orders.record_money_back(ORDER_ID, PaymentStatus.REFUND_PENDING, "PaymentRefundPending")
    shop.orders.record_money_back(ORDER_ID, PaymentStatus.REFUNDED, "PaymentRefunded")
    return shop.orders.close(ORDER_ID, {})


def a_returned_order(shop: Shop) -> Order:
    shop.fulfilled()
    return shop.close_returned()


def an_order_with_two_refunds(shop: Shop) -> Order:
    order = shop.lines_refunded(shop.notified(shop.confirmed()))
    return shop.lines_refunded(order, items={}, amount=500, restock=False)


def an_order_whose_refund_of_lines_came_back(shop: Shop) -> Order:
    return shop.refund_returned(shop.lines_refunded(shop.confirmed()))


def an_order_whose_refund_of_lines_was_made_after_all(shop: Shop) -> Order:
    order = shop.refund_returned(shop.lines_refunded(shop.confirmed(), restock=False))
    order = shop.fail_due_refund(order)
    made = replace(order.refunds[0], status=LineRefundStatus.REFUNDED)
    reopened = shop.orders.reopen_line_refund(order, made, "LineRefundMade")
    assert reopened is not None
    return reopened


def a_captured_order(shop: Shop) -> Order:
    stripe = FakeStripe()
    shop.confirmed_uncaptured(stripe)
    shop.orders.fulfil(ORDER_ID, "the-boss", "DHL", None)
    return capture_payment(ORDER_ID, shop.orders, stripe)


def an_order_captured_after_a_refusal(shop: Shop) -> Order:
    stripe = FakeStripe()
    shop.confirmed_uncaptured(stripe)
    shop.orders.fulfil(ORDER_ID, "the-boss", "DHL", None)
    shop.orders.flag(ORDER_ID, "CaptureRefused")
    shop.orders.request_retry(ORDER_ID)
    return capture_payment(ORDER_ID, shop.orders, stripe)


def an_order_whose_authorization_ended(shop: Shop) -> Order:
    shop.confirmed_uncaptured(FakeStripe())
    return shop.close_cancelled(PaymentStatus.CANCELED, by="payment_provider")


def an_order_whose_authorization_soon_expires(shop: Shop) -> Order:
    order = shop.orders.announce_expiry(shop.confirmed_uncaptured(FakeStripe()))
    assert order is not None
    return order


STATUS_CHANGES: dict[Callable[[Shop], Order], list[str]] = {
    Shop.paid: [],
    Shop.being_undone: [],
    Shop.confirmed: ["OrderConfirmed"],
    Shop.closed: ["OrderFailed"],
    a_flagged_order: ["OrderNeedsAttention"],
    a_cancelled_order: ["OrderConfirmed", "OrderCancelled"],
    an_order_to_approve: ["PaymentApprovalNeeded"],
    an_order_that_the_bank_decides: [],
    an_order_that_waits_again: ["PaymentApprovalNeeded"],
    an_order_whose_refund_was_sent_later: ["OrderFailed", "PaymentRefundSent"],
    an_order_whose_refund_was_sent_before_it_was_closed: ["OrderFailed"],
    Shop.fulfilled: ["OrderConfirmed", "OrderFulfilled"],
    a_returned_order: ["OrderConfirmed", "OrderFulfilled", "OrderCancelled"],
    a_captured_order: ["OrderConfirmed", "OrderFulfilled"],
    an_order_captured_after_a_refusal: ["OrderConfirmed", "OrderNeedsAttention", "OrderFulfilled"],
    an_order_whose_authorization_ended: ["OrderConfirmed", "OrderFailed"],
    an_order_whose_authorization_soon_expires: ["OrderConfirmed", "PaymentAuthorizationExpiring"],
    an_order_with_two_refunds: ["OrderConfirmed", "OrderLinesRefunded", "OrderLinesRefunded"],
    an_order_whose_refund_of_lines_came_back: [
        *("OrderConfirmed", "OrderLinesRefunded", "OrderLineRefundReturned")
    ],
    an_order_whose_refund_of_lines_was_made_after_all: [
        *("OrderConfirmed", "OrderLinesRefunded", "OrderLineRefundReturned", "OrderLinesRefunded")
    ],
    Shop.settled: ["OrderNeedsAttention", "PaymentSettledOutside", "OrderFailed"],
}


@pytest.mark.parametrize(("given", "published"), STATUS_CHANGES.items())
def test_changes_of_an_order_are_published_in_order(
    shop: Shop, event_bridge: FakeEventBridge, given: Callable[[Shop], Order], published: list[str]
) -> None:
    given(shop)

    publish(shop.stream())

    assert detail_types(event_bridge) == published


ONE, BOTH = ([{"sku": ARMCHAIR.sku, "quantity": units}] for units in (1, 2))


@pytest.mark.parametrize(
    ("restock", "after_its_return"),
    [(True, ONE), (False, BOTH)],  # what is back in stock is not the order's any more
)
def test_events_tell_the_units_that_are_left_to_hand_over(
    shop: Shop, event_bridge: FakeEventBridge, *, restock: bool, after_its_return: object
) -> None:
    order = shop.lines_refunded(shop.confirmed(), restock=restock)
    shop.refund_returned(order)

    publish(shop.stream())

    confirmed, refunded, returned = details(event_bridge)
    assert confirmed.get("items_kept") is None
    assert (refunded["items_kept"], refunded["refund"]["items_kept"]) == (ONE, ONE)
    assert returned["refund"]["items_kept"] == after_its_return
    assert returned.get("items_kept", BOTH) == after_its_return


def a_disputed_order(shop: Shop) -> Order:
    return shop.disputed(shop.confirmed())


def an_order_whose_dispute_was_won(shop: Shop) -> Order:
    return shop.disputed(a_disputed_order(shop), DisputeState.WON)


def an_order_whose_dispute_was_lost(shop: Shop) -> Order:
    return shop.disputed(a_disputed_order(shop), DisputeState.LOST)


def an_order_refunded_in_the_dashboard(shop: Shop) -> Order:
    order = shop.confirmed()
    for amount in (10_000, 15_000, 0):
        order = shop.refunded_outside(order, amount)
    return order


DISPUTES_AND_REFUNDS: list[tuple[Callable[[Shop], Order], list[str], list[dict[str, object]]]] = [
    (a_disputed_order, ["PaymentDisputed"], [{"disputed": True, "refunded_outside": 0}]),
    (
        an_order_whose_dispute_was_won,
        ["PaymentDisputed", "PaymentDisputeWon"],
        [{"disputed": True, "refunded_outside": 0}, {"disputed": False, "refunded_outside": 0}],
    ),
    (
        an_order_whose_dispute_was_lost,
        ["PaymentDisputed", "PaymentDisputeLost"],
        [{"disputed": True, "refunded_outside": 0}] * 2,
    ),
    (
        an_order_refunded_in_the_dashboard,
        ["PaymentRefundedOutside"] * 3,
        [
            {"disputed": False, "refunded_outside": 10_000},
            {"disputed": False, "refunded_outside": 15_000},
            {"disputed": False, "refunded_outside": 0},
        ],
    ),
]


@pytest.mark.parametrize(("given", "published", "payments"), DISPUTES_AND_REFUNDS)
def test_disputes_and_refunds_outside_are_published(
    shop: Shop,
    event_bridge: FakeEventBridge,
    given: Callable[[Shop], Order],
    published: list[str],
    payments: list[dict[str, object]],
) -> None:
    given(shop)

    publish(shop.stream())

    assert detail_types(event_bridge) == ["OrderConfirmed", *published]
    assert [detail.get("payment") for detail in details(event_bridge)] == [None, *payments]
    assert {detail["status"] for detail in details(event_bridge)} == {"CONFIRMED"}


def an_order_flagged_twice(shop: Shop) -> Order:
    """An order without a price, which needs attention before its undo begins, and again after a retry."""
    shop.placed()
    shop.orders.flag(ORDER_ID, "executions did not succeed", may_pass=True)
    shop.orders.request_retry(ORDER_ID)
    shop.orders.begin_undo(ORDER_ID, TIMED_OUT)
    return shop.orders.flag(ORDER_ID, "StoreUnavailable", may_pass=True)


def an_order_priced_after_it_was_flagged(shop: Shop) -> Order:
    order = shop.placed()
    shop.orders.flag(ORDER_ID, "executions did not succeed", may_pass=True)
    shop.orders.request_retry(ORDER_ID)
    validate_order(order.order_id, shop.orders, shop.inventory, shop.limit())
    shop.orders.begin_undo(ORDER_ID, TIMED_OUT)
    return shop.orders.close(ORDER_ID, {})


def an_order_whose_refund_failed(shop: Shop) -> Order:
    a_cancelled_order(shop)
    written = shop.orders.record_refund_failed(shop.order())
    assert written is not None
    return written


def an_order_disputed_while_it_waits(shop: Shop) -> Order:
    shop.awaiting_payment(FakeStripe())
    return shop.disputed(shop.order())


@pytest.mark.parametrize(
    "given",
    [
        *STATUS_CHANGES,
        *(given for given, *_ in DISPUTES_AND_REFUNDS),
        an_order_flagged_twice,
        an_order_priced_after_it_was_flagged,
        an_order_whose_refund_failed,
        an_order_disputed_while_it_waits,
    ],
)
def test_all_events_are_derived_from_the_record_again(
    shop: Shop, event_bridge: FakeEventBridge, given: Callable[[Shop], Order]
) -> None:
    given(shop)
    publish(shop.stream())
    before = list(event_bridge.entries)
    shop.orders.request_republication(ORDER_ID)

    publish(shop.stream()[-1:])

    assert event_bridge.entries == [*before, *before]


def test_a_change_after_a_republication_is_published_alone(shop: Shop, event_bridge: FakeEventBridge) -> None:
    shop.confirmed()
    shop.orders.request_republication(ORDER_ID)
    a_dispute = shop.disputed(shop.order())

    publish(shop.stream()[-1:])

    assert detail_types(event_bridge) == ["PaymentDisputed"]
    assert a_dispute.republish_requested_at is not None


def test_an_event_that_is_published_again_is_not_counted_again(
    shop: Shop, event_bridge: FakeEventBridge, emitted: Emitted
) -> None:
    # Given
    a_flagged_order(shop)
    publish(shop.stream())
    assert Measure(Metric.ORDER_EVENTS, "OrderNeedsAttention") in emitted()
    shop.orders.request_republication(ORDER_ID)

    # When
    publish(shop.stream()[-1:])

    # Then
    assert detail_types(event_bridge) == ["OrderNeedsAttention", "OrderNeedsAttention"]
    assert emitted() == []


def test_no_event_has_an_address_a_card_or_a_secret(
    shop: Shop, stripe: FakeStripe, event_bridge: FakeEventBridge
) -> None:
    shop.awaiting_payment(stripe)
    shop.orders.record_payment(ORDER_ID, PaymentStatus.SUCCEEDED, "PaymentSucceeded")
    shop.stock.take(shop.order())
    shop.disputed(shop.order())
    order = shop.close_cancelled()

    publish(shop.stream())

    assert detail_types(event_bridge) == [
        *("PaymentApprovalNeeded", "OrderConfirmed", "PaymentDisputed", "OrderCancelled")
    ]
    for secret in (CLIENT_SECRET, TASK_TOKEN, str(NEXT_ACTION["type"]), EMAIL, order.payment_method):
        assert secret not in str(event_bridge.entries)


def test_each_change_has_its_own_event_id_even_when_repeated(
    shop: Shop, event_bridge: FakeEventBridge
) -> None:
    a_cancelled_order(shop)

    publish(shop.stream())
    publish(shop.stream())

    first, second, first_again, second_again = details(event_bridge)
    assert (first, second) == (first_again, second_again)
    assert first["event_id"] != second["event_id"]


def test_the_bus_of_these_tests_finds_a_breach_of_the_contract() -> None:
    bus = FakeEventBridge()

    bus.put_events(Entries=[{"DetailType": "OrderConfirmed", "Detail": "{}"}])

    assert "OrderConfirmed: $: 'amount' is a required property" in bus.breaches


def test_a_newer_event_of_the_same_time_has_a_greater_version(
    shop: Shop, event_bridge: FakeEventBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.confirmed()
    monkeypatch.setattr(clock, "now", lambda: "2026-03-01T11:59:59.000Z")  # another writer's clock is late
    shop.close_cancelled()

    publish(shop.stream())

    confirmed, cancelled = details(event_bridge)
    assert cancelled["occurred_at"] == confirmed["occurred_at"]
    assert cancelled["order_version"] > confirmed["order_version"]


# When the bus fails


@pytest.mark.parametrize("trouble", [THROTTLED, "InternalFailure"], ids=["call fails", "entry fails"])
def test_the_batch_is_repeated_from_the_record_that_failed(
    shop: Shop, event_bridge: FakeEventBridge, trouble: Exception | str
) -> None:
    pivot, closing = status_changes(shop)
    event_bridge.trouble = {1: trouble}

    answer = publish([pivot, closing, pivot])

    assert answer == {"batchItemFailures": [{"itemIdentifier": sequence_number(closing)}]}
    assert detail_types(event_bridge) == ["OrderConfirmed"], "nothing after the failed record is published"


def test_a_repeated_batch_keeps_the_order_of_events(shop: Shop, event_bridge: FakeEventBridge) -> None:
    pivot, closing = status_changes(shop)
    event_bridge.trouble = {1: THROTTLED}
    publish([pivot, closing])

    publish([closing])

    assert detail_types(event_bridge) == ["OrderConfirmed", "OrderCancelled"]


def test_the_batch_fails_if_its_first_record_fails(
    shop: Shop, event_bridge: FakeEventBridge, log: Log
) -> None:
    event_bridge.trouble = {0: THROTTLED}

    with pytest.raises(ClientError, match="ThrottlingException"):
        publish(status_changes(shop))

    assert event_bridge.entries == []
    assert log.lines[-1]["order_id"] == ORDER_ID, "the parked message does not name it"


def test_an_entry_that_the_bus_rejects_is_an_error(shop: Shop, event_bridge: FakeEventBridge) -> None:
    event_bridge.trouble = {0: "InternalFailure"}

    with pytest.raises(EventRefused, match="InternalFailure: try again"):
        publish(status_changes(shop))

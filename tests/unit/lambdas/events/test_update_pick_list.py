import json
from collections.abc import Callable, Mapping
from itertools import permutations
from typing import Any

import pytest

from lambdas.domain.order import Order
from lambdas.domain.vocabulary import PICK_STATES
from lambdas.events.publish_order_events.handler import handler as publish
from lambdas.events.update_pick_list.handler import handler
from tests.unit.lambdas.builders import ARMCHAIR, CUSTOMER, EMAIL, LAMP, ORDER_ID, two
from tests.unit.lambdas.conftest import Log
from tests.unit.lambdas.fakes import FakeEventBridge
from tests.unit.lambdas.invocations import CONTEXT, sqs_event
from tests.unit.lambdas.shop import PICKS_TABLE, Shop

ARMCHAIRS = [{"sku": ARMCHAIR.sku, "quantity": 2}]


def events_of(shop: Shop, event_bridge: FakeEventBridge) -> list[dict[str, Any]]:
    """The events of all changes in the shop, oldest first, as the consumer's rule delivers them."""
    publish({"Records": shop.stream()}, CONTEXT)
    return [
        {"detail-type": str(entry["DetailType"]), "detail": json.loads(entry["Detail"])}
        for entry in event_bridge.entries
        if entry["DetailType"] in PICK_STATES
    ]


def update(*events: Mapping[str, Any]) -> Mapping[str, object]:
    return handler(sqs_event(*map(json.dumps, events)), CONTEXT)


def of_an_earlier_version(event: Mapping[str, Any]) -> dict[str, Any]:
    """The event as it was published before events had the order's version."""
    detail = {name: value for name, value in event["detail"].items() if name != "order_version"}
    return {**event, "detail": detail}


def picks(shop: Shop) -> list[tuple[str, object]]:
    """The state and the lines of each pick."""
    return [(item["state"], item.get("lines")) for item in shop.all_items(PICKS_TABLE)]


def a_cancelled_order(shop: Shop) -> Order:
    shop.confirmed()
    return shop.close_cancelled()


def an_order_whose_undo_fails(shop: Shop) -> Order:
    shop.cancelled_after_the_pivot()
    return shop.orders.flag(ORDER_ID, "RefundRefused: Stripe returned charge_disputed")


def an_order_cancelled_after_its_undo_failed(shop: Shop) -> Order:
    order = an_order_whose_undo_fails(shop)
    shop.orders.settle(ORDER_ID, "the-boss", "Paid back in cash.")
    shop.stock.give_back(order)
    return shop.orders.close(ORDER_ID, {})


def an_order_confirmed_after_it_needed_attention(shop: Shop) -> Order:
    shop.paid()
    shop.orders.flag(ORDER_ID, "executions did not succeed", may_pass=True)
    shop.orders.request_retry(ORDER_ID)
    return shop.confirm(shop.order())


def an_order_whose_refund_fails_after_its_end(shop: Shop) -> Order:
    a_cancelled_order(shop)
    written = shop.orders.record_refund_failed(shop.order())
    assert written is not None
    return written


def a_returned_order(shop: Shop) -> Order:
    shop.fulfilled()
    return shop.close_returned()


def an_order_with_a_refunded_line(shop: Shop) -> Order:
    return shop.lines_refunded(shop.confirmed())


def an_order_whose_lines_are_all_refunded(shop: Shop) -> Order:
    order = an_order_with_a_refunded_line(shop)
    return shop.lines_refunded(order)


def an_order_refunded_after_it_was_fulfilled(shop: Shop) -> Order:
    return shop.lines_refunded(shop.fulfilled())


def an_order_whose_refund_was_returned(shop: Shop) -> Order:
    return shop.refund_returned(shop.lines_refunded(shop.confirmed(), restock=False))


def an_order_whose_refund_was_returned_after_its_unit_was_restocked(shop: Shop) -> Order:
    return shop.refund_returned(an_order_with_a_refunded_line(shop))


def an_order_whose_refund_of_all_units_was_returned(shop: Shop) -> Order:
    order = shop.confirmed()
    return shop.refund_returned(shop.lines_refunded(order, items={ARMCHAIR.sku: 2}, restock=False))


def an_order_whose_refund_was_returned_after_it_was_fulfilled(shop: Shop) -> Order:
    return shop.refund_returned(an_order_refunded_after_it_was_fulfilled(shop))


PICKS: dict[Callable[[Shop], Order], tuple[str, object]] = {
    Shop.confirmed: ("OPEN", ARMCHAIRS),
    Shop.fulfilled: ("PICKED", None),
    an_order_with_a_refunded_line: ("OPEN", [{"sku": ARMCHAIR.sku, "quantity": 1}]),
    an_order_whose_lines_are_all_refunded: ("DROPPED", None),
    an_order_refunded_after_it_was_fulfilled: ("PICKED", None),
    an_order_whose_refund_was_returned: ("OPEN", ARMCHAIRS),
    an_order_whose_refund_was_returned_after_its_unit_was_restocked: (
        *("OPEN", [{"sku": ARMCHAIR.sku, "quantity": 1}]),
    ),
    an_order_whose_refund_of_all_units_was_returned: ("OPEN", ARMCHAIRS),
    an_order_whose_refund_was_returned_after_it_was_fulfilled: ("PICKED", None),
    Shop.closed: ("DROPPED", None),
    a_cancelled_order: ("DROPPED", None),
    a_returned_order: ("DROPPED", None),
    an_order_whose_undo_fails: ("HELD", None),
    an_order_cancelled_after_its_undo_failed: ("DROPPED", None),
    an_order_confirmed_after_it_needed_attention: ("OPEN", ARMCHAIRS),
    an_order_whose_refund_fails_after_its_end: ("HELD", None),
}
"""Orders, and their picks after all their events."""


def test_a_confirmed_order_is_picked_line_by_line(shop: Shop, event_bridge: FakeEventBridge) -> None:
    order = shop.confirmed(two(ARMCHAIR), two(LAMP))

    assert update(*events_of(shop, event_bridge)) == {"batchItemFailures": []}

    assert shop.all_items(PICKS_TABLE) == [
        {
            "order_id": ORDER_ID,
            "order_version": order.version,
            "state": "OPEN",
            "lines": [{"sku": ARMCHAIR.sku, "quantity": 2}, {"sku": LAMP.sku, "quantity": 2}],
            "confirmed_at": order.updated_at,
        }
    ]


@pytest.mark.parametrize(("given", "pick"), PICKS.items())
def test_the_newest_event_decides_in_whatever_sequence_events_come(
    shop: Shop, event_bridge: FakeEventBridge, given: Callable[[Shop], Order], pick: tuple[str, object]
) -> None:
    given(shop)
    events = events_of(shop, event_bridge)

    for sequence in permutations(events):
        for event in sequence:
            update(event)

        assert picks(shop) == [pick]
        shop.client.delete_item(TableName=PICKS_TABLE, Key={"order_id": {"S": ORDER_ID}})


@pytest.mark.parametrize(("given", "pick"), PICKS.items())
def test_events_that_come_again_change_no_pick(
    shop: Shop, event_bridge: FakeEventBridge, given: Callable[[Shop], Order], pick: tuple[str, object]
) -> None:
    given(shop)
    events = events_of(shop, event_bridge)
    update(*events)

    for event in events:
        update(event)

        assert picks(shop) == [pick]


def test_an_order_keeps_its_place_when_a_line_is_refunded(shop: Shop, event_bridge: FakeEventBridge) -> None:
    confirmed_at = shop.confirmed().updated_at
    shop.lines_refunded(shop.order())

    update(*events_of(shop, event_bridge))

    [item] = shop.all_items(PICKS_TABLE)
    assert item["confirmed_at"] == confirmed_at


def test_two_events_of_the_same_time_are_told_by_their_versions(
    shop: Shop, event_bridge: FakeEventBridge
) -> None:
    a_cancelled_order(shop)
    confirmed, cancelled = events_of(shop, event_bridge)
    cancelled["detail"]["occurred_at"] = confirmed["detail"]["occurred_at"]

    update(cancelled)
    update(confirmed)

    assert picks(shop) == [("DROPPED", None)]


def test_an_old_event_that_comes_again_is_logged_as_such(
    shop: Shop, event_bridge: FakeEventBridge, log: Log
) -> None:
    a_cancelled_order(shop)
    confirmed, cancelled = events_of(shop, event_bridge)

    update(cancelled)
    update(confirmed)

    lines = [line for line in log.lines if line["message"] == "event consumed"]
    assert [(line["event"], line["consumer"], line["again"]) for line in lines] == [
        ("OrderCancelled", "update_pick_list", False),
        ("OrderConfirmed", "update_pick_list", True),
    ]


def test_events_of_an_earlier_version_drop_a_cancelled_order(
    shop: Shop, event_bridge: FakeEventBridge
) -> None:
    a_cancelled_order(shop)
    confirmed, cancelled = map(of_an_earlier_version, events_of(shop, event_bridge))

    for sequence in ((confirmed, cancelled), (cancelled, confirmed)):
        update(*sequence)

        assert picks(shop) == [("DROPPED", None)]
        shop.client.delete_item(TableName=PICKS_TABLE, Key={"order_id": {"S": ORDER_ID}})


def test_an_event_of_an_earlier_version_gives_way_to_one_with_a_version(
    shop: Shop, event_bridge: FakeEventBridge
) -> None:
    shop.confirmed()
    [confirmed] = events_of(shop, event_bridge)

    update({**of_an_earlier_version(confirmed), "detail-type": "OrderNeedsAttention"})
    update(confirmed)

    assert picks(shop) == [("OPEN", ARMCHAIRS)]


def test_a_pick_names_no_customer(shop: Shop, event_bridge: FakeEventBridge) -> None:
    shop.confirmed()

    update(*events_of(shop, event_bridge))

    stored = json.dumps(shop.all_items(PICKS_TABLE))
    assert CUSTOMER not in stored
    assert EMAIL not in stored


def test_a_message_without_an_order_does_not_stop_the_others(
    shop: Shop, event_bridge: FakeEventBridge
) -> None:
    shop.confirmed()
    [confirmed] = events_of(shop, event_bridge)

    answer = update({"detail-type": "OrderConfirmed", "detail": {}}, confirmed)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "message-0"}]}
    assert picks(shop) == [("OPEN", ARMCHAIRS)]

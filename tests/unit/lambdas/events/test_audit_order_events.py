import json
from collections.abc import Mapping
from typing import Any

from lambdas.events.audit_order_events.handler import handler
from lambdas.shared.settings import Settings
from lambdas.shared.store.audit import AuditedEvent, AuditTable
from tests.unit.lambdas.builders import ORDER_ID
from tests.unit.lambdas.conftest import Log
from tests.unit.lambdas.invocations import CONTEXT, sqs_event
from tests.unit.lambdas.shop import AUDIT_TABLE, Shop


def an_event(event_id: str = "event-1", **detail: object) -> dict[str, Any]:
    """An event as EventBridge sends it to the queue."""
    return {
        "version": "0",
        "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "source": "orders",
        "detail-type": "OrderConfirmed",
        "account": "123456789012",
        "time": "2026-03-01T12:00:05Z",
        "region": "eu-central-1",
        "resources": [],
        "detail": {
            "version": 1,
            "event_id": event_id,
            "order_id": ORDER_ID,
            "status": "CONFIRMED",
            "amount": 75_800,
            "items": [{"sku": "CRUNCHY-ARMCHAIR", "quantity": 2, "unit_price": 37_900}],
            "occurred_at": "2026-03-01T12:00:04.000Z",
            **detail,
        },
    }


def audit(*bodies: str) -> Mapping[str, object]:
    return handler(sqs_event(*bodies), CONTEXT)


def test_an_event_is_kept_whole(shop: Shop) -> None:
    event = an_event()

    assert audit(json.dumps(event)) == {"batchItemFailures": []}

    assert shop.all_items(AUDIT_TABLE) == [
        {
            "order_id": ORDER_ID,
            "event_id": "event-1",
            "event": "OrderConfirmed",
            "occurred_at": "2026-03-01T12:00:04.000Z",
            "audited_at": "2026-03-01T12:00:00.000Z",
            "detail": event["detail"],
        }
    ]


def test_a_repeated_event_keeps_the_time_of_its_first_delivery(shop: Shop, log: Log) -> None:
    audit(json.dumps(an_event()), json.dumps(an_event()))

    [item] = shop.all_items(AUDIT_TABLE)
    assert item["audited_at"] == "2026-03-01T12:00:00.000Z"
    assert [(line["event_id"], line["again"]) for line in log.lines] == [
        ("event-1", False),
        ("event-1", True),
    ]


def test_the_events_of_an_order_are_read_in_the_order_of_its_changes(shop: Shop) -> None:
    audit(json.dumps(an_event("b", occurred_at="2026-03-01T12:00:09.000Z")), json.dumps(an_event("c")))
    audit(json.dumps(an_event("a", occurred_at="2026-03-01T12:00:05.000Z")))

    events = AuditTable.from_settings(Settings()).events_of(ORDER_ID)

    assert [event.event_id for event in events] == ["c", "a", "b"]
    assert events[0] == AuditedEvent(
        "c", "OrderConfirmed", "2026-03-01T12:00:04.000Z", audited_at="2026-03-01T12:00:01.000Z"
    )
    assert shop.all_items(AUDIT_TABLE)


def test_all_events_of_an_order_are_kept(shop: Shop) -> None:
    audit(json.dumps(an_event("event-1")), json.dumps(an_event("event-2")))

    assert [item["event_id"] for item in shop.all_items(AUDIT_TABLE)] == ["event-1", "event-2"]


def test_an_event_of_an_order_without_an_amount_is_kept(shop: Shop) -> None:
    audit(json.dumps(an_event(amount=None)))

    assert shop.all_items(AUDIT_TABLE)[0]["detail"]["amount"] is None


def test_a_malformed_message_does_not_stop_the_others(shop: Shop) -> None:
    answer = audit(
        json.dumps(an_event("event-1")), "no JSON", '{"detail": {}}', json.dumps(an_event("event-2"))
    )

    assert answer == {"batchItemFailures": [{"itemIdentifier": "message-1"}, {"itemIdentifier": "message-2"}]}
    assert [item["event_id"] for item in shop.all_items(AUDIT_TABLE)] == ["event-1", "event-2"]

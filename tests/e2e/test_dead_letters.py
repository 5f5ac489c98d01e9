"""Poison in the queue of a consumer: it stops no other event, and `orders dlq` handles it."""

import json
from collections.abc import Iterator

import pytest

from local.world import World
from proof.orders import an_order
from tests.e2e.conftest import Orders, result_of

POISON = json.dumps({"source": "orders", "detail-type": "OrderConfirmed", "detail": {"order_id": "poison"}})
DEAD_LETTERS = "AuditOrderEventsDeadLetters"


@pytest.fixture
def queue(world: World) -> Iterator[str]:
    """The queue of the audit, whose messages come again after a second. No dead letter is left of others."""
    sqs, url = world.aws.client("sqs"), world.outputs["AuditOrderEventsQueueUrl"]
    sqs.purge_queue(QueueUrl=world.outputs[f"{DEAD_LETTERS}QueueUrl"])
    usual = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "1"})
    yield url
    sqs.set_queue_attributes(QueueUrl=url, Attributes=usual)


def depth_after(world: World, orders: Orders, *, depth: int) -> bool:
    """Wait until the dead-letter queue has this depth."""

    def listed() -> bool:
        queues = {each["queue"]: each for each in result_of(orders("dlq", "list", "--json"))}
        return bool(queues[DEAD_LETTERS]["depth"] == depth)

    return world.wait_for(listed, f"{DEAD_LETTERS} has {depth} messages", timeout_seconds=60)


def test_poison_blocks_no_event_and_is_sent_back_and_dropped(
    world: World, orders: Orders, queue: str
) -> None:
    # Given
    world.aws.client("sqs").send_message(QueueUrl=queue, MessageBody=POISON)

    # When
    order_id = world.shop.order(an_order(("NO-SUCH-SKU", 1)))

    # Then: the event of the order is audited, and the poison is a dead letter
    assert world.audit_trail.wait_for_events(order_id)
    assert depth_after(world, orders, depth=1)
    (shown,) = result_of(orders("dlq", "show", DEAD_LETTERS, "--json"))
    assert shown["what"].startswith("unknown"), "it has no event_id"

    # When: it is sent back without a cure
    assert result_of(orders("dlq", "redrive", DEAD_LETTERS, shown["message_id"], "--json")) == {"redriven": 1}

    # Then: it fails again
    assert depth_after(world, orders, depth=1)
    (again,) = result_of(orders("dlq", "show", DEAD_LETTERS, "--json"))

    # When
    dropped = result_of(orders("dlq", "drop", DEAD_LETTERS, again["message_id"], "--yes", "--json"))

    # Then
    assert dropped == {"dropped": 1}
    assert depth_after(world, orders, depth=0)


def test_a_dead_letter_is_handled_after_its_cause_has_gone(world: World, orders: Orders, queue: str) -> None:
    # Given: an event that the audit could not store
    order_id = world.shop.order(an_order(("NO-SUCH-SKU", 1)))
    (event,) = world.audit_trail.wait_for_events(order_id)
    world.aws.client("dynamodb").delete_item(
        TableName=world.outputs["AuditTableName"],
        Key={"order_id": {"S": order_id}, "event_id": {"S": event["event_id"]}},
    )
    body = {"source": "orders", "detail-type": event["event"], "detail": event["detail"]}
    world.aws.client("sqs").send_message(
        QueueUrl=world.outputs[f"{DEAD_LETTERS}QueueUrl"], MessageBody=json.dumps(body, default=int)
    )

    # When
    result_of(orders("dlq", "redrive", DEAD_LETTERS, "--all", "--json"))

    # Then
    (stored,) = world.audit_trail.wait_for_events(order_id)
    assert stored["detail"] == event["detail"]
    assert queue

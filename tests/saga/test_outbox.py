"""Every change of an order is published, and nothing else is."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local.users import OPERATOR
from local.waiting import wait_for
from local.world import World
from proof.journeys import PAYMENT_JOURNEYS
from proof.orders import an_order
from tests.saga.test_least_privilege import without_permission

PUBLISHER = "orders-local-publish_order_events"


def stream_of(world: World) -> Iterator[dict[str, Any]]:
    """The stream records of all orders, oldest first."""
    table = world.aws.client("dynamodb").describe_table(TableName=world.tables["orders"])["Table"]
    streams: Any = world.aws.client("dynamodbstreams")
    (shard,) = streams.describe_stream(StreamArn=table["LatestStreamArn"])["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(
        StreamArn=table["LatestStreamArn"], ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    while True:
        page = streams.get_records(ShardIterator=iterator)
        if not page["Records"]:
            return
        yield from page["Records"]
        iterator = page["NextShardIterator"]


def publisher_state(world: World) -> str:
    (mapping,) = world.aws.client("lambda").list_event_source_mappings(FunctionName=PUBLISHER)[
        "EventSourceMappings"
    ]
    return mapping["LastProcessingResult"]


def test_an_event_has_the_values_of_the_record(world: World) -> None:
    # When
    order_id = world.shop.order(an_order(("NO-SUCH-SKU", 1)))
    world.executions.wait_until_ended(order_id)

    # Then
    (event,) = world.audit_trail.wait_for_events(order_id)
    record = world.order_record(order_id)
    assert record is not None
    assert event["event"] == "OrderFailed"
    assert {name: event["detail"][name] for name in ("order_id", "customer_id", "status", "failure")} == {
        name: record[name] for name in ("order_id", "customer_id", "status", "failure")
    }


def test_a_settlement_is_published_between_the_other_events(world: World) -> None:
    # Given
    (journey,) = (each for each in PAYMENT_JOURNEYS if each.key == "settled-outside")

    # When
    order_id = journey.run(world).order_id

    # Then
    events = [each["event"] for each in world.audit_trail.wait_for_events(order_id, count=4)]
    assert events == ["OrderConfirmed", "OrderNeedsAttention", "PaymentSettledOutside", "OrderCancelled"]


def test_a_stream_record_that_comes_twice_is_one_event(world: World) -> None:
    # Given
    order_id = world.shop.order(an_order())
    world.executions.wait_until_ended(order_id)
    (event,) = world.audit_trail.wait_for_events(order_id)
    (record,) = (
        each
        for each in stream_of(world)
        if each["dynamodb"]["Keys"]["order_id"]["S"] == order_id
        and each["dynamodb"].get("OldImage", {}).get("status") == {"S": "PENDING"}
        and each["dynamodb"]["NewImage"]["status"] == {"S": "CONFIRMED"}
    )

    # When
    answer = world.aws.client("lambda").invoke(
        FunctionName=PUBLISHER, Payload=json.dumps({"Records": [record, record]}, default=str)
    )

    # Then
    assert json.load(answer["Payload"]) == {"batchItemFailures": []}
    marker = world.shop.order(an_order(("NO-SUCH-SKU", 1)))  # published after the duplicates
    world.audit_trail.wait_for_events(marker)
    assert world.audit_trail.events(order_id) == [event]


def test_an_event_that_the_bus_refuses_is_published_later(world: World) -> None:
    # Given
    with without_permission(world, PUBLISHER, "events:PutEvents"):
        # When
        order_id = world.shop.order(an_order(("NO-SUCH-SKU", 1)))
        wait_for(lambda: publisher_state(world) == "FAILED", "the bus refuses", timeout_seconds=30)
        refused = world.audit_trail.events(order_id)

    # Then
    assert refused == []
    assert len(world.audit_trail.wait_for_events(order_id)) == 1


def test_an_event_that_was_lost_is_published_again_for_an_operator(world: World) -> None:
    # Given
    order_id = world.shop.order(an_order(("NO-SUCH-SKU", 1)))
    (event,) = world.audit_trail.wait_for_events(order_id)
    world.aws.client("dynamodb").delete_item(
        TableName=world.outputs["AuditTableName"],
        Key={"order_id": {"S": order_id}, "event_id": {"S": event["event_id"]}},
    )

    # When
    world.shop.signed_in(OPERATOR).republish_events(order_id)

    # Then
    (again,) = world.audit_trail.wait_for_events(order_id)
    assert (again["event"], again["detail"]) == (event["event"], event["detail"])


@pytest.fixture
def short_record_age(world: World) -> Iterator[None]:
    """Let the publisher give up on a record after 5 s; AWS accepts no less than 60 s."""
    client = world.aws.client("lambda")
    (mapping,) = client.list_event_source_mappings(FunctionName=PUBLISHER)["EventSourceMappings"]
    client.update_event_source_mapping(UUID=mapping["UUID"], MaximumRecordAgeInSeconds=5)
    yield
    client.update_event_source_mapping(
        UUID=mapping["UUID"], MaximumRecordAgeInSeconds=mapping["MaximumRecordAgeInSeconds"]
    )


@pytest.mark.usefixtures("short_record_age")
def test_a_record_that_cannot_be_published_is_parked(world: World) -> None:
    # Given
    half = {"order_id": "half-an-order", "status": "CONFIRMED", "unsettled_shard": "0"}
    world.aws.client("dynamodb").put_item(
        TableName=world.tables["orders"], Item={name: {"S": value} for name, value in half.items()}
    )
    queue = world.outputs["ParkedEventsQueueUrl"]
    sqs = world.aws.client("sqs")

    # When
    messages = wait_for(
        lambda: sqs.receive_message(QueueUrl=queue).get("Messages"),
        "the record is parked",
        timeout_seconds=60,
        pause_seconds=1,
    )

    # Then
    assert "DDBStreamBatchInfo" in json.loads(messages[0]["Body"])
    order_id = world.shop.order(an_order(("NO-SUCH-SKU", 1)))
    assert world.audit_trail.wait_for_events(order_id)
    world.aws.client("dynamodb").delete_item(
        TableName=world.tables["orders"], Key={"order_id": {"S": "half-an-order"}}
    )

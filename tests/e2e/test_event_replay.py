"""`orders events replay`: consumers receive events again, without another effect, and nobody is mailed."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from local.consumers import event_consumers
from local.users import CUSTOMER, email_of
from local.world import World
from proof.orders import an_order
from stacks.names import queue_of
from tests.e2e.conftest import Orders, result_of

MAILS = ["Your order is confirmed", "Your refund has been sent"]
EVENTS = ["OrderConfirmed", "PaymentRefundedOutside"]

CONSUMED_WITHIN_SECONDS = 120.0
"""On a busy machine, a call of a consumer can time out. Its batch comes again after 90 seconds."""


@pytest.fixture
def archive(world: World) -> Iterator[None]:
    """An archive of the bus, which CloudFormation of the embedded AWS can't make."""
    events, name = world.aws.client("events"), world.outputs["EventBusName"]
    bus = events.describe_event_bus(Name=name)
    events.create_archive(ArchiveName=name, EventSourceArn=bus["Arn"])
    yield
    events.delete_archive(ArchiveName=name)


@pytest.fixture
def begin() -> str:
    return datetime.now(UTC).isoformat()


@pytest.fixture
def order_id(world: World, begin: str) -> str:
    """An order with two events, and a mail about the second. Nobody remembers that the mail was sent."""
    assert begin
    order_id = world.shop.order(an_order())
    intent_id = world.shop.wait_until_rest(order_id)["payment"]["intent_id"]
    world.stripe.refund_in_dashboard(str(intent_id), 500)
    world.wait_for(lambda: mails(world, order_id) == MAILS, "the refund is mailed", timeout_seconds=60)
    world.audit_trail.wait_for_events(order_id, count=2)
    for record in world.items("idempotency"):
        world.dynamodb.delete_item(TableName=world.tables["idempotency"], Key={"id": {"S": record["id"]}})
    return order_id


def mails(world: World, order_id: str) -> list[str]:
    return world.subjects_of_mail(email_of(CUSTOMER), order_id)


def replayed(orders: Orders, begin: str, *options: str) -> dict[str, Any]:
    period = ("--from", begin, "--to", datetime.now(UTC).isoformat())
    result: dict[str, Any] = result_of(orders("events", "replay", *period, *options, "--yes", "--json"))
    return result


def wait_until_consumed(world: World) -> None:
    """Wait until no consumer has an event left."""

    def depth(consumer: str) -> int:
        attributes = world.aws.client("sqs").get_queue_attributes(
            QueueUrl=world.outputs[f"{queue_of(consumer)}Url"],
            AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        )
        return sum(map(int, attributes["Attributes"].values()))

    world.wait_for(
        lambda: not any(map(depth, event_consumers())),
        "all events are consumed",
        timeout_seconds=CONSUMED_WITHIN_SECONDS,
    )


def deliveries(world: World, order_id: str) -> int:
    """How many events of an order the audit has received, with those that it knew."""
    lines = [line for group, line in world.function_logs.lines(order_id) if "audit_order_events" in group]
    return sum('"event consumed"' in line for line in lines)


def stored(world: World, order_id: str) -> dict[str, list[dict[str, Any]]]:
    """What the tables have of an order."""
    return {
        table: [item for item in world.items(table) if item.get("order_id") == order_id]
        for table in world.tables
    }


def revenue(orders: Orders) -> int:
    return sum(row["revenue"] for row in result_of(orders("analytics", "revenue", "--json")))


def test_the_events_of_the_audit_are_delivered_twice_and_change_nothing(
    world: World, orders: Orders, begin: str, order_id: str
) -> None:
    # Given
    before, revenue_before = stored(world, order_id), revenue(orders)

    # When
    first, second = replayed(orders, begin), replayed(orders, begin)

    # Then
    for replay in (first, second):
        assert replay["source"] == "audit"
        assert replay["events"].keys() >= set(EVENTS)
        assert {"analytics", "audit_order_events"} <= set(replay["consumers"])
        assert "mail_customers" not in replay["consumers"]
    wait_until_consumed(world)
    world.wait_for(
        lambda: deliveries(world, order_id) == 3 * len(EVENTS),
        "all deliveries are logged",
        timeout_seconds=30,
    )
    assert stored(world, order_id) == before
    assert revenue(orders) == revenue_before
    assert mails(world, order_id) == MAILS


@pytest.mark.usefixtures("archive")
def test_an_archive_restores_what_a_consumer_has_lost(
    world: World, orders: Orders, begin: str, order_id: str
) -> None:
    # Given
    audited = world.audit_trail.events(order_id)
    for event in audited:
        key = {"order_id": {"S": order_id}, "event_id": {"S": event["event_id"]}}
        world.dynamodb.delete_item(TableName=world.outputs["AuditTableName"], Key=key)

    # When
    replay = replayed(orders, begin)

    # Then
    assert replay["source"] == "archive"
    wait_until_consumed(world)
    restored = world.audit_trail.wait_for_events(order_id, count=len(EVENTS))
    assert [each["detail"] for each in restored] == [each["detail"] for each in audited]
    assert mails(world, order_id) == MAILS

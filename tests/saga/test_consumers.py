"""Consumers that fail, with the queues of the embedded AWS; the simulation plays more faults of them."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from local.fault_proxy.faults import Fault
from local.waiting import wait_for
from local.world import World
from proof.consumers import CONSUMERS, Consumer
from proof.orders import an_order
from proof.scenarios import submit
from stacks.names import dead_letters_of, queue_of

POISON = json.dumps({"source": "orders", "detail-type": "OrderConfirmed", "detail": {}})
CONFIRMED = "OrderConfirmed"


@contextmanager
def repeated_soon(world: World, consumer: Consumer) -> Iterator[str]:
    """Let events that failed come again after three seconds; yields the URL of the consumer's queue."""
    sqs, url = world.aws.client("sqs"), world.outputs[f"{queue_of(consumer.name)}Url"]
    usual = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "3"})
    yield url
    sqs.set_queue_attributes(QueueUrl=url, Attributes=usual)


@pytest.fixture(autouse=True)
def no_dead_letters(world: World) -> Iterator[None]:
    """No dead letter is left of other tests, and none is left for them."""
    purge(world)
    yield
    purge(world)


def purge(world: World) -> None:
    for consumer in CONSUMERS:
        url = world.outputs[f"{dead_letters_of(consumer.name)}QueueUrl"]
        world.aws.client("sqs").purge_queue(QueueUrl=url)


def dead_letters(world: World) -> dict[str, int]:
    found = {}
    for consumer in CONSUMERS:
        url = world.outputs[f"{dead_letters_of(consumer.name)}QueueUrl"]
        answer = world.aws.client("sqs").get_queue_attributes(
            QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
        )
        found[consumer.name] = int(answer["Attributes"]["ApproximateNumberOfMessages"])
    return found


def wait_for_effects(world: World, order_id: str, *, without: Consumer | None = None) -> None:
    """Wait for the effects of all consumers of a confirmed order's event."""
    for consumer in CONSUMERS:
        if consumer is not without and CONFIRMED in consumer.receives:
            wait_for(
                lambda consumer=consumer: consumer.effects(world, order_id),  # type: ignore[misc] # mypy can't infer a lambda with a default
                f"{consumer.name} has handled the event",
                timeout_seconds=60,
            )


@pytest.mark.parametrize(
    "consumer", [each for each in CONSUMERS if CONFIRMED in each.receives], ids=lambda each: each.name
)
def test_a_consumer_that_fails_for_a_while_catches_up(world: World, consumer: Consumer) -> None:
    # Given
    calls = f"{consumer.name}: "
    with repeated_soon(world, consumer):
        world.faults.begin_recording()
        fails = Fault("refuse", f"{calls}*", times=None)
        world.faults.inject(fails)

        # When
        order_id = submit(world, an_order()).order_id
        wait_for(
            lambda: any(call.name.startswith(calls) for call in world.faults.calls()),
            f"{consumer.name} fails",
            timeout_seconds=60,
        )

        # Then: neither the order nor another consumer waits for it
        assert world.shop.get_order(order_id)["status"] == "CONFIRMED"
        wait_for_effects(world, order_id, without=consumer)
        assert not consumer.effects(world, order_id)

        # When
        world.faults.lift(fails)

        # Then
        wait_for_effects(world, order_id)
        assert set(dead_letters(world).values()) == {0}


def test_an_event_that_no_consumer_can_read_stops_no_other(world: World) -> None:
    with ExitStack() as stack:
        # Given
        for consumer in CONSUMERS:
            url = stack.enter_context(repeated_soon(world, consumer))
            world.aws.client("sqs").send_message(QueueUrl=url, MessageBody=POISON)

        # When
        order_id = submit(world, an_order()).order_id

        # Then
        wait_for_effects(world, order_id)
        wait_for(lambda: all(dead_letters(world).values()), "each has a dead letter", timeout_seconds=90)
        assert set(dead_letters(world).values()) == {1}

"""Changes the waits that the scale of a world does not change; shorter waits make shorter campaigns."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from local.consumers import event_consumers
from local.world import World
from stacks.names import queue_of

_VISIBILITY_SECONDS: Final = "4"
"""Seconds until a message is delivered again after its consumer was killed. As deployed, it is six times the
timeout of the function."""

_QUEUES: Final = (*(f"{queue_of(each)}Url" for each in event_consumers()), "EndedExecutionsQueueUrl")

_WAITING_STATE: Final = "AwaitPayment"
_PIVOT: Final = "ReserveInventory"


@contextmanager
def shortened_waits(world: World) -> Iterator[None]:
    """Deliver messages of killed consumers again soon, as long as the context lasts."""
    with ExitStack() as stack:
        for output in _QUEUES:
            stack.enter_context(_short_visibility(world, world.outputs[output]))
        yield


@contextmanager
def _short_visibility(world: World, url: str) -> Iterator[None]:
    client = world.aws.client("sqs")
    deployed = client.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
    client.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": _VISIBILITY_SECONDS})
    yield
    client.set_queue_attributes(QueueUrl=url, Attributes=deployed)


@contextmanager
def payment_deadline(world: World, seconds: int) -> Iterator[None]:
    """Set the deadline for a customer's approval, as long as the context lasts."""

    def set_deadline(definition: dict[str, Any]) -> None:
        definition["States"][_WAITING_STATE]["TimeoutSeconds"] = seconds

    with _redefined(world, set_deadline):
        yield


@contextmanager
def longer_pivot_retries(world: World, times: int) -> Iterator[None]:
    """Multiply the waits between the tries of the pivot, as long as the context lasts."""

    def wait_longer(definition: dict[str, Any]) -> None:
        *_never_retried, retrier = definition["States"][_PIVOT]["Retry"]
        for wait in ("IntervalSeconds", "MaxDelaySeconds"):
            retrier[wait] *= times

    with _redefined(world, wait_longer):
        yield


@contextmanager
def _redefined(world: World, change: Callable[[dict[str, Any]], None]) -> Iterator[None]:
    client, arn = world.aws.client("stepfunctions"), world.state_machine_arn
    deployed = client.describe_state_machine(stateMachineArn=arn)["definition"]
    definition = json.loads(deployed)
    change(definition)
    client.update_state_machine(stateMachineArn=arn, definition=json.dumps(definition))
    try:
        yield
    finally:
        client.update_state_machine(stateMachineArn=arn, definition=deployed)

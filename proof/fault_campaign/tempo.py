"""The waits of a world that are not multiplied by its scale, made short enough for thousands of cases."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from local.world import World

_VISIBILITY_SECONDS: Final = "4"
"""After so long a message comes again whose consumer was killed; as deployed, after six function timeouts."""

_QUEUES: Final = ("AuditQueueUrl", "EndedExecutionsQueueUrl")

_WAITING_STATE: Final = "AwaitPayment"
_PIVOT: Final = "ReserveInventory"


@contextmanager
def quick_pace(world: World) -> Iterator[None]:
    """Let messages come again soon, as long as the context lasts."""
    with ExitStack() as stack:
        for output in _QUEUES:
            stack.enter_context(_quick_queue(world, world.outputs[output]))
        yield


@contextmanager
def _quick_queue(world: World, url: str) -> Iterator[None]:
    client = world.aws.client("sqs")
    deployed = client.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
    client.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": _VISIBILITY_SECONDS})
    yield
    client.set_queue_attributes(QueueUrl=url, Attributes=deployed)


@contextmanager
def payment_deadline(world: World, seconds: int) -> Iterator[None]:
    """Have the saga wait so long for a customer's approval, as long as the context lasts."""

    def wait_so_long(definition: dict[str, Any]) -> None:
        definition["States"][_WAITING_STATE]["TimeoutSeconds"] = seconds

    with _redefined(world, wait_so_long):
        yield


@contextmanager
def patient_pivot(world: World, times: int) -> Iterator[None]:
    """Have the pivot's retries wait so many times longer, as long as the context lasts."""

    def be_patient(definition: dict[str, Any]) -> None:
        for retrier in definition["States"][_PIVOT]["Retry"]:
            retrier["IntervalSeconds"] *= times
            retrier["MaxDelaySeconds"] *= times

    with _redefined(world, be_patient):
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

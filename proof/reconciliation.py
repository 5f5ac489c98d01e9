"""Runs the reconciliation in the embedded run, without waiting for its schedule."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from local.waiting import wait_for

if TYPE_CHECKING:
    from local.world import World

_TIMEOUT_SECONDS: Final = 120.0


class ReconciliationFailed(Exception):
    """A run did not come to its end."""


@dataclass(frozen=True)
class Reconciliation:
    """A run that has ended.

    Attributes:
        name: Its execution's name.
        counts: How often each thing happened; findings by their kind.
        findings: All findings with their numbers, as they were logged.
    """

    name: str
    counts: Mapping[str, int]
    findings: tuple[Mapping[str, Any], ...]

    def about(self, value: str) -> list[Mapping[str, Any]]:
        """The findings that name an order, a payment or a SKU."""
        return [finding for finding in self.findings if value in finding.values()]


def reconcile(world: "World") -> Reconciliation:
    """Run the reconciliation once, and wait for its end.

    Raises:
        ReconciliationFailed: It did not succeed.
        TimeoutError: It does not end.
    """
    client = world.aws.client("stepfunctions")
    name = f"by-hand-{uuid.uuid4()}"
    arn = client.start_execution(stateMachineArn=world.outputs["ReconciliationArn"], name=name)[
        "executionArn"
    ]

    def ended() -> Mapping[str, Any] | None:
        execution = client.describe_execution(executionArn=arn)
        return execution if execution["status"] != "RUNNING" else None

    execution = wait_for(ended, f"reconciliation {name} ended", timeout_seconds=_TIMEOUT_SECONDS)
    if execution["status"] != "SUCCEEDED":
        history = client.get_execution_history(executionArn=arn, reverseOrder=True, maxResults=5)["events"]
        raise ReconciliationFailed(f"{execution['status']}: {json.dumps(history, default=str)}")
    lines = (json.loads(text) for _, text in world.function_logs.lines(name))
    found = tuple(line for line in lines if line.get("message") == "reconciliation finding")
    return Reconciliation(name, json.loads(execution["output"])["counts"], found)

"""Runs the reconciliation in the embedded run at once, instead of on its schedule."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from local.waiting import wait_for
from local.world import World

_TIMEOUT_SECONDS: Final = 120.0


class ReconcilerFailed(Exception):
    """An execution of the reconciliation did not succeed."""


@dataclass(frozen=True)
class ReconcilerRun:
    """An execution of the reconciliation that has succeeded.

    Attributes:
        name: The execution's name.
        counts: The execution's counts by name; findings are counted by kind.
        findings: All findings as they were logged.
    """

    name: str
    counts: Mapping[str, int]
    findings: tuple[Mapping[str, Any], ...]

    def about(self, value: str) -> list[Mapping[str, Any]]:
        """The findings that name an order, a payment or a SKU."""
        return [finding for finding in self.findings if value in finding.values()]


def run_reconciler(world: World) -> ReconcilerRun:
    """Run the reconciliation once, and wait for its end.

    Raises:
        ReconcilerFailed: The execution did not succeed.
        TimeoutError: The execution did not end in time.
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
        raise ReconcilerFailed(f"{execution['status']}: {json.dumps(history, default=str)}")
    lines = (json.loads(text) for _, text in world.function_logs.lines(name))
    findings = tuple(line for line in lines if line.get("message") == "reconciliation finding")
    return ReconcilerRun(name, json.loads(execution["output"])["counts"], findings)

"""The saga's executions: read, started, awaited and stopped. None of the product's code is used."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Self

from local.waiting import wait_for

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.literals import ExecutionStatusType

_ENDS_EARLY: Final = frozenset({"ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"})
"""Events that also end the current state."""


@dataclass(frozen=True)
class StateVisit:
    """A visit to a state.

    Attributes:
        name: Name of the state.
        entered: Time of entry.
        left: Time of exit; None for the current state.
        attempts: Attempts of its task.
        error: Error of the last attempt; None if it succeeded.
        retried: Errors of the attempts before the last one.
    """

    name: str
    entered: datetime
    left: datetime | None = None
    attempts: int = 0
    error: str | None = None
    retried: tuple[str, ...] = ()

    def tried_again(self) -> Self:
        """The visit after another attempt has begun."""
        retried = (*self.retried, self.error) if self.error else self.retried
        return replace(self, attempts=self.attempts + 1, error=None, retried=retried)


class SagaControl:
    """The saga's executions. An order's first execution is named after the order.

    Args:
        client: Step Functions.
        state_machine_arn: The saga.
    """

    def __init__(self, client: "SFNClient", state_machine_arn: str) -> None:
        self._client = client
        self._machine = state_machine_arn

    def arn(self, name: str) -> str:
        """The ARN of an execution."""
        return f"{self._machine.replace(':stateMachine:', ':execution:')}:{name}"

    def status(self, name: str) -> "ExecutionStatusType | None":
        """The status of an execution; None if it does not exist."""
        try:
            return self._client.describe_execution(executionArn=self.arn(name))["status"]
        except self._client.exceptions.ExecutionDoesNotExist:
            return None

    def visits(self, name: str) -> tuple[StateVisit, ...]:
        """An execution's visits to states, in order."""
        pages = self._client.get_paginator("get_execution_history").paginate(
            executionArn=self.arn(name), includeExecutionData=False
        )
        return tuple(_visits(event for page in pages for event in page["events"]))

    def start(self, name: str, order_id: str) -> None:
        """Run the saga once more for an order.

        Args:
            name: Name of the new execution.
            order_id: The order.
        """
        self._client.start_execution(
            stateMachineArn=self._machine, name=name, input=json.dumps({"order_id": order_id})
        )

    def stop(self, name: str) -> None:
        """Stop an execution, as an operator would in the console."""
        self._client.stop_execution(executionArn=self.arn(name), error="Stopped", cause="By hand")

    def error(self, name: str) -> str | None:
        """The error that an execution failed with; None if it did not fail."""
        return self._client.describe_execution(executionArn=self.arn(name)).get("error")

    def wait_until_ended(
        self, name: str, *, timeout_seconds: float = 60.0, pause_seconds: float = 0.05
    ) -> "ExecutionStatusType":
        """Wait until an execution has started and ended.

        Raises:
            TimeoutError: It has not ended in time.
        """

        def ended() -> "ExecutionStatusType | None":
            status = self.status(name)
            return status if status != "RUNNING" else None

        return wait_for(
            ended,
            f"execution {name} ended",
            timeout_seconds=timeout_seconds,
            pause_seconds=pause_seconds,
        )

    def names(self, order_id: str = "", *, running: bool = False) -> list[str]:
        """The names of an order's executions, oldest first.

        Args:
            order_id: The order; all orders if it is left out.
            running: Whether executions that have ended are left out.
        """
        paginator, arn = self._client.get_paginator("list_executions"), self._machine
        pages = (
            paginator.paginate(stateMachineArn=arn, statusFilter="RUNNING")
            if running
            else paginator.paginate(stateMachineArn=arn)
        )
        found = [each for page in pages for each in page["executions"] if each["name"].startswith(order_id)]
        return [each["name"] for each in sorted(found, key=lambda each: each["startDate"])]

    def states_visited(self, name: str) -> list[str]:
        """The names of the states that an execution has entered, in order; retries are not counted."""
        return [visit.name for visit in self.visits(name)]


def _visits(history: Iterator[Any]) -> list[StateVisit]:
    """Extract the visits from the history of an execution."""
    visits: list[StateVisit] = []
    for event in history:
        at: datetime = event["timestamp"]
        kind: str = event["type"]
        if kind.endswith("StateEntered"):
            visits.append(StateVisit(event["stateEnteredEventDetails"]["name"], at))
        elif kind.endswith("StateExited"):
            visits[-1] = replace(visits[-1], left=at)
        elif kind in _ENDS_EARLY and visits:
            visits[-1] = replace(visits[-1], left=at, error=visits[-1].error or kind)
        elif kind == "TaskScheduled":
            visits[-1] = visits[-1].tried_again()
        elif kind in {"TaskFailed", "TaskTimedOut"}:
            details = event.get("taskFailedEventDetails") or event.get("taskTimedOutEventDetails") or {}
            visits[-1] = replace(visits[-1], error=details.get("error", "States.Timeout"))
    return visits

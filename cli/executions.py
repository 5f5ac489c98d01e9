"""Executions of the saga in Step Functions, and the states that they entered."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from cli.aws import aws_errors

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.literals import ExecutionStatusType

_NEWEST: Final = 100
"""Number of newest executions searched for further executions of an order."""

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
    """

    name: str
    entered: datetime
    left: datetime | None = None
    attempts: int = 0
    error: str | None = None


@dataclass(frozen=True)
class Execution:
    """One execution of an order's saga.

    Attributes:
        name: Its name; the first one has the order id as its name.
        status: `RUNNING`, `SUCCEEDED`, `FAILED`, `TIMED_OUT` or `ABORTED`.
        visits: Visits to states, in order.
    """

    name: str
    status: str
    visits: tuple[StateVisit, ...]


class Executions:
    """Reads executions of the saga, with the user's permissions."""

    def __init__(self, client: "SFNClient", state_machine_arn: str) -> None:
        self._client = client
        self._machine = state_machine_arn
        self._ended: dict[str, Execution] = {}

    def of_order(self, order_id: str) -> list[Execution]:
        """Get the executions of an order, oldest first.

        Raises:
            Unavailable: Step Functions is unreachable, or the user lacks permission.
        """
        with aws_errors("The executions are not accessible"):
            newest = self._client.list_executions(stateMachineArn=self._machine, maxResults=_NEWEST)
            later = [each["name"] for each in newest["executions"] if each["name"].startswith(f"{order_id}-")]
            return [found for name in (order_id, *reversed(later)) if (found := self._find(name)) is not None]

    def arn(self, name: str) -> str:
        """Make the ARN of an execution."""
        return f"{self._machine.replace(':stateMachine:', ':execution:')}:{name}"

    def status(self, name: str) -> "ExecutionStatusType | None":
        """Get the status of an execution; None if it does not exist."""
        try:
            return self._client.describe_execution(executionArn=self.arn(name))["status"]
        except self._client.exceptions.ExecutionDoesNotExist:
            return None

    def visits(self, name: str) -> tuple[StateVisit, ...]:
        """Get an execution's visits to states, in order."""
        pages = self._client.get_paginator("get_execution_history").paginate(
            executionArn=self.arn(name), includeExecutionData=False
        )
        return tuple(_visits(event for page in pages for event in page["events"]))

    def _find(self, name: str) -> Execution | None:
        if name in self._ended:
            return self._ended[name]
        status = self.status(name)
        if status is None:
            return None
        execution = Execution(name, status, self.visits(name))
        if status != "RUNNING":
            self._ended[name] = execution
        return execution


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
            visits[-1] = replace(visits[-1], attempts=visits[-1].attempts + 1, error=None)
        elif kind in {"TaskFailed", "TaskTimedOut"}:
            details = event.get("taskFailedEventDetails") or event.get("taskTimedOutEventDetails") or {}
            visits[-1] = replace(visits[-1], error=details.get("error", "States.Timeout"))
    return visits

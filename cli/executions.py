"""The executions of an order's saga in Step Functions: the states that they have passed."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from cli.aws import aws_errors

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.literals import ExecutionStatusType

_NEWEST: Final = 100
"""So many of the newest executions are looked through for those of an order beyond its first one."""

_CUT_SHORT: Final = frozenset({"ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"})
"""These end the state that the execution is in, too."""


@dataclass(frozen=True)
class StateVisit:
    """A state that an execution entered.

    Attributes:
        name: The state's.
        entered: When.
        left: When; None while the execution is in it.
        attempts: How often its task was tried.
        error: What the last attempt failed with, if it did.
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
        name: Its name; the first one is called like the order.
        status: `RUNNING`, `SUCCEEDED`, `FAILED`, `TIMED_OUT` or `ABORTED`.
        visits: The states that it entered, in order.
    """

    name: str
    status: str
    visits: tuple[StateVisit, ...]


class Executions:
    """The executions of the saga, as far as whoever asks may see them.

    Args:
        client: Step Functions.
        state_machine_arn: The saga.
    """

    def __init__(self, client: "SFNClient", state_machine_arn: str) -> None:
        self._client = client
        self._machine = state_machine_arn
        self._ended: dict[str, Execution] = {}

    def of_order(self, order_id: str) -> list[Execution]:
        """The executions of an order, oldest first.

        Raises:
            Unavailable: Step Functions can't be asked, or does not let this caller see them.
        """
        with aws_errors("The saga's executions can't be seen"):
            newest = self._client.list_executions(stateMachineArn=self._machine, maxResults=_NEWEST)
            later = [each["name"] for each in newest["executions"] if each["name"].startswith(f"{order_id}-")]
            return [found for name in (order_id, *reversed(later)) if (found := self._find(name)) is not None]

    def arn(self, name: str) -> str:
        """The ARN of an execution."""
        return f"{self._machine.replace(':stateMachine:', ':execution:')}:{name}"

    def status(self, name: str) -> "ExecutionStatusType | None":
        """The status of an execution; None if there is no such execution."""
        try:
            return self._client.describe_execution(executionArn=self.arn(name))["status"]
        except self._client.exceptions.ExecutionDoesNotExist:
            return None

    def visits(self, name: str) -> tuple[StateVisit, ...]:
        """The states that an execution has entered, in order."""
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
    """Read the visits to states out of an execution's history."""
    visits: list[StateVisit] = []
    for event in history:
        at: datetime = event["timestamp"]
        kind: str = event["type"]
        if kind.endswith("StateEntered"):
            visits.append(StateVisit(event["stateEnteredEventDetails"]["name"], at))
        elif kind.endswith("StateExited"):
            visits[-1] = replace(visits[-1], left=at)
        elif kind in _CUT_SHORT and visits:
            visits[-1] = replace(visits[-1], left=at, error=visits[-1].error or kind)
        elif kind == "TaskScheduled":
            visits[-1] = replace(visits[-1], attempts=visits[-1].attempts + 1, error=None)
        elif kind in {"TaskFailed", "TaskTimedOut"}:
            details = event.get("taskFailedEventDetails") or event.get("taskTimedOutEventDetails") or {}
            visits[-1] = replace(visits[-1], error=details.get("error", "States.Timeout"))
    return visits

"""What orders leave behind: executions of the saga, events, mail and logs."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import httpx
from boto3.dynamodb.types import TypeDeserializer

from local.waiting import wait_for

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.literals import ExecutionStatusType

    from local.emulator import EmulatorSession

_MAIL_TIMEOUT_SECONDS: Final = 10.0


@dataclass(frozen=True)
class Visit:
    """A state that an execution entered.

    Attributes:
        state: Its name.
        attempts: How often its task was tried; 0 for a state without a task.
        error: What its last attempt failed with; None if it did not fail.
    """

    state: str
    attempts: int = 0
    error: str | None = None


class Executions:
    """Executions of the saga. The first one of an order has the order's id for a name.

    Args:
        aws: The emulator.
        state_machine_arn: The saga.
    """

    def __init__(self, aws: "EmulatorSession", state_machine_arn: str) -> None:
        self._client = aws.client("stepfunctions")
        self._state_machine_arn = state_machine_arn

    def start(self, name: str, order_id: str) -> None:
        """Run the saga for an order once more.

        Args:
            name: The execution's name.
            order_id: Whose saga it is.
        """
        self._client.start_execution(
            stateMachineArn=self._state_machine_arn, name=name, input=json.dumps({"order_id": order_id})
        )

    def status(self, name: str) -> "ExecutionStatusType | None":
        """Where an execution stands; None as long as there is none."""
        try:
            return self._client.describe_execution(executionArn=self.arn(name))["status"]
        except self._client.exceptions.ExecutionDoesNotExist:
            return None

    def error(self, name: str) -> str | None:
        """What an execution failed with; None if it did not fail."""
        return self._client.describe_execution(executionArn=self.arn(name)).get("error")

    def wait_until_ended(self, name: str, *, timeout_seconds: float = 60.0) -> "ExecutionStatusType":
        """Wait until an execution has started and ended.

        Raises:
            TimeoutError: It has not.
        """

        def ended() -> "ExecutionStatusType | None":
            status = self.status(name)
            return status if status != "RUNNING" else None

        return wait_for(ended, f"execution {name} ended", timeout_seconds=timeout_seconds)

    def names(self, order_id: str = "", *, running: bool = False) -> list[str]:
        """The names of an order's executions, oldest first.

        Args:
            order_id: The order; all orders if it is left out.
            running: Whether only those count that have not ended.
        """
        paginator, arn = self._client.get_paginator("list_executions"), self._state_machine_arn
        pages = (
            paginator.paginate(stateMachineArn=arn, statusFilter="RUNNING")
            if running
            else paginator.paginate(stateMachineArn=arn)
        )
        found = [each for page in pages for each in page["executions"] if each["name"].startswith(order_id)]
        return [each["name"] for each in sorted(found, key=lambda each: each["startDate"])]

    def stop(self, name: str) -> None:
        """Stop an execution, as somebody at the console would."""
        self._client.stop_execution(executionArn=self.arn(name), error="Stopped", cause="By hand")

    def visits(self, name: str) -> list[Visit]:
        """The states that an execution entered so far, in order."""
        visits: list[Visit] = []
        pages = self._client.get_paginator("get_execution_history").paginate(
            executionArn=self.arn(name), includeExecutionData=False
        )
        for event in (event for page in pages for event in page["events"]):
            if "stateEnteredEventDetails" in event:
                visits.append(Visit(event["stateEnteredEventDetails"]["name"]))
            elif event["type"] == "TaskScheduled":
                visits[-1] = Visit(visits[-1].state, visits[-1].attempts + 1)
            elif event["type"] in {"TaskFailed", "TaskTimedOut"}:
                details: Any = event.get("taskFailedEventDetails") or event.get("taskTimedOutEventDetails")
                visits[-1] = Visit(visits[-1].state, visits[-1].attempts, details["error"])
        return visits

    def states_visited(self, name: str) -> list[str]:
        """The names of the states that an execution entered so far, in order; retries do not count."""
        return [visit.state for visit in self.visits(name)]

    def arn(self, name: str) -> str:
        """An execution's ARN."""
        return f"{self._state_machine_arn.replace(':stateMachine:', ':execution:')}:{name}"


class AuditTrail:
    """The events that came through the bus.

    Args:
        aws: The emulator.
        table: Name of the audit table.
    """

    def __init__(self, aws: "EmulatorSession", table: str) -> None:
        self._client = aws.client("dynamodb")
        self._table = table

    def events(self, order_id: str) -> list[dict[str, Any]]:
        """The records of an order's events, oldest first."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="order_id = :order_id",
            ExpressionAttributeValues={":order_id": {"S": order_id}},
            ConsistentRead=True,
        )
        records = [deserialized(item) for page in pages for item in page["Items"]]
        return sorted(records, key=lambda record: str(record["occurred_at"]))

    def wait_for_events(
        self, order_id: str, *, count: int = 1, timeout_seconds: float = 30.0
    ) -> list[dict[str, Any]]:
        """Wait until at least so many events of an order have arrived.

        Raises:
            TimeoutError: There are fewer.
        """

        def enough() -> list[dict[str, Any]] | None:
            events = self.events(order_id)
            return events if len(events) >= count else None

        return wait_for(enough, f"{count} events of order {order_id}", timeout_seconds=timeout_seconds)


@dataclass(frozen=True)
class Mail:
    """A message that SES took.

    Attributes:
        to: The addresses it went to.
        subject: Its subject.
        text: Its body.
    """

    to: tuple[str, ...]
    subject: str
    text: str


class Mailbox:
    """The mail that SES took.

    Args:
        aws: The emulator.
    """

    def __init__(self, aws: "EmulatorSession") -> None:
        self._url = f"{aws.endpoint_url}/_ministack/ses/messages"

    def messages_to(self, address: str) -> list[Mail]:
        """All messages to an address, oldest first."""
        with httpx.Client(trust_env=False, timeout=_MAIL_TIMEOUT_SECONDS) as client:
            by_account = client.get(self._url).raise_for_status().json()["messages"]
        messages = (
            Mail(tuple(each["To"]), each["Subject"], each["BodyText"])
            for account in by_account.values()
            for each in account
        )
        return [message for message in messages if address in message.to]


class FunctionLogs:
    """What the functions logged, in CloudWatch Logs.

    Args:
        aws: The emulator.
    """

    def __init__(self, aws: "EmulatorSession") -> None:
        self._client: Any = aws.client("logs")

    def lines(self, containing: str = "") -> Iterator[tuple[str, str]]:
        """Log group and text of all lines that contain a text, such as an order's id."""
        groups = self._client.get_paginator("describe_log_groups").paginate()
        for group in (each["logGroupName"] for page in groups for each in page["logGroups"]):
            events = self._client.get_paginator("filter_log_events").paginate(logGroupName=group)
            for event in (each for page in events for each in page["events"]):
                if containing in event["message"]:
                    yield group, event["message"]


def deserialized(item: Mapping[str, Any]) -> dict[str, Any]:
    """A DynamoDB item as Python has it."""
    deserialize = TypeDeserializer().deserialize
    return {name: deserialize(value) for name, value in item.items()}

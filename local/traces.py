"""Traces of orders: events, mail and logs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import boto3
import httpx
from boto3.dynamodb.types import TypeDeserializer

from local.waiting import wait_for

if TYPE_CHECKING:
    from local.emulator import EmulatorSession

_MAIL_TIMEOUT_SECONDS: Final = 10.0


class AuditTrail:
    """The events that the bus has delivered to the audit table.

    Args:
        aws: A session for the account of the table.
        table: Name of the audit table.
    """

    def __init__(self, aws: boto3.Session, table: str) -> None:
        self._client = aws.client("dynamodb")
        self._table = table

    def events(self, order_id: str) -> list[dict[str, Any]]:
        """The records of an order's events, oldest first; of one time, in the order of their names."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="order_id = :order_id",
            ExpressionAttributeValues={":order_id": {"S": order_id}},
            ConsistentRead=True,
        )
        records = [deserialized(item) for page in pages for item in page["Items"]]
        return sorted(records, key=lambda record: (str(record["occurred_at"]), str(record["event"])))

    def wait_for_events(
        self, order_id: str, *, count: int = 1, timeout_seconds: float = 30.0
    ) -> list[dict[str, Any]]:
        """Wait until at least `count` events of an order have arrived.

        Raises:
            TimeoutError: Fewer events have arrived.
        """

        def enough() -> list[dict[str, Any]] | None:
            events = self.events(order_id)
            return events if len(events) >= count else None

        return wait_for(enough, f"{count} events of order {order_id}", timeout_seconds=timeout_seconds)


@dataclass(frozen=True)
class Mail:
    """A message that SES accepted.

    Attributes:
        to: Addresses of the recipients.
        subject: Subject line.
        text: Plain-text body.
    """

    to: tuple[str, ...]
    subject: str
    text: str


class Mailbox:
    """The mail that SES accepted.

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
    """The functions' logs in CloudWatch Logs.

    Args:
        aws: The emulator.
    """

    def __init__(self, aws: "EmulatorSession") -> None:
        self._client: Any = aws.client("logs")

    def lines(self, containing: str = "", *, since: float = 0) -> Iterator[tuple[str, str]]:
        """Log group and text of every line that contains a text, such as an order's id.

        Args:
            containing: The text.
            since: Oldest line, in seconds since the epoch.
        """
        groups = self._client.get_paginator("describe_log_groups").paginate()
        for group in (each["logGroupName"] for page in groups for each in page["logGroups"]):
            events = self._client.get_paginator("filter_log_events").paginate(
                logGroupName=group, startTime=int(since * 1000)
            )
            for event in (each for page in events for each in page["events"]):
                if containing in event["message"]:
                    yield group, event["message"]


def deserialized(item: Mapping[str, Any]) -> dict[str, Any]:
    """Convert a DynamoDB item to Python values."""
    deserialize = TypeDeserializer().deserialize
    return {name: deserialize(value) for name, value in item.items()}

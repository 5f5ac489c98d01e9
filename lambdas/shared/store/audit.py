"""The audit table: every event of every order, as the bus delivered it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr, Key

from lambdas.domain import clock
from lambdas.domain.errors import StoreUnavailable
from lambdas.shared.aws import dynamodb, transient_as
from lambdas.shared.settings import Settings
from lambdas.shared.store.attributes import from_attributes, to_attributes
from lambdas.shared.store.expressions import condition_parameters, key_condition_parameters

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class AuditedEvent:
    """An event that was published and that the audit has consumed.

    Attributes:
        event: Its type, such as `OrderConfirmed`.
        occurred_at: When the order changed; UTC, ISO 8601.
        audited_at: When the audit first consumed it; None for an event that an earlier version stored.
    """

    event_id: str
    event: str
    occurred_at: str
    audited_at: str | None


class AuditTable:
    """Writes and reads the events of orders.

    Raises:
        StoreUnavailable: From every method, if DynamoDB throttles, fails or does not answer.
    """

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    @classmethod
    def from_settings(cls, settings: Settings) -> "AuditTable":
        """The table that the environment names."""
        return cls(dynamodb(), settings.audit_table)

    def record(self, event: Mapping[str, Any]) -> bool:
        """Write an event, once however often it is delivered.

        Args:
            event: As EventBridge delivers it, with `detail-type` and `detail`.

        Returns:
            Whether the event is new.
        """
        detail = event["detail"]
        item = {
            "order_id": detail["order_id"],
            "event_id": detail["event_id"],
            "event": event["detail-type"],
            "occurred_at": detail["occurred_at"],
            "audited_at": clock.now(),
            "detail": detail,
        }
        try:
            with transient_as(StoreUnavailable):
                self._client.put_item(
                    TableName=self._table,
                    Item=to_attributes(item),
                    **condition_parameters(Attr("event_id").not_exists()),
                )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def events_of(self, order_id: str) -> list[AuditedEvent]:
        """The events of an order, the oldest first."""
        # A page holds a megabyte, which is more than a thousand events. An order has a handful.
        with transient_as(StoreUnavailable):
            answer = self._client.query(
                TableName=self._table,
                ConsistentRead=True,
                **key_condition_parameters(Key("order_id").eq(order_id)),
            )
        found = [
            AuditedEvent(item["event_id"], item["event"], item["occurred_at"], item.get("audited_at"))
            for item in map(from_attributes, answer["Items"])
        ]
        return sorted(found, key=lambda event: event.occurred_at)

"""The audit table: every event of every order, as the bus delivered it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lambdas.shared.aws import dynamodb
from lambdas.shared.settings import Settings
from lambdas.shared.store.attributes import to_attributes

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class AuditTable:
    """Writes events to the audit table."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    @classmethod
    def from_settings(cls, settings: Settings) -> "AuditTable":
        """The table that the environment names."""
        return cls(dynamodb(), settings.audit_table)

    def record(self, event: Mapping[str, Any]) -> None:
        """Write an event; an event that is delivered twice is written twice, with the same key and content.

        Args:
            event: As EventBridge delivers it, with `detail-type` and `detail`.
        """
        detail = event["detail"]
        item = {
            "order_id": detail["order_id"],
            "event_id": detail["event_id"],
            "event": event["detail-type"],
            "occurred_at": detail["occurred_at"],
            "detail": detail,
        }
        self._client.put_item(TableName=self._table, Item=to_attributes(item))

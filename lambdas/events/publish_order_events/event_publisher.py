"""Puts order events on EventBridge."""

import json
from typing import TYPE_CHECKING

from lambdas.domain.vocabulary import SERVICE
from lambdas.events.publish_order_events.order_event import OrderEvent
from lambdas.shared.aws import event_bridge
from lambdas.shared.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient


class EventRefused(Exception):
    """The bus did not accept the event, although the call succeeded."""


class EventPublisher:
    """Puts order events on the bus."""

    def __init__(self, client: "EventBridgeClient", name: str) -> None:
        self._client = client
        self._name = name

    @classmethod
    def from_settings(cls, settings: Settings) -> "EventPublisher":
        """Puts them on the bus that the environment names."""
        return cls(event_bridge(), settings.event_bus_name)

    def put(self, event: OrderEvent) -> None:
        """Put one event on the bus.

        Raises:
            EventRefused: `PutEvents` returned 200 with a `FailedEntryCount`
                (https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html).
            botocore.exceptions.ClientError: The call failed.
        """
        answer = self._client.put_events(
            Entries=[
                {
                    "EventBusName": self._name,
                    "Source": SERVICE,
                    "DetailType": event.detail_type,
                    "Detail": json.dumps(event.detail),
                }
            ]
        )
        if answer["FailedEntryCount"]:
            entry = answer["Entries"][0]
            raise EventRefused(f"{entry.get('ErrorCode')}: {entry.get('ErrorMessage')}")

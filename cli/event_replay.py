"""Replays events of orders: consumers receive the events of a period again.

EventBridge replays what the archive of a bus has. The embedded AWS gets no archive from CloudFormation, and a
replay of an archive can't select types of events. There, the events come from the audit table, and go into
the queue of each consumer, or its stream, as EventBridge would put them there.
"""

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from cli.errors import NotFound, Refused

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import ReplayDestinationTypeDef, RuleTypeDef
    from mypy_boto3_sqs import SQSClient

REPLAY_NAME: Final = "replay-name"
"""The field of a replayed event that other events do not have
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-archive.html, November 2026)."""

_ANALYTICS: Final = "analytics"
"""Name of the consumer that is a stream of Firehose."""

_POLL_SECONDS: Final = 2
_EVENTS_PER_REPORT: Final = 100


class ReplaySource(StrEnum):
    """Where the events of a replay come from."""

    ARCHIVE = "archive"
    AUDIT = "audit"


@dataclass(frozen=True)
class Period:
    """The time in which the events of a replay occurred; both ends are part of it, and are UTC."""

    start: datetime
    end: datetime

    def __str__(self) -> str:
        """Both times."""
        return f"{self.start:%F %T} to {self.end:%F %T} UTC"


@dataclass(frozen=True)
class AuditedEvent:
    """An event that the audit has received.

    Attributes:
        event_id: The same in every delivery of the event.
        type: Such as `OrderConfirmed`.
        occurred_at: When the order changed; UTC, ISO 8601.
        detail: The event.
    """

    event_id: str
    type: str
    occurred_at: str
    detail: Mapping[str, Any]


@dataclass(frozen=True)
class EventConsumer:
    """A consumer of the events of a bus.

    Attributes:
        name: Name of its function, or `analytics`.
        rule_arn: ARN of the rule that selects its events.
        target_arn: ARN of its queue or its stream.
        pattern: Pattern of the rule. Those of this service select by source, type and `REPLAY_NAME` only.
    """

    name: str
    rule_arn: str
    target_arn: str
    pattern: Mapping[str, Any]

    @property
    def takes_replays(self) -> bool:
        """Whether its rule matches replayed events."""
        return REPLAY_NAME not in self.pattern

    def wants(self, event_type: str) -> bool:
        """Whether its rule matches events of this type."""
        return event_type in self.pattern.get("detail-type", [event_type])


class ReplayableBus:
    """The bus of a stage, with its archive, its audit, and the queues of its consumers.

    Args:
        name: Name of the bus.
        audit_table: The table of every event of every order.
        queues: The URL of each queue of the stage, by its name.
    """

    def __init__(
        self,
        events: "EventBridgeClient",
        dynamodb: "DynamoDBClient",
        sqs: "SQSClient",
        firehose: Any,  # noqa: ANN401 - its types are not installed
        *,
        name: str,
        audit_table: str,
        queues: Mapping[str, str],
    ) -> None:
        self._events = events
        self._dynamodb = dynamodb
        self._sqs = sqs
        self._firehose = firehose
        self._name = name
        self._audit_table = audit_table
        self._consumers = {url.rpartition("/")[2]: _snake_case(name) for name, url in queues.items()}
        self._urls = {url.rpartition("/")[2]: url for url in queues.values()}
        self._arn = events.describe_event_bus(Name=name)["Arn"]

    def consumers(self, name: str | None) -> list[EventConsumer]:
        """The consumers that receive a replay: the one of this name, or else all.

        Raises:
            NotFound: There is none of this name; the failure lists the names.
            Refused: The consumer receives no replayed events.
        """
        found = [each for each in map(self._consumer, self._rules()) if each is not None]
        takers = sorted((each for each in found if each.takes_replays), key=lambda each: each.name)
        if name is None:
            return takers
        chosen = [each for each in found if each.name == name]
        if not chosen:
            names = ", ".join(each.name for each in takers)
            raise NotFound(f"No consumer is called {name}", hints=[f"Consumers: {names}"])
        if not chosen[0].takes_replays:
            raise Refused(
                f"{name} receives no replayed events",
                "Its effects, such as mails, must not come long after the event.",
                hints=["For the events of one order: orders events republish ORDER_ID --as operator"],
            )
        return chosen

    def audited(self, period: Period, types: Sequence[str]) -> list[AuditedEvent]:
        """Read the events that occurred in a period, the oldest first: those of these types, or else all.

        It reads the whole table, because no index of it is by time.
        """
        from boto3.dynamodb.types import TypeDeserializer  # noqa: PLC0415 - slow to import

        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=self._audit_table,
            FilterExpression="occurred_at BETWEEN :start AND :end",
            ExpressionAttributeValues={
                ":start": {"S": _text(period.start)},
                ":end": {"S": _text(period.end)},
            },
        )
        read = TypeDeserializer().deserialize
        items = (
            {key: read(value) for key, value in item.items()} for page in pages for item in page["Items"]
        )
        found = [
            AuditedEvent(item["event_id"], item["event"], item["occurred_at"], item["detail"])
            for item in items
            if not types or item["event"] in types
        ]
        return sorted(found, key=lambda event: event.occurred_at)

    @property
    def has_archive(self) -> bool:
        """Whether there is an archive; it has the name of the bus."""
        try:
            self._events.describe_archive(ArchiveName=self._name)
        except self._events.exceptions.ResourceNotFoundException:
            return False
        return True

    def replay_archive(self, name: str, period: Period, consumer: EventConsumer | None) -> Iterator[str]:
        """Let EventBridge replay the archive to a consumer, or else to every rule of the bus.

        If the command ends before the replay does, EventBridge goes on.

        Yields:
            The progress: the state of the replay, and how far it is.

        Raises:
            Refused: The replay failed or was cancelled.
        """
        archive = self._events.describe_archive(ArchiveName=self._name)["ArchiveArn"]
        destination: ReplayDestinationTypeDef = {"Arn": self._arn}
        if consumer is not None:
            destination["FilterArns"] = [consumer.rule_arn]
        self._events.start_replay(
            ReplayName=name,
            EventSourceArn=archive,
            EventStartTime=period.start.replace(microsecond=0),  # an archive knows whole seconds
            EventEndTime=period.end,
            Destination=destination,
        )
        while (replay := self._events.describe_replay(ReplayName=name))["State"] != "COMPLETED":
            if replay["State"] in {"FAILED", "CANCELLED"}:
                raise Refused(f"The replay {name} ended as {replay['State']}", replay.get("StateReason", ""))
            last = replay.get("EventLastReplayedTime")
            yield f"{replay['State']}{f', events until {last:%F %T} are replayed' if last else ''}"
            time.sleep(_POLL_SECONDS)

    def replay_audited(
        self, name: str, events: Sequence[AuditedEvent], consumers: Sequence[EventConsumer]
    ) -> Iterator[str]:
        """Put events into the queue, or the stream, of each consumer that wants them.

        If the command ends before all are sent, run it again: consumers drop duplicates.

        Yields:
            The progress, after each hundred events and at the end.
        """
        for done, event in enumerate(events, 1):
            body = json.dumps(self._replayed(event, name), default=int)
            for consumer in consumers:
                if consumer.wants(event.type):
                    self._send(consumer.target_arn, body)
            if done % _EVENTS_PER_REPORT == 0 or done == len(events):
                yield f"{done} of {len(events)} events"

    def _rules(self) -> "Iterator[RuleTypeDef]":
        for page in self._events.get_paginator("list_rules").paginate(EventBusName=self._name):
            yield from page["Rules"]

    def _consumer(self, rule: "RuleTypeDef") -> EventConsumer | None:
        """The consumer of a rule; None if the target of the rule is no queue of this stage, and no stream."""
        targets = self._events.list_targets_by_rule(Rule=rule["Name"], EventBusName=self._name)["Targets"]
        for arn in (target["Arn"] for target in targets):
            service, resource = _parts(arn)
            name = _ANALYTICS if service == "firehose" else self._consumers.get(resource)
            if name is not None:
                return EventConsumer(name, rule["Arn"], arn, json.loads(rule["EventPattern"]))
        return None

    def _send(self, target_arn: str, body: str) -> None:
        service, resource = _parts(target_arn)
        if service == "firehose":
            stream = resource.removeprefix("deliverystream/")
            self._firehose.put_record(DeliveryStreamName=stream, Record={"Data": body})
        else:
            self._sqs.send_message(QueueUrl=self._urls[resource], MessageBody=body)

    def _replayed(self, event: AuditedEvent, name: str) -> Mapping[str, Any]:
        """The event as EventBridge delivers it, but for its `id`, which the audit does not have."""
        _arn, _partition, _service, region, account, _bus = self._arn.split(":")
        return {
            "version": "0",
            "id": event.event_id,
            "detail-type": event.type,
            "source": "orders",
            "account": account,
            "time": f"{datetime.fromisoformat(event.occurred_at):%Y-%m-%dT%H:%M:%SZ}",
            "region": region,
            "resources": [],
            REPLAY_NAME: name,
            "detail": event.detail,
        }


def _parts(arn: str) -> tuple[str, str]:
    """The service and the resource of an ARN."""
    _arn, _partition, service, _region, _account, resource = arn.split(":", 5)
    return service, resource


def _text(moment: datetime) -> str:
    """A time as the service stores it."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()

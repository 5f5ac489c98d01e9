"""`orders events replay`: the events of a period are delivered to their consumers again."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from cli import event_replay
from tests.unit.cli.conftest import FakeCloudFormation, Run

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sqs import SQSClient

BUS, AUDIT = "orders-dev", "audit"
ORDER_ID = "0d3cb4b4-6a2c-5d47-9a5e-2f1c8a7b6e10"
PERIOD = ("--from", "2026-03-01", "--to", "2026-03-02T00:00:00Z")
REPLAY = ("events", "replay", *PERIOD, "--stage", "dev")
EVENTS = {
    "a": ("OrderConfirmed", "2026-03-01T12:00:04.120Z"),
    "b": ("OrderCancelled", "2026-03-01T12:00:09.000Z"),
    "c": ("OrderConfirmed", "2026-03-01T00:00:00.000Z"),
    "before": ("OrderConfirmed", "2026-02-28T23:59:59.999Z"),
    "after": ("OrderConfirmed", "2026-03-02T00:00:00.001Z"),
}
NO_REPLAYS = {"replay-name": [{"exists": False}]}


class FakeFirehose:
    """Keeps the records of each stream."""

    def __init__(self) -> None:
        self.records: list[tuple[str, Any]] = []

    def put_record(self, *, DeliveryStreamName: str, Record: dict[str, str]) -> None:  # noqa: N803 - boto3's names
        self.records.append((DeliveryStreamName, json.loads(Record["Data"])))


class Stage:
    """The bus of a stage, its audit, four consumers and a rule of another, in an account in memory."""

    def __init__(self) -> None:
        self.firehose = FakeFirehose()
        self.sqs: SQSClient = boto3.client("sqs")
        self.events: EventBridgeClient = boto3.client("events")
        self.dynamodb: DynamoDBClient = boto3.client("dynamodb")
        self.bus_arn = self.events.create_event_bus(Name=BUS)["EventBusArn"]
        self.queues: dict[str, str] = {}
        self.rules = {
            "AuditOrderEvents": self._consumer("AuditOrderEvents"),
            "CountSales": self._consumer("CountSales", {"detail-type": ["OrderConfirmed"]}),
            "MailCustomers": self._consumer("MailCustomers", NO_REPLAYS),
        }
        self._rule("of-another", "arn:aws:sqs:eu-central-1:999999999999:Theirs", {})
        self._rule(
            "Analytics",
            "arn:aws:firehose:eu-central-1:123456789012:deliverystream/stream",
            {"detail-type": ["OrderCancelled"]},
        )
        self.dynamodb.create_table(
            TableName=AUDIT,
            KeySchema=[{"AttributeName": "event_id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "event_id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        for event_id, (event, occurred_at) in EVENTS.items():
            self._audited(event_id, event, occurred_at)

    def _consumer(self, name: str, pattern: dict[str, Any] | None = None) -> str:
        url = self.sqs.create_queue(QueueName=f"{name}Queue1234")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
        self.queues[name] = url
        return self._rule(f"{name}Rule", arn["QueueArn"], pattern or {})

    def _rule(self, name: str, target: str, pattern: dict[str, Any]) -> str:
        text = json.dumps({"source": ["orders"]} | pattern)
        rule = self.events.put_rule(Name=name, EventBusName=BUS, EventPattern=text)
        self.events.put_targets(Rule=name, EventBusName=BUS, Targets=[{"Id": "target", "Arn": target}])
        return rule["RuleArn"]

    def _audited(self, event_id: str, event: str, occurred_at: str) -> None:
        detail = {"event_id": {"S": event_id}, "amount": {"N": "75800"}, "occurred_at": {"S": occurred_at}}
        self.dynamodb.put_item(
            TableName=AUDIT,
            Item={
                "order_id": {"S": ORDER_ID},
                "event_id": {"S": event_id},
                "event": {"S": event},
                "occurred_at": {"S": occurred_at},
                "detail": {"M": detail},
            },
        )

    def archive(self) -> None:
        self.events.create_archive(ArchiveName=BUS, EventSourceArn=self.bus_arn)

    def received(self, consumer: str) -> list[dict[str, Any]]:
        found = self.sqs.receive_message(
            QueueUrl=self.queues[consumer], MaxNumberOfMessages=10, VisibilityTimeout=0
        )
        return [json.loads(message["Body"]) for message in found.get("Messages", [])]

    def received_ids(self) -> dict[str, list[str]]:
        return {
            consumer: [event["detail"]["event_id"] for event in self.received(consumer)]
            for consumer in self.queues
        }

    def archive_replays(self) -> list[dict[str, Any]]:
        names = [each["ReplayName"] for each in self.events.list_replays()["Replays"]]
        return [dict(self.events.describe_replay(ReplayName=name)) for name in names]


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.setattr(event_replay, "_POLL_SECONDS", 0)
    with mock_aws():
        stage = Stage()
        outputs = {f"{name}QueueUrl": url for name, url in stage.queues.items()}
        outputs |= {"EventBusName": BUS, "AuditTableName": AUDIT}
        clients = {
            "sqs": stage.sqs,
            "events": stage.events,
            "dynamodb": stage.dynamodb,
            "firehose": stage.firehose,
            "cloudformation": FakeCloudFormation({"orders-dev-events": outputs}),
        }
        monkeypatch.setattr(boto3, "client", lambda service, **_options: clients[service])
        yield stage


@pytest.mark.parametrize(
    ("options", "audit", "sales"),
    [
        ((), ["c", "a", "b"], ["c", "a"]),
        (("--type", "OrderConfirmed"), ["c", "a"], ["c", "a"]),
        (("--type", "OrderConfirmed", "--type", "OrderCancelled"), ["c", "a", "b"], ["c", "a"]),
        (("--consumer", "count_sales"), [], ["c", "a"]),
        (("--from", "2026-03-01T13:00+01:00"), ["a", "b"], ["a"]),
        (("--from", "2026-03-01T12:00:05"), ["b"], []),
    ],
)
def test_each_consumer_receives_the_events_it_wants_in_their_sequence(
    orders: Run, stage: Stage, options: tuple[str, ...], audit: list[str], sales: list[str]
) -> None:
    result = orders(*REPLAY, *options, "--yes")

    assert result.exit_code == 0, result.output
    assert stage.received_ids() == {"AuditOrderEvents": audit, "CountSales": sales, "MailCustomers": []}


def test_a_replayed_event_is_as_eventbridge_delivers_it(orders: Run, stage: Stage) -> None:
    result = orders(*REPLAY, "--type", "OrderCancelled", "--yes", "--json")

    name = json.loads(result.stdout)["replay"]
    assert stage.received("AuditOrderEvents") == [
        {
            "version": "0",
            "id": "b",
            "detail-type": "OrderCancelled",
            "source": "orders",
            "account": "123456789012",
            "time": "2026-03-01T12:00:09Z",
            "region": "eu-central-1",
            "resources": [],
            "replay-name": name,
            "detail": {"event_id": "b", "amount": 75_800, "occurred_at": "2026-03-01T12:00:09.000Z"},
        }
    ]


def test_a_stream_receives_what_a_queue_does(orders: Run, stage: Stage) -> None:
    orders(*REPLAY, "--type", "OrderCancelled", "--yes")

    assert stage.firehose.records == [("stream", stage.received("AuditOrderEvents")[0])]


def test_what_will_be_replayed_is_shown_and_asked_for(orders: Run, stage: Stage) -> None:
    refused = orders(*REPLAY, stdin="n\n")

    rows = [line.split() for line in refused.stdout.splitlines()]
    assert ["OrderCancelled", "1", "analytics,", "audit_order_events"] in rows
    assert ["OrderConfirmed", "2", "audit_order_events,", "count_sales"] in rows
    assert "3 events of 2026-03-01 00:00:00 to 2026-03-02 00:00:00 UTC from the audit" in refused.stderr
    assert refused.exit_code == 1
    assert stage.received("AuditOrderEvents") == []


def test_the_result_counts_the_events_by_type(orders: Run, stage: Stage) -> None:
    result = orders(*REPLAY, "--yes", "--json")

    shown = json.loads(result.stdout)
    assert shown == {
        "replay": shown["replay"],
        "source": "audit",
        "events": {"OrderConfirmed": 2, "OrderCancelled": 1},
        "consumers": ["analytics", "audit_order_events", "count_sales"],
    }
    assert "3 of 3 events" in result.stderr
    assert stage.received("CountSales")


@pytest.mark.parametrize(("options", "rules"), [((), []), (("--consumer", "count_sales"), ["CountSales"])])
def test_eventbridge_replays_an_archive_to_all_rules_or_to_one(
    orders: Run, stage: Stage, options: tuple[str, ...], rules: list[str]
) -> None:
    stage.archive()

    result = orders(*REPLAY, "--from", "2026-03-01T00:00:00.900Z", *options, "--yes")

    assert result.exit_code == 0, result.output
    [replay] = stage.archive_replays()
    assert f"{replay['EventStartTime']:%F %T.%f%z}" == "2026-03-01 00:00:00.000000+0000"
    assert f"{replay['EventEndTime']:%F %T%z}" == "2026-03-02 00:00:00+0000"
    assert replay["EventSourceArn"].endswith(f":archive/{BUS}")
    assert replay["Destination"]["Arn"] == stage.bus_arn
    assert replay["Destination"].get("FilterArns", []) == [stage.rules[rule] for rule in rules]
    assert stage.received("AuditOrderEvents") == []


@pytest.mark.parametrize("options", [("--type", "OrderCancelled"), ("--source", "audit")])
def test_beside_an_archive_the_audit_can_be_replayed(
    orders: Run, stage: Stage, options: tuple[str, ...]
) -> None:
    stage.archive()

    orders(*REPLAY, *options, "--yes")

    assert stage.archive_replays() == []
    assert "b" in [event["detail"]["event_id"] for event in stage.received("AuditOrderEvents")]


def test_an_archive_is_replayed_even_if_the_audit_has_lost_everything(orders: Run, stage: Stage) -> None:
    stage.archive()

    result = orders(*REPLAY, "--from", "2026-03-01T20:00", "--yes")

    assert "The audit has no such event of this period." in result.stdout
    assert len(stage.archive_replays()) == 1


def test_a_replay_of_the_archive_that_fails_is_reported(
    orders: Run, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.archive()
    states = iter([{"State": "STARTING"}, {"State": "FAILED", "StateReason": "The bus is gone"}])
    monkeypatch.setattr(stage.events, "describe_replay", lambda **_: next(states))

    result = orders(*REPLAY, "--yes")

    assert result.exit_code == 1
    assert "STARTING" in result.stderr
    assert "The bus is gone" in result.stderr


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--consumer", "mail_customers"), 1, "orders events republish ORDER_ID"),
        (("--consumer", "lost"), 4, "Consumers: analytics, audit_order_events, count_sales"),
        (("--type", "OrderLost"), 4, "The audit has no such event of 2026-03-01 00:00:00 to"),
        (("--source", "archive"), 2, "Use the audit: --source audit"),
        (("--source", "archive", "--type", "OrderFailed"), 2, "EventBridge can't select types"),
        (("--from", "noon"), 2, "--from noon is not a time"),
        (("--to", "2026-03-01"), 2, "--from must be before --to"),
        (("--to", "2999-01-01"), 2, "--to must not be in the future"),
    ],
)
def test_what_cannot_be_replayed_is_refused(
    orders: Run, stage: Stage, options: tuple[str, ...], code: int, said: str
) -> None:
    result = orders(*REPLAY, *options, "--yes")

    assert (result.exit_code, said in result.stderr) == (code, True), result.output
    assert not any(stage.received_ids().values())

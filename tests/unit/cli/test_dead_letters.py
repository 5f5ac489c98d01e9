"""`orders dlq`: what could not be handled is shown, sent back and dropped."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from cli import dead_letters
from cli.dead_letters import DeadLetters
from tests.unit.cli.conftest import FakeCloudFormation, Run

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

ORDER_ID = "0d3cb4b4-6a2c-5d47-9a5e-2f1c8a7b6e10"
STAGE = ("--stage", "dev")

EVENT = {
    "detail-type": "OrderFailed",
    "source": "orders",
    "detail": {"event_id": "event-1", "order_id": ORDER_ID, "failure": {"message": "to jo@example.com"}},
}
FEEDBACK = {"event_id": "event-2", "detail_type": "Email Bounced", "order_ids": [ORDER_ID]}
EXECUTION = {
    "detail-type": "Step Functions Execution Status Change",
    "source": "aws.states",
    "detail": {"name": f"{ORDER_ID}-r1", "status": "ABORTED", "input": '{"email": "jo@example.com"}'},
}
FILE = {
    "detail-type": "Object Created",
    "source": "aws.s3",
    "detail": {"object": {"key": "incoming/monday.jsonl"}},
}
UNKNOWN = ("unknown: its text is no message of this service", None, None)
STREAM_POSITION = {
    "requestContext": {
        "functionArn": "arn:aws:lambda:eu-central-1:123456789012:function:orders-dev-publish_order_events",
        "condition": "RetryAttemptsExhausted",
    },
    "DDBStreamBatchInfo": {"batchSize": 1, "approximateArrivalOfFirstRecord": "2026-03-01T12:00:04Z"},
}


class Queues:
    """The queues of a stage, in an account in memory."""

    def __init__(self) -> None:
        self.sqs: SQSClient = boto3.client("sqs")
        self.dead_letters = self._add("AuditOrderEventsDeadLetters")
        self.source = self._add("AuditOrderEvents", dead_letters=self.dead_letters)
        self.parked = self._add("ParkedEvents")

    def _add(self, name: str, dead_letters: str | None = None) -> str:
        attributes: Any = {}
        if dead_letters is not None:
            policy = {
                "deadLetterTargetArn": self._attribute(dead_letters, "QueueArn"),
                "maxReceiveCount": "5",
            }
            attributes = {"RedrivePolicy": json.dumps(policy)}
        return self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]

    def _attribute(self, url: str, name: Any) -> str:  # noqa: ANN401 - the stubs' own literals
        answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])
        return answer["Attributes"][name]

    def send(self, url: str, *bodies: object, error: str | None = None) -> list[str]:
        attributes: Any = {"ERROR_CODE": {"DataType": "String", "StringValue": error}} if error else {}
        texts = (body if isinstance(body, str) else json.dumps(body) for body in bodies)
        return [
            self.sqs.send_message(QueueUrl=url, MessageBody=text, MessageAttributes=attributes)["MessageId"]
            for text in texts
        ]

    def visible(self, url: str) -> int:
        return int(self._attribute(url, "ApproximateNumberOfMessages"))

    def bodies(self, url: str) -> list[str]:
        found = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [message["Body"] for message in found.get("Messages", [])]


@pytest.fixture
def queues(monkeypatch: pytest.MonkeyPatch) -> Iterator[Queues]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.delenv("AWS_REGION", raising=False)
    with mock_aws():
        queues = Queues()
        stacks = {
            "orders-dev-events": {
                "AuditOrderEventsQueueUrl": queues.source,
                "AuditOrderEventsDeadLettersQueueUrl": queues.dead_letters,
                "EventBusName": "orders-dev",
            },
            "orders-dev-saga": {"ParkedEventsQueueUrl": queues.parked},
            "orders-prod-saga": {"UnstartedOrdersQueueUrl": "https://elsewhere.test/queue"},
            "another": {},
        }
        clients = {"sqs": queues.sqs, "cloudformation": FakeCloudFormation(stacks)}
        monkeypatch.setattr(dead_letters, "_WAIT_SECONDS", 0)
        monkeypatch.setattr(boto3, "client", lambda service, **_options: clients[service])
        yield queues


def test_the_list_has_depths_and_what_can_be_sent_back(orders: Run, queues: Queues) -> None:
    queues.send(queues.dead_letters, EVENT, EVENT)

    listed = json.loads(orders("dlq", "list", *STAGE, "--json").stdout)

    assert [(each["queue"], each["depth"], each["redrive"].partition(":")[0]) for each in listed] == [
        ("AuditOrderEventsDeadLetters", 2, "yes"),
        ("ParkedEvents", 0, "no"),
    ]
    assert listed[0]["oldest_at"].endswith("+00:00")
    assert listed[1]["oldest_at"] is None


def test_the_list_is_a_table_with_ages(orders: Run, queues: Queues) -> None:
    queues.send(queues.dead_letters, EVENT)

    result = orders("dlq", "list", *STAGE)

    assert "AuditOrderEventsDeadLetters" in result.stdout
    assert " s " in result.stdout


@pytest.mark.parametrize(
    ("body", "known"),
    [
        (EVENT, ("OrderFailed", ORDER_ID, "event-1")),
        (FEEDBACK, ("Email Bounced", ORDER_ID, "event-2")),
        (EXECUTION, (f"execution {ORDER_ID}-r1 ended ABORTED", ORDER_ID, None)),
        (FILE, ("file incoming/monday.jsonl", None, None)),
        ({"email": "jo@example.com"}, UNKNOWN),
        ("jo@example.com", UNKNOWN),
        ([1], UNKNOWN),
    ],
)
def test_a_message_is_shown_by_names_and_ids_only(
    orders: Run, queues: Queues, body: object, known: tuple[str | None, ...]
) -> None:
    queues.send(queues.dead_letters, body)

    result = orders("dlq", "show", "AuditOrderEventsDeadLetters", *STAGE, "--json")

    [shown] = json.loads(result.stdout)
    assert (shown["what"], shown["order_id"], shown["event_id"]) == known
    assert "jo@example.com" not in result.output


def test_a_message_that_is_shown_stays_in_its_queue(orders: Run, queues: Queues) -> None:
    queues.send(queues.dead_letters, *[EVENT] * 12)

    result = orders("dlq", "show", "AuditOrderEventsDeadLetters", *STAGE)

    assert result.stdout.count("OrderFailed") == 12
    assert queues.visible(queues.dead_letters) == 12


def test_an_event_that_was_not_delivered_is_shown_with_the_error(orders: Run, queues: Queues) -> None:
    queues.send(queues.dead_letters, EVENT, error="NO_PERMISSIONS")

    result = orders("dlq", "show", "AuditOrderEventsDeadLetters", *STAGE)

    assert "OrderFailed (not delivered: NO_PERMISSIONS)" in result.stdout


def test_a_stream_position_is_shown_as_one(orders: Run, queues: Queues) -> None:
    queues.send(queues.parked, STREAM_POSITION)

    result = orders("dlq", "show", "ParkedEvents", *STAGE)

    assert "orders-dev-publish_order_events could not process 1 change(s)" in result.stdout
    assert "orders events republish ORDER_ID" in result.stderr


def test_an_event_that_was_in_no_queue_is_no_stream_position(orders: Run, queues: Queues) -> None:
    queues.send(queues.parked, EVENT, error="NO_PERMISSIONS")

    result = orders("dlq", "show", "ParkedEvents", *STAGE)

    assert "stream position" not in result.stderr


def test_an_empty_queue_is_shown_as_empty(orders: Run, queues: Queues) -> None:
    del queues  # they are empty

    assert orders("dlq", "show", "ParkedEvents", *STAGE).stdout == "The queue is empty.\n"


def test_all_messages_are_sent_back_to_their_source(orders: Run, queues: Queues) -> None:
    queues.send(queues.dead_letters, *[EVENT] * 23)

    result = orders("dlq", "redrive", "AuditOrderEventsDeadLetters", "--all", *STAGE)

    assert result.stdout == "23 sent back\n"
    assert queues.visible(queues.dead_letters) == 0
    assert queues.visible(queues.source) == 23
    assert set(queues.bodies(queues.source)) == {json.dumps(EVENT)}


def test_one_message_is_sent_back(orders: Run, queues: Queues) -> None:
    _first, second = queues.send(queues.dead_letters, EVENT, FEEDBACK)

    orders("dlq", "redrive", "AuditOrderEventsDeadLetters", second, *STAGE)

    assert queues.bodies(queues.source) == [json.dumps(FEEDBACK)]
    assert queues.bodies(queues.dead_letters) == [json.dumps(EVENT)]


def test_a_stream_position_cannot_be_sent_back(orders: Run, queues: Queues) -> None:
    queues.send(queues.parked, STREAM_POSITION)

    result = orders("dlq", "redrive", "ParkedEvents", "--all", *STAGE)

    assert result.exit_code == 1
    assert "orders events republish ORDER_ID" in result.stderr
    assert queues.visible(queues.parked) == 1


def test_a_message_is_dropped_after_a_confirmation(orders: Run, queues: Queues) -> None:
    first, _second = queues.send(queues.dead_letters, EVENT, FEEDBACK)
    drop = ("dlq", "drop", "AuditOrderEventsDeadLetters", first, *STAGE)

    refused = orders(*drop, stdin="n\n")
    kept = queues.visible(queues.dead_letters)
    done = orders(*drop, stdin="y\n")

    assert (refused.exit_code, kept) == (1, 2)
    assert done.stdout.endswith("1 deleted\n")
    assert queues.bodies(queues.dead_letters) == [json.dumps(FEEDBACK)]


def test_all_messages_are_dropped_without_a_question(orders: Run, queues: Queues) -> None:
    queues.send(queues.parked, *[STREAM_POSITION] * 11)

    result = orders("dlq", "drop", "ParkedEvents", "--all", "--yes", *STAGE)

    assert (result.stdout, queues.visible(queues.parked)) == ("11 deleted\n", 0)


@pytest.mark.usefixtures("queues")
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("show", "Lost"), 4, "AuditOrderEventsDeadLetters, ParkedEvents"),
        (("show", "AuditOrderEvents"), 4, "No dead-letter queue is called AuditOrderEvents"),
        (("redrive", "AuditOrderEventsDeadLetters", "no-such-message"), 4, "no message no-such-message"),
        (("redrive", "AuditOrderEventsDeadLetters"), 2, "Pass a message id, or --all."),
        (("drop", "ParkedEvents", "a-message", "--all"), 2, "Pass a message id, or --all."),
    ],
)
def test_what_does_not_exist_is_not_touched(
    orders: Run, arguments: tuple[str, ...], code: int, said: str
) -> None:
    result = orders("dlq", *arguments, *STAGE)

    assert result.exit_code == code
    assert said in result.stderr


@pytest.mark.usefixtures("queues")
def test_a_stage_that_does_not_exist_is_unavailable(orders: Run) -> None:
    result = orders("dlq", "list", "--stage", "lost")

    assert result.exit_code == 5
    assert "The stage lost was not found" in result.stderr


@pytest.mark.parametrize("which", ["--all", "its id"])
def test_a_message_is_found_even_if_the_depth_of_its_queue_lags(
    orders: Run, queues: Queues, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    [message_id] = queues.send(queues.dead_letters, EVENT)
    monkeypatch.setattr(DeadLetters, "depth", lambda *_: 0)

    shown = json.loads(orders("dlq", "show", "AuditOrderEventsDeadLetters", *STAGE, "--json").stdout)
    argument = which if which == "--all" else message_id
    orders("dlq", "redrive", "AuditOrderEventsDeadLetters", argument, *STAGE)

    assert [each["message_id"] for each in shown] == [message_id]
    assert (queues.visible(queues.dead_letters), queues.visible(queues.source)) == (0, 1)

"""Reading visits to states from histories in the form of Step Functions."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import boto3
import pytest
from botocore.stub import Stubber

from local.saga_control import SagaControl

MACHINE = "arn:aws:states:eu-central-1:123456789012:stateMachine:saga"
ARN = "arn:aws:states:eu-central-1:123456789012:execution:saga:o-1"
TASK = {"resourceType": "lambda", "resource": "invoke"}
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def event(seconds: int, kind: str, **details: Any) -> dict[str, Any]:  # noqa: ANN401 - any event
    return {"id": seconds + 1, "type": kind, "timestamp": NOON + timedelta(seconds=seconds), **details}


def entered(seconds: int, state: str, kind: str = "Task") -> dict[str, Any]:
    return event(seconds, f"{kind}StateEntered", stateEnteredEventDetails={"name": state})


HISTORY = [
    event(0, "ExecutionStarted"),
    entered(0, "ChargePayment"),
    event(1, "TaskScheduled"),
    event(2, "TaskFailed", taskFailedEventDetails={**TASK, "error": "PaymentProviderUnavailable"}),
    event(3, "TaskScheduled"),
    event(4, "TaskSucceeded"),
    event(5, "TaskStateExited"),
    entered(5, "RefundPayment"),
    event(6, "TaskScheduled"),
    event(7, "TaskTimedOut", taskTimedOutEventDetails={**TASK, "error": "States.Timeout"}),
    event(8, "TaskStateExited"),
    entered(8, "NeedsAttention", "Fail"),
    event(9, "ExecutionFailed"),
]


@pytest.fixture
def stub() -> Iterator[Stubber]:
    with Stubber(boto3.client("stepfunctions")) as stub:
        yield stub


def control(stub: Stubber) -> SagaControl:
    return SagaControl(cast(Any, stub).client, MACHINE)


def has_history(stub: Stubber, history: list[dict[str, Any]]) -> None:
    request = {"executionArn": ARN, "includeExecutionData": False}
    stub.add_response("get_execution_history", {"events": history}, request)


def test_visits_have_times_attempts_and_errors(stub: Stubber) -> None:
    has_history(stub, HISTORY)

    visits = control(stub).visits("o-1")

    assert [
        (visit.name, visit.left and (visit.left - NOON).seconds, visit.attempts, visit.retried, visit.error)
        for visit in visits
    ] == [
        ("ChargePayment", 5, 2, ("PaymentProviderUnavailable",), None),
        ("RefundPayment", 8, 1, (), "States.Timeout"),
        ("NeedsAttention", 9, 0, (), "ExecutionFailed"),
    ]


def test_the_current_state_has_no_time_of_exit(stub: Stubber) -> None:
    has_history(stub, HISTORY[:4])

    assert control(stub).visits("o-1")[-1].left is None


def test_an_execution_that_does_not_exist_has_no_status(stub: Stubber) -> None:
    stub.add_client_error("describe_execution", "ExecutionDoesNotExist")

    assert control(stub).status("o-1") is None

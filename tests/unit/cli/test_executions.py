"""Reading executions from histories in the form of Step Functions."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import boto3
import pytest
from botocore.stub import Stubber

from cli.errors import Unavailable
from cli.executions import Execution, Executions

MACHINE = "arn:aws:states:eu-central-1:123456789012:stateMachine:saga"
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


def has_execution(stub: Stubber, name: str, status: str, history: list[dict[str, Any]]) -> None:
    arn = f"arn:aws:states:eu-central-1:123456789012:execution:saga:{name}"
    described = {"executionArn": arn, "stateMachineArn": MACHINE, "status": status, "startDate": NOON}
    stub.add_response("describe_execution", described, {"executionArn": arn})
    # The terminal does not display execution data, so it is not requested.
    request = {"executionArn": arn, "includeExecutionData": False}
    stub.add_response("get_execution_history", {"events": history}, request)


def lists(stub: Stubber, *names: str) -> None:
    execution = {"executionArn": "arn", "stateMachineArn": MACHINE, "status": "RUNNING", "startDate": NOON}
    stub.add_response("list_executions", {"executions": [{**execution, "name": name} for name in names]})


def executions_of(stub: Stubber) -> list[Execution]:
    return Executions(cast(Any, stub).client, MACHINE).of_order("o-1")


def test_visits_have_times_attempts_and_the_last_error(stub: Stubber) -> None:
    lists(stub)
    has_execution(stub, "o-1", "FAILED", HISTORY)

    (execution,) = executions_of(stub)

    assert [
        (visit.name, visit.left and (visit.left - NOON).seconds, visit.attempts, visit.error)
        for visit in execution.visits
    ] == [
        ("ChargePayment", 5, 2, None),
        ("RefundPayment", 8, 1, "States.Timeout"),
        ("NeedsAttention", 9, 0, "ExecutionFailed"),
    ]


def test_the_current_state_has_no_time_of_exit(stub: Stubber) -> None:
    lists(stub)
    has_execution(stub, "o-1", "RUNNING", HISTORY[:4])

    (execution,) = executions_of(stub)

    assert execution.visits[-1].left is None


def test_an_orders_later_executions_follow_its_first_one(stub: Stubber) -> None:
    # Step Functions lists the newest execution first.
    lists(stub, "o-1-retry-v9", "o-2", "o-1-cancel", "o-1")
    for name in ("o-1", "o-1-cancel", "o-1-retry-v9"):
        has_execution(stub, name, "SUCCEEDED", HISTORY[:2])

    executions = executions_of(stub)

    assert [execution.name for execution in executions] == ["o-1", "o-1-cancel", "o-1-retry-v9"]


def test_an_order_that_has_just_been_placed_has_no_execution_yet(stub: Stubber) -> None:
    lists(stub)
    stub.add_client_error("describe_execution", "ExecutionDoesNotExist")

    assert executions_of(stub) == []


def test_lack_of_permission_is_reported_as_unavailable(stub: Stubber) -> None:
    stub.add_client_error("list_executions", "AccessDeniedException")

    with pytest.raises(Unavailable):
        executions_of(stub)


@pytest.mark.parametrize("name", ["o-1", "o-1-cancel"])
def test_an_executions_arn_ends_in_its_name(stub: Stubber, name: str) -> None:
    arn = Executions(cast(Any, stub).client, MACHINE).arn(name)

    assert arn == f"arn:aws:states:eu-central-1:123456789012:execution:saga:{name}"

import json

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from lambdas.domain.errors import SagaUnavailable
from lambdas.shared.saga_executions import SagaExecutions, execution_arn
from lambdas.shared.settings import Settings
from tests.unit.lambdas.builders import ORDER_ID

MACHINE = "arn:aws:states:eu-central-1:123456789012:stateMachine:order-saga"
EXECUTION = f"arn:aws:states:eu-central-1:123456789012:execution:order-saga:{ORDER_ID}-v7"


@pytest.fixture
def saga() -> SagaExecutions:
    return SagaExecutions.from_settings(Settings())


@pytest.mark.parametrize(
    ("request_id", "given"),
    [
        ("the-request", {"order_id": ORDER_ID, "request_id": "the-request"}),
        pytest.param(None, {"order_id": ORDER_ID}, id="an order of an earlier version"),
    ],
)
def test_an_execution_gets_the_order_and_the_request(
    saga: SagaExecutions, step_functions_stub: Stubber, request_id: str | None, given: dict[str, str]
) -> None:
    step_functions_stub.add_response(
        "start_execution",
        {"executionArn": EXECUTION, "startDate": "2026-03-01T12:00:00Z"},
        {"stateMachineArn": MACHINE, "name": f"{ORDER_ID}-v7", "input": json.dumps(given)},
    )

    assert saga.start(ORDER_ID, request_id, f"{ORDER_ID}-v7") is True


@pytest.mark.parametrize("started", [MACHINE, f"{MACHINE}:live"])
def test_the_arn_of_an_execution_has_no_alias(started: str) -> None:
    assert execution_arn(started, f"{ORDER_ID}-v7") == EXECUTION


def test_an_execution_is_started_through_the_alias(step_functions_stub: Stubber) -> None:
    step_functions_stub.add_response(
        "start_execution",
        {"executionArn": EXECUTION, "startDate": "2026-03-01T12:00:00Z"},
        {"stateMachineArn": f"{MACHINE}:live", "name": ORDER_ID, "input": json.dumps({"order_id": ORDER_ID})},
    )

    saga = SagaExecutions.from_settings(Settings({"STATE_MACHINE_ARN": f"{MACHINE}:live"}))

    assert saga.start(ORDER_ID, None, ORDER_ID) is True


def test_no_execution_is_started_with_a_used_name(saga: SagaExecutions, step_functions_stub: Stubber) -> None:
    step_functions_stub.add_client_error("start_execution", "ExecutionAlreadyExists")

    assert saga.start(ORDER_ID, None, ORDER_ID) is False


@pytest.mark.parametrize("operation", ["start_execution", "describe_execution"])
def test_a_throttled_call_can_be_retried(
    saga: SagaExecutions, step_functions_stub: Stubber, operation: str
) -> None:
    step_functions_stub.add_client_error(operation, "ThrottlingException")

    with pytest.raises(SagaUnavailable, match="ThrottlingException"):
        saga.start(ORDER_ID, None, ORDER_ID) if operation == "start_execution" else saga.is_running(ORDER_ID)


def test_an_unknown_state_machine_passes_through(saga: SagaExecutions, step_functions_stub: Stubber) -> None:
    step_functions_stub.add_client_error("start_execution", "StateMachineDoesNotExist")

    with pytest.raises(ClientError, match="StateMachineDoesNotExist"):
        saga.start(ORDER_ID, None, ORDER_ID)


@pytest.mark.parametrize(("status", "running"), [("RUNNING", True), ("SUCCEEDED", False), ("FAILED", False)])
def test_an_execution_runs_until_it_has_ended(
    saga: SagaExecutions, step_functions_stub: Stubber, status: str, *, running: bool
) -> None:
    step_functions_stub.add_response(
        "describe_execution",
        {
            "executionArn": EXECUTION,
            "stateMachineArn": MACHINE,
            "status": status,
            "startDate": "2026-03-01T12:00:00Z",
        },
        {"executionArn": EXECUTION},
    )

    assert saga.is_running(f"{ORDER_ID}-v7") is running

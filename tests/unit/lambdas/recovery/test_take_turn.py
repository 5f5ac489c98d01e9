from datetime import timedelta

import pytest
from botocore.stub import Stubber

from lambdas.domain.errors import SagaUnavailable
from lambdas.recovery.take_turn.handler import handler
from lambdas.recovery.take_turn.logic import Running, is_turn_of
from tests.unit.lambdas.invocations import CONTEXT
from tests.unit.lambdas.runs import STARTED_AT

MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:orders-local-reconciliation"
LATER = STARTED_AT + timedelta(minutes=15)


@pytest.mark.parametrize(
    ("running", "is_turn"),
    [
        ([], True),
        ([Running(LATER, "mine")], True),
        ([Running(LATER, "mine"), Running(STARTED_AT, "nightly")], False),
        ([Running(STARTED_AT, "mine"), Running(LATER, "nightly")], True),
        ([Running(STARTED_AT, "nightly")], False),
        ([Running(STARTED_AT, "mine"), Running(STARTED_AT, "nightly")], True),
        ([Running(STARTED_AT, "mine"), Running(STARTED_AT, "another")], False),
    ],
)
def test_it_is_the_turn_of_the_run_that_started_first(running: list[Running], *, is_turn: bool) -> None:
    assert is_turn_of("mine", running) is is_turn


def test_executions_that_run_are_read_page_by_page(step_functions_stub: Stubber) -> None:
    wanted = {"stateMachineArn": MACHINE, "statusFilter": "RUNNING"}
    mine, nightly = (
        {
            "executionArn": f"arn:{name}",
            "stateMachineArn": MACHINE,
            "name": name,
            "status": "RUNNING",
            "startDate": at,
        }
        for name, at in (("mine", LATER), ("nightly", STARTED_AT))
    )
    step_functions_stub.add_response("list_executions", {"executions": [mine], "nextToken": "more"}, wanted)
    step_functions_stub.add_response(
        "list_executions", {"executions": [nightly]}, wanted | {"nextToken": "more"}
    )

    answer = handler({"state_machine": MACHINE, "execution": "mine"}, CONTEXT)

    assert answer == {"is_turn": False}


def test_a_list_that_is_throttled_can_be_read_again(step_functions_stub: Stubber) -> None:
    step_functions_stub.add_client_error("list_executions", "ThrottlingException")

    with pytest.raises(SagaUnavailable):
        handler({"state_machine": MACHINE, "execution": "mine"}, CONTEXT)

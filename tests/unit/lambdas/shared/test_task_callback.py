import json
from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from lambdas.domain.errors import PaymentDeclined, SagaUnavailable
from lambdas.shared.task_callback import TaskCallback
from tests.unit.lambdas.builders import TASK_TOKEN
from tests.unit.lambdas.conftest import Log

DECLINED = PaymentDeclined("The card has expired.")

CALLS: dict[str, Callable[[TaskCallback], None]] = {
    "send_task_success": lambda callback: callback.succeed(TASK_TOKEN),
    "send_task_failure": lambda callback: callback.fail(TASK_TOKEN, DECLINED),
}


def test_a_success_has_the_form_of_a_functions_output(step_functions_stub: Stubber, log: Log) -> None:
    output = json.dumps({"Payload": {}})
    step_functions_stub.add_response("send_task_success", {}, {"taskToken": TASK_TOKEN, "output": output})

    TaskCallback.connect().succeed(TASK_TOKEN)

    assert [(line["message"], line["outcome"]) for line in log.lines] == [("saga resumed", "success")]
    assert TASK_TOKEN not in log.text


def test_a_failure_has_the_form_of_a_functions_error(step_functions_stub: Stubber) -> None:
    cause = json.dumps({"errorType": "PaymentDeclined", "errorMessage": "The card has expired."})
    step_functions_stub.add_response(
        "send_task_failure", {}, {"taskToken": TASK_TOKEN, "error": "PaymentDeclined", "cause": cause}
    )

    TaskCallback.connect().fail(TASK_TOKEN, DECLINED)


@pytest.mark.parametrize(("operation", "resume"), CALLS.items(), ids=CALLS)
@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_a_token_without_a_waiting_execution_is_ignored(
    step_functions_stub: Stubber, operation: str, resume: Callable[[TaskCallback], None], code: str
) -> None:
    step_functions_stub.add_client_error(operation, code)

    resume(TaskCallback.connect())


@pytest.mark.parametrize(("operation", "resume"), CALLS.items(), ids=CALLS)
def test_a_throttled_call_can_be_retried(
    step_functions_stub: Stubber, operation: str, resume: Callable[[TaskCallback], None]
) -> None:
    step_functions_stub.add_client_error(operation, "ThrottlingException")

    with pytest.raises(SagaUnavailable):
        resume(TaskCallback.connect())


@pytest.mark.parametrize(("operation", "resume"), CALLS.items(), ids=CALLS)
@pytest.mark.parametrize("code", ["AccessDeniedException", "InvalidOutput"])
def test_a_call_that_fails_is_not_ignored(
    step_functions_stub: Stubber, operation: str, resume: Callable[[TaskCallback], None], code: str
) -> None:
    step_functions_stub.add_client_error(operation, code)

    with pytest.raises(ClientError, match=code):
        resume(TaskCallback.connect())

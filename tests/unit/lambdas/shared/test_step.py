"""The input and the log lines of every step."""

import pytest

from lambdas.domain.errors import (
    OutOfStock,
    PaymentActionRequired,
    PaymentProviderUnavailable,
    RefundRefused,
)
from lambdas.domain.vocabulary import Metric
from lambdas.shared.log import logger
from lambdas.shared.metrics import Measure
from lambdas.shared.settings import Settings
from lambdas.shared.step import StepInput, step_handler
from tests.unit.lambdas.builders import ORDER_ID, REQUEST_ID, TASK_TOKEN, TIMED_OUT
from tests.unit.lambdas.conftest import Log
from tests.unit.lambdas.invocations import CONTEXT, step_payload
from tests.unit.lambdas.metrics import Emitted


@step_handler
def a_step(step: StepInput, _settings: Settings) -> dict[str, object]:
    logger.info("halfway")
    return {"error": step.error, "has a token": bool(step.task_token)}


def raising(error: Exception) -> None:
    @step_handler
    def a_failing_step(_step: StepInput, _settings: Settings) -> dict[str, object]:
        raise error

    a_failing_step(step_payload(), CONTEXT)


def test_a_step_gets_its_payload() -> None:
    seen: list[StepInput] = []

    @step_handler
    def see(step: StepInput, _settings: Settings) -> dict[str, object]:
        seen.append(step)
        return {}

    see(step_payload(TIMED_OUT, task_token=TASK_TOKEN), CONTEXT)

    assert seen == [StepInput(ORDER_ID, ORDER_ID, REQUEST_ID, TIMED_OUT, 0, TASK_TOKEN)]


def test_every_try_of_every_execution_is_its_own_attempt() -> None:
    tries = [
        {"order_id": ORDER_ID, "execution": execution, "attempt": retries}
        for execution in ("the-first", "the-first-r1")
        for retries in (0, 1)
    ]

    attempts = {StepInput.parse(each).attempt for each in tries}

    assert attempts == {"the-first-0", "the-first-1", "the-first-r1-0", "the-first-r1-1"}


@pytest.mark.parametrize("payload", [step_payload(), {**step_payload(), "error": None}])
def test_a_forward_step_has_no_error_and_no_token(payload: dict[str, object]) -> None:
    assert a_step(payload, CONTEXT) == {"error": {}, "has a token": False}


@pytest.mark.parametrize(("payload", "retries"), [({}, 0), ({"attempt": 0}, 0), ({"attempt": 3}, 1)])
def test_each_try_after_the_first_is_counted_as_a_retry(
    payload: dict[str, object], retries: int, emitted: Emitted
) -> None:
    a_step({**step_payload(), **payload}, CONTEXT)

    assert emitted() == [Measure(Metric.STEP_RETRIES, "shared")] * retries, "the folder of this step"


def test_every_log_line_names_order_execution_and_request(log: Log) -> None:
    outcome = a_step({**step_payload(), "execution": "the-execution"}, CONTEXT)

    assert [line["message"] for line in log.lines] == ["halfway", "step done"]
    assert log.lines[-1]["outcome"] == outcome
    ids = {(line["order_id"], line["execution"], line["request_id"]) for line in log.lines}
    assert ids == {(ORDER_ID, "the-execution", REQUEST_ID)}


def test_an_execution_of_an_earlier_version_has_no_request(log: Log) -> None:
    a_step({"order_id": ORDER_ID, "execution": ORDER_ID}, CONTEXT)
    a_step({"order_id": ORDER_ID, "execution": ORDER_ID, "request_id": None}, CONTEXT)

    assert ["request_id" in line for line in log.lines] == [False] * 4


def test_a_rejection_is_logged_as_information(log: Log) -> None:
    with pytest.raises(OutOfStock):
        raising(OutOfStock("CRUNCHY-ARMCHAIR is out of stock."))

    [line] = log.lines
    assert (line["level"], line["message"], line["error"]) == ("INFO", "order rejected", "OutOfStock")
    assert line["order_id"] == ORDER_ID


def test_a_transient_failure_is_logged_as_a_warning_with_its_reason(log: Log) -> None:
    with pytest.raises(PaymentProviderUnavailable):
        raising(PaymentProviderUnavailable("APIError: HTTP 503"))

    [line] = log.lines
    assert (line["level"], line["message"]) == ("WARNING", "step failed for now")
    assert line["error"] == "PaymentProviderUnavailable: APIError: HTTP 503"
    assert line["order_id"] == ORDER_ID


@pytest.mark.parametrize(
    ("error", "level"),
    [(PaymentActionRequired("x"), "INFO"), (RefundRefused("x"), "ERROR"), (KeyError("a bug"), "ERROR")],
)
def test_every_error_of_a_step_is_logged_and_reaches_the_machine(
    error: Exception, level: str, log: Log
) -> None:
    with pytest.raises(type(error)):
        raising(error)

    [line] = log.lines
    assert (line["level"], line["message"]) == (level, "step ended with an error")
    assert (line["error"], line["order_id"]) == (type(error).__name__, ORDER_ID)

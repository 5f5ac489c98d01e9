"""States and tries out of histories in the form of Step Functions."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from lambdas.api.list_executions.history import (
    Attempt,
    ErrorOutput,
    ExecutionEnd,
    StateOutcome,
    StateVisit,
    end_of,
    visits_of,
    without_secrets,
)

NOON: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
TASK: Final = {"resourceType": "lambda", "resource": "invoke"}


def at(seconds: int) -> str:
    return f"2026-03-01T12:00:{seconds:02}.000Z"


def event(seconds: int, kind: str, **details: Any) -> dict[str, Any]:  # noqa: ANN401 - any detail
    """An event; its details are those of its type."""
    named = f"{kind[0].lower()}{kind[1:]}EventDetails"
    return {
        "type": kind,
        "timestamp": NOON + timedelta(seconds=seconds),
        **({named: details} if details else {}),
    }


def entered(seconds: int, name: str, kind: str = "Task", given: object = None) -> dict[str, Any]:
    details = {"name": name, "input": json.dumps(given if given is not None else {})}
    moment = NOON + timedelta(seconds=seconds)
    return {"type": f"{kind}StateEntered", "timestamp": moment, "stateEnteredEventDetails": details}


def exited(seconds: int, name: str, kind: str = "Task", output: str = "{}") -> dict[str, Any]:
    details = {"name": name, "output": output}
    moment = NOON + timedelta(seconds=seconds)
    return {"type": f"{kind}StateExited", "timestamp": moment, "stateExitedEventDetails": details}


def raised(error: str, message: str) -> dict[str, Any]:
    """The details of a function's exception."""
    cause = {"errorMessage": message, "errorType": error, "stackTrace": ["secret.py"]}
    return {**TASK, "error": error, "cause": json.dumps(cause)}


def test_a_state_that_succeeds() -> None:
    visits = visits_of(
        [
            event(0, "ExecutionStarted"),
            entered(1, "ValidateOrder", given={"order_id": "o"}),
            event(2, "TaskScheduled", **TASK),
            event(3, "TaskStarted", **TASK),
            event(4, "TaskSucceeded", **TASK),
            exited(5, "ValidateOrder", output='{"amount": 7}'),
            entered(5, "ChargePayment"),
        ]
    )

    assert visits == [
        StateVisit(
            "ValidateOrder",
            at(1),
            at(5),
            StateOutcome.SUCCEEDED,
            "ChargePayment",
            {"order_id": "o"},
            {"amount": 7},
            (Attempt(at(2), at(3), at(4)),),
        ),
        StateVisit("ChargePayment", at(5), input={}),
    ]


def test_a_state_that_is_retried_has_an_attempt_for_each_try() -> None:
    [visit] = visits_of(
        [
            entered(0, "ChargePayment"),
            event(1, "TaskScheduled", **TASK),
            event(2, "TaskStarted", **TASK),
            event(3, "TaskFailed", **raised("PaymentProviderUnavailable", "HTTP 503")),
            event(5, "TaskScheduled", **TASK),
            event(6, "TaskTimedOut", **TASK),
            event(7, "TaskScheduled", **TASK),
            event(
                8, "TaskStartFailed", **TASK, error="Lambda.TooManyRequestsException", cause="Rate Exceeded."
            ),
            event(9, "TaskScheduled", **TASK),
            event(9, "TaskStarted", **TASK),
            event(10, "TaskSucceeded", **TASK),
            exited(10, "ChargePayment"),
        ]
    )

    assert visit.outcome is StateOutcome.SUCCEEDED
    assert visit.attempts == (
        Attempt(at(1), at(2), at(3), ErrorOutput("PaymentProviderUnavailable", "HTTP 503")),
        Attempt(at(5), None, at(6), ErrorOutput("States.Timeout", "")),
        Attempt(at(7), None, at(8), ErrorOutput("Lambda.TooManyRequestsException", "Rate Exceeded.")),
        Attempt(at(9), at(9), at(10)),
    )


def test_a_state_whose_error_is_caught_leads_to_its_catcher() -> None:
    caught, _undo = visits_of(
        [
            entered(0, "ReserveInventory"),
            event(1, "TaskScheduled", **TASK),
            event(2, "TaskFailed", **raised("OutOfStock", "A is out of stock.")),
            exited(2, "ReserveInventory"),
            entered(2, "ReleaseInventory"),
        ]
    )

    assert (caught.outcome, caught.next) == (StateOutcome.CAUGHT, "ReleaseInventory")


def test_a_state_that_waits_has_one_attempt_until_its_token_comes_back() -> None:
    waiting = [
        entered(0, "AwaitPayment"),
        event(1, "TaskScheduled", **TASK, parameters='{"Payload": {"task_token": "secret"}}'),
        event(1, "TaskStarted", **TASK),
        event(2, "TaskSubmitted", **TASK, output='{"Payload": {"task_token": "secret"}}'),
    ]

    [visit] = visits_of(waiting)
    [timed_out, _next] = visits_of(
        [
            *waiting,
            event(9, "TaskTimedOut", **TASK, error="States.Timeout"),
            exited(9, "AwaitPayment"),
            entered(9, "ExpirePayment"),
        ]
    )

    assert (visit.outcome, visit.left_at, visit.attempts) == (
        StateOutcome.RUNNING,
        None,
        (Attempt(at(1), at(1)),),
    )
    assert timed_out.attempts == (Attempt(at(1), at(1), at(9), ErrorOutput("States.Timeout", "")),)
    assert timed_out.outcome is StateOutcome.CAUGHT


def test_an_older_integration_of_lambda_has_events_of_its_own() -> None:
    [visit] = visits_of(
        [
            entered(0, "ValidateOrder"),
            event(1, "LambdaFunctionScheduled"),
            event(2, "LambdaFunctionStarted"),
            event(3, "LambdaFunctionFailed", **raised("OutOfStock", "Gone.")),
        ]
    )

    assert visit.attempts == (Attempt(at(1), at(2), at(3), ErrorOutput("OutOfStock", "Gone.")),)


def test_an_expression_that_fails_counts_as_a_try() -> None:
    [visit] = visits_of(
        [
            entered(0, "RefundPayment"),
            event(1, "EvaluationFailed", error="States.QueryEvaluationError", cause="undefined"),
            exited(1, "RefundPayment"),
        ]
    )

    error = ErrorOutput("States.QueryEvaluationError", "undefined")
    assert (visit.outcome, visit.attempts) == (StateOutcome.CAUGHT, (Attempt(at(1), None, at(1), error),))


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        ("ExecutionAborted", StateOutcome.STOPPED),
        ("ExecutionTimedOut", StateOutcome.STOPPED),
        ("ExecutionFailed", StateOutcome.FAILED),
    ],
)
def test_the_end_of_an_execution_ends_its_state_and_try(kind: str, outcome: StateOutcome) -> None:
    [visit] = visits_of(
        [
            entered(0, "ChargePayment"),
            event(1, "TaskScheduled", **TASK),
            event(2, "TaskStarted", **TASK),
            {"type": "TaskStateAborted", "timestamp": NOON + timedelta(seconds=3)},
            event(3, kind),
        ]
    )

    assert (visit.outcome, visit.left_at, visit.next) == (outcome, at(3), None)
    assert visit.attempts == (Attempt(at(1), at(2), at(3)),)


def test_an_end_state_has_no_attempts() -> None:
    [closed] = visits_of([entered(0, "OrderClosed", "Succeed"), exited(0, "OrderClosed", "Succeed")])
    [flagged] = visits_of(
        [entered(0, "NeedsAttention", "Fail"), event(0, "ExecutionFailed", error="NeedsAttention")]
    )

    assert (closed.outcome, closed.attempts) == (StateOutcome.SUCCEEDED, ())
    assert (flagged.outcome, flagged.attempts) == (StateOutcome.FAILED, ())


def test_a_truncated_history_tells_nothing_of_the_state_it_ends_in() -> None:
    events = [entered(0, "ChargePayment"), exited(1, "ChargePayment"), entered(1, "ReserveInventory")]

    assert [visit.name for visit in visits_of(events, is_complete=False)] == ["ChargePayment"]


# How the execution ended


@pytest.mark.parametrize(
    ("last", "end"),
    [
        (event(9, "TaskStarted"), ExecutionEnd("RUNNING")),
        (event(9, "ExecutionSucceeded"), ExecutionEnd("SUCCEEDED", at(9))),
        (
            event(9, "ExecutionFailed", error="NeedsAttention", cause="An undo failed."),
            ExecutionEnd("FAILED", at(9), ErrorOutput("NeedsAttention", "An undo failed.")),
        ),
        (
            event(9, "ExecutionTimedOut"),
            ExecutionEnd("TIMED_OUT", at(9), ErrorOutput("States.Timeout", "")),
        ),
        (
            event(9, "ExecutionAborted", error="Stopped", cause="By hand"),
            ExecutionEnd("ABORTED", at(9), ErrorOutput("Stopped", "By hand")),
        ),
    ],
    ids=lambda value: value["type"] if isinstance(value, dict) else "",
)
def test_the_last_event_says_how_an_execution_ended(last: dict[str, Any], end: ExecutionEnd) -> None:
    assert end_of(last) == end


# What nobody may see


def test_secrets_are_removed_at_every_level() -> None:
    value = {
        "Payload": [{"task_token": "secret", "taskToken": "secret", "TaskToken": "secret", "order_id": "o"}],
        "client_secret": "secret",
        "email": {"of": "secret"},
    }

    clean = without_secrets(value)

    assert "secret" not in json.dumps(list(clean.values()))
    assert clean["Payload"][0]["order_id"] == "o"


def test_inputs_and_outputs_have_no_task_token() -> None:
    [visit] = visits_of(
        [
            entered(0, "AwaitPayment", given={"task_token": "secret"}),
            exited(1, "AwaitPayment", output='{"Payload": {"taskToken": "secret"}}'),
        ]
    )

    assert "secret" not in f"{visit.input} {visit.output}"


@pytest.mark.parametrize("output", ["[1]", '"text"', "null", '{"cut o'])
def test_an_output_that_is_no_object_is_left_out(output: str) -> None:
    [visit] = visits_of([entered(0, "ValidateOrder"), exited(1, "ValidateOrder", output=output)])

    assert visit.output is None

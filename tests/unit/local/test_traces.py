"""An execution's history, read back as the states that it visited."""

from collections.abc import Iterator
from typing import Any, cast

import pytest

from local.emulator import EmulatorSession
from local.traces import Executions, Visit, deserialized

SAGA = "arn:aws:states:us-east-1:000000000000:stateMachine:saga"


class StepFunctionsFake:
    """Answers with a history, one event to a page."""

    def __init__(self, events: list[dict[str, Any]]) -> None:
        self._events = events

    def client(self, _service: str) -> "StepFunctionsFake":
        return self

    def get_paginator(self, _operation: str) -> "StepFunctionsFake":
        return self

    def paginate(self, **_parameters: object) -> Iterator[dict[str, Any]]:
        return ({"events": [event]} for event in self._events)


def executions(*events: dict[str, Any]) -> Executions:
    return Executions(cast(EmulatorSession, StepFunctionsFake(list(events))), SAGA)


def entered(state: str) -> dict[str, Any]:
    return {"type": "TaskStateEntered", "stateEnteredEventDetails": {"name": state}}


def failed(error: str) -> dict[str, Any]:
    return {"type": "TaskFailed", "taskFailedEventDetails": {"error": error}}


SCHEDULED: dict[str, Any] = {"type": "TaskScheduled"}
SUCCEEDED: dict[str, Any] = {"type": "TaskSucceeded"}
ENDED: dict[str, Any] = {"type": "ExecutionSucceeded"}


def test_states_are_listed_in_the_order_in_which_they_were_entered() -> None:
    history = executions(entered("Charge"), SCHEDULED, SUCCEEDED, entered("Reserve"), SCHEDULED, ENDED)
    assert history.states_visited("order") == ["Charge", "Reserve"]


def test_a_state_that_was_retried_is_one_visit_of_several_attempts() -> None:
    # Given
    attempt = (SCHEDULED, failed("PaymentProviderUnavailable"))

    # When
    visits = executions(entered("Charge"), *attempt, *attempt, SCHEDULED, SUCCEEDED).visits("order")

    # Then
    assert visits == [Visit("Charge", attempts=3)]


def test_a_state_whose_last_attempt_failed_has_its_error() -> None:
    # When
    visits = executions(entered("Charge"), SCHEDULED, failed("PaymentDeclined"), entered("Refund")).visits(
        "order"
    )

    # Then
    assert visits == [Visit("Charge", attempts=1, error="PaymentDeclined"), Visit("Refund")]


@pytest.mark.parametrize("name", ["order", "order-cancel"])
def test_an_executions_arn_is_made_of_its_name(name: str) -> None:
    arn = "arn:aws:states:us-east-1:000000000000:execution:saga"
    assert executions().arn(name) == f"{arn}:{name}"


def test_an_item_of_dynamodb_becomes_plain_python() -> None:
    item = {"sku": {"S": "RED-CHAIR"}, "tags": {"L": [{"S": "red"}]}}
    assert deserialized(item) == {"sku": "RED-CHAIR", "tags": ["red"]}

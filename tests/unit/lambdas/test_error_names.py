"""The state machine knows errors by their classes' names: the two must not part ways."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from lambdas.shared import errors
from lambdas.shared.errors import (
    HumanNeeded,
    NothingToTell,
    OrderAlreadyConfirmed,
    OrderRejected,
    TransientFailure,
)
from lambdas.shared.step import StepInputError

_FILE: Final = Path(__file__).parents[3] / "statemachines" / "order_saga.asl.json"
TASKS: Final[dict[str, dict[str, Any]]] = {
    name: state for name, state in json.loads(_FILE.read_text())["States"].items() if state["Type"] == "Task"
}
SERVICES: Final = ("States.", "Lambda.", "Sandbox.", "Runtime.")


def retried(task: str) -> set[str]:
    return {name for retrier in TASKS[task]["Retry"] for name in retrier["ErrorEquals"]}


def caught(task: str) -> list[str]:
    return [name for catcher in TASKS[task]["Catch"] for name in catcher["ErrorEquals"]]


def _all_below(error: type[Exception]) -> Iterator[type[Exception]]:
    for subclass in error.__subclasses__():
        yield subclass
        yield from _all_below(subclass)


def names(*roots: type[Exception]) -> set[str]:
    return {each.__name__ for root in roots for each in (root, *_all_below(root))}


@pytest.mark.parametrize("task", TASKS)
def test_every_transient_failure_is_retried_by_every_step(task: str) -> None:
    assert names(TransientFailure) - {"TransientFailure"} <= retried(task)


@pytest.mark.parametrize("task", TASKS)
def test_what_no_retry_can_mend_is_retried_by_no_step(task: str) -> None:
    final = names(OrderRejected, OrderAlreadyConfirmed, HumanNeeded, NothingToTell, StepInputError)

    assert not final & retried(task)


@pytest.mark.parametrize("task", TASKS)
def test_whatever_a_step_does_not_name_is_caught_too(task: str) -> None:
    assert caught(task)[-1] == "States.ALL"


@pytest.mark.parametrize("task", TASKS)
def test_every_error_that_a_step_names_exists(task: str) -> None:
    ours = {name for name in (*retried(task), *caught(task)) if not name.startswith(SERVICES)}

    assert ours <= names(errors.OrderSagaError)


@pytest.mark.parametrize("task", ["ReleaseInventory", "RefundPayment"])
def test_an_undo_that_finds_the_order_confirmed_hands_it_back(task: str) -> None:
    [catcher] = [each for each in TASKS[task]["Catch"] if "OrderAlreadyConfirmed" in each["ErrorEquals"]]

    assert catcher["Next"] == "NotifyCustomer"

"""The state machine of the reconciliation repeats each part until nothing is left to compare."""

from typing import Any

import pytest

from lambdas.domain import errors
from lambdas.shared.reconciliation import BUDGET_SECONDS
from stacks.settings import STAGES, StageSettings, function_timeout_seconds
from statemachines.definition import read_definition
from statemachines.document import Retrier, SagaDocument
from tests.stacks.synthesis import Synthesis, readable
from tests.unit.statemachines.budget import longest_seconds

pytestmark = pytest.mark.xdist_group("stacks")

DEFINITION = read_definition("reconciliation")
STATES: dict[str, dict[str, Any]] = DEFINITION["States"]
PARTS = ["ReconcileOrders", "ReconcilePayments", "ReconcileStock"]

HISTORY_EVENTS = 25_000
EVENTS_PER_CALL = 7
"""The task: entered, scheduled, started, succeeded, exited. The choice after it: entered, exited."""


def entered(calls: dict[str, int]) -> list[str]:
    """The states that an execution enters when each part needs so many calls."""
    left, name, names = dict(calls), DEFINITION["StartAt"], []
    while STATES[name]["Type"] != "Succeed":
        names.append(name)
        state = STATES[name]
        if state["Type"] == "Choice":
            [again] = state["Choices"]
            assert again["Condition"] == "{% $cursor != null %}"
            name = again["Next"] if left[again["Next"]] else state["Default"]
        else:
            if name in left:
                left[name] -= 1
            name = state["Next"]
    return [*names, name]


# The definition


def test_each_part_is_called_until_it_is_done() -> None:
    names = entered({"ReconcileOrders": 1, "ReconcilePayments": 3, "ReconcileStock": 2})

    assert [name for name in names if STATES[name]["Type"] != "Choice"] == [
        *("Begin", "ReconcileOrders"),
        *("ReconcilePayments", "ReconcilePayments", "ReconcilePayments"),
        *("ReconcileStock", "ReconcileStock", "Reconciled"),
    ]


def test_an_execution_starts_without_a_cursor_and_with_an_empty_report() -> None:
    assert (STATES["Begin"]["Assign"], STATES["Begin"]["Output"]) == ({"cursor": "{% null %}"}, {})


@pytest.mark.parametrize("part", PARTS)
def test_each_call_gets_the_cursor_and_the_report_of_the_call_before(part: str) -> None:
    task = STATES[part]

    assert task["Arguments"]["Payload"] == {
        "started_at": "{% $states.context.Execution.StartTime %}",
        "execution": "{% $states.context.Execution.Name %}",
        "cursor": "{% $cursor %}",
        "report": "{% $states.input %}",
    }
    assert task["Assign"] == {"cursor": "{% $states.result.Payload.cursor %}"}
    assert task["Output"] == "{% $states.result.Payload.report %}"


def test_the_output_of_an_execution_is_the_report() -> None:
    assert not [name for name in STATES if name not in {"Begin", *PARTS} and "Output" in STATES[name]]


@pytest.mark.parametrize("part", PARTS)
def test_transient_errors_are_retried_like_those_of_an_undo(part: str) -> None:
    saga = SagaDocument.load()
    [retrier] = [Retrier.read(each) for each in STATES[part]["Retry"]]

    assert (retrier.pauses, retrier.jitter) == (saga.states["RefundPayment"].pauses, "FULL")
    [of_step] = saga.states["ReserveInventory"].retriers
    assert set(retrier.errors) == set(of_step.errors) - {"StockContended", "MailUnavailable"}
    ours = [getattr(errors, name) for name in retrier.errors if hasattr(errors, name)]
    assert ours
    assert all(issubclass(error, errors.TransientFailure) for error in ours)


def test_an_error_that_stays_fails_the_execution() -> None:
    assert not [name for name in STATES if "Catch" in STATES[name]]


# The arithmetic


@pytest.mark.parametrize("part", PARTS)
def test_a_call_ends_before_its_function_and_the_function_before_the_task(part: str) -> None:
    name = f"reconcile_{part.removeprefix('Reconcile').lower()}"

    assert BUDGET_SECONDS * 3 < function_timeout_seconds(name) < STATES[part]["TimeoutSeconds"]


def test_an_execution_ends_before_its_history_is_full() -> None:
    """Every call but the last one of a part takes at least the budget."""
    calls = HISTORY_EVENTS / EVENTS_PER_CALL

    assert DEFINITION["TimeoutSeconds"] < calls * BUDGET_SECONDS


@pytest.mark.parametrize("stage", [STAGES["dev"], STAGES["prod"]], ids=["dev", "prod"])
def test_an_order_is_not_stale_while_its_saga_runs(stage: StageSettings) -> None:
    saga = SagaDocument.load()
    step = max(longest_seconds(task) for task in saga.tasks if not task.waits)

    assert stage.payment_deadline_seconds + step < stage.stale_after_seconds


# The stack


def test_the_definition_is_the_file(stage: Synthesis) -> None:
    machine = stage.named("AWS::StepFunctions::StateMachine")["Reconciliation"]

    assert machine["Definition"] == DEFINITION


def test_it_starts_on_the_stages_schedule(stage: Synthesis) -> None:
    rule = stage.named("AWS::Events::Rule")["ReconciliationSchedule"]

    minutes = {"local": "15 minutes", "dev": "1 hour", "prod": "15 minutes"}
    assert rule["ScheduleExpression"] == f"rate({minutes[stage.stage]})"
    assert [readable(target["Arn"]) for target in rule["Targets"]] == ["Reconciliation"]


def test_functions_get_the_stages_limit_for_stale_orders(stage: Synthesis) -> None:
    seconds = {"local": "5", "dev": "1800", "prod": "1800"}
    for name in ("reconcile_orders", "reconcile_payments"):
        variables = stage.functions()[name]["Environment"]["Variables"]
        assert variables["STALE_AFTER_SECONDS"] == seconds[stage.stage]

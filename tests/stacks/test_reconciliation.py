"""The state machine of the reconciliation repeats each part until nothing is left to compare."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from lambdas.domain.vocabulary import ReconciliationScope
from lambdas.shared.reconciliation import BUDGET_SECONDS
from stacks.settings import STAGES, StageSettings
from stacks.timeouts import function_timeout_seconds
from statemachines.definition import read_definition
from statemachines.document import Retrier, SagaDocument
from tests.stacks.synthesis import Synthesis, readable
from tests.unit.statemachines.budget import longest_seconds

pytestmark = pytest.mark.xdist_group("stacks")

DEFINITION = read_definition("reconciliation")
STATES: dict[str, dict[str, Any]] = DEFINITION["States"]
PARTS = ["ReconcileOrders", "ReconcilePayments", "ReconcileStock"]
ONE_CALL_EACH = dict.fromkeys(PARTS, 1)

HISTORY_EVENTS = 25_000
EVENTS_PER_CALL = 7
"""The task: entered, scheduled, started, succeeded, exited. The choice after it: entered, exited."""


def entered(
    calls: dict[str, int], *, scope: ReconciliationScope = ReconciliationScope.FULL, turns: str = "1"
) -> list[str]:
    """The states, without choices, that an execution enters.

    Args:
        calls: How many calls each part needs.
        scope: The scope of the execution.
        turns: What `take_turn` returns to each of its calls: 1 if it is the turn of this execution, else 0.
    """
    left, is_turn = dict(calls), iter(turns)
    name, names = DEFINITION["StartAt"], []
    conditions: dict[str, Callable[[str], bool]] = {
        "{% $is_turn %}": lambda _next: next(is_turn) == "1",
        "{% $scope = 'recent' %}": lambda _next: scope is ReconciliationScope.RECENT,
        "{% $cursor != null %}": lambda part: left[part] > 0,
    }
    while STATES[name]["Type"] != "Succeed":
        state = STATES[name]
        if state["Type"] == "Choice":
            holds = [each for each in state["Choices"] if conditions[each["Condition"]](each["Next"])]
            name = holds[0]["Next"] if holds else state["Default"]
        else:
            names.append(name)
            if name in left:
                left[name] -= 1
            name = state["Next"]
    return [*names, name]


# The definition


def test_each_part_is_called_until_it_is_done() -> None:
    assert entered({"ReconcileOrders": 1, "ReconcilePayments": 3, "ReconcileStock": 2}) == [
        *("TakeTurn", "ReconcileOrders"),
        *("ReconcilePayments", "ReconcilePayments", "ReconcilePayments"),
        *("ReconcileStock", "ReconcileStock", "Reconciled"),
    ]


def test_a_recent_execution_compares_no_stock() -> None:
    assert entered(ONE_CALL_EACH, scope=ReconciliationScope.RECENT) == [
        *("TakeTurn", "ReconcileOrders", "ReconcilePayments", "Reconciled")
    ]


def test_a_recent_execution_gives_way_to_one_that_runs() -> None:
    assert entered(ONE_CALL_EACH, scope=ReconciliationScope.RECENT, turns="0") == ["TakeTurn", "GaveWay"]


def test_a_full_execution_waits_for_one_that_runs() -> None:
    assert entered(ONE_CALL_EACH, turns="001") == [
        *("TakeTurn", "WaitForTurn", "TakeTurn", "WaitForTurn"),
        *("TakeTurn", *PARTS, "Reconciled"),
    ]


def test_an_execution_starts_without_a_cursor_and_with_an_empty_report() -> None:
    assert (STATES["TakeTurn"]["Assign"]["cursor"], STATES["TakeTurn"]["Output"]) == ("{% null %}", {})


def test_the_scope_is_that_of_the_input_or_full() -> None:
    scope = "$states.context.Execution.Input.scope"

    assert STATES["TakeTurn"]["Assign"]["scope"] == f"{{% $exists({scope}) ? {scope} : 'full' %}}"
    assert ReconciliationScope("full") is ReconciliationScope.FULL


@pytest.mark.parametrize("part", PARTS)
def test_each_call_gets_the_cursor_and_the_report_of_the_call_before(part: str) -> None:
    task = STATES[part]

    assert task["Arguments"]["Payload"] == {
        "started_at": "{% $states.context.Execution.StartTime %}",
        "execution": "{% $states.context.Execution.Name %}",
        "scope": "{% $scope %}",
        "cursor": "{% $cursor %}",
        "report": "{% $states.input %}",
    }
    assert task["Assign"] == {"cursor": "{% $states.result.Payload.cursor %}"}
    assert task["Output"] == "{% $states.result.Payload.report %}"


def test_the_output_of_an_execution_is_the_report() -> None:
    assert not [name for name in STATES if name not in {"TakeTurn", *PARTS} and "Output" in STATES[name]]


@pytest.mark.parametrize("task", ["TakeTurn", *PARTS])
def test_every_error_is_retried_as_long_as_in_an_undo(task: str) -> None:
    [retrier] = [Retrier.read(each) for each in STATES[task]["Retry"]]

    assert retrier.errors == ("States.ALL",)
    assert (retrier.pauses, retrier.jitter) == (SagaDocument.load().states["RefundPayment"].pauses, "FULL")


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


def test_it_compares_recent_orders_often_and_all_at_night(stage: Synthesis) -> None:
    schedules = {
        rule["ScheduleExpression"]: (readable(target["Arn"]), json.loads(target["Input"]))
        for rule in stage.named("AWS::Events::Rule").values()
        if "ScheduleExpression" in rule
        for target in rule["Targets"]
    }

    minutes = {"local": "15 minutes", "dev": "1 hour", "prod": "15 minutes"}
    assert schedules == {
        f"rate({minutes[stage.stage]})": ("Reconciliation", {"scope": "recent"}),
        "cron(0 3 * * ? *)": ("Reconciliation", {"scope": "full"}),
    }


@pytest.mark.parametrize("stage", [STAGES["dev"], STAGES["prod"]], ids=["dev", "prod"])
def test_each_order_is_compared_by_a_recent_execution(stage: StageSettings) -> None:
    window = ReconciliationScope.RECENT.window.total_seconds()

    assert stage.stale_after_seconds + 60 * stage.reconciliation_minutes <= window


def test_functions_get_the_stages_limit_for_stale_orders(stage: Synthesis) -> None:
    seconds = {"local": "5", "dev": "1800", "prod": "1800"}
    for name in ("reconcile_orders", "reconcile_payments"):
        variables = stage.functions()[name]["Environment"]["Variables"]
        assert variables["STALE_AFTER_SECONDS"] == seconds[stage.stage]

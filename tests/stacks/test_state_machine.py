"""The saga's state machine is its file, with the ARNs of our functions and the stage's deadline."""

from typing import Any

import pytest

from stacks.settings import STAGES
from statemachines.definition import read_definition
from statemachines.document import SagaDocument
from statemachines.steps import STEPS
from tests.stacks.synthesis import CONTEXTS, Synthesis, readable
from tests.unit.statemachines.budget import CALL_SECONDS

pytestmark = pytest.mark.xdist_group("stacks")


@pytest.fixture(scope="session")
def machine(stage: Synthesis) -> dict[str, Any]:
    machines = stage.resources("AWS::StepFunctions::StateMachine")
    return next(machine.properties for machine in machines if machine.name == "Saga")


def test_the_definition_is_the_file_with_the_stages_deadline(
    stage: Synthesis, machine: dict[str, Any]
) -> None:
    expected = read_definition("order_saga")
    if deadline := CONTEXTS[stage.stage].get("payment_deadline_seconds"):
        expected["States"]["AwaitPayment"]["TimeoutSeconds"] = int(deadline)

    assert machine["Definition"] == expected


def test_the_deadline_in_the_file_is_the_one_that_every_stage_has() -> None:
    deadline = SagaDocument.load().states["AwaitPayment"].timeout_seconds

    assert {settings.payment_deadline_seconds for settings in STAGES.values()} == {deadline}


def test_each_placeholder_is_replaced_by_its_function(machine: dict[str, Any]) -> None:
    substitutions = {name: readable(arn) for name, arn in machine["DefinitionSubstitutions"].items()}

    assert substitutions == {
        name: f"{name.removesuffix('Arn')}.Arn" for name in SagaDocument.load().placeholders
    }


def test_it_logs_every_transition_without_data(machine: dict[str, Any]) -> None:
    (destination,) = machine["LoggingConfiguration"]["Destinations"]

    assert machine["LoggingConfiguration"]["Level"] == "ALL"
    assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False
    assert readable(destination["CloudWatchLogsLogGroup"]["LogGroupArn"]) == "SagaLogs.Arn"


def test_it_is_traced(machine: dict[str, Any]) -> None:
    assert machine["TracingConfiguration"] == {"Enabled": True}


def test_a_task_waits_longer_than_its_function_may_take(stage: Synthesis) -> None:
    """A task that gives up first would be retried while its function still runs."""
    functions = stage.functions()

    for step in STEPS:
        task = SagaDocument.load().states[step.state]
        call_seconds = CALL_SECONDS if task.waits else task.timeout_seconds or 0
        assert call_seconds > functions[step.function]["Timeout"], step.state

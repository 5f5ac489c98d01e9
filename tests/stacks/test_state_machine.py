"""The state machine is the file, with our functions and the stage's deadline in it."""

import re
from typing import Any

import pytest

from stacks.settings import STAGES
from statemachines.definition import read_definition
from statemachines.document import SagaDocument
from tests.stacks.synthesis import CONTEXTS, Synthesis, readable
from tests.unit.statemachines.budget import CALL_SECONDS

pytestmark = pytest.mark.xdist_group("stacks")

PLACEHOLDER = re.compile(r"\$\{(\w+)\}")


@pytest.fixture(scope="session")
def machine(stage: Synthesis) -> dict[str, Any]:
    machines = stage.resources("AWS::StepFunctions::StateMachine")
    return next(machine.properties for machine in machines if machine.name == "Saga")


def test_its_definition_is_the_files_but_for_the_stages_deadline(
    stage: Synthesis, machine: dict[str, Any]
) -> None:
    expected = read_definition("order_saga")
    if deadline := CONTEXTS[stage.stage].get("payment_deadline_seconds"):
        expected["States"]["AwaitPayment"]["TimeoutSeconds"] = int(deadline)

    assert machine["Definition"] == expected


def test_the_files_deadline_is_the_usual_one() -> None:
    deadline = SagaDocument.load().states["AwaitPayment"].timeout_seconds

    assert {settings.payment_deadline_seconds for settings in STAGES.values()} == {deadline}


def test_each_placeholder_is_replaced_by_its_function(machine: dict[str, Any]) -> None:
    substitutions = {name: readable(arn) for name, arn in machine["DefinitionSubstitutions"].items()}

    assert substitutions == {
        name: f"{name.removesuffix('Arn')}.Arn" for name in SagaDocument.load().placeholders
    }


def test_it_logs_every_transition_but_no_data(machine: dict[str, Any]) -> None:
    (destination,) = machine["LoggingConfiguration"]["Destinations"]

    assert machine["LoggingConfiguration"]["Level"] == "ALL"
    assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False
    assert readable(destination["CloudWatchLogsLogGroup"]["LogGroupArn"]) == "SagaLogs.Arn"


def test_it_is_traced(machine: dict[str, Any]) -> None:
    assert machine["TracingConfiguration"] == {"Enabled": True}


def test_it_waits_longer_than_any_function_may_take(stage: Synthesis) -> None:
    """A task that gives up first would leave a function at work that nobody waits for."""
    timeouts = {
        function.name: function.properties["Timeout"] for function in stage.resources("AWS::Lambda::Function")
    }

    for task in SagaDocument.load().tasks:
        (placeholder,) = PLACEHOLDER.findall(task.body["Arguments"]["FunctionName"])
        call_seconds = CALL_SECONDS if task.waits else task.timeout_seconds or 0
        assert call_seconds > timeouts[placeholder.removesuffix("Arn")], task.name

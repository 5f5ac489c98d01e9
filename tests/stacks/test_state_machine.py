"""The state machine is the file, with our functions in it."""

import json
import re
from typing import Any

import pytest

from stacks.order_stack import DEFINITION
from tests.stacks.synthesis import Synthesis, readable

pytestmark = pytest.mark.xdist_group("stacks")

PLACEHOLDER = re.compile(r"\$\{(\w+)\}")


@pytest.fixture(scope="session")
def machine(stage: Synthesis) -> dict[str, Any]:
    return stage.the("AWS::StepFunctions::StateMachine").properties


def test_its_definition_is_the_files_text(machine: dict[str, Any]) -> None:
    assert machine["DefinitionString"] == DEFINITION.read_text()


def test_each_placeholder_is_replaced_by_its_function(machine: dict[str, Any]) -> None:
    substitutions = {name: readable(arn) for name, arn in machine["DefinitionSubstitutions"].items()}

    placeholders = set(PLACEHOLDER.findall(DEFINITION.read_text()))
    assert substitutions == {name: f"{name.removesuffix('Arn')}.Arn" for name in placeholders}


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

    for name, state in json.loads(DEFINITION.read_text())["States"].items():
        if state["Type"] == "Task":
            (placeholder,) = PLACEHOLDER.findall(state["Arguments"]["FunctionName"])
            assert state["TimeoutSeconds"] > timeouts[placeholder.removesuffix("Arn")], name

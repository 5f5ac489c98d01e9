"""A deployed state machine is its file, with the ARNs of our functions and the stage's deadline."""

import json
import re
import tomllib

import pytest

from stacks.settings import STAGES
from statemachines.definition import read_definition
from statemachines.document import SagaDocument
from statemachines.steps import STEPS
from tests.stacks.synthesis import STAGE_FILES, Synthesis, readable
from tests.unit.statemachines.budget import CALL_SECONDS

pytestmark = pytest.mark.xdist_group("stacks")


MACHINE = "AWS::StepFunctions::StateMachine"


def test_the_definition_is_the_file_with_the_stages_deadline(stage: Synthesis) -> None:
    expected = read_definition("order_saga")
    if deadline := tomllib.loads(STAGE_FILES[stage.stage].read_text()).get("payment_deadline_seconds"):
        expected["States"]["AwaitPayment"]["TimeoutSeconds"] = deadline

    assert stage.named(MACHINE)["Saga"]["Definition"] == expected


def test_the_mail_about_an_approval_has_the_deadline_of_the_saga(stage: Synthesis) -> None:
    deadline = stage.named(MACHINE)["Saga"]["Definition"]["States"]["AwaitPayment"]["TimeoutSeconds"]
    variables = stage.functions()["mail_customers"]["Environment"]["Variables"]

    assert variables["PAYMENT_DEADLINE_SECONDS"] == str(deadline)


def test_the_deadline_in_the_file_is_the_one_that_every_stage_has() -> None:
    deadline = SagaDocument.load().states["AwaitPayment"].timeout_seconds

    assert {settings.payment_deadline_seconds for settings in STAGES.values()} == {deadline}


@pytest.mark.parametrize("name", ["Saga", "Reconciliation"])
def test_each_placeholder_is_replaced_by_its_function(stage: Synthesis, name: str) -> None:
    machine = stage.named(MACHINE)[name]

    placeholders = re.findall(r"\$\{([^}]*)Arn}", json.dumps(machine["Definition"]))
    substitutions = {key: readable(arn) for key, arn in machine["DefinitionSubstitutions"].items()}
    pinned = name == "Saga" and stage.stage != "local"
    called = (
        "CurrentVersion" if pinned else ".Arn"
    )  # never an alias: it would change the code of an execution
    assert substitutions == {f"{function}Arn": f"{function}{called}" for function in placeholders}


@pytest.mark.parametrize("name", ["Saga", "Reconciliation"])
def test_machines_are_traced_and_log_every_transition_without_data(stage: Synthesis, name: str) -> None:
    machine = stage.named(MACHINE)[name]

    logging = machine["LoggingConfiguration"]
    (destination,) = logging["Destinations"]
    assert (logging["Level"], logging["IncludeExecutionData"]) == ("ALL", False)
    assert readable(destination["CloudWatchLogsLogGroup"]["LogGroupArn"]) == f"{name}Logs.Arn"
    assert machine["TracingConfiguration"] == {"Enabled": True}


def test_a_task_waits_longer_than_its_function_may_take(stage: Synthesis) -> None:
    """A task that gives up first would be retried while its function still runs."""
    functions = stage.functions()

    for step in STEPS:
        task = SagaDocument.load().states[step.state]
        call_seconds = CALL_SECONDS if task.waits else task.timeout_seconds or 0
        assert call_seconds > functions[step.function]["Timeout"], step.state

"""Executions whose functions are scripted: on our interpreter, and on moto's engine.

moto's engine descends from one that was tested against AWS. It waits for no pause here, and evaluates JSONata
with the library that the simulation uses.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from random import Random
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final
from unittest.mock import patch

import boto3
from moto import mock_aws
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import EvalTimeoutError
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_callback,
)
from moto.stepfunctions.parser.asl.eval.callback.callback import (
    CallbackOutcomeFailure,
    CallbackOutcomeSuccess,
)
from moto.stepfunctions.parser.asl.jsonata import jsonata as motos_jsonata
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker

from proof.simulation.state_language import ExecutionFailed, Machine, TaskFailed, jsonata
from statemachines.definition import read_definition
from statemachines.steps import STEP_FUNCTIONS

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

TIMEOUT: Final = "States.Timeout"
WAITING: Final = "await_payment"
BY_TOKEN: Final = ("PaymentDeclined", TIMEOUT)
"""Errors of the waiting task that come after its function has succeeded."""

LATER: Final = "ChargeScheduled"
SLOT: Final = "2026-03-01T12:00:00.000Z"
"""The message of that error; the time is past."""

INPUT: Final = {"order_id": "order-1"}
FUNCTIONS: Final = {
    f"${{{''.join(word.title() for word in function.split('_'))}Arn}}": function
    for function in STEP_FUNCTIONS
}


@dataclass(frozen=True)
class Failures:
    """The error of a function, and how often it fails with it before it succeeds."""

    error: str
    times: int


Script = Mapping[str, Failures]
"""The failures of functions, by function. All others succeed."""


def cause_of(error: str) -> str:
    """The cause of a function's error, as Step Functions gives it."""
    if error == TIMEOUT:
        return ""
    cause = {"errorMessage": SLOT if error == LATER else "why", "errorType": error}
    return json.dumps(cause, separators=(",", ":"))


@dataclass
class Played:
    """What an execution did.

    Attributes:
        states: The states that it entered.
        calls: The functions that it called, with their payloads.
        end: Its status, or its error.
    """

    states: list[str] = field(default_factory=list)
    calls: list[tuple[str, Any]] = field(default_factory=list)
    end: str = "SUCCEEDED"


class _Functions:
    """The scripted functions."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self.calls: list[tuple[str, Any]] = []

    def call(self, function: str, payload: dict[str, Any]) -> str | None:
        """Call a function; returns its error."""
        seen = {name: value for name, value in payload.items() if name != "task_token"}
        self.calls.append((function, seen))
        failures = self._script.get(function)
        if failures is None:
            return None
        made = sum(name == function for name, _ in self.calls)
        return failures.error if made <= failures.times else None


def play_on_ours(name: str, script: Script) -> Played:
    """Run an execution on our interpreter."""
    played, functions = Played(), _Functions(script)
    surroundings = _Surroundings(name, played, functions)
    try:
        _machine().run(INPUT, surroundings)
    except ExecutionFailed as failure:
        played.end = failure.error
    played.calls = functions.calls
    return played


@cache
def _machine() -> Machine:
    return Machine(read_definition("order_saga"), FUNCTIONS)


@dataclass
class _Surroundings:
    name: str
    played: Played
    functions: _Functions
    random: Random = field(default_factory=lambda: Random(1))  # noqa: S311 - it must be repeatable

    def entered(self, state: str) -> None:
        self.played.states.append(state)

    def left(self) -> None: ...
    def scheduled(self) -> None: ...
    def failed(self, error: str) -> None: ...
    def wait(self, seconds: float) -> None: ...
    def wait_until(self, timestamp: str) -> None: ...

    def context(self) -> dict[str, Any]:
        return {"Execution": {"Name": self.name, "Input": INPUT}}

    def new_token(self) -> str:
        return "token-1"

    def call(self, function: str, payload: Any, timeout_seconds: int, token: str | None) -> Any:  # noqa: ANN401 - JSON
        del timeout_seconds
        error = self.functions.call(function, payload)
        if error is not None:
            raise TaskFailed(error, cause_of(error))
        return {} if token else {"Payload": {}}


class Moto:
    """Runs executions on moto's engine."""

    def __init__(self, client: "SFNClient") -> None:
        self._client = client
        self.functions = _Functions({})
        definition = json.dumps(read_definition("order_saga"))
        for placeholder, function in FUNCTIONS.items():
            definition = definition.replace(placeholder, function)
        self._machine = client.create_state_machine(
            name="saga", definition=definition, roleArn="arn:aws:iam::123456789012:role/saga"
        )["stateMachineArn"]

    def play(self, name: str, script: Script) -> Played:
        """Run an execution."""
        self.functions = _Functions(script)
        arn = self._client.start_execution(stateMachineArn=self._machine, name=name, input=json.dumps(INPUT))[
            "executionArn"
        ]

        execution = self._client.describe_execution(executionArn=arn)
        history = self._client.get_execution_history(executionArn=arn, maxResults=1000)["events"]
        return Played(
            states=[
                event["stateEnteredEventDetails"]["name"]
                for event in history
                if "stateEnteredEventDetails" in event
            ],
            calls=self.functions.calls,
            end=execution.get("error", execution["status"]),
        )

    def invoke(self, parameters: Mapping[str, Any], **_: object) -> dict[str, Any]:
        """Answer an invocation, as Lambda does."""
        function = parameters["FunctionName"]
        error = self.functions.call(function, json.loads(parameters["Payload"]))
        if error is None or (function == WAITING and error in BY_TOKEN):
            self._returned = error
            return {"StatusCode": 200, "Payload": {}}
        if error == TIMEOUT:
            raise EvalTimeoutError
        return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": json.loads(cause_of(error))}

    def wait(self, *_: object, **__: object) -> object:
        """Return a task token at once."""
        if self._returned is None:
            return CallbackOutcomeSuccess("token", "{}")
        if self._returned == TIMEOUT:
            return None
        return CallbackOutcomeFailure("token", self._returned, cause_of(self._returned))


@contextmanager
def moto_engine() -> Iterator[Moto]:
    """The engine of moto, with the scripted functions in the place of Lambda."""
    with ExitStack() as stack:
        stack.enter_context(mock_aws(config={"stepfunctions": {"execute_state_machine": True}}))
        moto = Moto(boto3.client("stepfunctions", region_name="eu-central-1"))
        stack.enter_context(
            patch.object(motos_jsonata, "_eval_jsonata", lambda text: jsonata(text).evaluate(None))
        )
        stack.enter_context(patch.object(ExecutionWorker, "start", ExecutionWorker._execution_logic))  # noqa: SLF001 - so that nothing must be awaited
        stack.enter_context(
            patch.object(AmazonStateLanguageParser, "parse", cache(AmazonStateLanguageParser.parse))
        )
        stack.enter_context(patch.object(retrier_decl, "time", SimpleNamespace(sleep=lambda _: None)))
        stack.enter_context(patch.object(lambda_eval_utils, "_invoke_lambda_function", moto.invoke))
        stack.enter_context(
            patch.object(
                state_task_service_callback.StateTaskServiceCallback,
                "_wait_for_task_token_timeout",
                moto.wait,
            )
        )
        yield moto

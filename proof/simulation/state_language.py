"""Interprets a state machine's definition: the part of the Amazon States Language that ours use.

The specification is https://states-language.net; AWS's own additions are documented at
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html and
https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html. What our definitions do not use
is refused when they are read, so that nothing is interpreted wrongly in silence.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final, Protocol

from jsonata.jsonata import Jsonata
from jsonata.utils import Utils

from statemachines.document import Retrier, State, Transition

Json = Any
"""What JSON can hold."""

Scope = Mapping[str, Json]
"""The variables of an expression, `states` included."""

Expression = Callable[[Scope], Json]

INVOKE: Final = "arn:aws:states:::lambda:invoke"
INVOKE_AND_WAIT: Final = f"{INVOKE}.waitForTaskToken"

_EXPRESSION: Final = re.compile(r"\{%\s*(.*?)\s*%\}", re.DOTALL)
_PATH: Final = re.compile(r"\$[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_IF_THERE: Final = re.compile(rf"\$exists\((?P<path>{_PATH.pattern})\) \? (?P=path) : .*")
_OF_ALL_STATES: Final = {"Type", "Comment"}
_FIELDS: Final = {
    "Task": {
        *("Resource", "Arguments", "Output", "Assign", "TimeoutSeconds", "Retry", "Catch", "Next", "End"),
    },
    "Choice": {"Choices", "Default"},
    "Wait": {"Seconds", "Timestamp", "Next"},
    "Succeed": set(),
    "Fail": {"Error", "Cause"},
}


class TaskFailed(Exception):
    """A task has failed.

    Attributes:
        error: The error's name.
        cause: Its details, as text.
    """

    def __init__(self, error: str, cause: str = "") -> None:
        super().__init__(error)
        self.error = error
        self.cause = cause


class ExecutionFailed(TaskFailed):
    """The execution fails with this error."""


class Unsupported(Exception):
    """The definition uses something that this interpreter does not know."""


class Surroundings(Protocol):
    """What an execution needs of its surroundings."""

    random: Random

    def entered(self, state: str) -> None:
        """Note that a state is entered."""

    def left(self) -> None:
        """Note that the current state is left."""

    def scheduled(self) -> None:
        """Note that the current state's task is tried."""

    def failed(self, error: str) -> None:
        """Note that the current try has failed."""

    def context(self) -> dict[str, Json]:
        """The parts of the context object that are about the execution and its machine."""

    def new_token(self) -> str:
        """A new task token."""

    def call(self, function: str, payload: Json, timeout_seconds: int, token: str | None) -> Json:
        """Call a function, and wait for its result; with a task token, for whoever returns the token.

        Raises:
            TaskFailed: It failed, or took too long.
        """

    def wait(self, seconds: float) -> None:
        """Wait."""

    def wait_until(self, timestamp: str) -> None:
        """Wait until a time: UTC, ISO 8601."""


@dataclass(frozen=True)
class _Compiled:
    """A state, ready to run."""

    name: str
    body: Mapping[str, Json]
    retriers: tuple[Retrier, ...]
    catchers: tuple[Transition, ...]
    assigned: tuple[Expression, ...]
    outputs: tuple[Expression | None, ...]
    expressions: Mapping[str, Expression]
    choices: tuple[tuple[Expression, str], ...]


class Machine:
    """A state machine.

    Args:
        definition: Its definition.
        functions: The functions that replace its placeholders, such as `${ValidateOrderArn}`.

    Raises:
        Unsupported: The definition uses something that this interpreter does not know.
    """

    def __init__(self, definition: Mapping[str, Json], functions: Mapping[str, str]) -> None:
        if definition["QueryLanguage"] != "JSONata":
            raise Unsupported("QueryLanguage")
        self.start = str(definition["StartAt"])
        self.timeout_seconds = int(definition["TimeoutSeconds"])
        self._states = {name: _compile(name, body, functions) for name, body in definition["States"].items()}

    def run(self, data: Json, surroundings: Surroundings) -> Json:
        """Run an execution.

        Args:
            data: The input.
            surroundings: What it needs of its surroundings.

        Returns:
            The output.

        Raises:
            ExecutionFailed: The execution failed.
        """
        return _Run(surroundings).run(self._states, self.start, data)


class _Run:
    """One execution: its variables, and its way through the states."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._variables: dict[str, Json] = {}

    def run(self, states: Mapping[str, _Compiled], start: str, data: Json) -> Json:
        name: str | None = start
        while name is not None:
            state = states[name]
            self._surroundings.entered(name)
            match state.body["Type"]:
                case "Task":
                    data, name = self._task(state, data)
                case "Choice":
                    name = self._choose(state, data)
                case "Wait":
                    self._wait(state, data)
                    name = state.body["Next"]
                case "Succeed":
                    name = None
                case "Fail":
                    raise ExecutionFailed(state.body["Error"], state.body["Cause"])
            self._surroundings.left()
        return data

    def _wait(self, state: _Compiled, data: Json) -> None:
        """Wait for a time, or until a time; the output is the input."""
        if "Timestamp" in state.expressions:
            scope = self._scope({"input": data, "context": self._context(state.name, 0)})
            self._surroundings.wait_until(state.expressions["Timestamp"](scope))
        else:
            self._surroundings.wait(state.body["Seconds"])

    def _task(self, state: _Compiled, data: Json) -> tuple[Json, str | None]:
        """Try a task until it succeeds, or until no retrier helps; returns its output and the next state."""
        used: Counter[int] = Counter()
        while True:
            try:
                states = {"input": data, "context": self._context(state.name, used.total())}
                result = self._try(state, states)
                return self._leave(state, {**states, "result": result}), state.body.get("Next")
            except TaskFailed as failure:
                self._surroundings.failed(failure.error)
                pause = self._pause(state, failure, used)
                if pause is None:
                    return self._caught(state, failure, data)
                self._surroundings.wait(pause)

    def _try(self, state: _Compiled, states: dict[str, Json]) -> Json:
        self._surroundings.scheduled()
        token = None
        if state.body["Resource"] == INVOKE_AND_WAIT:
            token = self._surroundings.new_token()
            states["context"]["Task"] = {"Token": token}
        arguments = state.expressions["Arguments"](self._scope(states))
        return self._surroundings.call(
            arguments["FunctionName"], arguments["Payload"], state.body["TimeoutSeconds"], token
        )

    def _leave(self, state: _Compiled, states: dict[str, Json]) -> Json:
        """Evaluate what a state assigns and returns; both see the variables as they were before."""
        scope = self._scope(states)
        output = state.expressions["Output"](scope) if "Output" in state.expressions else states["result"]
        if "Assign" in state.expressions:
            self._variables.update(state.expressions["Assign"](scope))
        return output

    def _pause(self, state: _Compiled, failure: TaskFailed, used: Counter[int]) -> float | None:
        """The seconds before the next try; None if there is none. The first retrier that matches decides."""
        for number, retrier in enumerate(state.retriers):
            if retrier.matches(failure.error):
                if used[number] >= retrier.max_attempts:
                    return None
                pause = retrier.pauses[used[number]]
                used[number] += 1
                return self._surroundings.random.uniform(0, pause) if retrier.jitter == "FULL" else pause
        return None

    def _caught(self, state: _Compiled, failure: TaskFailed, data: Json) -> tuple[Json, str]:
        """Leave a state that has failed through its first catcher that matches the error."""
        for catcher, assigned, output in zip(state.catchers, state.assigned, state.outputs, strict=True):
            if catcher.catches(failure.error):
                error = {"Error": failure.error, "Cause": failure.cause}
                scope = self._scope(
                    {"input": data, "context": self._context(state.name, 0), "errorOutput": error}
                )
                result = output(scope) if output else error
                self._variables.update(assigned(scope))
                return result, catcher.target
        raise ExecutionFailed(failure.error, failure.cause)

    def _choose(self, state: _Compiled, data: Json) -> str:
        scope = self._scope({"input": data, "context": self._context(state.name, 0)})
        chosen = (target for condition, target in state.choices if condition(scope) is True)
        return next(chosen, state.body["Default"])

    def _context(self, state: str, retries: int) -> dict[str, Json]:
        return {**self._surroundings.context(), "State": {"Name": state, "RetryCount": retries}}

    def _scope(self, states: Mapping[str, Json]) -> Scope:
        return {**self._variables, "states": states}


def _compile(name: str, body: Mapping[str, Json], functions: Mapping[str, str]) -> _Compiled:
    unknown = body.keys() - _OF_ALL_STATES - _FIELDS.get(body["Type"], set())
    if body["Type"] not in _FIELDS or unknown:
        raise Unsupported(f"{name}: {body['Type']} with {sorted(unknown)}")
    if body["Type"] == "Task" and body["Resource"] not in {INVOKE, INVOKE_AND_WAIT}:
        raise Unsupported(f"{name}: {body['Resource']}")
    state = State(name, body, None)
    return _Compiled(
        name=name,
        body=body,
        retriers=state.retriers,
        catchers=state.failures,
        assigned=tuple(_template(each.assigned, functions) for each in state.failures),
        outputs=tuple(
            _template(each["Output"], functions) if "Output" in each else None
            for each in body.get("Catch", ())
        ),
        expressions={
            field: _template(body[field], functions)
            for field in ("Arguments", "Output", "Assign", "Timestamp")
            if field in body
        },
        choices=tuple(
            (_template(each["Condition"], functions), each["Next"]) for each in body.get("Choices", ())
        ),
    )


def _template(value: Json, functions: Mapping[str, str]) -> Expression:
    """Compile a value whose texts can be expressions or placeholders."""
    match value:
        case str() if found := _EXPRESSION.fullmatch(value):
            return _jsonata(found[1])
        case str():
            text = functions.get(value, value)
            return lambda _: text
        case dict():
            parts = {key: _template(each, functions) for key, each in value.items()}
            return lambda scope: {key: part(scope) for key, part in parts.items()}
        case list():
            elements = [_template(each, functions) for each in value]
            return lambda scope: [element(scope) for element in elements]
        case _:
            return lambda _: value


def _jsonata(text: str) -> Expression:
    expression, existence = jsonata(text), jsonata(f"$exists({text})")
    optional = _IF_THERE.fullmatch(text)
    plain = optional["path"] if optional else text
    path = plain[1:].split(".") if _PATH.fullmatch(plain) else None  # does not need JSONata, which takes long

    def evaluate(scope: Scope) -> Json:
        found = _at(scope, path) if path else None
        if found is not None and not isinstance(found, list):
            return found
        value = _evaluated(expression, scope)
        if value is None and not _evaluated(existence, scope):
            raise TaskFailed("States.QueryEvaluationError", f"{text} is undefined")
        return value if value is None or isinstance(value, str | bool | int | float) else _plain(value)

    return evaluate


def jsonata(text: str) -> Jsonata:
    """Parse an expression that may call `$parse`, which Step Functions has in the place of `$eval`."""
    expression = Jsonata(text)
    expression.register_lambda("parse", json.loads)
    return expression


def _at(scope: Scope, path: Sequence[str]) -> Json:
    """What is at a path through objects; None if JSONata has to say what that means."""
    found: Json = scope
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _evaluated(expression: Jsonata, scope: Scope) -> Json:
    frame = expression.create_frame()
    for name, value in scope.items():
        frame.bind(name, _with_nulls(value))
    return expression.evaluate(None, frame)


def _with_nulls(value: Json) -> Json:
    """The value with JSONata's own null, because the library takes None for a value that is not there."""
    match value:
        case None:
            return Utils.NULL_VALUE
        case dict():
            return {key: _with_nulls(each) for key, each in value.items()}
        case list():
            return [_with_nulls(each) for each in value]
    return value


def _plain(value: Json) -> Json:
    return json.loads(json.dumps(value))

"""The interpreter of the Amazon States Language."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from proof.simulation.state_language import ExecutionFailed, Machine, TaskFailed, Unsupported

INVOKE = "arn:aws:states:::lambda:invoke"
FULL = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "BackoffRate": 2, "MaxDelaySeconds": 10}

Answer = Callable[[Any], Any]


@dataclass
class Surroundings:
    """The functions and the time of an execution."""

    answers: dict[str, Answer] = field(default_factory=dict)
    random: Random = field(default_factory=lambda: Random(1))  # noqa: S311 - it must be repeatable
    waits: list[float | str] = field(default_factory=list)
    entries: list[str] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)
    timeouts: list[int] = field(default_factory=list)

    def entered(self, state: str) -> None:
        self.entries.append(state)

    def left(self) -> None: ...
    def scheduled(self) -> None: ...
    def failed(self, error: str) -> None: ...

    def context(self) -> dict[str, Any]:
        return {"Execution": {"Name": "execution-1", "Input": {"order_id": "order-1"}}}

    def new_token(self) -> str:
        return "token-1"

    def call(self, function: str, payload: Any, timeout_seconds: int, token: str | None) -> Any:  # noqa: ANN401 - JSON
        self.tokens.append(token)
        self.timeouts.append(timeout_seconds)
        return {"Payload": self.answers[function](payload)}

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)

    def wait_until(self, timestamp: str) -> None:
        self.waits.append(timestamp)


def failing(*errors: str, then: Any = "done") -> Answer:  # noqa: ANN401 - JSON
    """A function that fails with these errors, one after the other, and then succeeds."""
    to_come = list(errors)

    def answer(_: object) -> Any:  # noqa: ANN401 - JSON
        if to_come:
            raise TaskFailed(to_come.pop(0), "a cause")
        return then

    return answer


def machine(**states: Any) -> Machine:  # noqa: ANN401 - parts of a definition
    definition = {
        "QueryLanguage": "JSONata",
        "StartAt": next(iter(states)),
        "TimeoutSeconds": 60,
        "States": states,
    }
    return Machine(definition, {"${FirstArn}": "first", "${SecondArn}": "second"})


def task(function: str = "${FirstArn}", payload: object = None, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - see above
    return {
        "Type": "Task",
        "Resource": INVOKE,
        "Arguments": {"FunctionName": function, "Payload": payload or {}},
        "TimeoutSeconds": 30,
        **fields,
    }


def test_pauses_grow_up_to_the_longest_one() -> None:
    surroundings = Surroundings({"first": failing(*["E"] * 5)})

    machine(First=task(Retry=[{**FULL, "MaxAttempts": 5}])).run({}, surroundings)

    assert surroundings.waits == [1, 2, 4, 8, 10]


def test_full_jitter_shortens_every_pause() -> None:
    surroundings = Surroundings({"first": failing(*["E"] * 5)})

    machine(First=task(Retry=[{**FULL, "MaxAttempts": 5, "JitterStrategy": "FULL"}])).run({}, surroundings)

    assert all(
        0 < float(wait) < longest for wait, longest in zip(surroundings.waits, [1, 2, 4, 8, 10], strict=True)
    )


def test_the_defaults_of_a_retrier_are_those_of_the_language() -> None:
    surroundings = Surroundings({"first": failing(*["E"] * 3)})

    machine(First=task(Retry=[{"ErrorEquals": ["E"]}])).run({}, surroundings)

    assert surroundings.waits == [1, 2, 4]


def test_the_first_matching_retrier_decides() -> None:
    never = {"ErrorEquals": ["E"], "MaxAttempts": 0}
    surroundings = Surroundings({"first": failing("E")})

    with pytest.raises(ExecutionFailed):
        machine(First=task(Retry=[never, {**FULL, "MaxAttempts": 5}])).run({}, surroundings)

    assert surroundings.waits == []


def test_each_retrier_counts_its_own_retries() -> None:
    retriers = [{"ErrorEquals": ["A"], "MaxAttempts": 1}, {"ErrorEquals": ["B"], "MaxAttempts": 1}]
    surroundings = Surroundings({"first": failing("A", "B")})

    machine(First=task(Retry=retriers)).run({}, surroundings)

    assert surroundings.waits == [1, 1]


@pytest.mark.parametrize("error", ["States.DataLimitExceeded", "States.Runtime"])
def test_states_all_does_not_match_every_error(error: str) -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "End"}]
    surroundings = Surroundings({"first": failing(error)})

    with pytest.raises(ExecutionFailed, match=error):
        machine(First=task(Retry=[FULL], Catch=catch), End={"Type": "Succeed"}).run({}, surroundings)


def test_the_first_matching_catcher_decides() -> None:
    catch = [
        {"ErrorEquals": ["Other"], "Next": "Wrong"},
        {"ErrorEquals": ["E"], "Next": "Right"},
        {"ErrorEquals": ["States.ALL"], "Next": "Wrong"},
    ]
    surroundings = Surroundings({"first": failing("E")})

    machine(First=task(Catch=catch), Right={"Type": "Succeed"}, Wrong={"Type": "Succeed"}).run(
        {}, surroundings
    )

    assert surroundings.entries == ["First", "Right"]


def test_a_catcher_assigns_the_error_for_later_states() -> None:
    payloads: list[object] = []
    catch = [{"ErrorEquals": ["E"], "Assign": {"error": "{% $states.errorOutput %}"}, "Next": "Second"}]
    surroundings = Surroundings({"first": failing("E"), "second": payloads.append})

    machine(First=task(Catch=catch), Second=task("${SecondArn}", "{% $error %}")).run({}, surroundings)

    assert payloads == [{"Error": "E", "Cause": "a cause"}]


def test_output_sees_variables_as_they_were_before_the_assignment() -> None:
    first = task(Assign={"x": 1}, Next="Second")
    second = task(Assign={"x": 2}, Output="{% $x %}")

    output = machine(First=first, Second=second).run({}, Surroundings({"first": failing()}))

    assert output == 1


def test_the_payload_counts_the_retries() -> None:
    payloads: list[dict[str, int]] = []

    def fail_twice(payload: dict[str, int]) -> None:
        payloads.append(payload)
        if len(payloads) < 3:
            raise TaskFailed("E")

    payload = {"attempt": "{% $states.context.State.RetryCount %}"}

    machine(First=task(payload=payload, Retry=[FULL])).run({}, Surroundings({"first": fail_twice}))

    assert payloads == [{"attempt": 0}, {"attempt": 1}, {"attempt": 2}]


def test_an_undefined_value_fails_the_state_and_can_be_caught() -> None:
    catch = [{"ErrorEquals": ["States.QueryEvaluationError"], "Next": "End"}]
    first = task(payload="{% $states.input.missing %}", Catch=catch)
    surroundings = Surroundings({"first": failing()})

    machine(First=first, End={"Type": "Succeed"}).run({}, surroundings)

    assert surroundings.entries == ["First", "End"]


def test_null_is_a_value() -> None:
    first = task(
        payload={"cursor": "{% $states.input.cursor %}"}, Output="{% $states.input.cursor != null %}"
    )

    assert machine(First=first).run({"cursor": None}, Surroundings({"first": failing()})) is False


def test_a_choice_takes_the_first_condition_that_holds() -> None:
    choices = [
        {"Condition": "{% $states.input = 1 %}", "Next": "One"},
        {"Condition": "{% $states.input > 0 %}", "Next": "More"},
    ]
    states = {name: {"Type": "Succeed"} for name in ("One", "More", "None")}
    choosing = machine(Choose={"Type": "Choice", "Choices": choices, "Default": "None"}, **states)

    taken = []
    for data in (1, 2, 0):
        surroundings = Surroundings()
        choosing.run(data, surroundings)
        taken.append(surroundings.entries[-1])

    assert taken == ["One", "More", "None"]


def test_only_a_task_that_waits_has_a_token() -> None:
    surroundings = Surroundings({"first": failing()})
    waiting = task(
        payload="{% $states.context.Task.Token %}", Resource=f"{INVOKE}.waitForTaskToken", TimeoutSeconds=900
    )

    machine(First=task(Next="Second"), Second=waiting).run({}, surroundings)

    assert (surroundings.tokens, surroundings.timeouts) == ([None, "token-1"], [30, 900])


def test_a_wait_ends_at_the_time_in_its_input() -> None:
    surroundings = Surroundings()
    wait = {"Type": "Wait", "Timestamp": "{% $states.input.at %}", "Next": "End"}

    output = machine(Wait=wait, End={"Type": "Succeed"}).run({"at": "noon"}, surroundings)

    assert (surroundings.waits, output) == (["noon"], {"at": "noon"})


def test_a_catcher_can_parse_the_cause_for_its_output() -> None:
    slot = {"slot": "{% $parse($states.errorOutput.Cause).errorMessage %}"}
    catch = [{"ErrorEquals": ["E"], "Output": slot, "Next": "End"}]

    def later(_: object) -> Any:  # noqa: ANN401 - JSON
        raise TaskFailed("E", '{"errorMessage": "at noon", "errorType": "E"}')

    output = machine(First=task(Catch=catch), End={"Type": "Succeed"}).run({}, Surroundings({"first": later}))

    assert output == {"slot": "at noon"}


def test_a_fail_state_fails_the_execution() -> None:
    with pytest.raises(ExecutionFailed, match="NeedsAttention"):
        machine(First={"Type": "Fail", "Error": "NeedsAttention", "Cause": ""}).run({}, Surroundings())


@pytest.mark.parametrize(
    "state",
    [
        {"Type": "Map"},
        task(HeartbeatSeconds=5),
        task(Resource="arn:aws:states:::sqs:sendMessage"),
    ],
)
def test_what_is_not_known_is_refused(state: dict[str, Any]) -> None:
    with pytest.raises(Unsupported):
        machine(First=state)


@pytest.mark.parametrize(("data", "output"), [({"x": "here"}, "here"), ({"x": None}, None), ({}, "none")])
def test_a_value_that_may_be_absent_has_another_one_instead(data: dict[str, Any], output: object) -> None:
    first = task(Output="{% $exists($states.input.x) ? $states.input.x : 'none' %}")

    assert machine(First=first).run(data, Surroundings({"first": failing()})) == output

"""The saga's definition, read as a graph of states, with the table of steps beside it.

The tests prove the laws of the saga on it, and the diagram in README.md is drawn from it.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Self

from statemachines.definition import read_definition
from statemachines.steps import STEPS, Role, Step

ANY_ERROR: Final = "States.ALL"

CAUGHT_BY_NOTHING: Final = frozenset({"States.DataLimitExceeded", "States.Runtime"})
"""Errors that `States.ALL` does not match, so that they fail the execution.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

_EXPRESSION: Final = re.compile(r"{%.*?%}")
_VARIABLE: Final = re.compile(r"\$(?!states\b)([A-Za-z_]\w*)\b(?!\s*\()")
_WAITS: Final = ".waitForTaskToken"

_DEFAULT_RETRIES: Final = 3
_DEFAULT_INTERVAL_SECONDS: Final = 1
_DEFAULT_BACKOFF_RATE: Final = 2.0


@dataclass(frozen=True, slots=True)
class Retrier:
    """When and how often a failed task is retried.

    Attributes:
        errors: The error names that it matches.
        interval_seconds: The pause before the first retry.
        backoff_rate: The factor by which each pause is longer than the one before.
        max_delay_seconds: The longest pause; None if there is no limit.
        max_attempts: The number of retries, the first try not counted.
        jitter: `FULL` shortens every pause at random.
    """

    errors: tuple[str, ...]
    interval_seconds: float
    backoff_rate: float
    max_delay_seconds: float | None
    max_attempts: int
    jitter: str

    @classmethod
    def read(cls, retrier: Mapping[str, Any]) -> Self:
        """Read an element of `Retry`; a field that it omits has the default of the language."""
        return cls(
            errors=tuple(retrier["ErrorEquals"]),
            interval_seconds=retrier.get("IntervalSeconds", _DEFAULT_INTERVAL_SECONDS),
            backoff_rate=retrier.get("BackoffRate", _DEFAULT_BACKOFF_RATE),
            max_delay_seconds=retrier.get("MaxDelaySeconds"),
            max_attempts=retrier.get("MaxAttempts", _DEFAULT_RETRIES),
            jitter=retrier.get("JitterStrategy", "NONE"),
        )

    def matches(self, error: str) -> bool:
        """Whether it decides about this error, unless another retrier before it does."""
        return _matches(self.errors, error)

    @property
    def pauses(self) -> tuple[float, ...]:
        """The longest possible pause before each retry, in seconds: jitter only shortens it."""
        limit = self.max_delay_seconds if self.max_delay_seconds is not None else float("inf")
        return tuple(
            min(self.interval_seconds * self.backoff_rate**n, limit) for n in range(self.max_attempts)
        )


@dataclass(frozen=True, slots=True)
class Transition:
    """A way from one state to another.

    Attributes:
        source: The state that is left.
        target: The state that is entered.
        errors: The errors that are caught; empty if the source succeeded.
        assigned: The variables that the transition sets, with their values.
        used: The variables that its own expressions read.
    """

    source: str
    target: str
    errors: tuple[str, ...] = ()
    assigned: Mapping[str, Any] = field(default_factory=dict)
    used: frozenset[str] = frozenset()

    def catches(self, error: str) -> bool:
        """Whether this error leads to it, unless another catcher before it matches."""
        return _matches(self.errors, error)


@dataclass(frozen=True, slots=True)
class State:
    """One state.

    Attributes:
        name: Its name.
        body: Its object in the definition.
        step: Its row in the table of steps; None if it has none.
    """

    name: str
    body: Mapping[str, Any]
    step: Step | None

    @property
    def type(self) -> str:
        """`Task`, `Succeed`, `Fail`, ..."""
        return str(self.body.get("Type"))

    @property
    def is_task(self) -> bool:
        """Whether it calls something, so that it can fail."""
        return self.type == "Task"

    @property
    def pauses_execution(self) -> bool:
        """Whether it only waits until a time."""
        return self.type == "Wait"

    @property
    def role(self) -> Role | None:
        """What it is for; None for a task without a row in the table of steps."""
        if self.step:
            return self.step.role
        if self.pauses_execution:
            return Role.DETOUR
        return None if self.is_task else Role.END

    @property
    def next(self) -> str | None:
        """The state that follows if this one succeeds; None if the execution ends."""
        return self.body.get("Next")

    @property
    def waits(self) -> bool:
        """Whether it ends only when somebody returns its task token."""
        return str(self.body.get("Resource")).endswith(_WAITS)

    @property
    def timeout_seconds(self) -> int | None:
        """The longest that one try can take; None if the definition has no number for it."""
        timeout = self.body.get("TimeoutSeconds")
        return timeout if isinstance(timeout, int) else None

    @property
    def retriers(self) -> tuple[Retrier, ...]:
        """When it is retried."""
        return tuple(Retrier.read(each) for each in self.body.get("Retry", ()))

    @property
    def tries(self) -> int:
        """The largest number of tries, the first one counted."""
        return 1 + sum(retrier.max_attempts for retrier in self.retriers)

    def retries_of(self, error: str) -> int:
        """The largest number of retries after an error: the first retrier that matches it decides."""
        return next((each.max_attempts for each in self.retriers if each.matches(error)), 0)

    @property
    def pauses(self) -> tuple[float, ...]:
        """The longest possible pauses between its tries, in seconds."""
        return tuple(pause for retrier in self.retriers for pause in retrier.pauses)

    @property
    def transitions(self) -> tuple[Transition, ...]:
        """The ways out of it: success first, then its catchers in their order."""
        assigned = self.body.get("Assign", {})
        success = [Transition(self.name, self.next, assigned=assigned)] if self.next else []
        failures = [
            Transition(
                self.name,
                catcher["Next"],
                errors=tuple(catcher["ErrorEquals"]),
                assigned=catcher.get("Assign", {}),
                used=_variables(catcher),
            )
            for catcher in self.body.get("Catch", ())
        ]
        return (*success, *failures)

    @property
    def failures(self) -> tuple[Transition, ...]:
        """The ways out of it when it fails, in the order in which Step Functions tries them."""
        return tuple(transition for transition in self.transitions if transition.errors)

    @property
    def targets(self) -> frozenset[str]:
        """The names of the states that can follow it."""
        return frozenset(transition.target for transition in self.transitions)

    @property
    def variables(self) -> frozenset[str]:
        """The variables that it reads, those of its catchers not counted."""
        return _variables({key: value for key, value in self.body.items() if key != "Catch"})


@dataclass(frozen=True)
class SagaDocument:
    """The saga: its definition and its table of steps.

    Attributes:
        definition: Amazon States Language, as JSON data.
        steps: The table of steps.
    """

    definition: Mapping[str, Any]
    steps: Sequence[Step] = STEPS

    @classmethod
    def load(cls) -> Self:
        """Read the definition that is deployed."""
        return cls(read_definition("order_saga"))

    @property
    def timeout_seconds(self) -> int:
        """The longest that an execution can take."""
        return int(self.definition.get("TimeoutSeconds", 0))

    @cached_property
    def states(self) -> dict[str, State]:
        """All states by name, in the order of the definition."""
        rows = {step.state: step for step in self.steps}
        return {
            name: State(name, body, rows.get(name) if body.get("Type") == "Task" else None)
            for name, body in self.definition["States"].items()
        }

    @property
    def start(self) -> str:
        """The first state."""
        return str(self.definition["StartAt"])

    @property
    def tasks(self) -> list[State]:
        """The states that call something."""
        return [state for state in self.states.values() if state.is_task]

    @property
    def happy_path(self) -> list[State]:
        """The states that an order enters when nothing fails."""
        return self.chain(self.start)

    @property
    def forward(self) -> list[State]:
        """The happy path and its detours, in the order of the definition."""
        happy_path = self.happy_path
        return [each for each in self.states.values() if each in happy_path or each.role is Role.DETOUR]

    @property
    def pivot(self) -> State | None:
        """The state after which nothing can fail the order."""
        return next(iter(self.having(Role.PIVOT)), None)

    @property
    def undoable(self) -> list[Step]:
        """The forward steps up to the pivot, in the order of the table: what a failure undoes."""
        return [step for step in self.steps if step.role in {Role.FORWARD, Role.PIVOT}]

    @property
    def way_back(self) -> list[State]:
        """The states that are entered when everything is undone, and that succeeds; the end included."""
        return self.chain(self.undos_of(self.undoable)[0])

    @property
    def transitions(self) -> list[Transition]:
        """All ways between states."""
        return [transition for state in self.states.values() for transition in state.transitions]

    def pauses_before(self, task: State) -> list[State]:
        """The states that wait and then enter this one again."""
        return [each for each in self.states.values() if each.pauses_execution and each.next == task.name]

    def having(self, *roles: Role) -> list[State]:
        """The states of these roles, in the order of the definition."""
        return [state for state in self.states.values() if state.role in roles]

    def undos_of(self, steps: Iterable[Step]) -> list[str]:
        """The states that must undo these steps: in reverse order, and then the one that closes the order."""
        undos = [step.undo for step in reversed([*steps]) if step.undo]
        return [*undos, *(step.state for step in self.steps if step.role is Role.CLOSE)]

    def start_of(self, detour: State) -> State | None:
        """The state of the happy path that leads to a detour, perhaps through other detours."""
        for start in self.happy_path:
            reached = [start]
            for state in reached:  # grows meanwhile
                reached += [
                    each
                    for each in self.having(Role.DETOUR)
                    if each.name in state.targets and each not in reached
                ]
            if detour in reached:
                return start
        return None

    def chain(self, first: str | None) -> list[State]:
        """The states from this one on, if every one of them succeeds."""
        chain: list[State] = []
        name = first
        while name in self.states and self.states[name] not in chain:
            chain.append(self.states[name])
            name = self.states[name].next
        return chain

    def ways_from(self, name: str, before: tuple[Transition, ...] = ()) -> Iterator[tuple[Transition, ...]]:
        """All ways from a state to an end of the execution; none enters a state twice.

        Args:
            name: The state.
            before: The way that has led to it.
        """
        state = self.states.get(name)
        if state is None or state.next is None:
            yield before
        visited = {transition.source for transition in before} | {name}
        for transition in state.transitions if state else ():
            if transition.target not in visited:
                yield from self.ways_from(transition.target, (*before, transition))


def _matches(names: Sequence[str], error: str) -> bool:
    return error in names or (ANY_ERROR in names and error not in CAUGHT_BY_NOTHING)


def _variables(value: object) -> frozenset[str]:
    """The variables in all JSONata expressions of a value, `$states` and functions not counted."""
    expressions = _EXPRESSION.findall(json.dumps(value))
    return frozenset(variable for each in expressions for variable in _VARIABLE.findall(each))

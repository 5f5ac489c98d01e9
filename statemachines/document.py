"""The state machine's document, read as a graph of states.

The tests prove the laws of the saga on it, and the diagram in README.md is drawn from it. A state says in the
first words of its comment what it is for: `Forward.`, `Forward, the pivot.`, `Undo of ReserveInventory.`; a
detour, which most executions do not make, says `Forward, only when ...`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Final, Self

from statemachines.definition import read_definition

ANY_ERROR: Final = "States.ALL"

_COMMENT: Final = re.compile(
    r"(?P<role>Forward|Undo|Alarm|End)(?: of (?P<step>\w+))?(?:, (?P<place>[^.]+))?\."
)
_VARIABLE: Final = re.compile(r"\$(?!states\b)([A-Za-z_]\w*)\b(?!\s*\()")
_PLACEHOLDER: Final = re.compile(r"\$\{([^}]*)}")
_CALLED_BACK: Final = ".waitForTaskToken"

_DEFAULT_RETRIES: Final = 3
_DEFAULT_INTERVAL_SECONDS: Final = 1
_DEFAULT_BACKOFF_RATE: Final = 2.0


class Role(StrEnum):
    """What a state is for: the first words of its comment, in the order of the file."""

    FORWARD = "Forward"
    UNDO = "Undo"
    ALARM = "Alarm"
    END = "End"


@dataclass(frozen=True, slots=True)
class Retrier:
    """When and how often a failed task is tried again.

    Attributes:
        errors: The names that it matches.
        interval_seconds: The pause before the first retry.
        backoff_rate: How much longer each pause is than the one before.
        max_delay_seconds: The longest pause; None if it is not limited.
        max_attempts: How many retries there are, the first try not counted.
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
        """Read an element of `Retry`; what it leaves open has the default of the language."""
        return cls(
            errors=tuple(retrier["ErrorEquals"]),
            interval_seconds=retrier.get("IntervalSeconds", _DEFAULT_INTERVAL_SECONDS),
            backoff_rate=retrier.get("BackoffRate", _DEFAULT_BACKOFF_RATE),
            max_delay_seconds=retrier.get("MaxDelaySeconds"),
            max_attempts=retrier.get("MaxAttempts", _DEFAULT_RETRIES),
            jitter=retrier.get("JitterStrategy", "NONE"),
        )

    @property
    def pauses(self) -> tuple[float, ...]:
        """The pause before each retry in seconds, as long as it can be: jitter only shortens it."""
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
        errors: What the source failed with; empty if it succeeded.
        assigned: The variables that are set on the way, and to what.
        used: The variables that its own expressions read.
    """

    source: str
    target: str
    errors: tuple[str, ...] = ()
    assigned: Mapping[str, Any] = field(default_factory=dict)
    used: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class State:
    """One state.

    Attributes:
        name: Its name.
        body: The document's object, as it stands.
    """

    name: str
    body: Mapping[str, Any]

    @property
    def type(self) -> str:
        """`Task`, `Succeed`, `Fail`, ..."""
        return str(self.body.get("Type"))

    @property
    def is_task(self) -> bool:
        """Whether it does something, so that it can fail."""
        return self.type == "Task"

    @property
    def role(self) -> Role | None:
        """What it is for; None if its comment does not say so."""
        word = self._said("role")
        return Role(word) if word else None

    @property
    def place(self) -> str | None:
        """What the comment adds to the role: `the pivot`, `behind the pivot`, `its last step`, ..."""
        return self._said("place")

    @property
    def undoes(self) -> str | None:
        """The state whose undo this is."""
        return self._said("step")

    @property
    def next(self) -> str | None:
        """The state that follows if this one succeeds; None if the execution ends."""
        return self.body.get("Next")

    @property
    def is_detour(self) -> bool:
        """Whether it goes forward, but is visited only when something asks for it."""
        return self.role is Role.FORWARD and (self.place or "").startswith("only when")

    @property
    def waits(self) -> bool:
        """Whether it is done only when somebody calls back."""
        return str(self.body.get("Resource")).endswith(_CALLED_BACK)

    @property
    def timeout_seconds(self) -> int | None:
        """The longest that one try can take; None if the document does not say it in numbers."""
        timeout = self.body.get("TimeoutSeconds")
        return timeout if isinstance(timeout, int) else None

    @property
    def retriers(self) -> tuple[Retrier, ...]:
        """When it is tried again."""
        return tuple(Retrier.read(each) for each in self.body.get("Retry", ()))

    @property
    def tries(self) -> int:
        """How often it is tried at most, each retrier used up."""
        return 1 + sum(retrier.max_attempts for retrier in self.retriers)

    @property
    def pauses(self) -> tuple[float, ...]:
        """All pauses between its tries in seconds, as long as they can be."""
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
        """The ways out of it when it fails, in the order in which they are looked at."""
        return tuple(transition for transition in self.transitions if transition.errors)

    @property
    def variables(self) -> frozenset[str]:
        """The variables that it reads, its catchers left out."""
        return _variables({key: value for key, value in self.body.items() if key != "Catch"})

    def _said(self, what: str) -> str | None:
        match = _COMMENT.match(self.body.get("Comment", ""))
        return match[what] if match else None


@dataclass(frozen=True)
class SagaDocument:
    """The whole document.

    Attributes:
        definition: The document, as it stands.
    """

    definition: Mapping[str, Any]

    @classmethod
    def load(cls) -> Self:
        """Read the project's own document."""
        return cls(read_definition("order_saga"))

    @property
    def timeout_seconds(self) -> int:
        """The longest that an execution can take."""
        return int(self.definition.get("TimeoutSeconds", 0))

    @cached_property
    def states(self) -> dict[str, State]:
        """All states by name, in the order of the file."""
        return {name: State(name, body) for name, body in self.definition["States"].items()}

    @property
    def start(self) -> str:
        """The first state."""
        return str(self.definition["StartAt"])

    @property
    def tasks(self) -> list[State]:
        """The states that do something."""
        return [state for state in self.states.values() if state.is_task]

    @property
    def happy_path(self) -> list[State]:
        """The states that are visited when nothing fails."""
        return self.chain(self.start)

    @property
    def way_back(self) -> list[State]:
        """The states that are visited when everything is undone, and that succeeds; the end included."""
        undos = self.having(Role.UNDO)
        followers = {undo.next for undo in undos}
        return self.chain(next((undo.name for undo in undos if undo.name not in followers), None))

    @property
    def undo_chain(self) -> list[State]:
        """The undos in their order, up to the one that brings the order to rest."""
        chain = [state for state in self.way_back if state.role is Role.UNDO]
        return chain[: chain.index(self.last_undo) + 1] if self.last_undo in chain else chain

    @property
    def pivot(self) -> State | None:
        """The state behind which nothing can fail the order."""
        return next((state for state in self.states.values() if state.place == "the pivot"), None)

    @property
    def last_undo(self) -> State | None:
        """The undo that brings the order to rest."""
        return next((state for state in self.having(Role.UNDO) if state.place == "its last step"), None)

    @property
    def steps(self) -> list[State]:
        """The states of the happy path up to the pivot: those that can still be undone."""
        names = [state.name for state in self.happy_path]
        last = names.index(self.pivot.name) if self.pivot and self.pivot.name in names else len(names) - 1
        return self.happy_path[: last + 1]

    @property
    def detours(self) -> list[State]:
        """The forward states that are not on the happy path."""
        return [state for state in self.states.values() if state.is_detour]

    @property
    def transitions(self) -> list[Transition]:
        """All ways between states."""
        return [transition for state in self.states.values() for transition in state.transitions]

    @property
    def placeholders(self) -> list[str]:
        """The names in `${...}`, wherever they stand."""
        return _PLACEHOLDER.findall(json.dumps(self.definition))

    def having(self, role: Role) -> list[State]:
        """The states of a role, in the order of the file."""
        return [state for state in self.states.values() if state.role is role]

    def undo_of(self, step: State) -> State | None:
        """The state that undoes a step."""
        return next((state for state in self.states.values() if state.undoes == step.name), None)

    def left_at(self, detour: State) -> State | None:
        """The step of the happy path that a detour begins at."""
        return next((step for step in self.steps if detour.name in self._targets(step)), None)

    def chain(self, first: str | None) -> list[State]:
        """The states from this one on, if every one of them succeeds."""
        chain: list[State] = []
        name = first
        while name in self.states and self.states[name] not in chain:
            chain.append(self.states[name])
            name = self.states[name].next
        return chain

    def after(self, name: str) -> set[str]:
        """The names of all states that can be visited after this one."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            state = self.states.get(waiting.pop())
            targets = self._targets(state) if state else set()
            waiting.extend(targets - found)
            found |= targets
        return found

    @staticmethod
    def _targets(state: State) -> set[str]:
        return {transition.target for transition in state.transitions}

    def ways_from(self, name: str) -> Iterator[tuple[Transition, ...]]:
        """All ways from a state to an end of the execution; none goes through a state twice."""
        yield from self._ways(name, ())

    def _ways(self, name: str, before: tuple[Transition, ...]) -> Iterator[tuple[Transition, ...]]:
        state = self.states.get(name)
        onward = state.transitions if state else ()
        if state is None or state.next is None:
            yield before
        visited = {transition.source for transition in before} | {name}
        for transition in onward:
            if transition.target not in visited:
                yield from self._ways(transition.target, (*before, transition))


def _variables(value: object) -> frozenset[str]:
    """The variables in all JSONata expressions of a value; `$states` and functions are none."""
    return frozenset(
        variable for text in _texts(value) if text.startswith("{%") for variable in _VARIABLE.findall(text)
    )


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)

"""The laws of the saga as rules on its definition, and the breaches that prove them.

A rule yields a complaint for every place that breaks it: what is wrong and, where it is not obvious, what to
do. A breach changes a copy of the real saga so that it breaks the rule. A test shows that the rule finds it.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from statemachines.definition import Definition
from statemachines.document import SagaDocument
from statemachines.steps import STEPS, Step

Check = Callable[[SagaDocument], Iterator[str]]


@dataclass
class Draft:
    """A copy of the saga, for a breach to change."""

    definition: Definition
    steps: list[Step]

    @classmethod
    def of(cls, saga: SagaDocument) -> "Draft":
        return cls(copy.deepcopy(dict(saga.definition)), list(saga.steps))

    @property
    def states(self) -> dict[str, Any]:
        states: dict[str, Any] = self.definition["States"]
        return states

    def retrier(self, state: str) -> dict[str, Any]:
        """The last one: an undo has another one before it, for errors that are never retried."""
        last: dict[str, Any] = self.states[state]["Retry"][-1]
        return last

    def catchers(self, state: str) -> list[dict[str, Any]]:
        catchers: list[dict[str, Any]] = self.states[state]["Catch"]
        return catchers

    def swap(self, one: str, other: str) -> None:
        """Exchange the places of two states in the file."""
        names = {one: other, other: one}
        order = [names.get(name, name) for name in self.states]
        self.definition["States"] = {name: self.states[name] for name in order}

    def rename(self, old: str, new: str) -> None:
        """Give a state another name, wherever it is named."""

        def renamed(value: Any) -> Any:  # noqa: ANN401 - JSON can be anything
            if isinstance(value, dict):
                return {new if key == old else key: renamed(each) for key, each in value.items()}
            if isinstance(value, list):
                return [renamed(each) for each in value]
            return new if value == old else value

        self.definition["States"] = renamed(self.states)
        for step in STEPS:
            if step.undo == old:
                self.change_row(step.state, undo=new)
        self.change_row(old, state=new)

    def change_row(self, name: str, /, **changes: Any) -> None:  # noqa: ANN401 - any column
        """Change a row of the table of steps."""
        self.steps = [replace(step, **changes) if step.state == name else step for step in self.steps]

    def add_step(self, step: Step, *, before: str, like: str) -> None:
        """Add a step: its row, and a state that retries and fails like another one."""
        for previous in self.states.values():
            if previous.get("Next") == before and previous["Type"] == "Task":
                previous["Next"] = step.state
        state = {**copy.deepcopy(self.states[like]), "Next": before}
        state["Arguments"]["FunctionName"] = f"${{{step.state}Arn}}"
        self.states[step.state] = state
        self.steps.insert([each.state for each in self.steps].index(before), step)


Change = Callable[[Draft], None]


@dataclass(frozen=True)
class Breach:
    """A change that breaks a rule, and a part of the complaint that the rule must then make."""

    change: Change
    complaint: str


@dataclass(frozen=True)
class Rule:
    """One demand of a law."""

    check: Check
    breaches: list[Breach] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.check.__name__

    def broken_by(self, complaint: str) -> Callable[[Change], Change]:
        """Add a breach; `complaint` is a part of what the rule must then say."""

        def add(change: Change) -> Change:
            self.breaches.append(Breach(change, complaint))
            return change

        return add


@dataclass(frozen=True)
class Law:
    """A law, in a sentence, and its rules."""

    says: str
    rules: list[Rule] = field(default_factory=list)

    def rule(self, check: Check) -> Rule:
        """Add a rule."""
        self.rules.append(Rule(check))
        return self.rules[-1]

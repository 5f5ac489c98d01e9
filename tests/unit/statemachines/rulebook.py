"""What a law of the saga demands of the document, and the ways to break it.

A rule is a function that yields a sentence for every place where a document breaks it. A breach is a function
that breaks a rule in the real document: it proves that the rule would find it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from statemachines.document import SagaDocument

Document = dict[str, Any]
Rule = Callable[[SagaDocument], Iterator[str]]
Change = Callable[[Document], None]


@dataclass(frozen=True)
class Breach:
    rule: Rule
    change: Change
    complaint: str


@dataclass(frozen=True)
class Law:
    says: str
    rules: list[Rule] = field(default_factory=list)
    breaches: list[Breach] = field(default_factory=list)

    def rule(self, rule: Rule) -> Rule:
        """Add a rule."""
        self.rules.append(rule)
        return rule

    def breach(self, rule: Rule, complaint: str) -> Callable[[Change], Change]:
        """Add a change that breaks a rule.

        Args:
            rule: The rule.
            complaint: A part of what the rule must say then.
        """

        def add(change: Change) -> Change:
            self.breaches.append(Breach(rule, change, complaint))
            return change

        return add


def state(document: Document, name: str) -> dict[str, Any]:
    body: dict[str, Any] = document["States"][name]
    return body


def retrier(document: Document, name: str) -> dict[str, Any]:
    first: dict[str, Any] = state(document, name)["Retry"][0]
    return first


def catchers(document: Document, name: str) -> list[dict[str, Any]]:
    catch: list[dict[str, Any]] = state(document, name)["Catch"]
    return catch


def rename(document: Document, old: str, new: str) -> None:
    """Give a state another name, wherever it is named."""

    def renamed(value: Any) -> Any:  # noqa: ANN401 - JSON can be anything
        if isinstance(value, dict):
            return {new if key == old else key: renamed(each) for key, each in value.items()}
        if isinstance(value, list):
            return [renamed(each) for each in value]
        return new if value == old else value

    document["States"] = renamed(document["States"])

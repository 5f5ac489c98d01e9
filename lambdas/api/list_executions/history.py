"""Reads the states and tries of an execution out of its history.

The types of events are those of
https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html (November 2026). A task
is `TaskScheduled`, `TaskStarted`, perhaps `TaskSubmitted`, and then `TaskSucceeded`, `TaskFailed` or
`TaskTimedOut`; a retry is scheduled in the same state. A state that catches an error is exited like one that
succeeds. The last event of an execution also ends its current state, which may have no event of its own.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final

from lambdas.domain import clock

Event = Mapping[str, Any]
"""An event, as `GetExecutionHistory` returns it."""

_MASKED: Final = "(removed)"
_SECRETS: Final = frozenset(
    {"tasktoken", "token", "clientsecret", "paymentmethod", "email", "returnurl", "nextaction"}
)
"""Names of values that nobody may see, in lower case and without `_`."""

_LONGEST_MESSAGE: Final = 1_000

_STATUS_AFTER: Final = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionTimedOut": "TIMED_OUT",
    "ExecutionAborted": "ABORTED",
}
_ENDS_OF_TRIES: Final = ("Succeeded", "Failed", "TimedOut")
_TASKS: Final = ("Task", "LambdaFunction", "Activity")


class StateOutcome(StrEnum):
    """How a visit to a state ended."""

    SUCCEEDED = "succeeded"
    CAUGHT = "caught"
    """Its task failed for good, and a catcher led to another state."""
    FAILED = "failed"
    """It failed the execution."""
    STOPPED = "stopped"
    """The execution was stopped, or timed out, meanwhile."""
    RUNNING = "running"


@dataclass(frozen=True, slots=True)
class ErrorOutput:
    """An error.

    Attributes:
        code: Its name in Step Functions.
        message: What it says, without a stack trace.
    """

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try of a state's task. Times are UTC, ISO 8601."""

    scheduled_at: str
    started_at: str | None = None
    ended_at: str | None = None
    error: ErrorOutput | None = None


@dataclass(frozen=True, slots=True)
class StateVisit:
    """A visit to a state.

    Attributes:
        name: Name of the state.
        entered_at: UTC, ISO 8601.
        left_at: UTC, ISO 8601; None while it runs.
        outcome: How it ended.
        next: The state that followed; None if none has yet.
        input: What it was given, without secrets; None if it is no JSON object.
        output: What it returned, without secrets; None if it has not, or if it is no JSON object.
        attempts: The tries of its task.
    """

    name: str
    entered_at: str
    left_at: str | None = None
    outcome: StateOutcome = StateOutcome.RUNNING
    next: str | None = None
    input: Mapping[str, Any] | None = None
    output: Mapping[str, Any] | None = None
    attempts: tuple[Attempt, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class ExecutionEnd:
    """How an execution ended, or that it runs.

    Attributes:
        status: `RUNNING`, `SUCCEEDED`, `FAILED`, `TIMED_OUT` or `ABORTED`.
        stopped_at: UTC, ISO 8601; None while it runs.
        error: Why it did not succeed.
    """

    status: str
    stopped_at: str | None = None
    error: ErrorOutput | None = None


def until_end(events: Iterable[Event]) -> Iterator[Event]:
    """The events until the end; the embedded AWS adds what the call of a stopped state returned."""
    for event in events:
        yield event
        if event["type"] in _STATUS_AFTER:
            return


def end_of(last: Event) -> ExecutionEnd:
    """Read how an execution ended from its last event."""
    status = _STATUS_AFTER.get(last["type"])
    return ExecutionEnd(status, time_of(last), _error_of(last)) if status else ExecutionEnd("RUNNING")


def visits_of(events: Iterable[Event], *, is_complete: bool = True) -> list[StateVisit]:
    """Read the visits to states, in order.

    Args:
        events: The history, from its beginning.
        is_complete: Whether no later event is missing. Otherwise the last state is left out unless it was
            exited, because nobody knows what became of it.
    """
    visits: list[StateVisit] = []
    for event in events:
        if event["type"].endswith("StateEntered"):
            details = event["stateEnteredEventDetails"]
            visits.append(StateVisit(details["name"], time_of(event), input=_object(details.get("input"))))
        elif visits:
            visits[-1] = _after(visits[-1], event)
    if visits and not is_complete and visits[-1].left_at is None:
        visits.pop()
    followers = {number: after.name for number, (_, after) in enumerate(pairwise(visits))}
    return [replace(visit, next=followers.get(number)) for number, visit in enumerate(visits)]


def without_secrets(value: Any) -> Any:  # noqa: ANN401 - JSON can be anything
    """Copy JSON data, with task tokens and other secrets replaced at every level."""
    match value:
        case dict():
            return {
                name: _MASKED if _is_secret(name) else without_secrets(each) for name, each in value.items()
            }
        case list():
            return [without_secrets(each) for each in value]
    return value


def _after(visit: StateVisit, event: Event) -> StateVisit:
    """The visit after one more event."""
    kind: str = event["type"]
    if kind.endswith("StateExited"):
        output = _object(event["stateExitedEventDetails"].get("output"))
        failed = bool(visit.attempts) and visit.attempts[-1].error is not None
        outcome = StateOutcome.CAUGHT if failed else StateOutcome.SUCCEEDED
        return replace(visit, left_at=time_of(event), outcome=outcome, output=output)
    if kind in _STATUS_AFTER:
        if visit.left_at is not None:
            return visit
        outcome = StateOutcome.FAILED if kind == "ExecutionFailed" else StateOutcome.STOPPED
        return replace(visit, left_at=time_of(event), outcome=outcome, attempts=_ended(visit.attempts, event))
    if kind == "EvaluationFailed":  # an expression of the state, before or after its task
        failure = Attempt(time_of(event), ended_at=time_of(event), error=_error_of(event))
        return replace(visit, attempts=(*visit.attempts, failure))
    if kind.startswith(_TASKS):
        return replace(visit, attempts=_attempts_after(visit.attempts, kind, event))
    return visit


def _attempts_after(attempts: Sequence[Attempt], kind: str, event: Event) -> tuple[Attempt, ...]:
    if kind.endswith("Scheduled"):
        return (*attempts, Attempt(time_of(event)))
    if not attempts:
        return ()
    *before, last = attempts
    if kind.endswith("Started"):
        return (*before, replace(last, started_at=time_of(event)))
    if kind.endswith(_ENDS_OF_TRIES):
        return (*before, replace(last, ended_at=time_of(event), error=_error_of(event)))
    return (*before, last)


def _ended(attempts: Sequence[Attempt], end: Event) -> tuple[Attempt, ...]:
    """The attempts at the end of the execution, which ends the last one, too."""
    return tuple(each if each.ended_at else replace(each, ended_at=time_of(end)) for each in attempts)


def _error_of(event: Event) -> ErrorOutput | None:
    """The error in an event's details; None if it has none."""
    kind: str = event["type"]
    details = event.get(f"{kind[0].lower()}{kind[1:]}EventDetails") or {}
    code = details.get("error") or ("States.Timeout" if kind.endswith("TimedOut") else None)
    if code is None and not kind.endswith(("Failed", "Aborted")):
        return None
    return ErrorOutput(code or kind, _message_of(details.get("cause") or ""))


def _message_of(cause: str) -> str:
    """A function's exception is JSON with its message and a stack trace; other causes are text."""
    try:
        message = json.loads(cause)["errorMessage"]
    except (ValueError, LookupError, TypeError):
        message = cause
    return str(message)[:_LONGEST_MESSAGE]


def _object(text: str | None) -> Mapping[str, Any] | None:
    try:
        value = json.loads(text or "null")
    except ValueError:  # cut off by Step Functions
        return None
    return without_secrets(value) if isinstance(value, dict) else None


def _is_secret(name: str) -> bool:
    return name.replace("_", "").lower() in _SECRETS


def time_of(event: Event) -> str:
    """The time of an event; UTC, ISO 8601."""
    moment: datetime = event["timestamp"]
    return clock.text(moment.astimezone(UTC))

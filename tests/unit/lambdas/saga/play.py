"""Plays an execution of the saga: the states of the definition, and the functions on the shop's tables.

A wait for a payment always lasts until its deadline.

Retries and catchers work as AWS documents them
(https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html). The first retrier that
matches an error decides, and counts its own retries.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from statemachines.document import SagaDocument, State
from tests.unit.lambdas.builders import ORDER_ID, TASK_TOKEN, TIMED_OUT, caught
from tests.unit.lambdas.invocations import call_step, step_payload

SAGA: Final = SagaDocument.load()

Moment = Literal["before", "after"]
"""When a call fails: before its effect, or after it, so that only the reply is lost."""

Strike = Callable[[str, int], Moment | None]
"""Returns when a call fails, by its state and the number of its try, from 1; None if it succeeds."""


class ExecutionFailed(Exception):
    """The execution has ended with this error."""


class _TaskFailed(Exception):
    def __init__(self, error_output: Mapping[str, str]) -> None:
        self.error_output = error_output
        self.error = error_output["Error"]


def play(error: str, strike: Strike, execution: str = ORDER_ID) -> list[str]:
    """Run the saga for the order, and let calls of its functions fail with an error.

    Returns:
        The names of the states that were entered.

    Raises:
        ExecutionFailed: The execution has failed.
    """
    visited = [SAGA.start]
    kept: Mapping[str, str] = {}
    while True:
        state = SAGA.states[visited[-1]]
        if state.type == "Fail":
            raise ExecutionFailed(state.body["Error"])
        if not state.is_task:
            return visited
        try:
            _try_until_it_works(state, {**step_payload(kept), "execution": execution}, error, strike)
        except _TaskFailed as failure:
            catcher = next((each for each in state.failures if each.catches(failure.error)), None)
            if catcher is None:
                raise ExecutionFailed(failure.error) from None
            kept = failure.error_output if catcher.assigned else kept
            visited.append(catcher.target)
            continue
        if state.next is None:
            return visited
        visited.append(state.next)


def _try_until_it_works(state: State, payload: Mapping[str, Any], error: str, strike: Strike) -> None:
    retries: Counter[int] = Counter()
    while True:
        try:
            return _call(
                state, {**payload, "attempt": retries.total()}, error, strike(state.name, retries.total() + 1)
            )
        except _TaskFailed as failure:
            matching = (number for number, each in enumerate(state.retriers) if each.matches(failure.error))
            number = next(matching, None)
            if number is None or retries[number] == state.retriers[number].max_attempts:
                raise
            retries[number] += 1


def _call(state: State, payload: Mapping[str, Any], error: str, moment: Moment | None) -> None:
    assert state.step is not None
    if moment == "before":
        raise _TaskFailed({"Error": error, "Cause": ""})
    try:
        call_step(state.step.function, {**payload, "task_token": TASK_TOKEN} if state.waits else payload)
    except Exception as raised:  # Lambda reports any
        if moment is None:
            raise _TaskFailed(caught(raised)) from raised
    if moment == "after":
        raise _TaskFailed({"Error": error, "Cause": ""})
    if state.waits:
        raise _TaskFailed(TIMED_OUT)

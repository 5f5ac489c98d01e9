"""The longest time that a state can take: the arithmetic of law 9."""

import math
from typing import Final

from stacks.settings import MAX_PAYMENT_DEADLINE_SECONDS
from statemachines.document import SagaDocument, State
from statemachines.steps import Role

CALL_SECONDS: Final = 30
"""Time for one call of a function by a task that waits for its token. The task's timeout is its deadline."""

LONGEST_DEADLINES: Final = {"AwaitPayment": MAX_PAYMENT_DEADLINE_SECONDS}
"""The tasks that wait for their token, with the longest deadline that a stage's settings can give them."""

LONGEST_PAUSES: Final = {"WaitForSlot": 6 * 60 * 60}
"""The states that wait until a time, with the longest wait that the execution's timeout leaves room for.

The charges of 432,000 orders take six hours in `prod`. An order that is further behind reaches the timeout of
the machine, and recovery starts the next execution, which waits for the same slot.
"""

MOST_WAITS: Final = 3
"""How often an execution waits for a payment: after a deadline it waits again if the bank has not decided.

This is an assumption about banks. If one takes longer, the execution reaches the timeout of the machine, and
recovery starts the next one, which waits again.
"""


def visits(saga: SagaDocument, state: State) -> int:
    """How often an execution enters a task at most: once more after each pause that returns to it."""
    return MOST_WAITS if state.role is Role.DETOUR else 1 + len(saga.pauses_before(state))


def seconds_of_visits(saga: SagaDocument, task: State) -> float:
    """The longest that an execution can be in a task and in the states that wait and return to it."""
    pauses = (LONGEST_PAUSES.get(each.name, math.inf) for each in saga.pauses_before(task))
    return visits(saga, task) * longest_seconds(task) + sum(pauses)


def most_seconds_of_a_try(task: State) -> float:
    """The longest that one try can take; infinite without a timeout."""
    if task.waits:
        return LONGEST_DEADLINES.get(task.name, math.inf)
    return task.timeout_seconds or math.inf


def longest_seconds(task: State) -> float:
    """The longest that a task can take each time it is entered, all tries and pauses counted.

    A task that waits for its token is retried only when the call of its function fails. So only its last try
    reaches the deadline.
    """
    last = most_seconds_of_a_try(task)
    failed = CALL_SECONDS if task.waits else last
    return (task.tries - 1) * failed + sum(task.pauses) + last


def sum_of(saga: SagaDocument, task: State) -> str:
    """The arithmetic of `seconds_of_visits`, for a person to check."""
    last = most_seconds_of_a_try(task)
    tries = (
        f"{task.tries - 1} x {CALL_SECONDS} s + {last:g} s" if task.waits else f"{task.tries} x {last:g} s"
    )
    pauses = " + ".join(f"{pause:g}" for pause in task.pauses)
    again = f", {visits(saga, task)} times" if visits(saga, task) > 1 else ""
    waits = "".join(
        f", and {LONGEST_PAUSES.get(each.name, math.inf):g} s in {each.name}"
        for each in saga.pauses_before(task)
    )
    return f"{task.name}: {tries} + ({pauses}) s = {longest_seconds(task):g} s{again}{waits}"

"""The longest time that a state can take: the arithmetic of law 9."""

import math
from typing import Final

from stacks.settings import MAX_PAYMENT_DEADLINE_SECONDS
from statemachines.document import State
from statemachines.steps import Role

CALL_SECONDS: Final = 30
"""Time for one call of a function by a task that waits for its token. The task's timeout is its deadline."""

LONGEST_DEADLINES: Final = {"AwaitPayment": MAX_PAYMENT_DEADLINE_SECONDS}
"""The tasks that wait for their token, with the longest deadline that a stage's settings can give them."""

MOST_WAITS: Final = 3
"""How often an execution waits for a payment: after a deadline it waits again if the bank has not decided.

This is an assumption about banks. If one takes longer, the execution reaches the timeout of the machine, and
recovery starts the next one, which waits again.
"""


def visits(state: State) -> int:
    """How often an execution enters a state at most."""
    return MOST_WAITS if state.role is Role.DETOUR else 1


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


def sum_of(task: State) -> str:
    """The arithmetic of `longest_seconds`, for a person to check."""
    last = most_seconds_of_a_try(task)
    tries = (
        f"{task.tries - 1} x {CALL_SECONDS} s + {last:g} s" if task.waits else f"{task.tries} x {last:g} s"
    )
    pauses = " + ".join(f"{pause:g}" for pause in task.pauses)
    again = f", {visits(task)} times" if visits(task) > 1 else ""
    return f"{task.name}: {tries} + ({pauses}) s = {longest_seconds(task):g} s{again}"

"""Waiting for a condition, with a deadline."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_for(
    look: Callable[[], T | None],
    what: str,
    *,
    timeout_seconds: float,
    pause_seconds: float = 0.05,
) -> T:
    """Call `look` until it returns something.

    Args:
        look: Returns the awaited value, or a false value while there is none.
        what: Description of the condition, for the error message.
        timeout_seconds: Longest wait.
        pause_seconds: Pause between two calls.

    Returns:
        The value that `look` returned.

    Raises:
        TimeoutError: The condition did not come true in time; the message contains `what`.
    """
    deadline = time.monotonic() + timeout_seconds
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() >= deadline:
            raise TimeoutError(f"{what}: not within {timeout_seconds:g} seconds")
        time.sleep(pause_seconds)

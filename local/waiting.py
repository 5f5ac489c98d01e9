"""Waiting for something to come true, with a deadline."""

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
    """Look again and again until there is something to see.

    Args:
        look: Returns what was waited for, or something falsy as long as it is not there.
        what: What is waited for, in words, for the error.
        timeout_seconds: How long to go on looking.
        pause_seconds: How long to pause between two looks.

    Returns:
        What `look` saw.

    Raises:
        TimeoutError: The time is over; names `what`.
    """
    deadline = time.monotonic() + timeout_seconds
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() >= deadline:
            raise TimeoutError(f"{what}: not within {timeout_seconds:g} seconds")
        time.sleep(pause_seconds)

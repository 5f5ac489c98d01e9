"""Limits how many orders are submitted within a second."""

from time import monotonic, sleep


class Pace:
    """A rate that is kept by waiting.

    Args:
        per_second: How many turns there are within a second.
    """

    def __init__(self, per_second: int) -> None:
        self._pause = 1 / per_second
        self._next = 0.0

    def wait(self) -> None:
        """Wait for the next turn."""
        now = monotonic()
        if self._next > now:
            sleep(self._next - now)
        self._next = max(self._next, now) + self._pause

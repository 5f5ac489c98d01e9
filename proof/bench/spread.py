"""The spread of measured times."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from typing import Self


@dataclass(frozen=True)
class Spread:
    """How long most, nearly all and almost all of some calls took, in milliseconds.

    Attributes:
        p50: Half of them took no longer.
        p95: 95 % of them took no longer.
        p99: 99 % of them took no longer: the slowest one, if there are fewer than 100.
    """

    p50: float
    p95: float
    p99: float

    @classmethod
    def of_seconds(cls, seconds: Iterable[float]) -> Self:
        """The spread of durations in seconds.

        Raises:
            ValueError: There are none.
        """
        ordered = sorted(seconds)
        if not ordered:
            raise ValueError("nothing was measured")
        p50, p95, p99 = (round(1_000 * percentile(ordered, share), 1) for share in (50, 95, 99))
        return cls(p50, p95, p99)


def percentile(ordered: list[float], percent: int) -> float:
    """The smallest of the values, in ascending order, that `percent` % of them do not exceed."""
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)]

"""The objective for the time until an order is decided, and how fast its error budget may burn.

An alarm on a burn rate watches two windows. The long one shows that enough of the budget is gone to matter,
the short one that it is still burning, so the alarm ends soon after its cause. The factors and windows are
those of https://sre.google/workbook/alerting-on-slos (section 6).
"""

from dataclasses import dataclass
from typing import Final

from aws_cdk import Duration

from lambdas.domain.vocabulary import SLO_TARGET

_MIN_SLOW = 3
"""Fewer slow orders in the long window call nobody: in a quiet hour, one slow order is a large share."""


@dataclass(frozen=True)
class Window:
    """A window of a burn rate.

    Attributes:
        name: Last part of the name of its alarm.
        length: How far it looks back.
        expression: The share of slow orders in it, of the metrics `slow` and `total`.
        threshold: The share at which its alarm is raised.
    """

    name: str
    length: Duration
    expression: str
    threshold: float


@dataclass(frozen=True)
class BurnRate:
    """A speed at which the error budget of 30 days may not burn.

    Attributes:
        name: Name of its alarm.
        factor: How many times as fast as the objective allows.
        long_minutes: Length of the long window; the short one is a twelfth of it.
        description: What is wrong, for the person whom the alarm wakes.
    """

    name: str
    factor: float
    long_minutes: int
    description: str

    @property
    def windows(self) -> tuple[Window, Window]:
        """The long and the short window."""
        threshold = round(self.factor * (1 - SLO_TARGET), 4)
        return (
            Window(
                "Long",
                Duration.minutes(self.long_minutes),
                f"IF(slow >= {_MIN_SLOW}, slow / total, 0)",
                threshold,
            ),
            Window("Short", Duration.minutes(self.long_minutes // 12), "slow / total", threshold),
        )


BURN_RATES: Final = (
    BurnRate(
        "SloBurnsFast",
        14.4,
        60,
        "Of the orders of an hour, 14 % or more were decided too late or failed because of an error of ours:"
        " a month's error budget lasts two days.",
    ),
    BurnRate(
        "SloBurnsSlowly",
        6,
        6 * 60,
        "Of the orders of six hours, 6 % or more were decided too late or failed because of an error of ours:"
        " a month's error budget lasts five days.",
    ),
)

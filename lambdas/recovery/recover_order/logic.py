"""One more execution for an order whose execution ended without the saga's word."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from lambdas.domain.order import OrderStatus
from lambdas.shared.saga_executions import SagaRunner
from lambdas.shared.store.orders import OrderTable

_RECOVERY: Final = re.compile(r"(?P<base>.+)-r(?P<number>[1-9][0-9]?)")


@dataclass(frozen=True, slots=True)
class EndedExecution:
    """An execution that did not succeed.

    Attributes:
        name: Its name.
        order_id: Whose saga it was.
        status: `FAILED`, `TIMED_OUT` or `ABORTED`.
        ended_at: When.
    """

    name: str
    order_id: str
    status: str
    ended_at: datetime


class RecoveryOutcome(StrEnum):
    """What became of it."""

    RUN_AGAIN = "run_again"
    HUMAN_CALLED = "human_called"
    GIVEN_UP = "given_up"
    UNKNOWN_ORDER = "unknown_order"


class TooEarly(Exception):
    """The next execution has to wait a little longer.

    Attributes:
        wait: How long.
    """

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"in {wait.total_seconds():.0f} s")
        self.wait = wait


def recover_order(
    ended: EndedExecution, now: datetime, pauses: Sequence[timedelta], orders: OrderTable, saga: SagaRunner
) -> RecoveryOutcome:
    """Run the saga once more for the order, after a pause that grows; the order goes on where it stands.

    How often that was tried already stands in the execution's name: `X` is followed by `X-r1`, `X-r2` and
    so on. So a repeated event starts nothing twice, and nothing has to be counted.

    Args:
        ended: The execution.
        now: The current time.
        pauses: Before the first recovery, the second, and so on; there are no more than these.
        orders: The orders.
        saga: Starts the execution.

    Raises:
        TooEarly: The pause is not over.
    """
    order = orders.find(ended.order_id)
    if order is None:
        return RecoveryOutcome.UNKNOWN_ORDER
    if ended.status == "FAILED" and order.status is OrderStatus.NEEDS_ATTENTION:
        return RecoveryOutcome.HUMAN_CALLED  # this is the saga's word
    base, number = _split(ended.name)
    if number == len(pauses):
        orders.flag(order.order_id, f"{number + 1} executions ended as {ended.status} or worse")
        return RecoveryOutcome.GIVEN_UP
    wait = ended.ended_at + pauses[number] - now
    if wait > timedelta():
        raise TooEarly(wait)
    saga.start(order.order_id, f"{base}-r{number + 1}")
    return RecoveryOutcome.RUN_AGAIN


def _split(name: str) -> tuple[str, int]:
    """The name of the execution that was to be recovered first, and how often that was tried."""
    recovery = _RECOVERY.fullmatch(name)
    return (recovery["base"], int(recovery["number"])) if recovery else (name, 0)

"""Decides whether an order needs one more execution because its last one did not succeed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from lambdas.domain.order import OrderStatus
from lambdas.domain.vocabulary import RecoveryOutcome
from lambdas.shared.saga_executions import SagaRunner
from lambdas.shared.store.orders import OrderTable

_RECOVERY: Final = re.compile(r"(?P<base>.+)-r(?P<number>[1-9][0-9]?)")


@dataclass(frozen=True, slots=True)
class EndedExecution:
    """An execution that did not succeed.

    Attributes:
        status: `FAILED`, `TIMED_OUT` or `ABORTED`.
    """

    name: str
    order_id: str
    status: str
    ended_at: datetime


class TooEarly(Exception):
    """The pause before the next execution is not over.

    Attributes:
        wait: The rest of the pause.
    """

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"in {wait.total_seconds():.0f} s")
        self.wait = wait


def recover_order(
    ended: EndedExecution,
    now: datetime,
    pauses: Sequence[timedelta],
    orders: OrderTable,
    executions: SagaRunner,
) -> RecoveryOutcome:
    """Run the saga once more for the order, which continues from its state, or flag the order.

    The execution's name holds the number of recoveries: `X` is followed by `X-r1`, `X-r2` and so on. So a
    repeated event starts nothing twice, and no counter has to be stored. `pauses` are the pauses before the
    first recovery, the second, and so on; their number is the limit.

    Raises:
        TooEarly: The pause is not over.
    """
    order = orders.find(ended.order_id)
    if order is None:
        return RecoveryOutcome.UNKNOWN_ORDER
    if ended.status == "FAILED" and order.status is OrderStatus.NEEDS_ATTENTION:
        return RecoveryOutcome.HUMAN_CALLED  # the saga itself flagged the order
    base, number = _split(ended.name)
    if number == len(pauses):
        reason = f"{number + 1} executions did not succeed; the last one ended as {ended.status}"
        orders.flag(order.order_id, reason, may_pass=True)
        return RecoveryOutcome.GIVEN_UP
    wait = ended.ended_at + pauses[number] - now
    if wait > timedelta():
        raise TooEarly(wait)
    executions.start(order.order_id, f"{base}-r{number + 1}")
    return RecoveryOutcome.RUN_AGAIN


def _split(name: str) -> tuple[str, int]:
    """The name of the first execution that did not succeed, and the number of recoveries since."""
    recovery = _RECOVERY.fullmatch(name)
    return (recovery["base"], int(recovery["number"])) if recovery else (name, 0)

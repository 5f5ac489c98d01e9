"""Decides whether an order needs one more execution because its last one did not succeed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lambdas.domain.execution_names import recovery_after, split_recovery
from lambdas.domain.order import OrderStatus
from lambdas.domain.vocabulary import RecoveryOutcome
from lambdas.shared.queues import NotYet
from lambdas.shared.saga_executions import SagaRunner
from lambdas.shared.store.orders import OrderTable


@dataclass(frozen=True, slots=True)
class EndedExecution:
    """An execution that did not succeed.

    Attributes:
        request_id: The request in its input; None in executions that earlier versions started.
        status: `FAILED`, `TIMED_OUT` or `ABORTED`.
    """

    name: str
    order_id: str
    request_id: str | None
    status: str
    ended_at: datetime


class TooEarly(NotYet):
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
    gave_refund_up = order.is_at_rest and bool(order.refunds)
    if ended.status == "FAILED" and (order.status is OrderStatus.NEEDS_ATTENTION or gave_refund_up):
        return RecoveryOutcome.HUMAN_CALLED  # by the saga itself
    _first, number = split_recovery(ended.name)
    if number == len(pauses):
        reason = f"{number + 1} executions did not succeed; the last one ended as {ended.status}"
        orders.flag(order.order_id, reason, may_pass=True)
        return RecoveryOutcome.GIVEN_UP
    wait = ended.ended_at + pauses[number] - now
    if wait > timedelta():
        raise TooEarly(wait)
    executions.start(order.order_id, order.request_id, recovery_after(ended.name))
    return RecoveryOutcome.RUN_AGAIN

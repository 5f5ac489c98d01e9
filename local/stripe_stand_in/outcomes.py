"""Outcomes on request: what banks do with payments where no test card makes them do it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

OutcomeKind = Literal["charge_pending", "refund_pending", "refund_failed"]


class Outcome(BaseModel):
    """What becomes of the next successful charge, or of the next refund, of an order.

    Attributes:
        order_id: The order.
        kind: `charge_pending`: the bank takes its time, and the PaymentIntent is `processing`;
            `refund_pending`, `refund_failed`: the refund is made with that status.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    order_id: str
    kind: OutcomeKind


class Outcomes:
    """The outcomes that have yet to come true, each of them once."""

    def __init__(self) -> None:
        self._waiting: list[Outcome] = []

    def add(self, outcome: Outcome) -> None:
        """Let an outcome wait for its charge or refund."""
        self._waiting.append(outcome)

    def come_true(self, order_id: str | None, *kinds: OutcomeKind) -> OutcomeKind | None:
        """The outcome of these kinds that an order has now, if it has one."""
        for outcome in self._waiting:
            if outcome.order_id == order_id and outcome.kind in kinds:
                self._waiting.remove(outcome)
                return outcome.kind
        return None

"""Outcomes of payments that a bank decides and that no test card of Stripe produces."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

BankOutcomeKind = Literal["charge_pending", "refund_pending", "refund_failed"]


class BankOutcome(BaseModel):
    """The outcome of an order's next successful charge, or of its next refund.

    Attributes:
        order_id: The order.
        kind: With `charge_pending` the bank decides later, and the PaymentIntent is `processing`; with
            `refund_pending` and `refund_failed` the refund is created in that status.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    order_id: str
    kind: BankOutcomeKind


class BankOutcomes:
    """The outcomes that are asked for and have not happened yet. Each happens once."""

    def __init__(self) -> None:
        self._waiting: list[BankOutcome] = []

    def add(self, outcome: BankOutcome) -> None:
        """Ask for an outcome."""
        self._waiting.append(outcome)

    def take(self, order_id: str | None, *kinds: BankOutcomeKind) -> BankOutcomeKind | None:
        """Remove and return the first outcome of these kinds for an order; None if there is none."""
        for outcome in self._waiting:
            if outcome.order_id == order_id and outcome.kind in kinds:
                self._waiting.remove(outcome)
                return outcome.kind
        return None

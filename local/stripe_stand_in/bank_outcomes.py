"""Outcomes of payments that a bank decides and that no test card of Stripe produces."""

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

RefundStatus = Literal["pending", "requires_action", "failed", "canceled"]
"""The statuses in which a refund can be created, other than `succeeded`."""

BankOutcomeKind = Literal[
    "charge_pending",
    "short_hold",
    "capture_refused",
    "refund_pending",
    "refund_requires_action",
    "refund_failed",
    "refund_canceled",
    "refund_refused",
]

_LASTING: Final = frozenset({"refund_refused"})
"""A card that was closed stays closed."""


class BankOutcome(BaseModel):
    """The outcome of an order's next successful charge, of its next capture, or of its next refund.

    Attributes:
        order_id: The order.
        kind: With `charge_pending` the bank decides later, and the PaymentIntent is `processing`; with
            `short_hold` it holds an authorized amount for hours instead of days; with
            `capture_refused` the bank declines the capture and still holds the amount; with `refund_refused`
            every refund is rejected; with the others the refund is created in that status.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    order_id: str
    kind: BankOutcomeKind


class BankOutcomes:
    """The outcomes that are asked for and have not happened yet. Each happens once, except lasting ones."""

    def __init__(self) -> None:
        self._waiting: list[BankOutcome] = []

    def add(self, outcome: BankOutcome) -> None:
        """Ask for an outcome."""
        self._waiting.append(outcome)

    def take(self, order_id: str | None, *kinds: BankOutcomeKind) -> BankOutcomeKind | None:
        """The first outcome of these kinds for an order, which is then forgotten unless it lasts; or None."""
        for outcome in self._waiting:
            if outcome.order_id == order_id and outcome.kind in kinds:
                if outcome.kind not in _LASTING:
                    self._waiting.remove(outcome)
                return outcome.kind
        return None

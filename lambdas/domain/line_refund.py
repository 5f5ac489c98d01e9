"""A refund of lines: the part of a confirmed order's price that an operator gives back after the sale."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class LineRefundStatus(StrEnum):
    """What has become of a refund of lines."""

    REQUESTED = "requested"
    """An execution of the saga is to make it."""
    REFUND_PENDING = "refund_pending"
    """It is made, but Stripe has not sent it to the customer's bank yet."""
    REFUNDED = "refunded"
    FAILED = "failed"
    """Stripe refused it, or the customer's bank returned the money: the shop holds it."""
    DROPPED = "dropped"
    """The order was cancelled before it was made: everything that is still held is given back."""


@dataclass(frozen=True, slots=True)
class LineRefund:
    """A refund of some units of an order, or of an amount.

    Attributes:
        refund_id: UUIDv5 of the order and the idempotency key. It is also the attempt that the metadata of
            Stripe's refund names.
        items: Units by SKU; empty if only an amount is given back, such as the shipping.
        amount: Minor units.
        restock: Whether the units go back into stock; without, they stay gone.
        reason: The operator's own words. Only operators see it.
        requested_by: Id of the operator in the user pool. Only operators see it.
        requested_at: UTC, ISO 8601.
        restocked_at: When the units went back into stock; UTC, ISO 8601. None if they did not.
    """

    refund_id: str
    items: Mapping[str, int]
    amount: int
    restock: bool
    reason: str
    requested_by: str
    requested_at: str
    status: LineRefundStatus = LineRefundStatus.REQUESTED
    restocked_at: str | None = None

    @property
    def is_made(self) -> bool:
        """Whether the customer has the money, or will get it without anybody's help."""
        return self.status in {LineRefundStatus.REFUND_PENDING, LineRefundStatus.REFUNDED}

    @property
    def counts(self) -> bool:
        """Whether its amount and its units are given back, or are about to be."""
        return self.is_made or self.status is LineRefundStatus.REQUESTED

    @property
    def awaits_units(self) -> bool:
        """Whether its units still have to go back into stock."""
        return self.is_made and self.restock and self.restocked_at is None

"""The order: what the customer asked for, and how far the saga has come with it.

No AWS and no Stripe in here. `OrderTable` writes orders, the steps' logic reads them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from lambdas.domain.errors import OrderCancelled, PaymentDeclined, UndoAlreadyBegun
from lambdas.domain.money import Money


class OrderStatus(StrEnum):
    """Where an order stands, as its customer sees it."""

    PENDING = "PENDING"
    AWAITING_PAYMENT = "AWAITING_PAYMENT"
    CONFIRMED = "CONFIRMED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    NEEDS_ATTENTION = "NEEDS_ATTENTION"


CLOSED = frozenset({OrderStatus.FAILED, OrderStatus.CANCELLED})
"""The states of an order that will never be fulfilled."""


class PaymentStatus(StrEnum):
    """What we last saw of the payment: Stripe's own words for a PaymentIntent, and two of ours."""

    NOT_STARTED = "not_started"
    """Ours: there is no PaymentIntent yet."""
    REQUIRES_CONFIRMATION = "requires_confirmation"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    REQUIRES_PAYMENT_METHOD = "requires_payment_method"
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"
    REFUNDED = "refunded"
    """Ours: the PaymentIntent succeeded and all of it was given back."""


MONEY_IS_BACK = frozenset({PaymentStatus.NOT_STARTED, PaymentStatus.CANCELED, PaymentStatus.REFUNDED})
"""The payment states in which we hold none of the customer's money and never will."""


@dataclass(frozen=True, slots=True)
class OrderLine:
    """So many units of one SKU.

    Attributes:
        sku: The catalogue's key.
        quantity: Units, at least 1.
        unit_price: Minor units of the order's currency; None until the order is priced.
    """

    sku: str
    quantity: int
    unit_price: int | None = None


def total(lines: Iterable[OrderLine]) -> int:
    """What priced lines cost together, in minor units."""
    return sum(line.quantity * (line.unit_price or 0) for line in lines)


@dataclass(frozen=True, slots=True)
class Payment:
    """The payment as the order record knows it.

    Attributes:
        status: See `PaymentStatus`.
        intent_id: Stripe's PaymentIntent (`pi_...`), written before money can move.
        next_action: What the customer has to do, in Stripe's words, while the payment waits for them.
        client_secret: What the customer's browser needs for it; for nobody else's eyes.
        refunded_outside: Minor units that went back without the saga, in Stripe's dashboard.
        disputed: Whether the customer's bank disputes the charge.
    """

    status: PaymentStatus = PaymentStatus.NOT_STARTED
    intent_id: str | None = None
    next_action: Mapping[str, Any] | None = None
    client_secret: str | None = None
    refunded_outside: int = 0
    disputed: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an order is not fulfilled.

    Attributes:
        code: One of the API's failure codes.
        message: A sentence for the customer.
    """

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """Something that happened to an order.

    Attributes:
        at: When, UTC, ISO 8601.
        event: What, in the past tense.
    """

    at: str
    event: str


@dataclass(frozen=True, slots=True)
class Order:
    """One customer's order.

    Attributes:
        order_id: UUIDv5 of customer and idempotency key.
        customer_id: Who ordered.
        request_hash: Fingerprint of the submitted body: tells a replay from a reused key.
        currency: ISO 4217 code, lower case.
        lines: At least one; each SKU at most once.
        payment_method: Stripe's PaymentMethod (`pm_...`).
        email: Where the customer is notified.
        created_at: UTC, ISO 8601.
        updated_at: UTC, ISO 8601.
        timeline: What happened, oldest first.
        version: Grows by one with every write.
        status: See `OrderStatus`.
        amount: The sum of all lines in minor units; None until the order is priced.
        payment: See `Payment`.
        stock_taken: Whether the order holds its units.
        failure: Set once, when the saga decides to undo the order: from then on no execution of it
            goes forward.
        cancel_requested_by: `customer` or `operator`, once somebody asked to cancel.
        retry_requested_at: When an operator last asked for one more execution; UTC, ISO 8601.
        unsettled: Whether the order is in the sparse index of those that are not at rest.
        task_token: What the execution is told with that waits for the payment.
    """

    order_id: str
    customer_id: str
    request_hash: str
    currency: str
    lines: tuple[OrderLine, ...]
    payment_method: str
    email: str
    created_at: str
    updated_at: str
    timeline: tuple[TimelineEntry, ...]
    version: int = 1
    status: OrderStatus = OrderStatus.PENDING
    amount: int | None = None
    payment: Payment = Payment()
    stock_taken: bool = False
    failure: Failure | None = None
    cancel_requested_by: str | None = None
    retry_requested_at: str | None = None
    unsettled: bool = True
    task_token: str | None = None

    @property
    def day(self) -> str:
        """The day in whose books the order is, as in `2026-03-01`: when it was accepted, UTC."""
        return self.created_at[:10]

    @property
    def is_closed(self) -> bool:
        """Whether the order has ended without being fulfilled: nothing of it is left to undo."""
        return self.status in CLOSED

    @property
    def is_beyond_the_pivot(self) -> bool:
        """Whether the order is confirmed and nobody asked to cancel it: nothing may fail it any more."""
        return self.status is OrderStatus.CONFIRMED and self.cancel_requested_by is None

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing is left to do: the order is fulfilled, or undone, and its customer knows."""
        return not self.unsettled

    @property
    def waits_for_customer(self) -> bool:
        """Whether the customer has to approve the payment, and approving it still does them any good."""
        return (
            self.status is OrderStatus.AWAITING_PAYMENT
            and self.payment.status is PaymentStatus.REQUIRES_ACTION
            and self.failure is None
            and self.cancel_requested_by is None
        )

    @property
    def price(self) -> Money:
        """What the order costs.

        Raises:
            ValueError: The order is not priced yet.
        """
        if self.amount is None:
            raise ValueError(f"order {self.order_id} is not priced yet")
        return Money(self.amount, self.currency)

    def ensure_may_go_forward(self) -> None:
        """Refuse a forward step for an order that is on its way back.

        Raises:
            OrderCancelled: Somebody asked to cancel.
            UndoAlreadyBegun: An earlier execution decided to undo the order.
            PaymentDeclined: Somebody gave the money back before the order was confirmed.
        """
        if self.cancel_requested_by is not None:
            raise OrderCancelled(f"The order was cancelled by the {self.cancel_requested_by}.")
        if self.failure is not None:
            raise UndoAlreadyBegun(f"The order is being undone: {self.failure.code}.")
        if self.payment.refunded_outside and self.status is not OrderStatus.CONFIRMED:
            raise PaymentDeclined("The payment was given back.")

    def as_submitted(self) -> "Order":
        """The order as it was in the moment it was accepted: a replay gets the first answer again."""
        return replace(
            self,
            lines=tuple(replace(line, unit_price=None) for line in self.lines),
            updated_at=self.created_at,
            timeline=self.timeline[:1],
            version=1,
            status=OrderStatus.PENDING,
            amount=None,
            payment=Payment(),
            stock_taken=False,
            failure=None,
            cancel_requested_by=None,
            retry_requested_at=None,
            unsettled=True,
            task_token=None,
        )

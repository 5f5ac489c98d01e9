"""The order: what the customer wants, and how far the saga has come.

`OrderTable` stores orders. The steps of the saga read them here and decide what to do.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from itertools import takewhile
from typing import Any, Final

from lambdas.domain.errors import OrderCancelled, PaymentDeclined, UndoAlreadyBegun
from lambdas.domain.line_refund import LineRefund
from lambdas.domain.money import Money
from lambdas.domain.payment import DisputeState
from lambdas.domain.vocabulary import Capture, FailureCode


class OrderStatus(StrEnum):
    """Status of an order, as its customer sees it."""

    PENDING = "PENDING"
    AWAITING_PAYMENT = "AWAITING_PAYMENT"
    CONFIRMED = "CONFIRMED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    NEEDS_ATTENTION = "NEEDS_ATTENTION"


CLOSED = frozenset({OrderStatus.FAILED, OrderStatus.CANCELLED})
"""Statuses of an order that has ended without being fulfilled."""


class PaymentStatus(StrEnum):
    """Status of the payment when it was last seen: Stripe's words for a PaymentIntent, and four of ours."""

    NOT_STARTED = "not_started"
    """Ours: the order has no PaymentIntent yet."""
    REQUIRES_CONFIRMATION = "requires_confirmation"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    REQUIRES_PAYMENT_METHOD = "requires_payment_method"
    REQUIRES_CAPTURE = "requires_capture"
    """The customer's bank reserves the money for us, until it is captured or the authorization expires."""
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"
    REFUND_PENDING = "refund_pending"
    """Ours: all of it is refunded, but Stripe has not sent all of it to the customer's bank yet."""
    REFUNDED = "refunded"
    """Ours: the PaymentIntent succeeded and was refunded completely."""
    SETTLED_OUTSIDE = "settled_outside"
    """Ours: an operator has settled the payment with the customer, without Stripe."""


PAID_OR_HELD = frozenset({PaymentStatus.SUCCEEDED, PaymentStatus.REQUIRES_CAPTURE})
"""Statuses of a payment with which an order can be confirmed."""

MONEY_IS_BACK = frozenset(
    {
        PaymentStatus.NOT_STARTED,
        PaymentStatus.CANCELED,
        PaymentStatus.REFUND_PENDING,
        PaymentStatus.REFUNDED,
        PaymentStatus.SETTLED_OUTSIDE,
    }
)
"""Statuses of a payment of which the customer is owed nothing, now or later."""

MONEY_WAS_SENT_BACK = frozenset({PaymentStatus.REFUND_PENDING, PaymentStatus.REFUNDED})
"""Statuses of a payment that the saga has refunded. The customer's bank can still return the money."""

CANCELLATIONS = frozenset(
    {FailureCode.CANCELLED_BY_CUSTOMER, FailureCode.CANCELLED_BY_OPERATOR, FailureCode.RETURNED}
)
"""Failure codes of orders that somebody asked to cancel."""

_ENDS_IN_REST = ("CustomerNotified", "CustomerNotNotified")
_LEAVES_REST = ("CancellationRequested", "OrderNeedsAttention")
"""Entries of the timeline with which an order comes to rest, and leaves it again."""

_BECOMES_DUE = ("LineRefundRequested", "LineRefundMade", "LineRefundReturned", "FulfilmentRequested")
"""Entries with which a refund of lines or a capture is due. Before, and after it, the order is at rest."""


PAUSE_AFTER_OUTAGE: Final = timedelta(hours=1)
"""Pause before an order is run again, if what stopped it may pass. Most outages are shorter.

A run that fails repeats the entry on the timeline, its event and its alarm, at most once in this time.
"""

OUTAGE_LIMIT: Final = timedelta(days=1)
"""How long an order is run again so: what lasts longer needs a human."""


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A line of an order.

    Attributes:
        sku: Key of the product in the catalogue.
        quantity: Number of units, at least 1.
        unit_price: Minor units of the order's currency; None until the order is priced.
        name: The product's name when the order was priced, for the customer; None until then, and for orders
            of earlier versions.
    """

    sku: str
    quantity: int
    unit_price: int | None = None
    name: str | None = None


def total(lines: Iterable[OrderLine]) -> int:
    """The sum of priced lines, in minor units."""
    return sum(line.quantity * (line.unit_price or 0) for line in lines)


@dataclass(frozen=True, slots=True)
class Payment:
    """The payment as the order records it.

    Attributes:
        intent_id: Id of Stripe's PaymentIntent (`pi_...`), recorded before money can move.
        next_action: What the customer has to do, as Stripe describes it, while the payment waits for them.
        client_secret: Secret with which the customer's browser takes that action; nobody else may see it.
        refunded_outside: Minor units that were refunded without the saga, in Stripe's dashboard.
        dispute: What has become of the dispute of the charge; None if the bank never disputed it.
        refund_attempts: Attempts of the saga to refund the payment, each recorded before its refund is made.
            They tell the refunds of the saga from those that somebody else made.
        capture_before: When the authorization expires, if the payment is captured at the fulfilment; UTC,
            ISO 8601. None if nobody said, and for other payments.
    """

    status: PaymentStatus = PaymentStatus.NOT_STARTED
    intent_id: str | None = None
    next_action: Mapping[str, Any] | None = None
    client_secret: str | None = None
    refunded_outside: int = 0
    dispute: DisputeState | None = None
    refund_attempts: frozenset[str] = frozenset()
    capture_before: str | None = None

    @property
    def disputed(self) -> bool:
        """Whether the customer's bank claims the money, or has taken it."""
        return self.dispute in {DisputeState.OPEN, DisputeState.LOST}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an order is not fulfilled.

    Attributes:
        code: A failure code of the API.
        message: A sentence for the customer.
    """

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a payment was settled that Stripe could not refund. Only operators see it.

    Attributes:
        by: Id of the operator in the user pool.
        reason: The operator's own words.
        at: UTC, ISO 8601.
    """

    by: str
    reason: str
    at: str


@dataclass(frozen=True, slots=True)
class Fulfilment:
    """The goods were handed over, to the customer or to a carrier.

    Attributes:
        at: UTC, ISO 8601.
        by: Id of the operator in the user pool. Only operators see it.
        carrier: Who delivers the goods; None if nobody said.
        tracking_number: The carrier's number of the delivery; None if nobody said.
    """

    at: str
    by: str
    carrier: str | None = None
    tracking_number: str | None = None


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """An event in the life of an order.

    Attributes:
        at: UTC, ISO 8601.
        event: What happened, in the past tense.
        execution: Name of the execution that wrote the entry; None if a request or a report about a mail did.
        request_id: API Gateway's id of the request that wrote the entry, or the run and line of an import;
            None if neither did.

    Entries of earlier versions have neither.
    """

    at: str
    event: str
    execution: str | None = None
    request_id: str | None = None

    @property
    def name(self) -> str:
        """What happened, without what follows a colon."""
        return self.event.partition(":")[0]

    @property
    def about(self) -> str:
        """What follows the colon, such as an id, an amount or a reason; empty if nothing does."""
        return self.event.partition(": ")[2]


@dataclass(frozen=True, slots=True)
class Order:
    """One customer's order.

    Attributes:
        order_id: UUIDv5 of the customer and the idempotency key.
        request_hash: Fingerprint of the submitted body, to tell a repeated request from a reused key.
        currency: ISO 4217 code, lower case.
        lines: At least one; no two have the same SKU.
        payment_method: Stripe's PaymentMethod (`pm_...`); empty once the customer is erased.
        email: Address of the customer's notifications; empty once the customer is erased.
        created_at: UTC, ISO 8601.
        updated_at: UTC, ISO 8601.
        timeline: What happened, the oldest entry first.
        return_url: Where the bank sends the customer back to after an approval; it may hold secrets of the
            caller, so it is not logged.
        reference: The customer's own id of the order; None if they give none. Several orders can share it.
        expected_amount: What the customer expects to pay, in minor units; None if they do not say.
        capture: When its money is taken, as the stage was set when the order was accepted.
        version: Each write adds 1.
        amount: Sum of all lines in minor units; None until the order is priced.
        stock_taken: Whether the order holds its units of stock.
        failure: Set once, when the saga decides to undo the order. From then on no execution goes forward.
        cancel_requested_by: `customer`, `operator`, or `payment_provider` if the authorization of the payment
            has ended; None until somebody asks to cancel.
        attention_may_pass: For an order that needs attention: whether the cause may pass without a human.
        settlement: How the payment was settled outside of Stripe; None if it was not.
        fulfilment: When and how the goods were handed over; None until then. It stays if they are returned.
        capture_due: How the goods are to be handed over once an execution has captured the payment; None if
            nobody has asked for that, and when it is done.
        retry_requested_at: When an operator last asked for one more execution; UTC, ISO 8601.
        republish_requested_at: When an operator last asked for all events again; UTC, ISO 8601.
        unsettled: Whether the order is in the index of orders that are not at rest.
        task_token: Task token that resumes the execution that waits for the payment.
        charge_slot: From when on the order may be charged; UTC, ISO 8601. None if it did not have to wait for
            other charges.
        refunds: Refunds of lines, the oldest first.
        refund_due: Id of the refund of lines that an execution has to work on; None if there is none.
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
    return_url: str | None = None
    reference: str | None = None
    expected_amount: int | None = None
    capture: Capture = Capture.AT_ORDER
    version: int = 1
    status: OrderStatus = OrderStatus.PENDING
    amount: int | None = None
    payment: Payment = Payment()
    stock_taken: bool = False
    failure: Failure | None = None
    cancel_requested_by: str | None = None
    attention_may_pass: bool = False
    settlement: Settlement | None = None
    fulfilment: Fulfilment | None = None
    capture_due: Fulfilment | None = None
    retry_requested_at: str | None = None
    republish_requested_at: str | None = None
    unsettled: bool = True
    task_token: str | None = None
    charge_slot: str | None = None
    refunds: tuple[LineRefund, ...] = ()
    refund_due: str | None = None

    @property
    def request_id(self) -> str | None:
        """What submitted the order; see `TimelineEntry`. None for orders of earlier versions."""
        return self.timeline[0].request_id

    @property
    def versions(self) -> Iterator[tuple[int, TimelineEntry]]:
        """Each entry of the timeline with the order's version after its write: each write appends one."""
        return enumerate(self.timeline, start=self.version - len(self.timeline) + 1)

    @property
    def day(self) -> str:
        """The day on which the order was accepted, UTC, such as `2026-03-01`; its stock is counted there."""
        return self.created_at[:10]

    @property
    def is_closed(self) -> bool:
        """Whether the order has ended without being fulfilled, and nothing is left to undo."""
        return self.status in CLOSED

    @property
    def is_settled_outside(self) -> bool:
        """Whether Stripe may keep the payment, because an operator has settled it with the customer."""
        return self.payment.status is PaymentStatus.SETTLED_OUTSIDE

    @property
    def has_passed_the_pivot(self) -> bool:
        """Whether the order was confirmed and nobody asked to cancel it: no failure undoes it any more.

        While its payment is captured, it can have another status, because a human was needed.
        """
        was_confirmed = self.status is OrderStatus.CONFIRMED or self.capture_due is not None
        return was_confirmed and self.cancel_requested_by is None

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing is left to do: the order is fulfilled or undone, and its customer was notified."""
        return not self.unsettled

    @property
    def is_erased(self) -> bool:
        """Whether the customer's personal data has been removed from the order."""
        return not self.email

    @property
    def was_notified(self) -> bool:
        """Whether the customer was notified of an end of the order, or cannot be."""
        return self.has_had(*_ENDS_IN_REST)

    def has_had(self, *events: str) -> bool:
        """Whether the timeline has an entry of one of these names; what follows a colon is not compared."""
        return any(entry.name in events for entry in self.timeline)

    @property
    def turn(self) -> str:
        """From when on an order that still goes forward may be charged; empty if it did not have to wait."""
        return self.charge_slot or "" if self.may_go_forward else ""

    @property
    def idle_since(self) -> str:
        """When the order last changed; if it is not charged yet, not before its turn; UTC, ISO 8601."""
        return max(self.updated_at, "" if self.payment.intent_id else self.turn)

    @property
    def open_since(self) -> str:
        """When the order was accepted, had its turn to be charged, or last left its rest; UTC, ISO 8601."""
        since, at_rest = max(self.created_at, self.turn), False
        for entry in self.timeline:
            if entry.event.startswith(_ENDS_IN_REST):
                at_rest = True
            elif at_rest and entry.event.startswith(_LEAVES_REST):
                since, at_rest = entry.at, False
            elif entry.event.startswith(_BECOMES_DUE):
                since = entry.at
        return since

    @property
    def first_flagged_at(self) -> str | None:
        """When the order first needed attention; UTC, ISO 8601. None if it never did."""
        flags = (entry.at for entry in self.timeline if entry.event.startswith("OrderNeedsAttention"))
        return next(flags, None)

    @property
    def waits_for_customer(self) -> bool:
        """Whether the customer has to approve the payment, and the order still goes forward if they do."""
        return (
            self.status is OrderStatus.AWAITING_PAYMENT
            and self.payment.status is PaymentStatus.REQUIRES_ACTION
            and self.may_go_forward
        )

    @property
    def price(self) -> Money:
        """The price of the whole order.

        Raises:
            ValueError: The order is not priced yet.
        """
        if self.amount is None:
            raise ValueError(f"order {self.order_id} is not priced yet")
        return Money(self.amount, self.currency)

    @property
    def due_refund(self) -> LineRefund | None:
        """The refund of lines that an execution has to work on."""
        return self.refund_if_due(self.refund_due)

    def refund_if_due(self, refund_id: str | None) -> LineRefund | None:
        """The refund of lines with this id, if an execution has to work on it; for an empty id, any."""
        due = (each for each in self.refunds if each.refund_id == self.refund_due)
        return next((each for each in due if refund_id in {"", each.refund_id}), None)

    @property
    def refund_delayed_at(self) -> str | None:
        """When an execution last failed to make the due refund of lines; UTC, ISO 8601. None if none did."""
        if self.refund_due is None:
            return None
        since = takewhile(lambda entry: entry.name not in _BECOMES_DUE, reversed(self.timeline))
        return next((entry.at for entry in since if entry.name == "LineRefundDelayed"), None)

    @property
    def amount_refunded(self) -> int:
        """Minor units that were given back outside of the saga and by refunds of lines, due ones included."""
        return self.payment.refunded_outside + sum(each.amount for each in self.refunds if each.counts)

    @property
    def units_kept(self) -> dict[str, int]:
        """Units by SKU that are paid and not refunded."""
        return self._units_without(each.items for each in self.refunds if each.counts)

    @property
    def units_out(self) -> dict[str, int]:
        """Units by SKU that are out of stock because of the order, if it holds its stock."""
        return self.units_out_at(None)

    def units_out_at(self, time: str | None) -> dict[str, int]:
        """Units by SKU without those that refunds of lines had put back before a time, or until now."""
        return self._units_without(
            each.items
            for each in self.refunds
            if each.restocked_at is not None and (time is None or each.restocked_at < time)
        )

    @property
    def units_to_hand_over(self) -> dict[str, int]:
        """Units by SKU that are paid and reserved for the order: refunds of lines did not give them back.

        If the bank returned a refund, its units are paid again. Those that went back into stock stay there.
        """
        paid = self._units_without(each.items for each in self.refunds if each.is_made)
        return {sku: max(0, min(paid[sku], out)) for sku, out in self.units_out.items()}

    @property
    def units_gone(self) -> dict[str, int]:
        """Units by SKU that are out of stock and never come back: they were refunded and not restocked.

        If the bank returned a refund whose units are back already, the next without restock is about them.
        """
        gone = Counter[str]()
        for each in self.refunds:
            if each.is_made and not each.restock:
                gone.update(each.items)
            elif each.restocked_at is not None and not each.is_made:
                gone.subtract(each.items)
        return {sku: min(out, max(gone[sku], 0)) for sku, out in self.units_out.items()}

    def _units_without(self, items: Iterable[Mapping[str, int]]) -> dict[str, int]:
        left = {line.sku: line.quantity for line in self.lines}
        for each in items:
            for sku, units in each.items():
                left[sku] -= units
        return left

    @property
    def may_go_forward(self) -> bool:
        """Whether nobody asked to cancel the order, and no execution decided to undo it."""
        return self.failure is None and self.cancel_requested_by is None

    def ensure_may_go_forward(self) -> None:
        """Reject a forward step for an order that is cancelled, undone, refunded or disputed.

        Raises:
            OrderCancelled: Somebody asked to cancel.
            UndoAlreadyBegun: An earlier execution decided to undo the order.
            PaymentDeclined: Before the order was confirmed, money was refunded outside of the saga, or the
                customer's bank disputed the charge.
        """
        if self.cancel_requested_by is not None:
            raise OrderCancelled(f"The order was cancelled by the {self.cancel_requested_by}.")
        if self.failure is not None:
            raise UndoAlreadyBegun(f"The order is being undone: {self.failure.code}.")
        if self.has_passed_the_pivot:
            return
        if self.payment.refunded_outside:
            raise PaymentDeclined("The payment was refunded.")
        if self.payment.disputed:
            raise PaymentDeclined("The payment is disputed.")

    def as_submitted(self) -> "Order":
        """The order as it was accepted, so that a repeated request gets the first response again."""
        return Order(
            order_id=self.order_id,
            customer_id=self.customer_id,
            request_hash=self.request_hash,
            currency=self.currency,
            lines=tuple(replace(line, unit_price=None, name=None) for line in self.lines),
            payment_method=self.payment_method,
            email=self.email,
            created_at=self.created_at,
            updated_at=self.created_at,
            timeline=self.timeline[:1],
            return_url=self.return_url,
            reference=self.reference,
            expected_amount=self.expected_amount,
            capture=self.capture,
        )

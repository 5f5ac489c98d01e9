"""What the entries of an order's timeline change, and which of them are events: one row for each such entry.

Each write of an order appends one entry. So the newest entry of an order says which event a change is, and
all entries together give every version of the order again, with the events of each.
"""

from dataclasses import dataclass
from typing import Final

from lambdas.domain.line_refund import LineRefundStatus
from lambdas.domain.order import OrderStatus, PaymentStatus
from lambdas.domain.payment import DisputeState
from lambdas.domain.vocabulary import EventType


@dataclass(frozen=True, slots=True)
class EntryKind:
    """What entries of one name have in common.

    Attributes:
        status: Status of the order afterwards; None if it stays.
        payment: Status of the payment afterwards; None if it stays.
        dispute: State of the dispute afterwards; None if it stays.
        refund: Status of the refund of lines that the entry names; None if it names none, or if it stays.
        event: The event for consumers; None if it is none.
    """

    status: OrderStatus | None = None
    payment: PaymentStatus | None = None
    dispute: DisputeState | None = None
    refund: LineRefundStatus | None = None
    event: EventType | None = None


ENTRY_KINDS: Final = {
    "PaymentIntentCreated": EntryKind(payment=PaymentStatus.REQUIRES_CONFIRMATION),
    "PaymentActionRequired": EntryKind(payment=PaymentStatus.REQUIRES_ACTION),
    "PaymentProcessing": EntryKind(payment=PaymentStatus.PROCESSING),
    "PaymentAwaited": EntryKind(OrderStatus.AWAITING_PAYMENT, event=EventType.PAYMENT_APPROVAL_NEEDED),
    "PaymentDeclined": EntryKind(payment=PaymentStatus.REQUIRES_PAYMENT_METHOD),
    "PaymentSucceeded": EntryKind(payment=PaymentStatus.SUCCEEDED),
    "PaymentAuthorized": EntryKind(payment=PaymentStatus.REQUIRES_CAPTURE),
    "PaymentCaptured": EntryKind(payment=PaymentStatus.SUCCEEDED),
    "OrderConfirmed": EntryKind(OrderStatus.CONFIRMED, event=EventType.ORDER_CONFIRMED),
    "OrderFulfilled": EntryKind(
        OrderStatus.CONFIRMED, PaymentStatus.SUCCEEDED, event=EventType.ORDER_FULFILLED
    ),
    "PaymentAuthorizationExpiring": EntryKind(event=EventType.PAYMENT_AUTHORIZATION_EXPIRING),
    "LinesRefunded": EntryKind(refund=LineRefundStatus.REFUNDED, event=EventType.ORDER_LINES_REFUNDED),
    "LineRefundMade": EntryKind(refund=LineRefundStatus.REFUNDED, event=EventType.ORDER_LINES_REFUNDED),
    "LineRefundReturned": EntryKind(
        refund=LineRefundStatus.FAILED, event=EventType.ORDER_LINE_REFUND_RETURNED
    ),
    "PaymentRefundedOutside": EntryKind(event=EventType.PAYMENT_REFUNDED_OUTSIDE),
    **{str(each.event): EntryKind(dispute=each, event=each.event) for each in DisputeState},
    "StockReleased": EntryKind(OrderStatus.PENDING),
    "PaymentCanceled": EntryKind(payment=PaymentStatus.CANCELED),
    "PaymentRefundPending": EntryKind(payment=PaymentStatus.REFUND_PENDING),
    "PaymentRefunded": EntryKind(payment=PaymentStatus.REFUNDED, event=EventType.PAYMENT_REFUND_SENT),
    "OrderFailed": EntryKind(OrderStatus.FAILED, event=EventType.ORDER_FAILED),
    "OrderCancelled": EntryKind(OrderStatus.CANCELLED, event=EventType.ORDER_CANCELLED),
    "OrderNeedsAttention": EntryKind(OrderStatus.NEEDS_ATTENTION, event=EventType.ORDER_NEEDS_ATTENTION),
    "PaymentSettledOutside": EntryKind(
        OrderStatus.PENDING, PaymentStatus.SETTLED_OUTSIDE, event=EventType.PAYMENT_SETTLED_OUTSIDE
    ),
}
"""By the entry's name. Two entries are events only sometimes:

- `PaymentAwaited`, if the order begins to wait, and the customer must approve the payment.
- `PaymentRefunded`, if the order was closed before. The event of the end tells an earlier refund.
"""

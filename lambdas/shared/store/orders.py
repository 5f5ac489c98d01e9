"""The orders table: the only place where an order is written.

Every write is conditional, increments the version and appends to the timeline in the same request, so a
change and its trace cannot diverge. Events are derived from the table's stream.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from boto3.dynamodb.conditions import Attr, ConditionBase

from lambdas.domain import clock
from lambdas.domain.errors import (
    OrderAlreadyConfirmed,
    OrderNotFound,
    OrderRejected,
    StoreUnavailable,
    UndoIncomplete,
)
from lambdas.domain.failure import failure_of
from lambdas.domain.line_refund import LineRefund, LineRefundStatus
from lambdas.domain.order import (
    CANCELLATIONS,
    CLOSED,
    MONEY_IS_BACK,
    MONEY_WAS_SENT_BACK,
    PAID_OR_HELD,
    PAUSE_AFTER_OUTAGE,
    Failure,
    Fulfilment,
    Order,
    OrderLine,
    OrderStatus,
    PaymentStatus,
    Settlement,
    total,
)
from lambdas.domain.payment import DisputeState, PaymentIntent
from lambdas.domain.vocabulary import MailFeedback
from lambdas.shared.aws import dynamodb, transient_as
from lambdas.shared.settings import Settings
from lambdas.shared.store.attributes import to_attributes
from lambdas.shared.store.expressions import condition_parameters
from lambdas.shared.store.order_change import Change
from lambdas.shared.store.order_item import item_of_new, order_from_item, present, shard_of
from lambdas.shared.store.writes import write

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

IS_NEW: Final = Attr("order_id").not_exists()
IS_STORED: Final = Attr("order_id").exists()
IS_UNSETTLED: Final = Attr("unsettled_shard").exists()
IS_OPEN: Final = ~Attr("status").is_in(sorted(CLOSED))
IS_FLAGGED: Final = Attr("status").eq(OrderStatus.NEEDS_ATTENTION)
IS_NOT_CONFIRMED: Final = Attr("status").ne(OrderStatus.CONFIRMED)
IS_NOT_FULFILLED: Final = Attr("fulfilment").not_exists()

HAS_NO_PRICE: Final = Attr("amount").not_exists()
HAS_NO_CHARGE_SLOT: Final = Attr("charge_slot").not_exists()
HAS_NO_INTENT: Final = Attr("payment.intent_id").not_exists()
IS_UNDECIDED: Final = Attr("payment.status").is_in(
    [PaymentStatus.REQUIRES_CONFIRMATION, PaymentStatus.REQUIRES_ACTION]
)
IS_PAID_OR_HELD: Final = Attr("payment.status").is_in(sorted(PAID_OR_HELD))
IS_HELD: Final = Attr("payment.status").eq(PaymentStatus.REQUIRES_CAPTURE)
IS_REFUNDED: Final = Attr("payment.status").eq(PaymentStatus.REFUNDED)
IS_SETTLED_OUTSIDE: Final = Attr("payment.status").eq(PaymentStatus.SETTLED_OUTSIDE)
MAY_HOLD_MONEY: Final = ~Attr("payment.status").is_in(
    sorted(MONEY_IS_BACK - {PaymentStatus.REFUND_PENDING})  # a refund that is pending can fail
)
HOLDS_NO_MONEY: Final = Attr("payment.status").is_in(sorted(MONEY_IS_BACK))
HOLDS_STOCK: Final = Attr("stock_taken").eq(True)  # noqa: FBT003 - the stored value
HOLDS_NO_STOCK: Final = Attr("stock_taken").eq(False)  # noqa: FBT003 - the stored value

MAY_GO_FORWARD: Final = Attr("failure").not_exists() & Attr("cancel_requested_by").not_exists()
"""`Order.ensure_may_go_forward` as a condition: a step that lost a race against an undo writes nothing."""

IS_CANCELLED: Final = Attr("cancel_requested_by").exists()
"""Somebody asked to cancel the order."""

NO_CAPTURE_IS_DUE: Final = Attr("capture_due").not_exists()
"""No execution has to capture the payment."""

CAN_BE_UNDONE: Final = IS_NOT_CONFIRMED & NO_CAPTURE_IS_DUE | IS_CANCELLED
"""`Order.has_passed_the_pivot`, reversed, as a condition."""

IS_BEING_UNDONE: Final = Attr("failure").exists()

NO_UNDO_IS_DUE: Final = IS_NOT_CONFIRMED | ~IS_CANCELLED
"""The order is not confirmed, or nobody asked to cancel it."""

MOST_DELAYS: Final = 100
"""Delays of refunds of lines on an order's timeline: those of some days, in at most 25 KB of its 400 KB."""

NO_REFUND_IS_DUE: Final = Attr("refund_due").not_exists()
"""No execution has to work on a refund of lines."""


class OrderTable:
    """Reads and writes orders.

    Raises:
        StoreUnavailable: From every method, if DynamoDB throttles, fails or does not answer.
    """

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self.table = table

    @classmethod
    def from_settings(cls, settings: Settings) -> "OrderTable":
        """The table that the environment names."""
        return cls(dynamodb(), settings.orders_table)

    def create(self, order: Order) -> Order | None:
        """Write a new order.

        This conditional put is the idempotency record of a submission, and it never expires.

        Returns:
            None if the order is new. Otherwise nothing is written, and the stored order is returned.
        """
        try:
            with transient_as(StoreUnavailable):
                self._client.put_item(
                    TableName=self.table,
                    Item=to_attributes(item_of_new(order)),
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **condition_parameters(IS_NEW),
                )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            # The stubs have no type for the item.
            response: Mapping[str, Any] = error.response
            return order_from_item(response["Item"])
        return None

    def find(self, order_id: str) -> Order | None:
        """Read an order as it is after every write so far; None if it does not exist."""
        with transient_as(StoreUnavailable):
            answer = self._client.get_item(
                TableName=self.table, Key={"order_id": {"S": order_id}}, ConsistentRead=True
            )
        return order_from_item(answer["Item"]) if "Item" in answer else None

    def get(self, order_id: str) -> Order:
        """Read an order that must exist.

        Raises:
            OrderNotFound: It does not exist.
        """
        order = self.find(order_id)
        if order is None:
            raise OrderNotFound(f"there is no order {order_id}")
        return order

    def request_cancellation(
        self, order_id: str, requested_by: Literal["customer", "operator", "payment_provider"]
    ) -> Order:
        """Record that somebody asks to cancel the order, or that its authorized payment has ended.

        Before the pivot the order goes no further; after the pivot it is undone. Only the first request
        counts. An order that is closed, or that is being undone for another reason, does not change. Neither
        does an order that is fulfilled or about to be, if its customer asks: only an operator can take the
        goods back.
        """
        also = {
            "customer": IS_NOT_FULFILLED & NO_CAPTURE_IS_DUE,
            "operator": IS_STORED,
            "payment_provider": IS_HELD,
        }
        change = Change(
            event=f"CancellationRequested: {requested_by}",
            condition=MAY_GO_FORWARD & IS_OPEN & also[requested_by],
            # A confirmed order is no longer at rest.
            set={"cancel_requested_by": requested_by, "unsettled_shard": shard_of(order_id)},
        )
        return self._change(order_id, change)

    def fulfil(self, order_id: str, by: str, carrier: str | None, tracking_number: str | None) -> Order:
        """Record once that the goods are handed over, or that the payment is to be captured before that.

        An order that is not confirmed, or that somebody asked to cancel, does not change.
        """
        may_be = ~IS_NOT_CONFIRMED & ~IS_CANCELLED & IS_NOT_FULFILLED & NO_CAPTURE_IS_DUE
        fulfilment = present(asdict(Fulfilment(clock.now(), by, carrier, tracking_number)))
        event = "OrderFulfilled"
        paid = Change(event, may_be & ~IS_HELD, {"fulfilment": fulfilment, **_event_at_rest(event)})
        held = Change(
            event="FulfilmentRequested",
            condition=may_be & IS_HELD,
            set={"capture_due": fulfilment, "unsettled_shard": shard_of(order_id)},
        )
        # Somebody can capture the payment in Stripe's dashboard between the first two writes.
        return self._try(order_id, paid) or self._try(order_id, held) or self._change(order_id, paid)

    def record_fulfilment(self, order: Order) -> Order:
        """Record that the payment is captured and the goods may be handed over, in one write.

        If the customer was notified of the confirmation, the order is at rest again. An order that is being
        cancelled, or that another execution has fulfilled, does not change.
        """
        if order.capture_due is None:
            return order
        event = "OrderFulfilled"
        change = Change(
            event,
            condition=~NO_CAPTURE_IS_DUE & MAY_GO_FORWARD,
            set={
                "fulfilment": present(asdict(replace(order.capture_due, at=clock.now()))),
                "payment.status": PaymentStatus.SUCCEEDED,
                "status": OrderStatus.CONFIRMED,
                **_event_at_rest(event),
            },
            remove=(
                *("capture_due", "uncaptured_shard"),
                *(("unsettled_shard",) if order.was_notified else ()),
            ),
        )
        return self._change(order.order_id, change)

    def request_retry(self, order_id: str, by: str | None = None) -> Order | None:
        """Record that an operator (or `by`) asks for one more execution; None if the order is at rest.

        A flagged order becomes `PENDING` again. If the execution fails, too, the order is flagged again, with
        another event.
        """
        event = f"RetryRequested: {by}" if by else "RetryRequested"
        asked = {"retry_requested_at": clock.now()}
        flagged = Change(event, IS_FLAGGED, {**asked, "status": OrderStatus.PENDING})
        other = Change(event, ~IS_FLAGGED & IS_UNSETTLED, asked)
        return self._try(order_id, flagged) or self._try(order_id, other)

    def request_republication(self, order_id: str) -> Order:
        """Record that an operator asks for all events of the order to be published again."""
        event = "RepublicationRequested"
        change = Change(event, IS_STORED, {"republish_requested_at": clock.now(), **_event_at_rest(event)})
        return self._change(order_id, change)

    def settle(self, order_id: str, by: str, reason: str) -> Order | None:
        """Record that the payment was settled outside of Stripe, and ask for one more execution.

        Returns:
            None if the order does not need attention, goes forward again after a retry, or owes nothing.
        """
        at = clock.now()
        change = Change(
            event="PaymentSettledOutside",
            condition=IS_FLAGGED & (IS_BEING_UNDONE | IS_CANCELLED) & MAY_HOLD_MONEY,
            set={
                "status": OrderStatus.PENDING,
                "payment.status": PaymentStatus.SETTLED_OUTSIDE,
                "settlement": asdict(Settlement(by, reason, at)),
                "retry_requested_at": at,
            },
        )
        return self._try(order_id, change)

    def record_prices(self, order: Order, lines: tuple[OrderLine, ...]) -> Order:
        """Record what the order costs. The first prices stay, even if the saga runs again.

        Raises:
            OrderRejected: The order has been cancelled or its undo has begun in the meantime.
        """
        change = Change(
            event="OrderPriced",
            condition=HAS_NO_PRICE & MAY_GO_FORWARD,
            set={"items": [asdict(line) for line in lines], "amount": total(lines)},
        )
        return self._go_forward(order.order_id, change)

    def record_rejection(self, order: Order, rejection: OrderRejected) -> Order:
        """Reject an order before anything has been done for it.

        Returns:
            The order as it is now: with the failure, or, if another execution has priced it in the meantime,
            with the prices and without the failure.

        Raises:
            OrderRejected: The order has been cancelled or its undo has begun in the meantime.
        """
        failure = Failure(rejection.failure_code, str(rejection))
        change = Change(
            event=f"UndoBegan: {failure.code}",
            condition=HAS_NO_PRICE & MAY_GO_FORWARD,
            set={"failure": asdict(failure)},
        )
        return self._go_forward(order.order_id, change)

    def record_charge_slot(self, order_id: str, slot: str) -> Order:
        """Record from when on the order may be charged. The first slot stays, for all its executions.

        Raises:
            OrderRejected: The order has been cancelled or its undo has begun in the meantime.
        """
        change = Change(
            event=f"ChargeScheduled: {slot}",
            condition=HAS_NO_CHARGE_SLOT & HAS_NO_INTENT & MAY_GO_FORWARD,
            set={"charge_slot": slot},
        )
        return self._go_forward(order_id, change)

    def record_intent(self, order_id: str, intent_id: str, status: PaymentStatus) -> Order:
        """Record the order's PaymentIntent, before money can move.

        Raises:
            OrderRejected: The order has been cancelled or its undo has begun in the meantime.
        """
        change = Change(
            event="PaymentIntentCreated",
            condition=HAS_NO_INTENT & MAY_GO_FORWARD,
            set={"payment": {"status": status, "intent_id": intent_id}},
        )
        return self._go_forward(order_id, change)

    def record_payment(self, order_id: str, status: PaymentStatus, event: str) -> Order:
        """Record the payment's status on the way forward.

        Raises:
            OrderRejected: The order has been cancelled or its undo has begun in the meantime. From then on
                only the undo records the payment.
        """
        return self._go_forward(order_id, _payment_change(status, event, MAY_GO_FORWARD))

    def record_paid_or_held(self, order_id: str, intent: PaymentIntent) -> Order:
        """Record on the way forward that the customer has paid, or that their bank reserves the money.

        Raises:
            OrderRejected: The order has been cancelled or its undo has begun in the meantime.
        """
        if intent.is_paid:
            return self.record_payment(order_id, PaymentStatus.SUCCEEDED, "PaymentSucceeded")
        change = Change(
            event="PaymentAuthorized",
            # A late attempt must not overwrite a capture.
            condition=~IS_PAID_OR_HELD & MAY_GO_FORWARD,
            set={
                "payment.status": PaymentStatus.REQUIRES_CAPTURE,
                "capture_before": clock.of_timestamp(intent.authorized_until),
                "uncaptured_shard": shard_of(order_id),
            },
        )
        return self._go_forward(order_id, change)

    def record_action_required(self, order_id: str, intent: PaymentIntent) -> Order:
        """Record what the customer has to do for the payment.

        Raises:
            OrderRejected: The order has been cancelled or its undo has begun in the meantime.
        """
        status = PaymentStatus(intent.status)
        change = Change(
            event="PaymentActionRequired",
            # A late attempt must not overwrite the success that a webhook has recorded.
            condition=~Attr("payment.status").is_in(sorted({status, *PAID_OR_HELD})) & MAY_GO_FORWARD,
            set={
                "payment.status": status,
                "payment.next_action": intent.next_action,
                "payment.client_secret": intent.client_secret,
            },
        )
        return self._go_forward(order_id, change)

    def record_processing(self, order_id: str) -> Order:
        """Record that the customer has nothing left to do for the payment, and that their bank decides.

        A payment that is decided already, or an order that is being undone, does not change.
        """
        change = Change(
            event="PaymentProcessing",
            condition=IS_UNDECIDED & MAY_GO_FORWARD,
            set={"payment.status": PaymentStatus.PROCESSING},
            remove=("payment.next_action", "payment.client_secret"),
        )
        return self._change(order_id, change)

    def record_waiting(self, order_id: str, task_token: str) -> Order:
        """Record the task token that resumes the waiting execution; a newer token replaces an older one.

        Raises:
            OrderRejected: The order has been cancelled or its undo has begun in the meantime.
        """
        change = Change(
            event="PaymentAwaited",
            condition=IS_NOT_CONFIRMED & MAY_GO_FORWARD,
            set={"status": OrderStatus.AWAITING_PAYMENT, "task_token": task_token},
        )
        return self._go_forward(order_id, change)

    def record_captured(self, order_id: str) -> Order:
        """Record that an authorized payment was captured without the saga, in Stripe's dashboard."""
        condition = IS_HELD & MAY_GO_FORWARD & NO_CAPTURE_IS_DUE
        return self._change(order_id, _payment_change(PaymentStatus.SUCCEEDED, "PaymentCaptured", condition))

    # The webhook reads the order, then Stripe, and then writes. If the order has changed in between, another
    # reader may have written something newer: these methods then write nothing and return None.

    def announce_expiry(self, order: Order) -> Order | None:
        """Record once that the authorization of the payment soon expires, and that nobody asks for a capture.

        Returns:
            None if it is recorded already, or the order has changed since it was read.
        """
        event = "PaymentAuthorizationExpiring"
        if order.has_had(event):
            return None
        condition = IS_HELD & ~IS_NOT_CONFIRMED & NO_CAPTURE_IS_DUE & MAY_GO_FORWARD
        return self._change_unchanged(order, Change(event, condition, _event_at_rest(event)))

    def record_dispute(self, order: Order, dispute: DisputeState | None) -> Order | None:
        """Record what has become of the dispute of the charge."""
        if dispute is None or order.payment.dispute is dispute:
            return order
        change = Change(dispute.event, IS_STORED, {"payment.dispute": dispute})
        return self._change_unchanged(order, change)

    def record_refund_outside(self, order: Order, amount: int) -> Order | None:
        """Record how many minor units are refunded outside of the saga, in all; a failed refund lowers it."""
        if order.payment.refunded_outside == amount:
            return order
        change = Change(f"PaymentRefundedOutside: {amount}", IS_STORED, {"payment.refunded_outside": amount})
        return self._change_unchanged(order, change)

    def record_refund_arrived(self, order: Order) -> Order | None:
        """Record that Stripe has sent the refunds that were pending."""
        if order.payment.status is not PaymentStatus.REFUND_PENDING:
            return order
        change = Change("PaymentRefunded", IS_STORED, {"payment.status": PaymentStatus.REFUNDED})
        return self._change_unchanged(order, change)

    def record_refund_failed(self, order: Order) -> Order | None:
        """Record that money that was given back has come back to us: the order is no longer at rest."""
        if order.payment.status not in MONEY_WAS_SENT_BACK:
            return order
        is_flagged = order.status is OrderStatus.NEEDS_ATTENTION
        change = Change(
            # An entry `OrderNeedsAttention` is an event, which only a change of the status makes.
            event="PaymentRefundFailed" if is_flagged else "OrderNeedsAttention: a refund failed",
            condition=IS_STORED,
            set={
                "status": OrderStatus.NEEDS_ATTENTION,
                "attention_may_pass": False,
                "payment.status": PaymentStatus.SUCCEEDED,
                "unsettled_shard": shard_of(order.order_id),
            },
        )
        return self._change_unchanged(order, change)

    # So do those who work on refunds of lines: they replace all refunds of the order as they were read.

    def request_line_refund(self, order: Order, refund: LineRefund) -> Order | None:
        """Record a refund of lines that an execution has to make, and the attempt that Stripe will know."""
        change = Change(
            event=f"LineRefundRequested: {refund.refund_id}",
            condition=NO_REFUND_IS_DUE,
            set={
                "refunds": _stored([*order.refunds, refund]),
                "refund_due": refund.refund_id,
                "unsettled_shard": shard_of(order.order_id),
            },
            add={"refund_attempts": frozenset({refund.refund_id})},
        )
        return self._change_unchanged(order, change)

    def record_line_refund(
        self, order: Order, refund: LineRefund, event: str, *, is_over: bool
    ) -> Order | None:
        """Record what has become of the refund of lines that is due; see `line_refund_change`."""
        return self._change_unchanged(order, line_refund_change(order, refund, event, is_over=is_over))

    def reopen_line_refund(self, order: Order, refund: LineRefund, event: str) -> Order | None:
        """Record that Stripe reports another outcome of a refund of lines, and that it is due again."""
        change = Change(
            event=f"{event}: {refund.refund_id}",
            condition=NO_REFUND_IS_DUE & MAY_GO_FORWARD,
            set={
                "refunds": _stored(_with(order.refunds, refund)),
                "refund_due": refund.refund_id,
                "unsettled_shard": shard_of(order.order_id),
            },
        )
        return self._change_unchanged(order, change)

    def record_line_refund_arrived(self, order: Order, refund: LineRefund, event: str) -> Order | None:
        """Record that Stripe has sent a refund of lines that was pending."""
        change = Change(event, IS_STORED, {"refunds": _stored(_with(order.refunds, refund))})
        return self._change_unchanged(order, change)

    def delay_line_refund(self, order: Order, reason: str) -> Order | None:
        """Record that a due refund of lines could not be made now; the reconciliation runs it again.

        Within a pause it is recorded once, and for an order only so often: the timeline must not grow without
        end. If it is not recorded, the reconciliation finds that one more execution has changed nothing.
        """
        delayed_at = order.refund_delayed_at
        if delayed_at is not None and delayed_at > clock.earlier(clock.now(), PAUSE_AFTER_OUTAGE):
            return order
        if sum(entry.name == "LineRefundDelayed" for entry in order.timeline) >= MOST_DELAYS:
            return order
        return self._change_unchanged(order, Change(f"LineRefundDelayed: {reason}", ~NO_REFUND_IS_DUE))

    def record_refund_attempt(self, order_id: str, attempt: str) -> Order:
        """Record an attempt to refund the payment, before the refund is made; never if it is settled."""
        change = Change(
            event="PaymentRefundRequested",
            condition=IS_BEING_UNDONE & ~IS_SETTLED_OUTSIDE & ~Attr("refund_attempts").contains(attempt),
            add={"refund_attempts": frozenset({attempt})},
        )
        return self._change(order_id, change)

    def record_money_back(self, order_id: str, status: PaymentStatus, event: str) -> Order:
        """Record that the undo has given the money back, or that it is on its way back."""
        change = _payment_change(status, event, IS_BEING_UNDONE & ~IS_REFUNDED & ~IS_SETTLED_OUTSIDE)
        return self._change(order_id, change)

    def begin_undo(self, order_id: str, error_output: Mapping[str, Any]) -> Order:
        """Decide that the order is undone, and why, before any part of it is undone.

        From then on no execution of the order goes forward, and every execution ends with this reason.

        Raises:
            OrderAlreadyConfirmed: The order has passed the pivot.
        """
        order = self.get(order_id)
        if order.failure is None and not order.has_passed_the_pivot:
            failure = failure_of(error_output, order)
            change = Change(
                event=f"UndoBegan: {failure.code}",
                condition=~IS_BEING_UNDONE & CAN_BE_UNDONE,
                set={"failure": asdict(failure), "unsettled_shard": shard_of(order_id)},
                remove=("uncaptured_shard", "capture_due"),
            )
            order = self._change(order_id, change) if order.due_refund is None else self._drop(order, change)
        if order.has_passed_the_pivot:
            raise OrderAlreadyConfirmed(f"order {order_id} is confirmed and cannot be undone")
        return order

    def close(self, order_id: str, error_output: Mapping[str, Any]) -> Order:
        """Close an order that has been undone, or for which nothing had been done.

        Raises:
            OrderAlreadyConfirmed: The order has passed the pivot.
            UndoIncomplete: The order still holds money or stock.
        """
        order = self.begin_undo(order_id, error_output)
        if order.is_closed:
            return order
        cancelled = order.failure is not None and order.failure.code in CANCELLATIONS
        end = OrderStatus.CANCELLED if cancelled else OrderStatus.FAILED
        change = Change(
            event="OrderCancelled" if cancelled else "OrderFailed",
            condition=IS_BEING_UNDONE & HOLDS_NO_STOCK & HOLDS_NO_MONEY & Attr("status").ne(end),
            set={"status": end},
        )
        closed = self._change(order_id, change)
        if not closed.is_closed:
            raise UndoIncomplete(
                f"order {order_id} is not undone: payment {closed.payment.status}, "
                f"stock taken {closed.stock_taken}"
            )
        return closed

    def record_notification(self, order: Order, event: str) -> Order:
        """Record that the customer was notified of the order's end, or cannot be: the order is at rest now.

        Args:
            order: The order as the customer knows it. If it has another end by now, nothing is written.
            event: Entry in the timeline.
        """
        change = Change(
            event=event,
            condition=(
                Attr("status").eq(order.status)
                & (IS_UNSETTLED & NO_UNDO_IS_DUE & NO_REFUND_IS_DUE & NO_CAPTURE_IS_DUE)
            ),
            remove=("unsettled_shard",),
        )
        return self._change(order.order_id, change)

    def record_mail_feedback(self, order_id: str, feedback: MailFeedback, event_id: str) -> Order | None:
        """Record what became of a mail that SES accepted, once for each event of SES.

        Returns:
            None if it is recorded already, or there is no such order.
        """
        change = Change(
            event=feedback,
            condition=~Attr("mail_feedback").contains(event_id),
            add={"mail_feedback": frozenset({event_id})},
        )
        return self._try(order_id, change)

    def flag(self, order_id: str, reason: str, *, may_pass: bool = False) -> Order:
        """Flag an order for an operator. An order that is at rest, or has a refund to make, does not change.

        Args:
            order_id: The order.
            reason: What the operator reads.
            may_pass: Whether the cause may pass, so that the reconciliation runs the order again.
        """
        change = Change(
            event=f"OrderNeedsAttention: {reason}",
            condition=~IS_FLAGGED & IS_OPEN & (CAN_BE_UNDONE | ~NO_CAPTURE_IS_DUE),
            # A confirmed order that was cancelled may have left the index before.
            set={
                "status": OrderStatus.NEEDS_ATTENTION,
                "attention_may_pass": may_pass,
                "unsettled_shard": shard_of(order_id),
            },
        )
        return self._change(order_id, change)

    def erase(self, order_id: str) -> Order | None:
        """Remove the customer's personal data and secrets from an order; what it is and costs stays.

        Returns:
            The order as it is now; None if it is not at rest, or erased already.
        """
        change = Change(
            event="CustomerErased",
            condition=~IS_UNSETTLED & Attr("email").exists(),
            remove=(
                *("email", "payment_method", "return_url"),
                *("payment.next_action", "payment.client_secret"),
            ),
        )
        return self._try(order_id, change)

    def _drop(self, order: Order, change: Change) -> Order:
        """Make a change that also ends the work on the refund of lines that is due.

        Raises:
            StoreUnavailable: The order has changed since it was read.
        """
        due = order.due_refund
        if due is not None and due.status is LineRefundStatus.REQUESTED:
            due = replace(due, status=LineRefundStatus.DROPPED)
        dropped = {"refunds": _stored(_with(order.refunds, due))} if due is not None else {}
        change = replace(change, set={**change.set, **dropped}, remove=(*change.remove, "refund_due"))
        written = self._change_unchanged(order, change)
        if written is None:
            raise StoreUnavailable(f"order {order.order_id} has just changed")
        return written

    def _go_forward(self, order_id: str, change: Change) -> Order:
        """Make one change on the way forward; an attempt that comes too late gets the order as it is."""
        written = self._try(order_id, change)
        if written is not None:
            return written
        order = self.get(order_id)
        order.ensure_may_go_forward()
        return order

    def _change(self, order_id: str, change: Change) -> Order:
        """Make one change if its condition holds, and return the order as it is then."""
        return self._try(order_id, change) or self.get(order_id)

    def _change_unchanged(self, order: Order, change: Change) -> Order | None:
        """Make one change of an order that was read before; None if the order has changed since."""
        unchanged = Attr("version").eq(order.version)
        return self._try(order.order_id, replace(change, condition=change.condition & unchanged))

    def _try(self, order_id: str, change: Change) -> Order | None:
        """Make one change; None if its condition does not hold."""
        item = write(self._client, change.as_update(order_id).request(self.table, order_id=order_id))
        return order_from_item(item) if item is not None else None


def _payment_change(status: PaymentStatus, event: str, condition: ConditionBase) -> Change:
    """A change of the status: the payment no longer waits for its capture, if it did."""
    return Change(
        event,
        condition=Attr("payment.status").ne(status) & condition,
        set={"payment.status": status},
        remove=("uncaptured_shard",),
    )


def line_refund_change(order: Order, refund: LineRefund, event: str, *, is_over: bool) -> Change:
    """The change that records what has become of the refund of lines that is due.

    When it is over, the order is at rest again, if its customer was notified of the confirmation.
    """
    over = ("refund_due", *(("unsettled_shard",) if order.was_notified else ()))
    return Change(
        event,
        condition=Attr("refund_due").eq(refund.refund_id) & ~IS_BEING_UNDONE,
        set={"refunds": _stored(_with(order.refunds, refund)), **_event_at_rest(event.partition(":")[0])},
        remove=over if is_over else (),
    )


def _with(refunds: Iterable[LineRefund], changed: LineRefund) -> list[LineRefund]:
    return [changed if each.refund_id == changed.refund_id else each for each in refunds]


def _stored(refunds: Iterable[LineRefund]) -> list[dict[str, Any]]:
    return [asdict(each) for each in refunds]


def _event_at_rest(event: str) -> dict[str, str]:
    """What a change writes that consumers need to know although the order may be at rest.

    The filter of the stream passes on the orders that have it; see `STREAM_PATTERNS`.
    """
    return {"event_at_rest": event}

"""The orders in DynamoDB: the only thing anyone writes about an order.

Every write is conditional, counts the version up and appends to the timeline in the same request, so
a change and its trace can't part ways. Events are derived from the table's stream.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from botocore.exceptions import ClientError

from lambdas.domain import clock
from lambdas.domain.errors import (
    OrderAlreadyConfirmed,
    OrderNotFound,
    OrderRejected,
    StoreUnavailable,
    UndoIncomplete,
)
from lambdas.domain.failure import failure_of
from lambdas.domain.order import (
    MONEY_IS_BACK,
    Failure,
    Order,
    OrderLine,
    OrderStatus,
    Payment,
    PaymentStatus,
    TimelineEntry,
    total,
)
from lambdas.domain.payment import PaymentIntent
from lambdas.shared.aws import dynamodb, error_code, transient_as
from lambdas.shared.settings import Settings
from lambdas.shared.store.attributes import attribute_names, from_attributes, to_attributes

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import UpdateTypeDef

CONDITION_FAILED: Final = "ConditionalCheckFailed"
"""A transaction's cancellation reason; the error of a single write has the suffix `Exception`."""

SHARDS: Final = "0123456789abcdef"
"""The partitions of the sparse index of orders that are not at rest; see `shard_of`."""

MAY_GO_FORWARD: Final = "attribute_not_exists(#failure) AND attribute_not_exists(#cancel_requested_by)"
"""`Order.ensure_may_go_forward` as a condition: a step that lost the race can't write behind an undo."""


@dataclass(frozen=True, slots=True)
class Change:
    """One conditional write to an order.

    Attributes:
        event: What the timeline says, in the past tense.
        values: Attributes to set, as plain Python; keys are paths like `#payment.#status`.
        condition: DynamoDB condition on the record as it stands. A set value can be compared with under
            its placeholder: `:set_payment_status`.
        condition_values: The other values that the condition compares with.
        remove: Paths of attributes to remove.
    """

    event: str
    values: Mapping[str, Any]
    condition: str
    condition_values: Mapping[str, Any] = field(default_factory=dict)
    remove: tuple[str, ...] = ()

    def as_update(self, table: str, order_id: str) -> "UpdateTypeDef":
        """The change as the `Update` of a transaction; `UpdateItem` takes the same parameters."""
        at = clock.now()
        placeholders = {path: f":set_{path.replace('#', '').replace('.', '_')}" for path in self.values}
        settings = [
            *(f"{path} = {placeholder}" for path, placeholder in placeholders.items()),
            "#updated_at = :at",
            "#version = #version + :one",
            "#timeline = list_append(#timeline, :entry)",
        ]
        expression = f"SET {', '.join(settings)}"
        if self.remove:
            expression += f" REMOVE {', '.join(self.remove)}"
        condition = f"attribute_exists(#order_id) AND ({self.condition})"
        return {
            "TableName": table,
            "Key": {"order_id": {"S": order_id}},
            "UpdateExpression": expression,
            "ConditionExpression": condition,
            "ExpressionAttributeNames": attribute_names(expression, condition),
            "ExpressionAttributeValues": to_attributes(
                {
                    **{placeholders[path]: value for path, value in self.values.items()},
                    **self.condition_values,
                    ":at": at,
                    ":one": 1,
                    ":entry": [{"at": at, "event": self.event}],
                }
            ),
        }


class OrderTable:
    """Reads and writes orders.

    Raises:
        StoreUnavailable: From every method, when DynamoDB throttles, fails or does not answer.
    """

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self.table = table

    @classmethod
    def from_settings(cls, settings: Settings) -> "OrderTable":
        """The table that the environment names."""
        return cls(dynamodb(), settings.orders_table)

    def create(self, order: Order) -> Order | None:
        """Write an order that nobody has written before.

        This conditional put is the idempotency record of a submission, and it never expires.

        Returns:
            None when the order is new, otherwise the order that is there already; then nothing is written.
        """
        try:
            with transient_as(StoreUnavailable):
                self._client.put_item(
                    TableName=self.table,
                    Item=to_attributes(_to_item(order)),
                    ConditionExpression="attribute_not_exists(order_id)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as error:
            existing = _item_of_failed_condition(error)
            return order_from_item(existing)
        return None

    def find(self, order_id: str) -> Order | None:
        """Read an order, as it is after every write so far; None where there is none."""
        with transient_as(StoreUnavailable):
            answer = self._client.get_item(
                TableName=self.table, Key={"order_id": {"S": order_id}}, ConsistentRead=True
            )
        return order_from_item(answer["Item"]) if "Item" in answer else None

    def get(self, order_id: str) -> Order:
        """Read an order that must exist.

        Raises:
            OrderNotFound: It does not.
        """
        order = self.find(order_id)
        if order is None:
            raise OrderNotFound(f"there is no order {order_id}")
        return order

    def request_cancellation(self, order_id: str, requested_by: Literal["customer", "operator"]) -> Order:
        """Write down that somebody asks to cancel; before the pivot it wins, after it the order is undone.

        The first who asks is the one who counts. An order that is closed, or on its way there for another
        reason, stays as it is.
        """
        change = Change(
            event=f"CancellationRequested: {requested_by}",
            # A confirmed order is not at rest any more.
            values={"#cancel_requested_by": requested_by, "#unsettled_shard": shard_of(order_id)},
            condition=f"{MAY_GO_FORWARD} AND NOT #status IN (:failed, :cancelled)",
            condition_values={":failed": OrderStatus.FAILED, ":cancelled": OrderStatus.CANCELLED},
        )
        return self._write(order_id, change) or self.get(order_id)

    def request_retry(self, order_id: str) -> Order | None:
        """Write down that an operator asks for one more execution; None where the order is at rest.

        An order that needs attention is on its way again from then on. If that fails, too, it is flagged
        again, with an event of its own.
        """
        asked = {"#retry_requested_at": clock.now()}
        flagged = {":needs_attention": OrderStatus.NEEDS_ATTENTION}
        return self._write(
            order_id,
            Change(
                event="RetryRequested",
                values={**asked, "#status": OrderStatus.PENDING},
                condition="#status = :needs_attention",
                condition_values=flagged,
            ),
        ) or self._write(
            order_id,
            Change(
                event="RetryRequested",
                values=asked,
                condition="#status <> :needs_attention AND attribute_exists(#unsettled_shard)",
                condition_values=flagged,
            ),
        )

    def record_prices(self, order: Order, lines: tuple[OrderLine, ...]) -> Order:
        """Fix what the order costs; the first prices stay, also when the saga runs again.

        Raises:
            OrderCancelled: Somebody asked to cancel meanwhile.
            UndoAlreadyBegun: An undo began meanwhile.
        """
        change = Change(
            event="OrderPriced",
            values={
                "#items": [asdict(line) for line in lines],
                "#amount": total(lines),
            },
            condition=f"attribute_not_exists(#amount) AND {MAY_GO_FORWARD}",
        )
        return self._write_forward(order.order_id, change)

    def record_rejection(self, order: Order, rejection: OrderRejected) -> Order:
        """Decide that an order is undone that nothing was done of yet.

        Returns:
            The order as it is now: with the failure, or with the prices that another execution gave it
            meanwhile; then it is not rejected.

        Raises:
            OrderCancelled: Somebody asked to cancel meanwhile.
            UndoAlreadyBegun: An undo began meanwhile.
        """
        failure = Failure(rejection.failure_code, str(rejection))
        change = Change(
            event=f"UndoBegan: {failure.code}",
            values={"#failure": asdict(failure)},
            condition=f"attribute_not_exists(#amount) AND {MAY_GO_FORWARD}",
        )
        return self._write_forward(order.order_id, change)

    def record_intent(self, order_id: str, intent_id: str, status: PaymentStatus) -> Order:
        """Write down which PaymentIntent this order is paid with, before money can move.

        Raises:
            OrderCancelled: Somebody asked to cancel meanwhile.
            UndoAlreadyBegun: An undo began meanwhile.
        """
        change = Change(
            event="PaymentIntentCreated",
            values={"#payment": {"status": status, "intent_id": intent_id}},
            condition=f"attribute_not_exists(#payment.#intent_id) AND {MAY_GO_FORWARD}",
        )
        return self._write_forward(order_id, change)

    def record_payment(self, order_id: str, status: PaymentStatus, event: str) -> Order:
        """Write down what Stripe says of the payment on the way forward.

        Raises:
            OrderCancelled: Somebody asked to cancel meanwhile.
            UndoAlreadyBegun: An undo began meanwhile, and its word on the payment is the last.
        """
        return self._write_forward(order_id, _payment_change(status, event, MAY_GO_FORWARD))

    def record_action_required(self, order_id: str, intent: PaymentIntent) -> Order:
        """Write down what the payment waits for.

        Raises:
            OrderCancelled: Somebody asked to cancel meanwhile.
            UndoAlreadyBegun: An undo began meanwhile.
        """
        change = Change(
            event="PaymentActionRequired",
            values={
                "#payment.#status": PaymentStatus(intent.status),
                "#payment.#next_action": intent.next_action,
                "#payment.#client_secret": intent.client_secret,
            },
            # A late attempt must not write over what a webhook has found out meanwhile.
            condition=(f"NOT #payment.#status IN (:set_payment_status, :succeeded) AND {MAY_GO_FORWARD}"),
            condition_values={":succeeded": PaymentStatus.SUCCEEDED},
        )
        return self._write_forward(order_id, change)

    def record_waiting(self, order_id: str, task_token: str) -> Order:
        """Write down how the execution is woken that waits for the payment; the newest token counts.

        Raises:
            OrderCancelled: Somebody asked to cancel meanwhile.
            UndoAlreadyBegun: An undo began meanwhile.
        """
        change = Change(
            event="PaymentAwaited",
            values={"#status": OrderStatus.AWAITING_PAYMENT, "#task_token": task_token},
            condition=f"#status <> :confirmed AND {MAY_GO_FORWARD}",
            condition_values={":confirmed": OrderStatus.CONFIRMED},
        )
        return self._write_forward(order_id, change)

    def record_dispute(self, order_id: str) -> Order:
        """Write down that the customer's bank disputes the charge."""
        change = Change(
            event="PaymentDisputed",
            values={"#payment.#disputed": True},
            condition="attribute_not_exists(#payment.#disputed)",
        )
        return self._write(order_id, change) or self.get(order_id)

    def record_refund_outside(self, order_id: str, amount: int) -> Order:
        """Write down how much went back without the saga: in all, in minor units."""
        change = Change(
            event=f"PaymentRefundedOutside: {amount}",
            values={"#payment.#refunded_outside": amount},
            condition=(
                "attribute_not_exists(#payment.#refunded_outside)"
                " OR #payment.#refunded_outside < :set_payment_refunded_outside"
            ),
        )
        return self._write(order_id, change) or self.get(order_id)

    def record_refund_failed(self, order_id: str) -> Order:
        """Write down that money is with us again that had been given back: the order is not at rest."""
        change = Change(
            event="OrderNeedsAttention: a refund failed after it had succeeded",
            values={
                "#status": OrderStatus.NEEDS_ATTENTION,
                "#payment.#status": PaymentStatus.SUCCEEDED,
                "#unsettled_shard": shard_of(order_id),
            },
            condition="#payment.#status = :refunded",
            condition_values={":refunded": PaymentStatus.REFUNDED},
        )
        return self._write(order_id, change) or self.get(order_id)

    def record_money_back(self, order_id: str, status: PaymentStatus, event: str) -> Order:
        """Write down that the undo has brought the money back."""
        change = _payment_change(status, event, "attribute_exists(#failure)")
        return self._write(order_id, change) or self.get(order_id)

    def begin_undo(self, order_id: str, error_output: Mapping[str, Any]) -> Order:
        """Decide that the order is undone, and why, before anything of it is undone.

        From here on no execution of the order goes forward, and every one ends with this reason.

        Raises:
            OrderAlreadyConfirmed: The order is beyond the pivot.
        """
        order = self.get(order_id)
        if order.failure is None and not order.is_beyond_the_pivot:
            order = self._write(order_id, _undo_of(order, error_output)) or self.get(order_id)
        if order.is_beyond_the_pivot:
            raise OrderAlreadyConfirmed(f"order {order_id} is confirmed; nothing undoes it any more")
        return order

    def close(self, order_id: str, error_output: Mapping[str, Any]) -> Order:
        """Bring an order to rest that is undone, or of which nothing was done.

        Raises:
            OrderAlreadyConfirmed: The order is beyond the pivot.
            UndoIncomplete: The order's money or its stock is still taken.
        """
        order = self.begin_undo(order_id, error_output)
        if order.is_closed:
            return order
        code = order.failure.code if order.failure else ""
        cancelled = code.startswith("cancelled_by_")
        back = sorted(MONEY_IS_BACK)
        change = Change(
            event="OrderCancelled" if cancelled else "OrderFailed",
            values={"#status": OrderStatus.CANCELLED if cancelled else OrderStatus.FAILED},
            condition=(
                "attribute_exists(#failure) AND #stock_taken = :no AND #status <> :set_status"
                f" AND #payment.#status IN ({', '.join(f':back_{n}' for n in range(len(back)))})"
            ),
            condition_values={":no": False, **{f":back_{n}": status for n, status in enumerate(back)}},
        )
        closed = self._write(order_id, change) or self.get(order_id)
        if not closed.is_closed:
            raise UndoIncomplete(
                f"order {order_id} is not undone: payment {closed.payment.status}, "
                f"stock taken {closed.stock_taken}"
            )
        return closed

    def record_notification(self, order: Order, event: str) -> Order:
        """Write down that the customer knows how the order ended, or never will: now it is at rest.

        Args:
            order: As the customer was told of it. If it has another end meanwhile, nothing is written.
            event: What the timeline says.
        """
        change = Change(
            event=event,
            values={},
            condition=(
                "#status = :told AND attribute_exists(#unsettled_shard)"
                " AND (#status <> :confirmed OR attribute_not_exists(#cancel_requested_by))"
            ),
            condition_values={":told": order.status, ":confirmed": OrderStatus.CONFIRMED},
            remove=("#unsettled_shard",),
        )
        return self._write(order.order_id, change) or self.get(order.order_id)

    def flag(self, order_id: str, reason: str) -> Order:
        """Call for a human. An order that is at rest stays as it is."""
        change = Change(
            event=f"OrderNeedsAttention: {reason}",
            # A cancelled order can come here straight from CONFIRMED, where it left the sparse index.
            values={"#status": OrderStatus.NEEDS_ATTENTION, "#unsettled_shard": shard_of(order_id)},
            condition=(
                "#status <> :set_status AND NOT #status IN (:failed, :cancelled)"
                " AND (#status <> :confirmed OR attribute_exists(#cancel_requested_by))"
            ),
            condition_values={
                ":failed": OrderStatus.FAILED,
                ":cancelled": OrderStatus.CANCELLED,
                ":confirmed": OrderStatus.CONFIRMED,
            },
        )
        return self._write(order_id, change) or self.get(order_id)

    def _write_forward(self, order_id: str, change: Change) -> Order:
        written = self._write(order_id, change)
        if written is not None:
            return written
        order = self.get(order_id)
        order.ensure_may_go_forward()
        return order  # another attempt of the same step was first

    def _write(self, order_id: str, change: Change) -> Order | None:
        """Make one change; None where its condition does not hold."""
        try:
            with transient_as(StoreUnavailable):
                answer = self._client.update_item(
                    **change.as_update(self.table, order_id), ReturnValues="ALL_NEW"
                )
        except ClientError as error:
            if error_code(error) != f"{CONDITION_FAILED}Exception":
                raise
            return None
        return order_from_item(answer["Attributes"])


def shard_of(order_id: str) -> str:
    """The partition of the sparse index of orders that are not at rest: the id's first digit."""
    return order_id[0]


def order_from_item(attributes: Mapping[str, Any]) -> Order:
    """Read an order from its record, as a table's answer or its stream gives it."""
    item = from_attributes(attributes)
    failure = item.get("failure")
    return Order(
        order_id=item["order_id"],
        customer_id=item["customer_id"],
        request_hash=item["request_hash"],
        currency=item["currency"],
        lines=tuple(OrderLine(**line) for line in item["items"]),
        payment_method=item["payment_method"],
        email=item["email"],
        created_at=item["created_at"],
        updated_at=item["updated_at"],
        timeline=tuple(TimelineEntry(**entry) for entry in item["timeline"]),
        version=item["version"],
        status=OrderStatus(item["status"]),
        amount=item.get("amount"),
        payment=Payment(**{**item["payment"], "status": PaymentStatus(item["payment"]["status"])}),
        stock_taken=item["stock_taken"],
        failure=Failure(**failure) if failure else None,
        cancel_requested_by=item.get("cancel_requested_by"),
        retry_requested_at=item.get("retry_requested_at"),
        unsettled="unsettled_shard" in item,
        task_token=item.get("task_token"),
    )


def _to_item(order: Order) -> dict[str, Any]:
    """A new order's record. What is not known yet is absent, so that conditions can ask for it."""
    return {
        "order_id": order.order_id,
        "customer_id": order.customer_id,
        "request_hash": order.request_hash,
        "currency": order.currency,
        "items": [{"sku": line.sku, "quantity": line.quantity} for line in order.lines],
        "payment_method": order.payment_method,
        "email": order.email,
        "created_at": order.created_at,
        "updated_at": order.updated_at,
        "timeline": [asdict(entry) for entry in order.timeline],
        "version": order.version,
        "status": order.status,
        "payment": {"status": order.payment.status},
        "stock_taken": order.stock_taken,
        "unsettled_shard": shard_of(order.order_id),
        "day": order.day,
    }


def _payment_change(status: PaymentStatus, event: str, condition: str) -> Change:
    return Change(
        event=event,
        values={"#payment.#status": status},
        condition=f"#payment.#status <> :set_payment_status AND {condition}",
    )


def _undo_of(order: Order, error_output: Mapping[str, Any]) -> Change:
    failure = failure_of(error_output, order)
    return Change(
        event=f"UndoBegan: {failure.code}",
        values={"#failure": asdict(failure), "#unsettled_shard": shard_of(order.order_id)},
        condition=(
            "attribute_not_exists(#failure)"
            " AND (#status <> :confirmed OR attribute_exists(#cancel_requested_by))"
        ),
        condition_values={":confirmed": OrderStatus.CONFIRMED},
    )


def _item_of_failed_condition(error: ClientError) -> Mapping[str, Any]:
    """The record that made a put's condition fail; botocore hands it on beside the error."""
    if error_code(error) != f"{CONDITION_FAILED}Exception":
        raise error
    item: Mapping[str, Any] = error.response["Item"]  # type: ignore[typeddict-item] # the stubs lack it
    return item

"""Finds the orders that changed after the time to which their table was restored.

The events of these changes survive in the audit table. Each has the version that the order had then. So an
order whose record is older than its newest event, or that has no record, has lost these changes.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cli.event_replay import AuditedEvent
from cli.order_state import Status

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_REFUNDED: Final = frozenset({"OrderLinesRefunded", "PaymentRefundedOutside"})
_OPEN: Final = frozenset({Status.PENDING, Status.AWAITING_PAYMENT, Status.NEEDS_ATTENTION})
_DISPUTED: Final = frozenset({"PaymentDisputed", "PaymentDisputeWon", "PaymentDisputeLost"})


@dataclass(frozen=True)
class RestoredRecord:
    """An order's record after the restore."""

    status: str
    version: int


@dataclass(frozen=True)
class OutdatedOrder:
    """An order that has lost changes.

    Attributes:
        order_id: The order.
        status: The status of its record; None if it has none.
        lost: The types of the events that its record does not have, the oldest first.
        advice: What to do.
    """

    order_id: str
    status: str | None
    lost: tuple[str, ...]
    advice: str


class RestoredOrders:
    """The table of orders after the restore.

    Args:
        client: A client of DynamoDB.
        table: Name of the table.
    """

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def records(self, order_ids: Iterable[str]) -> dict[str, RestoredRecord]:
        """Read the records of orders, by id; an order without a record is left out."""
        found = {}
        for order_id in set(order_ids):
            item = self._client.get_item(
                TableName=self._table,
                Key={"order_id": {"S": order_id}},
                ProjectionExpression="#status, version",
                ExpressionAttributeNames={"#status": "status"},  # `status` is a reserved word
                ConsistentRead=True,
            ).get("Item")
            if item is not None:
                found[order_id] = RestoredRecord(item["status"]["S"], int(item["version"]["N"]))
        return found


def outdated_orders(
    events: Iterable[AuditedEvent], records: Mapping[str, RestoredRecord]
) -> list[OutdatedOrder]:
    """Find the orders that have lost changes, in the order of their first lost event.

    Args:
        events: The events since some time before the restored one, the oldest first.
        records: The records of their orders, by id.
    """
    lost: defaultdict[str, list[str]] = defaultdict(list)
    for event in events:
        order_id = str(event.detail["order_id"])
        record = records.get(order_id)
        if record is None or int(event.detail.get("order_version", 0)) > record.version:
            lost[order_id].append(event.type)
    return [
        OutdatedOrder(
            order_id,
            records[order_id].status if order_id in records else None,
            tuple(types),
            _advice_about(order_id, records.get(order_id), types),
        )
        for order_id, types in lost.items()
    ]


def _advice_about(order_id: str, record: RestoredRecord | None, lost: list[str]) -> str:
    is_closed = bool({"OrderCancelled", "OrderFailed"} & set(lost))
    if record is None:
        return _advice_without_record(lost, is_closed=is_closed)
    if record.status in _OPEN:
        return "The reconciliation runs it again."
    if is_closed and record.status == Status.CONFIRMED:
        return f"orders cancel {order_id} --as operator"
    advice = []
    if _REFUNDED & set(lost):
        advice.append("Let Stripe send the events of its refunds again; put units that came back into stock.")
    if _DISPUTED & set(lost):
        advice.append("Let Stripe send the events of its disputes again.")
    if "OrderFulfilled" in lost:
        advice.append(f"orders fulfil {order_id} --as operator")
    return " ".join(advice) or "Nothing."


def _advice_without_record(lost: list[str], *, is_closed: bool) -> str:
    if is_closed:
        return "Nothing: its money was given back."
    if "OrderFulfilled" in lost:
        return (
            "Ask the customer to send it again with the same key, and fulfil it. Otherwise keep the payment,"
            " because the goods have left, and take its units out of the stock."
        )
    if "OrderConfirmed" in lost:
        return "Ask the customer to send it again with the same key, or refund it in Stripe's dashboard."
    return "The reconciliation cancels its payment. If it was paid, refund it in Stripe's dashboard."

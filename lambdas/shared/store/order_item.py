"""How an order is stored: its item in DynamoDB, and the order that an item stands for."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload

from lambdas.domain.errors import OrderIsNewer
from lambdas.domain.line_refund import LineRefund, LineRefundStatus
from lambdas.domain.order import (
    Failure,
    Fulfilment,
    Order,
    OrderLine,
    OrderStatus,
    Payment,
    PaymentStatus,
    Settlement,
    TimelineEntry,
)
from lambdas.domain.payment import DisputeState
from lambdas.domain.vocabulary import Capture
from lambdas.shared.store.attributes import from_attributes

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")

SCHEMA: Final = 1
"""Version of the records that this code reads. A record without `schema` is of version 1.

It rises only if the code before would misread a record, as docs/decisions/051 says. Attributes are added
without it: whoever does not know them ignores them.
"""

SHARDS: Final = "0123456789abcdef"
"""Partitions of the index `unsettled`, which holds the orders that are not at rest; see `shard_of`."""


def shard_of(order_id: str) -> str:
    """The partition of an order in the index `unsettled`: the first digit of its id."""
    return order_id[0]


def item_of_new(order: Order) -> dict[str, Any]:
    """The item of a new order. Attributes without a value yet are absent: conditions ask for them."""
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
        "timeline": [present(asdict(entry)) for entry in order.timeline],
        "version": order.version,
        "status": order.status,
        "payment": {"status": order.payment.status},
        "stock_taken": order.stock_taken,
        "unsettled_shard": shard_of(order.order_id),
        "day": order.day,
        **present(
            {
                "return_url": order.return_url,
                "reference": order.reference,
                "expected_amount": order.expected_amount,
                # Absent in orders of earlier versions, and in those whose money is taken at once.
                "capture": None if order.capture is Capture.AT_ORDER else order.capture,
            }
        ),
    }


def order_from_item(attributes: Mapping[str, Any]) -> Order:
    """Read an order from its item, as DynamoDB returns it or as the table's stream delivers it.

    No time is earlier than the one before it. Each writer reads its own clock before it writes: the clocks of
    two functions differ, and a write that is sent again after a lost reply keeps the time of its first try.

    Attributes that this code does not know are those of a later release, and ignored.

    Raises:
        OrderIsNewer: The record has a later version than `SCHEMA`.
    """
    item = from_attributes(attributes)
    if item.get("schema", SCHEMA) > SCHEMA:
        raise OrderIsNewer(f"order {item['order_id']} has the schema {item['schema']}, not {SCHEMA}")
    timeline = _in_order(item["timeline"], item["order_id"])
    return Order(
        order_id=item["order_id"],
        customer_id=item["customer_id"],
        request_hash=item["request_hash"],
        currency=item["currency"],
        lines=tuple(_known(OrderLine, line) for line in item["items"]),
        payment_method=item.get("payment_method", ""),
        email=item.get("email", ""),
        created_at=item["created_at"],
        updated_at=max(item["updated_at"], timeline[-1].at),
        timeline=timeline,
        return_url=item.get("return_url"),
        reference=item.get("reference"),
        expected_amount=item.get("expected_amount"),
        capture=Capture(item.get("capture", Capture.AT_ORDER)),
        version=item["version"],
        status=OrderStatus(item["status"]),
        amount=item.get("amount"),
        payment=_payment(item),
        stock_taken=item["stock_taken"],
        failure=_known(Failure, item.get("failure")),
        cancel_requested_by=item.get("cancel_requested_by"),
        attention_may_pass=item.get("attention_may_pass", False),
        settlement=_known(Settlement, item.get("settlement")),
        fulfilment=_known(Fulfilment, item.get("fulfilment")),
        capture_due=_known(Fulfilment, item.get("capture_due")),
        retry_requested_at=item.get("retry_requested_at"),
        republish_requested_at=item.get("republish_requested_at"),
        unsettled="unsettled_shard" in item,
        task_token=item.get("task_token"),
        charge_slot=item.get("charge_slot"),
        refunds=tuple(
            _known(LineRefund, {**refund, "status": LineRefundStatus(refund["status"])})
            for refund in item.get("refunds", ())
        ),
        refund_due=item.get("refund_due"),
    )


def _payment(item: Mapping[str, Any]) -> Payment:
    """The attempts of refunds are beside `payment`: DynamoDB adds to sets at the top level only.

    So is the end of the authorization, because it is a key of an index.

    Earlier versions stored only whether the payment was `disputed`.
    """
    payment = dict(item["payment"])
    payment["status"] = PaymentStatus(payment["status"])
    was_disputed = payment.pop("disputed", False)
    dispute = payment.get("dispute", DisputeState.OPEN if was_disputed else None)
    payment["dispute"] = dispute and DisputeState(dispute)
    payment["refund_attempts"] = frozenset(item.get("refund_attempts", ()))
    payment["capture_before"] = item.get("capture_before")
    return _known(Payment, payment)


@overload
def _known(kind: type[T], values: Mapping[str, Any]) -> T: ...
@overload
def _known(kind: type[T], values: Mapping[str, Any] | None) -> T | None: ...
def _known(kind: type[T], values: Mapping[str, Any] | None) -> T | None:
    """Read a part of an order, without the attributes that this code does not know."""
    if values is None:
        return None
    names = {field.name for field in fields(kind)} & values.keys()
    return kind(**{name: values[name] for name in names})


def _in_order(entries: Sequence[Mapping[str, str]], order_id: str) -> tuple[TimelineEntry, ...]:
    """The timeline; an entry whose time is earlier than the one before it gets that time."""
    latest = accumulate((entry["at"] for entry in entries), max)
    return tuple(
        TimelineEntry(at, entry["event"], _execution(entry, order_id), entry.get("request_id"))
        for at, entry in zip(latest, entries, strict=True)
    )


def _execution(entry: Mapping[str, str], order_id: str) -> str | None:
    """The name of the execution that wrote an entry; see `Change.as_update`."""
    stored = entry.get("execution")
    is_of_saga = stored is not None and (not stored or stored.startswith("-"))
    return f"{order_id}{stored}" if is_of_saga else stored


def present(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are not None: an item has no attribute for the others."""
    return {name: value for name, value in values.items() if value is not None}

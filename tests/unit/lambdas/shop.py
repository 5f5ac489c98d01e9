"""The shop's tables with orders in every state, brought there by the deployed code."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.table import Table

from lambdas.domain.errors import OrderCancelled, OutOfStock, PaymentActionRequired, UndoAlreadyBegun
from lambdas.domain.line_refund import LineRefund, LineRefundStatus
from lambdas.domain.order import Order, OrderLine, PaymentStatus
from lambdas.domain.payment import DisputeState
from lambdas.domain.product import Product
from lambdas.domain.vocabulary import Capture
from lambdas.saga.charge_payment.charge_queue import ChargeQueue
from lambdas.saga.charge_payment.charge_slots import ChargeSlots
from lambdas.saga.charge_payment.logic import charge_payment
from lambdas.saga.restock_lines.logic import restock_lines
from lambdas.saga.validate_order.logic import validate_order
from lambdas.saga.validate_order.order_limit import OrderLimit
from lambdas.shared.aws import dynamodb
from lambdas.shared.store.attributes import from_attributes
from lambdas.shared.store.inventory import InventoryTable, reserved_on
from lambdas.shared.store.listings import OrderListing
from lambdas.shared.store.orders import OrderTable
from lambdas.shared.store.reservations import StockReservations
from tests.unit.lambdas.builders import ORDER_ID, TASK_TOKEN, TIMED_OUT, an_order, caught
from tests.unit.lambdas.fakes import CARD_WITH_3DS, FakeStripe

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import (
        AttributeDefinitionTypeDef,
        GlobalSecondaryIndexTypeDef,
        KeySchemaElementTypeDef,
        ProjectionTypeDef,
    )

ORDERS_TABLE = "orders"
INVENTORY_TABLE = "inventory"
IDEMPOTENCY_TABLE = "idempotency"
AUDIT_TABLE = "audit"
PICKS_TABLE = "picks"


@dataclass(frozen=True)
class Shop:
    client: "DynamoDBClient"

    @classmethod
    def open(cls, *products: Product) -> "Shop":
        """Create the tables as the stacks do, and put products into the catalogue."""
        shop = cls(dynamodb())
        shop.client.create_table(
            TableName=ORDERS_TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=_texts(
                *("order_id", "customer_id", "created_at", "unsettled_shard", "day", "reference"),
                *("uncaptured_shard", "capture_before"),
            ),
            KeySchema=_keys("order_id"),
            GlobalSecondaryIndexes=[
                _index("by_customer", "customer_id", {"ProjectionType": "KEYS_ONLY"}),
                _index("unsettled", "unsettled_shard", {"ProjectionType": "KEYS_ONLY"}),
                _index("by_day", "day", {"ProjectionType": "KEYS_ONLY"}),
                _index(
                    "uncaptured",
                    "uncaptured_shard",
                    {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["created_at"]},
                    "capture_before",
                ),
                _index(
                    "by_reference",
                    "reference",
                    {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["customer_id"]},
                ),
            ],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
        for table, keys in {
            INVENTORY_TABLE: ("sku",),
            IDEMPOTENCY_TABLE: ("id",),
            AUDIT_TABLE: ("order_id", "event_id"),
            PICKS_TABLE: ("order_id",),
        }.items():
            shop.client.create_table(
                TableName=table,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=_texts(*keys),
                KeySchema=_keys(*keys),
            )
        for product in products:
            shop.put(product)
        return shop

    @classmethod
    def with_tables(cls, tables: Mapping[str, Table], client: "DynamoDBClient | None" = None) -> "Shop":
        """Open a shop with copies of another one's tables. This is quicker than creating them."""
        shop = cls(client or dynamodb())
        shop.backend.tables = deepcopy(dict(tables))
        return shop

    @property
    def backend(self) -> DynamoDBBackend:
        """What moto keeps for the client's region."""
        backend: DynamoDBBackend = dynamodb_backends[DEFAULT_ACCOUNT_ID][self.client.meta.region_name]
        return backend

    @property
    def orders(self) -> OrderTable:
        return OrderTable(self.client, ORDERS_TABLE)

    @property
    def inventory(self) -> InventoryTable:
        return InventoryTable(self.client, INVENTORY_TABLE)

    @property
    def stock(self) -> StockReservations:
        return StockReservations(self.client, ORDERS_TABLE, INVENTORY_TABLE)

    def limit(self, per_hour: int = 1_000) -> OrderLimit:
        return OrderLimit(OrderListing(self.client, ORDERS_TABLE), per_hour)

    def queue(self, per_second: int = 1_000, *, has_waited: bool = False) -> ChargeQueue:
        """The queue of charges; its slots are taken by all orders of the shop."""
        slots = ChargeSlots(self.client, IDEMPOTENCY_TABLE, per_second)
        return ChargeQueue(slots, self.inventory, has_waited)

    def placed(self, *lines: OrderLine, **changes: Any) -> Order:  # noqa: ANN401 - any attribute
        order = an_order(*lines, **changes)
        assert self.orders.create(order) is None
        return order

    def priced(self, *lines: OrderLine, **changes: Any) -> Order:  # noqa: ANN401 - any attribute
        order = self.placed(*lines, **changes)
        return validate_order(order.order_id, self.orders, self.inventory, self.limit())

    def paid(self, *lines: OrderLine, **changes: Any) -> Order:  # noqa: ANN401 - any attribute
        order = self.priced(*lines, **changes)
        self.orders.record_intent(order.order_id, "pi_paid", PaymentStatus.REQUIRES_CONFIRMATION)
        return self.orders.record_payment(order.order_id, PaymentStatus.SUCCEEDED, "PaymentSucceeded")

    def authorized(self, stripe: FakeStripe, **changes: Any) -> Order:  # noqa: ANN401 - any attribute
        """An order whose bank reserves the money until the fulfilment."""
        self.priced(capture=Capture.AT_FULFILMENT, **changes)
        return charge_payment(ORDER_ID, self.orders, stripe, self.queue())

    def confirmed_uncaptured(self, stripe: FakeStripe) -> Order:
        return self.notified(self.confirm(self.authorized(stripe)))

    def awaiting_payment(
        self,
        stripe: FakeStripe,
        payment_method: str = CARD_WITH_3DS,
        capture: Capture = Capture.AT_ORDER,
    ) -> Order:
        """A saga that waits with `TASK_TOKEN` for an undecided payment."""
        self.action_required(stripe, payment_method, capture)
        return self.orders.record_waiting(ORDER_ID, TASK_TOKEN)

    def confirmed(self, *lines: OrderLine, **changes: Any) -> Order:  # noqa: ANN401 - any attribute
        return self.confirm(self.paid(*lines, **changes))

    def confirm(self, order: Order) -> Order:
        """Take the stock of an order; returns the order as it is stored then."""
        self.stock.take(order)
        return self.order(order.order_id)

    def fulfilled(self) -> Order:
        """An order whose goods a carrier has."""
        self.confirmed()
        return self.orders.fulfil(ORDER_ID, "the-boss", "DHL", "00340434161094")

    def give_back(self, order: Order) -> Order:
        """Give back the stock of an order; returns the order as it is stored then."""
        self.stock.give_back(order)
        return self.order(order.order_id)

    def action_required(
        self,
        stripe: FakeStripe,
        payment_method: str = CARD_WITH_3DS,
        capture: Capture = Capture.AT_ORDER,
    ) -> Order:
        """ChargePayment has found that the customer or their bank must decide the payment."""
        self.priced(payment_method=payment_method, capture=capture)
        with suppress(PaymentActionRequired):
            charge_payment(ORDER_ID, self.orders, stripe, self.queue())
        return self.order()

    def being_undone(self) -> Order:
        return self.orders.begin_undo(self.placed().order_id, caught(OutOfStock("Nothing is left.")))

    def refund_pending(self) -> Order:
        """An order that is closed before its refund has arrived."""
        self.orders.begin_undo(self.paid().order_id, caught(OutOfStock("Nothing is left.")))
        self.orders.record_money_back(ORDER_ID, PaymentStatus.REFUND_PENDING, "PaymentRefundPending")
        return self.orders.close(ORDER_ID, {})

    def needs_attention(self) -> Order:
        """An order that is being undone, and whose refund Stripe rejects."""
        self.orders.begin_undo(self.paid().order_id, caught(OutOfStock("Nothing is left.")))
        return self.orders.flag(ORDER_ID, "RefundRefused: Stripe returned charge_disputed")

    def settled(self) -> Order:
        """An order that is closed because an operator has settled its payment."""
        self.needs_attention()
        self.orders.settle(ORDER_ID, "the-boss", "Paid back in cash.")
        return self.orders.close(ORDER_ID, {})

    def cancelled_after_the_pivot(self, *lines: OrderLine) -> Order:
        self.confirmed(*lines)
        self.cancel()
        return self.orders.begin_undo(ORDER_ID, caught(OrderCancelled("The order was cancelled.")))

    def closed(self) -> Order:
        return self.orders.close(self.placed().order_id, caught(OutOfStock("Nothing is left.")))

    def notified(self, order: Order) -> Order:
        """The customer is notified of the order's end."""
        return self.orders.record_notification(order, "CustomerNotified")

    def close_returned(self) -> Order:
        """An operator takes back the goods of a fulfilled order."""
        return self.close_cancelled(by="operator")

    def close_cancelled(
        self,
        payment: PaymentStatus = PaymentStatus.REFUNDED,
        by: Literal["customer", "operator", "payment_provider"] = "customer",
    ) -> Order:
        """Cancel a confirmed order, and undo it."""
        self.cancel(by=by)
        self.stock.give_back(self.orders.begin_undo(ORDER_ID, caught(OrderCancelled("It was cancelled."))))
        self.orders.record_money_back(ORDER_ID, payment, "PaymentRefunded")
        return self.orders.close(ORDER_ID, {})

    def disputed(self, order: Order, dispute: DisputeState = DisputeState.OPEN) -> Order:
        """The bank disputes the payment, or a dispute ends."""
        written = self.orders.record_dispute(order, dispute)
        assert written is not None
        return written

    def refund_requested(self, order: Order, **changes: Any) -> Order:  # noqa: ANN401 - any attribute
        """An operator asks for a refund of one unit of the order's first line."""
        line = order.lines[0]
        refund = LineRefund(
            refund_id=f"00000000-0000-5000-8000-{len(order.refunds) + 1:012}",
            items={line.sku: 1},
            amount=line.unit_price or 0,
            restock=True,
            reason="A leg was broken.",
            requested_by="the-boss",
            requested_at="2026-03-05T10:00:00.000Z",
        )
        requested = self.orders.request_line_refund(order, replace(refund, **changes))
        assert requested is not None
        return requested

    def fail_due_refund(self, order: Order) -> Order:
        """Stripe rejects the refund of lines that is due."""
        assert order.due_refund is not None
        failed = replace(order.due_refund, status=LineRefundStatus.FAILED)
        event = f"LineRefundFailed: {failed.refund_id}"
        written = self.orders.record_line_refund(order, failed, event, is_over=True)
        assert written is not None
        return written

    def lines_refunded(self, order: Order, **changes: Any) -> Order:  # noqa: ANN401 - any attribute
        """A refund of one unit of the first line is made, and the unit is back in stock."""
        order = self.refund_requested(order, **changes)
        assert order.due_refund is not None
        made = replace(order.due_refund, status=LineRefundStatus.REFUNDED)
        event = f"LinesRefunded: {made.refund_id}"
        assert self.orders.record_line_refund(order, made, event, is_over=not made.restock) is not None
        return restock_lines(order.order_id, made.refund_id, self.orders, self.stock)

    def refund_returned(self, order: Order) -> Order:
        """The customer's bank returns the order's newest refund of lines."""
        failed = replace(order.refunds[-1], status=LineRefundStatus.FAILED)
        reopened = self.orders.reopen_line_refund(order, failed, "LineRefundReturned")
        assert reopened is not None
        return reopened

    def refunded_outside(self, order: Order, amount: int) -> Order:
        """This much is refunded in Stripe's dashboard, in all."""
        written = self.orders.record_refund_outside(order, amount)
        assert written is not None
        return written

    def cancel(
        self,
        order_id: str = ORDER_ID,
        by: Literal["customer", "operator", "payment_provider"] = "customer",
    ) -> None:
        self.orders.request_cancellation(order_id, by)

    def put(self, product: Product, **changes: Any) -> Product:  # noqa: ANN401 - any attribute
        product = replace(product, **changes)
        current = self.inventory.get(product.sku)
        put = self.inventory.put(product, expected_version=current.version if current else None)
        assert put is not None
        return put

    def sell_out(self, product: Product) -> None:
        self.put(product, available=0)

    def take_from_catalogue(self, product: Product) -> None:
        self.client.delete_item(TableName=INVENTORY_TABLE, Key={"sku": {"S": product.sku}})

    def available(self, sku: str) -> int:
        product = self.inventory.get(sku)
        assert product is not None
        return product.available

    def reserved(self, product: Product, day: str) -> int | None:
        """The units that orders of a day hold; None if they are not counted."""
        key = {"sku": {"S": product.sku}}
        item = self.client.get_item(TableName=INVENTORY_TABLE, Key=key)["Item"]
        units: int | None = from_attributes(item).get(reserved_on(day))
        return units

    def order(self, order_id: str = ORDER_ID) -> Order:
        return self.orders.get(order_id)

    def stream(self) -> list[dict[str, Any]]:
        """Every change of the orders so far, as records of the table's stream."""
        stream = self.backend.get_table(ORDERS_TABLE).stream_shard
        assert stream is not None
        return deepcopy(stream.get(stream.starting_sequence_number, len(stream.items)))

    def unsettled(self) -> list[str]:
        """The ids in the index of orders that are not at rest."""
        answer = self.client.scan(TableName=ORDERS_TABLE, IndexName="unsettled")
        return [from_attributes(item)["order_id"] for item in answer["Items"]]

    def uncaptured(self) -> list[str]:
        """The ids in the index of orders whose money is only authorized."""
        answer = self.client.scan(TableName=ORDERS_TABLE, IndexName="uncaptured")
        return [from_attributes(item)["order_id"] for item in answer["Items"]]

    def all_items(self, table: str) -> list[dict[str, Any]]:
        return [from_attributes(item) for item in self.client.scan(TableName=table)["Items"]]


def _time_out(shop: Shop) -> None:
    shop.orders.begin_undo(ORDER_ID, TIMED_OUT)


UNDOS: Final[dict[Callable[[Shop], None], type[Exception]]] = {
    _time_out: UndoAlreadyBegun,
    Shop.cancel: OrderCancelled,
}
"""What ends the way forward of an order, and the error that its forward steps then raise."""


class EarlyReader(OrderTable):
    """An orders table whose first read returns an old version of the order."""

    def __init__(self, shop: Shop, stale: Order) -> None:
        super().__init__(shop.client, ORDERS_TABLE)
        self._stale: Order | None = stale

    def get(self, order_id: str) -> Order:
        stale, self._stale = self._stale, None
        return stale or super().get(order_id)


def _texts(*names: str) -> "list[AttributeDefinitionTypeDef]":
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


def _index(
    name: str, partition_key: str, projection: "ProjectionTypeDef", sort_key: str = "created_at"
) -> "GlobalSecondaryIndexTypeDef":
    return {"IndexName": name, "KeySchema": _keys(partition_key, sort_key), "Projection": projection}


def _keys(partition_key: str, sort_key: str | None = None) -> "list[KeySchemaElementTypeDef]":
    keys: list[KeySchemaElementTypeDef] = [{"AttributeName": partition_key, "KeyType": "HASH"}]
    if sort_key is not None:
        keys.append({"AttributeName": sort_key, "KeyType": "RANGE"})
    return keys

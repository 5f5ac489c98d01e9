"""The pivot and its undo: the stock and the order change together, in one DynamoDB transaction.

A transaction takes at most 100 items, which are 99 lines and the order
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html).
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from boto3.dynamodb.conditions import Attr, ConditionBase

from lambdas.domain import clock
from lambdas.domain.errors import OutOfStock
from lambdas.domain.line_refund import LineRefund
from lambdas.domain.order import Order, OrderStatus
from lambdas.domain.payment import DisputeState
from lambdas.shared.aws import dynamodb
from lambdas.shared.log import logger
from lambdas.shared.settings import Settings
from lambdas.shared.store.expressions import Update
from lambdas.shared.store.inventory import IS_IN_CATALOGUE, reserved_on
from lambdas.shared.store.order_change import Change
from lambdas.shared.store.orders import (
    HOLDS_NO_STOCK,
    HOLDS_STOCK,
    IS_BEING_UNDONE,
    IS_PAID_OR_HELD,
    MAY_GO_FORWARD,
    OrderTable,
    line_refund_change,
)
from lambdas.shared.store.writes import write_together

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import UpdateTypeDef

NOTHING_WENT_BACK: Final = Attr("payment.refunded_outside").not_exists() | Attr(
    "payment.refunded_outside"
).eq(0)
IS_NOT_DISPUTED: Final = Attr("payment.dispute").not_exists() | Attr("payment.dispute").eq(DisputeState.WON)

CONFIRM: Final = Change(
    event="OrderConfirmed",
    condition=MAY_GO_FORWARD & IS_PAID_OR_HELD & HOLDS_NO_STOCK & NOTHING_WENT_BACK & IS_NOT_DISPUTED,
    set={"status": OrderStatus.CONFIRMED, "stock_taken": True},
)
RELEASE: Final = Change(
    event="StockReleased",
    condition=IS_BEING_UNDONE & HOLDS_STOCK,
    set={"status": OrderStatus.PENDING, "stock_taken": False},
)


class StockReservations:
    """Takes and gives back the stock of whole orders, and of their refunded lines.

    Raises:
        StoreUnavailable: From every method, if DynamoDB throttles, fails or does not answer.
        StockContended: From every method, if another transaction is writing the same items.
    """

    def __init__(self, client: "DynamoDBClient", orders_table: str, inventory_table: str) -> None:
        self._client = client
        self._inventory_table = inventory_table
        self._orders = OrderTable(client, orders_table)

    @classmethod
    def from_settings(cls, settings: Settings) -> "StockReservations":
        """The tables that the environment names."""
        return cls(dynamodb(), settings.orders_table, settings.inventory_table)

    def take(self, order: Order) -> Order:
        """Take every line's units and confirm the order, or do nothing at all.

        Returns:
            The order, confirmed; or, if another writer was first, as that writer left it. A confirmed order
            is not read again: what needs an execution after this write asks for one of its own.

        Raises:
            OutOfStock: A line asks for more units than are available.
        """
        lines = [
            self._move(order, line.sku, line.quantity, condition=Attr("available").gte(line.quantity))
            for line in order.lines
        ]
        refused = self._write(order, lines, CONFIRM)
        if not refused:
            logger.info("stock reserved", extra={"units": _units(order)})
            return replace(order, status=OrderStatus.CONFIRMED, stock_taken=True)
        if len(lines) not in refused:  # the order itself may be confirmed
            raise OutOfStock(f"{order.lines[refused[0]].sku} is out of stock.")
        return self._orders.get(order.order_id)

    def give_back(self, order: Order) -> Order:
        """Give back every line's units, if the order holds any, or do nothing at all.

        Units that were refunded come back only if they were to be restocked. The others stay gone, and the
        order's day counts them no longer either.

        Args:
            order: An order whose undo has begun: from then on, it takes no stock.

        Returns:
            The order without stock. If a product has left the catalogue, the order still holds its units.
        """
        if not order.stock_taken:
            return order
        gone = order.units_gone
        lines = [
            self._move(order, sku, -units, gone=gone[sku]) for sku, units in order.units_out.items() if units
        ]
        if self._write(order, lines, RELEASE):
            return self._orders.get(order.order_id)
        logger.info("stock released", extra={"units": order.units_out, "gone": gone})
        return replace(order, status=OrderStatus.PENDING, stock_taken=False)

    def put_back(self, order: Order, refund: LineRefund) -> list[int]:
        """Put back the units of a refund of lines, and record that, or do nothing at all.

        Returns:
            Empty if it is done; else the positions of the items whose product has left the catalogue, or of
            the order behind them if it has changed since it was read.
        """
        lines = [self._move(order, sku, -units) for sku, units in refund.items.items()]
        restocked = replace(refund, restocked_at=clock.now())
        change = line_refund_change(order, restocked, f"LinesRestocked: {refund.refund_id}", is_over=True)
        unchanged = HOLDS_STOCK & Attr("version").eq(order.version)
        refused = self._write(order, lines, replace(change, condition=change.condition & unchanged))
        if not refused:
            logger.info("lines restocked", extra={"units": refund.items})
        return refused

    def _move(
        self,
        order: Order,
        sku: str,
        taken: int,
        *,
        gone: int = 0,
        condition: ConditionBase = IS_IN_CATALOGUE,
    ) -> "UpdateTypeDef":
        """Take units of a product and count them on the order's day; a negative number gives back.

        Of units that the order gives back, some may be gone: they are not available again.
        """
        counts = {"available": -taken - gone, reserved_on(order.day): taken, "version": 1}
        return Update(condition, add=counts).request(self._inventory_table, sku=sku)

    def _write(self, order: Order, lines: "list[UpdateTypeDef]", change: Change) -> list[int]:
        """Write all or nothing; return the positions of refused updates, the order being the last one."""
        order_update = change.as_update(order.order_id).request(self._orders.table, order_id=order.order_id)
        return write_together(self._client, [*lines, order_update])


def _units(order: Order) -> dict[str, int]:
    return {line.sku: line.quantity for line in order.lines}

"""The pivot and its undo: the stock and the order change together, in one DynamoDB transaction.

A transaction takes at most 100 items, which are 99 lines and the order
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html).
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from boto3.dynamodb.conditions import Attr, ConditionBase

from lambdas.domain.errors import OutOfStock
from lambdas.domain.order import Order, OrderLine, OrderStatus
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
    IS_PAID,
    MAY_GO_FORWARD,
    OrderTable,
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
    condition=MAY_GO_FORWARD & IS_PAID & HOLDS_NO_STOCK & NOTHING_WENT_BACK & IS_NOT_DISPUTED,
    set={"status": OrderStatus.CONFIRMED, "stock_taken": True},
)
RELEASE: Final = Change(
    event="StockReleased",
    condition=IS_BEING_UNDONE & HOLDS_STOCK,
    set={"status": OrderStatus.PENDING, "stock_taken": False},
)


class StockReservations:
    """Takes and gives back the stock of whole orders.

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
            self._move(order, line, line.quantity, Attr("available").gte(line.quantity))
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

        Args:
            order: An order whose undo has begun: from then on, it takes no stock.

        Returns:
            The order without stock. If a product has left the catalogue, the order still holds its units.
        """
        if not order.stock_taken:
            return order
        lines = [self._move(order, line, -line.quantity, IS_IN_CATALOGUE) for line in order.lines]
        if self._write(order, lines, RELEASE):
            return self._orders.get(order.order_id)
        logger.info("stock released", extra={"units": _units(order)})
        return replace(order, status=OrderStatus.PENDING, stock_taken=False)

    def _move(self, order: Order, line: OrderLine, taken: int, condition: ConditionBase) -> "UpdateTypeDef":
        """Take units of a product and count them on the order's day; a negative number gives back."""
        counts = {"available": -taken, reserved_on(order.day): taken, "version": 1}
        return Update(condition, add=counts).request(self._inventory_table, sku=line.sku)

    def _write(self, order: Order, lines: "list[UpdateTypeDef]", change: Change) -> list[int]:
        """Write all or nothing; return the positions of refused updates, the order being the last one."""
        order_update = change.as_update(order.order_id).request(self._orders.table, order_id=order.order_id)
        return write_together(self._client, [*lines, order_update])


def _units(order: Order) -> dict[str, int]:
    return {line.sku: line.quantity for line in order.lines}

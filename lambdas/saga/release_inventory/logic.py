"""The exact undo of `reserve_inventory`."""

from collections.abc import Mapping
from typing import Any

from lambdas.domain.errors import UndoIncomplete
from lambdas.domain.order import Order
from lambdas.shared.store.orders import OrderTable
from lambdas.shared.store.reservations import StockReservations


def release_inventory(
    order_id: str, error_output: Mapping[str, Any], orders: OrderTable, stock: StockReservations
) -> Order:
    """Give back the order's units, if it holds any.

    Raises:
        OrderAlreadyConfirmed: The order has passed the pivot: the step to undo succeeded, and only its reply
            was lost.
        StockContended: Another order is writing the stock of the same products.
        UndoIncomplete: A product has left the catalogue, so its units cannot be given back.
    """
    order = orders.begin_undo(order_id, error_output)
    order = stock.give_back(order)
    if order.stock_taken:
        raise UndoIncomplete(f"the stock of order {order_id} cannot be given back")
    return order

"""The pivot: after it, nothing can fail the order."""

from lambdas.domain.errors import StockContended
from lambdas.domain.order import Order, OrderStatus
from lambdas.shared.store.orders import OrderTable
from lambdas.shared.store.reservations import StockReservations


def reserve_inventory(order_id: str, orders: OrderTable, stock: StockReservations) -> Order:
    """Take all of the order's units and confirm the order, in one write.

    Raises:
        OrderCancelled: Somebody asked to cancel the order.
        UndoAlreadyBegun: An earlier execution decided to undo the order.
        OutOfStock: A line asks for more units than are left.
        StockContended: Another order is writing the stock of the same products.
    """
    order = orders.get(order_id)
    if order.status is not OrderStatus.CONFIRMED:
        order.ensure_may_go_forward()
        order = stock.take(order)
    order.ensure_may_go_forward()
    if order.status is not OrderStatus.CONFIRMED:
        raise StockContended(f"the order changed while its stock was taken; it is {order.status} now")
    return order

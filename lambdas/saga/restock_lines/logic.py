"""Puts the units of a refund of lines back into stock."""

from lambdas.domain.errors import StoreUnavailable, UndoIncomplete
from lambdas.domain.order import Order
from lambdas.shared.store.orders import OrderTable
from lambdas.shared.store.reservations import StockReservations


def restock_lines(
    order_id: str, refund_id: str | None, orders: OrderTable, stock: StockReservations
) -> Order:
    """Put back the units of a refund that is due, if it is made and its units come back.

    Raises:
        StockContended: Another order is writing the stock of the same products.
        StoreUnavailable: The order has changed in the meantime: try again.
        UndoIncomplete: A product has left the catalogue, so its units cannot be put back.
    """
    order = orders.get(order_id)
    due = order.refund_if_due(refund_id)
    if due is None or not due.awaits_units:
        return order
    refused = stock.put_back(order, due)
    if len(due.items) in refused:  # the order itself
        raise StoreUnavailable("the order has just changed")
    if refused:
        raise UndoIncomplete(f"the units of refund {due.refund_id} cannot be put back")
    return orders.get(order_id)

"""Takes the wish to cancel an order, at any moment of its life."""

from http import HTTPStatus

from lambdas.domain.order import Order
from lambdas.shared.rest.caller import Caller
from lambdas.shared.rest.http_api import Problem
from lambdas.shared.store.orders import OrderTable


def cancel_order(order: Order, caller: Caller, orders: OrderTable) -> Order:
    """Write down who asks to cancel the order; the saga does the rest.

    Before the pivot the request wins: the pivot is conditional on its absence. After the pivot one more
    execution gives back money and stock. Asking again changes nothing, and is answered alike.

    Raises:
        Problem: There is nothing left to cancel.
    """
    is_own = order.customer_id == caller.customer_id
    order = orders.request_cancellation(order.order_id, "customer" if is_own else "operator")
    if order.cancel_requested_by is None:
        raise Problem(
            HTTPStatus.CONFLICT,
            "nothing-to-cancel",
            "There is nothing left to cancel",
            f"The order is {order.status}."
            if order.is_closed
            else "The order could not be completed, and is being undone already.",
        )
    return order

"""Decides whether an order can be cancelled, at any moment of its life."""

from lambdas.domain.order import Order
from lambdas.domain.vocabulary import ProblemKind
from lambdas.shared.rest.caller import Caller
from lambdas.shared.rest.problem import Problem
from lambdas.shared.store.orders import OrderTable


def cancel_order(order: Order, caller: Caller, orders: OrderTable) -> Order:
    """Record who asks to cancel the order; the saga does the rest.

    Before the pivot the request wins, because the pivot is conditional on its absence. After the pivot one
    more execution gives back money and stock. Once the order is fulfilled or about to be, only an operator
    can cancel it; after the fulfilment it is a return. A repeated request changes nothing and has the same
    result.

    Raises:
        Problem: There is nothing left to cancel, or the order is sent (409).
    """
    is_own = order.customer_id == caller.customer_id
    order = orders.request_cancellation(order.order_id, "customer" if is_own else "operator")
    if order.cancel_requested_by is None:
        raise Problem(ProblemKind.NOTHING_TO_CANCEL, _why_not(order))
    return order


def _why_not(order: Order) -> str:
    if order.fulfilment is not None:
        return "The order has been sent. To send it back, contact the shop."
    if order.capture_due is not None:
        return "The order is being sent. To cancel it, contact the shop."
    if order.is_closed:
        return f"The order is {order.status}."
    return "The order could not be completed and is already being undone."

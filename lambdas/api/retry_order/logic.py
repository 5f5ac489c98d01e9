"""Decides whether another execution can help an order."""

from lambdas.domain.order import Order
from lambdas.domain.vocabulary import ProblemKind
from lambdas.shared.rest.problem import Problem
from lambdas.shared.store.orders import OrderTable


def retry_order(order: Order, orders: OrderTable) -> Order:
    """Record that an operator asks for one more execution, which continues from the order's state.

    Raises:
        Problem: The order is at rest (409).
    """
    retried = orders.request_retry(order.order_id)
    if retried is None:
        raise Problem(
            ProblemKind.ORDER_AT_REST, f"The order is {order.status}. Another execution would change nothing."
        )
    return retried

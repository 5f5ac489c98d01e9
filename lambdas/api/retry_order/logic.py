"""Takes an operator's wish to run an order's saga once more."""

from http import HTTPStatus

from lambdas.domain.order import Order
from lambdas.shared.rest.http_api import Problem
from lambdas.shared.store.orders import OrderTable


def retry_order(order: Order, orders: OrderTable) -> Order:
    """Write down that an operator asks for one more execution; it goes on from where the order stands.

    Raises:
        Problem: The order is at rest.
    """
    retried = orders.request_retry(order.order_id)
    if retried is None:
        raise Problem(
            HTTPStatus.CONFLICT,
            "order-at-rest",
            "There is nothing left to do",
            f"The order is {order.status}: running its saga again would change nothing.",
        )
    return retried

"""Decides whether the payment of an order can be settled outside of Stripe."""

from lambdas.domain.order import Order, OrderStatus
from lambdas.domain.vocabulary import ProblemKind
from lambdas.shared.rest.caller import Caller
from lambdas.shared.rest.problem import Problem
from lambdas.shared.store.orders import OrderTable


def settle_order(order: Order, reason: str, caller: Caller, orders: OrderTable) -> Order:
    """Record that the operator has settled the payment; one more execution then closes the order.

    A repeated request changes nothing and has the same result.

    Raises:
        Problem: The order does not wait for a refund that Stripe can't make (409).
    """
    settled = orders.settle(order.order_id, caller.customer_id, reason)
    if settled is None:
        settled = orders.get(order.order_id)
        if settled.settlement is None:
            raise Problem(ProblemKind.NOTHING_TO_SETTLE, _why_not(settled))
    return settled


def _why_not(order: Order) -> str:
    if order.status is OrderStatus.NEEDS_ATTENTION and order.may_go_forward:
        return "The order is not being undone. If it must be, cancel it first."
    return f"The order is {order.status}, and its payment is {order.payment.status}."

"""Decides whether the goods of an order may be handed over."""

from lambdas.api.fulfil_order.request import Fulfil
from lambdas.domain.order import Fulfilment, Order
from lambdas.domain.vocabulary import ProblemKind
from lambdas.shared.rest.caller import Caller
from lambdas.shared.rest.problem import Problem
from lambdas.shared.store.orders import OrderTable


def fulfil_order(order: Order, delivery: Fulfil, caller: Caller, orders: OrderTable) -> Order:
    """Record that the goods are handed over, or have the saga capture the payment before that.

    If the payment is captured at the fulfilment, the table's stream starts an execution that does it. The
    goods may be handed over only then: with the event `OrderFulfilled`.

    The write and a cancellation exclude each other: each is conditional on the absence of the other. A
    repeated request changes nothing and has the same result.

    Raises:
        Problem: The order is not confirmed or is being cancelled, or was fulfilled in another way (409).
    """
    order = orders.fulfil(order.order_id, caller.customer_id, delivery.carrier, delivery.tracking_number)
    recorded = order.fulfilment or order.capture_due
    if recorded is None or order.cancel_requested_by is not None:
        raise Problem(ProblemKind.NOTHING_TO_FULFIL, _why_not(order))
    if (recorded.carrier, recorded.tracking_number) != (delivery.carrier, delivery.tracking_number):
        raise Problem(ProblemKind.NOTHING_TO_FULFIL, _what_is_recorded(order, recorded))
    return order


def _why_not(order: Order) -> str:
    if order.cancel_requested_by == "payment_provider":
        return "The authorization of the payment has ended. Do not send the goods."
    if order.cancel_requested_by is not None and not order.is_closed:
        return f"The {order.cancel_requested_by} has cancelled the order. Do not send the goods."
    return f"The order is {order.status}. Only a confirmed order can be fulfilled."


def _what_is_recorded(order: Order, recorded: Fulfilment) -> str:
    carrier, number = recorded.carrier or "unknown", recorded.tracking_number or "unknown"
    what = "The order was fulfilled" if order.fulfilment is not None else "The fulfilment was requested"
    return f"{what} at {recorded.at}: carrier {carrier}, tracking number {number}."

"""Follows what becomes of an authorized payment without the saga."""

from lambdas.domain.order import Order
from lambdas.domain.payment import PaymentIntent
from lambdas.shared.store.orders import OrderTable


def follow_authorization(order: Order, intent: PaymentIntent, orders: OrderTable) -> Order:
    """Record that a payment which the order records as authorized was captured, or is not held any more.

    Somebody captures or cancels it in Stripe's dashboard, or the authorization expires. An order without its
    payment can't stay confirmed, so it is cancelled, and never ships. The undo of the order releases the
    payment, too, and needs no record of that here.

    A capture of a part does not pay for the order, and the rest can't be captured any more. It changes
    nothing here: `CapturePayment` refuses it, and the reconciliation reports it.

    Returns:
        The order as it is now.
    """
    if intent.status == "succeeded" and intent.amount_received >= order.price.amount:
        return orders.record_captured(order.order_id)
    if intent.status == "canceled":
        return orders.request_cancellation(order.order_id, "payment_provider")
    return order

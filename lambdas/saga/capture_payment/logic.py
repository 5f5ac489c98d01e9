"""Takes the money of an order whose goods an operator wants to hand over."""

from lambdas.domain.errors import CaptureRefused, PaymentInFlux
from lambdas.domain.order import Order
from lambdas.shared.payments.authorization import follow_authorization
from lambdas.shared.payments.gateway import PaymentGateway
from lambdas.shared.store.orders import OrderTable


def capture_payment(order_id: str, orders: OrderTable, gateway: PaymentGateway) -> Order:
    """Capture the payment once, and record that the order is fulfilled.

    The payment is retrieved first, because an earlier try or somebody in the dashboard may have captured it.
    If nothing is held any more, the order is cancelled, and another execution undoes it. The same is true if
    somebody asks to cancel the order meanwhile: what was captured is refunded then.

    Raises:
        CaptureRefused: The payment provider or the bank refuses, or somebody in the dashboard has captured
            only a part, or refunded what the order does not record.
        PaymentInFlux: The payment has changed in the meantime: try again.
        PaymentProviderUnavailable: The outcome is unknown.
    """
    order = orders.get(order_id)
    if order.capture_due is None or not order.may_go_forward:
        return order
    intent = gateway.retrieve_intent(str(order.payment.intent_id))  # a confirmed order has an intent
    if intent.is_authorized:
        intent = gateway.capture_intent(intent.intent_id)
    if intent.status == "canceled":
        return follow_authorization(order, intent, orders)
    if intent.status != "succeeded":
        raise PaymentInFlux(f"the payment is {intent.status}")
    if intent.amount_held < order.price.amount - order.amount_refunded:
        raise CaptureRefused(f"Stripe holds only {intent.amount_held}")
    return orders.record_fulfilment(order)

"""The step RefundPayment, the undo of ChargePayment."""

from typing import Any

from lambdas.saga.refund_payment.logic import refund_payment
from lambdas.shared.payments.stripe_gateway import StripeGateway
from lambdas.shared.settings import Settings
from lambdas.shared.step import StepInput, step_handler
from lambdas.shared.store.orders import OrderTable


@step_handler
def handler(step: StepInput, settings: Settings) -> dict[str, Any]:
    """Refund the order's payment; see `refund_payment`."""
    order = refund_payment(
        step.order_id,
        step.error,
        step.attempt,
        OrderTable.from_settings(settings),
        StripeGateway.from_settings(settings),
    )
    return {"payment": order.payment.status, "intent_id": order.payment.intent_id}

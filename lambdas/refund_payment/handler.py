"""Undoes ChargePayment."""

from typing import Any

from lambdas.refund_payment.logic import refund_payment
from lambdas.shared.order_table import OrderTable
from lambdas.shared.settings import Settings
from lambdas.shared.step import StepInput, step_handler
from lambdas.shared.stripe_gateway import StripeGateway


@step_handler
def handler(step: StepInput, settings: Settings) -> dict[str, Any]:
    """Give back the order's money; see `refund_payment`."""
    order = refund_payment(
        step.order_id,
        step.error,
        step.attempt,
        OrderTable.from_settings(settings),
        StripeGateway.from_settings(settings),
    )
    return {"payment": order.payment.status, "intent_id": order.payment.intent_id}

"""The step CapturePayment, after the sale."""

from typing import Any

from lambdas.saga.capture_payment.logic import capture_payment
from lambdas.shared.payments.stripe_gateway import StripeGateway
from lambdas.shared.settings import Settings
from lambdas.shared.step import StepInput, step_handler
from lambdas.shared.store.orders import OrderTable


@step_handler
def handler(step: StepInput, settings: Settings) -> dict[str, Any]:
    """Capture the order's payment; see `capture_payment`."""
    order = capture_payment(
        step.order_id, OrderTable.from_settings(settings), StripeGateway.from_settings(settings)
    )
    return {"payment": order.payment.status, "intent_id": order.payment.intent_id}

"""Undoes ChargePayment."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.refund_payment.logic import refund_payment
from lambdas.shared.log import logger
from lambdas.shared.order_table import OrderTable
from lambdas.shared.settings import Settings
from lambdas.shared.step import StepInput
from lambdas.shared.stripe_gateway import StripeGateway


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Give back the order's money; see `refund_payment`."""
    step, settings = StepInput.parse(event), Settings()
    order = refund_payment(
        step.order_id,
        step.error,
        OrderTable.from_settings(settings),
        StripeGateway.from_settings(settings),
    )
    return {"payment": order.payment.status, "intent_id": order.payment.intent_id}

"""The step RefundLines, after the sale."""

from typing import Any

from lambdas.saga.refund_lines.logic import refund_lines
from lambdas.shared.payments.stripe_gateway import StripeGateway
from lambdas.shared.settings import Settings
from lambdas.shared.step import StepInput, step_handler
from lambdas.shared.store.orders import OrderTable


@step_handler
def handler(step: StepInput, settings: Settings) -> dict[str, Any]:
    """Make the refund of lines that the execution is for; see `refund_lines`."""
    order = refund_lines(
        step.order_id,
        step.refund_id,
        OrderTable.from_settings(settings),
        StripeGateway.from_settings(settings),
    )
    return {"refunds": {each.refund_id: each.status for each in order.refunds}}

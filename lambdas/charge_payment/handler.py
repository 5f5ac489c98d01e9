"""The saga's second step."""

from typing import Any

from lambdas.charge_payment.logic import charge_payment
from lambdas.shared.order_table import OrderTable
from lambdas.shared.settings import Settings
from lambdas.shared.step import StepInput, step_handler
from lambdas.shared.stripe_gateway import StripeGateway


@step_handler
def handler(step: StepInput, settings: Settings) -> dict[str, Any]:
    """Take the order's money; see `charge_payment`."""
    order = charge_payment(
        step.order_id, OrderTable.from_settings(settings), StripeGateway.from_settings(settings)
    )
    return {"payment": order.payment.status, "intent_id": order.payment.intent_id}

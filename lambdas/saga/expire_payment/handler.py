"""The step ExpirePayment, for a payment that is not decided at its deadline."""

from typing import Any

from lambdas.saga.expire_payment.logic import expire_payment
from lambdas.shared.payments.stripe_gateway import StripeGateway
from lambdas.shared.settings import Settings
from lambdas.shared.step import StepInput, step_handler
from lambdas.shared.store.orders import OrderTable


@step_handler
def handler(step: StepInput, settings: Settings) -> dict[str, Any]:
    """Find out whether the payment was approved after all, or cancel it; see `expire_payment`."""
    order = expire_payment(
        step.order_id, OrderTable.from_settings(settings), StripeGateway.from_settings(settings)
    )
    return {"payment": order.payment.status, "intent_id": order.payment.intent_id}

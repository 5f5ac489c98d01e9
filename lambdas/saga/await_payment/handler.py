"""The step AwaitPayment, for a payment that the customer or their bank has to decide."""

from typing import Any

from lambdas.saga.await_payment.logic import await_payment
from lambdas.shared.payments.stripe_gateway import StripeGateway
from lambdas.shared.settings import Settings
from lambdas.shared.step import StepInput, step_handler
from lambdas.shared.store.orders import OrderTable
from lambdas.shared.task_callback import TaskCallback


@step_handler
def handler(step: StepInput, settings: Settings) -> dict[str, Any]:
    """Record the task token with which the saga waits for the payment; see `await_payment`."""
    order = await_payment(
        step.order_id,
        step.task_token,
        OrderTable.from_settings(settings),
        StripeGateway.from_settings(settings),
        TaskCallback.connect(),
    )
    return {"status": order.status}

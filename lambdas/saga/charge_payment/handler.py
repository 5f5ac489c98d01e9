"""The step ChargePayment."""

from typing import Any

from lambdas.saga.charge_payment.charge_queue import ChargeQueue
from lambdas.saga.charge_payment.charge_slots import ChargeSlots
from lambdas.saga.charge_payment.logic import charge_payment
from lambdas.shared.payments.stripe_gateway import StripeGateway
from lambdas.shared.settings import Settings
from lambdas.shared.step import StepInput, step_handler
from lambdas.shared.store.inventory import InventoryTable
from lambdas.shared.store.orders import OrderTable


@step_handler
def handler(step: StepInput, settings: Settings) -> dict[str, Any]:
    """Charge the order; see `charge_payment`."""
    order = charge_payment(
        step.order_id,
        OrderTable.from_settings(settings),
        StripeGateway.from_settings(settings),
        ChargeQueue(
            ChargeSlots.from_settings(settings),
            InventoryTable.from_settings(settings),
            has_waited=step.slot is not None,
        ),
    )
    return {"payment": order.payment.status, "intent_id": order.payment.intent_id}

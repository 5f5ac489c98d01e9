"""The step ValidateOrder."""

from typing import Any

from lambdas.saga.validate_order.logic import validate_order
from lambdas.saga.validate_order.order_limit import OrderLimit
from lambdas.shared.settings import Settings
from lambdas.shared.step import StepInput, step_handler
from lambdas.shared.store.inventory import InventoryTable
from lambdas.shared.store.orders import OrderTable


@step_handler
def handler(step: StepInput, settings: Settings) -> dict[str, Any]:
    """Price the order; see `validate_order`."""
    order = validate_order(
        step.order_id,
        OrderTable.from_settings(settings),
        InventoryTable.from_settings(settings),
        OrderLimit.from_settings(settings),
    )
    return {"status": order.status, "amount": order.amount, "currency": order.currency}

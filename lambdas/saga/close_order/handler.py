"""The step CloseOrder, the end of the undo chain."""

from typing import Any

from lambdas.shared.settings import Settings
from lambdas.shared.step import StepInput, step_handler
from lambdas.shared.store.orders import OrderTable


@step_handler
def handler(step: StepInput, settings: Settings) -> dict[str, Any]:
    """Close the order; see `OrderTable.close`."""
    order = OrderTable.from_settings(settings).close(step.order_id, step.error)
    return {"status": order.status, "failure": order.failure.code if order.failure else None}

"""The step ReleaseInventory, the undo of ReserveInventory."""

from typing import Any

from lambdas.saga.release_inventory.logic import release_inventory
from lambdas.shared.settings import Settings
from lambdas.shared.step import StepInput, step_handler
from lambdas.shared.store.orders import OrderTable
from lambdas.shared.store.reservations import StockReservations


@step_handler
def handler(step: StepInput, settings: Settings) -> dict[str, Any]:
    """Give back the order's units; see `release_inventory`."""
    order = release_inventory(
        step.order_id,
        step.error,
        OrderTable.from_settings(settings),
        StockReservations.from_settings(settings),
    )
    return {"status": order.status, "stock_taken": order.stock_taken}

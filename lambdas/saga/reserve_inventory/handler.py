"""The step ReserveInventory, the pivot."""

from typing import Any

from lambdas.domain.errors import StockContended
from lambdas.domain.vocabulary import Metric
from lambdas.saga.reserve_inventory.logic import reserve_inventory
from lambdas.shared.metrics import Measure, emit
from lambdas.shared.settings import Settings
from lambdas.shared.step import StepInput, step_handler
from lambdas.shared.store.orders import OrderTable
from lambdas.shared.store.reservations import StockReservations


@step_handler
def handler(step: StepInput, settings: Settings) -> dict[str, Any]:
    """Take the order's units and confirm the order; see `reserve_inventory`."""
    try:
        order = reserve_inventory(
            step.order_id, OrderTable.from_settings(settings), StockReservations.from_settings(settings)
        )
    except StockContended:
        emit(Measure(Metric.STOCK_CONFLICTS))
        raise
    return {"status": order.status}

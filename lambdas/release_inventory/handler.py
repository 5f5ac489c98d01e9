"""Undoes ReserveInventory."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.release_inventory.logic import release_inventory
from lambdas.shared.log import logger
from lambdas.shared.order_table import OrderTable
from lambdas.shared.settings import Settings
from lambdas.shared.step import StepInput
from lambdas.shared.stock_reservations import StockReservations


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Give back the order's units; see `release_inventory`."""
    step, settings = StepInput.parse(event), Settings()
    order = release_inventory(
        step.order_id,
        step.error,
        OrderTable.from_settings(settings),
        StockReservations.from_settings(settings),
    )
    return {"status": order.status, "stock_taken": order.stock_taken}

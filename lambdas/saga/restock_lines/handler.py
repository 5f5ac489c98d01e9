"""The step RestockLines, after the sale."""

from typing import Any

from lambdas.saga.restock_lines.logic import restock_lines
from lambdas.shared.settings import Settings
from lambdas.shared.step import StepInput, step_handler
from lambdas.shared.store.orders import OrderTable
from lambdas.shared.store.reservations import StockReservations


@step_handler
def handler(step: StepInput, settings: Settings) -> dict[str, Any]:
    """Put back the units of a refund of lines; see `restock_lines`."""
    order = restock_lines(
        step.order_id,
        step.refund_id,
        OrderTable.from_settings(settings),
        StockReservations.from_settings(settings),
    )
    return {"restocked": {each.refund_id: each.restocked_at for each in order.refunds}}

"""The saga's first step."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.shared.inventory_table import InventoryTable
from lambdas.shared.log import logger
from lambdas.shared.order_table import OrderTable
from lambdas.shared.settings import Settings
from lambdas.shared.step import StepInput
from lambdas.validate_order.logic import validate_order


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Price the order; see `validate_order`."""
    step, settings = StepInput.parse(event), Settings()
    order = validate_order(
        step.order_id, OrderTable.from_settings(settings), InventoryTable.from_settings(settings)
    )
    return {"status": order.status, "amount": order.amount, "currency": order.currency}

"""Calls for a human when an undo does not come through."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.shared.log import logger
from lambdas.shared.order_table import OrderTable
from lambdas.shared.settings import Settings
from lambdas.shared.step import StepInput


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Mark the order; see `OrderTable.flag`."""
    step = StepInput.parse(event)
    logger.error("an undo did not come through", extra={"error": step.error})
    order = OrderTable.from_settings(Settings()).flag(step.order_id, str(step.error.get("Error")))
    return {"status": order.status}

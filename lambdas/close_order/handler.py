"""Ends an order that was not fulfilled."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.shared.log import logger
from lambdas.shared.order_table import OrderTable
from lambdas.shared.settings import Settings
from lambdas.shared.step import StepInput


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Write the order's last word; see `OrderTable.close`."""
    step = StepInput.parse(event)
    order = OrderTable.from_settings(Settings()).close(step.order_id, step.error)
    return {"status": order.status, "failure": order.failure.code if order.failure else None}

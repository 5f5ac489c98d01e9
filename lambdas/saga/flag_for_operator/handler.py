"""The step FlagForOperator, for an order whose undo failed."""

from typing import Any

from lambdas.domain.failure import may_pass, reason_for_operator
from lambdas.shared.log import logger
from lambdas.shared.settings import Settings
from lambdas.shared.step import StepInput, step_handler
from lambdas.shared.store.orders import OrderTable


@step_handler
def handler(step: StepInput, settings: Settings) -> dict[str, Any]:
    """Flag the order; see `OrderTable.flag`."""
    reason = reason_for_operator(step.error)
    logger.error("an undo failed", extra={"reason": reason})
    orders = OrderTable.from_settings(settings)
    order = orders.flag(step.order_id, reason, may_pass=may_pass(step.error))
    return {"status": order.status}

"""The step FlagForOperator, for an order whose undo, whose capture or whose refund of lines failed."""

from typing import Any

from lambdas.domain.failure import reason_for_operator
from lambdas.saga.flag_for_operator.logic import flag_for_operator
from lambdas.shared.log import logger
from lambdas.shared.settings import Settings
from lambdas.shared.step import StepInput, step_handler
from lambdas.shared.store.orders import OrderTable


@step_handler
def handler(step: StepInput, settings: Settings) -> dict[str, Any]:
    """Hand the order to an operator; see `flag_for_operator`."""
    logger.error("an undo, a capture or a refund failed", extra={"reason": reason_for_operator(step.error)})
    order = flag_for_operator(step.order_id, step.error, step.refund_id, OrderTable.from_settings(settings))
    return {"status": order.status}

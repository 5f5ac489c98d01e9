"""The beginning of a reconciliation: only one run compares at a time."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.recovery.take_turn.logic import is_turn_of
from lambdas.recovery.take_turn.running_executions import running_executions
from lambdas.shared.log import logger


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, bool]:
    """Return whether it is the turn of this run; see `is_turn_of`."""
    return {"is_turn": is_turn_of(event["execution"], running_executions(event["state_machine"]))}

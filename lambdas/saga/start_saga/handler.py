"""Starts the executions that changes of orders ask for, so that one write is enough to request one."""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.saga.start_saga.logic import execution_asked_for
from lambdas.shared.log import logger
from lambdas.shared.saga_executions import SagaExecutions
from lambdas.shared.settings import Settings
from lambdas.shared.streams import process_in_order


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Start the execution that each change asks for; see `execution_asked_for`."""
    saga = SagaExecutions.from_settings(Settings())

    def start(record: Mapping[str, Any]) -> None:
        change = record["dynamodb"]
        name = execution_asked_for(change)
        if name is not None:
            saga.start(change["Keys"]["order_id"]["S"], name)

    return process_in_order(event, start)

"""Starts the executions that changes of orders ask for, so that one write is enough to request one."""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.saga.start_saga.logic import requested_execution
from lambdas.shared.log import logger
from lambdas.shared.saga_executions import SagaExecutions
from lambdas.shared.settings import Settings
from lambdas.shared.streams import process_in_order


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Start the execution that each change asks for; see `requested_execution`."""
    saga = SagaExecutions.from_settings(Settings())

    def start(record: Mapping[str, Any]) -> None:
        asked = requested_execution(record["dynamodb"])
        if asked is not None:
            saga.start(asked.order_id, asked.request_id, asked.name)
            logger.info(
                "execution requested", extra={"execution": asked.name, "request_id": asked.request_id}
            )

    return process_in_order(event, start)

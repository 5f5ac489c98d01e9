"""Starts the saga of every order that is written: a submission is one write, and can't be half done."""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.shared.aws import step_functions
from lambdas.shared.log import logger
from lambdas.shared.saga import Saga
from lambdas.shared.settings import Settings
from lambdas.shared.streams import process_in_order


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Start one execution for each new order."""
    saga = Saga(step_functions(), Settings().state_machine_arn)

    def start(record: Mapping[str, Any]) -> None:
        saga.start(record["dynamodb"]["Keys"]["order_id"]["S"])

    return process_in_order(event, start)

"""Imports the files with orders that are put into the bucket."""

import json
from typing import Any, Final

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.domain.errors import StoreUnavailable
from lambdas.events.import_orders.customers import Customers
from lambdas.events.import_orders.import_bucket import ImportBucket
from lambdas.events.import_orders.import_run import ImportRun
from lambdas.events.import_orders.logic import Import
from lambdas.events.import_orders.pace import Pace
from lambdas.shared.aws import sqs, transient_as
from lambdas.shared.log import logger
from lambdas.shared.queues import Message, process_messages
from lambdas.shared.settings import Settings
from lambdas.shared.store.orders import OrderTable

RESERVED_MS: Final = 20_000
"""Time that is left for the last line and its retries, and for the results."""


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Import the next lines of each file; a file that takes longer is continued by one more message."""
    settings = Settings()
    files = Import(
        ImportBucket.from_settings(settings),
        Customers.from_settings(settings),
        OrderTable.from_settings(settings),
        Pace(settings.import_rate),
        settings.capture,
        has_time=lambda: context.get_remaining_time_in_millis() > RESERVED_MS,
    )

    def proceed(message: Message, _record: object) -> None:
        run = ImportRun.of(message)
        if not run.can_have_results:
            logger.warning("file not imported, because of its name")
        elif not files.proceed(run):
            with transient_as(StoreUnavailable):
                sqs().send_message(
                    QueueUrl=settings.queue_url, MessageBody=json.dumps(run.continued(message))
                )

    return process_messages(event, context, proceed, lambda message: {"request_id": message["id"]})

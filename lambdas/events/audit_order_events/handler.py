"""A consumer of the bus that keeps every event of every order."""

import json
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.shared.log import logger
from lambdas.shared.settings import Settings
from lambdas.shared.store.audit import AuditTable


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Write each event to the audit table."""
    table = AuditTable.from_settings(Settings())

    def keep(record: SQSRecord) -> None:  # Powertools calls it with `record=`
        order_event = json.loads(record.body)
        is_new = table.record(order_event)
        detail = order_event["detail"]
        logger.info(
            "event consumed",
            extra={
                "order_id": detail["order_id"],
                "event": order_event["detail-type"],
                "event_id": detail["event_id"],
                "consumer": "audit_order_events",
                "again": not is_new,
            },
        )

    return process_partial_response(event, keep, BatchProcessor(EventType.SQS), context)

"""A consumer of the bus that keeps every event of every order."""

from typing import Any

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.shared.log import logger
from lambdas.shared.queues import Message, process_messages
from lambdas.shared.settings import Settings
from lambdas.shared.store.audit import AuditTable


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Write each event to the audit table."""
    table = AuditTable.from_settings(Settings())

    def keep(message: Message, _record: object) -> None:
        is_new = table.record(message)
        logger.info(
            "event consumed",
            extra={
                "event": message["detail-type"],
                "event_id": message["detail"]["event_id"],
                "consumer": "audit_order_events",
                "again": not is_new,
            },
        )

    return process_messages(event, context, keep, _ids)


def _ids(message: Message) -> dict[str, str | None]:
    detail = message["detail"]
    return {"order_id": detail["order_id"], "request_id": detail.get("request_id")}

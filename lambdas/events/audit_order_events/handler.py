"""A consumer of the bus that keeps every event of every order."""

from typing import Any

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.shared.consumers import consume_events
from lambdas.shared.log import logger
from lambdas.shared.settings import Settings
from lambdas.shared.store.audit import AuditTable


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Write each event to the audit table, whose key tells duplicates."""
    table = AuditTable.from_settings(Settings())
    return consume_events("audit_order_events", event, context, table.record)

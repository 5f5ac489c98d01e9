"""Reads EventBridge's message about an execution that ended."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from lambdas.recovery.recover_order.logic import EndedExecution


def read_status_change(message: Mapping[str, Any]) -> EndedExecution:
    """Read a "Step Functions Execution Status Change" from the queue.

    Times are milliseconds since 1970, and the input is JSON as text
    (https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html).
    """
    detail: Mapping[str, Any] = message["detail"]
    given: dict[str, Any] = json.loads(detail["input"])
    return EndedExecution(
        name=detail["name"],
        order_id=given["order_id"],
        request_id=given.get("request_id"),
        status=detail["status"],
        ended_at=datetime.fromtimestamp(detail["stopDate"] / 1000, UTC),
    )

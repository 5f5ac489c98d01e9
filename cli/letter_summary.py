"""What may be shown of a message that could not be handled: names, ids and times, and never its text.

A message can hold more than an operator may see, so only known fields of known kinds of messages are shown.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cli.dead_letters import Letter
from cli.shapes import LetterJson

_ORDER_ID_LENGTH = 36
"""The name of an execution begins with the id of its order, a UUID."""


def summary(letter: Letter) -> LetterJson:
    """Summarize a message."""
    try:
        body = json.loads(letter.body)
        what, order_id, event_id = _known(body)
    except (ValueError, LookupError, TypeError, AttributeError):
        what, order_id, event_id = "unknown: its text is no message of this service", None, None
    return {
        "message_id": letter.message_id,
        "sent_at": datetime.fromtimestamp(letter.sent_at / 1000, UTC).isoformat(timespec="milliseconds"),
        "what": what,
        "order_id": order_id,
        "event_id": event_id,
        "error": letter.error,
    }


def _known(body: Mapping[str, Any]) -> tuple[str, str | None, str | None]:
    """What a message is, its order, and the id of its event."""
    if "DDBStreamBatchInfo" in body:
        return _stream_position(body), None, None
    if "order_ids" in body:
        (order_id,) = body["order_ids"]
        return str(body["detail_type"]), str(order_id), str(body["event_id"])
    detail = body["detail"]
    if body["source"] == "aws.states":
        name = str(detail["name"])
        return f"execution {name} ended {detail['status']}", name[:_ORDER_ID_LENGTH], None
    if body["source"] == "aws.s3":
        return f"file {detail['object']['key']}", None, None
    return str(body["detail-type"]), str(detail["order_id"]), str(detail["event_id"])


def _stream_position(body: Mapping[str, Any]) -> str:
    """What Lambda says about changes that a function could not process."""
    batch, context = body["DDBStreamBatchInfo"], body["requestContext"]
    function = str(context["functionArn"]).split(":function:")[1].partition(":")[0]
    return (
        f"stream position: {function} could not process {int(batch['batchSize'])} change(s)"
        f" from {batch['approximateArrivalOfFirstRecord']} on ({context['condition']})"
    )

"""The changes of orders that functions behind the table's stream are called with, as event patterns.

Nothing here needs the CDK, so that others can read them too.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Pattern = Mapping[str, Any]
"""What a change must look like, written as in an EventBridge rule
(https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html)."""

_EXISTS = [{"exists": True}]

_EVENT_STATUSES = ["AWAITING_PAYMENT", "CONFIRMED", "FAILED", "CANCELLED", "NEEDS_ATTENTION"]


def _order_has(attribute: str, value: Pattern) -> Pattern:
    """A pattern for changes after which an order has an attribute with a value."""
    return {"dynamodb": {"NewImage": {attribute: value}}}


STREAM_PATTERNS: Mapping[str, Sequence[Pattern]] = {
    "start_saga": (
        {"eventName": ["INSERT"]},
        # These also match every later change of such an order; the function ignores those.
        _order_has("cancel_requested_by", {"S": _EXISTS}),
        _order_has("retry_requested_at", {"S": _EXISTS}),
        _order_has("refund_due", {"S": _EXISTS}),
        _order_has("capture_due", {"M": {"at": {"S": _EXISTS}}}),
    ),
    "publish_order_events": (
        # An order gets such a status before it is at rest. Coming to rest is no event.
        {
            "dynamodb": {
                "NewImage": {"status": {"S": _EVENT_STATUSES}, "unsettled_shard": {"S": _EXISTS}},
            }
        },
        # A refund or dispute in Stripe is an event also at rest, or while the order has another status.
        _order_has("payment", {"M": {"refunded_outside": {"N": _EXISTS}}}),
        _order_has("payment", {"M": {"dispute": {"S": _EXISTS}}}),
        # So is a refund that was pending, and a settlement, which sets the order to PENDING.
        _order_has("payment", {"M": {"status": {"S": ["refunded", "settled_outside"]}}}),
        # Other changes of an order at rest say that they are events: five patterns are Lambda's limit.
        _order_has("event_at_rest", {"S": _EXISTS}),
    ),
}
"""By function. A change is passed on if it matches one of the function's patterns."""

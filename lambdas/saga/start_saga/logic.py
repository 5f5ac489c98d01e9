"""Decides which execution a change of an order asks for."""

from collections.abc import Mapping
from typing import Any


def execution_asked_for(change: Mapping[str, Any]) -> str | None:
    """Name the execution that a change of an order asks for; None if it asks for none.

    A cancellation and a retry are requested by a write to the order, so no request is lost before its
    execution starts.

    Args:
        change: The `dynamodb` part of a stream record. Only the attributes that decide are read: a malformed
            order must fail in its saga, not here.

    Returns:
        The order's id for its first execution, then `{order_id}-cancel` and `{order_id}-retry-v{version}`.
    """
    order_id: str = change["Keys"]["order_id"]["S"]
    before, after = change.get("OldImage"), change["NewImage"]
    if before is None:
        return order_id
    if "cancel_requested_by" in after and "cancel_requested_by" not in before:
        return f"{order_id}-cancel"
    if after.get("retry_requested_at") != before.get("retry_requested_at"):
        return f"{order_id}-retry-v{after['version']['N']}"
    return None

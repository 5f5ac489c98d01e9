"""Decides which execution a change of an order asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from lambdas.domain.execution_names import execution_asked_for
from lambdas.shared.store.attributes import from_attributes

_ABSENT: Final = {"NULL": True}


@dataclass(frozen=True, slots=True)
class RequestedExecution:
    """An execution that a change of an order asks for.

    Attributes:
        request_id: API Gateway's id of the request that asks for it. If none does, it is that of the request
            that submitted the order; None in orders of earlier versions.
    """

    name: str
    order_id: str
    request_id: str | None


def requested_execution(change: Mapping[str, Any]) -> RequestedExecution | None:
    """Return the execution that a change of an order asks for; None if it asks for none.

    A cancellation and a retry are requested by a write to the order, so no request is lost before its
    execution starts. The same change always asks for the same execution with the same input.

    Args:
        change: The `dynamodb` part of a stream record. Only the attributes that decide are read: a malformed
            order must fail in its saga, not here.
    """
    order_id: str = change["Keys"]["order_id"]["S"]
    order = from_attributes({name: change["NewImage"].get(name, _ABSENT) for name in ("timeline", "version")})
    timeline = order["timeline"] or [{}]
    event = timeline[-1].get("event", "") if "OldImage" in change else "OrderReceived"
    name = execution_asked_for(event, order_id, order["version"])
    if name is None:
        return None
    return RequestedExecution(name, order_id, timeline[-1].get("request_id") or timeline[0].get("request_id"))

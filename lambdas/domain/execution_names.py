"""Names of the executions of an order's saga. Each follows from the record or from the execution before it.

So a request that is repeated starts no second execution, and whoever has the record knows the names.
"""

import re
from typing import Final

_RECOVERY: Final = re.compile(r"(?P<base>.+)-r(?P<number>[1-9][0-9]?)")


def execution_asked_for(event: str, order_id: str, version: int) -> str | None:
    """Name the execution that an entry of the timeline asks for; None if it asks for none.

    Args:
        event: The entry's event.
        order_id: The order.
        version: The order's version after the write of the entry.

    Returns:
        The order's id for its first execution, then `{order_id}-fulfil`, `{order_id}-cancel`,
        `{order_id}-retry-v{version}` and `{order_id}-refund-v{version}`.
    """
    match event.partition(": ")[0]:
        case "OrderReceived":
            return order_id
        case "CancellationRequested":
            return f"{order_id}-cancel"
        case "FulfilmentRequested":
            return f"{order_id}-fulfil"
        case "RetryRequested" | "PaymentSettledOutside":
            return f"{order_id}-retry-v{version}"
        case "LineRefundRequested" | "LineRefundMade" | "LineRefundReturned":
            return f"{order_id}-refund-v{version}"
    return None


def rerun_of(order_id: str, version: int) -> str:
    """Name the execution with which the reconciliation runs an order of this version again."""
    return f"{order_id}-v{version}"


def recovery_after(name: str) -> str:
    """Name the execution that recovers the order after one that did not succeed: `X`, `X-r1`, `X-r2`, ..."""
    base, number = split_recovery(name)
    return f"{base}-r{number + 1}"


def split_recovery(name: str) -> tuple[str, int]:
    """The name of the first execution that did not succeed, and the number of recoveries since."""
    recovery = _RECOVERY.fullmatch(name)
    return (recovery["base"], int(recovery["number"])) if recovery else (name, 0)

"""The steps of the saga: one row for each state of `order_saga.asl.yaml` that calls a function, in its order.

A new step needs a state in that file, a function in `lambdas/saga/`, and a row here. Tests in
`tests/unit/statemachines` compare all three and say what is missing.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What a state is for."""

    FORWARD = "forward"
    """Every order passes it. A failure enters the undo chain, which undoes whatever the order holds."""

    DETOUR = "detour"
    """Entered only when a forward step or a detour leads to it. Its failures enter the undo chain, too."""

    PIVOT = "pivot"
    """The last forward step that can be undone. After it nothing can fail the order."""

    NOTIFY = "notify"
    """Tells the customer how the order ended. A failure changes nothing."""

    CAPTURE = "capture"
    """Takes the money of a confirmed order before its goods leave. A failure calls for a human."""

    REFUND = "refund"
    """Gives back money or stock of some lines of a confirmed order. A failure calls for a human."""

    UNDO = "undo"
    """Undoes one forward step."""

    CLOSE = "close"
    """Closes the order when everything is undone."""

    ALARM = "alarm"
    """Calls for a human when an undo fails for good."""

    END = "end"
    """The execution stops here. No step: it calls no function."""


@dataclass(frozen=True, slots=True)
class Step:
    """A state that calls a function.

    Attributes:
        state: The state's name.
        function: The function's folder in `lambdas/saga/`.
        role: What it is for.
        changes: What a forward step changes outside the order's own record; None if it only checks.
        undo: The state that undoes that.
    """

    state: str
    function: str
    role: Role
    changes: str | None = None
    undo: str | None = None


STEPS: Final = (
    Step("ValidateOrder", "validate_order", Role.FORWARD, changes=None),
    Step("ChargePayment", "charge_payment", Role.FORWARD, changes="money", undo="RefundPayment"),
    Step("AwaitPayment", "await_payment", Role.DETOUR),
    Step("ExpirePayment", "expire_payment", Role.DETOUR),
    Step("ReserveInventory", "reserve_inventory", Role.PIVOT, changes="stock", undo="ReleaseInventory"),
    Step("NotifyCustomer", "notify_customer", Role.NOTIFY),
    Step("CapturePayment", "capture_payment", Role.CAPTURE),
    Step("RefundLines", "refund_lines", Role.REFUND),
    Step("RestockLines", "restock_lines", Role.REFUND),
    Step("ReleaseInventory", "release_inventory", Role.UNDO),
    Step("RefundPayment", "refund_payment", Role.UNDO),
    Step("CloseOrder", "close_order", Role.CLOSE),
    Step("NotifyCustomerOfClosure", "notify_customer", Role.NOTIFY),
    Step("FlagForOperator", "flag_for_operator", Role.ALARM),
)

STEP_FUNCTIONS: Final = tuple(dict.fromkeys(step.function for step in STEPS))
"""The functions that the saga calls, each once."""

HAPPY_PATH_STATES: Final = 4
"""Number of states that an order enters when nothing fails. Every order pays for each of them."""

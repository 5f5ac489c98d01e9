"""The result of a case."""

from collections.abc import Sequence
from dataclasses import dataclass

from local.fault_proxy.recording import Call
from proof.fault_campaign.case import Case


@dataclass(frozen=True, kw_only=True)
class CaseResult:
    """The result of a case.

    Attributes:
        case: The case.
        order_id: The order's id.
        status: The order's status in the end.
        recovered: Whether a recovery was started, because an execution broke.
        reconciled: Whether the reconciliation was needed.
        operator_called: Whether an operator had to retry the order.
        struck: For each injection, whether it struck a call. It strikes none if the order takes another path.
        breaches: The laws that are broken, in words.
        evidence: All that is known of the order, for a person; empty if no law is broken.
        calls: The calls of all functions.
        seconds: Duration.
    """

    case: Case
    order_id: str = ""
    status: str = "none"
    recovered: bool = False
    reconciled: bool = False
    operator_called: bool = False
    struck: Sequence[bool] = ()
    breaches: Sequence[str] = ()
    evidence: str = ""
    calls: Sequence[Call] = ()
    seconds: float

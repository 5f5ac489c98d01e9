"""What a case came to."""

from collections.abc import Sequence
from dataclasses import dataclass

from local.fault_proxy.recording import Call
from proof.fault_campaign.case import Case


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a case came to.

    Attributes:
        case: The case.
        order_id: The order.
        status: Where it ended.
        recovered: Whether one of its executions was run because another one broke.
        reconciled: Whether it was brought to rest by the reconciliation.
        operator_called: Whether an operator had to retry it.
        struck: Which of the case's injections struck a call: a journey that takes another turn can pass one.
        breaches: The laws that are broken, in words.
        evidence: For a person: all that is known of the order; empty where nothing is broken.
        calls: The calls of all functions.
        seconds: How long it took.
    """

    case: Case
    order_id: str
    status: str
    recovered: bool
    reconciled: bool
    operator_called: bool
    struck: Sequence[bool]
    breaches: Sequence[str]
    evidence: str
    calls: Sequence[Call]
    seconds: float

    @property
    def label(self) -> str:
        """One word for the table."""
        if self.breaches:
            return "VIOLATED"
        if self.operator_called:
            return "operator"
        if self.reconciled:
            return "reconciled"
        return "recovered" if self.recovered else self.status

"""The table in docs/cost.md: what 1,000 confirmed orders cost, at list prices of us-east-1."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from docgen.reconciliation_load import reads_of_an_order
from statemachines.steps import HAPPY_PATH_STATES, STEPS, Role

FUNCTIONS: Final = frozenset(
    {"submit_order", "get_order", "start_saga", "publish_order_events", "audit_order_events"}
    | {step.function for step in STEPS if step.role in {Role.FORWARD, Role.PIVOT, Role.NOTIFY}}
)
"""Functions that run for a confirmed order; webhooks and other consumers of its event are not counted."""

DYNAMODB_CALLS: Final[Mapping[str, int]] = {
    "PutItem orders": 1,
    "UpdateItem orders": 4,
    "TransactWriteItems inventory, orders": 1,
    "PutItem idempotency": 1,
    "UpdateItem idempotency": 1,
    "PutItem audit": 1,
    "GetItem orders": HAPPY_PATH_STATES
    + 2,  # each step reads it once, the pivot twice, and GET /orders/{order_id} once
    "BatchGetItem inventory": 1,
    "Query orders": 1,
}
"""Calls to DynamoDB of those functions, for an order of two lines."""

_WRITES: Final = (
    sum(units for call, units in DYNAMODB_CALLS.items() if call.startswith(("PutItem", "UpdateItem")))
    + 2 * 3  # the transaction: an order and two products; a transactional write uses two units
    + 4  # indexes: three entries for a new order, one of which is deleted at rest
)
_READS: Final = DYNAMODB_CALLS["GetItem orders"] + 2 + 0.5  # two products, and the customer's recent orders

_LAMBDA_CALLS: Final = (
    len(FUNCTIONS) + 1
)  # publish_order_events is called for the confirmation and for the notification

CALL_SECONDS: Final = 0.1
"""Duration of a call of a function that does not call Stripe (assumed)."""

FUNCTION_SECONDS: Final = 1.0 + CALL_SECONDS * (_LAMBDA_CALLS - 1)
"""Duration of all calls for an order (assumed): `charge_payment` takes 1 s."""

_GB_SECONDS: Final = 0.5 * FUNCTION_SECONDS


class _Usage(NamedTuple):
    """Usage of a service by one order: number of units, and dollars for a million units."""

    service: str
    units: float
    unit: str
    million: float

    @property
    def dollars(self) -> float:
        """The price of 1,000 orders."""
        return self.units * self.million / 1_000

    def __str__(self) -> str:
        return f"| {self.service} | {self.units:g} {self.unit} | ${self.million:,.3f} | ${self.dollars:.3f} |"


def _usage() -> list[_Usage]:
    """What one order uses of each service."""
    return [
        _Usage("Step Functions, Standard", HAPPY_PATH_STATES, "transitions", 25),
        _Usage("SES", 1, "mail", 100),
        _Usage("Reconciliation, DynamoDB", reads_of_an_order(), "reads", 0.125),
        _Usage("Lambda, compute (arm64)", _GB_SECONDS, "GB-seconds", 13.3334),
        _Usage("DynamoDB, writes", _WRITES, "writes", 0.625),
        _Usage("API Gateway, REST", 2, "requests", 3.50),
        _Usage("CloudWatch Logs", 10, "KB", 0.50),
        _Usage("Lambda, calls", _LAMBDA_CALLS, "calls", 0.20),
        _Usage("SQS", 3, "requests", 0.40),
        _Usage("EventBridge", 1, "event", 1),
        _Usage("DynamoDB, reads", _READS, "reads", 0.125),
    ]


def dollars_of_1000_orders() -> float:
    """What 1,000 confirmed orders cost, without what a stage costs that has no orders."""
    return sum(each.dollars for each in _usage())


def cost_table() -> str:
    """Make a Markdown table: service, units of an order, price of a million units, price of 1,000 orders."""
    rows = [
        "| service | one order | a million units | 1,000 orders |",
        "|---|---|---|---|",
        *(str(each) for each in sorted(_usage(), key=lambda each: each.dollars, reverse=True)),
        f"| **together** | | | **${dollars_of_1000_orders():.2f}** |",
    ]
    return "\n".join(rows)

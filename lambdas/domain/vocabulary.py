"""Words that both the functions and the stacks need, each written once.

This module imports nothing of this repository, so that `stacks/` can read it without loading a function.
"""

from datetime import timedelta
from enum import Enum, StrEnum
from typing import Final, Self

SERVICE: Final = "orders"
"""Name of the service: in logs, metrics and tags, and the `source` of its events."""

METRIC_NAMESPACE: Final = "OrderSaga"
"""First part of the CloudWatch namespace of the metrics that the functions count; the stage is the second."""


class UserGroup(StrEnum):
    """Groups of the user pool."""

    CUSTOMERS = "customers"
    """May order."""
    OPERATORS = "operators"
    """May run the shop, but not order."""


class MailFeedback(StrEnum):
    """What Amazon SES reports about a mail that it accepted: the entry in the order's timeline.

    Attributes:
        detail_type: Type of SES's event
            (https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-ses.html, November 2026).
    """

    detail_type: str

    BOUNCED = "MailBounced", "Email Bounced"
    """The recipient's mail server refused it, or SES gave up."""
    COMPLAINED = "MailMarkedAsSpam", "Email Complaint Received"

    def __new__(cls, value: str, detail_type: str) -> Self:
        """Make a member that is the text `value` and has a detail type."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.detail_type = detail_type
        return member

    @classmethod
    def of(cls, detail_type: str) -> Self:
        """The member with this detail type.

        Raises:
            ValueError: There is none.
        """
        for member in cls:
            if member.detail_type == detail_type:
                return member
        raise ValueError(f"{detail_type!r} is no event about a mail")


class FindingKind(StrEnum):
    """What the reconciliation can find; the dimension `kind` of the metric `ReconciliationFindings`.

    Attributes:
        description: What is wrong, for the person whom the alarm wakes.
    """

    description: str

    STUCK_ORDER = "stuck_order", "An order is not at rest, and another execution of the saga did not help"
    CUSTOMER_NOT_NOTIFIED = (
        "customer_not_notified",
        "An order has ended, and its customer could not be notified",
    )
    MONEY_WITHOUT_ORDER = "money_without_order", "Stripe holds a payment that belongs to no order"
    ORDER_WITHOUT_MONEY = "order_without_money", "An order is confirmed, but its payment is not held"
    AMOUNT_DIFFERS = "amount_differs", "The amount or currency of a payment differs from its confirmed order"
    SECOND_PAYMENT = "second_payment", "Stripe holds a second payment for one order"
    MONEY_OF_CLOSED_ORDER = "money_of_closed_order", "Stripe still holds the payment of a closed order"
    STOCK_DIFFERS = "stock_differs", "A product's reserved units of a day differ from the orders of that day"
    NEGATIVE_STOCK = "negative_stock", "More units of a product were sold than it had"

    def __new__(cls, value: str, description: str) -> Self:
        """Make a member that is the text `value` and has a description."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.description = description
        return member


class ReconciliationScope(StrEnum):
    """How much a run of the reconciliation compares: `scope` in the input of its execution."""

    RECENT = "recent"
    """Orders and payments; a run ends at once if another one is under way."""
    FULL = "full"
    """Orders, payments and stock; a run waits until no other one is under way. The scope without an input."""

    @property
    def window(self) -> timedelta:
        """Age of the oldest orders and payments that are compared."""
        return timedelta(hours=2) if self is ReconciliationScope.RECENT else timedelta(days=3)


PROBLEM_TYPE_PREFIX: Final = "urn:problem-type:order-saga:"
"""Start of the `type` of every problem document."""


class ProblemKind(Enum):
    """Kinds of problem documents (RFC 9457). Functions, API Gateway and the firewall return them.

    Attributes:
        slug: Last part of the `type`, stable for clients.
        status: HTTP status code.
        title: The same for every problem of the kind.
    """

    INVALID_REQUEST = "invalid-request", 400, "The request is not valid"
    BAD_SIGNATURE = "bad-signature", 400, "The signature is not valid"
    UNAUTHORIZED = "unauthorized", 401, "Sign-in required"
    FORBIDDEN = "forbidden", 403, "Not allowed"
    NOT_FOUND = "not-found", 404, "Not found"
    METHOD_NOT_ALLOWED = "method-not-allowed", 405, "Method not allowed"
    NOTHING_TO_CANCEL = "nothing-to-cancel", 409, "Nothing to cancel"
    NOTHING_TO_SETTLE = "nothing-to-settle", 409, "Nothing to settle"
    ORDER_AT_REST = "order-at-rest", 409, "Nothing to retry"
    PRECONDITION_FAILED = "precondition-failed", 412, "The product has changed"
    BODY_TOO_LARGE = "body-too-large", 413, "The body is too large"
    IDEMPOTENCY_KEY_REUSED = "idempotency-key-reused", 422, "The idempotency key belongs to another request"
    PRECONDITION_REQUIRED = "precondition-required", 428, "A condition is required"
    TOO_MANY_REQUESTS = "too-many-requests", 429, "Too many requests"
    INTERNAL_ERROR = "internal-error", 500, "Internal error"
    UNAVAILABLE = "unavailable", 503, "Temporarily unavailable"

    def __init__(self, slug: str, status: int, title: str) -> None:
        self.slug = slug
        self.status = status
        self.title = title

    @property
    def type(self) -> str:
        """The `type` of the problem document, a URN."""
        return f"{PROBLEM_TYPE_PREFIX}{self.slug}"


MAX_BODY_BYTES: Final = 64 * 1024
"""Largest accepted request body. The largest order, 99 lines of the longest SKUs, is a seventh of it."""

BODY_TOO_LARGE_DETAIL: Final = f"A body has at most {MAX_BODY_BYTES} bytes."
UNAVAILABLE_DETAIL: Final = (
    "Try again. An order that is sent again with the same Idempotency-Key is placed only once."
)
"""Details of problems that both functions and API Gateway or the firewall return."""

SECURITY_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Strict-Transport-Security": "max-age=63072000",  # two years
    "X-Content-Type-Options": "nosniff",
}
"""Headers of every response, including the responses that API Gateway makes itself."""

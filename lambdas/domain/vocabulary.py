"""Words that both the functions and the stacks need, each written once.

This module imports nothing of this repository, so that `stacks/` can read it without loading a function.
"""

from datetime import timedelta
from enum import Enum, StrEnum
from typing import Final, Literal, Self

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


class Capture(StrEnum):
    """When the money of an order is taken from the customer."""

    AT_ORDER = "at_order"
    """Before the order is confirmed."""
    AT_FULFILMENT = "at_fulfilment"
    """When its goods are handed over. Until then the customer's bank only reserves it."""


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
    AUTHORIZATION_EXPIRING = (
        "authorization_expiring",
        "The authorization of a payment expires within a day, and its order is not fulfilled",
    )
    MONEY_OF_CLOSED_ORDER = "money_of_closed_order", "Stripe still holds the payment of a closed order"
    STOCK_DIFFERS = "stock_differs", "A product's reserved units of a day differ from the orders of that day"
    NEGATIVE_STOCK = "negative_stock", "More units of a product were sold than it had"

    def __new__(cls, value: str, description: str) -> Self:
        """Make a member that is the text `value` and has a description."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.description = description
        return member


class EventType(StrEnum):
    """Detail types of the order events on the bus."""

    ORDER_CONFIRMED = "OrderConfirmed"
    ORDER_FAILED = "OrderFailed"
    ORDER_CANCELLED = "OrderCancelled"
    ORDER_NEEDS_ATTENTION = "OrderNeedsAttention"
    PAYMENT_DISPUTED = "PaymentDisputed"
    PAYMENT_DISPUTE_LOST = "PaymentDisputeLost"
    PAYMENT_DISPUTE_WON = "PaymentDisputeWon"
    PAYMENT_REFUNDED_OUTSIDE = "PaymentRefundedOutside"
    PAYMENT_SETTLED_OUTSIDE = "PaymentSettledOutside"
    PAYMENT_APPROVAL_NEEDED = "PaymentApprovalNeeded"
    PAYMENT_REFUND_SENT = "PaymentRefundSent"
    PAYMENT_AUTHORIZATION_EXPIRING = "PaymentAuthorizationExpiring"
    ORDER_FULFILLED = "OrderFulfilled"
    ORDER_LINES_REFUNDED = "OrderLinesRefunded"
    ORDER_LINE_REFUND_RETURNED = "OrderLineRefundReturned"


MAILED_EVENTS: Final = (
    EventType.PAYMENT_APPROVAL_NEEDED,
    EventType.PAYMENT_REFUNDED_OUTSIDE,
    EventType.PAYMENT_REFUND_SENT,
    EventType.ORDER_FULFILLED,
    EventType.ORDER_LINES_REFUNDED,
    EventType.ORDER_LINE_REFUND_RETURNED,
)
"""Events about which `mail_customers` mails the customer. The saga itself mails how the order ended."""


class PickState(StrEnum):
    """What the warehouse has to do for an order."""

    OPEN = "OPEN"
    """Pick its goods."""
    HELD = "HELD"
    """Wait: an operator must look at the order first."""
    DROPPED = "DROPPED"
    """Nothing: the order has ended without being fulfilled, was returned, or has no unit left."""
    PICKED = "PICKED"
    """Nothing more: the goods were handed over."""


PICK_STATES: Final = {
    EventType.ORDER_CONFIRMED: PickState.OPEN,
    EventType.ORDER_NEEDS_ATTENTION: PickState.HELD,
    EventType.ORDER_FAILED: PickState.DROPPED,
    EventType.ORDER_CANCELLED: PickState.DROPPED,
    EventType.ORDER_FULFILLED: PickState.PICKED,
    EventType.ORDER_LINES_REFUNDED: PickState.OPEN,
    EventType.ORDER_LINE_REFUND_RETURNED: PickState.OPEN,
}
"""The events that `update_pick_list` consumes, and the state of an order's pick after each.

After an event about a refund of lines, nothing is left to pick if no unit is left, or if the goods were
handed over before.
"""


class FailureCode(StrEnum):
    """Why an order was not fulfilled: `failure.code` in the API and in events."""

    UNKNOWN_SKU = "unknown_sku"
    CURRENCY_MISMATCH = "currency_mismatch"
    OUT_OF_STOCK = "out_of_stock"
    PAYMENT_DECLINED = "payment_declined"
    AMOUNT_NOT_CHARGEABLE = "amount_not_chargeable"
    PRICE_CHANGED = "price_changed"
    TOO_MANY_ORDERS = "too_many_orders"
    PAYMENT_EXPIRED = "payment_expired"
    CANCELLED_BY_CUSTOMER = "cancelled_by_customer"
    CANCELLED_BY_OPERATOR = "cancelled_by_operator"
    RETURNED = "returned"
    INTERNAL_ERROR = "internal_error"


class RefundOutcome(StrEnum):
    """What became of the refund of an order that was closed."""

    REFUNDED = "refunded"
    """All of it had been sent to the customer's bank when the order was closed."""
    PENDING = "pending"
    """Some of it was still waiting at Stripe when the order was closed."""
    ARRIVED = "arrived"
    """A pending refund was sent later."""
    FAILED = "failed"
    """The customer's bank returned the money later; the order needs attention."""


class MailOutcome(StrEnum):
    """What became of one attempt to send a mail."""

    SENT = "sent"
    """SES accepted the mail."""
    REJECTED = "rejected"
    """SES will never accept this mail."""
    UNAVAILABLE = "unavailable"
    """SES does not answer, or accepts no mail from this account now."""
    BOUNCED = "bounced"
    """SES accepted the mail, and could not deliver it."""
    COMPLAINED = "complained"
    """The recipient marked the mail as spam."""


class WebhookOutcome(StrEnum):
    """What was done with a request of Stripe; all but `BAD_SIGNATURE` are acknowledged."""

    BAD_SIGNATURE = "bad_signature"
    """It does not come from Stripe, or the endpoint's secret is wrong here."""
    HANDLED = "handled"
    ALREADY_KNOWN = "already_known"
    """No execution waits for what it reports, the order records it, or it was processed before: Stripe was
    not asked."""
    NOT_FOR_US = "not_for_us"
    OTHER_ENVIRONMENT = "other_environment"
    UNKNOWN_ORDER = "unknown_order"
    """The order is unknown, or does not record this payment: another system can name our orders, too."""


class RecoveryOutcome(StrEnum):
    """What was done for an order whose execution did not succeed."""

    RUN_AGAIN = "run_again"
    HUMAN_CALLED = "human_called"
    GIVEN_UP = "given_up"
    UNKNOWN_ORDER = "unknown_order"


class Metric(StrEnum):
    """The metrics that the functions emit; a member's value is its name in CloudWatch.

    Each has the dimension `service`, and at most one more. CloudWatch bills each value of that dimension as a
    metric of its own, so no dimension is an id.

    Attributes:
        unit: CloudWatch's unit.
        dimension: The other dimension; None if there is none.
        values: What the dimension can be; None without a dimension, or if something else limits it: the
            steps of the saga, or the currencies of the catalogue.
        description: What one data point stands for.
    """

    unit: Literal["Count", "Milliseconds", "Seconds", "None"]
    dimension: str | None
    values: type[StrEnum] | None
    description: str

    ORDER_EVENTS = (
        *("OrderEvents", "Count", "event", EventType),
        "An event of an order was published for the first time",
    )
    ORDERS_FAILED = (
        *("OrdersFailed", "Count", "code", FailureCode),
        "An order was closed for the first time: it failed or was cancelled, for this reason",
    )
    REVENUE = (
        *("Revenue", "None", "currency", None),
        "An order was confirmed: its amount in minor units; later refunds are not subtracted",
    )
    TIME_TO_OUTCOME = (
        *("TimeToOutcome", "Milliseconds", None, None),
        "An order that waited for no bank or human was decided: the time since acceptance or since its turn",
    )
    OUTCOMES = (
        *("Outcomes", "Count", None, None),
        "An order met or missed the objective of the time to the outcome; each order counts once at most",
    )
    SLOW_OUTCOMES = (
        *("SlowOutcomes", "Count", None, None),
        "The same orders: 1 if the order missed the objective, 0 if it met it",
    )
    REFUNDS = (
        *("Refunds", "Count", "outcome", RefundOutcome),
        "A refund of a closed order was made, arrived or failed",
    )
    STEP_RETRIES = (
        *("StepRetries", "Count", "step", None),
        "A step of the saga was called again because its last try failed",
    )
    CHARGE_SLOT_WAITS = (
        *("ChargeSlotWaits", "Milliseconds", None, None),
        "An order had to wait for its turn to be charged: the time until its slot",
    )
    STOCK_CONFLICTS = (
        *("StockConflicts", "Count", None, None),
        "The transaction of the pivot was cancelled because another one was writing the same stock",
    )
    STRIPE_WEBHOOKS = (
        *("StripeWebhooks", "Count", "outcome", WebhookOutcome),
        "A request to the webhook endpoint was handled, or had no valid signature",
    )
    WEBHOOK_LAG = (
        *("WebhookLag", "Milliseconds", None, None),
        "An event of Stripe was handled: the time since Stripe created it",
    )
    ENDED_EXECUTIONS = (
        *("EndedExecutions", "Count", "outcome", RecoveryOutcome),
        "An execution of the saga did not succeed, and this was done for its order",
    )
    MAILS = (
        *("Mails", "Count", "outcome", MailOutcome),
        "A mail was sent or could not be sent, or SES reported what became of it",
    )
    OLDEST_OPEN_ORDER = (
        *("OldestOpenOrder", "Seconds", None, None),
        "The reconciliation looked for idle orders: how long the oldest has not been at rest; 0 if all are",
    )
    RECONCILIATION_FINDINGS = (
        *("ReconciliationFindings", "Count", "kind", FindingKind),
        "The reconciliation found something that a human must look at",
    )

    def __new__(
        cls,
        name: str,
        unit: Literal["Count", "Milliseconds", "Seconds", "None"],
        dimension: str | None,
        values: type[StrEnum] | None,
        description: str,
    ) -> Self:
        """Make a member that is the text `name` and has the other attributes."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.unit = unit
        member.dimension = dimension
        member.values = values
        member.description = description
        return member


SLO_TARGET: Final = 0.99
"""Share of orders that are confirmed or refused within `SLO_LIMIT`: 1 - SlowOutcomes / Outcomes."""

SLO_LIMIT: Final = timedelta(seconds=60)
"""Longest time from the acceptance of an order to its outcome that meets the objective."""


class ImportFolder(StrEnum):
    """Folders of the bucket of the import."""

    INCOMING = "incoming/"
    """A file that is put here is imported."""
    RESULTS = "results/"
    """The results of a file, under the same name, and a summary."""
    UNFINISHED = "unfinished/"
    """The results so far of files that take more than one invocation."""


IMPORT_SUMMARY: Final = ".summary.json"
"""End of the name of a summary, behind the name of the file."""


class ReconciliationScope(StrEnum):
    """How much a run of the reconciliation compares: `scope` in the input of its execution."""

    RECENT = "recent"
    """Orders and payments; a run ends at once if another one is under way."""
    FULL = "full"
    """Orders, payments and stock; a run waits until no other one is under way. The scope without an input."""
    RESTORED = "restored"
    """The same for all payments that are not older than a table can be restored; after a restore."""

    @property
    def window(self) -> timedelta:
        """Age of the oldest orders and payments that are compared."""
        match self:
            case ReconciliationScope.RECENT:
                return timedelta(hours=2)
            case ReconciliationScope.FULL:
                return timedelta(days=3)
            case ReconciliationScope.RESTORED:
                return timedelta(days=36)  # an order can be a day older than what happened to it last


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
    NOTHING_TO_FULFIL = "nothing-to-fulfil", 409, "The order can't be fulfilled"
    REFUND_NOT_POSSIBLE = "refund-not-possible", 409, "The refund is not possible"
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

UNEXPECTED_DETAIL: Final = "An unexpected error occurred. It has been logged."

SECURITY_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Strict-Transport-Security": "max-age=63072000",  # two years
    "X-Content-Type-Options": "nosniff",
}
"""Headers of every response, including the responses that API Gateway makes itself."""

STRIPE_EVENTS: Final = (
    *("payment_intent.succeeded", "payment_intent.payment_failed"),
    *("payment_intent.processing", "payment_intent.canceled"),
    "payment_intent.amount_capturable_updated",
    *("refund.created", "refund.updated", "refund.failed"),
    *("charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed"),
)
"""The types of events to which the webhook endpoint at Stripe is subscribed.

Each change has one of them, because each event costs a call to Stripe. All refunds have `refund.*`, so
`charge.refunded` would repeat them
(https://docs.stripe.com/changelog/acacia/2024-10-28/refund-webhook-update). `charge.dispute.funds_*` come
together with the beginning or the end of a dispute.
"""

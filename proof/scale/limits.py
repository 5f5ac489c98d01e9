"""The limits that orders meet: quotas of AWS and Stripe as published in November 2026, and our own settings.

How many orders a second a limit allows follows from what one order uses of it.
"""

from dataclasses import dataclass, replace
from typing import Final

from proof.bench.durations import seconds_of
from proof.scale.order_use import (
    SLOT_UNITS,
    TRANSACTIONAL_UNITS,
    api_requests,
    happy_order,
    order_table_units,
    stripe_calls,
)
from stacks.settings import DEFAULT_QUOTAS, NEW_ACCOUNT, STAGES, Quotas, StageSettings

RATES: Final = (1, 10, 100, 1_000, 10_000)
"""Orders a second."""

_DAY_SECONDS: Final = 24 * 60 * 60

_PARTITION_UNITS: Final = 1_000
"""Write units that a partition of a table or an index takes in a second."""

_PARTITIONS: Final = (
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html"
)
_STRIPE: Final = "https://docs.stripe.com/rate-limits"
_STEP_FUNCTIONS: Final = "https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"
_SES: Final = "https://docs.aws.amazon.com/ses/latest/dg/quotas.html"


@dataclass(frozen=True)
class Account:
    """An AWS account in a region, and the Stripe account beside it, with the stage that fits them.

    Attributes:
        name: What the account is called in tables.
        stage: The stage, whose own limits count, too.
        quotas: The quotas of Lambda and Step Functions.
        mails: Mails in a second.
        mails_a_day: Mails in 24 hours.
        targets: Calls that EventBridge makes in a second.
        stripe_calls: Calls to Stripe in a second.
    """

    name: str
    stage: StageSettings
    quotas: Quotas
    mails: float
    mails_a_day: float
    targets: float
    stripe_calls: float


NEW: Final = Account(
    "new account, `dev`",
    STAGES["dev"],
    NEW_ACCOUNT,
    mails=1,
    mails_a_day=200,
    targets=750,
    stripe_calls=25,
)
"""A new AWS account. Its mail and its Stripe account are sandboxes."""

USUAL: Final = Account(
    "most regions, `prod`",
    STAGES["prod"],
    DEFAULT_QUOTAS,
    # AWS publishes no quota outside of the sandbox. These are what many accounts start with.
    mails=14,
    mails_a_day=50_000,
    targets=750,
    stripe_calls=100,
)
"""The default quotas that are valid in every region. Some regions have more."""

LARGE: Final = replace(
    USUAL,
    name="us-east-1, us-west-2, eu-west-1, `prod`",
    quotas=replace(
        DEFAULT_QUOTAS,
        executions=300,
        executions_at_once=1_300,
        transitions=5_000,
        transitions_at_once=5_000,
    ),
    targets=18_750,
)
"""The default quotas of the three regions that have the most."""

ACCOUNTS: Final = (NEW, USUAL, LARGE)


@dataclass(frozen=True)
class Limit:
    """A limit on something that orders use.

    Attributes:
        name: What is limited.
        quota: How much of it is allowed.
        used: How much of it one order uses; of what runs at the same time, for how many seconds.
        source: Where it is published; None for a setting of this app.
        remedy: What to ask for, or to change.
        seconds: The time for which the quota is allowed.
    """

    name: str
    quota: float
    used: float
    source: str | None
    remedy: str
    seconds: float = 1

    @property
    def orders(self) -> float:
        """How many orders a second it allows."""
        return self.quota / self.seconds / self.used

    def is_broken_at(self, rate: float) -> bool:
        """Whether so many orders a second are too many."""
        return rate > self.orders


def limits_of(account: Account) -> list[Limit]:
    """All limits of an account, the one that breaks first at the top."""
    return sorted([*_of_stripe(account), *_of_aws(account), *_of_tables()], key=lambda limit: limit.orders)


def broken(account: Account, rate: float) -> list[Limit]:
    """The limits that so many orders a second break, the lowest one first."""
    return [limit for limit in limits_of(account) if limit.is_broken_at(rate)]


def _of_stripe(account: Account) -> list[Limit]:
    support = "Ask Stripe's support for a higher limit, six weeks before you need it"
    return [
        Limit(
            "This app: charge slots (`charge_rate`)",
            account.stage.charge_rate,
            1,
            None,
            "Set `charge_rate` in the stage file: 80 % of Stripe's limit for an endpoint",
        ),
        Limit("Stripe: calls of one endpoint", 25, 1, _STRIPE, support),
        Limit("Stripe: all calls", account.stripe_calls, stripe_calls(), _STRIPE, support),
    ]


def _of_aws(account: Account) -> list[Limit]:
    quotas, stage, used = account.quotas, account.stage, happy_order()
    production = "SES console, Account dashboard: ask for production access, then for higher sending quotas"
    return [
        Limit("SES: mails a day", account.mails_a_day, used.mails, _SES, production, _DAY_SECONDS),
        Limit("SES: mails a second", account.mails, used.mails, _SES, production),
        Limit(
            "This app: new orders (`submit_rate`)",
            stage.submit_rate,
            1,
            None,
            "Set `submit_rate` and `submit_burst` in the stage file",
        ),
        Limit(
            "Lambda: calls at the same time",
            quotas.concurrent_calls,
            round(seconds_of(used), 2),
            "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",
            "Service Quotas, AWS Lambda: Concurrent executions",
        ),
        Limit(
            "Step Functions: executions started",
            quotas.executions,
            1,
            _STEP_FUNCTIONS,
            "Service Quotas, AWS Step Functions: StartExecution throttle token refill rate per second",
        ),
        Limit(
            "Step Functions: state transitions",
            quotas.transitions,
            used.transitions,
            _STEP_FUNCTIONS,
            "Service Quotas, AWS Step Functions: StateTransition throttle token refill rate per second",
        ),
        Limit(
            "EventBridge: calls of targets",
            account.targets,
            used.events,
            "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html",
            "Service Quotas, Amazon EventBridge: Invocations throttle limit in transactions per second",
        ),
        Limit(
            "API Gateway: requests",
            10_000,
            api_requests(),
            "https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html",
            "Service Quotas, Amazon API Gateway: Throttle rate",
        ),
    ]


def _of_tables() -> list[Limit]:
    return [
        Limit(
            "DynamoDB: stock of one product",
            _PARTITION_UNITS,
            TRANSACTIONAL_UNITS,
            _PARTITIONS,
            "No quota to ask for. Change the code: divide the stock of a hot product among several items",
        ),
        Limit(
            "DynamoDB: orders of one day in the index `by_day`",
            _PARTITION_UNITS,
            1,
            _PARTITIONS,
            "No quota to ask for. Change the code: several partitions for each day",
        ),
        Limit(
            "DynamoDB: the item of the charge slots",
            _PARTITION_UNITS,
            SLOT_UNITS,
            _PARTITIONS,
            "No quota to ask for. Change the code: several items, each with its part of the rate",
        ),
        Limit(
            "DynamoDB: a new table of orders",
            4_000,
            order_table_units(),
            "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html",
            "Set the warm throughput of the table and its indexes before the day",
        ),
    ]
